//! Frames: link, IP, TCP and UDP headers around octets.
//!
//! The sensor reads these headers with etherparse; here they are laid out by hand, so that the two can disagree.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::octets::count16;

/// An Ethernet address.
pub type Mac = [u8; 6];

/// What the octets of a packet begin with (LINKTYPE numbers of the pcap registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// Loopback of the BSDs: an address family, then IP.
    pub const NULL: Self = Self(0);
    /// Ethernet.
    pub const ETHERNET: Self = Self(1);
    /// IP with nothing before it.
    pub const RAW_IP: Self = Self(101);
    /// Linux cooked capture, version 1.
    pub const LINUX_COOKED: Self = Self(113);
}

/// One end of a flow, with its name at each layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Ethernet address.
    pub mac: Mac,
    /// IP address.
    pub ip: IpAddr,
    /// TCP or UDP port.
    pub port: u16,
}

impl Endpoint {
    /// 10.0.0.`host`, with an Ethernet address that ends alike.
    #[must_use]
    pub fn v4(host: u8, port: u16) -> Self {
        Self { mac: [2, 0, 0, 0, 0, host], ip: Ipv4Addr::new(10, 0, 0, host).into(), port }
    }

    /// `fd00::host`, with an Ethernet address that ends alike.
    #[must_use]
    pub fn v6(host: u8, port: u16) -> Self {
        let ip = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, u16::from(host));
        Self { mac: [2, 0, 0, 0, 0, host], ip: ip.into(), port }
    }
}

/// What carries IP packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Ethernet II without check sequence, padded to 60 octets as on the wire.
    Ethernet {
        /// Tag control octets (priority, drop bit, VLAN of 12 bits), outermost tag first.
        ///
        /// The innermost is an 802.1Q tag (0x8100); those around it are 802.1ad tags (0x88a8).
        tags: Vec<u16>,
    },
    /// Linux cooked capture, version 1: what `tcpdump -i any` wrote for long.
    LinuxCooked,
    /// Loopback: the address family in little endian, 2 for IPv4 and 30 (Darwin's) for IPv6.
    Null,
    /// IP with nothing before it.
    RawIp,
}

impl Link {
    /// Ethernet without tags.
    pub const ETHERNET: Self = Self::Ethernet { tags: Vec::new() };

    /// Its number in capture files.
    #[must_use]
    pub fn link_type(&self) -> LinkType {
        match self {
            Self::Ethernet { .. } => LinkType::ETHERNET,
            Self::LinuxCooked => LinkType::LINUX_COOKED,
            Self::Null => LinkType::NULL,
            Self::RawIp => LinkType::RAW_IP,
        }
    }

    /// A frame with `packet`, which is IPv6 if it says so and IPv4 otherwise.
    #[must_use]
    pub fn frame(&self, from: Mac, to: Mac, packet: &[u8]) -> Vec<u8> {
        let v6 = packet.first().is_some_and(|octet| octet >> 4 == 6);
        let ether_type: u16 = if v6 { 0x86dd } else { 0x0800 };
        match self {
            Self::Ethernet { tags } => ethernet(from, to, tags, ether_type, packet),
            Self::LinuxCooked => {
                // To us; from an Ethernet device (ARPHRD 1); six octets of address in a field of eight.
                let head: [&[u8]; 3] = [&[0, 0, 0, 1, 0, 6], &from, &[0, 0]];
                [&head.concat(), ether_type.to_be_bytes().as_slice(), packet].concat()
            }
            Self::Null => [&[if v6 { 30 } else { 2 }, 0, 0, 0], packet].concat(),
            Self::RawIp => packet.to_vec(),
        }
    }
}

/// An Ethernet II frame without check sequence, padded to 60 octets, around a packet of any type.
///
/// `tags` are those of [`Link::Ethernet`].
#[must_use]
pub fn ethernet(from: Mac, to: Mac, tags: &[u16], ether_type: u16, packet: &[u8]) -> Vec<u8> {
    const SHORTEST: usize = 60;
    let mut frame = Vec::with_capacity(packet.len().saturating_add(SHORTEST));
    frame.extend(to);
    frame.extend(from);
    for (number, tag) in tags.iter().enumerate() {
        let innermost = number.saturating_add(1) == tags.len();
        frame.extend(if innermost { [0x81, 0x00] } else { [0x88, 0xa8] });
        frame.extend(tag.to_be_bytes());
    }
    frame.extend(ether_type.to_be_bytes());
    frame.extend(packet);
    if frame.len() < SHORTEST {
        frame.resize(SHORTEST, 0);
    }
    frame
}

/// IP's number for TCP.
pub const TCP: u8 = 6;
/// IP's number for UDP.
pub const UDP: u8 = 17;

/// The hops that an IP packet of ours has left.
pub const HOPS: u8 = 64;

