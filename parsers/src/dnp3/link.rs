//! Link headers (IEEE 1815-2012): control octet, function, addresses, length.

use crate::error::{Class, ParseError};

/// Octets of a frame's header with its CRC: the shortest frame.
pub const HEADER_OCTETS: usize = 10;
/// The most user data in one frame, in octets.
pub const MAX_USER_OCTETS: usize = 250;
/// The longest frame, in octets.
pub const MAX_FRAME_OCTETS: usize = 292;

/// Octets that the length field counts besides the user data: control and addresses.
pub(crate) const COUNTED_OCTETS: u8 = 5;
pub(crate) const BLOCK_OCTETS: usize = 16;
pub(crate) const CRC_OCTETS: usize = 2;

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

#[cfg(test)]
mod tests {
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
