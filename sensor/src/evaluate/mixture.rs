//! Contamination: acts of the labelled attacks, moved into the learned time.
//!
//! There are two classes, acts that can change something and acts that only ask; polls make the second a
//! hundred times and more as large as the first. Copies of each class are mixed in until they are a share
//! of what is learned ([`Of`]). In each, every attack gives its acts in turn, in order of time, from the
//! first again when it has no more; and the copies are spread evenly over the learned time: they are met in
//! as many of its segments as can be.

use foldhash::HashMap;
use gridtap_models::event::{Conversation, Event, Marks, Stage};

use super::truth::Role;
use crate::alert::Consequence;

/// Acts of an attack that are kept; of more, the first serve.
const KEPT: usize = 1_024;

/// What copies are a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those of either class, of the acts that can change something: an intruder who asks no more often
    /// than he commands.
    Commands,
    /// Those of each class, of all acts of that class: an intruder who never rests, and asks once for each
    /// few polls all the time.
    All,
}

/// What was gathered to be mixed in.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Acts that can change something, and acts that only ask, that were learned.
    pub learned: [u64; 2],
    /// The acts of each attack, of both classes.
    attacks: Vec<[Vec<Kept>; 2]>,
    /// Acts that have not ended, and where they are kept.
    open: HashMap<(Conversation, u64), Vec<At>>,
}

/// An act of an attack, and how it ended.
#[derive(Clone, Debug)]
struct Kept {
    asked: Event,
    ended: Option<Event>,
}

/// Where an act is kept: its attack, its class, and its place among those.
type At = (usize, usize, usize);

/// Something to be mixed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Planned {
    at_ns: u64,
    /// Whether it is the end of the act.
    end: bool,
    class: usize,
    attack: usize,
    act: usize,
}

/// Acts of attacks that wait for their new time.
#[derive(Clone, Debug, Default)]
pub struct Mixture {
    gathered: Gathered,
    planned: Vec<Planned>,
    next: usize,
    /// How many acts are mixed in: those that can change something, and those that only ask.
    pub mixed: [u64; 2],
}

impl Gathered {
    /// Takes note of an event.
    pub fn note(&mut self, event: &Event, role: &Role, learning: bool) {
        let class = class(event);
        let key = (event.conversation, event.digest);
        match event.stage {
            Stage::Requested => {
                if let Some(count) = self.learned.get_mut(class).filter(|_| learning) {
                    *count = count.saturating_add(1);
                }
                let kept: Vec<_> = role
                    .attacks
                    .iter()
                    .filter_map(|attack| self.keep(*attack, class, event.clone(), None))
                    .collect();
                if !kept.is_empty() {
                    self.open.insert(key, kept);
                }
            }
            Stage::Ended { .. } => {
                let kept = self.open.remove(&key).unwrap_or_default();
                for (attack, class, act) in &kept {
                    let acts = self.attacks.get_mut(*attack).and_then(|it| it.get_mut(*class));
                    if let Some(kept) = acts.and_then(|acts| acts.get_mut(*act)) {
                        kept.ended = Some(event.clone());
                    }
                }
                for attack in &role.attacks {
                    if !kept.iter().any(|(known, ..)| known == attack) {
                        // Only its end shows the attack: it was asked for like any other.
                        let asked = Event {
                            stage: Stage::Requested,
                            reported: Vec::new(),
                            marks: Marks::default(),
                            ..event.clone()
                        };
                        self.keep(*attack, class, asked, Some(event.clone()));
                    }
                }
            }
            Stage::Reported | Stage::Noticed | Stage::Attempted(_) => {
                for attack in &role.attacks {
                    self.keep(*attack, class, event.clone(), None);
                }
            }
        }
    }

    fn keep(
        &mut self,
        attack: usize,
        class: usize,
        asked: Event,
        ended: Option<Event>,
    ) -> Option<At> {
        if self.attacks.len() <= attack {
            self.attacks.resize_with(attack.saturating_add(1), Default::default);
        }
        let acts = self.attacks.get_mut(attack)?.get_mut(class)?;
        let place = acts.len();
        (place < KEPT).then(|| {
            acts.push(Kept { asked, ended });
            (attack, class, place)
        })
    }
}

