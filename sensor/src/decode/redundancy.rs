//! The tags of HSR and the trailers of PRP, which send each frame twice (IEC 62439-3).
//!
//! Both number the frames of a sender, and say in four bits which way a copy took. The two copies
//! are the same but for these four bits, so [`twins`](super::twins) finds them once it knows where
//! those are. A frame with the number of another but other octets is no copy of it, and stays.

use etherparse::EtherType;

use super::decoder::Skip;
use super::frame::Frame;

/// Octets of addresses and Ethernet type, which the size in a trailer leaves out.
const HEADER: usize = 14;
/// Octets of a VLAN tag, which it leaves out as well.
const VLAN_TAG: usize = 4;

/// Takes off an HSR tag: path and size, sequence number, and the Ethernet type of what follows.
pub(super) fn tag(frame: &mut Frame<'_>) -> Result<EtherType, Skip> {
    let place = frame.place_in_sight();
    let [_, _, _, _, k0, k1] = *frame.take::<6>()?;
    if let (Some(sight), Some(place)) = (&mut frame.sight, place) {
        sight.way = Some(place);
    }
    Ok(EtherType(u16::from_be_bytes([k0, k1])))
}

/// Takes off a PRP trailer, if there is one at the end of the Ethernet frame `all`: sequence number,
/// LAN and size, suffix.
///
/// It must lie behind the IP packet and tell the size of the frame, or it is not one.
#[inline]
pub(super) fn trailer(frame: &mut Frame<'_>, all: &[u8]) {
    let Some((body, &[_, _, l0, l1, 0x88, 0xfb])) = frame.octets.split_last_chunk() else { return };
    let size = usize::from(u16::from_be_bytes([l0, l1]) & 0x0fff);
    let sent = all.len().saturating_sub(HEADER);
    let sized = size == sent || (frame.vlan.is_some() && size.saturating_add(VLAN_TAG) == sent);
    if !sized || frame.unkept > 0 || ip_octets(body) > body.len() {
        return;
    }
    let place = frame.place_in_sight().map(|place| place.saturating_add(body.len()));
    frame.octets = body;
    if let (Some(sight), Some(place)) = (&mut frame.sight, place) {
        sight.way = Some(place.saturating_add(2));
    }
}

/// How many octets an IP packet says it has.
fn ip_octets(packet: &[u8]) -> usize {
    match *packet {
        [0x40..=0x4f, _, l0, l1, ..] => u16::from_be_bytes([l0, l1]).into(),
        [0x60..=0x6f, _, _, _, l0, l1, ..] => {
            usize::from(u16::from_be_bytes([l0, l1])).saturating_add(40)
        }
        _ => usize::MAX,
    }
}
