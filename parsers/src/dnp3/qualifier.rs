//! Qualifiers: what stands before each object, and how many objects a header speaks of.

use nom::Parser;
use nom::combinator::map;
use nom::number::complete::{le_u8, le_u16, le_u32};

use crate::error::{Class, Wire, fault};

/// Which points a header speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    /// All indices from `start` to `stop`, both included.
    StartStop {
        /// The first index.
        start: u32,
        /// The last.
        stop: u32,
    },
    /// Memory, from `start` to `stop`; no current stack sends this.
    VirtualAddress {
        /// The first address.
        start: u32,
        /// The last.
        stop: u32,
    },
    /// All there are.
    All,
    /// So many objects, each with the index or size that its prefix gives, if it has one.
    Count(u32),
}

impl Range {
    /// How many points or objects; 0 where the range does not say.
    pub(crate) fn total(self) -> u64 {
        match self {
            Self::StartStop { start, stop } => {
                u64::from(stop).saturating_sub(u64::from(start)).saturating_add(1)
            }
            Self::Count(count) => u64::from(count),
            Self::VirtualAddress { .. } | Self::All => 0,
        }
    }
}

/// What stands before each object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    None,
    Index(Width),
    Size(Width),
}

impl Prefix {
    /// Its octets.
    pub(crate) const fn octets(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Index(width) | Self::Size(width) => width.octets(),
        }
    }
}

/// The width of a number in a prefix or range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    One,
    Two,
    Four,
}

impl Width {
    const fn octets(self) -> u64 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Reads a number of this width.
    pub(crate) fn number(self, input: &[u8]) -> Wire<'_, u32> {
        match self {
            Self::One => map(le_u8, u32::from).parse(input),
            Self::Two => map(le_u16, u32::from).parse(input),
            Self::Four => le_u32.parse(input),
        }
    }
}

/// Reads a qualifier octet and the range it announces. The reserved bit 7 is let pass.
pub(crate) fn qualifier(input: &[u8]) -> Wire<'_, (u8, Prefix, Range)> {
    let (after, octet) = le_u8.parse(input)?;
    let (prefix, specifier) = (octet >> 4 & 0x07, octet & 0x0f);
    let illegal = |what| fault(input, Class::Qualifier, what);
    let prefix = match (prefix, specifier) {
        (_, 10 | 12..=15) => return illegal("a reserved range specifier"),
        (7, _) => return illegal("a reserved object prefix"),
        (0..=3, 11) => return illegal("variable format without a size prefix"),
        (4..=6, 0..=9) => return illegal("a size prefix without variable format"),
        (1..=3, 0..=6) => return illegal("an index prefix without a count"),
        (1, _) => Prefix::Index(Width::One),
        (2, _) => Prefix::Index(Width::Two),
        (3, _) => Prefix::Index(Width::Four),
        (4, _) => Prefix::Size(Width::One),
        (5, _) => Prefix::Size(Width::Two),
        (6, _) => Prefix::Size(Width::Four),
        _ => Prefix::None,
    };
    let (rest, range) = match specifier {
        0..=2 => {
            let (rest, (start, stop)) = pair(specifier, after)?;
            if start > stop {
                return fault(after, Class::Range, "a range that stops before it starts");
            }
            (rest, Range::StartStop { start, stop })
        }
        3..=5 => {
            let (rest, (start, stop)) = pair(specifier.wrapping_sub(3), after)?;
            (rest, Range::VirtualAddress { start, stop })
        }
        6 => (after, Range::All),
        8 => map(|input| Width::Two.number(input), Range::Count).parse(after)?,
        9 => map(|input| Width::Four.number(input), Range::Count).parse(after)?,
        _ => map(|input| Width::One.number(input), Range::Count).parse(after)?,
    };
    Ok((rest, (octet, prefix, range)))
}

fn pair(width: u8, input: &[u8]) -> Wire<'_, (u32, u32)> {
    let width = match width {
        0 => Width::One,
        1 => Width::Two,
        _ => Width::Four,
    };
    (|input| width.number(input), |input| width.number(input)).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_qualifier_octet_is_legal_or_not_as_the_tables_say() {
        const LEGAL: &[u8] = &[
            0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x17, 0x18, 0x19, 0x27,
            0x28, 0x29, 0x37, 0x38, 0x39, 0x4b, 0x5b, 0x6b,
        ];
        for octet in 0..=u8::MAX {
            let input = [octet, 1, 0, 0, 0, 1, 0, 0, 0];
            let class = match qualifier(&input) {
                Ok((_, (read, ..))) => {
                    assert_eq!(read, octet);
                    None
                }
                Err(nom::Err::Error(fault)) => Some(fault.class),
                Err(other) => panic!("{octet:#04x}: {other:?}"),
            };
            // Bit 7 alone changes nothing; 0x00 and 0x03 read 1 and 0 as start and stop.
            let expected = match octet & 0x7f {
                0x00 => Some(Class::Range),
                legal if LEGAL.contains(&legal) => None,
                _ => Some(Class::Qualifier),
            };
            let expected = if octet & 0x7f == 0x01 { Some(Class::Range) } else { expected };
            assert_eq!(class, expected, "{octet:#04x}");
        }
    }

    #[test]
    fn the_widest_range_has_two_to_the_32_points() {
        let input = [0x02, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
        let (_, (_, _, range)) = qualifier(&input).unwrap();
        assert_eq!(range, Range::StartStop { start: 0, stop: u32::MAX });
        assert_eq!(range.total(), 1 << 32);
    }
}