impl Mixture {
    /// Acts to be mixed in so that they are this share, from 0 to below 1, of what is learned from
    /// `first_ns` on for `learn_ns`.
    #[must_use]
    pub fn new(
        mut gathered: Gathered,
        (share, of): (f64, Of),
        first_ns: u64,
        learn_ns: u64,
    ) -> Self {
        gathered.open.clear();
        let mut planned = Vec::new();
        let mut mixed = [0; 2];
        for class in 0..2 {
            let measure = if of == Of::Commands { 0 } else { class };
            let learned = gathered.learned.get(measure).copied().unwrap_or(0);
            let copies = copies(learned, share);
            let turns = turns(&gathered.attacks, class, copies);
            let all = u64::try_from(turns.len()).unwrap_or(u64::MAX);
            if let Some(mixed) = mixed.get_mut(class) {
                *mixed = all;
            }
            for (nth, (attack, act)) in (0_u64..).zip(turns) {
                let at_ns = first_ns.saturating_add(middle(nth, all, learn_ns));
                planned.push(Planned { at_ns, end: false, class, attack, act });
                let last_ns = first_ns.saturating_add(learn_ns).saturating_sub(1);
                if let Some(lasted_ns) = lasted(&gathered, class, attack, act) {
                    let at_ns = at_ns.saturating_add(lasted_ns).min(last_ns);
                    planned.push(Planned { at_ns, end: true, class, attack, act });
                }
            }
        }
        planned.sort_unstable();
        Self { gathered, planned, next: 0, mixed }
    }

    /// The next event that is due at `now_ns`.
    pub fn due(&mut self, now_ns: u64) -> Option<Event> {
        let planned = self.planned.get(self.next).filter(|planned| planned.at_ns <= now_ns)?;
        self.next = self.next.saturating_add(1);
        let kept = act(&self.gathered, planned.class, planned.attack, planned.act)?;
        let event = if planned.end { kept.ended.as_ref()? } else { &kept.asked };
        Some(Event { time_ns: planned.at_ns, ..event.clone() })
    }

    /// Acts that were learned besides, of both classes.
    #[must_use]
    pub fn learned(&self) -> [u64; 2] {
        self.gathered.learned
    }
}

/// 0 for an act that can change something, 1 for one that only asks.
fn class(event: &Event) -> usize {
    usize::from(Consequence::of(event.intent) == Consequence::Observes)
}

/// How many copies are a share of `learned` and themselves: at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole, and far below the greatest"
)]
fn copies(learned: u64, share: f64) -> u64 {
    let wanted = super::bounds::real(learned) * share / (1.0 - share);
    wanted.ceil().clamp(1.0, 1e9) as u64
}

/// So many acts of a class, each attack in turn.
fn turns(attacks: &[[Vec<Kept>; 2]], class: usize, copies: u64) -> Vec<(usize, usize)> {
    let many = |attack: usize| attacks.get(attack).and_then(|it| it.get(class)).map_or(0, Vec::len);
    let givers: Vec<usize> = (0..attacks.len()).filter(|attack| many(*attack) > 0).collect();
    let wanted = usize::try_from(copies).unwrap_or(usize::MAX);
    let rounds = 0..wanted.div_ceil(givers.len().max(1));
    let all = rounds.flat_map(|round| givers.iter().map(move |attack| (*attack, round)));
    let turn =
        |(attack, round): (usize, usize)| (attack, round.checked_rem(many(attack)).unwrap_or(0));
    all.take(wanted).map(turn).collect()
}

/// The middle of the `nth` of `all` equal parts of a time.
fn middle(nth: u64, all: u64, of_ns: u64) -> u64 {
    let halves = u128::from(nth).saturating_mul(2).saturating_add(1);
    let at =
        halves.saturating_mul(u128::from(of_ns)).checked_div(u128::from(all).saturating_mul(2));
    u64::try_from(at.unwrap_or(0)).unwrap_or(u64::MAX)
}

fn act(gathered: &Gathered, class: usize, attack: usize, act: usize) -> Option<&Kept> {
    gathered.attacks.get(attack)?.get(class)?.get(act)
}

