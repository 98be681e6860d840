//! Takes a mirrored frame out of ERSPAN (draft-foschiano-erspan).
//!
//! The mirror numbers its packets, so that a frame mirrored twice comes in two different ones: from
//! here on, it is the frame that may have a twin.

use super::decoder::Skip;
use super::frame::Frame;
use super::link;
use super::twins::Sight;

const ETHERNET: u8 = 0;
const IP: u8 = 2;

/// Reads the header of type II.
pub(super) fn type_2(frame: &mut Frame<'_>) -> Result<(), Skip> {
    let [v0, v1, bits, _, _, _, _, _] = *frame.take::<8>()?;
    if v0 >> 4 != 1 {
        return Err(Skip::NoTunnel);
    }
    note_cut(frame, bits);
    mirrored(frame)?;
    note_vlan(frame, [v0, v1]);
    Ok(())
}

/// Reads the header of type III, and the platform's own behind it.
pub(super) fn type_3(frame: &mut Frame<'_>) -> Result<(), Skip> {
    let [v0, v1, bits, _, _, _, _, _, _, _, kind, options] = *frame.take::<12>()?;
    if v0 >> 4 != 2 {
        return Err(Skip::NoTunnel);
    }
    if options & 1 == 1 {
        frame.take::<8>()?;
    }
    note_cut(frame, bits);
    match (kind >> 2) & 0x1f {
        ETHERNET => mirrored(frame)?,
        IP => compare_alone(frame),
        _ => return Err(Skip::OtherTransport),
    }
    note_vlan(frame, [v0, v1]);
    Ok(())
}

/// Reads the frame, which is all there is in type I.
pub(super) fn mirrored(frame: &mut Frame<'_>) -> Result<(), Skip> {
    compare_alone(frame);
    link::ethernet(frame)
}

/// Has the frame compared with others by itself.
fn compare_alone(frame: &mut Frame<'_>) {
    frame.sight = Some(Sight::new(frame.octets, frame.unkept));
}

/// The mirror says if it cut the frame, but not by how much.
fn note_cut(frame: &mut Frame<'_>, bits: u8) {
    if bits & 0x04 != 0 {
        frame.unkept = u32::MAX;
    }
}

/// The header has the VLAN of a frame that was mirrored without its tag.
fn note_vlan(frame: &mut Frame<'_>, [high, low]: [u8; 2]) {
    let vlan = u16::from_be_bytes([high & 0x0f, low]);
    frame.vlan = frame.vlan.or(Some(vlan).filter(|vlan| *vlan != 0));
}
