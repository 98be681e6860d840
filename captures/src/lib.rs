//! Captures made by code: frames written from the protocol tables, knowing no parser.
//!
//! Tests and benches want packets whose meaning is known beforehand. This crate writes them, from a Modbus or DNP3
//! message up to a capture file, and shares no code with what reads them, so that it is a second opinion. Facts were
//! checked against public implementations and tshark, not against the standards' text.
//!
//! | module | makes |
//! | --- | --- |
//! | [`modbus`], [`dnp3`] | messages, as octets |
//! | [`session`] | the TCP session that carries them |
//! | [`frame`] | the link, IP, TCP and UDP headers around octets |
//! | [`tunnel`] | what carries whole packets or frames: MPLS, `PPPoE`, GRE, ERSPAN, VXLAN, Geneve |
//! | [`redundancy`] | the tags and trailers of HSR and PRP |
//! | [`fragment`] | IP fragments |
//! | [`capture`] | the packets in order, and ways to damage them |
//! | [`file`](mod@file) | pcap and pcapng files |
//! | [`scene`] | a small plant that polls and is polled, of any size |
//! | [`simulate`] | days of a site, with operators, faults and attacks, and their labels |
//!
//! Nothing here fails: **a count that its field cannot hold is written as the field's largest value**, and the octets
//! that were counted are all written. Such a message is malformed, as whoever asked for it presumably wanted.
//!
//! ```
//! use gridtap_captures::{file, frame::Endpoint, modbus, session::Session};
//!
//! let client = Endpoint::v4(5, 49_152);
//! let server = Endpoint::v4(9, 502);
//! let mut session = Session::new(client, server);
//! session.open(0);
//! session.client_sends(1_000_000, &modbus::mbap(1, 1, &modbus::request::write_single_coil(4, true)));
//! session.server_sends(3_000_000, &modbus::mbap(1, 1, &modbus::response::write_single_coil(4, true)));
//! session.close(5_000_000);
//! let octets = file::pcap(&file::Pcap::default(), &session.into_capture());
//! assert_eq!(octets.get(..4), Some([0xd4, 0xc3, 0xb2, 0xa1].as_slice()));
//! ```

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

pub mod capture;
pub mod dnp3;
pub mod file;
pub mod fragment;
pub mod frame;
pub mod modbus;
mod octets;
pub mod redundancy;
pub mod scene;
pub mod session;
pub mod simulate;
pub mod tunnel;
