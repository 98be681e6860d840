//! Application fragments (IEEE 1815-2012): control octet, function, internal indications, objects.

use nom::Parser;
use nom::combinator::rest;
use nom::number::complete::{le_u8, le_u16};

use super::function::FunctionCode;
use super::iin::Iin;
use super::link;
use super::objects::Objects;
use crate::error::{Class, ParseError, Wire, place};
use crate::protocol::Direction;

/// An application fragment, with link and transport octets taken out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fragment<'a> {
    /// The link header of its first frame.
    pub link: link::Header,
    /// Sequence, and place in its message.
    pub control: Control,
    /// What it asks for or is.
    pub function: FunctionCode,
    /// The outstation's state; in responses only.
    pub iin: Option<Iin>,
    /// Its objects.
    pub objects: Objects<'a>,
}

impl Fragment<'_> {
    /// Who it is meant for: by its function, or by the link's DIR bit where that does not say.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        if matches!(self.function, FunctionCode::UnsolicitedResponse) {
            return Direction::Unsolicited;
        }
        let either_way = matches!(self.function, FunctionCode::Confirm | FunctionCode::Unknown(_));
        if self.function.is_response() || either_way && !self.link.control.from_master() {
            Direction::Response
        } else {
            Direction::Request
        }
    }

    /// What its control octet says against its function, if anything.
    fn control_fault(&self) -> Option<ParseError> {
        let (control, function) = (self.control, self.function);
        let alone = control.first() && control.last();
        let what = match (function.is_response(), function == FunctionCode::UnsolicitedResponse) {
            (_, true) if !control.unsolicited() => "an unsolicited response without UNS",
            (_, true) if !alone => "an unsolicited response of more than one fragment",
            (true, false) if control.unsolicited() && function == FunctionCode::Response => {
                "UNS in a solicited response"
            }
            (false, _) if !alone => "a request of more than one fragment",
            (false, _) if control.unsolicited() && function != FunctionCode::Confirm => {
                "UNS in a request"
            }
            _ => return None,
        };
        Some(ParseError { offset: 0, class: Class::AppControl, what })
    }
}

/// A fragment's control octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Control(pub u8);

impl Control {
    /// FIR: whether it is the first fragment of its message.
    #[must_use]
    pub const fn first(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// FIN: whether it is the last.
    #[must_use]
    pub const fn last(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// CON: whether it has to be confirmed.
    #[must_use]
    pub const fn confirm(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// UNS: whether it belongs to the unsolicited sequence.
    #[must_use]
    pub const fn unsolicited(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// Sequence number, 0 to 15; solicited and unsolicited ones run apart.
    #[must_use]
    pub const fn sequence(self) -> u8 {
        self.0 & 0x0f
    }
}

/// Reads an application fragment that came under `link`.
///
/// Hands back what could be read, and the first thing wrong. There is a fragment whenever there is
/// a function code; its objects are those that stand before the error, and those after it where
/// the error does not hide their place. Offsets count from the fragment's first octet.
#[must_use]
pub fn fragment(link: link::Header, octets: &[u8]) -> (Option<Fragment<'_>>, Option<ParseError>) {
    let (control, function) = match place(octets, start(octets)) {
        Ok(start) => start,
        Err(error) => return (None, Some(error)),
    };
    let none = Objects::new(octets, &[], function);
    let mut fragment = Fragment { link, control, function, iin: None, objects: none };
    if let FunctionCode::Unknown(_) = function {
        let error =
            ParseError { offset: 1, class: Class::Function, what: "an unknown function code" };
        return (Some(fragment), Some(error));
    }
    match place(octets, body(octets, function)) {
        Ok((iin, objects)) => {
            fragment.iin = iin;
            fragment.objects = Objects::new(octets, objects, function);
        }
        Err(error) => return (Some(fragment), Some(error)),
    }
    let error = fragment.control_fault().or_else(|| fragment.objects.first_error());
    (Some(fragment), error)
}

fn start(fragment: &[u8]) -> Wire<'_, (Control, FunctionCode)> {
    (le_u8.map(Control), le_u8.map(FunctionCode::from)).parse(fragment)
}

fn body(fragment: &[u8], function: FunctionCode) -> Wire<'_, (Option<Iin>, &[u8])> {
    let (after, _) = start(fragment)?;
    if function.is_response() {
        (le_u16.map(|bits| Some(Iin(bits))), rest).parse(after)
    } else {
        Ok((&[], (None, after)))
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    #[test]
    fn every_control_octet_splits_into_its_bits() {
        for octet in 0..=u8::MAX {
            let c = Control(octet);
            let bits = [c.first(), c.last(), c.confirm(), c.unsolicited()];
            let high = bits.iter().fold(0, |octet, bit| octet << 1 | u8::from(*bit));
            assert_eq!(high << 4 | c.sequence(), octet);
        }
    }

    #[test]
    fn what_is_wrong_with_control_octet_and_function_is_told() {
        type Case<'a> = (&'a str, &'a [u8], bool, Option<(usize, Class)>);
        let outstation = link::Header { control: link::Control(0x44), ..link::Header::default() };
        #[rustfmt::skip]
        let table: &[Case<'_>] = &[
            ("no octets",                   &[],                true,  Some((0, Class::Incomplete))),
            ("no function",                 &hex!("c0"),        true,  Some((1, Class::Incomplete))),
            ("unknown function",            &hex!("c3 40"),     false, Some((1, Class::Function))),
            ("response without IIN",        &hex!("c0 81"),     false, Some((2, Class::Incomplete))),
            ("response with half an IIN",   &hex!("c0 81 00"),  false, Some((2, Class::Incomplete))),
            ("null response",               &hex!("c0 81 00 00"), false, None),
            ("first of more responses",     &hex!("a0 81 00 00"), false, None),
            ("solicited response with UNS", &hex!("d0 81 00 00"), false, Some((0, Class::AppControl))),
            ("unsolicited without UNS",     &hex!("c0 82 00 00"), false, Some((0, Class::AppControl))),
            ("unsolicited, not final",      &hex!("b0 82 00 00"), false, Some((0, Class::AppControl))),
            ("unsolicited",                 &hex!("f0 82 00 00"), false, None),
            ("confirm of unsolicited",      &hex!("d0 00"),     false, None),
            ("read with UNS",               &hex!("d0 01"),     false, Some((0, Class::AppControl))),
            ("read, not final",             &hex!("80 01"),     false, Some((0, Class::AppControl))),
            ("cold restart",                &hex!("c0 0d"),     false, None),
        ];
        for (name, octets, unread, expected) in table {
            let (read, error) = fragment(outstation, octets);
            assert_eq!(read.is_none(), *unread, "{name}");
            assert_eq!(error.map(|e| (e.offset, e.class)), *expected, "{name}");
        }
    }

    #[test]
    fn a_confirm_goes_where_its_link_frame_goes() {
        let master = link::Header { control: link::Control(0xc4), ..link::Header::default() };
        let outstation = link::Header { control: link::Control(0x44), ..link::Header::default() };
        let direction = |link, octets| fragment(link, octets).0.unwrap().direction();
        assert_eq!(direction(master, &hex!("c0 00")), Direction::Request);
        assert_eq!(direction(outstation, &hex!("c0 00")), Direction::Response);
        assert_eq!(direction(outstation, &hex!("c0 01")), Direction::Request);
        assert_eq!(direction(master, &hex!("f0 82 00 00")), Direction::Unsolicited);
        assert_eq!(direction(outstation, &hex!("c0 83 00 00")), Direction::Response);
    }
}
