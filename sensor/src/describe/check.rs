//! What can be seen of an exchange without any learning: broken rules, and a device's own word.
//!
//! Nothing is marked that a loss could explain: after one, all of this begins anew.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use gridtap_models::event::{
    Event, Intent, Mark, Marks, Outcome, Protocol, Space, Target, Unseen, Value,
};
use gridtap_parsers::dnp3::Iin;
use gridtap_parsers::{Class, Kind, ParseError};

use super::pending::Key;
use super::ties::Selected;

/// Pairs of ends (units behind a gateway, outstations) that one flow remembers.
const PEERS: usize = 64;
/// Answers that one flow remembers, to know a second one.
const ANSWERS: usize = 8;
/// Messages of an outstation without any value that it calls good, after which its flags say nothing.
const OFFLINE: u8 = 16;
/// DNP3 function code of Operate, the one that needs a Select before it.
const OPERATE: u8 = 4;
/// DNP3 function code of unsolicited responses, which have numbers of their own.
const UNSOLICITED: u8 = 130;
/// The internal indication that says that the outstation restarted, as a point.
const RESTART: Target = Target { space: Space::Indication, start: 7, count: 1, values: Vec::new() };

/// What is remembered of one flow.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    lost_octets: u64,
    /// The last transaction identifier of Modbus/TCP.
    transaction: Option<u16>,
    /// The oldest first.
    peers: Vec<Peer>,
    spare: Peer,
    answers: VecDeque<Answer>,
    /// Requests that were given up: an answer may still come.
    given_up: VecDeque<Key>,
}

/// What is remembered of one master and its outstation, or of one unit.
#[derive(Debug, Default)]
struct Peer {
    ends: (u16, u16),
    /// The last DNP3 application sequence.
    sequence: Option<u16>,
    /// What is selected, if anything, since the last request, and by which packet.
    selected: Option<(Vec<Target>, u64)>,
    /// The last internal indications.
    indications: Option<Iin>,
    /// Number of the last unsolicited response, and a hash of what it says.
    report: Option<(Option<u16>, u64)>,
    /// Messages in which flags called no value good; none is counted once one did.
    offline: Option<u8>,
}

#[derive(Debug)]
struct Answer {
    key: Key,
    hash: u64,
}

impl Checks {
    /// Takes note of what was lost: nothing that came before can be relied on.
    pub(crate) fn at(&mut self, unseen: Unseen) {
        if unseen.lost_octets != self.lost_octets {
            *self = Self { lost_octets: unseen.lost_octets, ..Self::default() };
        }
    }

    /// Marks a request, and tells which Select an Operate follows.
    pub(crate) fn asked(&mut self, key: Key, event: &Event) -> (Marks, Option<Selected>) {
        let mut marks = Marks::default();
        self.answers.retain(|answer| answer.key != key);
        self.given_up.retain(|given_up| *given_up != key);
        let first = !self.peers.iter().any(|peer| peer.ends == key.ends);
        if event.conversation.protocol == Protocol::Modbus {
            let last = core::mem::replace(&mut self.transaction, event.sequence);
            if jumps(last, event.sequence, u16::MAX) {
                marks.insert(Mark::SequenceJump);
            }
        }
        let peer = self.peer(key.ends);
        let last = core::mem::replace(&mut peer.sequence, event.sequence);
        let again = last == event.sequence;
        if event.conversation.protocol == Protocol::Modbus || again {
            return (marks, None);
        }
        if jumps(last, event.sequence, 15) {
            marks.insert(Mark::SequenceJump);
        }
        let said = peer.indications;
        let clears =
            event.intent == Intent::Freeze && event.targets.iter().any(|it| holds(it, &RESTART));
        if clears && said.is_some_and(|said| !said.contains(Iin::DEVICE_RESTART)) {
            marks.insert(Mark::ClearWithoutRestart);
        }
        let mut select = None;
        if event.intent == Intent::Select {
            peer.selected = Some((event.targets.clone(), event.packet.number));
        } else if event.intent == Intent::Operate && event.function.code == OPERATE {
            match peer.selected.take() {
                // Before the first request that was seen there may have been a Select.
                None if first => {}
                None => marks.insert(Mark::OperateWithoutSelect),
                Some((targets, packet)) => {
                    let same = targets == event.targets;
                    if !same {
                        marks.insert(Mark::OperateDiffers);
                    }
                    select = Some(Selected { packet, same });
                }
            }
        }
        (marks, select)
    }

    /// Takes note of how a request ended: what was refused is not selected.
    pub(crate) fn ended(&mut self, key: Key, asked: &Event, outcome: Outcome) {
        if asked.intent == Intent::Select && outcome != Outcome::Done {
            self.peer(key.ends).selected = None;
        }
    }

    /// Remembers an answer.
    pub(crate) fn remember(&mut self, key: Key, reported: &[Target], outcome: Outcome) {
        if self.answers.len() >= ANSWERS {
            self.answers.pop_front();
        }
        self.answers.push_back(Answer { key, hash: hash(reported, outcome) });
    }