/// An IP packet with [`HOPS`] left, not to be fragmented.
///
/// IPv4 if both addresses are, else IPv6, where an IPv4 address is written as mapped (`::ffff:10.0.0.5`).
/// `identification` is for IPv4 alone.
#[must_use]
pub fn ip(from: IpAddr, to: IpAddr, protocol: u8, identification: u16, payload: &[u8]) -> Vec<u8> {
    if let (IpAddr::V4(from), IpAddr::V4(to)) = (from, to) {
        let mut head = vec![0x45, 0];
        head.extend(count16(payload.len().saturating_add(20)).to_be_bytes());
        head.extend(identification.to_be_bytes());
        head.extend([0x40, 0, HOPS, protocol]);
        let check = checksum(&[&head, &from.octets(), &to.octets()]);
        head.extend(check.to_be_bytes());
        head.extend(from.octets());
        head.extend(to.octets());
        head.extend(payload);
        head
    } else {
        let mut head = vec![0x60, 0, 0, 0];
        head.extend(count16(payload.len()).to_be_bytes());
        head.extend([protocol, HOPS]);
        head.extend(as_v6(from).octets());
        head.extend(as_v6(to).octets());
        head.extend(payload);
        head
    }
}

/// Changes the hops that are left to the IPv4 packet of an Ethernet frame without tags, and the checksum with them.
/// Other frames stay as they are.
pub fn set_hops(frame: &mut [u8], hops: u8) {
    const PLACE: usize = 8;
    const CHECKSUM: usize = 10;
    if !matches!(frame.get(12..15), Some([0x08, 0x00, 0x45])) {
        return;
    }
    let Some(head) = frame.get_mut(14..34) else { return };
    if let Some(place) = head.get_mut(PLACE) {
        *place = hops;
    }
    put_checksum(head, CHECKSUM, 0);
    let check = checksum(&[head]);
    put_checksum(head, CHECKSUM, check);
}

fn as_v6(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

/// A TCP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Port of the sender.
    pub from_port: u16,
    /// Port of the receiver.
    pub to_port: u16,
    /// Sequence number of the first octet of payload, or of the SYN or FIN.
    pub sequence: u32,
    /// Sequence number the sender waits for; means nothing without [`Tcp::ACK`].
    pub acknowledgement: u32,
    /// The flags, ored.
    pub flags: u8,
    /// Octets the sender has room for.
    pub window: u16,
    /// The option that announces the largest segment the sender takes, in octets: belongs to a SYN.
    pub largest_segment: Option<u16>,
}

impl Tcp {
    /// No more octets will come from the sender.
    pub const FIN: u8 = 0x01;
    /// Opens a session.
    pub const SYN: u8 = 0x02;
    /// Breaks a session off.
    pub const RST: u8 = 0x04;
    /// Hand the octets on at once.
    pub const PSH: u8 = 0x08;
    /// The acknowledgement number counts.
    pub const ACK: u8 = 0x10;
    /// The urgent pointer counts (it is always written as 0).
    pub const URG: u8 = 0x20;

    /// The header and `payload`, with the checksum they have between these addresses.
    #[must_use]
    pub fn segment(&self, from: IpAddr, to: IpAddr, payload: &[u8]) -> Vec<u8> {
        let option = self.largest_segment.map(|octets| [[2, 4], octets.to_be_bytes()].concat());
        let mut segment = Vec::with_capacity(payload.len().saturating_add(24));
        segment.extend(self.from_port.to_be_bytes());
        segment.extend(self.to_port.to_be_bytes());
        segment.extend(self.sequence.to_be_bytes());
        segment.extend(self.acknowledgement.to_be_bytes());
        segment.extend([if option.is_some() { 0x60 } else { 0x50 }, self.flags]);
        segment.extend(self.window.to_be_bytes());
        segment.extend([0; 4]);
        segment.extend(option.into_iter().flatten());
        segment.extend(payload);
        let check = transport_checksum(from, to, TCP, &segment);
        put_checksum(&mut segment, 16, check);
        segment
    }
}

/// A UDP datagram, with the checksum it has between these ends.
#[must_use]
pub fn udp(from: &Endpoint, to: &Endpoint, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::with_capacity(payload.len().saturating_add(8));
    datagram.extend(from.port.to_be_bytes());
    datagram.extend(to.port.to_be_bytes());
    datagram.extend(count16(payload.len().saturating_add(8)).to_be_bytes());
    datagram.extend([0; 2]);
    datagram.extend(payload);
    // 0 would say that there is no checksum.
    let check = match transport_checksum(from.ip, to.ip, UDP, &datagram) {
        0 => 0xffff,
        check => check,
    };
    put_checksum(&mut datagram, 6, check);
    datagram
}

/// A whole frame with one UDP datagram.
#[must_use]
pub fn datagram(link: &Link, from: &Endpoint, to: &Endpoint, payload: &[u8]) -> Vec<u8> {
    link.frame(from.mac, to.mac, &ip(from.ip, to.ip, UDP, 0, &udp(from, to, payload)))
}

fn transport_checksum(from: IpAddr, to: IpAddr, protocol: u8, segment: &[u8]) -> u16 {
    let [high, low] = count16(segment.len()).to_be_bytes();
    let tail = [0, protocol, high, low];
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            checksum(&[&from.octets(), &to.octets(), &tail, segment])
        }
        _ => checksum(&[&as_v6(from).octets(), &as_v6(to).octets(), &tail, segment]),
    }
}

