//! Two ledgers become the one that learned both.

use core::hash::Hash;
use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::HashMap;

use super::index::size;
use super::provenance::SameCapture;
use super::records::{ConversationRecord, DeviceRecord};
use super::store::{Facts, Ledger};
use super::tally::Tally;
use crate::limits::{
    AT_ONCE, ATTEMPTS, CONVERSATIONS, FUNCTIONS, FUNCTIONS_A_CONVERSATION, HOPS, HOPS_A_HOST,
    LINKS, Limit, MACS, MACS_A_HOST, POINTS, POINTS_A_DEVICE, READS, READS_A_DEVICE, REPORTED,
    REPORTED_A_DEVICE,
};

impl Ledger {
    /// Adds what another ledger learned.
    ///
    /// The same, to the last octet of the file, as learning the events of both, in any order, unless
    /// a limit was reached; then what was seen first stays, ties in the order of the file, and the
    /// rest is counted as not learned.
    ///
    /// # Errors
    ///
    /// [`SameCapture`] if both learned from one capture; then nothing has changed.
    pub fn merge(&mut self, other: &Self) -> Result<(), SameCapture> {
        let twice = |digest: &&_| self.facts.captures.contains_key(*digest);
        if let Some(digest) = other.facts.captures.keys().find(twice) {
            return Err(SameCapture(*digest));
        }
        let mut facts = core::mem::take(&mut self.facts);
        facts.add(&other.facts);
        facts.prune();
        *self = Self::from_facts(facts);
        Ok(())
    }
}

impl Facts {
    fn add(&mut self, other: &Self) {
        self.captures.extend(&other.captures);
        for (limit, times) in &other.refused {
            self.refuse(*limit, *times);
        }
        self.add_rulings(other);
        add_each(&mut self.conversations, &other.conversations, ConversationRecord::merge);
        add_each(&mut self.devices, &other.devices, DeviceRecord::merge);
        for (host, theirs) in &other.hops {
            let ours = self.hops.entry(*host).or_default();
            for (hops, tally) in theirs {
                let ours = ours.entry(*hops);
                ours.and_modify(|ours| ours.merge(tally)).or_insert_with(|| tally.clone());
            }
        }
        add_each(&mut self.attempts, &other.attempts, super::AttemptRecord::merge);
        add_each(&mut self.links, &other.links, Tally::merge);
        add_each(&mut self.at_once, &other.at_once, Tally::merge);
        for (host, theirs) in &other.hosts {
            let ours = self.hosts.entry(*host).or_default();
            for (mac, tally) in theirs {
                let ours = ours.entry(*mac);
                ours.and_modify(|ours| ours.merge(tally)).or_insert_with(|| tally.clone());
            }
        }
    }

    /// Takes out what is beyond the limits, the youngest first.
    fn prune(&mut self) {
        self.prune_conversations();
        self.prune_functions();
        self.prune_commands();
        self.prune_reads();
        self.prune_points();
        self.prune_macs();
        self.prune_hops();
        self.prune_attempts();
        self.prune_links();
        self.prune_at_once();
        self.devices.retain(|_, record| !record.is_empty());
    }

    fn prune_conversations(&mut self) {
        let surplus = prune(&mut self.conversations, CONVERSATIONS, |it| it.tally.first_ns);
        self.refuse(Limit::Conversations, surplus);
    }

    fn prune_functions(&mut self) {
        let mut all = Vec::new();
        for (conversation, record) in &self.conversations {
            let seen = |(key, record): &(_, super::FunctionRecord)| (record.tally.first_ns, *key);
            all.push((*conversation, record.functions.iter().map(seen).collect()));
        }
        let surplus = surplus_of_each(all, FUNCTIONS_A_CONVERSATION, FUNCTIONS);
        for (conversation, key) in &surplus {
            if let Some(record) = self.conversations.get_mut(conversation) {
                record.functions.retain(|(known, _)| known != key);
            }
        }
        self.refuse(Limit::Functions, size(surplus.len()));
    }

    fn prune_commands(&mut self) {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (conversation, record) in &self.conversations {
            let device = all.entry(conversation.device()).or_default();
            let seen = record.commands.iter().map(|(key, record)| (record.tally.first_ns, *key));
            device.extend(seen.map(|(first_ns, key)| (first_ns, (*conversation, key))));
        }
        let surplus = surplus_of_each(all.into_iter().collect(), POINTS_A_DEVICE, POINTS);
        for (_, (conversation, command)) in &surplus {
            if let Some(record) = self.conversations.get_mut(conversation) {
                record.commands.remove(command);
            }
        }
        self.refuse(Limit::Points, size(surplus.len()));
    }

    fn prune_macs(&mut self) {
        let surplus = prune_hosts(&mut self.hosts, MACS_A_HOST, MACS);
        self.refuse(Limit::Macs, surplus);
    }

    fn prune_hops(&mut self) {
        let surplus = prune_hosts(&mut self.hops, HOPS_A_HOST, HOPS);
        self.refuse(Limit::Hops, surplus);
    }

    fn prune_attempts(&mut self) {
        let surplus = prune(&mut self.attempts, ATTEMPTS, |it| it.tally.first_ns);
        self.refuse(Limit::Attempts, surplus);
    }

    fn prune_links(&mut self) {
        let surplus = prune(&mut self.links, LINKS, |it| it.first_ns);
        self.refuse(Limit::Links, surplus);
    }

    fn prune_at_once(&mut self) {
        let surplus = prune(&mut self.at_once, AT_ONCE, |it| it.first_ns);
        self.refuse(Limit::Connections, surplus);
    }

