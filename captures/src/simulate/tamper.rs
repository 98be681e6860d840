//! What somebody in the middle does to what passes.

use super::channel::Middle;
use super::device::{Bend, Lens};
use crate::dnp3::Iin;

/// A change to what passes between clients and a device.
#[derive(Clone, Debug)]
pub(super) struct Tamper {
    /// The act it is part of.
    pub(super) act: usize,
    /// The device.
    pub(super) device: usize,
    /// Until when.
    pub(super) until: u64,
    /// What shows of whoever sits there.
    pub(super) middle: Middle,
    /// What is done.
    pub(super) what: What,
}

/// What is done to what passes.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// Values are changed.
    Bend(Vec<Bend>),
    /// Values are those of a time that stands still.
    Freeze { at: u64 },
    /// Values are those of a while ago.
    Replay { back: u64 },
    /// Answers come later.
    Delay { ns: u64 },
    /// What is set is changed.
    Rewrite { add: i64 },
    /// Commands do not arrive.
    DropCommands,
    /// Nothing is answered.
    DropAnswers,
    /// Nothing is reported unasked.
    DropReports,
    /// Indications are added.
    Indicate(Iin),
    /// Proof is no longer asked for.
    Downgrade,
}

impl What {
    /// The same through this lens.
    pub(super) fn through(&self, lens: &mut Lens) {
        match self {
            Self::Bend(bends) => lens.bends.extend(bends),
            Self::Freeze { at } => lens.at = *at,
            Self::Replay { back } => lens.at = lens.at.saturating_sub(*back),
            Self::Delay { .. }
            | Self::Rewrite { .. }
            | Self::DropCommands
            | Self::DropAnswers
            | Self::DropReports
            | Self::Indicate(_)
            | Self::Downgrade => {}
        }
    }
}
