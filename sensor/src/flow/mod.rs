//! Reassemble: from segments to each side's octets in order, flow by flow.
//!
//! The flow table is cut into [`PARTITIONS`] by address pair; each is a [`Table`] of its own, which
//! hands what it finds to a [`Reader`]. Nothing here waits for the other direction, and every
//! octet is either handed on once or counted as lost.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

mod counters;
mod endpoint;
mod kept;
mod key;
mod live;
mod marks;
mod part;
mod reader;
mod recent;
mod sequence;
mod slots;
mod stream;
mod table;
#[cfg(test)]
mod tests;

pub use counters::Counters;
pub use endpoint::{Endpoint, Flow, Kind};
pub use key::{PARTITIONS, partition};
pub use marks::Mark;
pub use reader::{Clash, Conflict, Opening, Reader, Then};
pub use table::Table;
