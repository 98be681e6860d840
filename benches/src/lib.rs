//! What the benches share: the clock they read, and the capture that several of them run over.

use core::time::Duration;
use std::hint::black_box;

use criterion::Throughput;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use gridtap::decode::At;
use gridtap::flow::{Flow, Opening, Reader, Then};
use gridtap_captures::capture::Capture;
use gridtap_captures::scene::Scene;
use gridtap_parsers::Chunk;
use rustix::time::{ClockId, clock_gettime};

/// Processor time of all threads together: what a sensor takes away from its host, and steadier than
/// the wall clock on a machine that others use.
#[derive(Clone, Copy, Debug)]
pub struct CpuTime;

impl CpuTime {
    fn now() -> Duration {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        Duration::from_secs(seconds) + Duration::from_nanos(u64::try_from(now.tv_nsec).unwrap_or(0))
    }
}

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        Self::now()
    }

    fn end(&self, start: Duration) -> Duration {
        Self::now().saturating_sub(start)
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// An hour of five Modbus servers and five DNP3 outstations, polled every second: some 109,000
/// packets, about half of which carry a message.
#[must_use]
pub fn plant() -> Capture {
    Scene { minutes: 60, pairs: 5, ..Scene::default() }.capture()
}

/// So many packets, messages or events with so many octets in all.
#[must_use]
pub fn throughput(elements: usize, octets: usize) -> Throughput {
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Throughput::ElementsAndBytes { elements: number(elements), bytes: number(octets) }
}

/// Reads all flows, and counts their octets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Octets(pub usize);

impl Reader for Octets {
    type State = ();

    fn open(&mut self, _: &Flow, _: &Chunk<'_>) -> Opening<()> {
        Opening::Read(())
    }

    fn chunk(&mut self, _: &Flow, (): &mut (), chunk: &Chunk<'_>, _: &At) -> Then {
        self.0 += black_box(chunk.octets).len();
        Then::ReadOn
    }

    fn end(&mut self, _: &Flow, (): (), _: &At) {}
}
