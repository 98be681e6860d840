//! The line: from packets to whatever is taken out of it, one function for each thread.
//!
//! ```text
//! capture, decode ──Batch──► shard 0: reassemble, parse, describe ──Yield──► consumer
//! (calling thread)           shard 1  (one thread each)                      (one thread)
//! ```
//!
//! From a file with one shard, everything up to the consumer runs on the calling thread.

use core::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use gridtap_models::event::PacketRef;

use crate::counters::Counters;
use crate::decode::{At, Decoder, Segment};
use crate::flow;
use crate::limits::Limits;
use crate::order::{Yield, in_order};
use crate::shard::{Shard, Tap};
use crate::source::{Source, Step};

/// Packets between two looks at progress, and at most in a batch.
const BATCH_PACKETS: u64 = 1_024;
/// Capture time after which a live batch is handed on, full or not, in nanoseconds.
const BATCH_NS: u64 = 50_000_000;
/// Yields that wait for the consumer.
const CONSUMER_QUEUE: usize = 64;
/// Time between two ticks, in nanoseconds of capture time.
const TICK_NS: u64 = 1_000_000_000;

/// What happens when a queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// Wait: a replay never loses a packet.
    Wait,
    /// Drop and count: the capture thread of a live sensor never waits.
    Drop,
}

/// How the line runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads that reassemble and parse, 1 or more.
    pub shards: u16,
    /// What happens when a queue is full.
    pub on_full: OnFull,
    /// How much is kept, and for how long.
    pub limits: Limits,
}

/// Figures that change while the line runs, for whoever watches it. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Gauges {
    /// Set to end the run.
    pub stop: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    begun_ns: AtomicU64,
    first_ns: AtomicU64,
    last_ns: AtomicU64,
    queue_dropped: AtomicU64,
    kernel_dropped: AtomicU64,
}

impl Gauges {
    /// Capture time of the first packet; 0 before there is one.
    #[must_use]
    pub fn first_ns(&self) -> u64 {
        self.shared.first_ns.load(Ordering::Relaxed)
    }

