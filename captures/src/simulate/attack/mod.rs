//! Attacks, and benign things that look like them: a table of kinds, and when each happens.
//!
//! A kind is a function that is called when it begins, and has its further steps done later. What it does to the
//! devices is done: what is written can be read afterwards.

mod danger;
mod flood;
mod incident;
mod inject;
mod lookalike;
mod master;
mod middle;
mod playbook;
mod rogue;
mod scan;
mod tools;

use core::fmt;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::str::FromStr;

use super::Options;
use super::clock::{SECOND, times};
use super::random::Random;
use super::site::{Protocol, Site};
use super::world::World;

/// A kind of attack or look-alike.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// A sentence.
    pub about: &'static str,
    /// Whether it is an attack; if not, a benign thing that looks like one.
    pub attack: bool,
    /// What can be said of it: key, value if nothing is said, a few words.
    pub parameters: &'static [(&'static str, u64, &'static str)],
    /// What it needs of a device.
    pub needs: Needs,
    /// Begins it.
    begin: fn(&mut World, &mut Attack),
}

/// What an attack needs of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// That it speaks this.
    Protocol(Protocol),
    /// That it asks for proof of who asks.
    Authentication,
}

impl Needs {
    /// Whether a device has it that speaks so, and asks for proof or does not.
    fn met(self, protocol: Protocol, authenticates: bool) -> bool {
        match self {
            Self::Nothing => true,
            Self::Protocol(needed) => needed == protocol,
            Self::Authentication => authenticates,
        }
    }
}

