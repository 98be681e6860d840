//! Points and the values they have.

use super::attribute::Attribute;
use super::auth::Auth;
use super::control::{Crob, Status};
use super::file::File;

/// One object: a point's value, or a command to it, or what else the header announced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point<'a> {
    /// Its index, if the header or its prefix gives one.
    pub index: Option<u32>,
    /// Its value.
    pub value: Value<'a>,
    /// Its quality flags as sent; bit 0 says that the value is good.
    pub flags: Option<u8>,
    /// When the value was taken: milliseconds since 1970-01-01 UTC, with the common time of
    /// occurrence added. `None` also if that is missing.
    pub time_ms: Option<u64>,
    /// What became of a command; in commands and in events about them.
    pub status: Option<Status>,
}

impl Point<'_> {
    /// A point of which nothing is known yet.
    pub(crate) const UNREAD: Self =
        Self { index: None, value: Value::Absent, flags: None, time_ms: None, status: None };
}

/// A value of one of DNP3's object types.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// None: the header names the point only.
    Absent,
    /// A binary input or output, a bit of a mask, the state commanded.
    Bit(bool),
    /// A double-bit input.
    DoubleBit(DoubleBit),
    /// A counter or another number without sign.
    Unsigned(u32),
    /// An analog value.
    Signed(i32),
    /// An analog value.
    Float(f64),
    /// A packed decimal number, four bits a digit, as sent.
    Bcd(u64),
    /// A clock: milliseconds since 1970-01-01 UTC.
    Time(u64),
    /// A clock and how often something happens from then on.
    Schedule {
        /// Milliseconds since 1970-01-01 UTC.
        start_ms: u64,
        /// How many units.
        interval: u32,
        /// The unit: 0 never again, 1 milliseconds, 2 seconds, 3 minutes, 4 hours, 5 days, 6 weeks,
        /// 7 to 9 months, 10 seasons.
        unit: u8,
    },
    /// How long something takes, in milliseconds.
    Delay(u32),
    /// A control relay output block.
    Crob(Crob),
    /// A security statistic.
    Statistic {
        /// Which association.
        association: u16,
        /// How often.
        count: u32,
    },
    /// Octets of any meaning, or of one that is not read.
    Octets(&'a [u8]),
    /// A device attribute.
    Attribute(Attribute<'a>),
    /// A file object.
    File(File<'a>),
    /// A Secure Authentication object.
    Auth(Auth<'a>),
}

impl Value<'_> {
    /// The value as a number, of a counter or analog value.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match *self {
            Self::Unsigned(value) => Some(value.into()),
            Self::Signed(value) => Some(value.into()),
            Self::Float(value) => Some(value),
            Self::Absent
            | Self::Bit(_)
            | Self::DoubleBit(_)
            | Self::Bcd(_)
            | Self::Time(_)
            | Self::Schedule { .. }
            | Self::Delay(_)
            | Self::Crob(_)
            | Self::Statistic { .. }
            | Self::Octets(_)
            | Self::Attribute(_)
            | Self::File(_)
            | Self::Auth(_) => None,
        }
    }
}

/// The state of a double-bit input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DoubleBit {
    /// 0: on the way.
    Intermediate,
    /// 1: off, or open.
    Off,
    /// 2: on, or closed.
    On,
    /// 3: not known.
    Indeterminate,
}

impl DoubleBit {
    /// The state in the two lowest bits.
    pub(crate) const fn from_low_bits(octet: u8) -> Self {
        match octet & 3 {
            0 => Self::Intermediate,
            1 => Self::Off,
            2 => Self::On,
            _ => Self::Indeterminate,
        }
    }
}