    /// All packets dropped so far, by the kernel and by queues.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        let kernel = self.shared.kernel_dropped.load(Ordering::Relaxed);
        self.shared.queue_dropped.load(Ordering::Relaxed).saturating_add(kernel)
    }

    /// Notes how many packets the kernel dropped so far.
    pub fn set_kernel_dropped(&self, packets: u64) {
        self.shared.kernel_dropped.store(packets, Ordering::Relaxed);
    }

    /// Ends the run if more time than `span_ns` passed since it began, with or without packets.
    pub fn stop_after(&self, span_ns: Option<u64>) {
        let begun_ns = self.shared.begun_ns.load(Ordering::Relaxed);
        let end_ns = span_ns.map(|span_ns| begun_ns.saturating_add(span_ns));
        let last_ns = self.shared.last_ns.load(Ordering::Relaxed);
        if begun_ns > 0 && end_ns.is_some_and(|end_ns| last_ns >= end_ns) {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Notes that capture time has come so far.
    fn note_time(&self, time_ns: u64) {
        let _ =
            self.shared.begun_ns.compare_exchange(0, time_ns, Ordering::Relaxed, Ordering::Relaxed);
        self.shared.last_ns.store(time_ns, Ordering::Relaxed);
    }
}

/// Runs the line until `source` ends or `gauges.stop` is set, and returns what was counted.
///
/// `consume` gets everything in the order of the packets, on a thread of its own. `look` is called
/// every thousand packets and every idle second with the source and the packets read so far.
pub fn run<S: Source, T: Tap>(
    source: &mut S,
    options: &Options,
    gauges: &Gauges,
    tap: impl Fn() -> T,
    mut consume: impl FnMut(T::Out) + Send,
    mut look: impl FnMut(&mut S, u64),
) -> Counters {
    let shards = usize::from(options.shards.max(1));
    let live = options.on_full == OnFull::Drop;
    thread::scope(|scope| {
        let (to_consumer, yields) = sync_channel::<Yield<T::Out>>(CONSUMER_QUEUE);
        scope.spawn(move || in_order(&yields, shards, &mut consume));

        if shards == 1 && !live {
            let mut inline =
                Inline { shard: Shard::new(&options.limits, 0, 1, tap()), to_consumer };
            let mut counters =
                capture(source, &options.limits, gauges, false, &mut inline, &mut look);
            counters.add(&inline.shard.into_counters());
            return counters;
        }
        let mut queues = Vec::with_capacity(shards);
        let mut workers = Vec::with_capacity(shards);
        for index in 0..shards {
            let (queue, batches) = sync_channel(options.limits.queue_batches);
            let (to_consumer, limits, tap) = (to_consumer.clone(), options.limits, tap());
            workers.push(scope.spawn(move || {
                let shard = Shard::new(&limits, index, shards, tap);
                work(shard, index, &batches, &to_consumer)
            }));
            queues.push(Queue { sender: queue, batch: Batch::default() });
        }
        drop(to_consumer);
        let mut spread = Spread { queues, on_full: options.on_full, gauges };
        let mut counters = capture(source, &options.limits, gauges, live, &mut spread, &mut look);
        drop(spread);
        for worker in workers {
            // A worker that panicked makes the scope panic as well.
            if let Ok(counted) = worker.join() {
                counters.add(&counted);
            }
        }
        counters.queue_dropped = gauges.shared.queue_dropped.load(Ordering::Relaxed);
        counters
    })
}

/// Where the capture thread puts what it decoded.
trait Downstream {
    fn segment(&mut self, segment: &Segment<'_>);
    fn tick(&mut self, at: &At);
    /// Hands on what was gathered, up to the packet `passed`.
    fn flush(&mut self, passed: u64);
    fn finish(&mut self, at: &At);
}

/// The capture thread.
fn capture<S: Source>(
    source: &mut S,
    limits: &Limits,
    gauges: &Gauges,
    live: bool,
    down: &mut impl Downstream,
    look: &mut impl FnMut(&mut S, u64),
) -> Counters {
    let mut counters = Counters::default();
    let mut decoder = Decoder::new(limits);
    let mut last = At { sequence: 0, packet: PacketRef { capture: 0, number: 0 }, time_ns: 0 };
    let (mut next_tick_ns, mut flushed_at) = (0, last);
    while !gauges.stop.load(Ordering::Relaxed) {
        match source.advance() {
            Step::Packet => {
                let packet = source.packet();
                let at = At {
                    sequence: packet.sequence,
                    packet: PacketRef { capture: packet.capture, number: packet.number },
                    time_ns: packet.time_ns,
                };
                if last.sequence == 0 {
                    gauges.shared.first_ns.store(at.time_ns, Ordering::Relaxed);
                }
                if at.time_ns >= next_tick_ns {
                    down.tick(&at);
                    next_tick_ns = at.time_ns.saturating_add(TICK_NS);
                    gauges.note_time(at.time_ns);
                }
                counters.note_packet(&packet);
                if let Some(segment) = decoder.decode(&packet) {
                    down.segment(&segment);
                }
                last = at;
            }
            Step::Idle(now_ns) => {
                last.time_ns = last.time_ns.max(now_ns);
                gauges.note_time(last.time_ns);
                down.tick(&last);
                down.flush(last.sequence);
                look(source, last.sequence);
                (flushed_at, next_tick_ns) = (last, now_ns.saturating_add(TICK_NS));
            }
            Step::End => break,
        }
        let packets = last.sequence.saturating_sub(flushed_at.sequence);
        let late = last.time_ns.saturating_sub(flushed_at.time_ns) >= BATCH_NS;
        if packets >= BATCH_PACKETS || (live && late && packets > 0) {
            down.flush(last.sequence);
            look(source, last.sequence);
            flushed_at = last;
        }
    }
    last.sequence = last.sequence.saturating_add(1);
    down.finish(&last);
    look(source, last.sequence.saturating_sub(1));
    counters.decode.add(&decoder.into_counters());
    counters
}

/// One shard on the capture thread: nothing is copied, nothing waits.
struct Inline<T: Tap> {
    shard: Shard<T>,
    to_consumer: SyncSender<Yield<T::Out>>,
}

impl<T: Tap> Downstream for Inline<T> {
    fn segment(&mut self, segment: &Segment<'_>) {
        self.shard.take(segment);
    }

    fn tick(&mut self, at: &At) {
        self.shard.tick(at);
    }

    fn flush(&mut self, passed: u64) {
        let items = self.shard.drain();
        if !items.is_empty() {
            // Fails only when the consumer is gone, and then nobody wants the rest.
            let _ = self.to_consumer.send(Yield { shard: 0, passed, items });
        }
    }

    fn finish(&mut self, at: &At) {
        self.shard.finish(at);
        self.flush(u64::MAX);
    }
}

/// Several shards, each behind a queue.
struct Spread<'g> {
    queues: Vec<Queue>,
    on_full: OnFull,
    gauges: &'g Gauges,
}

struct Queue {
    sender: SyncSender<Batch>,
    batch: Batch,
}

impl Downstream for Spread<'_> {
    fn segment(&mut self, segment: &Segment<'_>) {
        let shard = usize::from(flow::partition(segment)).checked_rem(self.queues.len());
        if let Some(queue) = shard.and_then(|shard| self.queues.get_mut(shard)) {
            queue.batch.push(segment);
        }
    }

    fn tick(&mut self, at: &At) {
        for queue in &mut self.queues {
            queue.batch.items.push(Item::Tick(*at));
        }
    }

    fn flush(&mut self, passed: u64) {
        for queue in &mut self.queues {
            let mut batch = core::mem::take(&mut queue.batch);
            batch.passed = passed;
            let refused = match self.on_full {
                OnFull::Wait => queue.sender.send(batch).err().map(|error| error.0),
                OnFull::Drop => queue.sender.try_send(batch).err().map(|error| match error {
                    TrySendError::Full(batch) | TrySendError::Disconnected(batch) => batch,
                }),
            };
            if let Some(batch) = refused {
                self.gauges.shared.queue_dropped.fetch_add(batch.segments, Ordering::Relaxed);
            }
        }
    }

    fn finish(&mut self, at: &At) {
        // The last batch is never dropped: it carries the end.
        self.on_full = OnFull::Wait;
        for queue in &mut self.queues {
            queue.batch.items.push(Item::Finish(*at));
        }
        self.flush(u64::MAX);
    }
}