    fn prune_reads(&mut self) {
        let mut all = Vec::new();
        for (device, record) in &self.devices {
            let seen = record.reads.iter().map(|(span, tally)| (tally.first_ns, *span));
            all.push((*device, seen.collect()));
        }
        let surplus = surplus_of_each(all, READS_A_DEVICE, READS);
        for (device, span) in &surplus {
            if let Some(record) = self.devices.get_mut(device) {
                record.reads.remove(span);
            }
        }
        self.refuse(Limit::Reads, size(surplus.len()));
    }

    fn prune_points(&mut self) {
        let mut all = Vec::new();
        for (device, record) in &self.devices {
            let seen = record.points.iter().map(|(point, record)| (record.first_ns, *point));
            all.push((*device, seen.collect()));
        }
        let surplus = surplus_of_each(all, REPORTED_A_DEVICE, REPORTED);
        for (device, point) in &surplus {
            if let Some(record) = self.devices.get_mut(device) {
                record.points.remove(point);
            }
        }
        self.refuse(Limit::Reported, size(surplus.len()));
    }
}

impl DeviceRecord {
    fn merge(&mut self, other: &Self) {
        add_each(&mut self.reads, &other.reads, Tally::merge);
        for (mark, theirs) in &other.quirks {
            let ours = self.quirks.entry(*mark);
            ours.and_modify(|ours| ours.merge(theirs)).or_insert_with(|| theirs.clone());
        }
        add_each(&mut self.points, &other.points, super::PointRecord::merge);
        self.delays.merge(&other.delays);
        if let Some(reports) = &other.reports {
            Tally::merge_in(&mut self.reports, reports);
        }
    }
}

impl ConversationRecord {
    fn merge(&mut self, other: &Self) {
        self.tally.merge(&other.tally);
        for (key, theirs) in &other.functions {
            match self.functions.binary_search_by_key(key, |(known, _)| *known) {
                Ok(at) => {
                    if let Some((_, ours)) = self.functions.get_mut(at) {
                        ours.merge(theirs);
                    }
                }
                Err(at) => self.functions.insert(at, (*key, theirs.clone())),
            }
        }
        add_each(&mut self.commands, &other.commands, super::CommandRecord::merge);
    }
}

fn add_each<K: Copy + Eq + Hash, V: Clone>(
    ours: &mut HashMap<K, V>,
    theirs: &HashMap<K, V>,
    add: impl Fn(&mut V, &V),
) {
    for (key, value) in theirs {
        ours.entry(*key).and_modify(|known| add(known, value)).or_insert_with(|| value.clone());
    }
}

/// Takes what is beyond the limit out of a map, as `surplus` says; how many.
fn prune<K: Copy + Ord + Hash, V>(
    map: &mut HashMap<K, V>,
    limit: usize,
    first_ns: impl Fn(&V) -> u64,
) -> u64 {
    let surplus = surplus(map.iter().map(|(key, it)| (first_ns(it), *key)).collect(), limit);
    for key in &surplus {
        map.remove(key);
    }
    size(surplus.len())
}

/// The keys beyond the limit, by when they were first seen and then by themselves.
fn surplus<K: Ord>(mut seen: Vec<(u64, K)>, limit: usize) -> Vec<K> {
    if seen.len() <= limit {
        return Vec::new();
    }
    seen.sort_unstable();
    seen.split_off(limit).into_iter().map(|(_, key)| key).collect()
}

/// The same with a limit for each parent, and one for all together.
fn surplus_of_each<P: Copy + Ord, K: Copy + Ord>(
    parents: Vec<(P, Vec<(u64, K)>)>,
    limit_of_each: usize,
    limit: usize,
) -> Vec<(P, K)> {
    let mut gone = Vec::new();
    let mut stay = Vec::new();
    for (parent, mut seen) in parents {
        seen.sort_unstable();
        let beyond = seen.split_off(seen.len().min(limit_of_each));
        gone.extend(beyond.into_iter().map(|(_, key)| (parent, key)));
        stay.extend(seen.into_iter().map(|(first_ns, key)| (first_ns, (parent, key))));
    }
    gone.extend(surplus(stay, limit));
    gone
}

/// Takes what is beyond the limits away from hosts, each of which has some; how many.
fn prune_hosts<K: Copy + Ord>(
    hosts: &mut BTreeMap<IpAddr, BTreeMap<K, Tally>>,
    limit_of_each: usize,
    limit: usize,
) -> u64 {
    let all = hosts.iter().map(|(host, known)| {
        let seen = known.iter().map(|(key, tally)| (tally.first_ns, *key));
        (*host, seen.collect())
    });
    let surplus = surplus_of_each(all.collect(), limit_of_each, limit);
    for (host, key) in &surplus {
        if let Some(known) = hosts.get_mut(host) {
            known.remove(key);
        }
    }
    hosts.retain(|_, known| !known.is_empty());
    size(surplus.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_first_stays() {
        assert_eq!(surplus(vec![(9, 'a'), (3, 'c'), (3, 'b')], 2), ['a']);
        assert_eq!(surplus(vec![(9, 'a'), (3, 'c'), (3, 'b')], 1), ['c', 'a']);
        assert!(surplus(vec![(9, 'a')], 1).is_empty());
    }

    #[test]
    fn each_parent_has_its_limit_and_all_together_have_one() {
        let parents = || vec![('x', vec![(1, 1), (2, 2), (3, 3)]), ('y', vec![(9, 1)])];
        assert_eq!(surplus_of_each(parents(), 2, 9), [('x', 3)]);
        assert_eq!(surplus_of_each(parents(), 2, 2), [('x', 3), ('y', 1)]);
    }
}
