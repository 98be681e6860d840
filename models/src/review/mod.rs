//! What is odd about a ledger itself, most suspicious first: to be read before it judges anything.
//!
//! Learning may have learned an attack. Counting alone does not tell: what matters is who did it, to what,
//! and in how many stretches of time. So evidence is of two sorts.
//!
//! *Support* is the surprise of a thing to the ledger without one of the stretches of time that it was met
//! in (`support.rs`): met in one of many, it is as odd as if it had never been learned. It is evidence
//! where less than one such thing is to be expected in all conversations and all segments, or where the site
//! has no other like it.
//!
//! *Flags* hold however often something was seen: who commands and never reads, what no learning makes
//! silent, a client that is seldom there and does what no other does. Each kind of flag counts for
//! [`FLAG`].
//!
//! What one actor did in one stretch of time is one [`Oddity`]; so is what a client that is seldom
//! there did at all. Its suspicion is the greatest support of its evidence and the sum of its flags.
//! What was ruled normal is left out.

mod actor;
mod collect;
mod site;
mod support;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::detector::Bits;
use crate::ledger::Ledger;

/// What a kind of flag counts for: as much as an act that is odd once in a thousand.
pub const FLAG: Bits = Bits(10.0);

/// Something odd in a ledger: what one actor did in one stretch of time, or all the time in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Oddity {
    /// How suspicious it is.
    pub suspicion: Bits,
    /// Whose doing it is: a client, or the device that was seen.
    pub actor: IpAddr,
    /// The start of the ten-minute segment in which all of it was seen, in nanoseconds since 1970 UTC,
    /// where it was one (or two that touch).
    pub at_ns: Option<u64>,
    /// What is odd, the gravest first; at least one.
    pub evidence: Vec<Evidence>,
}

/// One thing that is odd, with the counts that decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// A short stable slug.
    pub kind: &'static str,
    /// How odd: [`FLAG`], or by support.
    pub surprise: Bits,
    /// Whether it holds however often it was seen.
    pub flag: bool,
    /// A sentence that can be checked against the ledger.
    pub because: String,
    /// The line of the baseline file that says so: what it begins with.
    pub line: String,
    /// The ruling that it is normal, which leaves it out.
    pub normal_if: String,
    /// What was commanded or asked, in the words of a ruling that it never is normal.
    pub acts: Vec<String>,
}

/// What a piece of evidence is put together with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// All that a client did that is seldom there.
    Actor(IpAddr),
    /// What an actor did in one stretch of time, which begins with this segment.
    Burst(IpAddr, u32),
    /// What an actor does in this way.
    Way(IpAddr, &'static str),
}

impl Ledger {
    /// What is odd about the ledger itself, most suspicious first.
    #[must_use]
    pub fn review(&self) -> Vec<Oddity> {
        let mut groups: BTreeMap<Group, Vec<Evidence>> = BTreeMap::new();
        collect::evidence(self, &mut |group, evidence| {
            if !self.is_ruled_normal(&evidence.normal_if) {
                groups.entry(joined(&groups, group)).or_default().push(evidence);
            }
        });
        let mut oddities: Vec<Oddity> = groups.into_iter().map(oddity).collect();
        oddities.sort_by(|ours, theirs| {
            let suspicion = theirs.suspicion.0.total_cmp(&ours.suspicion.0);
            suspicion.then_with(|| (ours.actor, ours.at_ns).cmp(&(theirs.actor, theirs.at_ns)))
        });
        oddities
    }
}

/// The burst that this one touches, if there is one.
fn joined(groups: &BTreeMap<Group, Vec<Evidence>>, group: Group) -> Group {
    let Group::Burst(actor, segment) = group else { return group };
    let near = Group::Burst(actor, segment.saturating_sub(1))
        ..=Group::Burst(actor, segment.saturating_add(1));
    groups.range(near).next().map_or(group, |(group, _)| *group)
}

fn oddity((group, mut evidence): (Group, Vec<Evidence>)) -> Oddity {
    evidence.sort_by(|ours, theirs| {
        let surprise = theirs.surprise.0.total_cmp(&ours.surprise.0);
        theirs.flag.cmp(&ours.flag).then(surprise).then_with(|| ours.line.cmp(&theirs.line))
    });
    let flags: BTreeSet<&str> =
        evidence.iter().filter(|one| one.flag).map(|one| one.kind).collect();
    let support = evidence.iter().filter(|one| !one.flag).map(|one| one.surprise.0);
    let support = support.fold(0.0, f64::max);
    let flags = crate::surprise::real(u64::try_from(flags.len()).unwrap_or(u64::MAX)) * FLAG.0;
    let (actor, at) = match group {
        Group::Actor(actor) | Group::Way(actor, _) => (actor, None),
        Group::Burst(actor, segment) => (actor, Some(segment)),
    };
    let start_ns = |segment: u32| u64::from(segment).saturating_mul(crate::ledger::SEGMENT_NS);
    Oddity { suspicion: Bits::rounded(support + flags), actor, at_ns: at.map(start_ns), evidence }
}

#[cfg(test)]
mod tests;
