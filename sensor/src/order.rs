//! What several shards yield, in the order of the packets.

use std::collections::VecDeque;
use std::sync::mpsc::Receiver;

use crate::shard::Ordered;

/// What a shard hands to the consumer.
#[derive(Debug)]
pub(crate) struct Yield<O> {
    pub(crate) shard: usize,
    /// Everything up to this packet (its number among all packets) is in.
    pub(crate) passed: u64,
    pub(crate) items: Vec<O>,
}

/// The consumer's thread: puts the shards' yields in the order of the packets.
///
/// A shard's own items are in order. Those of all are, up to the lowest packet that every shard
/// has passed.
pub(crate) fn in_order<O: Ordered>(
    yields: &Receiver<Yield<O>>,
    shards: usize,
    consume: &mut impl FnMut(O),
) {
    if shards == 1 {
        for from_shard in yields {
            from_shard.items.into_iter().for_each(&mut *consume);
        }
        return;
    }
    let mut waiting: Vec<VecDeque<O>> = (0..shards).map(|_| VecDeque::new()).collect();
    let mut passed = vec![0; shards];
    for from_shard in yields {
        if let Some(passed) = passed.get_mut(from_shard.shard) {
            *passed = from_shard.passed;
        }
        if let Some(queue) = waiting.get_mut(from_shard.shard) {
            queue.extend(from_shard.items);
        }
        let all_passed = passed.iter().min().copied().unwrap_or(0);
        while let Some(item) = first(&mut waiting, all_passed) {
            consume(item);
        }
    }
}

/// Takes the first item of all queues, if no shard can still bring an earlier one.
fn first<O: Ordered>(waiting: &mut [VecDeque<O>], all_passed: u64) -> Option<O> {
    let queue = waiting
        .iter_mut()
        .filter(|queue| queue.front().is_some_and(|item| item.place().sequence <= all_passed))
        .min_by_key(|queue| queue.front().map(Ordered::place))?;
    queue.pop_front()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use gridtap_models::event::Place;

    use super::*;

    /// A packet's number, and a partition.
    #[derive(Debug, PartialEq, Eq)]
    struct Item(u64, u16);

    impl Ordered for Item {
        fn place(&self) -> Place {
            Place { sequence: self.0, partition: self.1, nth: 0 }
        }
    }

    #[test]
    fn nothing_is_handed_on_before_every_shard_has_passed_it() {
        let (to_consumer, yields) = channel();
        let send = |shard, passed, items: &[(u64, u16)]| {
            let items = items.iter().map(|(number, partition)| Item(*number, *partition)).collect();
            to_consumer.send(Yield { shard, passed, items }).unwrap();
        };
        send(0, 10, &[(3, 0), (9, 2)]);
        send(1, 5, &[(3, 1), (4, 1)]);
        send(1, 10, &[(8, 3), (9, 1)]);
        // The other shard never comes this far: nobody may see it.
        send(0, 20, &[(15, 0)]);
        drop(to_consumer);
        let mut order = Vec::new();
        in_order(&yields, 2, &mut |item| order.push(item));
        let expected = [(3, 0), (3, 1), (4, 1), (8, 3), (9, 1), (9, 2)].map(|(n, p)| Item(n, p));
        assert_eq!(order, expected);
    }
}
