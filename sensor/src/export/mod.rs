//! Exports: what was read of captures, in the forms that data frames and other people's detectors read.

pub mod ipal;
#[cfg(feature = "parquet")]
pub mod parquet;
