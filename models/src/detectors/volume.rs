//! `volume`: more than was ever usual.
//!
//! *Sees*: floods of requests, of commands (outputs toggled by brute force), of refusals, of requests
//! that stay unanswered and of unasked reports, by client and by device. The kinds are
//! `request-flood`, `command-flood`, `refusal-flood`, `unanswered-flood`, `report-flood`. Of each a
//! Poisson CUSUM is kept, as a leaking bucket: an act adds 1, and the bucket leaks at
//! (k − 1)/ln k = 3.4 times the learned rate, which tells the learned rate (H0) from one [`TIMES`] as
//! high (H1). It is raised when it holds 20/log₂ k = 7 acts, to which H0 comes in one of 2^20 runs
//! (whence the surprise), and, for acts come in clumps, twice what was learned in ten minutes more.
//! The learned rate is the acts learned, and one more, over the segments that have any; of a device that was
//! never commanded, what a device of the site is commanded on average, over the learned time. It is one
//! finding until the bucket is half empty. Who was never seen is measured by what the whole site does.
//! Floods of connections (`connection-flood`) are counted as they are asked for: by pair of hosts, and
//! by server those of clients that the baseline does not have connect to it. Whoever lost a connection
//! asks for it again: [`AGAIN_A_S`] a second are free, and [`AGAIN`] at once.
//! *Blind to*: floods below three times the learned rate; what stays unanswered where only one side
//! of the flow is seen, or some of it was lost; many clients that each do little (their devices'
//! buckets see them).
//! *State*: a bucket for each client or device and kind of act, at most [`KEPT`]: beyond, the emptier
//! half is dropped, so that a flood of names cannot push out who floods.

use std::net::IpAddr;

use foldhash::HashMap;

use crate::detector::{Bits, Detector, Finding};
use crate::event::{Attempt, Device, Event, Outcome, Stage};
use crate::ledger::{AttemptRecord, Ledger, Pace, Pair, SEGMENT_NS, Tally};
use crate::surprise::real;
use crate::words::{counted, lasting};

pub(crate) const NAME: &str = "volume";

/// How many times the learned rate is looked for.
const TIMES: f64 = 8.0;

/// The surprise: of how many runs at the learned rate one is raised.
const RAISED: Bits = Bits(20.0);

/// Shares of ten minutes' worth of learned acts that may come at once.
const CLUMPS: f64 = 2.0;

/// Connections a second that who lost one may ask for anew.
const AGAIN_A_S: f64 = 1.0;

/// Connections that may be asked for at once besides.
const AGAIN: f64 = 30.0;

/// Buckets that are kept.
const KEPT: usize = 32_768;

/// Judges how much is done.
#[derive(Debug, Default)]
pub(crate) struct Floods {
    buckets: HashMap<(Who, What), Bucket>,
}

/// Whose acts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Who {
    Client(IpAddr),
    Device(Device),
    Pair(Pair),
}

/// Which acts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum What {
    Requests,
    Commands,
    Refusals,
    Unanswered,
    Reports,
    Connections,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    level: f64,
    last_ns: u64,
    /// Acts since the bucket was empty, and since when.
    acts: u64,
    since_ns: u64,
    raised: bool,
}

/// What is usual.
#[derive(Clone, Copy, Debug)]
struct Usual {
    acts: u64,
    /// What may be expected before anything is known.
    prior: u64,
    covered_ns: u64,
    known: bool,
    /// What is free besides: a second, and at once.
    free: (f64, f64),
}

