//! Raise: findings of one actor become one alert, written again as its episode grows.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;

use gridtap_models::detector::Finding;
use gridtap_models::event::{Conversation, Event, Outcome, Stage};
use gridtap_models::ledger::{self, Command, Habit, Ledger};
use sha2::{Digest, Sha256};

use super::episode::{Episode, Judging, gravest};
use super::rate::{self, Rate};
use super::record::Alert;
use super::severity::Consequence;
use crate::source::CaptureNames;

/// The part of the alerts a day that may be for nothing but new commands: the other findings need theirs.
const NEW_COMMANDS: f64 = 0.4;

/// Capture time in which what was never done before begins no second episode: a day. It is not new any more, and
/// nobody has ruled on it yet.
const AGAIN_NS: u64 = 86_400 * 1_000_000_000;

/// Findings whose last time is remembered; beyond, all are forgotten and begin episodes anew.
const REMEMBERED: usize = 16_384;

/// When findings become alerts, and how much is kept of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Least surprise that raises an alert about an act that only asks, in bits.
    pub at_bits: f64,
    /// Least surprise that raises an alert about an act that can change something, in bits.
    pub command_at_bits: f64,
    /// Alerts a day that the operator wants to read.
    pub a_day: f64,
    /// Capture time without an odd act that ends an episode, in nanoseconds.
    pub quiet_ns: u64,
    /// Episodes open at a time; the one quiet longest is closed early.
    pub episodes: usize,
    /// Odd acts whose outcome is awaited; the oldest is given up.
    pub awaited: usize,
}

/// What new things are to be expected of whom, by what was learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Habits {
    /// How often a day each client does something new, where that is known.
    pub rates: Option<BTreeMap<IpAddr, Habit>>,
    /// All that devices were commanded, but for what one was once.
    pub commanded: BTreeSet<Command>,
    /// Conversations that such a habit says nothing of.
    pub settled: BTreeSet<Conversation>,
    /// Clients that go from device to device.
    pub visitors: BTreeSet<IpAddr>,
}

impl From<&Ledger> for Habits {
    fn from(ledger: &Ledger) -> Self {
        Self {
            rates: ledger.habits(),
            commanded: ledger.commanded(),
            settled: ledger.settled(),
            visitors: ledger.visitors(),
        }
    }
}

impl Habits {
    /// How often a day the client does such a new thing: commands of points that no device was given are not explained
    /// by those that others were.
    fn rate(&self, finding: &Finding, about: &Event) -> Option<f64> {
        let habit = self.rates.as_ref()?.get(&about.conversation.client)?;
        let first = finding.kind == "new-point"
            && about.commands().any(|(command, _)| !self.commanded.contains(&command));
        Some(if first { habit.anywhere } else { habit.here })
    }
}

/// What an episode took in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The id of the episode's alert.
    pub id: String,
    /// Whose episode it is.
    pub actor: IpAddr,
    /// The place, among the findings that were handed over, of one that it took: all that it took at
    /// once are about the same act.
    pub finding: usize,
    /// Whether a revision of the alert was due, so that whoever reads alerts was told.
    pub told: bool,
}

/// Turns findings into alerts.
#[derive(Debug)]
pub struct Raiser {
    settings: Settings,
    judging: Judging,
    open: BTreeMap<IpAddr, Episode>,
    /// No open episode can end before this capture time.
    earliest_end_ns: u64,
    /// The latest act of any open episode.
    latest_ns: u64,
    /// Odd acts that have not ended, and whose they are.
    awaited: HashMap<(Conversation, u64), IpAddr>,
    awaited_order: VecDeque<(Conversation, u64)>,
    /// Packets dropped by the kernel or by queues so far.
    dropped_packets: u64,
    closed_early: u64,
    given_up: u64,
    habits: Habits,
    muted: u64,
    /// When each finding, by the sentence that would make it normal, was part of an episode last.
    told_ns: HashMap<String, u64>,
    repeated: u64,
    rate: Rate,
    taken: Vec<Taken>,
}

