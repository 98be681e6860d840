//! Raise: findings become alerts that a person can check.

mod episode;
mod record;
mod severity;
mod techniques;
pub(crate) mod wording;

pub use episode::{Raiser, Settings};
pub use record::{Alert, FindingRecord, FurtherPackets, Outcomes, PointRecord, Seen, TargetRecord};
pub use severity::Severity;
pub use techniques::{MATRIX, Technique};