/// Segments on their way to a shard, with their octets.
#[derive(Debug, Default)]
struct Batch {
    items: Vec<Item>,
    octets: Vec<u8>,
    segments: u64,
    passed: u64,
}

#[derive(Debug)]
enum Item {
    /// A segment without its payload, and where that stands in the batch.
    Segment(Segment<'static>, Range<usize>),
    Tick(At),
    Finish(At),
}

impl Batch {
    fn push(&mut self, segment: &Segment<'_>) {
        let start = self.octets.len();
        self.octets.extend_from_slice(segment.payload);
        self.segments = self.segments.saturating_add(1);
        let bare = Segment {
            at: segment.at,
            source: segment.source,
            destination: segment.destination,
            source_mac: segment.source_mac,
            destination_mac: segment.destination_mac,
            vlan: segment.vlan,
            hops: segment.hops,
            transport: segment.transport,
            payload: &[],
            cut: segment.cut,
        };
        self.items.push(Item::Segment(bare, start..self.octets.len()));
    }
}

/// A shard's thread.
fn work<T: Tap>(
    mut shard: Shard<T>,
    index: usize,
    batches: &Receiver<Batch>,
    to_consumer: &SyncSender<Yield<T::Out>>,
) -> Counters {
    for batch in batches {
        for item in &batch.items {
            match item {
                Item::Segment(bare, place) => {
                    let payload = batch.octets.get(place.clone()).unwrap_or_default();
                    shard.take(&Segment { payload, ..*bare });
                }
                Item::Tick(at) => shard.tick(at),
                Item::Finish(at) => shard.finish(at),
            }
        }
        let items = shard.drain();
        // Also when there is nothing: the consumer waits for the slowest shard.
        if to_consumer.send(Yield { shard: index, passed: batch.passed, items }).is_err() {
            break;
        }
    }
    shard.into_counters()
}
