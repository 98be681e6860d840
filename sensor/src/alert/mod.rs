//! Raise: findings become alerts that a person can check.

mod episode;
mod raiser;
mod rate;
pub mod read;
mod record;
mod severity;
mod techniques;
#[cfg(test)]
mod tests;
pub(crate) mod wording;

pub(crate) use episode::gravest;
pub use raiser::{Habits, Raiser, Settings, Taken};
pub use record::{
    Alert, FindingRecord, FurtherPackets, Outcomes, PointRecord, Seen, TargetRecord, Word,
};
pub(crate) use severity::Consequence;
pub use severity::Severity;
pub use techniques::{MATRIX, Technique};
#[cfg(test)]
pub(crate) use tests::{act, finding, sample};
