//! Link frames and transport segments.

use crate::octets::{count8, crc16};

/// Control bit: sent by a master.
pub const DIR: u8 = 0x80;
/// Control bit: sent by the side that began the exchange.
pub const PRM: u8 = 0x40;
/// Control bit of primary frames: toggles from one counted frame to the next.
pub const FCB: u8 = 0x20;
/// Control bit of primary frames: the count bit counts.
pub const FCV: u8 = 0x10;
/// Control bit of secondary frames: cannot take more data.
pub const DFC: u8 = 0x10;

/// Primary function: expect a count bit of 1 next.
pub const RESET_LINK_STATES: u8 = 0;
/// Primary function: are you there, and in step?
pub const TEST_LINK_STATES: u8 = 2;
/// Primary function: data that wants an acknowledgement.
pub const CONFIRMED_USER_DATA: u8 = 3;
/// Primary function: data that wants none.
pub const UNCONFIRMED_USER_DATA: u8 = 4;
/// Primary function: are you there?
pub const REQUEST_LINK_STATUS: u8 = 9;
/// Secondary function: yes.
pub const ACK: u8 = 0;
/// Secondary function: no.
pub const NACK: u8 = 1;
/// Secondary function: the answer to [`REQUEST_LINK_STATUS`].
pub const LINK_STATUS: u8 = 11;
/// Secondary function: not known here.
pub const NOT_SUPPORTED: u8 = 15;

/// A link frame with any control octet.
///
/// User data are up to 250 octets by the standard; the length saturates above, and all data are written.
#[must_use]
pub fn frame(control: u8, destination: u16, source: u16, user_data: &[u8]) -> Vec<u8> {
    let [d0, d1] = destination.to_le_bytes();
    let [s0, s1] = source.to_le_bytes();
    let length = count8(user_data.len().saturating_add(5));
    let header = [0x05, 0x64, length, control, d0, d1, s0, s1];
    let blocks = core::iter::once(header.as_slice()).chain(user_data.chunks(16));
    let mut frame = Vec::new();
    for block in blocks {
        frame.extend(block);
        frame.extend(crc(block).to_le_bytes());
    }
    frame
}

/// The CRC of a block: the low octet is sent first.
#[must_use]
pub fn crc(octets: &[u8]) -> u16 {
    !crc16(0xa6bc, 0, octets)
}

/// The transport segments of an application fragment, the first with this sequence (modulo 64).
///
/// A fragment without octets has one segment without octets.
#[must_use]
pub fn segments(sequence: u8, fragment: &[u8]) -> Vec<Vec<u8>> {
    const LARGEST: usize = 249;
    const FIR: u8 = 0x40;
    const FIN: u8 = 0x80;
    let mut segments = Vec::new();
    let (mut sequence, mut left, mut first) = (sequence, fragment, FIR);
    loop {
        let (segment, rest) = left.split_at(left.len().min(LARGEST));
        let last = if rest.is_empty() { FIN } else { 0 };
        segments.push([&[last | first | (sequence & 0x3f)], segment].concat());
        if rest.is_empty() {
            return segments;
        }
        (sequence, left, first) = (sequence.wrapping_add(1), rest, 0);
    }
}

/// One end of a link, which sends application fragments to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Station {
    /// Link address of its own.
    pub address: u16,
    /// Link address of the other.
    pub peer: u16,
    /// Whether it is a master, which sets [`DIR`].
    pub is_master: bool,
    /// Transport sequence of the next segment, 0 to 63.
    pub next_segment: u8,
}

impl Station {
    /// A master that talks to an outstation.
    #[must_use]
    pub fn master(address: u16, outstation: u16) -> Self {
        Self { address, peer: outstation, is_master: true, next_segment: 0 }
    }

    /// An outstation that talks to a master.
    #[must_use]
    pub fn outstation(address: u16, master: u16) -> Self {
        Self { address, peer: master, is_master: false, next_segment: 0 }
    }

    /// Sends a fragment as unconfirmed user data: one frame or several, in a row.
    pub fn frames(&mut self, fragment: &[u8]) -> Vec<u8> {
        let mut frames = Vec::new();
        for segment in segments(self.next_segment, fragment) {
            frames.extend(self.frame(PRM | UNCONFIRMED_USER_DATA, &segment));
            self.next_segment = self.next_segment.wrapping_add(1) & 0x3f;
        }
        frames
    }

    /// A frame with this control octet, to which [`DIR`] is added for a master.
    #[must_use]
    pub fn frame(&self, control: u8, user_data: &[u8]) -> Vec<u8> {
        let direction = if self.is_master { DIR } else { 0 };
        frame(direction | control, self.peer, self.address, user_data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_are_the_published_ones() {
        assert_eq!(crc(b"123456789"), 0xea82);
        assert_eq!(crc(&[0x05, 0x64, 0x05, 0xc0, 0x01, 0x00, 0x00, 0x04]), 0x21e9);
        assert_eq!(crc(&[0; 16]), 0xffff);
    }

    #[test]
    fn a_frame_has_a_crc_after_its_header_and_after_every_16_octets() {
        let poll = [0xc0, 0xc0, 0x01, 0x3c, 0x01, 0x06];
        #[rustfmt::skip]
        let expected = [
            0x05, 0x64, 11, 0xc4, 10, 0, 1, 0, 0xac, 0xd1,
            0xc0, 0xc0, 0x01, 0x3c, 0x01, 0x06, 0xff, 0x50,
        ];
        assert_eq!(frame(DIR | PRM | UNCONFIRMED_USER_DATA, 10, 1, &poll), expected);
        for (octets, length, size) in
            [(0, 5, 10), (16, 21, 28), (17, 22, 31), (250, 255, 292), (251, 255, 293)]
        {
            let frame = frame(0, 0, 0, &vec![0; octets]);
            assert_eq!((frame[2], frame.len()), (length, size), "{octets} octets");
        }
    }

    #[test]
    fn segments_count_modulo_64_and_mark_their_ends() {
        let heads = |octets: usize| -> Vec<(u8, usize)> {
            let fragment = vec![0; octets];
            segments(63, &fragment).iter().map(|segment| (segment[0], segment.len())).collect()
        };
        assert_eq!(heads(0), [(0xff, 1)]);
        assert_eq!(heads(249), [(0xff, 250)]);
        assert_eq!(heads(250), [(0x7f, 250), (0x80, 2)]);
        assert_eq!(heads(499), [(0x7f, 250), (0x00, 250), (0x81, 2)]);
    }

    #[test]
    fn a_station_goes_on_counting_from_one_fragment_to_the_next() {
        let mut outstation = Station { next_segment: 63, ..Station::outstation(10, 1) };
        let (first, second) = (outstation.frames(&[0xc0, 0x00]), outstation.frames(&[0xc1, 0x00]));
        assert_eq!((first[3], first[10]), (0x44, 0xff));
        assert_eq!((second[3], second[10]), (0x44, 0xc0));
    }
}
