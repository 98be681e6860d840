//! End to end: captures and live traffic in, records, baselines and alerts out of the program as people run it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod baselines;
mod determinism;
mod files;
mod invariants;
mod labels;
mod live;
mod logs;
mod messages;
mod namespaces;
mod peers;
mod refusals;
mod replay;
mod run;
mod sessions;
