//! A simulated site: days of traffic with everything that happens in them, and labels for what was done to it.
//!
//! The same site, seed and options give the same packets on every machine: chance is ours, and counts in integers.
//!
//! ```
//! use gridtap_captures::simulate::{Options, Simulation, Site};
//!
//! let site = Site::named("substation").unwrap_or_else(|| unreachable!());
//! let mut simulation = Simulation::new(&site, &Options { lasts_s: 60, ..Options::default() })?;
//! assert!(simulation.by_ref().count() > 100);
//! assert!(simulation.acts().is_empty());
//! # Ok::<(), String>(())
//! ```

pub mod attack;
mod channel;
mod check;
mod clock;
mod device;
mod dialogue;
mod events;
mod exchange;
pub mod labels;
mod modbus;
mod operator;
mod outstation;
mod place;
mod poll;
mod proof;
mod random;
mod record;
mod site;
mod tamper;
mod upkeep;
mod wire;
mod world;

use std::rc::Rc;

pub use attack::{COMMON, Kind, Needs, Plan, kinds};
pub use labels::{Act, Mark};
pub use place::{Place, Space};
pub use site::{
    Behaviour, Devices, Happening, Host, How, Model, Network, Operator, Points, Poll, Protocol,
    Site, Upkeep,
};
pub use wire::Marked;
pub use world::Counts;

use crate::frame::LinkType;
use world::World;

/// What is simulated, besides the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// All chance comes from it.
    pub seed: u64,
    /// How long it lasts, in seconds.
    pub lasts_s: u64,
    /// Attacks and look-alikes.
    pub attacks: Vec<Plan>,
    /// From when on they happen, in seconds after the beginning.
    pub attacks_after_s: u64,
    /// How often each of them happens.
    pub repeat: u32,
    /// Whether attackers have the addresses of the master, IP and Ethernet.
    pub as_master: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            lasts_s: 86_400,
            attacks: Vec::new(),
            attacks_after_s: 0,
            repeat: 1,
            as_master: false,
        }
    }
}

/// The packets of a site, by time.
pub struct Simulation {
    world: World,
    is_over: bool,
}

impl core::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Simulation").field("now_ns", &self.world.now).finish_non_exhaustive()
    }
}

impl Simulation {
    /// What the octets of its packets begin with.
    pub const LINK: LinkType = LinkType::ETHERNET;

    /// Begins.
    ///
    /// # Errors
    ///
    /// What cannot be done with this site: an attack that does not fit it, or a parameter.
    pub fn new(site: &Site, options: &Options) -> Result<Self, String> {
        let site = Rc::new(site.clone());
        let start = site.start_unix_s.saturating_mul(clock::SECOND);
        let end = start.saturating_add(options.lasts_s.saturating_mul(clock::SECOND));
        let mut world = World::new(&site, options.seed, end);
        poll::begin(&mut world);
        operator::begin(&mut world);
        upkeep::begin(&mut world);
        proof::begin(&mut world);
        attack::begin(&mut world, options)?;
        Ok(Self { world, is_over: false })
    }

    /// What was done besides polling, so far: marks say which packets were part of it.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.world.acts
    }

    /// How many messages were sent so far, whether or not the monitor port saw them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.world.counts
    }
}

impl Iterator for Simulation {
    type Item = Marked;

    fn next(&mut self) -> Option<Marked> {
        loop {
            let until = if self.is_over { u64::MAX } else { self.world.now };
            if let Some(packet) = self.world.wire.take(until) {
                if let Some(act) =
                    packet.mark.as_ref().and_then(|mark| self.world.acts.get_mut(mark.act))
                {
                    act.covers(packet.packet.time_ns);
                }
                return Some(packet);
            }
            if self.is_over {
                return None;
            }
            self.is_over = !self.world.go_on();
        }
    }
}
