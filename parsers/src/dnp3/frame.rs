//! One link frame (IEEE 1815-2012): start octets, header, data blocks and their CRCs.

use nom::Parser;
use nom::number::complete::{le_u8, le_u16};

use super::crc;
use super::link::{
    BLOCK_OCTETS, COUNTED_OCTETS, CRC_OCTETS, Control, HEADER_OCTETS, Header, MAX_USER_OCTETS,
};
use crate::error::{Class, ParseError, Wire};
use crate::protocol::{Direction, Verdict};

const START: [u8; 2] = [0x05, 0x64];

/// A whole frame whose CRCs are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// Its header.
    pub header: Header,
    /// Its user data without CRCs: a transport octet and what that carries. May be empty.
    pub user_data: &'b [u8],
}

/// Reads the one frame that `octets` begin with; its user data goes to `buffer`.
///
/// The frame may still say what it should not: see [`Header::fault`].
///
/// # Errors
///
/// [`Class::Start`], [`Class::HeaderCrc`] or [`Class::LengthRange`] at the field,
/// [`Class::DataCrc`] at the block, [`Class::Incomplete`] at the octets' end.
pub fn frame<'b>(
    octets: &[u8],
    buffer: &'b mut [u8; MAX_USER_OCTETS],
) -> Result<Frame<'b>, ParseError> {
    match front(octets) {
        Front::Junk(_) => Err(NO_START),
        Front::Partial { .. } => Err(cut_short(octets.len())),
        Front::Damaged(damage) => Err(damage.error),
        Front::Frame(header) => {
            let user_data = user_data(header, octets, buffer)?;
            Ok(Frame { header, user_data })
        }
    }
}

/// Whether `octets` begin with a frame: certain with right CRCs, of which there are two at least
/// where it carries data.
pub(crate) fn probe(octets: &[u8]) -> Verdict {
    match octets {
        [] | [0x05] => return Verdict::Perhaps,
        [0x05, 0x64, ..] => {}
        _ => return Verdict::No,
    }
    match front(octets) {
        Front::Junk(_) | Front::Damaged(_) => Verdict::No,
        Front::Partial { .. } => Verdict::Perhaps,
        Front::Frame(header) => {
            let from_master = header.control.from_master();
            let sent = if from_master { Direction::Request } else { Direction::Response };
            match user_data(header, octets, &mut [0; MAX_USER_OCTETS]) {
                Ok(_) => Verdict::Certain(sent),
                Err(_) => Verdict::Message(Some(sent)),
            }
        }
    }
}

/// No frame where one should begin.
pub(crate) const NO_START: ParseError = ParseError {
    offset: 0,
    class: Class::Start,
    what: "no start octets where a frame should begin",
};

/// A frame whose end never came.
pub(crate) const fn cut_short(octets: usize) -> ParseError {
    ParseError { offset: octets, class: Class::Incomplete, what: "the octets end inside a frame" }
}

/// What stands at the front of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// So many octets that begin no frame.
    Junk(usize),
    /// A frame's beginning. More can be said at `wanted` octets.
    Partial { header: Option<Header>, wanted: usize },
    /// A frame's beginning that cannot be believed.
    Damaged(Damage),
    /// A right header, and all octets of its frame.
    Frame(Header),
}

/// Octets that should have been a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The frame's header, if its CRC is right.
    pub(crate) header: Option<Header>,
    pub(crate) error: ParseError,
    /// How many octets are the frame's, as far as that is known.
    pub(crate) octets: usize,
}

/// Looks at the front of a stream. `octets` must not be empty.
pub(crate) fn front(octets: &[u8]) -> Front {
    if !octets.starts_with(&START) {
        let start = octets.windows(START.len()).position(|pair| pair == START);
        match start {
            Some(at) => return Front::Junk(at),
            None if octets == [START[0]] => {}
            None if octets.ends_with(&[START[0]]) => {
                return Front::Junk(octets.len().saturating_sub(1));
            }
            None => return Front::Junk(octets.len()),
        }
    }
    let Some((head, crc)) =
        octets.first_chunk::<HEADER_OCTETS>().and_then(|head| head.split_last_chunk())
    else {
        return Front::Partial { header: None, wanted: HEADER_OCTETS };
    };
    let header = match header(head) {
        Ok((_, header)) if crc::matches(head, *crc) => header,
        _ => {
            let error = ParseError {
                offset: HEADER_OCTETS.saturating_sub(CRC_OCTETS),
                class: Class::HeaderCrc,
                what: "wrong CRC of a frame's header",
            };
            return Front::Damaged(Damage { header: None, error, octets: HEADER_OCTETS });
        }
    };
    if header.length < COUNTED_OCTETS {
        let error =
            ParseError { offset: 2, class: Class::LengthRange, what: "a frame length under 5" };
        return Front::Damaged(Damage { header: Some(header), error, octets: HEADER_OCTETS });
    }
    let wanted = header.frame_octets();
    if octets.len() < wanted {
        return Front::Partial { header: Some(header), wanted };
    }
    Front::Frame(header)
}

