//! Gridtap: a passive network sensor for the control networks of electric grids.
//!
//! [`pipeline`] is the line from packets to alerts, and the first file to read.

pub mod alert;
pub mod cli;
pub mod command;
pub mod config;
pub mod counters;
pub mod decode;
pub mod describe;
pub mod doctor;
pub mod evaluate;
pub mod export;
pub mod extract;
pub mod flow;
pub mod judge;
pub mod limits;
mod magic;
pub mod names;
mod order;
pub mod pipeline;
mod poisson;
pub mod probe;
pub mod progress;
mod record;
pub mod scores;
pub mod shard;
#[cfg(unix)]
pub mod signals;
pub mod sink;
pub mod source;
pub mod summary;
pub mod view;
pub mod when;
