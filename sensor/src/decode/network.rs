//! Reads IPv4 and IPv6 headers, with their extensions.

use std::net::IpAddr;

use etherparse::{IpNumber, LaxIpSlice};

use super::decoder::Skip;

/// Octets of an IPv6 header without extensions.
const IPV6_HEADER: usize = 40;

/// What an IP packet carries.
#[derive(Debug)]
pub(super) struct Datagram<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: IpNumber,
    pub(super) octets: &'a [u8],
    /// How many more octets the IP header claims, or `None` where it says nothing about its
    /// length: 0 is what a capture sees on a host that leaves cutting segments to its interface.
    pub(super) claimed: Option<u32>,
}

/// Reads the IP header at the start of `octets`.
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
    let length = match &ip {
        LaxIpSlice::Ipv4(ip) => {
            let (header, length) = (ip.header().slice().len(), ip.header().total_len().into());
            (length >= header).then_some(length)
        }
        LaxIpSlice::Ipv6(ip) => {
            let length = usize::from(ip.header().payload_length());
            (length > 0 || octets.len() == IPV6_HEADER)
                .then_some(length.saturating_add(IPV6_HEADER))
        }
    };
    Ok(Datagram {
        source: ip.source_addr(),
        destination: ip.destination_addr(),
        protocol: payload.ip_number,
        octets: payload.payload,
        claimed: length
            .map(|length| u32::try_from(length.saturating_sub(octets.len())).unwrap_or(u32::MAX)),
    })
}
