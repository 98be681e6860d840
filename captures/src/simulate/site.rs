//! A site: who is there, what they measure, who asks and commands, and what goes wrong now and then.
//!
//! Written in TOML; unknown keys are refused. Times of day are UTC.

use core::net::Ipv4Addr;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::place::{Place, Space};

/// A site that can be simulated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Name, which files are named after.
    pub name: String,
    /// A sentence.
    pub about: String,
    /// When it begins, in seconds since 1970 UTC.
    pub start_unix_s: u64,
    /// The network between masters and devices, and the port that is listened at.
    #[serde(default)]
    pub network: Network,
    /// Masters, standby masters, laptops.
    pub hosts: Vec<Host>,
    /// What devices are made of, by name.
    pub models: BTreeMap<String, Model>,
    /// The devices.
    pub devices: Vec<Devices>,
    /// Who asks what, how often.
    pub polls: Vec<Poll>,
    /// Who commands what.
    #[serde(default)]
    pub operators: Vec<Operator>,
    /// What happens besides.
    #[serde(default)]
    pub upkeep: Vec<Upkeep>,
}

/// The network and what the monitor port sees of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// The shortest time from a host to another.
    pub delay_us: u64,
    /// What it may take longer.
    pub jitter_us: u64,
    /// Requests in a million that are lost behind the monitor port, and sent again.
    pub lost_ppm: u64,
    /// Packets in a million that the monitor port does not see.
    pub missed_ppm: u64,
    /// Packets in a million that it sees twice.
    pub doubled_ppm: u64,
    /// Packets in a million that it sees later than the next.
    pub late_ppm: u64,
    /// Whether it sees only what comes from devices.
    pub one_way: bool,
    /// Whether frames come twice, with HSR tags.
    pub hsr: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            delay_us: 250,
            jitter_us: 400,
            lost_ppm: 0,
            missed_ppm: 0,
            doubled_ppm: 0,
            late_ppm: 0,
            one_way: false,
            hsr: false,
        }
    }
}

/// A host that asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Name.
    pub name: String,
    /// Address.
    pub ip: Ipv4Addr,
    /// The DNP3 link address it has as a master.
    #[serde(default = "one")]
    pub link_address: u16,
    /// The host whose work it takes over when that fails.
    pub standby_for: Option<String>,
}

/// The protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Modbus over TCP.
    Modbus,
    /// DNP3 over TCP.
    Dnp3,
}

/// What a kind of device is made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What it speaks.
    pub protocol: Protocol,
    /// Classes it reports unasked; DNP3 only.
    #[serde(default)]
    pub unsolicited: Vec<u8>,
    /// Its points.
    pub points: Vec<Points>,
}

/// Points in a row that behave alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// The first.
    pub at: Place,
    /// How many.
    #[serde(default = "one")]
    pub count: u16,
    /// How they behave.
    pub is: Behaviour,
    /// The usual value, the value at the start, or what a counter counts in an hour.
    #[serde(default)]
    pub base: i64,
    /// How far a load goes from its base in the course of a day.
    #[serde(default)]
    pub swing: i64,
    /// The largest noise.
    #[serde(default)]
    pub noise: i64,
    /// The point that it shows, follows or moves.
    pub of: Option<Place>,
    /// The switch without which it is 0.
    pub behind: Option<Place>,
    /// How long it takes to follow, or to move.
    #[serde(default)]
    pub lag_ms: u64,
    /// The change that makes an event; 0 for none. DNP3 inputs only; binary inputs always make them.
    #[serde(default)]
    pub deadband: i64,
    /// The lowest that an operator sets.
    #[serde(default)]
    pub lowest: i64,
    /// The highest that an operator sets.
    #[serde(default)]
    pub highest: i64,
}

/// How a point behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// Stays as it is until written: breakers, switches, set-points, tap positions.
    Held,
    /// Follows the day, with noise.
    Load,
    /// Shows the point `of` after its lag.
    Status,
    /// Moves towards the point `of` within its lag, with noise around it.
    Follows,
    /// Grows.
    Counts,
    /// A command that raises or lowers the point `of` by one.
    Steps,
    /// An alarm contact: on now and then for a while.
    Alarm,
}