/// How long an act lasted, if it is known how it ended.
fn lasted(gathered: &Gathered, class: usize, attack: usize, place: usize) -> Option<u64> {
    let kept = act(gathered, class, attack, place)?;
    let Stage::Ended { after_ns, .. } = kept.ended.as_ref()?.stage else { return None };
    Some(after_ns)
}

#[cfg(test)]
mod tests {
    use gridtap_models::event::{Intent, Outcome};

    use super::*;
    use crate::alert::act as sample;

    fn part_of(attack: usize) -> Role {
        Role { attacks: vec![attack], ..Role::default() }
    }

    fn gathered(commands: u64) -> Gathered {
        let mut gathered = Gathered::default();
        for nth in 0..commands {
            gathered.note(&sample(5, 9, nth, nth), &Role::default(), true);
        }
        for (attack, acts) in [(0, 3), (2, 1)] {
            for nth in 0..acts {
                let asked = sample(66, 9, 1_000_000 + nth, 1_000 * u64::from(nth > 0) + attack);
                let attack = part_of(usize::try_from(attack).unwrap());
                gathered.note(&asked, &attack, false);
                let stage = Stage::Ended { outcome: Outcome::Done, after_ns: 5 };
                gathered.note(&Event { stage, ..asked }, &attack, false);
            }
        }
        gathered
    }

    #[test]
    fn copies_are_the_share_that_is_wanted() {
        for (share, copies) in [(0.01, 10), (0.1, 110), (0.5, 990)] {
            let mixture = Mixture::new(gathered(990), (share, Of::All), 100, 1_000);
            assert_eq!(mixture.mixed, [copies, 0], "{share}");
        }
        assert_eq!(Mixture::new(gathered(0), (0.01, Of::All), 100, 1_000).mixed, [1, 0]);
        assert_eq!(Mixture::new(Gathered::default(), (0.1, Of::All), 0, 1).mixed, [0, 0]);
    }

    #[test]
    fn what_only_asks_can_be_a_share_of_the_commands() {
        for (of, mixed) in [(Of::Commands, [10, 10]), (Of::All, [10, 100])] {
            let mut gathered = gathered(90);
            let asking = |packet| {
                let asked = sample(66, 9, 2_000_000 + packet, packet);
                Event { intent: Intent::Read, ..asked }
            };
            (0..900).for_each(|nth| gathered.note(&asking(nth), &Role::default(), true));
            gathered.note(&asking(900), &part_of(1), false);
            assert_eq!(Mixture::new(gathered, (0.1, of), 0, 1_000).mixed, mixed, "{of:?}");
        }
    }

    #[test]
    fn attacks_take_turns_and_the_learned_time_is_filled_evenly() {
        let mut mixture = Mixture::new(gathered(36), (0.1, Of::All), 1_000, 400);
        let mut seen = Vec::new();
        assert!(mixture.due(1_049).is_none());
        while let Some(event) = mixture.due(u64::MAX) {
            seen.push((event.time_ns, event.stage == Stage::Requested, event.packet.number));
        }
        let acts = [(1_050, 0), (1_150, 2), (1_250, 1_000), (1_350, 2)];
        let expected: Vec<_> = acts
            .iter()
            .flat_map(|(at, packet)| [(*at, true, *packet), (at + 5, false, *packet)])
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_only_an_end_shows_was_asked_for_like_any_other() {
        let mut gathered = Gathered::default();
        let mut asked = sample(5, 9, 10, 1);
        asked.intent = Intent::Read;
        gathered.note(&asked, &Role::default(), true);
        let stage = Stage::Ended { outcome: Outcome::Done, after_ns: 5 };
        gathered.note(&Event { stage, ..asked.clone() }, &part_of(0), true);
        let mut mixture = Mixture::new(gathered, (0.5, Of::All), 0, 100);
        assert_eq!((mixture.mixed, mixture.learned()), ([0, 1], [0, 1]));
        let stages: Vec<Stage> =
            core::iter::from_fn(|| mixture.due(100)).map(|it| it.stage).collect();
        assert_eq!(stages, [Stage::Requested, stage]);
    }
}
