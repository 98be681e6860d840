//! Packets from interfaces, as they come. Nothing is ever sent.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use pcap::{Active, Capture, Device, Precision, Stat};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::source::dlt::from_libpcap;
use crate::source::error::{SourceError, Warning, WarningKind};
use crate::source::{LinkType, Packet, Source, Step};

/// Octets kept of a packet: all, whatever segmentation offload made of it.
const SNAP_OCTETS: i32 = 262_144;
/// How long a wait for packets lasts at most, and so how late a stop may be noticed.
const WAIT: Duration = Duration::from_millis(100);
/// How long the kernel may gather packets before it hands them over, in milliseconds.
const GATHER_MS: i32 = 100;
/// How long nothing has to arrive before that is said, in nanoseconds.
const IDLE_NS: u64 = 1_000_000_000;
/// After how many packets the kernel's counters are looked at: they have 32 bits, and wrap.
const COUNTED_EVERY: u64 = 1 << 20;

/// Time stamps of the kernel: in a `timeval`, with nanoseconds where microseconds should be.
#[cfg(target_os = "linux")]
const STAMPS: (Precision, u64) = (Precision::Nano, 1);
#[cfg(not(target_os = "linux"))]
const STAMPS: (Precision, u64) = (Precision::Micro, 1_000);

/// How interfaces are opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    /// Octets of the kernel's buffer for each interface.
    pub buffer_octets: u32,
    /// Whether packets for others are wanted too, as on a mirror port.
    pub promiscuous: bool,
    /// Whether each packet is handed over as it comes, not after up to 100 ms with others.
    pub immediate: bool,
    /// What packets are wanted, in libpcap's filter language; the kernel leaves the others out.
    pub filter: Option<String>,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self { buffer_octets: 16 * 1024 * 1024, promiscuous: true, immediate: false, filter: None }
    }
}

/// How many packets came by since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveStats {
    /// Packets that the filter took; on the loopback interface Linux counts each twice.
    pub received: u64,
    /// Packets that the kernel dropped, since nobody fetched them in time.
    pub dropped: u64,
    /// Packets that the interface or its driver dropped.
    pub interface_dropped: u64,
}

/// Packets from one or several interfaces.
pub struct Live {
    interfaces: Vec<Interface>,
    stop: Arc<AtomicBool>,
    /// The interface whose turn it is.
    turn: usize,
    sequence: u64,
    head: Head,
    octets: Vec<u8>,
    /// When a packet arrived, or it was last said that none did.
    quiet_since_ns: u64,
    warnings: Vec<Warning>,
}

struct Interface {
    name: String,
    capture: Capture<Active>,
    link: LinkType,
    number: u64,
    failed: bool,
    stats: LiveStats,
    /// What the kernel's counters said last.
    counters: Stat,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    capture: u16,
    number: u64,
    time_ns: u64,
    link: LinkType,
    wire_octets: u32,
}

/// The interfaces that can be captured from.
#[must_use]
pub fn interfaces() -> Vec<String> {
    Device::list().unwrap_or_default().into_iter().map(|device| device.name).collect()
}

impl Live {
    /// Opens the interfaces called `names`; once `stop` is true no more packets come.
    ///
    /// # Errors
    ///
    /// Those of [`SourceError`] that name an interface, and [`SourceError::BadFilter`].
    pub fn open(
        names: &[String],
        options: &LiveOptions,
        stop: Arc<AtomicBool>,
    ) -> Result<Self, SourceError> {
        let interfaces = names.iter().map(|name| Interface::open(name, options));
        Ok(Self {
            interfaces: interfaces.collect::<Result<_, _>>()?,
            stop,
            turn: 0,
            sequence: 0,
            head: Head { capture: 0, number: 0, time_ns: 0, link: LinkType(0), wire_octets: 0 },
            octets: Vec::new(),
            quiet_since_ns: now_ns(),
            warnings: Vec::new(),
        })
    }

    /// The interfaces' names and link types.
    pub fn links(&self) -> impl Iterator<Item = (&str, LinkType)> {
        self.interfaces.iter().map(|interface| (interface.name.as_str(), interface.link))
    }

