//! Three detectors that know nothing, beside which any other has to stand: every write, every new
//! pair of hosts, and chance.

use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::HashSet;
use gridtap_models::event::Event;
use gridtap_models::ledger::Ledger;

use super::budget::{Odd, Score};

/// What a trivial detector raised.
#[derive(Clone, Debug, Default)]
pub struct Raised {
    /// The acts that it raised.
    pub odd: Odd,
    /// Commands among them.
    pub commands: u64,
    /// Those that were part of an attack.
    pub attack_commands: u64,
}

/// An act that is judged, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// It is asked for.
    pub event: &'a Event,
    /// Whether it can change something.
    pub command: bool,
    /// Whether it is part of an attack.
    pub attack: bool,
    /// The attacks that an alert on it finds.
    pub found: &'a [usize],
}

impl Raised {
    fn add(&mut self, act: &Act<'_>) {
        let (event, actor) = (act.event, act.event.conversation.client);
        self.odd.add(event.time_ns, actor, Score::RAISED, act.found);
        self.count(act.command, act.attack);
    }

    fn count(&mut self, command: bool, attack: bool) {
        self.commands = self.commands.saturating_add(u64::from(command));
        self.attack_commands = self.attack_commands.saturating_add(u64::from(command && attack));
    }

    fn new(quiet_ns: u64) -> Self {
        Self { odd: Odd::new(quiet_ns), ..Self::default() }
    }
}

/// The three, at work.
#[derive(Debug)]
pub struct Trivial {
    /// Acts that can change something.
    writes: Raised,
    /// Acts between hosts that were not learned to speak to each other.
    pairs: Raised,
    known: Option<HashSet<(IpAddr, IpAddr)>>,
    /// Acts by chance.
    chance: Chance,
    quiet_ns: u64,
}

impl Trivial {
    /// The names of the three, in the order in which they are given back.
    pub const NAMES: [&'static str; 3] = ["every write", "every new pair", "random"];

    /// At work from now on; chance picks so many acts.
    #[must_use]
    pub fn new(quiet_ns: u64, seed: u64, picks: usize) -> Self {
        Self {
            writes: Raised::new(quiet_ns),
            pairs: Raised::new(quiet_ns),
            known: None,
            chance: Chance { seed, picks, seen: 0, picked: BTreeMap::new() },
            quiet_ns,
        }
    }

    /// Takes an act that is judged by what was learned.
    pub fn take(&mut self, act: &Act<'_>, ledger: &Ledger) {
        if act.command {
            self.writes.add(act);
        }
        let known = self.known.get_or_insert_with(|| {
            let talks = ledger.conversations().into_iter();
            talks.map(|(talk, _)| (talk.client, talk.server)).collect()
        });
        let talk = &act.event.conversation;
        if !known.contains(&(talk.client, talk.server)) {
            self.pairs.add(act);
        }
        self.chance.take(act);
    }

    /// What each of them raised.
    #[must_use]
    pub fn finish(self) -> [Raised; 3] {
        let mut random = Raised::new(self.quiet_ns);
        let mut picked: Vec<Picked> = self.chance.picked.into_values().collect();
        picked.sort_by_key(|picked| picked.time_ns);
        for Picked { time_ns, actor, command, attack, found } in picked {
            random.odd.add(time_ns, actor, Score::RAISED, &found);
            random.count(command, attack);
        }
        [self.writes, self.pairs, random]
    }
}

/// Acts picked by chance: those with the least numbers drawn, so that how many there are need not be
/// known before.
#[derive(Debug)]
struct Chance {
    seed: u64,
    picks: usize,
    seen: u64,
    picked: BTreeMap<(u64, u64), Picked>,
}

#[derive(Debug)]
struct Picked {
    time_ns: u64,
    actor: IpAddr,
    command: bool,
    attack: bool,
    found: Vec<usize>,
}

impl Chance {
    fn take(&mut self, act: &Act<'_>) {
        self.seen = self.seen.saturating_add(1);
        let drawn = (drawn(self.seed, self.seen), self.seen);
        let full = self.picked.len() >= self.picks;
        if full && self.picked.last_key_value().is_none_or(|(greatest, _)| drawn > *greatest) {
            return;
        }
        if full {
            self.picked.pop_last();
        }
        let picked = Picked {
            time_ns: act.event.time_ns,
            actor: act.event.conversation.client,
            command: act.command,
            attack: act.attack,
            found: act.found.to_vec(),
        };
        self.picked.insert(drawn, picked);
    }
}

/// The number drawn for the act of this place: `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014).
fn drawn(seed: u64, place: u64) -> u64 {
    let mut z = seed.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::act;

    #[test]
    fn each_raises_what_its_name_says() {
        let mut ledger = Ledger::default();
        ledger.learn(&act(5, 9, 1, 1));
        let mut trivial = Trivial::new(900, 7, 10);
        for nth in 0..1_000_u64 {
            let event = act(5, 9, nth * 1_000, nth);
            trivial.take(
                &Act { event: &event, command: nth % 10 == 0, attack: false, found: &[] },
                &ledger,
            );
        }
        let event = act(66, 9, 2_000_000, 5_000);
        trivial.take(&Act { event: &event, command: true, attack: true, found: &[0] }, &ledger);
        let [writes, pairs, random] = trivial.finish();
        assert_eq!((writes.commands, writes.attack_commands), (101, 1));
        let at = writes.odd.at(Score::RAISED);
        assert_eq!((at.episodes, at.wrong, at.found.len()), (101, 100, 1));
        assert_eq!((pairs.commands, pairs.attack_commands), (1, 1));
        assert_eq!(random.odd.at(Score::RAISED).episodes, 10);
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed_and_even() {
        let picks = |seed| {
            let mut chance = Chance { seed, picks: 500, seen: 0, picked: BTreeMap::new() };
            for nth in 0..10_000_u64 {
                let event = act(5, 9, nth, nth);
                chance.take(&Act { event: &event, command: false, attack: false, found: &[] });
            }
            let mut times: Vec<u64> = chance.picked.values().map(|it| it.time_ns).collect();
            times.sort_unstable();
            times
        };
        assert_eq!(picks(1), picks(1));
        assert_ne!(picks(1), picks(2));
        assert_eq!(picks(1).len(), 500);
        let early = picks(1).iter().filter(|time| **time < 5_000).count();
        assert!((200..300).contains(&early), "{early}");
    }
}
