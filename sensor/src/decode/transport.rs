//! Reads TCP and UDP headers.

use etherparse::{TcpSlice, UdpSlice, ip_number};

use super::Transport;
use super::decoder::Skip;
use super::network::Datagram;

/// What a TCP segment or UDP datagram carries.
#[derive(Debug)]
pub(super) struct Payload<'a> {
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
    pub(super) transport: Transport,
    pub(super) octets: &'a [u8],
    /// The same with its header.
    pub(super) whole: &'a [u8],
    /// How many more octets the headers claim, where they say so.
    pub(super) claimed: Option<u32>,
}

/// Reads the TCP or UDP header at the start of an IP payload.
#[inline]
pub(super) fn read<'a>(datagram: &Datagram<'a>) -> Result<Payload<'a>, Skip> {
    match datagram.protocol {
        ip_number::TCP => tcp(datagram),
        ip_number::UDP => udp(datagram),
        _ => Err(Skip::OtherTransport),
    }
}

#[inline]
fn tcp<'a>(datagram: &Datagram<'a>) -> Result<Payload<'a>, Skip> {
    let tcp = TcpSlice::from_slice(datagram.octets).map_err(|_| Skip::Malformed)?;
    Ok(Payload {
        source_port: tcp.source_port(),
        destination_port: tcp.destination_port(),
        transport: Transport::Tcp {
            sequence: tcp.sequence_number(),
            acknowledgement: tcp.ack().then(|| tcp.acknowledgment_number()),
            syn: tcp.syn(),
            fin: tcp.fin(),
            rst: tcp.rst(),
            window: tcp.window_size(),
        },
        octets: tcp.payload(),
        whole: datagram.octets,
        claimed: datagram.claimed,
    })
}

#[inline]
fn udp<'a>(datagram: &Datagram<'a>) -> Result<Payload<'a>, Skip> {
    let udp = UdpSlice::from_slice_lax(datagram.octets).map_err(|_| Skip::Malformed)?;
    // A length that cannot hold the header says nothing; the IP header's counts then.
    let length = Some(usize::from(udp.length())).filter(|length| *length >= udp.header_len());
    let claimed = length.map_or(datagram.claimed, |length| {
        u32::try_from(length.saturating_sub(datagram.octets.len())).ok()
    });
    Ok(Payload {
        source_port: udp.source_port(),
        destination_port: udp.destination_port(),
        transport: Transport::Udp,
        octets: udp.payload(),
        whole: udp.slice(),
        claimed,
    })
}
