//! What was learned: counts with provenance.
//!
//! One ledger holds it all, so that saving, loading and merging exist once. Its file is readable
//! text: [`Ledger::to_text`], [`Ledger::from_text`]; for people there is [`Ledger::show`].

mod fields;
mod index;
mod learn;
mod merge;
mod provenance;
mod ranges;
mod read;
mod records;
mod show;
mod store;
mod tally;
mod time;
mod values;
mod write;

pub use index::{ClientSum, CommandSum, DeviceSum, Kinds};
pub use provenance::{BadDigest, Capture, Digest, SameCapture};
pub use read::LoadError;
pub use records::{
    Command, CommandRecord, ConversationRecord, FunctionKey, FunctionRecord, Outcomes, Span,
};
pub use store::{Counts, Ledger};
pub use tally::{SEGMENT_NS, Segments, Tally};
pub use values::Values;

#[cfg(test)]
mod tests;