/// Devices of one model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    /// Name; with a number behind it where there are several.
    pub name: String,
    /// The model.
    pub model: String,
    /// How many.
    #[serde(default = "one")]
    pub count: u16,
    /// Address of the first; the next have the next addresses.
    pub ip: Ipv4Addr,
    /// Whether all stand behind the first address, as units of a gateway.
    #[serde(default)]
    pub gateway: bool,
    /// Unit identifier or link address of the first.
    #[serde(default = "one")]
    pub address: u16,
    /// Whether they ask for proof before they do anything critical (Secure Authentication); DNP3 only.
    #[serde(default)]
    pub authenticates: bool,
}

/// What is read, again and again.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// The host that asks.
    pub host: String,
    /// Devices, by the name they have in common.
    pub devices: String,
    /// From one to the next.
    pub every_ms: u64,
    /// DNP3 classes.
    #[serde(default)]
    pub classes: Vec<u8>,
    /// Modbus: the space.
    pub space: Option<Space>,
    /// Modbus: the first address.
    #[serde(default)]
    pub start: u16,
    /// Modbus: how many.
    #[serde(default)]
    pub count: u16,
}

/// Somebody who commands now and then.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// The host from which.
    pub host: String,
    /// Devices, by the name they have in common.
    pub devices: String,
    /// Points: switches, set-points, steps.
    pub points: Vec<Place>,
    /// In which way.
    pub how: How,
    /// How often in a day, on average.
    pub acts_a_day: u64,
    /// The hour from which.
    #[serde(default)]
    pub from_hour: u64,
    /// The hour until which.
    #[serde(default = "whole_day")]
    pub to_hour: u64,
    /// A switch goes back to where it was after so many minutes; 0 leaves it.
    #[serde(default)]
    pub back_after_min: u64,
}

/// How a command is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// DNP3: select, then operate.
    Select,
    /// DNP3: direct operate.
    Direct,
    /// Modbus: write one.
    Single,
    /// Modbus: write multiple, with one in it.
    Multiple,
}

/// What happens now and then besides polls and commands.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upkeep {
    /// What.
    pub is: Happening,
    /// From one to the next, on average.
    pub every_h: u64,
    /// The host that does it or that it happens to.
    #[serde(default)]
    pub host: String,
    /// The devices, by the name they have in common; one of them at a time, but all for `time`.
    #[serde(default)]
    pub devices: String,
    /// How long it lasts.
    #[serde(default)]
    pub lasts_min: u64,
    /// The hour of the day it happens at, if it has one.
    pub hour: Option<u64>,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// A device restarts by itself and is gone for as long as it lasts.
    Restart,
    /// A host fails, and its standby takes over.
    Failover,
    /// A fault on the line: a breaker trips and closes again by itself.
    Fault,
    /// A host looks after a device: reads all of it, and tries a command.
    Maintenance,
    /// The clocks are set.
    Time,
    /// A host closes its sessions and opens them again.
    Reconnect,
}

fn one() -> u16 {
    1
}

fn whole_day() -> u64 {
    24
}

/// The sites that ship: name and text.
const SHIPPED: [(&str, &str); 3] = [
    ("substation", include_str!("sites/substation.toml")),
    ("feeder", include_str!("sites/feeder.toml")),
    ("plant", include_str!("sites/plant.toml")),
];

impl Site {
    /// Reads a site.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let site: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        site.checked()
    }

    /// The sites that ship.
    #[must_use]
    pub fn shipped() -> Vec<Self> {
        SHIPPED.iter().filter_map(|(_, text)| Self::from_toml(text).ok()).collect()
    }

    /// The shipped site of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::from_toml(Self::text(name)?).ok()
    }

    /// The text of the shipped site of this name.
    #[must_use]
    pub fn text(name: &str) -> Option<&'static str> {
        SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }
}
