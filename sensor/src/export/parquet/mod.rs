//! Tables of messages, events, points and alerts, as Parquet files: a folder for each capture.
//!
//! Rows are written in the order of the packets, as they come; memory is bounded by what a row group may hold.

mod alerts;
mod build;
mod column;
mod events;
mod folder;
mod messages;
mod points;
mod table;
mod tap;
#[cfg(test)]
mod tests;

pub use folder::{Folders, Rows};
pub use tap::{Everything, Item};
