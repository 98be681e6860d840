//! `silence`: polls that stop, and devices that answer no more.
//!
//! *Sees*: of each conversation of the baseline that polls nearly all the learned time, when the last
//! answer came. Its period is the time learned over the polls of the span that is read most. No
//! answer for [`PERIODS`] periods, a minute at least, and twenty minutes more than it was ever away
//! while others were there, is silence: `server-silent` where the client still asks, `polls-stopped`
//! where it asks others only, and `client-silent`, one finding for all, where all its devices fell
//! silent with it. A client that asks in vain for a connection has not forgotten its device, which may
//! be starting: that is `server-silent` too, after [`START_NS`]. The finding is about the last poll.
//! Surprise is of something never met in so many polls. One finding for a server within an hour; it ends
//! when an answer comes, and who comes back by itself is granted twice the time from then on, up to eight
//! times.
//! Time is that in which events are seen: a stretch without any, longer than ten times the usual and
//! ten seconds, does not count (capture files with a gap between them, a sensor that was off).
//! *Blind to*: nothing at all being seen any more (the sensor's coverage says that); what is polled
//! less than nine tenths of the learned time, or was learned for less than five times the silence; a
//! device that was never heard since the sensor started; a device that answers a new client in the
//! place of the old one, which is a takeover (`conversation`).
//! *State*: for each conversation of the ledger its last poll and answer, and one deadline; for each of its pairs of
//! hosts when a connection was last asked for; an event costs no more than the logarithm of their number.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::HashMap;

use crate::detector::{Detector, Finding};
use crate::event::{Attempt, Conversation, Device, Event, Intent, Outcome, Stage};
use crate::ledger::{Ledger, Pair, Pattern, SEGMENT_NS, Tally};
use crate::surprise::{self, Context, FLOOR};
use crate::words::{counted, grouped, lasting};

pub(crate) const NAME: &str = "silence";

/// Periods without an answer that are silence.
const PERIODS: u64 = 10;

/// The least time without an answer that is silence: a minute.
const LEAST_NS: u64 = 60_000_000_000;

/// How many times the silence must have been learned.
const LEARNED: u64 = 5;

/// How long a conversation that is no regular one is left alone: ten minutes.
const LATER_NS: u64 = 600_000_000_000;

/// Time in which one finding about a server is enough: an hour.
const SERVER_NS: u64 = 3_600_000_000_000;

/// How often the time granted is doubled.
const DOUBLINGS: u32 = 3;

/// How long a device may take to start, which takes no connections meanwhile: a quarter of an hour. Controllers say
/// that they need minutes (DNP3 lets them announce up to 18 hours).
const START_NS: u64 = 900_000_000_000;

/// The stretch without events that counts as time seen in any case: ten seconds.
const PAUSE_NS: u64 = 10_000_000_000;

/// Judges who is not heard any more.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    /// Capture time in which events were seen.
    clock_ns: u64,
    last_ns: Option<u64>,
    lives: HashMap<Conversation, Life>,
    /// One for each conversation that is alive.
    deadlines: BTreeSet<(u64, Conversation)>,
    clients: HashMap<IpAddr, Client>,
    /// When a server was last said to be silent.
    servers: HashMap<IpAddr, u64>,
    /// When a device answered somebody that the baseline does not know to speak to it.
    strangers: HashMap<Device, u64>,
    /// When one host of a conversation last asked the other for a connection.
    sought: HashMap<Pair, u64>,
}

/// What is known of a conversation; times are of the clock of events.
#[derive(Clone, Debug)]
struct Life {
    /// The last poll, without its points.
    poll: Event,
    asked_ns: u64,
    answered_ns: u64,
    /// Requests since the last answer.
    unanswered: u64,
    /// Whether a deadline waits, or silence was noticed.
    awaited: bool,
    doublings: u32,
}

/// What is known of a client.
#[derive(Clone, Copy, Debug, Default)]
struct Client {
    asked_ns: u64,
    answered_ns: u64,
    silent: bool,
}

impl Detector for Silence {
    fn judge(&mut self, ledger: &Ledger, event: &Event, found: &mut dyn FnMut(Finding)) {
        self.pass_time(ledger, event.time_ns);
        if ledger.conversation(&event.conversation).is_some() {
            self.hear(event);
        } else {
            self.hear_beside(ledger, event);
        }
        while let Some(&(due_ns, conversation)) = self.deadlines.first() {
            if due_ns > self.clock_ns {
                break;
            }
            self.deadlines.pop_first();
            self.check(ledger, conversation, found);
        }
    }
}

