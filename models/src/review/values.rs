//! What devices that are alike are given.

use std::collections::BTreeMap;

use foldhash::HashMap;

use crate::event::{Device, Space};
use crate::ledger::{Command, Ledger, Values};

/// What devices are given that are alike: they report as many points of the same kinds.
pub(super) struct Siblings {
    makes: HashMap<Device, usize>,
    values: HashMap<(usize, Command), Values>,
}

impl Siblings {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let mut known: BTreeMap<BTreeMap<Space, u64>, usize> = BTreeMap::new();
        let mut makes = HashMap::default();
        for (device, record) in ledger.devices() {
            let mut points: BTreeMap<Space, u64> = BTreeMap::new();
            record.points().for_each(|(point, _)| *points.entry(point.space).or_insert(0) += 1);
            let next = known.len();
            makes.insert(*device, *known.entry(points).or_insert(next));
        }
        let mut values: HashMap<(usize, Command), Values> = HashMap::default();
        for (conversation, record) in ledger.conversations() {
            let Some(make) = makes.get(&conversation.device()) else { continue };
            for (command, given) in record.commands() {
                values.entry((*make, *command)).or_default().merge(given.values());
            }
        }
        Self { makes, values }
    }

    /// The values of a command of a device and of those that are like it.
    pub(super) fn values(&self, device: &Device, command: Command) -> Option<&Values> {
        self.values.get(&(*self.makes.get(device)?, command))
    }
}
