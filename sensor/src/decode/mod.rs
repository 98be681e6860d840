//! Decode: from a packet to the TCP segment or UDP datagram in it.
//!
//! One step a file, outermost first: `link` takes the link layer off, `network` reads the IP
//! header, `transport` the TCP or UDP header. Where the IP payload is a tunnel, `tunnel` leads back
//! to one of the first two:
//!
//! ```text
//! link ──► network ──► transport ──► Segment
//!  │ ▲ ▲      │ ▲
//!  │ │ │      │ └─ fragments: datagrams put together
//!  │ │ └──────┴─ tunnel: IP in IP; gre, with erspan; overlay: VXLAN, Geneve
//!  └─┴─ mpls, pppoe, and the tags of redundancy: HSR, PRP
//! ```
//!
//! Up to four tunnels are taken off. One that cannot be read, or is one too many, is read as the
//! plain packet that it is in, and counted. The segment is what the innermost packet holds; its
//! Ethernet addresses and VLAN are those of the innermost frame.
//!
//! Before a segment is handed on, `twins` discards it if the capture shows it twice, and `checksum`
//! counts it if a checksum is wrong.

#![deny(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::as_conversions)]

mod checksum;
mod counters;
mod decoder;
mod ends;
mod erspan;
mod fragments;
mod frame;
mod gre;
mod link;
mod mpls;
mod network;
mod overlay;
mod pppoe;
mod redundancy;
#[cfg(test)]
mod tests;
mod transport;
mod tunnel;
mod twins;

use std::net::SocketAddr;

use gridtap_models::event::PacketRef;

pub use counters::Counters;
pub use decoder::Decoder;
pub use ends::ends;

use crate::source::LinkType;

/// Whether packets of this link type are read.
#[must_use]
pub fn reads(link: LinkType) -> bool {
    link::reads(link)
}

/// When and where a segment was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Number of its packet among all packets of all captures, from 1.
    pub sequence: u64,
    /// Its packet.
    pub packet: PacketRef,
    /// Capture time, in nanoseconds since 1970 UTC.
    pub time_ns: u64,
}

/// The transport header's part in the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A TCP segment.
    Tcp {
        /// Sequence number of the first octet (of SYN, where set).
        sequence: u32,
        /// Acknowledgement number, where ACK is set.
        acknowledgement: Option<u32>,
        /// SYN.
        syn: bool,
        /// FIN.
        fin: bool,
        /// RST.
        rst: bool,
        /// Window as sent, not scaled.
        window: u16,
    },
    /// A UDP datagram.
    Udp,
}

/// One TCP segment or UDP datagram, borrowed from its packet, or from the decoder if it came in
/// fragments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// When and where it was captured: of its last fragment, if it came in fragments.
    pub at: At,
    /// Sender.
    pub source: SocketAddr,
    /// Receiver.
    pub destination: SocketAddr,
    /// Sender's MAC address.
    pub source_mac: Option<[u8; 6]>,
    /// Receiver's MAC address.
    pub destination_mac: Option<[u8; 6]>,
    /// Outermost VLAN identifier of the frame that has these addresses.
    pub vlan: Option<u16>,
    /// Hops it had left: time to live of IPv4, hop limit of IPv6.
    pub hops: u8,
    /// TCP or UDP.
    pub transport: Transport,
    /// The octets it carries, as far as the capture kept them.
    pub payload: &'a [u8],
    /// Octets of payload that the capture cut off behind `payload`.
    pub cut: u32,
}