/// The checksum of the Internet over parts, each but the last of an even number of octets.
pub(crate) fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2)).map(|word| match *word {
        [high, low] => u64::from(u16::from_be_bytes([high, low])),
        [high] => u64::from(high) << 8,
        _ => 0,
    });
    let mut sum = words.fold(0, u64::wrapping_add);
    while sum > 0xffff {
        sum = (sum & 0xffff).wrapping_add(sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

pub(crate) fn put_checksum(octets: &mut [u8], at: usize, check: u16) {
    for (place, octet) in octets.iter_mut().skip(at).zip(check.to_be_bytes()) {
        *place = octet;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_internet_checksum_is_that_of_rfc_1071() {
        assert_eq!(checksum(&[&[0x00, 0x01, 0xf2, 0x03], &[0xf4, 0xf5, 0xf6, 0xf7]]), !0xddf2);
        assert_eq!(checksum(&[&[0x01]]), !0x0100, "an odd octet is the high half of a word");
    }

    #[test]
    fn a_udp_datagram_is_laid_out_to_the_octet() {
        let (from, to) = (Endpoint::v4(5, 1), Endpoint::v4(9, 2));
        #[rustfmt::skip]
        let expected = [
            2, 0, 0, 0, 0, 9,                   // to
            2, 0, 0, 0, 0, 5,                   // from
            0x88, 0xa8, 0, 7, 0x81, 0x00, 0x60, 8, // tags
            0x08, 0x00,                         // IPv4
            0x45, 0, 0, 29, 0, 0, 0x40, 0,      // length 29
            64, 17, 0x26, 0xc3,                 // hops, UDP, checksum
            10, 0, 0, 5, 10, 0, 0, 9,
            0, 1, 0, 2, 0, 9, 0xa9, 0xcb,       // ports, length 9, checksum
            0x42,
            0, 0, 0, 0, 0, 0, 0, 0, 0,          // padded to 60
        ];
        let link = Link::Ethernet { tags: vec![7, 0x6008] };
        assert_eq!(datagram(&link, &from, &to, &[0x42]), expected);
    }

    #[test]
    fn other_links_put_their_own_octets_before_the_packet() {
        let (from, to) = (Endpoint::v6(5, 1), Endpoint::v6(9, 2));
        let packet = ip(from.ip, to.ip, UDP, 0, &udp(&from, &to, &[0x42]));
        assert_eq!(packet[..8], [0x60, 0, 0, 0, 0, 9, 17, 64]);
        #[rustfmt::skip]
        let table: &[(Link, &[u8])] = &[
            (Link::RawIp,       &[]),
            (Link::Null,        &[30, 0, 0, 0]),
            (Link::LinuxCooked, &[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 5, 0, 0, 0x86, 0xdd]),
        ];
        for (link, head) in table {
            assert_eq!(datagram(link, &from, &to, &[0x42]), [*head, &packet].concat(), "{link:?}");
        }
    }

    #[test]
    fn hops_are_changed_with_their_checksum_and_in_ipv4_alone() {
        let (from, to) = (Endpoint::v4(5, 1), Endpoint::v4(9, 2));
        let mut frame = datagram(&Link::ETHERNET, &from, &to, &[0x42]);
        let before = frame.clone();
        set_hops(&mut frame, 61);
        assert_eq!(frame[22], 61);
        assert_eq!(checksum(&[&frame[14..34]]), 0, "the checksum fits");
        assert_eq!((&frame[..22], &frame[26..]), (&before[..22], &before[26..]));
        set_hops(&mut frame, HOPS);
        assert_eq!(frame, before);

        let mut other = datagram(&Link::ETHERNET, &Endpoint::v6(5, 1), &Endpoint::v6(9, 2), &[1]);
        let before = other.clone();
        set_hops(&mut other, 61);
        assert_eq!(other, before);
    }

    #[test]
    fn addresses_of_two_versions_meet_in_ipv6() {
        let packet = ip(Endpoint::v4(5, 0).ip, Endpoint::v6(9, 0).ip, TCP, 0, &[]);
        assert_eq!(packet[8..24], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 5]);
    }

    #[test]
    fn a_syn_carries_its_option_in_a_longer_header() {
        let (from, to) = (Endpoint::v4(5, 0), Endpoint::v4(9, 0));
        let tcp = Tcp {
            from_port: 49_152,
            to_port: 502,
            sequence: 0xffff_ffff,
            acknowledgement: 0,
            flags: Tcp::SYN,
            window: 0x1000,
            largest_segment: Some(1460),
        };
        let octets = tcp.segment(from.ip, to.ip, &[]);
        assert_eq!(octets[..12], [0xc0, 0, 1, 0xf6, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
        assert_eq!(octets[12..16], [0x60, Tcp::SYN, 0x10, 0]);
        assert_eq!(octets[20..], [2, 4, 5, 0xb4]);
    }
}