impl Detector for Floods {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        if ledger.is_empty() {
            return;
        }
        let client = Who::Client(event.conversation.client);
        let device = Who::Device(event.conversation.device());
        match event.stage {
            Stage::Requested => {
                self.count(ledger, event, &[client, device], What::Requests, found);
                if event.intent.commands() {
                    self.count(ledger, event, &[client, device], What::Commands, found);
                }
            }
            Stage::Ended { outcome: Outcome::Refused(_), .. } => {
                self.count(ledger, event, &[client, device], What::Refusals, found);
            }
            Stage::Ended { outcome: Outcome::Unanswered, .. } => {
                // Where they spoke before, it is the device that fails; else the client tries in vain.
                let known = ledger.conversation(&event.conversation).is_some();
                let seen = !event.unseen.one_way && event.unseen.lost_octets == 0;
                if seen && !event.broadcast {
                    let who = if known { device } else { client };
                    self.count(ledger, event, &[who], What::Unanswered, found);
                }
            }
            Stage::Reported => self.count(ledger, event, &[device], What::Reports, found),
            Stage::Attempted(Attempt::Opening) => {
                let pair = event.conversation.pair();
                let who = [Who::Pair(pair), device];
                let known = usize::from(ledger.connects(&pair));
                let who = who.get(..who.len().saturating_sub(known)).unwrap_or_default();
                self.count(ledger, event, who, What::Connections, found);
            }
            Stage::Ended { outcome: Outcome::Done, .. }
            | Stage::Noticed
            | Stage::Attempted(Attempt::Refused | Attempt::Silent | Attempt::Link) => {}
        }
    }
}

impl Floods {
    /// Counts one act of each of these; of a client and its device the client is to blame.
    fn count(
        &mut self,
        ledger: &Ledger,
        event: &Event,
        who: &[Who],
        what: What,
        found: &mut dyn FnMut(Finding),
    ) {
        let mut blamed = false;
        for &who in who {
            let usual = usual(ledger, who, what);
            if self.buckets.len() >= KEPT && !self.buckets.contains_key(&(who, what)) {
                self.make_room();
            }
            let bucket = self.buckets.entry((who, what)).or_default();
            let first = bucket.add(event.time_ns, usual);
            if first && !blamed {
                found(finding(event, who, what, *bucket, usual));
            }
            blamed |= bucket.raised;
        }
    }

    /// Drops the emptier half, ties in the order of the names.
    fn make_room(&mut self) {
        let mut all: Vec<_> =
            self.buckets.iter().map(|(key, bucket)| (bucket.level, *key)).collect();
        let half = all.len() / 2;
        all.select_nth_unstable_by(half, |ours, theirs| {
            ours.0.total_cmp(&theirs.0).then_with(|| ours.1.cmp(&theirs.1))
        });
        for (_, key) in all.iter().take(half) {
            self.buckets.remove(key);
        }
    }
}

impl Bucket {
    /// Takes one act; true if it is the one that raises the finding.
    fn add(&mut self, time_ns: u64, usual: Usual) -> bool {
        let passed_ns = time_ns.saturating_sub(self.last_ns);
        // A clock that goes back is followed: else nothing would leak until it is there again.
        self.last_ns = time_ns;
        let leak = (TIMES - 1.0) / TIMES.ln() * usual.acts_in(passed_ns);
        self.level -= leak + usual.free.0 * real(passed_ns) / 1e9;
        if self.level <= 0.0 {
            *self = Self { last_ns: self.last_ns, since_ns: time_ns, ..Self::default() };
        }
        let full = RAISED.0 / TIMES.log2() + CLUMPS * usual.acts_in(SEGMENT_NS) + usual.free.1;
        self.raised &= self.level > full / 2.0;
        self.level = (self.level + 1.0).min(full.max(1.0));
        self.acts = self.acts.saturating_add(1);
        let first = self.level >= full && !self.raised;
        self.raised |= first;
        first
    }
}

impl Usual {
    /// How many acts are usual in this time.
    fn acts_in(self, ns: u64) -> f64 {
        (real(self.acts) + real(self.prior)) * real(ns) / real(self.covered_ns.max(1))
    }
}