/// Whether a finding says no more than that one who is known did something for the first time. What is hard,
/// strangers, floods, and what a device does are told each time.
fn is_news(finding: &Finding) -> bool {
    const NEWS: [&str; 5] = [
        "first-command",
        "new-point",
        "new-value",
        "value-out-of-range",
        "write-outside-polled-map",
    ];
    !finding.hard && NEWS.contains(&finding.kind)
}

impl Raiser {
    /// One that has raised nothing yet.
    #[must_use]
    pub fn new(settings: Settings, captures: impl Into<CaptureNames>) -> Self {
        Self {
            settings,
            judging: Judging { captures: captures.into(), baseline: None },
            open: BTreeMap::new(),
            earliest_end_ns: u64::MAX,
            latest_ns: 0,
            awaited: HashMap::new(),
            awaited_order: VecDeque::new(),
            dropped_packets: 0,
            closed_early: 0,
            given_up: 0,
            habits: Habits::default(),
            muted: 0,
            told_ns: HashMap::new(),
            repeated: 0,
            rate: Rate::default(),
            taken: Vec::new(),
        }
    }

    /// Names the baseline that judges from now on: the SHA-256 of its file, in hex.
    pub fn set_baseline(&mut self, digest: String) {
        self.judging.baseline = Some(digest);
    }

    /// Says what new things are to be expected of whom.
    pub fn set_habits(&mut self, habits: Habits) {
        self.habits = habits;
    }

    /// The clients that do more new things a day than the operator wants to read of, how many, and whether that holds
    /// of what is new to all devices too: such commands of theirs raise nothing by themselves.
    pub fn muted_clients(&self) -> impl Iterator<Item = (IpAddr, f64, bool)> {
        let a_day = self.new_commands_a_day();
        let habits =
            self.habits.rates.iter().flatten().filter(move |(_, habit)| habit.here > a_day);
        habits.map(move |(client, habit)| (*client, habit.here, habit.anywhere > a_day))
    }

    /// Findings that were not raised because of that.
    #[must_use]
    pub fn muted(&self) -> u64 {
        self.muted
    }

