//! Reads IPv4 and IPv6 headers, with their extensions.

use std::net::{IpAddr, Ipv4Addr};

use etherparse::{IpAuthHeaderSlice, IpNumber, Ipv6ExtensionsSlice, LaxIpSlice, ip_number};

use super::decoder::Skip;

/// Octets of an IPv6 header without extensions.
const IPV6_HEADER: usize = 40;

/// What an IP packet carries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Datagram<'a> {
    /// The packet, from its header on, which can be read.
    pub(super) packet: &'a [u8],
    pub(super) protocol: IpNumber,
    pub(super) octets: &'a [u8],
    /// How many more octets the IP header claims, or `None` where it says nothing about its
    /// length: 0 is what a capture sees on a host that leaves cutting segments to its interface.
    pub(super) claimed: Option<u32>,
}

impl Datagram<'_> {
    /// Who sent it, and to whom.
    #[inline]
    pub(super) fn ends(&self) -> (IpAddr, IpAddr) {
        let v6 = self.packet.get(8..IPV6_HEADER).map(<[u8]>::as_chunks::<16>);
        let v4 = self.packet.get(12..20).map(<[u8]>::as_chunks::<4>);
        match (self.is_v4(), v4, v6) {
            (true, Some(([from, to], _)), _) => ((*from).into(), (*to).into()),
            (false, _, Some(([from, to], _))) => ((*from).into(), (*to).into()),
            _ => (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()),
        }
    }

    /// Hops it had left.
    #[inline]
    pub(super) fn hops(&self) -> u8 {
        let place = if self.is_v4() { 8 } else { 7 };
        self.packet.get(place).copied().unwrap_or(0)
    }

    pub(super) fn is_v4(&self) -> bool {
        self.packet.first().is_some_and(|octet| octet >> 4 == 4)
    }
}

/// Which part of a datagram a fragment is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) identification: u32,
    /// Of its first octet.
    pub(super) offset: u32,
    /// Whether others come behind it.
    pub(super) more: bool,
}

/// Reads the IP header at the start of `octets`. If it is that of a fragment, see [`fragment`].
#[inline]
pub(super) fn read(octets: &[u8]) -> Result<Datagram<'_>, Skip> {
    let (ip, stop) = LaxIpSlice::from_slice(octets).map_err(|_| Skip::Malformed)?;
    let payload = ip.payload();
    if payload.fragmented {
        return Err(Skip::Fragment);
    }
    if stop.is_some() {
        return Err(Skip::Malformed);
    }
    Ok(Datagram {
        packet: octets,
        protocol: payload.ip_number,
        octets: payload.payload,
        claimed: claimed(&ip, octets),
    })
}

/// Reads the headers of a fragment.
///
/// Its payload begins right behind the header that says so: what looks like an extension header
/// there is one in the first fragment alone.
pub(super) fn fragment(packet: &[u8]) -> Result<(Datagram<'_>, Part), Skip> {
    let (ip, _) = LaxIpSlice::from_slice(packet).map_err(|_| Skip::Malformed)?;
    let sent = length(&ip, packet).and_then(|length| packet.get(..length)).unwrap_or(packet);
    let claimed = claimed(&ip, packet);
    match &ip {
        LaxIpSlice::Ipv4(v4) => {
            let header = v4.header();
            let part = Part {
                identification: header.identification().into(),
                offset: header.fragments_offset().byte_offset().into(),
                more: header.more_fragments(),
            };
            let octets = sent.get(header.slice().len()..).ok_or(Skip::Malformed)?;
            Ok((Datagram { packet, protocol: header.protocol(), octets, claimed }, part))
        }
        LaxIpSlice::Ipv6(v6) => {
            let mut next = v6.header().next_header();
            let mut rest = sent.get(IPV6_HEADER..).ok_or(Skip::Malformed)?;
            while let ip_number::IPV6_HOP_BY_HOP
            | ip_number::IPV6_DEST_OPTIONS
            | ip_number::IPV6_ROUTE = next
            {
                let &[following, length, ..] = rest else { return Err(Skip::Malformed) };
                let octets = usize::from(length).saturating_mul(8).saturating_add(8);
                rest = rest.get(octets..).ok_or(Skip::Malformed)?;
                next = IpNumber(following);
            }
            let (&[protocol, _, p0, p1, id @ ..], octets) =
                rest.split_first_chunk::<8>().ok_or(Skip::Malformed)?;
            if next != ip_number::IPV6_FRAGMENTATION_HEADER {
                return Err(Skip::Malformed);
            }
            let place = u16::from_be_bytes([p0, p1]);
            let part = Part {
                identification: u32::from_be_bytes(id),
                offset: (place & 0xfff8).into(),
                more: place & 1 == 1,
            };
            Ok((Datagram { packet, protocol: IpNumber(protocol), octets, claimed }, part))
        }
    }
}

/// The datagram that fragments were put together to, with the headers that `last` had.
pub(super) fn reassembled<'a>(last: &Datagram<'a>, octets: &'a [u8]) -> Result<Datagram<'a>, Skip> {
    let (protocol, octets) = if last.protocol == ip_number::AUTH {
        let header = IpAuthHeaderSlice::from_slice(octets).map_err(|_| Skip::Malformed)?;
        let rest = octets.get(header.slice().len()..).unwrap_or_default();
        (header.next_header(), rest)
    } else if last.is_v4() {
        (last.protocol, octets)
    } else {
        let (headers, protocol, rest, stop) =
            Ipv6ExtensionsSlice::from_slice_lax(last.protocol, octets);
        if stop.is_some() || headers.is_fragmenting_payload() {
            return Err(Skip::Malformed);
        }
        (protocol, rest)
    };
    Ok(Datagram { protocol, octets, ..*last })
}

/// How many octets the header claims beyond those of the packet, if it says so.
#[inline]
fn claimed(ip: &LaxIpSlice<'_>, packet: &[u8]) -> Option<u32> {
    let more = length(ip, packet)?.saturating_sub(packet.len());
    Some(u32::try_from(more).unwrap_or(u32::MAX))
}

/// How many octets the packet has going by its header, if that says so.
#[inline]
fn length(ip: &LaxIpSlice<'_>, packet: &[u8]) -> Option<usize> {
    match ip {
        LaxIpSlice::Ipv4(ip) => {
            let (header, length) = (ip.header().slice().len(), ip.header().total_len().into());
            (length >= header).then_some(length)
        }
        LaxIpSlice::Ipv6(ip) => {
            let length = usize::from(ip.header().payload_length());
            (length > 0 || packet.len() == IPV6_HEADER)
                .then_some(length.saturating_add(IPV6_HEADER))
        }
    }
}