fn usual(ledger: &Ledger, who: Who, what: What) -> Usual {
    let (known, reports) = match who {
        Who::Pair(pair) => return usual_connections(ledger, Some(&pair)),
        Who::Client(_) | Who::Device(_) if what == What::Connections => {
            return usual_connections(ledger, None);
        }
        Who::Client(client) => (ledger.client(&client).map(|sum| &sum.pace), None),
        Who::Device(device) => {
            let reports = ledger.record(&device).and_then(|record| record.reports());
            (ledger.device(&device).map(|sum| &sum.pace), reports)
        }
    };
    let pace: &Pace = known.unwrap_or_else(|| ledger.pace());
    let watched_ns = covered_ns(pace.requests.as_ref());
    let tally = match what {
        What::Requests => pace.requests.as_ref(),
        What::Commands => pace.commands.as_ref(),
        What::Reports => reports,
        What::Refusals | What::Unanswered | What::Connections => None,
    };
    let acts = match what {
        What::Refusals => pace.refused,
        What::Unanswered => pace.unanswered,
        What::Requests | What::Commands | What::Reports | What::Connections => {
            tally.map_or(0, Tally::count)
        }
    };
    // What was seen once or twice covers no time: ten minutes, or as long as was learned.
    let covered_ns = match (what, tally) {
        (What::Requests, _) | (_, None) => watched_ns,
        (_, Some(tally)) => tally.covered_ns().max(watched_ns.min(SEGMENT_NS)),
    };
    // A device that was never commanded may be commanded as others are: operators do not get to all of them
    // while learning.
    let never = what == What::Commands && tally.is_none() && matches!(who, Who::Device(_));
    let site = || ledger.pace().commands.as_ref().map_or(0, Tally::count);
    let share = || site().checked_div(ledger.counts().devices).unwrap_or(0);
    let prior = if never { share().max(1) } else { 1 };
    Usual { acts, prior, covered_ns, known: known.is_some(), free: (0.0, 0.0) }
}

/// How many connections are usual of a pair of hosts; of none that is known, only what is free.
fn usual_connections(ledger: &Ledger, pair: Option<&Pair>) -> Usual {
    let tally = pair.and_then(|pair| ledger.attempts(pair)).map(AttemptRecord::tally);
    let watched_ns = covered_ns(ledger.pace().requests.as_ref());
    // As above, what was seen once or twice covers no time.
    let covered_ns = covered_ns(tally).max(watched_ns.min(SEGMENT_NS));
    let (acts, known) = (tally.map_or(0, Tally::count), tally.is_some());
    Usual { acts, prior: 1, covered_ns, known, free: (AGAIN_A_S, AGAIN) }
}

/// The time covered by acts: at least a second.
fn covered_ns(tally: Option<&Tally>) -> u64 {
    tally.map_or(0, Tally::covered_ns).max(1_000_000_000)
}