fn header(octets: &[u8]) -> Wire<'_, Header> {
    let (rest, (_start, length, control, destination, source)) =
        (le_u16, le_u8, le_u8, le_u16, le_u16).parse(octets)?;
    Ok((rest, Header { length, control: Control(control), destination, source }))
}

/// Checks the data blocks of `header`'s frame and joins them in `buffer`, without their CRCs.
pub(crate) fn user_data<'b>(
    header: Header,
    frame: &[u8],
    buffer: &'b mut [u8; MAX_USER_OCTETS],
) -> Result<&'b [u8], ParseError> {
    let end = header.frame_octets().min(frame.len());
    let blocks = frame.get(HEADER_OCTETS..end).unwrap_or_default();
    let mut offset = HEADER_OCTETS;
    for (block, joined) in
        blocks.chunks(BLOCK_OCTETS.saturating_add(CRC_OCTETS)).zip(buffer.chunks_mut(BLOCK_OCTETS))
    {
        let wrong =
            ParseError { offset, class: Class::DataCrc, what: "wrong CRC of a frame's data block" };
        let (octets, crc) = block.split_last_chunk().ok_or(wrong)?;
        if !crc::matches(octets, *crc) {
            return Err(wrong);
        }
        joined.get_mut(..octets.len()).ok_or(wrong)?.copy_from_slice(octets);
        offset = offset.saturating_add(block.len());
    }
    Ok(buffer.get(..header.user_octets()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    #[test]
    fn frames_are_told_from_what_is_none() {
        let right = Header { length: 5, control: Control(0xc9), destination: 10, source: 1 };
        let reset = hex!("05 64 05 c9 01 00 00 00 de 8e");
        #[rustfmt::skip]
        let table: &[(&str, &[u8], Front)] = &[
            ("whole",            &hex!("05 64 05 c9 01 00 00 00 de 8e"),
                Front::Frame(Header { destination: 1, source: 0, ..right })),
            ("one octet",        &hex!("05"),         Front::Partial { header: None, wanted: 10 }),
            ("start octets",     &hex!("05 64"),      Front::Partial { header: None, wanted: 10 }),
            ("header cut short", &reset[..9],         Front::Partial { header: None, wanted: 10 }),
            ("junk",             &hex!("01 02 64 03"), Front::Junk(4)),
            ("junk, then 05",    &hex!("01 05 65 05"), Front::Junk(3)),
            ("junk, then start", &hex!("05 05 64 05"), Front::Junk(1)),
        ];
        for (name, octets, expected) in table {
            assert_eq!(front(octets), *expected, "{name}");
        }
        assert_eq!(probe(&reset), Verdict::Certain(Direction::Request));
        assert_eq!(probe(&reset[..9]), Verdict::Perhaps);
        assert_eq!(probe(&[0; 10]), Verdict::No);
        assert_eq!(probe(&[]), Verdict::Perhaps);
        for at in 0..80 {
            let mut flipped = reset;
            flipped[at / 8] ^= 1 << (at % 8);
            assert_eq!(probe(&flipped), Verdict::No, "bit {at}");
        }
    }

    #[test]
    fn a_frame_gives_its_user_data_without_crcs() {
        let octets = hex!("05 64 0b c4 0a 00 01 00 ac d1 c0 c0 01 3c 01 06 ff 50");
        let mut buffer = [0; MAX_USER_OCTETS];
        let read = frame(&octets, &mut buffer).unwrap();
        assert_eq!(read.user_data, hex!("c0 c0 01 3c 01 06"));
        assert_eq!((read.header.destination, read.header.source), (10, 1));
        assert_eq!(read.header.frame_octets(), octets.len());

        let cut = frame(&octets[..17], &mut buffer).unwrap_err();
        assert_eq!((cut.offset, cut.class), (17, Class::Incomplete));
        let mut wrong = octets;
        wrong[12] ^= 1;
        let wrong = frame(&wrong, &mut buffer).unwrap_err();
        assert_eq!((wrong.offset, wrong.class), (10, Class::DataCrc));
    }
}
