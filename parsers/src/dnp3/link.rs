//! Link frames (IEEE 1815-2012): header, addresses, data blocks and their CRCs.

use nom::Parser;
use nom::bytes::complete::tag;
use nom::number::complete::{le_u8, le_u16};

use super::crc;
use crate::error::{Class, ParseError, Wire};

/// Octets of a frame's header with its CRC: the shortest frame.
pub const HEADER_OCTETS: usize = 10;
/// The most user data in one frame, in octets.
pub const MAX_USER_OCTETS: usize = 250;
/// The longest frame, in octets.
pub const MAX_FRAME_OCTETS: usize = 292;

const START: [u8; 2] = [0x05, 0x64];
/// Octets that the length field counts besides the user data: control and addresses.
const COUNTED_OCTETS: u8 = 5;
const BLOCK_OCTETS: usize = 16;
const CRC_OCTETS: usize = 2;

/// A frame's header, without start octets and CRC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Header {
    /// Octets that follow, without CRCs: 5 and the user data.
    pub length: u8,
    /// Direction, initiator and function.
    pub control: Control,
    /// Who the frame is for; 0xfffd to 0xffff are broadcasts, 0xfffc is any outstation itself.
    pub destination: u16,
    /// Who sent it.
    pub source: u16,
}

impl Header {
    /// What the frame asks or answers on the link.
    #[must_use]
    pub fn function(&self) -> LinkFunction {
        self.control.into()
    }

    /// Octets of user data, without CRCs.
    #[must_use]
    pub fn user_octets(&self) -> usize {
        usize::from(self.length.saturating_sub(COUNTED_OCTETS))
    }

    /// Octets of the whole frame, with start octets and CRCs.
    #[must_use]
    pub fn frame_octets(&self) -> usize {
        let user = self.user_octets();
        let crcs = user.div_ceil(BLOCK_OCTETS).saturating_mul(CRC_OCTETS);
        HEADER_OCTETS.saturating_add(user).saturating_add(crcs)
    }

    /// Whether the frame is for all outstations.
    #[must_use]
    pub const fn is_broadcast(&self) -> bool {
        self.destination >= 0xfffd
    }

    /// What the header says against the standard, if anything: the first of addresses, function,
    /// FCV and length.
    #[must_use]
    pub fn fault(&self) -> Option<ParseError> {
        let error = |offset, class, what| Some(ParseError { offset, class, what });
        let function = self.function();
        if self.source >= 0xfff0 {
            return error(6, Class::Address, "a source address that is reserved or a broadcast");
        }
        if (0xfff0..=0xfffb).contains(&self.destination) {
            return error(4, Class::Address, "a reserved destination address");
        }
        if matches!(function, LinkFunction::ReservedPrimary(_) | LinkFunction::ReservedSecondary(_))
        {
            return error(3, Class::LinkFunction, "a reserved link function");
        }
        if function.wants_fcv().is_some_and(|wanted| wanted != self.control.fcv()) {
            return error(3, Class::Fcv, "FCV disagrees with the link function");
        }
        match (function.carries_user_data(), self.user_octets()) {
            (true, 0) => error(2, Class::MissingUserData, "user data announced, none there"),
            (false, 1..) => {
                error(2, Class::UnexpectedUserData, "user data in a frame that carries none")
            }
            _ => None,
        }
    }
}

/// A frame's control octet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Control(pub u8);

impl Control {
    /// DIR: whether a master sent the frame.
    #[must_use]
    pub const fn from_master(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// PRM: whether the frame begins an exchange on the link, rather than answers.
    #[must_use]
    pub const fn primary(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// FCB: the bit that alternates from frame to frame; of a primary frame with FCV.
    #[must_use]
    pub const fn fcb(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// FCV: whether FCB counts. Of a primary frame only.
    #[must_use]
    pub const fn fcv(self) -> bool {
        self.primary() && self.0 & 0x10 != 0
    }

    /// DFC: whether the sender can take no more data. Of a secondary frame only.
    #[must_use]
    pub const fn dfc(self) -> bool {
        !self.primary() && self.0 & 0x10 != 0
    }
}

/// What a frame asks (primary) or answers (secondary) on the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkFunction {
    /// Primary 0: forget the expected FCB.
    ResetLinkStates,
    /// Primary 1, obsolete.
    ResetUserProcess,
    /// Primary 2.
    TestLinkStates,
    /// Primary 3: user data that the link acknowledges.
    ConfirmedUserData,
    /// Primary 4: user data that it does not; the usual service on TCP.
    UnconfirmedUserData,
    /// Primary 9: the keep-alive on TCP.
    RequestLinkStatus,
    /// Secondary 0.
    Ack,
    /// Secondary 1.
    Nack,
    /// Secondary 11.
    LinkStatus,
    /// Secondary 14, obsolete.
    LinkNotFunctioning,
    /// Secondary 15.
    NotSupported,
    /// A primary code of no meaning.
    ReservedPrimary(u8),
    /// A secondary code of no meaning.
    ReservedSecondary(u8),
}

impl LinkFunction {
    /// Its name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResetLinkStates => "reset_link_states",
            Self::ResetUserProcess => "reset_user_process",
            Self::TestLinkStates => "test_link_states",
            Self::ConfirmedUserData => "confirmed_user_data",
            Self::UnconfirmedUserData => "unconfirmed_user_data",
            Self::RequestLinkStatus => "request_link_status",
            Self::Ack => "ack",
            Self::Nack => "nack",
            Self::LinkStatus => "link_status",
            Self::LinkNotFunctioning => "link_not_functioning",
            Self::NotSupported => "not_supported",
            Self::ReservedPrimary(_) | Self::ReservedSecondary(_) => "reserved",
        }
    }

