//! Who is seldom there, and what each client does.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::event::{Intent, Space};
use crate::ledger::{Ledger, is_seldom};
use crate::surprise::{Context, real};

/// A client whose profile is less like that of any other has a role of its own: half in common.
const ALIKE: f64 = 0.5;

/// What a client does: intents, and for commands the kind of point as well.
type Profile = BTreeSet<(Intent, Option<Space>)>;

/// The clients of a ledger.
pub(super) struct Actors {
    all: BTreeMap<IpAddr, Actor>,
    /// The profiles of those that are not seldom there.
    roles: BTreeSet<Profile>,
    /// Segments of the whole site.
    pub(super) segments: u64,
}

/// A client.
#[derive(Default)]
pub(super) struct Actor {
    /// In how many segments it was heard.
    pub(super) segments: u64,
    profile: Profile,
    /// In how many of them it did before it first commanded anything, if it ever did.
    pub(super) before: Option<u64>,
    commanded_ns: Option<u64>,
}

impl Actors {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let mut actors: BTreeMap<IpAddr, Actor> = BTreeMap::new();
        for (conversation, record) in ledger.conversations() {
            let actor = actors.entry(conversation.client).or_default();
            actor.profile.extend(record.functions().map(|(key, _)| (key.intent, None)));
            for (command, given) in record.commands() {
                actor.profile.insert((command.intent, Some(command.space)));
                let first_ns = given.tally().first_ns();
                actor.commanded_ns =
                    Some(actor.commanded_ns.map_or(first_ns, |ns| ns.min(first_ns)));
            }
        }
        for (client, actor) in &mut actors {
            let pace = ledger.client(client).and_then(|sum| sum.pace.requests.as_ref());
            actor.segments = pace.map_or(0, |tally| tally.segments().count());
            actor.before =
                pace.and_then(|tally| Some(tally.segments().before(actor.commanded_ns?)));
        }
        let site = ledger.pace().requests.as_ref();
        let segments = site.map_or(0, |tally| tally.segments().count());
        let often = actors.values().filter(|actor| !is_seldom(actor.segments, segments));
        let roles = often.map(|actor| actor.profile.clone()).collect();
        Self { all: actors, roles, segments }
    }

    pub(super) fn get(&self, client: IpAddr) -> Option<&Actor> {
        self.all.get(&client)
    }

    /// Each client, sorted.
    pub(super) fn each(&self) -> impl Iterator<Item = (&IpAddr, &Actor)> {
        self.all.iter()
    }

    /// Whether a client is seldom there.
    pub(super) fn is_seldom(&self, client: IpAddr) -> bool {
        self.get(client).is_some_and(|actor| is_seldom(actor.segments, self.segments))
    }

    /// Segments of all clients as events, clients as symbols.
    pub(super) fn context(&self) -> Context {
        let segments = self.all.values().map(|actor| actor.segments);
        let distinct = u64::try_from(self.all.len()).unwrap_or(u64::MAX);
        Context { events: segments.fold(0, u64::saturating_add), distinct }
    }

    /// How much of what a client does and of what the most alike of those does that are often there is
    /// the same, if that is too little for the same role.
    pub(super) fn role_of_its_own(&self, client: IpAddr) -> Option<f64> {
        let profile = &self.get(client)?.profile;
        let alike = self.roles.iter().map(|role| {
            let both = real(size(profile.intersection(role).count()));
            both / real(size(profile.union(role).count()).max(1))
        });
        let most = alike.reduce(f64::max)?;
        (most < ALIKE).then_some(most)
    }
}

fn size(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
