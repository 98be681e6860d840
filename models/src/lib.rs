//! What is normal on a control network, learned from events, and what is not.
//!
//! No octets, no protocols, no I/O, no clock. What was learned is the [`ledger::Ledger`] and only
//! that; the [`detectors`] judge by it, and a [`panel::Panel`] asks them all.

pub mod detector;
pub mod detectors;
pub mod event;
pub mod ledger;
pub mod limits;
pub mod panel;
pub mod review;
#[cfg(test)]
mod samples;
pub mod surprise;
mod words;
