//! DNP3 messages: application fragments by name, the objects in them, and the link frames around them.
//!
//! ```
//! use gridtap_captures::dnp3::{Class, Crob, Iin, Station, binary_inputs, request, response};
//!
//! let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
//! let poll = master.frames(&request::class_poll(0, &[Class::One, Class::Zero]));
//! let answer = outstation.frames(&response::response(0, Iin::default(), &[binary_inputs(0, &[true])]));
//! let trip = master.frames(&request::direct_operate(1, &[Crob::TRIP.to(4)]));
//! # assert!(!poll.is_empty() && !answer.is_empty() && !trip.is_empty());
//! ```

pub mod authentication;
pub mod fragment;
mod header;
pub mod link;
mod object;
pub mod request;
pub mod response;

pub use fragment::Iin;
pub use header::Header;
pub use link::{Station, crc};
pub use object::{
    Analog, Class, Crob, analog_events, analog_inputs, analog_outputs, binary_events,
    binary_inputs, binary_outputs, class, counters, packed, time,
};