    /// How many packets came by on all interfaces together; also when no more come.
    pub fn stats(&mut self) -> LiveStats {
        self.interfaces.iter_mut().fold(LiveStats::default(), |sum, interface| {
            let stats = interface.count();
            LiveStats {
                received: sum.received.saturating_add(stats.received),
                dropped: sum.dropped.saturating_add(stats.dropped),
                interface_dropped: sum.interface_dropped.saturating_add(stats.interface_dropped),
            }
        })
    }

    /// Interfaces that failed on the way, and why.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Fetches a packet from the first interface that has one, beginning with whose turn it is.
    fn fetch(&mut self) -> bool {
        for _ in 0..self.interfaces.len() {
            let index = self.turn;
            self.turn = index.saturating_add(1);
            if self.turn >= self.interfaces.len() {
                self.turn = 0;
            }
            let Some(interface) = self.interfaces.get_mut(index).filter(|it| !it.failed) else {
                continue;
            };
            match interface.fetch(&mut self.octets) {
                Ok(Some(head)) => {
                    self.head = Head { capture: u16::try_from(index).unwrap_or(u16::MAX), ..head };
                    return true;
                }
                Ok(None) => {}
                Err(error) => self.warnings.push(Warning {
                    path: PathBuf::from(&interface.name),
                    packet: interface.number,
                    offset: None,
                    kind: WarningKind::Unreadable(error.to_string()),
                }),
            }
        }
        false
    }

    /// Waits until an interface has packets, but not long.
    fn wait(&self) {
        let working = self.interfaces.iter().filter(|interface| !interface.failed);
        let mut waiting: Vec<PollFd<'_>> = working
            .map(|interface| PollFd::from_borrowed_fd(interface.capture.as_fd(), PollFlags::IN))
            .collect();
        let limit = Timespec::try_from(WAIT).ok();
        let woken = poll(&mut waiting, limit.as_ref());
        let ready = waiting.iter().any(|one| one.revents().contains(PollFlags::IN));
        // An interface that is down wakes us at once, again and again.
        if !ready && woken != Ok(0) {
            thread::sleep(WAIT);
        }
    }
}

impl Source for Live {
    fn advance(&mut self) -> Step {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Step::End;
            }
            if self.fetch() {
                self.sequence = self.sequence.saturating_add(1);
                self.quiet_since_ns = self.head.time_ns;
                return Step::Packet;
            }
            if self.interfaces.iter().all(|interface| interface.failed) {
                return Step::End;
            }
            let now_ns = now_ns();
            // Somebody may have put the clock back.
            self.quiet_since_ns = self.quiet_since_ns.min(now_ns);
            if now_ns.saturating_sub(self.quiet_since_ns) >= IDLE_NS {
                self.quiet_since_ns = now_ns;
                return Step::Idle(now_ns);
            }
            self.wait();
        }
    }

    fn packet(&self) -> Packet<'_> {
        let Head { capture, number, time_ns, link, wire_octets } = self.head;
        let (sequence, octets) = (self.sequence, self.octets.as_slice());
        Packet { sequence, capture, number, time_ns, link, wire_octets, octets }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> =
            self.interfaces.iter().map(|interface| interface.name.as_str()).collect();
        f.debug_struct("Live")
            .field("interfaces", &names)
            .field("sequence", &self.sequence)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

impl Interface {
    fn open(name: &str, options: &LiveOptions) -> Result<Self, SourceError> {
        let mut capture = activate(name, options).map_err(|error| refusal(name, &error))?;
        if let Some(filter) = &options.filter {
            capture.filter(filter, true).map_err(|error| SourceError::BadFilter {
                expression: filter.clone(),
                what: error.to_string(),
            })?;
        }
        Ok(Self {
            name: name.to_owned(),
            link: from_libpcap(capture.get_datalink()),
            capture,
            number: 0,
            failed: false,
            stats: LiveStats::default(),
            counters: Stat { received: 0, dropped: 0, if_dropped: 0 },
        })
    }

