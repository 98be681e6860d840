//! What was learned: counts with provenance.
//!
//! One ledger holds it all, so that saving, loading and merging exist once. Its file is readable
//! text: [`Ledger::to_text`], [`Ledger::from_text`]; for people there is [`Ledger::show`].
//!
//! ```text
//! gridtap-baseline 1
//! capture sha256:<hex> packets <n> from <time> to <time>
//! limit <conversations|functions|points|reads|reported|macs|hops|attempts|links|connections-at-once>
//!   refused <n>
//! ruling <normal|never> "<text>" by "<who>" at <time>
//! ruling window <time> to <time> actor <address> by "<who>" at <time>
//! conversation modbus <client> -> <server> unit <n> <tally>
//! conversation dnp3 <client> master <n> -> <server> outstation <n> <tally>
//!   function <intent> <code>[.<sub>] "<name>" done <n> refused <n> unanswered <n> [proved <n>] <tally>
//!   command <intent> <space> <address> values <values> <tally>
//! device <protocol> <server> unit <n>
//!   delay <spread of microseconds>
//!   reports <tally>
//!   quirk <mark> <tally>
//!   read <space> <start> count <n> <tally>
//!   point <space> <address> first <time> values <values> steps <spread> followed <n> ignored <n>
//!     unexplained <n> (on the same line)
//! host <address> mac <mac> <tally>
//! hops <address> <hops left> <tally>
//! attempts <protocol> <client> -> <server> refused <n> silent <n> <tally>
//! link dnp3 <client> master <n> -> <server> outstation <n> <tally>
//! at_once <protocol> <client> -> <server> connections <n> <tally>
//! checksum sha256:<hex of all lines above>
//! ```
//!
//! `<tally>` is `acts <n> first <time> last <time> segments [more,]<time>/<n>x<acts>,…`, without the `x<acts>`
//! where acts are as if spread evenly over the segments; `<values>` is
//! `none`, `<value>:<n>,…`, or `many <n> from <value> to <value> spread <spread>`; `<spread>` is `none`
//! or `<bits not looked at> <bin>:<n>,…` ([`Spread`]). Lines are sorted as the types of
//! their keys are, so that every ledger has one text and every text at most one ledger.
//!
//! Merging ledgers of captures that follow each other is learning all of them, byte for byte and in any order. Of captures
//! that lie within each other's time it is so until a tally has more stretches of time than are kept
//! ([`SEGMENT_RANGES`](crate::limits::SEGMENT_RANGES)): what one of them dropped may have joined two of the other's.

mod apart;
mod at_once;
mod attempts;
mod coverage;
mod coverage_show;
mod diff;
mod diff_show;
mod error;
mod fields;
mod habit;
mod hops;
mod index;
mod learn;
mod links;
mod mac;
mod merge;
mod pace;
mod proofs;
mod provenance;
pub(crate) mod ranges;
mod read;
mod records;
mod rulings;
mod show;
mod spread;
mod store;
mod tally;
mod time;
mod values;
mod write;

pub(crate) use apart::Apart;
pub use attempts::{AttemptRecord, Pair};
pub use coverage::{Counted, Coverage, PAIRS, Readiness, Ready, WELL};
pub use diff::{Change, Difference, Subject};
pub use diff_show::show_differences;
pub use error::LoadError;
pub use habit::{Habit, may_be_habit};
pub use index::{ClientSum, CommandSum, DeviceSum, Kinds, Spells};
pub use learn::{Observation, Saw};
pub use mac::Mac;
pub use pace::{Pace, Pattern};
pub use provenance::{BadDigest, Capture, Digest, SameCapture};
pub use records::{
    Command, CommandRecord, ConversationRecord, DeviceRecord, Effects, FunctionKey, FunctionRecord,
    Outcomes, Point, PointRecord, Span,
};
pub use rulings::{BadRuling, Ruled, Ruling};
pub use spread::Spread;
pub use store::{Counts, Ledger};
pub(crate) use tally::is_seldom;
pub use tally::{SEGMENT_NS, Segments, Tally};
pub(crate) use time::Time;
pub use values::Values;

#[cfg(test)]
mod tests;
