//! Takes a packet out of a `PPPoE` session (RFC 2516).

use super::decoder::Skip;
use super::frame::Frame;
use super::mpls;

/// Reads the headers of `PPPoE` and PPP.
pub(super) fn open(frame: &mut Frame<'_>) -> Result<(), Skip> {
    frame.enter_tunnel()?;
    let [version_and_type, code, _, _, l0, l1] = *frame.take::<6>()?;
    if version_and_type != 0x11 || code != 0 {
        return Err(Skip::NotIp);
    }
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    frame.octets = frame.octets.get(..length).unwrap_or(frame.octets);
    match *frame.take::<2>()? {
        [0x00, 0x21 | 0x57] => Ok(()),
        [0x02, 0x81] => mpls::open(frame),
        _ => Err(Skip::NotIp),
    }
}