/// Whether a device is heard in it.
const fn answered(event: &Event) -> bool {
    match event.stage {
        Stage::Ended { outcome: Outcome::Done | Outcome::Refused(_), .. } | Stage::Reported => true,
        Stage::Ended { outcome: Outcome::Unanswered, .. }
        | Stage::Requested
        | Stage::Noticed
        | Stage::Attempted(_) => false,
    }
}

impl Silence {
    fn pass_time(&mut self, ledger: &Ledger, now_ns: u64) {
        let Some(last_ns) = self.last_ns else {
            self.last_ns = Some(now_ns);
            return;
        };
        let passed_ns = now_ns.saturating_sub(last_ns);
        let usual_ns = || ledger.pace().requests.as_ref().map_or(0, Tally::period_ns);
        if passed_ns <= PAUSE_NS || passed_ns <= usual_ns().saturating_mul(10) {
            self.clock_ns = self.clock_ns.saturating_add(passed_ns);
        }
        // A clock that goes back is followed: else time would stand still until it is there again.
        self.last_ns = Some(now_ns);
    }

    /// Takes note of a conversation that the baseline does not know, for those that it does.
    fn hear_beside(&mut self, ledger: &Ledger, event: &Event) {
        let now_ns = self.clock_ns;
        let Conversation { client, .. } = event.conversation;
        let (device, pair) = (event.conversation.device(), event.conversation.pair());
        if event.stage == Stage::Attempted(Attempt::Opening) && ledger.connects(&pair) {
            self.sought.insert(pair, now_ns);
        }
        if ledger.client(&client).is_some() {
            let client = self.clients.entry(client).or_default();
            if answered(event) {
                (client.answered_ns, client.silent) = (now_ns, false);
            } else if event.stage == Stage::Requested {
                client.asked_ns = now_ns;
            }
        }
        if answered(event) && ledger.device(&device).is_some() {
            self.strangers.insert(device, now_ns);
        }
    }

    fn hear(&mut self, event: &Event) {
        let now_ns = self.clock_ns;
        let client = self.clients.entry(event.conversation.client).or_default();
        if event.stage == Stage::Requested {
            client.asked_ns = now_ns;
            if event.intent != Intent::Read {
                return;
            }
            let poll = outline(event);
            let life = self.lives.entry(event.conversation).or_insert_with(|| Life {
                poll: poll.clone(),
                asked_ns: now_ns,
                answered_ns: now_ns,
                unanswered: 0,
                awaited: false,
                doublings: 0,
            });
            (life.poll, life.asked_ns) = (poll, now_ns);
            life.unanswered = life.unanswered.saturating_add(1);
        } else if answered(event) {
            (client.answered_ns, client.silent) = (now_ns, false);
            let Some(life) = self.lives.get_mut(&event.conversation) else { return };
            (life.answered_ns, life.unanswered) = (now_ns, 0);
            if !life.awaited {
                life.awaited = true;
                let due_ns = now_ns.saturating_add(LEAST_NS);
                self.deadlines.insert((due_ns, event.conversation));
            }
        }
    }

    /// Looks at a conversation whose deadline is over, and sets the next unless it is silent.
    fn check(
        &mut self,
        ledger: &Ledger,
        conversation: Conversation,
        found: &mut dyn FnMut(Finding),
    ) {
        let now_ns = self.clock_ns;
        let Some(life) = self.lives.get_mut(&conversation) else { return };
        let Some((pattern, granted_ns)) = regular(ledger, &conversation, life.doublings) else {
            self.deadlines.insert((now_ns.saturating_add(LATER_NS), conversation));
            return;
        };
        let stranger_ns = self.strangers.get(&conversation.device()).copied().unwrap_or(0);
        let heard_ns = life.answered_ns.max(stranger_ns);
        let due_ns = heard_ns.saturating_add(granted_ns);
        if due_ns > now_ns {
            self.deadlines.insert((due_ns, conversation));
            return;
        }
        let recent_ns = now_ns.saturating_sub(granted_ns / 2);
        // Over a connection that came about there would be requests. Who seeks may do so ever less often.
        let sought_ns = self.sought.get(&conversation.pair());
        let sought = sought_ns.is_some_and(|at| *at > life.asked_ns);
        let client = self.clients.entry(conversation.client).or_default();
        let devices = ledger.client(&conversation.client).map_or(0, |sum| sum.conversations);
        let asks = client.asked_ns > recent_ns || sought;
        let alone = client.answered_ns <= recent_ns && (devices > 1 || !asks);
        let started_ns = heard_ns.saturating_add(START_NS);
        if sought && !alone && started_ns > now_ns {
            self.deadlines.insert((started_ns, conversation));
            return;
        }
        life.awaited = false;
        life.doublings = life.doublings.saturating_add(1).min(DOUBLINGS);
        let life = life.clone();
        let context = Context { events: pattern.polls, distinct: 1 };
        if surprise::bits(context.novel()) < FLOOR || client.silent {
            return;
        }
        let silent = Silent { life: &life, pattern, conversation, now_ns };
        if alone {
            client.silent = true;
            found(silent.client(devices));
            return;
        }
        let known_ns = self.servers.get(&conversation.server);
        if known_ns.is_none_or(|known_ns| now_ns.saturating_sub(*known_ns) >= SERVER_NS) {
            self.servers.insert(conversation.server, now_ns);
            let asked = life.asked_ns > recent_ns;
            found(if asked || !sought { silent.server(asked) } else { silent.sought() });
        }
    }
}

