//! Device attributes (group 0).

use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::le_u8;

use super::points::le_u48;
use crate::error::Wire;

/// What a device says of itself, or is told to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Attribute<'a> {
    /// Visible characters.
    Text(&'a [u8]),
    /// A number of 1 to 8 octets.
    Unsigned(u64),
    /// A number of 1 to 8 octets.
    Signed(i64),
    /// A number of 4 or 8 octets.
    Float(f64),
    /// Octets of any meaning.
    Octets(&'a [u8]),
    /// Bits, lowest first.
    Bits(&'a [u8]),
    /// Milliseconds since 1970-01-01 UTC.
    Time(u64),
    /// Unicode characters.
    Unicode(&'a [u8]),
    /// The variations there are: pairs of a variation and its properties (bit 0: may be written).
    List(&'a [u8]),
    /// A type that the tables do not name, or a value of a length that its type cannot have.
    Other {
        /// The type.
        data_type: u8,
        /// The value.
        octets: &'a [u8],
    },
}

impl<'a> Attribute<'a> {
    /// Reads data type, length and value.
    pub(crate) fn read(input: &'a [u8]) -> Wire<'a, Self> {
        let (after, (data_type, length)) = (le_u8, le_u8).parse(input)?;
        let extended: usize = if data_type == EXTENDED_LIST { 256 } else { 0 };
        let (rest, octets) = take(extended.saturating_add(usize::from(length))).parse(after)?;
        Ok((rest, Self::of(data_type, octets).unwrap_or(Self::Other { data_type, octets })))
    }

    fn of(data_type: u8, octets: &'a [u8]) -> Option<Self> {
        Some(match data_type {
            1 => Self::Text(octets),
            2 => Self::Unsigned(u64::from_le_bytes(widened(octets, 0)?)),
            3 => Self::Signed(i64::from_le_bytes(widened(octets, *octets.last()?)?)),
            4 => Self::Float(float(octets)?),
            5 => Self::Octets(octets),
            6 => Self::Bits(octets),
            7 => match le_u48(octets) {
                Ok(([], time_ms)) => Self::Time(time_ms),
                _ => return None,
            },
            8 => Self::Unicode(octets),
            254 | EXTENDED_LIST => Self::List(octets),
            _ => return None,
        })
    }
}

const EXTENDED_LIST: u8 = 255;

/// 1 to 8 octets as eight, filled up by the sign of the highest.
fn widened(octets: &[u8], highest: u8) -> Option<[u8; 8]> {
    let mut wide = if highest & 0x80 == 0 { [0; 8] } else { [0xff; 8] };
    if octets.is_empty() {
        return None;
    }
    wide.get_mut(..octets.len())?.copy_from_slice(octets);
    Some(wide)
}

fn float(octets: &[u8]) -> Option<f64> {
    match octets.len() {
        4 => octets.first_chunk().map(|octets| f64::from(f32::from_le_bytes(*octets))),
        8 => octets.first_chunk().map(|octets| f64::from_le_bytes(*octets)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_reads_its_value() {
        #[rustfmt::skip]
        let table: &[(&[u8], Attribute<'_>)] = &[
            (&[1, 4, b'A', b'C', b'M', b'E'],  Attribute::Text(b"ACME")),
            (&[2, 2, 0x2c, 0x01],              Attribute::Unsigned(300)),
            (&[3, 1, 0xff],                    Attribute::Signed(-1)),
            (&[3, 2, 0xff, 0x00],              Attribute::Signed(255)),
            (&[4, 4, 0, 0, 0xc0, 0x3f],        Attribute::Float(1.5)),
            (&[4, 8, 0, 0, 0, 0, 0, 0, 2, 0xc0], Attribute::Float(-2.25)),
            (&[5, 1, 7],                       Attribute::Octets(&[7])),
            (&[6, 1, 7],                       Attribute::Bits(&[7])),
            (&[7, 6, 1, 0, 0, 0, 0, 1],        Attribute::Time(0x0100_0000_0001)),
            (&[8, 0],                          Attribute::Unicode(&[])),
            (&[254, 2, 252, 0],                Attribute::List(&[252, 0])),
            (&[2, 0],                          Attribute::Other { data_type: 2, octets: &[] }),
            (&[3, 0],                          Attribute::Other { data_type: 3, octets: &[] }),
            (&[2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0], Attribute::Other { data_type: 2, octets: &[0; 9] }),
            (&[4, 1, 0],                       Attribute::Other { data_type: 4, octets: &[0] }),
            (&[7, 5, 0, 0, 0, 0, 0],           Attribute::Other { data_type: 7, octets: &[0; 5] }),
            (&[77, 1, 9],                      Attribute::Other { data_type: 77, octets: &[9] }),
        ];
        for (octets, expected) in table {
            assert_eq!(Attribute::read(octets), Ok((&[][..], *expected)), "{octets:?}");
        }
        let extended = [&[255, 2][..], &[0; 258]].concat();
        assert_eq!(Attribute::read(&extended), Ok((&[][..], Attribute::List(&[0; 258]))));
        assert!(Attribute::read(&extended[..259]).is_err());
        assert!(Attribute::read(&[1, 64, b'A']).is_err());
    }
}