    /// Marks an answer for which no request waits.
    pub(crate) fn unasked(
        &self,
        key: Key,
        reported: &[Target],
        outcome: Outcome,
        unseen: Unseen,
    ) -> Marks {
        if let Some(answer) = self.answers.iter().find(|answer| answer.key == key) {
            let same = answer.hash == hash(reported, outcome);
            return if same { Marks::default() } else { Mark::ConflictingAnswer.into() };
        }
        let known = self.peers.iter().any(|peer| peer.ends == key.ends);
        if unseen.one_way || !known || self.given_up.contains(&key) {
            return Marks::default();
        }
        Mark::UnaskedAnswer.into()
    }

    /// A request was given up: its answer, should it come, is late and no more.
    pub(crate) fn give_up(&mut self, key: Key) {
        if self.given_up.len() >= ANSWERS {
            self.given_up.pop_front();
        }
        self.given_up.push_back(key);
    }

    /// Marks what an outstation newly says about itself.
    pub(crate) fn indications(&mut self, ends: (u16, u16), now: Iin) -> Marks {
        let before = self.peer(ends).indications.replace(now);
        let mut marks = Marks::default();
        let table = [
            (Iin::DEVICE_RESTART, Mark::Restarted),
            (Iin::EVENT_BUFFER_OVERFLOW, Mark::EventsLost),
            (Iin::LOCAL_CONTROL, Mark::LocalControl),
            (Iin::DEVICE_TROUBLE, Mark::DeviceTrouble),
            (Iin::CONFIG_CORRUPT, Mark::ConfigCorrupt),
        ];
        for (bit, mark) in table {
            if before.is_some_and(|before| !before.contains(bit)) && now.contains(bit) {
                marks.insert(mark);
            }
        }
        marks
    }

    /// Whether an outstation's flags say nothing: it never called any value good, in so many messages
    /// that it did not just start. There are some that never set the flag.
    pub(crate) fn flags_say_nothing(&mut self, ends: (u16, u16)) -> bool {
        self.peer(ends).offline.is_some_and(|messages| messages >= OFFLINE)
    }

    /// Takes note of whether any flag of a message calls a value good.
    pub(crate) fn flags(&mut self, ends: (u16, u16), online: bool) {
        let offline = &mut self.peer(ends).offline;
        *offline = if online { None } else { offline.map(|messages| messages.saturating_add(1)) };
    }

    /// Marks a report that is none of a device's own run of unsolicited responses, or comes after
    /// one that was kept back. Who restarted, and says so, counts anew.
    pub(crate) fn reported(&mut self, ends: (u16, u16), event: &Event) -> Marks {
        if event.function.code != UNSOLICITED {
            return Marks::default();
        }
        let peer = self.peer(ends);
        let now = (event.sequence, hash(&event.reported, Outcome::Done));
        let before = peer.report.replace(now);
        let restarted = peer.indications.is_some_and(|said| said.contains(Iin::DEVICE_RESTART));
        let follows = before.is_none_or(|(number, said)| {
            let again = number == now.0;
            if again { said == now.1 } else { !jumps(number, now.0, 15) }
        });
        if follows || restarted { Marks::default() } else { Mark::ReportOutOfTurn.into() }
    }

    fn peer(&mut self, ends: (u16, u16)) -> &mut Peer {
        let at = self.peers.iter().position(|peer| peer.ends == ends);
        let at = at.unwrap_or_else(|| {
            if self.peers.len() >= PEERS {
                self.peers.remove(0);
            }
            self.peers.push(Peer { ends, offline: Some(0), ..Peer::default() });
            self.peers.len().saturating_sub(1)
        });
        // The place was found or made just now; the spare is never handed out.
        self.peers.get_mut(at).unwrap_or(&mut self.spare)
    }
}

/// Whether a number neither repeats nor follows the last one, in a count that ends with `most`.
fn jumps(last: Option<u16>, next: Option<u16>, most: u16) -> bool {
    let (Some(last), Some(next)) = (last, next) else { return false };
    next != last && next != last.wrapping_add(1) & most
}

/// Whether one target has all points of another.
fn holds(target: &Target, other: &Target) -> bool {
    target.space == other.space
        && target.start <= other.start
        && other.span().last() <= target.span().last()
}

/// What an error says about its sender; nothing where it is our blindness.
pub(crate) fn broken(error: Option<&ParseError>) -> Marks {
    let Some(error) = error.filter(|error| error.kind() == Kind::Malformed) else {
        return Marks::default();
    };
    if matches!(error.class, Class::Crc | Class::HeaderCrc | Class::DataCrc) {
        Mark::BadChecksum.into()
    } else {
        Mark::Malformed.into()
    }
}

fn hash(reported: &[Target], outcome: Outcome) -> u64 {
    let mut hasher = FixedState::with_seed(0).build_hasher();
    if let Outcome::Refused(code) = outcome {
        hasher.write_u16(code);
    }
    for target in reported {
        hasher.write_u32(target.start);
        for value in &target.values {
            match value {
                Value::Number(number) => hasher.write_u64(number.to_bits()),
                Value::Switch(_) => {}
            }
        }
    }
    hasher.finish()
}
