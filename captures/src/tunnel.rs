//! What carries whole packets or frames: MPLS, `PPPoE`, GRE, ERSPAN, VXLAN and Geneve.
//!
//! Each function writes the tunnel's own header and what it carries; [`ethernet`](crate::frame::ethernet),
//! [`ip`](crate::frame::ip) and [`udp`](crate::frame::udp) write what is around it.

use crate::frame::{checksum, put_checksum};
use crate::octets::count16;

/// Ethernet's number for an MPLS label stack.
pub const MPLS: u16 = 0x8847;
/// Ethernet's number for a `PPPoE` session.
pub const PPPOE_SESSION: u16 = 0x8864;
/// Ethernet's number for Ethernet inside something else.
pub const ETHERNET: u16 = 0x6558;
/// GRE's number for ERSPAN types I and II.
pub const ERSPAN: u16 = 0x88be;
/// GRE's number for ERSPAN type III.
pub const ERSPAN_3: u16 = 0x22eb;
/// IP's number for IPv4 inside IP.
pub const IPV4_IN_IP: u8 = 4;
/// IP's number for IPv6 inside IP.
pub const IPV6_IN_IP: u8 = 41;
/// IP's number for GRE.
pub const GRE: u8 = 47;
/// UDP port of VXLAN.
pub const VXLAN_PORT: u16 = 4789;
/// UDP port of Geneve.
pub const GENEVE_PORT: u16 = 6081;

/// PPP's number for IPv4.
pub const PPP_IPV4: u16 = 0x0021;
/// PPP's number for IPv6.
pub const PPP_IPV6: u16 = 0x0057;

/// An MPLS label stack, outermost label first, and what it carries: IP, or an Ethernet frame, with or without
/// [control word](control_word) before it. Labels have 20 bits.
#[must_use]
pub fn mpls(labels: &[u32], payload: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(payload.len().saturating_add(16));
    for (number, label) in labels.iter().enumerate() {
        let bottom = number.saturating_add(1) == labels.len();
        octets.extend(((label & 0xf_ffff) << 12 | u32::from(bottom) << 8 | 64).to_be_bytes());
    }
    octets.extend(payload);
    octets
}

/// A frame behind the control word of an Ethernet pseudo-wire, which numbers it; 0 says that it is not numbered.
#[must_use]
pub fn control_word(sequence: u16, frame: &[u8]) -> Vec<u8> {
    [&[0, 0], sequence.to_be_bytes().as_slice(), frame].concat()
}

/// A packet in a `PPPoE` session.
#[must_use]
pub fn pppoe(session: u16, ppp_protocol: u16, packet: &[u8]) -> Vec<u8> {
    let length = count16(packet.len().saturating_add(2));
    let head = [[0x11, 0], session.to_be_bytes(), length.to_be_bytes(), ppp_protocol.to_be_bytes()];
    [head.as_flattened(), packet].concat()
}

/// The options of a GRE header (version 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gre {
    /// Whether it has a checksum, which is written right.
    pub checksum: bool,
    /// Its key.
    pub key: Option<u32>,
    /// Its sequence number.
    pub sequence: Option<u32>,
}

impl Gre {
    /// The header, and what it carries: `kind` is Ethernet's number for that.
    #[must_use]
    pub fn packet(&self, kind: u16, payload: &[u8]) -> Vec<u8> {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = flag(self.checksum, 0x80)
            | flag(self.key.is_some(), 0x20)
            | flag(self.sequence.is_some(), 0x10);
        let mut octets = vec![flags, 0];
        octets.extend(kind.to_be_bytes());
        if self.checksum {
            octets.extend([0; 4]);
        }
        for number in [self.key, self.sequence].into_iter().flatten() {
            octets.extend(number.to_be_bytes());
        }
        octets.extend(payload);
        if self.checksum {
            let check = checksum(&[&octets]);
            put_checksum(&mut octets, 4, check);
        }
        octets
    }
}

/// A mirrored frame behind a header of ERSPAN type II, which belongs into GRE with a sequence number. (Type I has no
/// header: the frame itself, in GRE without a sequence number.)
///
/// The VLAN has 12 bits, the session 10. The frame is given without VLAN tag.
#[must_use]
pub fn erspan_2(vlan: u16, session: u16, frame: &[u8]) -> Vec<u8> {
    let head = [(0x1000 | vlan & 0x0fff).to_be_bytes(), (session & 0x03ff).to_be_bytes()];
    [head.as_flattened(), &[0; 4], frame].concat()
}

