//! What an alert says, and whether it names whom labels name.

use std::collections::BTreeSet;
use std::net::IpAddr;

use gridtap_models::event::Space;

use super::labels::{PointName, Said};
use super::measured::Naming;
use crate::alert::{Alert, Severity, Word};

/// What the latest revision of an alert says.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// Kind of its gravest finding.
    pub(super) kind: Word,
    /// How grave that is.
    pub(super) severity: Severity,
    /// How many odd acts it has.
    pub(super) acts: u64,
    actor: IpAddr,
    targets: BTreeSet<IpAddr>,
    /// Space, first address, how many.
    points: Vec<(Space, u32, u32)>,
}

impl Named {
    pub(super) fn of(alert: &Alert) -> Self {
        let points = alert.points.iter().filter_map(|point| {
            let space = Space::from_word(&point.space)?;
            Some((space, point.address?, point.count.unwrap_or(1)))
        });
        Self {
            kind: alert.kind.clone(),
            severity: alert.severity,
            acts: alert.count,
            actor: alert.actor,
            targets: alert.targets.iter().map(|target| target.server_ip).collect(),
            points: points.collect(),
        }
    }

    /// Whether it names whom labels name.
    pub(super) fn naming(&self, said: &Said) -> Naming {
        let holds = |point: &PointName| {
            self.points.iter().any(|(space, start, count)| {
                *space == point.space
                    && point.address.checked_sub(*start).is_some_and(|behind| behind < *count)
            })
        };
        let some = |known: bool, right: bool| known.then_some(right);
        Naming {
            actor: some(!said.actors.is_empty(), said.actors.contains(&self.actor)),
            target: some(!said.targets.is_empty(), !said.targets.is_disjoint(&self.targets)),
            point: some(!said.points.is_empty(), said.points.iter().any(holds)),
        }
    }
}
