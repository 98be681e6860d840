//! Takes an MPLS label stack off, and finds out what is behind it (RFC 3032, RFC 4385, RFC 4448).

use super::decoder::Skip;
use super::frame::Frame;
use super::{checksum, link};

/// Reads a label stack and what it carries: IP, or Ethernet with or without a control word.
///
/// No field says which. The first four bits do for IP and for a control word, unless an Ethernet
/// frame without one begins with an address that has the same bits: so the guess is looked into,
/// and Ethernet is the other one.
pub(super) fn open(frame: &mut Frame<'_>) -> Result<(), Skip> {
    frame.enter_tunnel()?;
    while !at_bottom(*frame.take()?) {}
    match frame.octets.first().map(|octet| octet >> 4) {
        None => Err(Skip::Malformed),
        Some(4) if checksum::header_is_right(frame.octets) => Ok(()),
        Some(4 | 6) => {
            if let Ok(inner) = ethernet_with_ip(*frame) {
                *frame = inner;
            }
            Ok(())
        }
        Some(0) => {
            let mut worded = *frame;
            worded.take::<4>()?;
            *frame = match (ethernet_with_ip(worded), ethernet_with_ip(*frame)) {
                (Ok(inner), _) | (_, Ok(inner)) => inner,
                // The rest is missing: nothing was ruled out.
                (Err(Skip::Malformed), _) => return Err(Skip::Malformed),
                (_, Err(skip)) => return Err(skip),
            };
            Ok(())
        }
        Some(_) => link::ethernet(frame),
    }
}

fn at_bottom(entry: [u8; 4]) -> bool {
    let [_, _, bits, _] = entry;
    bits & 1 == 1
}

/// Reads an Ethernet frame, if what is in it looks like IP, as far as there is anything to see.
fn ethernet_with_ip(mut frame: Frame<'_>) -> Result<Frame<'_>, Skip> {
    link::ethernet(&mut frame)?;
    match frame.octets.first().map(|octet| octet >> 4) {
        None | Some(4 | 6) => Ok(frame),
        Some(_) => Err(Skip::NotIp),
    }
}
