//! Watches a judge at work, and notes what became of attacks, commands and episodes.
//!
//! An attack is found when an episode takes one of its acts, and latency ends with the first revision
//! that covers one: an act that joins an open episode is told of by the next revision.

use foldhash::{HashMap, HashMapExt};
use gridtap_models::event::{Conversation, Event, Place, Stage};
use gridtap_models::surprise::FLOOR;

use super::budget::{Odd, Score};
use super::measured::{
    Commands, Episode, Lookalike, Measured, Naming, Outcome, PRACTICE, Trivially,
};
use super::named::Named;
use super::trivial::{Act, Trivial};
use super::truth::{Incident, Role, Truth};
use crate::alert::{Alert, Consequence, Taken};
use crate::judge::Judge;

/// Acts whose ends are awaited; of more, the ends are not known to be theirs.
const AWAITED: usize = 1 << 16;

/// What is measured, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Capture time from which acts are judged, in nanoseconds since 1970 UTC.
    pub judged_from_ns: u64,
    /// And until when; this time is judged as well.
    pub judged_until_ns: u64,
    /// Whether attacks that begin before that time are left out: the time before judges them.
    pub from_start: bool,
    /// Quiet time that ends an episode, in nanoseconds.
    pub quiet_ns: u64,
    /// What chance comes from.
    pub seed: u64,
    /// How many acts the random detector raises.
    pub picks: usize,
}

impl Rules {
    /// Whether what happens at this time is judged.
    #[must_use]
    pub fn judges(&self, time_ns: u64) -> bool {
        (self.judged_from_ns..=self.judged_until_ns).contains(&time_ns)
    }

    /// Whether an attack is judged.
    fn judges_attack(&self, it: &Incident) -> bool {
        let from_ns = if self.from_start { it.start_ns } else { it.end_ns };
        from_ns >= self.judged_from_ns && it.start_ns <= self.judged_until_ns
    }
}

/// Whoever watches.
#[derive(Debug)]
pub struct Watch<'t> {
    truth: &'t Truth,
    rules: Rules,
    attacks: Vec<Progress>,
    alarmed: Vec<bool>,
    episodes: Vec<Episode>,
    by_id: HashMap<String, usize>,
    /// What the latest revision of each alert says, by its id.
    named: HashMap<String, Named>,
    /// Attacks that are found but not told of, by the place of their episode.
    untold: HashMap<usize, Vec<usize>>,
    commands: Vec<Command>,
    command_at: HashMap<Place, usize>,
    /// What acts are part of that are asked for and have not ended.
    open: HashMap<(Conversation, u64), Open>,
    /// What acts are part of, for what is found about them later.
    roles: HashMap<Place, Role>,
    odd: Odd,
    trivial: Trivial,
}

/// How far an attack has come.
#[derive(Clone, Debug, Default)]
struct Progress {
    /// Its acts that were judged.
    acts: u64,
    first_ns: Option<u64>,
    episode: Option<usize>,
    /// When a revision told of it, and at which of its acts.
    told: Option<(u64, u64)>,
}

/// An act that can change something.
#[derive(Clone, Copy, Debug, Default)]
struct Command {
    whose: Whose,
    /// Whether its client gave many while learning.
    practised: bool,
    alarmed: bool,
}

/// Whose a command is, as labels say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Whose {
    Attack,
    Operator,
    #[default]
    Unsaid,
}

/// An act that was asked for.
#[derive(Clone, Debug)]
struct Open {
    role: Role,
    command: Option<usize>,
}

impl<'t> Watch<'t> {
    /// Watches for what labels say.
    #[must_use]
    pub fn new(truth: &'t Truth, rules: Rules) -> Self {
        Self {
            truth,
            rules,
            attacks: vec![Progress::default(); truth.attacks.len()],
            alarmed: vec![false; truth.lookalikes.len()],
            episodes: Vec::new(),
            by_id: HashMap::new(),
            named: HashMap::new(),
            untold: HashMap::new(),
            commands: Vec::new(),
            command_at: HashMap::new(),
            open: HashMap::new(),
            roles: HashMap::new(),
            odd: Odd::new(rules.quiet_ns),
            trivial: Trivial::new(rules.quiet_ns, rules.seed, rules.picks),
        }
    }

    /// Takes a revision of an alert.
    pub fn told(&mut self, alert: &Alert) {
        self.named.insert(alert.id.clone(), Named::of(alert));
        if alert.last
            && let Some(place) = self.by_id.get(&alert.id).copied()
        {
            self.tell(place, alert.last_time.0.saturating_add(self.rules.quiet_ns));
        }
    }