/// What a header of ERSPAN type III says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erspan3 {
    /// VLAN of the mirrored frame, of 12 bits.
    pub vlan: u16,
    /// The session, of 10 bits.
    pub session: u16,
    /// Whether the frame is an IP packet without link layer.
    pub bare_ip: bool,
    /// Whether the mirror cut the frame.
    pub truncated: bool,
    /// The octets of the platform's own header.
    pub platform: Option<[u8; 8]>,
}

impl Erspan3 {
    /// The header and the frame, which belong into GRE with a sequence number.
    #[must_use]
    pub fn packet(&self, frame: &[u8]) -> Vec<u8> {
        let cut = if self.truncated { 0x0400 } else { 0 };
        let head = [
            (0x2000 | self.vlan & 0x0fff).to_be_bytes(),
            (cut | self.session & 0x03ff).to_be_bytes(),
        ];
        let frame_type = if self.bare_ip { 2 << 2 } else { 0x80 };
        let timestamp_and_group = [0; 6];
        let last = [frame_type, u8::from(self.platform.is_some())];
        let mut octets = [head.as_flattened(), &timestamp_and_group, &last].concat();
        octets.extend(self.platform.into_iter().flatten());
        octets.extend(frame);
        octets
    }
}

/// A frame in a virtual network, of 24 bits.
#[must_use]
pub fn vxlan(network: u32, frame: &[u8]) -> Vec<u8> {
    [&[0x08, 0, 0, 0], (network << 8).to_be_bytes().as_slice(), frame].concat()
}

/// A packet or frame in a virtual network, of 24 bits: `kind` is Ethernet's number for it. Options have a multiple of
/// four octets, up to 252.
#[must_use]
pub fn geneve(network: u32, kind: u16, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let words = u8::try_from(options.len() / 4).unwrap_or(u8::MAX).min(63);
    let head = [[words, 0], kind.to_be_bytes()];
    [head.as_flattened(), &(network << 8).to_be_bytes(), options, payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_laid_out_to_the_octet() {
        let numbered = Gre { sequence: Some(7), ..Gre::default() };
        let all = Gre { checksum: true, key: Some(1), sequence: Some(2) };
        let platform =
            Erspan3 { vlan: 5, session: 3, platform: Some([9; 8]), ..Erspan3::default() };
        let bare = Erspan3 { bare_ip: true, truncated: true, ..Erspan3::default() };
        #[rustfmt::skip]
        let table: &[(&str, Vec<u8>, &[u8])] = &[
            ("MPLS",         mpls(&[0x12345, 3], &[0x45]), &[0x12, 0x34, 0x50, 64, 0, 0, 0x31, 64, 0x45]),
            ("control word", control_word(7, &[2]),        &[0, 0, 0, 7, 2]),
            ("PPPoE",        pppoe(0x0102, PPP_IPV4, &[0x45]), &[0x11, 0, 1, 2, 0, 3, 0, 0x21, 0x45]),
            ("GRE",          Gre::default().packet(0x0800, &[0x45]), &[0, 0, 8, 0, 0x45]),
            ("GRE, numbered", numbered.packet(ERSPAN, &[]), &[0x10, 0, 0x88, 0xbe, 0, 0, 0, 7]),
            ("GRE, all",     all.packet(0x0800, &[]),
                             &[0xb0, 0, 8, 0, 0x47, 0xfc, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]),
            ("ERSPAN II",    erspan_2(5, 3, &[2]),         &[0x10, 5, 0, 3, 0, 0, 0, 0, 2]),
            ("ERSPAN III",   platform.packet(&[2]),
                             &[0x20, 5, 0, 3, 0, 0, 0, 0, 0, 0, 0x80, 1, 9, 9, 9, 9, 9, 9, 9, 9, 2]),
            ("ERSPAN III, IP", bare.packet(&[0x45]),       &[0x20, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0x45]),
            ("VXLAN",        vxlan(0x01_0203, &[2]),       &[8, 0, 0, 0, 1, 2, 3, 0, 2]),
            ("Geneve",       geneve(0x01_0203, ETHERNET, &[0, 1, 2, 0], &[2]),
                             &[1, 0, 0x65, 0x58, 1, 2, 3, 0, 0, 1, 2, 0, 2]),
        ];
        for (name, octets, expected) in table {
            assert_eq!(octets, expected, "{name}");
        }
    }
}
