//! What is normal on a control network, learned from events, and what is not.
//!
//! No octets, no protocols, no I/O, no clock.

pub mod detector;
pub mod event;
pub mod ledger;
