//! What tells one flow from another, in the form that each tool expects: made of the flow's ends and
//! its first packet's time alone, so that it is the same in every run.

use std::net::SocketAddr;

use sha2::{Digest, Sha256};

use crate::flow;
use crate::shard::Seen;

/// A flow's name, and who opened it.
#[derive(Clone, Debug)]
pub(super) struct FlowId {
    digest: [u8; 32],
    /// Who opened it.
    pub(super) opener: SocketAddr,
    /// The other end.
    pub(super) other: SocketAddr,
}

impl FlowId {
    pub(super) fn of(seen: &Seen<'_>) -> Self {
        let (sender, receiver) = (seen.context.sender.address, seen.context.receiver.address);
        let (opener, other) =
            if seen.flow.from_opener { (sender, receiver) } else { (receiver, sender) };
        let kind = match seen.transport {
            flow::Kind::Tcp => "tcp",
            flow::Kind::Udp => "udp",
        };
        let named = format!("{kind} {opener} {other} {}", seen.flow.first_ns);
        Self { digest: Sha256::digest(named).into(), opener, other }
    }

    /// As Zeek writes it: `C` and 17 letters and digits.
    pub(super) fn uid(&self) -> String {
        let mut uid = String::from("C");
        letters(&self.digest, 17, &mut uid);
        uid
    }

    /// As ICSNPP links its logs: 16 letters and digits, others for each transaction of the flow.
    pub(super) fn link(&self, transaction: u64) -> String {
        let mut hash = Sha256::new();
        hash.update(self.digest);
        hash.update(transaction.to_be_bytes());
        let mut link = String::new();
        letters(&hash.finalize().into(), 16, &mut link);
        link
    }

    /// As Suricata writes it: a number that JavaScript can hold, too.
    pub(super) fn number(&self) -> u64 {
        const BITS: u32 = 51;
        let first = self.digest.first_chunk().map_or(0, |octets| u64::from_be_bytes(*octets));
        first.checked_shr(u64::BITS.saturating_sub(BITS)).unwrap_or(0)
    }
}

/// Adds `count` letters and digits of a digest, at most one an octet.
fn letters(digest: &[u8; 32], count: usize, text: &mut String) {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for octet in digest.iter().take(count) {
        let letter = usize::from(*octet).checked_rem(LETTERS.len()).and_then(|at| LETTERS.get(at));
        text.push(letter.map_or('0', |letter| char::from(*letter)));
    }
}