    /// Takes an event that `judge` has just taken; `role` is what it is part of.
    pub fn see(&mut self, event: &Event, mut role: Role, judge: &Judge) {
        let asked = event.stage == Stage::Requested;
        let judged = !judge.is_learning();
        let key = (event.conversation, event.digest);
        let mut command = None;
        let mut begun = Role::default();
        if asked {
            command = self.note_command(event, &role, judge);
            let part = command.is_some() || !role.is_empty();
            if part && self.open.len() < AWAITED {
                self.open.insert(key, Open { role: role.clone(), command });
            }
            if !role.is_empty() {
                self.roles.insert(event.place, role.clone());
            }
        } else if let Stage::Ended { .. } = event.stage
            && let Some(open) = self.open.remove(&key)
        {
            command = open.command;
            begun = open.role;
            role.join(&begun);
        }
        if judged {
            self.count_acts(event, &role, &begun);
            if asked {
                let (command, attack, found) =
                    (command.is_some(), !role.attacks.is_empty(), role.found());
                let act = Act { event, command, attack, found: &found };
                self.trivial.take(&act, judge.ledger());
            }
        }
        if judge.findings().is_empty() {
            return;
        }
        for finding in judge.findings() {
            let about = finding.about.as_deref().unwrap_or(event);
            let odd = finding.hard || (judged && finding.surprise >= FLOOR);
            if !odd || judge.raiser().mutes(finding, about) {
                continue;
            }
            let least = judge.raiser().least_bits(about);
            let score = Score::new(finding.hard, finding.surprise.0, least);
            let actor = finding.actor.unwrap_or(about.conversation.client);
            let attacks = self.role_of(event, finding.about.as_deref(), &role).found();
            if !judged && attacks.is_empty() {
                continue;
            }
            self.odd.add(about.time_ns, actor, score, &attacks);
        }
        for taken in judge.raiser().taken() {
            let about = judge.findings().get(taken.finding).and_then(|it| it.about.as_deref());
            let role = self.role_of(event, about, &role);
            let command = match about {
                Some(about) => self.command_at.get(&about.place).copied(),
                None => command,
            };
            self.take(event, about.unwrap_or(event), taken, &role, command);
        }
    }

    /// What was measured.
    #[must_use]
    pub fn finish(self) -> Measured {
        let rules = self.rules;
        let mut measured = Measured::default();
        // Attacks of the learned time are left out; the others keep their order.
        let mut place_of = vec![None; self.truth.attacks.len()];
        for (place, (it, progress)) in self.truth.attacks.iter().zip(&self.attacks).enumerate() {
            if !rules.judges_attack(it) {
                measured.unjudged_attacks = measured.unjudged_attacks.saturating_add(1);
                continue;
            }
            if let Some(moved) = place_of.get_mut(place) {
                *moved = Some(measured.attacks.len());
            }
            measured.attacks.push(self.outcome(it, progress));
        }
        let moved = |places: &[usize]| -> Vec<usize> {
            places.iter().filter_map(|place| place_of.get(*place).copied().flatten()).collect()
        };
        for (it, alarmed) in self.truth.lookalikes.iter().zip(&self.alarmed) {
            if rules.judges_attack(it) {
                let kind = it.said.kind.clone();
                measured.lookalikes.push(Lookalike { kind, alarmed: *alarmed });
            }
        }
        // An episode of unjudged attacks alone is neither right nor wrong.
        let mut left_out = 0_u64;
        let mut episode_at = vec![None; self.episodes.len()];
        for (place, mut episode) in self.episodes.into_iter().enumerate() {
            let attacks = moved(&episode.attacks);
            let of_unjudged = attacks.is_empty() && !episode.attacks.is_empty();
            if of_unjudged || (attacks.is_empty() && !episode.judged) {
                left_out = left_out.saturating_add(1);
                continue;
            }
            episode.attacks = attacks;
            if let Some(named) = self.named.get(&episode.id) {
                episode.kind.clone_from(&named.kind);
                (episode.severity, episode.acts) = (named.severity, named.acts);
            }
            if let Some(at) = episode_at.get_mut(place) {
                *at = Some(measured.episodes.len());
            }
            measured.episodes.push(episode);
        }
        for attack in &mut measured.attacks {
            attack.episode =
                attack.episode.and_then(|place| episode_at.get(place).copied().flatten());
        }
        measured.unjudged_episodes = left_out;
        measured.commands = commands(&self.commands, self.truth.names_operators);
        measured.odd = self.odd.moved(&place_of);
        measured.trivial = self.trivial.finish().map(|raised| Trivially {
            odd: raised.odd.moved(&place_of),
            commands: raised.commands,
            attack_commands: raised.attack_commands,
        });
        measured
    }

    /// Notes a judged act that can change something; gives its place.
    fn note_command(&mut self, event: &Event, role: &Role, judge: &Judge) -> Option<usize> {
        if judge.is_learning() || Consequence::of(event.intent) == Consequence::Observes {
            return None;
        }
        let place = self.commands.len();
        let whose = match (role.attacks.is_empty(), role.operator) {
            (false, _) => Whose::Attack,
            (true, true) => Whose::Operator,
            (true, false) => Whose::Unsaid,
        };
        let client = judge.ledger().client(&event.conversation.client);
        let practised = client.is_some_and(|sum| sum.given_context().events >= PRACTICE);
        self.commands.push(Command { whose, practised, alarmed: false });
        self.command_at.insert(event.place, place);
        Some(place)
    }