    /// Odd acts that began no episode because all that was odd about them was told within the day.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    fn new_commands_a_day(&self) -> f64 {
        self.settings.a_day * NEW_COMMANDS
    }

    /// What was promised of alerts a day and what came of it, in sentences.
    #[must_use]
    pub fn rates(&self) -> String {
        rate::text(
            &self.rate,
            self.settings.a_day,
            self.new_commands_a_day(),
            self.habits.rates.is_some(),
        )
    }

    /// What episodes took of the act that was handed over last.
    #[must_use]
    pub fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// Least surprise that raises an alert about an act, in bits.
    #[must_use]
    pub fn least_bits(&self, about: &Event) -> f64 {
        match Consequence::of(about.intent) {
            Consequence::Observes => self.settings.at_bits,
            Consequence::Adjusts | Consequence::Acts => self.settings.command_at_bits,
        }
    }

    /// Whether a finding about an act is not raised because its client does such things too often.
    #[must_use]
    pub fn mutes(&self, finding: &Finding, about: &Event) -> bool {
        let usual = || {
            self.habits.rate(finding, about).is_some_and(|rate| rate > self.new_commands_a_day())
                && !self.habits.settled.contains(&about.conversation)
        };
        let visits = finding.kind == "new-conversation"
            && self.habits.visitors.contains(&about.conversation.client);
        !finding.hard && (visits || ledger::may_be_habit(finding.kind, about.intent) && usual())
    }

    /// Notes how many packets were dropped so far, for the alerts to come.
    pub fn set_dropped_packets(&mut self, packets: u64) {
        self.dropped_packets = packets;
    }

    /// Episodes that had to be closed early to make room.
    #[must_use]
    pub fn closed_early(&self) -> u64 {
        self.closed_early
    }

    /// Odd acts whose outcome was awaited, until newer ones needed the place.
    #[must_use]
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Takes one judged act, and hands the alerts that are due to `out`.
    ///
    /// With `hard_only`, while learning, findings that need a baseline are left out.
    pub fn take(
        &mut self,
        event: &Event,
        findings: &[Finding],
        hard_only: bool,
        out: &mut dyn FnMut(Alert),
    ) {
        self.close_quiet(event.time_ns, out);
        if !hard_only {
            self.rate.note(event.time_ns);
        }
        self.taken.clear();
        let counts = |(_, finding): &(usize, &Finding)| {
            let about = finding.about.as_deref().unwrap_or(event);
            finding.hard || (!hard_only && finding.surprise.0 >= self.least_bits(about))
        };
        let within = |(_, finding): &(usize, &Finding)| {
            !self.mutes(finding, finding.about.as_deref().unwrap_or(event))
        };
        let odd: Vec<(usize, &Finding)> = findings.iter().enumerate().filter(counts).collect();
        let mut counted: Vec<(usize, &Finding)> = odd.iter().copied().filter(within).collect();
        let muted = u64::try_from(odd.len().saturating_sub(counted.len())).unwrap_or(u64::MAX);
        self.muted = self.muted.saturating_add(muted);
        while let Some(&(place, first)) = counted.first() {
            // Those of one actor about one act belong together.
            let (actor, about) = (first.actor, first.about.as_deref());
            let same = |(_, finding): &(usize, &Finding)| {
                finding.actor == actor && finding.about.as_deref() == about
            };
            let (ours, others): (Vec<_>, Vec<_>) = counted.into_iter().partition(same);
            counted = others;
            let ours: Vec<&Finding> = ours.into_iter().map(|(_, finding)| finding).collect();
            self.extend(about.unwrap_or(event), place, &ours, !hard_only, out);
        }
        if let Stage::Ended { outcome, .. } = event.stage {
            self.ended(event, outcome);
        }
    }

    /// Closes every episode: the captures ended, or the sensor stops.
    pub fn finish(&mut self, out: &mut dyn FnMut(Alert)) {
        for (_, episode) in core::mem::take(&mut self.open) {
            out(episode.alert(&self.judging, true));
        }
        (self.earliest_end_ns, self.latest_ns) = (u64::MAX, 0);
    }

    /// Closes the episodes that were quiet for long enough at capture time `now_ns`.
    pub fn close_quiet(&mut self, now_ns: u64, out: &mut dyn FnMut(Alert)) {
        let quiet_ns = self.settings.quiet_ns;
        if now_ns < self.earliest_end_ns && now_ns.saturating_add(quiet_ns) > self.latest_ns {
            return;
        }
        let over: Vec<IpAddr> = self
            .open
            .iter()
            // A clock that goes back by as much ends it as well: else it would be open until then.
            .filter(|(_, episode)| episode.last_ns.abs_diff(now_ns) >= quiet_ns)
            .map(|(actor, _)| *actor)
            .collect();
        for actor in over {
            if let Some(episode) = self.open.remove(&actor) {
                out(episode.alert(&self.judging, true));
            }
        }
        let ends = self.open.values().map(|episode| episode.last_ns.saturating_add(quiet_ns));
        self.earliest_end_ns = ends.min().unwrap_or(u64::MAX);
        self.latest_ns = self.open.values().map(|episode| episode.last_ns).max().unwrap_or(0);
    }

    fn extend(
        &mut self,
        event: &Event,
        place: usize,
        findings: &[&Finding],
        judging: bool,
        out: &mut dyn FnMut(Alert),
    ) {
        let actor = findings.iter().find_map(|f| f.actor).unwrap_or(event.conversation.client);
        let begins = !self.open.contains_key(&actor);
        if begins && findings.iter().all(|finding| self.was_told(finding, event.time_ns)) {
            self.repeated = self.repeated.saturating_add(1);
            return;
        }
        self.note_told(findings, event.time_ns);
        if begins {
            self.make_room(out);
            let id = self.id(actor, event, findings);
            self.open.insert(actor, Episode::new(id, actor, event));
        }
        let end_ns = event.time_ns.saturating_add(self.settings.quiet_ns);
        self.earliest_end_ns = self.earliest_end_ns.min(end_ns);
        self.latest_ns = self.latest_ns.max(event.time_ns);
        if event.stage == Stage::Requested {
            self.wait_for(event, actor);
        }
        let Some(episode) = self.open.get_mut(&actor) else { return };
        let hard = findings.iter().any(|finding| finding.hard) && !episode.any_hard;
        episode.any_hard |= hard;
        if judging {
            self.rate.count(begins, hard);
        }
        let told = episode.add(event, findings);
        self.taken.push(Taken { id: episode.id.clone(), actor, finding: place, told });
        if told {
            episode.seen.dropped_packets = self.dropped_packets;
            out(episode.alert(&self.judging, false));
            episode.revision = episode.revision.saturating_add(1);
        }
    }

    /// Whether a finding is of something that was never done before, and was part of an episode within the day.
    fn was_told(&self, finding: &Finding, now_ns: u64) -> bool {
        let told_ns = self.told_ns.get(&finding.normal_if);
        is_news(finding) && told_ns.is_some_and(|told_ns| now_ns.abs_diff(*told_ns) < AGAIN_NS)
    }

    fn note_told(&mut self, findings: &[&Finding], now_ns: u64) {
        for finding in findings.iter().filter(|finding| is_news(finding)) {
            // The day is counted from the first time, so that what goes on is told of every day.
            if self.was_told(finding, now_ns) {
                continue;
            }
            if self.told_ns.len() >= REMEMBERED {
                self.told_ns.clear();
            }
            self.told_ns.insert(finding.normal_if.clone(), now_ns);
        }
    }

    fn make_room(&mut self, out: &mut dyn FnMut(Alert)) {
        if self.open.len() < self.settings.episodes.max(1) {
            return;
        }
        let quietest = self.open.iter().min_by_key(|(_, episode)| episode.last_ns);
        if let Some(actor) = quietest.map(|(actor, _)| *actor)
            && let Some(episode) = self.open.remove(&actor)
        {
            self.closed_early = self.closed_early.saturating_add(1);
            out(episode.alert(&self.judging, true));
        }
    }

    fn wait_for(&mut self, event: &Event, actor: IpAddr) {
        let act = (event.conversation, event.digest);
        if self.awaited.insert(act, actor).is_none() {
            self.awaited_order.push_back(act);
        }
        if self.awaited_order.len() > self.settings.awaited
            && let Some(oldest) = self.awaited_order.pop_front()
            && self.awaited.remove(&oldest).is_some()
        {
            self.given_up = self.given_up.saturating_add(1);
        }
    }

    fn ended(&mut self, event: &Event, outcome: Outcome) {
        // Most of the time nothing is awaited, and every act ends.
        if self.awaited.is_empty() {
            return;
        }
        let Some(actor) = self.awaited.remove(&(event.conversation, event.digest)) else { return };
        if let Some(episode) = self.open.get_mut(&actor) {
            let counted = match outcome {
                Outcome::Done => &mut episode.outcomes.done,
                Outcome::Refused(_) => &mut episode.outcomes.refused,
                Outcome::Unanswered => &mut episode.outcomes.unanswered,
            };
            *counted = counted.saturating_add(1);
        }
    }

    /// Made of the baseline, the actor, the kind, and the time and octets of the first act: a slice
    /// of the capture gives the same.
    fn id(&self, actor: IpAddr, event: &Event, findings: &[&Finding]) -> String {
        let kind = gravest(event, findings).map_or("", |(_, finding)| finding.kind);
        let mut hash = Sha256::new();
        hash.update(self.judging.baseline.as_deref().unwrap_or("learning"));
        hash.update(actor.to_string());
        hash.update(kind);
        hash.update(event.time_ns.to_be_bytes());
        hash.update(event.digest.to_be_bytes());
        // A quarter of the digest is enough to tell alerts apart, and short enough to type.
        let mut id = ledger::Digest(hash.finalize().into()).to_string();
        id.truncate(16);
        id
    }
}