fn finding(event: &Event, who: Who, what: What, bucket: Bucket, usual: Usual) -> Finding {
    let (kind, noun) = match what {
        What::Requests => ("request-flood", "request"),
        What::Commands => ("command-flood", "command"),
        What::Refusals => ("refusal-flood", "refused request"),
        What::Unanswered => ("unanswered-flood", "unanswered request"),
        What::Reports => ("report-flood", "report"),
        What::Connections => ("connection-flood", "connection"),
    };
    let (name, toward) = match (who, what) {
        (Who::Client(client), _) => (client.to_string(), "of"),
        (Who::Pair(pair), _) => (format!("{} to {}", pair.client, pair.server), "of"),
        (Who::Device(device), What::Connections) => (device.server.to_string(), "to"),
        (Who::Device(device), What::Reports) => (device.to_string(), "of"),
        (Who::Device(device), _) => (device.to_string(), "to"),
    };
    let actor = match (who, what) {
        (Who::Device(device), What::Unanswered | What::Reports | What::Connections) => {
            Some(device.server)
        }
        (Who::Device(_) | Who::Client(_) | Who::Pair(_), _) => None,
    };
    let span = event.time_ns.saturating_sub(bucket.since_ns);
    let within = if span == 0 { "at once".to_owned() } else { format!("within {}", lasting(span)) };
    let usually = match (usual.known, what) {
        (false, What::Connections) => "none".to_owned(),
        (known, _) => format!(
            "{} {} in {} in which there were any",
            counted(usual.acts, noun),
            if known { "of it" } else { "of the whole site, for it was never seen," },
            lasting(usual.covered_ns),
        ),
    };
    Finding {
        detector: NAME,
        kind,
        surprise: RAISED,
        hard: false,
        actor,
        about: None,
        because: format!(
            "{} {toward} {name} {within}; the baseline has {usually}",
            counted(bucket.acts, noun),
        ),
        normal_if: format!("baseline knows {noun}s {toward} {name} at this rate"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Value;
    use crate::samples::{START_NS, ended, request, write};

    const MINUTE: u64 = 60;

    fn at(event: Event, second: u64) -> Event {
        Event { time_ns: START_NS + second * 1_000_000_000, ..event }
    }

    fn command(client: u8, address: u32, second: u64) -> Event {
        at(write(&request(client, 9), address, Value::Number(1.0)), second)
    }

    /// Three hours: two clients poll a device each, every two seconds; one writes twice in ten minutes;
    /// one request in a thousand is lost.
    fn site() -> Ledger {
        let mut ledger = Ledger::default();
        for second in (0..180 * MINUTE).step_by(2) {
            for (client, server) in [(5, 9), (6, 8)] {
                let poll = at(request(client, server), second);
                ledger.learn(&poll);
                let lost = second % 2_000 == 0;
                ledger.learn(&ended(poll, if lost { Outcome::Unanswered } else { Outcome::Done }));
            }
            if second % 600 < 4 {
                ledger.learn(&command(5, 40, second));
            }
        }
        ledger
    }

    fn found(events: impl IntoIterator<Item = Event>) -> Vec<(usize, Finding)> {
        let (ledger, mut detector, mut findings) = (site(), Floods::default(), Vec::new());
        for (nth, event) in events.into_iter().enumerate() {
            detector.judge(&ledger, &event, &mut |finding| findings.push((nth + 1, finding)));
        }
        findings
    }

    #[test]
    fn outputs_toggled_by_brute_force_are_found_in_a_handful_and_once() {
        let findings = found((0..200).map(|n| command(5, 40 + n, u64::from(n) / 10)));
        let [(nth, finding)] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.kind, finding.actor), ("command-flood", None));
        assert!(*nth <= 12, "two in ten minutes are usual, found at {nth}");
        assert_eq!(
            finding.because,
            "12 commands of 10.0.0.5 within 1,000 ms; the baseline has 36 commands of it in 2 h in \
             which there were any"
        );
        let poller = found((0..20).map(|n| at(write(&request(6, 8), n, Value::Number(1.0)), 0)));
        assert!(poller[0].0 <= 8, "{poller:?}");
    }

    #[test]
    fn a_flood_is_one_finding_while_it_lasts_and_one_more_when_it_comes_again() {
        let flood = |from: u64| (0..20_000).map(move |n| at(request(5, 9), from + n / 1_000));
        let findings = found(flood(0));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].1.kind, "request-flood");
        let calm = (10..60 * MINUTE).map(|n| at(request(5, 9), 20 + 2 * n));
        assert_eq!(found(flood(0).chain(calm).chain(flood(9_000))).len(), 2);
    }

    #[test]
    fn a_device_that_was_never_commanded_may_be_as_others_are() {
        // Twelve devices are operated on once an hour, one of them was never.
        let mut ledger = Ledger::default();
        let of = |server| at(request(5, server), 0).conversation;
        for minute in 0..48 * 60 {
            for server in 10..23_u8 {
                ledger.learn(&at(request(5, server), minute * 60));
                if server > 10 && minute % 240 == u64::from(server) * 10 {
                    let command = command(5, 40, minute * 60);
                    for _ in 0..4 {
                        ledger.learn(&Event { conversation: of(server), ..command.clone() });
                    }
                }
            }
        }
        let found = |acts: u64, apart: u64| {
            let (mut detector, mut findings) = (Floods::default(), 0);
            for n in 0..acts {
                let event = command(5, 40, 48 * 3_600 + n / 4 * apart);
                let event = Event { conversation: of(10), ..event };
                detector.judge(&ledger, &event, &mut |_| findings += 1);
            }
            findings
        };
        assert_eq!(found(8, 9 * 3_600), 0, "two operations in nine hours");
        assert!(found(40, 10) > 0, "ten in a minute and a half");
    }

    #[test]
    fn what_is_busy_but_not_a_flood_is_none() {
        let restart = (0..600).map(|n| at(request(5, 9), n / 10));
        assert_eq!(found(restart), [], "ten times the polls for a minute");
        let busy = (0..24).map(|n| command(5, 40, n * 150));
        assert_eq!(found(busy), [], "twice the commands for an hour");
        let lost = at(ended(request(5, 9), Outcome::Unanswered), 5);
        assert_eq!(found([lost]), []);
        let poll = (0..40_000).map(|n| at(request(5, 9), n));
        assert_eq!(found(poll), [], "twice the polls for ever");
    }

    #[test]
    fn a_device_that_answers_no_more_is_to_blame_and_its_clients_are_not() {
        let lost = (0..60).map(|n| at(ended(request(5, 9), Outcome::Unanswered), 2 * n));
        let findings = found(lost.clone());
        let [(_, finding)] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!(finding.kind, "unanswered-flood");
        assert_eq!(finding.actor, Some([10, 0, 0, 9].into()));
        let scan = (0..60).map(|n| at(ended(request(66, 9), Outcome::Unanswered), n / 20));
        assert_eq!(found(scan)[0].1.actor, None, "a stranger that a device does not answer");
        let unseen = crate::event::Unseen { one_way: true, lost_octets: 0 };
        assert_eq!(found(lost.map(|event| Event { unseen, ..event })), [], "only one side is seen");
    }

    #[test]
    fn refusals_and_reports_are_counted_too() {
        let refused = (0..20).map(|n| at(ended(request(5, 9), Outcome::Refused(2)), n));
        assert_eq!(found(refused)[0].1.kind, "refusal-flood");
        let report =
            (0..900).map(|n| Event { stage: Stage::Reported, ..at(request(5, 9), n / 30) });
        let findings = found(report);
        let [(_, finding)] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.kind, finding.actor), ("report-flood", Some([10, 0, 0, 9].into())));
    }

    fn opening(client: u8, server: u8, ms: u64) -> Event {
        let stage = Stage::Attempted(Attempt::Opening);
        let mut event = Event { stage, ..request(client, server) };
        event.time_ns = START_NS + ms * 1_000_000;
        event.conversation.unit = 0;
        event
    }

    #[test]
    fn connections_without_end_are_found_and_who_lost_one_may_ask_again() {
        let findings = found((0..600).map(|n| opening(66, 9, 12 * n)));
        let [(nth, finding)] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.kind, finding.actor), ("connection-flood", None));
        assert!((37..=40).contains(nth), "found at {nth}");
        assert!(
            finding.because.ends_with("10.0.0.66 to 10.0.0.9 within 468 ms; the baseline has none"),
            "{finding:?}"
        );
        let again = (0..20_000).map(|n| opening(5, 9, 1_000 * n));
        assert_eq!(found(again), [], "a master whose device is gone");
        let standby = (0..200).map(|n| opening(66, n, u64::from(n)));
        assert_eq!(found(standby), [], "a standby that takes over many devices at once");
    }

    #[test]
    fn connections_of_made_up_hosts_are_counted_at_who_is_asked() {
        let findings = found((0..600).map(|n| opening(u8::try_from(n % 200).unwrap(), 9, 12 * n)));
        let [(_, finding)] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.kind, finding.actor), ("connection-flood", Some([10, 0, 0, 9].into())));
    }

    #[test]
    fn a_health_check_each_second_and_more_is_as_usual_as_learned() {
        let mut ledger = site();
        (0..60_000).for_each(|n| ledger.learn(&opening(7, 9, n * 200)));
        let mut detector = Floods::default();
        for n in 0..60_000 {
            let event = opening(7, 9, 20_000_000 + n * 100);
            detector.judge(&ledger, &event, &mut |finding| panic!("{finding:?}"));
        }
    }

    #[test]
    fn who_was_never_seen_is_measured_by_the_whole_site() {
        let few = (0..1_200).map(|n| at(request(66, 9), n));
        assert_eq!(found(few), [], "a poll a second, as all others together");
        let findings = found((0..9_000).map(|n| at(request(66, 99), n / 100)));
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].1.because.contains("of the whole site"), "{findings:?}");
    }

    #[test]
    fn a_million_names_push_nobody_out_who_floods() {
        let (ledger, mut detector, mut findings) = (site(), Floods::default(), Vec::new());
        for n in 0..1_000_000_u32 {
            let [a, b, c, d] = n.to_be_bytes();
            let mut event = at(request(5, 9), u64::from(n) / 10_000);
            event.conversation.server = [a, b, c, d].into();
            if n % 10 != 0 {
                event.conversation.client = [a | 0x80, b, c, d].into();
            }
            detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
            assert!(detector.buckets.len() <= KEPT);
        }
        let clients: Vec<_> = findings.iter().map(|finding| &finding.because).collect();
        assert!(matches!(&clients[..], [one] if one.contains("of 10.0.0.5 ")), "{clients:?}");
    }
}