/// How a conversation polls, and how long it may be silent, if it is a regular one.
fn regular(ledger: &Ledger, conversation: &Conversation, doublings: u32) -> Option<(Pattern, u64)> {
    let pattern = ledger.pattern(conversation)?;
    let away_ns = match pattern.away_ns {
        0 => 0,
        // Of the first and the last segment of an absence, a part may belong to it too.
        away_ns => away_ns.saturating_add(2 * SEGMENT_NS),
    };
    let silence_ns = pattern.period_ns.saturating_mul(PERIODS).max(LEAST_NS).max(away_ns);
    let enough = pattern.covered_ns / LEARNED >= silence_ns;
    enough.then(|| (pattern, silence_ns.saturating_mul(1 << doublings.min(DOUBLINGS))))
}

/// An event without its points: who, when, and in which packet.
const fn outline(event: &Event) -> Event {
    Event {
        targets: Vec::new(),
        reported: Vec::new(),
        unacknowledged: false,
        proved: false,
        earlier: None,
        ..*event
    }
}

/// A conversation that fell silent.
#[derive(Debug)]
struct Silent<'a> {
    life: &'a Life,
    pattern: Pattern,
    conversation: Conversation,
    now_ns: u64,
}

impl Silent<'_> {
    fn since(&self) -> String {
        lasting(self.now_ns.saturating_sub(self.life.answered_ns))
    }

    fn usual(&self) -> String {
        let Pattern { polls, period_ns, .. } = self.pattern;
        format!(
            "in the baseline it was polled {} times, every {}",
            grouped(polls),
            lasting(period_ns)
        )
    }

    fn client(&self, devices: u64) -> Finding {
        let client = self.conversation.client;
        let because = format!(
            "none of the {} of {client} has answered it for {}; {} is missed first, {}",
            counted(devices, "device"),
            self.since(),
            self.conversation.device(),
            self.usual(),
        );
        self.finding("client-silent", client, because)
    }

    fn server(&self, asked: bool) -> Finding {
        let Conversation { client, server, .. } = self.conversation;
        let device = self.conversation.device();
        let (since, usual) = (self.since(), self.usual());
        if asked {
            let requests = counted(self.life.unanswered, "request");
            let because =
                format!("{device} has not answered {client} for {since}, to {requests}; {usual}");
            return self.finding("server-silent", server, because);
        }
        let because = format!(
            "{client} has not polled {device} for {since}, while it spoke to others; {usual}"
        );
        self.finding("polls-stopped", client, because)
    }

    fn sought(&self) -> Finding {
        let Conversation { client, server, .. } = self.conversation;
        let (device, since, usual) = (self.conversation.device(), self.since(), self.usual());
        let because = format!(
            "{device} has not answered {client} for {since}, which asks in vain for a connection; {usual}"
        );
        self.finding("server-silent", server, because)
    }

    fn finding(&self, kind: &'static str, actor: IpAddr, because: String) -> Finding {
        Finding {
            detector: NAME,
            kind,
            surprise: surprise::bits(Context { events: self.pattern.polls, distinct: 1 }.novel()),
            hard: false,
            actor: Some(actor),
            about: Some(Box::new(self.life.poll.clone())),
            because,
            normal_if: format!("baseline knows conversation {} to pause", self.conversation),
        }
    }
}

#[cfg(test)]
mod tests;