    /// Whether a transport segment follows the header.
    #[must_use]
    pub const fn carries_user_data(self) -> bool {
        matches!(self, Self::ConfirmedUserData | Self::UnconfirmedUserData)
    }

    /// What FCV has to be, of a known primary function.
    const fn wants_fcv(self) -> Option<bool> {
        match self {
            Self::TestLinkStates | Self::ConfirmedUserData => Some(true),
            Self::ResetLinkStates
            | Self::ResetUserProcess
            | Self::UnconfirmedUserData
            | Self::RequestLinkStatus => Some(false),
            Self::Ack
            | Self::Nack
            | Self::LinkStatus
            | Self::LinkNotFunctioning
            | Self::NotSupported
            | Self::ReservedPrimary(_)
            | Self::ReservedSecondary(_) => None,
        }
    }
}

impl From<Control> for LinkFunction {
    fn from(control: Control) -> Self {
        match (control.primary(), control.0 & 0x0f) {
            (true, 0) => Self::ResetLinkStates,
            (true, 1) => Self::ResetUserProcess,
            (true, 2) => Self::TestLinkStates,
            (true, 3) => Self::ConfirmedUserData,
            (true, 4) => Self::UnconfirmedUserData,
            (true, 9) => Self::RequestLinkStatus,
            (true, code) => Self::ReservedPrimary(code),
            (false, 0) => Self::Ack,
            (false, 1) => Self::Nack,
            (false, 11) => Self::LinkStatus,
            (false, 14) => Self::LinkNotFunctioning,
            (false, 15) => Self::NotSupported,
            (false, code) => Self::ReservedSecondary(code),
        }
    }
}

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
            let user_data = user_data(&header, octets, buffer)?;
            Ok(Frame { header, user_data })
        }
    }
}

/// Whether `octets` begin with a frame's header whose CRC is right.
pub(crate) fn looks_like(octets: &[u8]) -> bool {
    match octets.first_chunk::<HEADER_OCTETS>().map(|head| front(head)) {
        Some(Front::Frame(_) | Front::Partial { .. }) => true,
        Some(Front::Junk(_) | Front::Damaged(_)) | None => false,
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
    let (rest, (_, length, control, destination, source)) =
        (tag(&START[..]), le_u8, le_u8, le_u16, le_u16).parse(octets)?;
    Ok((rest, Header { length, control: Control(control), destination, source }))
}

/// Checks the data blocks of `header`'s frame and joins them in `buffer`, without their CRCs.
pub(crate) fn user_data<'b>(
    header: &Header,
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
    fn every_control_octet_has_a_function_by_prm_and_low_bits() {
        let mut named = 0;
        for octet in 0..=u8::MAX {
            let control = Control(octet);
            let function = LinkFunction::from(control);
            let again = LinkFunction::from(Control(octet ^ 0xb0));
            assert_eq!(function, again, "DIR, FCB and FCV change the function of {octet:#04x}");
            assert_eq!(control.fcv() || control.dfc(), octet & 0x10 != 0);
            assert!(!(control.fcv() && control.dfc()));
            named += usize::from(function.name() != "reserved");
        }
        assert_eq!(named, 11 * 8);
    }

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
        assert!(looks_like(&reset));
        assert!(!looks_like(&reset[..9]));
        assert!(!looks_like(&[0; 10]));
        for at in 0..8 * reset.len() {
            let mut flipped = reset;
            flipped[at / 8] ^= 1 << (at % 8);
            assert!(!looks_like(&flipped), "bit {at}");
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

    #[test]
    fn lengths_lead_to_frames_of_the_right_size() {
        let octets = |length| Header { length, ..Header::default() }.frame_octets();
        let table = [(0, 10), (5, 10), (6, 13), (21, 28), (22, 31), (255, MAX_FRAME_OCTETS)];
        for (length, expected) in table {
            assert_eq!(octets(length), expected, "{length}");
        }
    }

    #[test]
    fn what_a_header_should_not_say_is_told() {
        let header = |control, length, destination, source| Header {
            length,
            control: Control(control),
            destination,
            source,
        };
        #[rustfmt::skip]
        let table = [
            ("request link status",     header(0xc9, 5, 10, 1),      None),
            ("unconfirmed user data",   header(0xc4, 8, 10, 1),      None),
            ("confirmed user data",     header(0xf3, 8, 10, 1),      None),
            ("busy",                    header(0x10, 5, 1, 10),      None),
            ("to all",                  header(0xc4, 8, 0xffff, 1),  None),
            ("to itself",               header(0xc9, 5, 0xfffc, 1),  None),
            ("from all",                header(0xc9, 5, 10, 0xffff), Some(Class::Address)),
            ("from itself",             header(0xc9, 5, 10, 0xfffc), Some(Class::Address)),
            ("to a reserved address",   header(0xc9, 5, 0xfff0, 1),  Some(Class::Address)),
            ("reserved primary",        header(0xc5, 5, 10, 1),      Some(Class::LinkFunction)),
            ("reserved secondary",      header(0x02, 5, 1, 10),      Some(Class::LinkFunction)),
            ("FCV where none belongs",  header(0xd4, 8, 10, 1),      Some(Class::Fcv)),
            ("no FCV",                  header(0xc2, 5, 10, 1),      Some(Class::Fcv)),
            ("nothing to carry",        header(0xc4, 5, 10, 1),      Some(Class::MissingUserData)),
            ("a reset that carries",    header(0xc0, 7, 10, 1),      Some(Class::UnexpectedUserData)),
            ("an ACK that carries",     header(0x00, 7, 1, 10),      Some(Class::UnexpectedUserData)),
        ];
        for (name, header, expected) in table {
            assert_eq!(header.fault().map(|error| error.class), expected, "{name}");
        }
    }
}
