//! Which messages of DNP3 belong together, beyond a request and its answer.

use std::collections::VecDeque;

use gridtap_models::event::Unseen;
use gridtap_parsers::dnp3::{Auth, Fragment, FunctionCode, Value};

/// Messages of each sort that one flow remembers: an outstation has two that wait for their
/// confirmations, and one challenge.
const REMEMBERED: usize = 64;

/// The messages that a message belongs to, by the packets that completed them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tied {
    /// The Select before this Operate.
    pub select: Option<Selected>,
    /// What this confirmation confirms.
    pub confirms: Option<u64>,
    /// The challenge that this message proves itself by, or says the proof of which has failed.
    pub challenge: Option<u64>,
    /// The key status with which these new session keys are wrapped.
    pub key_status: Option<u64>,
}

/// A Select, as the Operate behind it sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Number of the packet that completed it.
    pub packet: u64,
    /// Whether it is for the same points with the same commands.
    pub same: bool,
}

/// What is remembered of one flow; the oldest makes room.
#[derive(Debug, Default)]
pub(crate) struct Ties {
    lost_octets: u64,
    unconfirmed: VecDeque<Said>,
    challenges: VecDeque<Said>,
    key_statuses: VecDeque<Said>,
}

/// Something said that somebody else comes back to.
#[derive(Clone, Copy, Debug)]
struct Said {
    by: u16,
    to: u16,
    unsolicited: bool,
    /// Its application, challenge or key change sequence number.
    sequence: u32,
    packet: u64,
}

impl Ties {
    /// Ties a fragment that was completed by this packet to those before it, and remembers it.
    pub(crate) fn take(&mut self, fragment: &Fragment<'_>, packet: u64, unseen: Unseen) -> Tied {
        // Numbers come again soon: after a loss, one may be another message's.
        if unseen.lost_octets != self.lost_octets {
            *self = Self { lost_octets: unseen.lost_octets, ..Self::default() };
        }
        let mut tied = Tied::default();
        let said = Said {
            by: fragment.link.source,
            to: fragment.link.destination,
            unsolicited: fragment.control.unsolicited(),
            sequence: u32::from(fragment.control.sequence()),
            packet,
        };
        if fragment.function == FunctionCode::Confirm {
            tied.confirms = take(&mut self.unconfirmed, said.reversed());
        } else if fragment.control.confirm() {
            put(&mut self.unconfirmed, said, |known| known.is(said));
        }
        for auth in proofs(fragment) {
            self.authenticate(auth, said, &mut tied);
        }
        tied
    }

    fn authenticate(&mut self, auth: Auth<'_>, said: Said, tied: &mut Tied) {
        let said = Said { unsolicited: false, ..said };
        let about = |sequence| Said { sequence, ..said };
        match auth {
            Auth::Challenge { sequence, .. } => {
                put(&mut self.challenges, about(sequence), |known| known.is_way_of(said));
            }
            Auth::Reply { sequence, .. } => {
                let challenge = about(sequence).reversed();
                tied.challenge = find(&self.challenges, |known| known.is(challenge));
            }
            // Counts on from the last challenge of that side, whatever it was about.
            Auth::AggressiveRequest { .. } => {
                let way = said.reversed();
                tied.challenge = find(&self.challenges, |known| known.is_way_of(way));
            }
            Auth::Error { sequence, .. } => {
                let (ours, theirs) = (about(sequence), about(sequence).reversed());
                let of_either = |known: &Said| known.is(ours) || known.is(theirs);
                tied.challenge = find(&self.challenges, of_either);
            }
            Auth::KeyStatus { sequence, .. } => {
                put(&mut self.key_statuses, about(sequence), |known| known.is_way_of(said));
            }
            Auth::KeyChange { sequence, .. } => {
                let status = about(sequence).reversed();
                tied.key_status = find(&self.key_statuses, |known| known.is(status));
            }
            Auth::KeyStatusRequest { .. } => {}
        }
    }
}

impl Said {
    /// The same the other way.
    fn reversed(self) -> Self {
        Self { by: self.to, to: self.by, ..self }
    }

    fn is_way_of(&self, other: Self) -> bool {
        (self.by, self.to) == (other.by, other.to)
    }

    fn is(&self, other: Self) -> bool {
        self.is_way_of(other)
            && (self.unsolicited, self.sequence) == (other.unsolicited, other.sequence)
    }
}

/// What a fragment says to prove something, or to have it proved.
pub(super) fn proofs<'a>(fragment: &Fragment<'a>) -> impl Iterator<Item = Auth<'a>> {
    let whole = matches!(
        fragment.function,
        FunctionCode::AuthRequest | FunctionCode::AuthRequestNr | FunctionCode::AuthResponse
    );
    // Who proves himself with the request itself does so before all else.
    let headers = fragment.objects.headers().take(if whole { usize::MAX } else { 1 });
    headers
        .filter(|header| header.group == 120)
        .flat_map(|header| header.points())
        .filter_map(|point| if let Value::Auth(auth) = point.value { Some(auth) } else { None })
}

fn find(said: &VecDeque<Said>, is: impl Fn(&Said) -> bool) -> Option<u64> {
    said.iter().rfind(|known| is(known)).map(|known| known.packet)
}

fn take(said: &mut VecDeque<Said>, wanted: Said) -> Option<u64> {
    let place = said.iter().position(|known| known.is(wanted))?;
    said.remove(place).map(|known| known.packet)
}

/// Remembers `new` in the place of what it replaces.
fn put(said: &mut VecDeque<Said>, new: Said, replaces: impl Fn(&Said) -> bool) {
    said.retain(|known| !replaces(known));
    if said.len() >= REMEMBERED {
        said.pop_front();
    }
    said.push_back(new);
}
