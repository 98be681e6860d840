//! What somebody in the middle does to what passes.

use super::device::{Bend, Lens};
use crate::dnp3::Iin;
use crate::frame::Mac;

/// A change to what passes between clients and a device.
#[derive(Clone, Debug)]
pub(super) struct Tamper {
    /// The act it is part of.
    pub(super) act: usize,
    /// The device.
    pub(super) device: usize,
    /// Until when.
    pub(super) until: u64,
    /// Whose Ethernet address stands in frames that went through the middle; none if it is hidden.
    pub(super) mac: Option<Mac>,
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
    /// Commands do not arrive.
    DropCommands,
    /// Nothing is answered.
    DropAnswers,
    /// Nothing is reported unasked.
    DropReports,
    /// Indications are added.
    Indicate(Iin),
}

impl What {
    /// The same through this lens.
    pub(super) fn through(&self, lens: &mut Lens) {
        match self {
            Self::Bend(bends) => lens.bends.extend(bends),
            Self::Freeze { at } => lens.at = *at,
            Self::Replay { back } => lens.at = lens.at.saturating_sub(*back),
            Self::Delay { .. }
            | Self::DropCommands
            | Self::DropAnswers
            | Self::DropReports
            | Self::Indicate(_) => {}
        }
    }
}
