//! One shard: from segments to events or records, on one thread, sharing nothing.

mod reader;
mod tap;
#[cfg(test)]
mod tests;
mod work;

pub use reader::{App, Reading};
pub use tap::{Events, FlowMark, Ordered, Seen, Tap};
use work::Work;

use crate::counters::Counters;
use crate::decode::{At, Segment};
use crate::flow::{self, PARTITIONS, Table};
use crate::limits::Limits;

/// The shard.
#[derive(Debug)]
pub struct Shard<T: Tap> {
    /// The partitions of the flow table that are this shard's: every `shards`th, in order.
    tables: Vec<(u16, Table<App>)>,
    shards: usize,
    work: Work<T>,
}

impl<T: Tap> Shard<T> {
    /// Shard number `index` of `shards`.
    #[must_use]
    pub fn new(limits: &Limits, index: usize, shards: usize, tap: T) -> Self {
        let tables = (0..PARTITIONS)
            .filter(|partition| usize::from(*partition).checked_rem(shards) == Some(index))
            .map(|partition| (partition, Table::new(limits)))
            .collect();
        Self { tables, shards: shards.max(1), work: Work::new(limits, tap) }
    }

    /// Takes a segment.
    pub fn take(&mut self, segment: &Segment<'_>) {
        let partition = flow::partition(segment);
        let table = usize::from(partition).checked_div(self.shards);
        if let Some((_, table)) = table.and_then(|index| self.tables.get_mut(index)) {
            self.work.at(segment.at.sequence, partition);
            table.take(segment, &mut self.work);
        }
    }

    /// Lets capture time pass.
    pub fn tick(&mut self, at: &At) {
        for (partition, table) in &mut self.tables {
            if !table.is_empty() {
                self.work.at(at.sequence, *partition);
                table.tick(at, &mut self.work);
            }
        }
    }

    /// Ends all flows.
    pub fn finish(&mut self, at: &At) {
        for (partition, table) in &mut self.tables {
            self.work.at(at.sequence, *partition);
            table.finish(at, &mut self.work);
        }
    }

    /// What came out since the last time, in order.
    pub fn drain(&mut self) -> Vec<T::Out> {
        // As much comes out the next time, most likely.
        let room = Vec::with_capacity(self.work.out.len());
        let mut out = core::mem::replace(&mut self.work.out, room);
        // Within one packet or tick the partitions were gone through in order already, and within
        // one partition the numbers rise.
        if !out.is_sorted_by_key(Ordered::place) {
            out.sort_by_key(Ordered::place);
        }
        out
    }

    /// What takes things out of it.
    #[cfg(test)]
    pub(crate) const fn tap(&self) -> &T {
        &self.work.tap
    }

    /// What was counted.
    #[must_use]
    pub fn into_counters(self) -> Counters {
        let mut counters = self.work.counters;
        for (_, table) in &self.tables {
            counters.flow.add(table.counters());
        }
        counters.messages = self.work.messages.by_kind();
        counters.conversations = u64::try_from(self.work.conversations.len()).unwrap_or(u64::MAX);
        counters
    }
}
