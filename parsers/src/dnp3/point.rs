//! Points: what stands behind an object header, one at a time.

use nom::Parser;
use nom::bytes::complete::take;
use nom::combinator::map;
use nom::number::complete::{le_f32, le_f64, le_i16, le_i32, le_u8, le_u16, le_u32, le_u64};

use super::attribute::Attribute;
use super::auth::Auth;
use super::control::{Crob, Status};
use super::file::File;
use super::objects::ObjectHeader;
use super::qualifier::{Prefix, Range};
use super::table::{Field, Layout};
use crate::error::Wire;

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
    const fn from_low_bits(octet: u8) -> Self {
        match octet & 3 {
            0 => Self::Intermediate,
            1 => Self::Off,
            2 => Self::On,
            _ => Self::Indeterminate,
        }
    }
}

/// The points behind one object header, in the order sent.
#[derive(Clone, Debug)]
pub struct Points<'a> {
    header: ObjectHeader<'a>,
    left: &'a [u8],
    /// How many points came before.
    at: u64,
}

impl<'a> Points<'a> {
    pub(crate) fn new(header: ObjectHeader<'a>) -> Self {
        Self { header, left: header.body, at: 0 }
    }

    /// Reads the next point; `None` where the octets end.
    fn read(&mut self) -> Option<Point<'a>> {
        let header = &self.header;
        let mut point =
            Point { index: None, value: Value::Absent, flags: None, time_ms: None, status: None };
        if let Range::StartStop { start, .. } = header.range {
            point.index = u32::try_from(self.at).ok().and_then(|at| start.checked_add(at));
        }
        let mut left = self.left;
        match header.prefix {
            Prefix::Index(width) => {
                let (after, index) = width.number(left).ok()?;
                point.index = Some(index);
                left = after;
            }
            Prefix::Size(width) => {
                let (after, size) = width.number(left).ok()?;
                let (after, object) =
                    take::<_, _, crate::error::Fault<'_>>(size).parse(after).ok()?;
                if sized(header, object, &mut point).is_err() {
                    point.value = Value::Octets(object);
                }
                self.left = after;
                return Some(point);
            }
            Prefix::None => {}
        }
        if header.carries {
            left = self.unsized_object(left, &mut point)?;
        } else if header.prefix == Prefix::None {
            return None;
        }
        self.left = left;
        Some(point)
    }

    fn unsized_object(&self, left: &'a [u8], point: &mut Point<'a>) -> Option<&'a [u8]> {
        let header = &self.header;
        match header.object?.layout {
            Layout::Bits => {
                let octet = left.get(usize::try_from(self.at / 8).ok()?)?;
                point.value = Value::Bit(octet.checked_shr(low_bits(self.at % 8))? & 1 == 1);
                Some(left)
            }
            Layout::DoubleBits => {
                let octet = left.get(usize::try_from(self.at / 4).ok()?)?;
                let low = octet.checked_shr(low_bits(self.at % 4).checked_mul(2)?)?;
                point.value = Value::DoubleBit(DoubleBit::from_low_bits(low));
                Some(left)
            }
            Layout::Fixed(layout) => Some(fields(layout, header.base_ms, left, point).ok()?.0),
            Layout::Octets => {
                let (left, octets) = octets(left, header.variation).ok()?;
                point.value = Value::Octets(octets);
                Some(left)
            }
            Layout::Attribute => {
                let (left, attribute) = Attribute::read(left).ok()?;
                point.value = Value::Attribute(attribute);
                Some(left)
            }
            Layout::NoData | Layout::File | Layout::Auth | Layout::Opaque => None,
        }
    }
}

impl<'a> Iterator for Points<'a> {
    type Item = Point<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.header.range.total() {
            return None;
        }
        let point = self.read()?;
        self.at = self.at.saturating_add(1);
        Some(point)
    }
}

/// Reads the object that fills `object`, as its size prefix has it.
pub(crate) fn sized<'a>(
    header: &ObjectHeader<'_>,
    object: &'a [u8],
    point: &mut Point<'a>,
) -> Wire<'a, ()> {
    let opaque = Ok((object, Value::Octets(object)));
    let (left, value) = match header.object.map_or(Layout::Opaque, |object| object.layout) {
        Layout::Fixed(layout) => return fields(layout, header.base_ms, object, point),
        Layout::Attribute => map(Attribute::read, Value::Attribute).parse(object),
        Layout::File => File::read(header.variation, object)
            .map_or(opaque, |read| read.map(|(left, file)| (left, Value::File(file)))),
        Layout::Auth => Auth::read(header.variation, object)
            .map_or(opaque, |read| read.map(|(left, auth)| (left, Value::Auth(auth)))),
        Layout::NoData | Layout::Bits | Layout::DoubleBits | Layout::Octets | Layout::Opaque => {
            opaque
        }
    }?;
    point.value = value;
    Ok((left, ()))
}

