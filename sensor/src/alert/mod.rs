//! Raise: findings become alerts that a person can check.

mod episode;
mod raiser;
mod record;
mod severity;
mod subject;
mod techniques;
#[cfg(test)]
mod tests;
pub(crate) mod wording;

pub use raiser::{Raiser, Settings};
pub use record::{Alert, FindingRecord, FurtherPackets, Outcomes, PointRecord, Seen, TargetRecord};
pub use severity::Severity;
pub use techniques::{MATRIX, Technique};
#[cfg(test)]
pub(crate) use tests::sample;