    /// Fetches a packet if there is one, without waiting.
    fn fetch(&mut self, into: &mut Vec<u8>) -> Result<Option<Head>, pcap::Error> {
        if self.number % COUNTED_EVERY == COUNTED_EVERY - 1 {
            self.count();
        }
        match self.capture.next_packet() {
            Ok(packet) => {
                self.number = self.number.saturating_add(1);
                into.clear();
                into.extend_from_slice(packet.data);
                let stamp = packet.header.ts;
                Ok(Some(Head {
                    capture: 0,
                    number: self.number,
                    time_ns: time_ns(stamp.tv_sec, stamp.tv_usec),
                    link: self.link,
                    wire_octets: packet.header.len.max(packet.header.caplen),
                }))
            }
            Err(pcap::Error::TimeoutExpired) => Ok(None),
            Err(error) => {
                self.count();
                self.failed = true;
                Err(error)
            }
        }
    }

    /// Brings the statistics up to date.
    fn count(&mut self) -> LiveStats {
        // An interface that is gone counts no more: what it said last stands.
        if let Ok(counters) = self.capture.stats() {
            let before = self.counters;
            let add = |sum: &mut u64, now: u32, before: u32| {
                *sum = sum.saturating_add(u64::from(now.wrapping_sub(before)));
            };
            add(&mut self.stats.received, counters.received, before.received);
            add(&mut self.stats.dropped, counters.dropped, before.dropped);
            add(&mut self.stats.interface_dropped, counters.if_dropped, before.if_dropped);
            self.counters = counters;
        }
        self.stats
    }
}

fn activate(name: &str, options: &LiveOptions) -> Result<Capture<Active>, pcap::Error> {
    Capture::from_device(name)?
        .snaplen(SNAP_OCTETS)
        // Linux's pseudo-interface for all has no such mode, and says so by a failure.
        .promisc(options.promiscuous && name != "any")
        .buffer_size(i32::try_from(options.buffer_octets).unwrap_or(i32::MAX))
        .timeout(GATHER_MS)
        .immediate_mode(options.immediate)
        .precision(STAMPS.0)
        .open()?
        .setnonblock()
}

/// What `error`, which struck on opening an interface, is called.
fn refusal(name: &str, error: &pcap::Error) -> SourceError {
    let name = name.to_owned();
    let available = interfaces();
    let what = error.to_string();
    if !available.contains(&name) {
        SourceError::NoSuchInterface { name, available }
    } else if what.contains("CAP_NET_RAW") || what.to_lowercase().contains("permi") {
        SourceError::NoCapturePermission { name }
    } else {
        SourceError::Interface { name, what }
    }
}

/// Nanoseconds since 1970 of a time stamp of libpcap.
fn time_ns(seconds: i64, fraction: i64) -> u64 {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    let fraction = u64::try_from(fraction).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(fraction.saturating_mul(STAMPS.1))
}

#[expect(clippy::disallowed_methods, reason = "on a quiet link there is no other clock")]
fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_that_is_not_there_is_refused_with_those_that_are() {
        let names = ["no-such-if".to_owned()];
        let error = Live::open(&names, &LiveOptions::default(), Arc::default()).unwrap_err();
        let SourceError::NoSuchInterface { name, available } = &error else { panic!("{error}") };
        assert_eq!((name, available), (&names[0], &interfaces()));
        let text = error.to_string();
        assert!(
            text.starts_with("interface `no-such-if`: no such interface; there are: "),
            "{text}"
        );
    }

    #[test]
    fn a_source_whose_stop_is_set_has_no_packets() {
        let stop = Arc::new(AtomicBool::new(true));
        let mut live = Live::open(&[], &LiveOptions::default(), stop).unwrap();
        assert_eq!(live.advance(), Step::End);
        assert_eq!(live.packet().octets, b"");
        assert_eq!(live.stats(), LiveStats::default());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_stamp_has_nanoseconds_where_microseconds_should_be() {
        assert_eq!(time_ns(1_700_000_000, 123_456_789), 1_700_000_000_123_456_789);
        assert_eq!(time_ns(-1, 0), 0);
    }
}