/// Reads the fields of a fixed layout.
fn fields<'a>(
    layout: &[Field],
    base_ms: Option<u64>,
    input: &'a [u8],
    point: &mut Point<'a>,
) -> Wire<'a, ()> {
    let mut left = input;
    for field in layout {
        (left, ()) = read_field(*field, base_ms, left, point)?;
    }
    Ok((left, ()))
}

fn read_field<'a>(
    field: Field,
    base_ms: Option<u64>,
    input: &'a [u8],
    point: &mut Point<'a>,
) -> Wire<'a, ()> {
    let (left, value) = match field {
        Field::Flags => {
            let (left, flags) = le_u8.parse(input)?;
            point.flags = Some(flags);
            return Ok((left, ()));
        }
        Field::Status => {
            let (left, status) = le_u8.parse(input)?;
            point.status = Some(Status::from(status & 0x7f));
            return Ok((left, ()));
        }
        Field::Time => {
            let (left, time_ms) = le_u48(input)?;
            point.time_ms = Some(time_ms);
            return Ok((left, ()));
        }
        Field::RelativeTime => {
            let (left, since_ms) = le_u16.parse(input)?;
            point.time_ms = base_ms.map(|base_ms| base_ms.saturating_add(since_ms.into()));
            return Ok((left, ()));
        }
        Field::BitFlags => {
            let (left, flags) = le_u8.parse(input)?;
            point.flags = Some(flags);
            (left, Value::Bit(flags & 0x80 != 0))
        }
        Field::DoubleBitFlags => {
            let (left, flags) = le_u8.parse(input)?;
            point.flags = Some(flags);
            (left, Value::DoubleBit(DoubleBit::from_low_bits(flags >> 6)))
        }
        Field::CommandedState => {
            let (left, status) = le_u8.parse(input)?;
            point.status = Some(Status::from(status & 0x7f));
            (left, Value::Bit(status & 0x80 != 0))
        }
        Field::Crob => {
            let (left, crob) = Crob::read(input)?;
            point.status = Some(crob.status);
            (left, Value::Crob(crob))
        }
        Field::U8 => map(le_u8, |n| Value::Unsigned(n.into())).parse(input)?,
        Field::U16 => map(le_u16, |n| Value::Unsigned(n.into())).parse(input)?,
        Field::U32 => map(le_u32, Value::Unsigned).parse(input)?,
        Field::I16 => map(le_i16, |n| Value::Signed(n.into())).parse(input)?,
        Field::I32 => map(le_i32, Value::Signed).parse(input)?,
        Field::F32 => map(le_f32, |x| Value::Float(x.into())).parse(input)?,
        Field::F64 => map(le_f64, Value::Float).parse(input)?,
        Field::Bcd16 => map(le_u16, |n| Value::Bcd(n.into())).parse(input)?,
        Field::Bcd32 => map(le_u32, |n| Value::Bcd(n.into())).parse(input)?,
        Field::Bcd64 => map(le_u64, Value::Bcd).parse(input)?,
        Field::Clock => map(le_u48, Value::Time).parse(input)?,
        Field::TimeAndInterval => map((le_u48, le_u32), |(start_ms, interval)| Value::Schedule {
            start_ms,
            interval,
            unit: 1,
        })
        .parse(input)?,
        Field::TimeAndLongInterval => map((le_u48, le_u32, le_u8), |(start_ms, interval, unit)| {
            Value::Schedule { start_ms, interval, unit }
        })
        .parse(input)?,
        Field::DelaySeconds => {
            map(le_u16, |s| Value::Delay(u32::from(s).saturating_mul(1_000))).parse(input)?
        }
        Field::DelayMs => map(le_u16, |ms| Value::Delay(ms.into())).parse(input)?,
        Field::Statistic => {
            map((le_u16, le_u32), |(association, count)| Value::Statistic { association, count })
                .parse(input)?
        }
        Field::BufferFill => map(take(field.octets()), Value::Octets).parse(input)?,
        Field::AggressiveRequest => map((le_u32, le_u16), |(sequence, user)| {
            Value::Auth(Auth::AggressiveRequest { sequence, user })
        })
        .parse(input)?,
        Field::KeyStatusRequest => {
            map(le_u16, |user| Value::Auth(Auth::KeyStatusRequest { user })).parse(input)?
        }
    };
    point.value = value;
    Ok((left, ()))
}

fn octets(input: &[u8], count: u8) -> Wire<'_, &[u8]> {
    take(count).parse(input)
}

/// Reads 48 bits.
pub(crate) fn le_u48(input: &[u8]) -> Wire<'_, u64> {
    map((le_u32, le_u16), |(low, high)| u64::from(high) << 32 | u64::from(low)).parse(input)
}

/// A number under 8 as a shift.
fn low_bits(at: u64) -> u32 {
    u32::try_from(at).unwrap_or(0)
}