    /// Counts an act for the attacks that it is part of: once, when it is asked for or, if only its
    /// end shows it, then.
    fn count_acts(&mut self, event: &Event, role: &Role, begun: &Role) {
        for place in role.attacks.iter().filter(|place| !begun.attacks.contains(place)) {
            if let Some(attack) = self.attacks.get_mut(*place) {
                attack.acts = attack.acts.saturating_add(1);
                attack.first_ns.get_or_insert(event.time_ns);
            }
        }
    }

    /// What something is part of that is found at `event`, whose own part is `role`, `about` an act of
    /// before. What is about an act that is no part of anything is so by when it is found.
    fn role_of(&self, event: &Event, about: Option<&Event>, role: &Role) -> Role {
        let Some(about) = about else { return role.clone() };
        let mut its = self.truth.role(about);
        if let Some(known) = self.roles.get(&about.place) {
            its.join(known);
        }
        let now = event.time_ns;
        its.join(&self.truth.role_by_time(about.packet.capture, now, &about.conversation));
        its
    }

    /// Notes that an episode took something.
    fn take(
        &mut self,
        event: &Event,
        about: &Event,
        taken: &Taken,
        role: &Role,
        command: Option<usize>,
    ) {
        let next = self.episodes.len();
        let place = *self.by_id.entry(taken.id.clone()).or_insert(next);
        if place == next {
            self.episodes.push(Episode::new(&taken.id, about.time_ns));
        }
        let judged = event.time_ns >= self.rules.judged_from_ns;
        let found = role.found();
        if let Some(episode) = self.episodes.get_mut(place) {
            episode.last_ns = episode.last_ns.max(about.time_ns);
            episode.judged |= judged;
            for attack in &found {
                if !episode.attacks.contains(attack) {
                    episode.attacks.push(*attack);
                }
            }
        }
        if let Some(command) = command.and_then(|place| self.commands.get_mut(place)) {
            command.alarmed = true;
        }
        for lookalike in &role.lookalikes {
            if let Some(alarmed) = self.alarmed.get_mut(*lookalike) {
                *alarmed = true;
            }
        }
        for attack in &found {
            let Some(progress) = self.attacks.get_mut(*attack) else { continue };
            if progress.told.is_some() {
                continue;
            }
            // Whichever episode tells first is the one that found it.
            progress.episode.get_or_insert(place);
            self.untold.entry(place).or_default().push(*attack);
        }
        if taken.told {
            self.tell(place, event.time_ns);
        }
    }

    /// Whoever reads alerts is told of all that this episode holds.
    fn tell(&mut self, place: usize, now_ns: u64) {
        for attack in self.untold.remove(&place).unwrap_or_default() {
            if let Some(progress) = self.attacks.get_mut(attack)
                && progress.told.is_none()
            {
                progress.episode = Some(place);
                progress.told = Some((now_ns, progress.acts.max(1)));
            }
        }
    }

    fn outcome(&self, it: &Incident, progress: &Progress) -> Outcome {
        let begun_ns = progress.first_ns.unwrap_or(it.start_ns.max(self.rules.judged_from_ns));
        let episode = progress.episode.and_then(|place| self.episodes.get(place));
        let named = episode.and_then(|episode| self.named.get(&episode.id));
        Outcome {
            kind: it.said.kind.clone(),
            start_ns: it.start_ns,
            end_ns: it.end_ns,
            acts: progress.acts,
            episode: progress.episode,
            told_at_act: progress.told.map(|(_, act)| act),
            told_after_ns: progress.told.map(|(at_ns, _)| at_ns.saturating_sub(begun_ns)),
            naming: named.map_or_else(Naming::default, |named| named.naming(&it.said)),
            said: it.said.clone(),
        }
    }
}

fn commands(all: &[Command], names_operators: bool) -> Commands {
    let count = |which: &dyn Fn(&&Command) -> bool| {
        u64::try_from(all.iter().filter(which).count()).unwrap_or(u64::MAX)
    };
    let attack = |it: &&Command| it.whose == Whose::Attack;
    let operated = |it: &&Command| match it.whose {
        Whose::Attack => false,
        Whose::Operator => true,
        Whose::Unsaid => !names_operators,
    };
    Commands {
        judged: count(&|_| true),
        attack: count(&attack),
        alarmed: count(&|it| it.alarmed),
        alarmed_attack: count(&|it| attack(it) && it.alarmed),
        operators: count(&operated),
        alarmed_operators: count(&|it| operated(it) && it.alarmed),
        practised: count(&|it| operated(it) && it.practised),
        alarmed_practised: count(&|it| operated(it) && it.practised && it.alarmed),
    }
}

#[cfg(test)]
mod tests;
