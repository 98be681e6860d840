//! Identity ablation: attackers get the addresses of the legitimate master, so that nobody is found by
//! who it is.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use gridtap_models::event::{Device, Event, Protocol};
use gridtap_models::ledger::Ledger;

/// Puts the master's addresses in the place of attackers'.
#[derive(Clone, Debug, Default)]
pub struct Disguise {
    attackers: BTreeSet<IpAddr>,
    by_device: BTreeMap<Device, Master>,
    by_server: BTreeMap<(Protocol, IpAddr), Master>,
    by_protocol: BTreeMap<Protocol, Master>,
    /// Events that were rewritten.
    pub rewritten: u64,
}

/// Who speaks most to a device.
#[derive(Clone, Copy, Debug)]
struct Master {
    acts: u64,
    client: IpAddr,
    unit: Option<u16>,
    mac: Option<[u8; 6]>,
}

impl Disguise {
    /// Of those that took part in attacks, the ones that were not learned as clients are attackers.
    /// The master of a device is the client that was learned to ask it most; of a device that was not
    /// learned, the one that asks its address most, or speaks its protocol most.
    #[must_use]
    pub fn new(took_part: &BTreeSet<IpAddr>, ledger: &Ledger) -> Self {
        let learned = |host: &&IpAddr| ledger.client(host).is_some();
        let attackers = took_part.iter().filter(|host| !learned(host)).copied().collect();
        let mut disguise = Self { attackers, ..Self::default() };
        for (talk, record) in ledger.conversations() {
            let macs = ledger.macs(&talk.client).into_iter().flatten();
            let mac = macs.max_by_key(|(mac, tally)| (tally.count(), **mac)).map(|(mac, _)| mac.0);
            let (client, unit) = (talk.client, talk.client_unit);
            let master = Master { acts: record.tally().count(), client, unit, mac };
            keep(&mut disguise.by_device, talk.device(), master);
            keep(&mut disguise.by_server, (talk.protocol, talk.server), master);
            keep(&mut disguise.by_protocol, talk.protocol, master);
        }
        disguise
    }

    /// How many hosts are attackers.
    #[must_use]
    pub fn attackers(&self) -> usize {
        self.attackers.len()
    }

    /// Rewrites an event of an attacker.
    pub fn apply(&mut self, event: &mut Event) {
        let talk = &mut event.conversation;
        if !self.attackers.contains(&talk.client) {
            return;
        }
        let by_server = || self.by_server.get(&(talk.protocol, talk.server));
        let by_device = self.by_device.get(&talk.device());
        let master = by_device.or_else(by_server).or_else(|| self.by_protocol.get(&talk.protocol));
        if let Some(master) = master {
            talk.client = master.client;
            talk.client_unit = master.unit;
            event.client_mac = master.mac.or(event.client_mac);
            self.rewritten = self.rewritten.saturating_add(1);
        }
    }
}

/// Keeps whoever has more acts; of two with as many, the one with the lower address.
fn keep<K: Ord>(best: &mut BTreeMap<K, Master>, key: K, master: Master) {
    let known = best.entry(key).or_insert(master);
    if (master.acts, core::cmp::Reverse(master.client))
        > (known.acts, core::cmp::Reverse(known.client))
    {
        *known = master;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::act;

    #[test]
    fn an_attacker_looks_like_the_one_who_asks_most() {
        let mut ledger = Ledger::default();
        for (client, acts) in [(5, 3), (6, 2)] {
            for nth in 0..acts {
                let mut event = act(client, 9, nth, nth);
                event.client_mac = Some([0, 0, 0, 0, 0, client]);
                ledger.learn(&event);
            }
        }
        let hosts = BTreeSet::from([5, 66].map(|last| IpAddr::from([10, 0, 0, last])));
        let mut disguise = Disguise::new(&hosts, &ledger);
        assert_eq!(disguise.attackers(), 1);
        // Also towards a device that nobody asked before.
        for server in [9, 99] {
            let mut event = act(66, server, 0, 1);
            disguise.apply(&mut event);
            assert_eq!(event.conversation.client, IpAddr::from([10, 0, 0, 5]));
            assert_eq!(event.client_mac, Some([0, 0, 0, 0, 0, 5]));
        }
        let mut other = act(6, 9, 0, 1);
        disguise.apply(&mut other);
        assert_eq!(other, act(6, 9, 0, 1));
        assert_eq!(disguise.rewritten, 2);
    }
}