impl Kind {
    /// Whether a site has devices for it.
    #[must_use]
    pub fn fits(&self, site: &Site) -> bool {
        site.devices.iter().any(|group| {
            let model = site.models.get(&group.model);
            model.is_some_and(|model| self.needs.met(model.protocol, group.authenticates))
        })
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An attack that is asked for: `NAME` or `NAME:KEY=VALUE:KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The name of its kind.
    pub name: String,
    /// Its parameters.
    pub parameters: BTreeMap<String, u64>,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.parameters.iter().try_for_each(|(key, value)| write!(f, ":{key}={value}"))
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default().to_owned();
        let kind = kind(&name)
            .ok_or_else(|| format!("`{name}`: there is no such attack; --list names them"))?;
        let mut parameters = BTreeMap::new();
        for part in parts {
            let pair =
                part.split_once('=').and_then(|(key, value)| Some((key, value.parse().ok()?)));
            let (key, value) =
                pair.ok_or_else(|| format!("`{text}`: want KEY=NUMBER, not `{part}`"))?;
            if !kind.parameters.iter().chain(COMMON).any(|(known, ..)| *known == key) {
                return Err(format!("`{text}`: {name} has no parameter `{key}`"));
            }
            parameters.insert(key.to_owned(), value);
        }
        Ok(Self { name, parameters })
    }
}

/// What can be said of every attack.
pub const COMMON: &[(&str, u64, &str)] =
    &[("hops", 0, "hops left to packets that are put in or passed on, 1 to 255; 0: as usual")];

/// All kinds.
#[must_use]
pub fn kinds() -> &'static [Kind] {
    KINDS
}

fn kind(name: &str) -> Option<Kind> {
    KINDS.iter().find(|kind| kind.name == name).copied()
}

/// An attack that happens.
#[derive(Clone)]
pub(super) struct Attack {
    kind: Kind,
    parameters: Rc<BTreeMap<String, u64>>,
    /// Whether whoever does it has the addresses of the master.
    as_master: bool,
    /// Chance of its own.
    pub(super) chance: Random,
}

impl Attack {
    /// A parameter.
    pub(super) fn parameter(&self, key: &str) -> u64 {
        let usual = || self.kind.parameters.iter().find(|(known, ..)| *known == key);
        self.parameters
            .get(key)
            .copied()
            .or_else(|| usual().map(|(_, value, _)| *value))
            .unwrap_or(0)
    }
}

/// Plans all attacks: one after the other, each in a slot of its own, at a time by chance.
pub(super) fn begin(world: &mut World, options: &Options) -> Result<(), String> {
    let mut chance = Random::new(world.seed, "attacks");
    let after = world.now.saturating_add(times(options.attacks_after_s, SECOND)).min(world.end);
    let mut all = Vec::new();
    for _ in 0..options.repeat {
        for plan in &options.attacks {
            let kind = kind(&plan.name).ok_or_else(|| format!("{}: unknown", plan.name))?;
            if !kind.fits(&world.site) {
                let (needs, site) = (kind.needs, &world.site.name);
                return Err(format!(
                    "{}: nothing in {site} has what it needs: {needs:?}",
                    kind.name
                ));
            }
            let parameters = Rc::new(plan.parameters.clone());
            let seed = chance.next();
            all.push(Attack {
                kind,
                parameters,
                as_master: options.as_master,
                chance: Random::new(seed, kind.name),
            });
        }
    }
    let Some(slot) =
        world.end.saturating_sub(after).checked_div(u64::try_from(all.len()).unwrap_or(0))
    else {
        return Ok(());
    };
    for (number, mut attack) in (0_u64..).zip(all) {
        // The last quarter of a slot is left for what takes its time.
        let within = chance.below((slot / 4).saturating_mul(3).max(1));
        let at = after.saturating_add(slot.saturating_mul(number)).saturating_add(within);
        world.at(at, move |world| (attack.kind.begin)(world, &mut attack));
    }
    Ok(())
}

const EITHER: Needs = Needs::Nothing;
const MODBUS: Needs = Needs::Protocol(Protocol::Modbus);
const DNP3: Needs = Needs::Protocol(Protocol::Dnp3);
const SECURE: Needs = Needs::Authentication;

/// A row of the table.
macro_rules! kinds {
    ($(($name:literal, $attack:literal, $needs:ident, $begin:path, $about:literal $(, $key:ident = $value:literal $word:literal)*)),* $(,)?) => {
        &[$(Kind {
            name: $name,
            about: $about,
            attack: $attack,
            needs: $needs,
            parameters: &[$((stringify!($key), $value, $word)),*],
            begin: $begin,
        }),*]
    };
}

#[rustfmt::skip]
const KINDS: &[Kind] = kinds![
    ("host-scan", true, EITHER, scan::hosts, "A host that is new knocks at the addresses around a device.", count = 60 "addresses"),
    ("unit-scan", true, EITHER, scan::units, "A host that is new asks one server for all units or link addresses.", count = 60 "units"),
    ("point-scan", true, EITHER, scan::points, "A host that is new reads the spaces of a device from end to end.", count = 120 "reads"),
    ("function-scan", true, EITHER, scan::functions, "A host that is new tries every function code."),
    ("identify", true, EITHER, scan::identify, "A host that is new asks devices who they are."),
    ("collection", true, EITHER, scan::collect, "The master itself reads what it never read, at the pace of its polls.", count = 30 "reads"),
    ("rogue-write", true, EITHER, rogue::write, "A host that is new writes points that operators write.", count = 4 "commands"),
    ("brute-force-io", true, EITHER, rogue::brute_force, "A host that is new toggles outputs one after the other, again and again.", count = 60 "commands"),
    ("replayed-command", true, EITHER, inject::replayed, "A command of before is sent again, octet by octet, in a session of its own.", count = 3 "times"),
    ("replayed-in-session", true, EITHER, inject::replayed_in_session, "The same, put into the master's own TCP session."),
    ("new-point", true, EITHER, master::new_point, "The master writes a point that nobody ever wrote.", count = 2 "commands"),
    ("new-verb", true, EITHER, master::new_verb, "The master commands a usual point with a function it never used.", count = 2 "commands"),
    ("setpoint-out-of-range", true, EITHER, master::out_of_range, "The master writes a set-point far outside of what operators set.", count = 2 "writes", percent = 160 "of the highest that operators set"),
    ("setpoint-drift", true, EITHER, master::drift, "The master moves a set-point a little at a time.", count = 40 "steps", step = 1 "of the point's units", every_min = 6 "minutes between steps"),
    ("covert-channel", true, EITHER, master::covert, "The master writes a set-point as it is, but for its lowest bits.", count = 60 "writes", bits = 2 "bits"),
    ("changed-command", true, EITHER, middle::change_commands, "Somebody in the middle changes what operators set, and hides it in the answer.", minutes = 20 "minutes", add = 7 "to what is set"),
    ("injected-command", true, EITHER, inject::injected, "A segment with a command is put into the master's own TCP session."),
    ("changed-response", true, EITHER, middle::change, "Somebody in the middle changes a measured value that the master reads.", minutes = 20 "minutes", percent = 115 "of the true value"),
    ("frozen-view", true, EITHER, middle::freeze, "Somebody in the middle shows the master what was.", minutes = 20 "minutes"),
    ("replayed-view", true, EITHER, middle::replay, "Somebody in the middle shows the master the values that it was given some time ago.", minutes = 20 "minutes", back_min = 45 "minutes ago"),
    ("blocked-command", true, EITHER, middle::block_commands, "Commands do not arrive; polls do.", minutes = 20 "minutes"),
    ("blocked-response", true, EITHER, middle::block_answers, "Nothing that a device answers arrives.", minutes = 10 "minutes"),
    ("blocked-report", true, DNP3, middle::block_reports, "What an outstation reports unasked does not arrive.", minutes = 60 "minutes"),
    ("delayed-response", true, EITHER, middle::delay, "Answers come later.", minutes = 20 "minutes", ms = 350 "milliseconds later"),
    ("spoofed-indications", true, DNP3, middle::indicate, "Internal indications are set in responses without cause.", minutes = 15 "minutes"),
    ("authentication-downgrade", true, SECURE, middle::downgrade, "An outstation no longer asks for proof of who commands.", minutes = 40 "minutes"),
    ("forged-report", true, DNP3, middle::forge, "Unsolicited responses tell of changes that did not happen.", count = 3 "responses"),
    ("query-flood", true, EITHER, flood::queries, "A host that is new asks as fast as it can.", count = 2000 "requests", gap_ms = 4 "milliseconds between"),
    ("connection-flood", true, EITHER, flood::connections, "A host that is new opens sessions and leaves them half open.", count = 600 "sessions"),
    ("unsolicited-flood", true, DNP3, flood::reports, "An outstation reports without end.", count = 300 "responses"),
    ("malformed", true, EITHER, flood::malformed, "Frames that no device would send: wrong lengths, wrong CRCs, unknown functions, several in a segment.", count = 40 "frames"),
    ("other-protocol", true, EITHER, flood::other_protocol, "Something else is spoken on the protocol's port."),
    ("cold-restart", true, DNP3, danger::cold_restart, "The master restarts an outstation."),
    ("warm-restart", true, DNP3, danger::warm_restart, "The master restarts an outstation's application."),
    ("restart-communications", true, MODBUS, danger::restart_communications, "A unit's communications are restarted (08/01)."),
    ("listen-only", true, MODBUS, danger::listen_only, "A unit is told to listen only (08/04), and is silent from then on.", minutes = 10 "minutes until it is restarted"),
    ("clear-counters", true, EITHER, danger::clear_counters, "Counters and logs are cleared (08/0A; freeze and clear)."),
    ("clear-restart", true, DNP3, danger::clear_restart, "The indication that an outstation restarted is cleared, though it did not."),
    ("disable-unsolicited", true, DNP3, danger::disable_unsolicited, "An outstation is forbidden to report.", minutes = 60 "minutes until it is allowed again"),
    ("assign-class", true, DNP3, danger::assign_class, "Points are taken out of the classes that are polled."),
    ("time-tampering", true, DNP3, danger::time, "The clock of an outstation is set wrong.", off_s = 86400 "seconds"),
    ("operate-without-select", true, DNP3, danger::without_select, "Operate, with nothing selected.", count = 2 "commands"),
    ("select-without-operate", true, DNP3, danger::select_only, "Select, and nothing is operated.", count = 6 "commands"),
    ("operate-differs", true, DNP3, danger::differs, "Operate of another point than was selected.", count = 2 "commands"),
    ("no-ack", true, DNP3, danger::no_ack, "Direct operate without response.", count = 2 "commands"),
    ("broadcast", true, EITHER, danger::broadcast, "A command to all (unit 0; link address 65535)."),
    ("file-transfer", true, EITHER, danger::file_transfer, "A file is read and another written (functions 20, 21; 25 to 28, group 70)."),
    ("file-delete", true, DNP3, danger::file_delete, "A file is deleted."),
    ("umas", true, MODBUS, danger::umas, "Function 90: a controller is stopped by its engineering protocol."),
    ("stop-application", true, DNP3, danger::stop_application, "An outstation's application is stopped, and its configuration saved."),
    ("industroyer", true, EITHER, playbook::industroyer, "As reported of Industroyer: outputs are opened over a range, over and over, from a host that is new.", rounds = 3 "rounds"),
    ("frostygoop", true, MODBUS, playbook::frostygoop, "As reported of FrostyGoop: a host that is new reads and writes registers as its list says.", count = 12 "tasks"),
    ("incontroller", true, MODBUS, playbook::incontroller, "As reported of INCONTROLLER: a host that is new finds controllers, asks who they are, and writes to them."),
    ("new-laptop", false, EITHER, lookalike::laptop, "An engineer with a new laptop reads a device and tries a command, in the day.", minutes = 30 "minutes"),
    ("season-change", false, EITHER, lookalike::season, "Operators move all set-points of a kind by a few percent."),
    ("replaced-device", false, EITHER, incident::replaced, "A device is replaced: gone for a while, then there with another Ethernet address.", minutes = 25 "minutes"),
    ("power-cut", false, EITHER, incident::power_cut, "Power fails: many devices restart at about the same time.", minutes = 3 "minutes"),
    ("line-down", false, EITHER, incident::line_down, "The line to a device is down for a while.", minutes = 12 "minutes"),
    ("congestion", false, EITHER, incident::congestion, "The network is slow for a while, to everybody.", minutes = 20 "minutes", ms = 120 "milliseconds later"),
    ("storm", false, DNP3, incident::storm, "Faults on many lines: reports without end.", minutes = 30 "minutes"),
    ("recalibrated", false, EITHER, incident::recalibrated, "A sensor is calibrated anew: what it measures jumps for good.", permille = 1040 "thousandths of what it was"),
    ("stuck-sensor", false, EITHER, incident::stuck, "A sensor fails: what it measures stands still.", hours = 3 "hours"),
    ("asset-inventory", false, EITHER, lookalike::inventory, "The engineer asks all devices who they are, in the day."),
    ("new-poll", false, EITHER, lookalike::new_poll, "The master polls something more from now on."),
    ("switching-sequence", false, EITHER, lookalike::switching, "Operators switch one device after the other, and back an hour later."),
    ("first-use", false, EITHER, lookalike::first_use, "Somebody uses a point that nobody used before."),
    ("clock-correction", false, DNP3, lookalike::clocks, "The master sets all clocks, out of turn."),
    ("firmware-update", false, EITHER, lookalike::update, "The engineer reads and writes a device's files, in the day."),
    ("standby-drill", false, EITHER, lookalike::drill, "The standby takes over for a while, as planned.", minutes = 30 "minutes"),
];
