//! Modbus and DNP3 for passive sensors: octets in, messages out.
//!
//! No I/O, no clock, no thread, no global, no panic on any input. Messages borrow from the octets
//! they were read from; memory is bounded by what was fed, never by a length that a sender claims.
//!
//! # One payload
//!
//! [`Protocol::payload`] reads a datagram, or what one segment carries:
//!
//! ```
//! use gridtap_parsers::modbus::{self, Body, Request};
//! use gridtap_parsers::{Direction, Message};
//!
//! let octets = [0, 1, 0, 0, 0, 6, 1, 3, 0, 107, 0, 3];
//! let mut seen = 0;
//! modbus::PROTOCOL.payload(&octets, Direction::Request, &mut |parsed| {
//!     let Some(Message::Modbus(adu)) = parsed.message else { return };
//!     assert_eq!(adu.body, Body::Request(Request::Read { address: 107, quantity: 3 }));
//!     assert_eq!((parsed.span.clone(), parsed.error), (0..12, None));
//!     seen += 1;
//! });
//! assert_eq!(seen, 1);
//! ```
//!
//! What has been unwrapped already is read by the layers themselves: [`modbus::adu`],
//! [`modbus::rtu`], [`dnp3::frame()`] and [`dnp3::fragment()`].
//!
//! # A stream
//!
//! [`Protocol::stream`] makes a [`Dissector`] for one flow. It takes the octets of both sides in
//! pieces of any size, is told of octets that were lost, and finds the next message after damage:
//!
//! ```
//! use gridtap_parsers::{Chunk, Message, Side, dnp3};
//!
//! // A master asks for the state of the link, in a frame that comes in two pieces.
//! let octets = [0x05, 0x64, 0x05, 0xc9, 0x01, 0x00, 0x00, 0x00, 0xde, 0x8e];
//! let (mut flow, mut functions) = (dnp3::PROTOCOL.stream(Side::B), Vec::new());
//! let mut offset = 0;
//! for piece in [&octets[..4], &octets[4..]] {
//!     let chunk = Chunk { side: Side::A, offset, lost: 0, octets: piece, datagram: false };
//!     flow.feed(&chunk, &mut |parsed| {
//!         if let Some(Message::Dnp3(message)) = parsed.message {
//!             functions.push(message.link().function().name());
//!         }
//!     });
//!     offset += piece.len() as u64;
//! }
//! flow.close(&mut |parsed| panic!("nothing is left: {parsed:?}"));
//! assert_eq!(functions, ["request_link_status"]);
//! ```
//!
//! # What is wrong
//!
//! A [`ParseError`] knows the offset of the octet, whose fault it is ([`Kind`]), and a [`Class`]
//! whose [`slug`](Class::slug) is stable. What was read before it is handed out with it:
//!
//! ```
//! use gridtap_parsers::modbus::adu;
//! use gridtap_parsers::{Class, Direction, Kind};
//!
//! // 200 registers are more than may be asked for.
//! let (adu, error) = adu(&[0, 1, 0, 0, 0, 6, 1, 3, 0, 107, 0, 200], Direction::Request);
//! let error = error.expect("an error");
//! assert!(adu.is_some());
//! assert_eq!((error.offset, error.class), (10, Class::QuantityRange));
//! assert_eq!((error.kind(), error.class.slug()), (Kind::Malformed, "quantity_range"));
//! assert_eq!(error.to_string(), "malformed: quantity outside its limits (octet 10)");
//! ```
//!
//! # Fuzzing
//!
//! The feature `arbitrary` makes [`Message`] and what it holds `arbitrary::Arbitrary`, for those who
//! fuzz what comes behind. `parsers/fuzz` in the repository has a target for each layer.
#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

mod codes;
pub mod dnp3;
mod error;
pub mod modbus;
mod protocol;

pub use error::{Class, Kind, ParseError};
pub use protocol::{
    Chunk, Direction, Dissector, Found, Kept, Message, PROTOCOLS, Parsed, Protocol, Side, Verdict,
};
