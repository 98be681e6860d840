//! End to end: captures and live traffic in, records, baselines and alerts out of the program as people run it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod alerts;
mod baselines;
mod blind_spots;
#[cfg(feature = "simulate")]
mod catalogue;
mod determinism;
#[cfg(feature = "simulate")]
mod evaluate;
mod export;
mod extract;
mod files;
mod follow;
mod help;
mod interrupted;
mod invariants;
mod labels;
mod live;
mod logs;
mod messages;
mod names;
mod namespaces;
mod peers;
mod refusals;
mod replay;
mod review;
mod rulings;
mod run;
mod scores;
mod sessions;
#[cfg(feature = "simulate")]
mod simulate;
mod views;
