//! What stands behind an object header, read one object at a time.

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
use super::value::{DoubleBit, Point, Value};
use crate::error::{Fault, Wire};

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
        let mut point = Point::UNREAD;
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
                let (after, object) = take::<_, _, Fault<'_>>(size).parse(after).ok()?;
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
            // A string of no octets still has its index.
            Layout::NoData if header.prefix != Prefix::None && header.may_be_empty() => {
                point.value = Value::Octets(&[]);
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

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::super::control::{Operation, TripClose};
    use super::super::{fragment, link};
    use super::*;

    const AT: u64 = 0x0100_0000_0001;

    /// The points of a response that carries `objects`, which have one header.
    fn points(objects: &[u8]) -> Vec<Point<'_>> {
        let octets = [&hex!("c0 81 00 00")[..], objects].concat().leak();
        let (read, error) = fragment(link::Header::default(), octets);
        assert_eq!(error, None, "{objects:02x?}");
        let headers: Vec<_> = read.unwrap().objects.headers().collect();
        assert_eq!(headers.len(), 1);
        headers[0].points().collect()
    }

    #[test]
    fn every_field_reads_as_the_wire_has_it() {
        type Case<'a> = (&'a [u8], Value<'a>, Option<u8>, Option<u64>, Option<Status>);
        use Value::{Bcd, Bit, Delay, Float, Octets, Schedule, Signed, Statistic, Time, Unsigned};
        let crob = Crob {
            operation: Operation::LatchOn,
            trip_close: TripClose::Nul,
            clear: false,
            queue: false,
            count: 1,
            on_ms: 2,
            off_ms: 3,
            status: Status::Local,
        };
        let (success, local) = (Some(Status::Success), Some(Status::Local));
        let request = Value::Auth(Auth::AggressiveRequest { sequence: 1, user: 2 });
        #[rustfmt::skip]
        let table: &[Case<'_>] = &[
            (&hex!("01 02 17 01 07 81"),                   Bit(true), Some(0x81), None, None),
            (&hex!("02 02 17 01 07 01 010000000001"),      Bit(false), Some(1), Some(AT), None),
            (&hex!("03 02 17 01 07 81"),                   Value::DoubleBit(DoubleBit::On), Some(0x81), None, None),
            (&hex!("0c 01 17 01 07 03 01 02000000 03000000 07"), Value::Crob(crob), None, None, local),
            (&hex!("0d 02 17 01 07 87 010000000001"),      Bit(true), None, Some(AT), local),
            (&hex!("14 01 17 01 07 01 ffffffff"),          Unsigned(u32::MAX), Some(1), None, None),
            (&hex!("14 06 17 01 07 ffff"),                 Unsigned(0xffff), None, None, None),
            (&hex!("15 06 17 01 07 01 0200 010000000001"), Unsigned(2), Some(1), Some(AT), None),
            (&hex!("1e 01 17 01 07 01 feffffff"),          Signed(-2), Some(1), None, None),
            (&hex!("1e 04 17 01 07 feff"),                 Signed(-2), None, None, None),
            (&hex!("1e 05 17 01 07 01 0000c03f"),          Float(1.5), Some(1), None, None),
            (&hex!("20 08 17 01 07 01 00000000000002c0 010000000001"), Float(-2.25), Some(1), Some(AT), None),
            (&hex!("29 02 17 01 07 feff 00"),              Signed(-2), None, None, success),
            (&hex!("2b 04 17 01 07 07 feff 010000000001"), Signed(-2), None, Some(AT), local),
            (&hex!("32 04 17 01 07 010000000001 02000000 05"), Schedule { start_ms: AT, interval: 2, unit: 5 }, None, None, None),
            (&hex!("32 01 17 01 07 010000000001"),         Time(AT), None, None, None),
            (&hex!("34 01 17 01 07 1e00"),                 Delay(30_000), None, None, None),
            (&hex!("34 02 17 01 07 1e00"),                 Delay(30), None, None, None),
            (&hex!("51 01 17 01 07 01 02 03"),             Octets(&[1, 2, 3]), None, None, None),
            (&hex!("65 01 17 01 07 3412"),                 Bcd(0x1234), None, None, None),
            (&hex!("65 03 17 01 07 0100000000000080"),     Bcd(0x8000_0000_0000_0001), None, None, None),
            (&hex!("66 01 17 01 07 ff"),                   Unsigned(255), None, None, None),
            (&hex!("6f 02 17 01 07 4142"),                 Octets(b"AB"), None, None, None),
            (&hex!("78 03 17 01 07 01000000 0200"),        request, None, None, None),
            (&hex!("7a 02 17 01 07 01 0200 03000000 010000000001"), Statistic { association: 2, count: 3 }, Some(1), Some(AT), None),
        ];
        for (objects, value, flags, time_ms, status) in table {
            let (flags, time_ms, status) = (*flags, *time_ms, *status);
            let expected = [Point { index: Some(7), value: *value, flags, time_ms, status }];
            assert_eq!(points(objects), expected, "g{}v{}", objects[0], objects[1]);
        }
    }

    #[test]
    fn packed_bits_start_at_the_lowest() {
        let bits = points(&hex!("01 01 01 2c01 3501 05 02"));
        let on: Vec<_> =
            bits.iter().filter(|p| p.value == Value::Bit(true)).map(|p| p.index).collect();
        assert_eq!(on, [Some(300), Some(302), Some(309)]);
        assert_eq!(bits.len(), 10);

        let states = points(&hex!("03 01 00 00 04 e4 01")).into_iter().map(|p| p.value);
        let expected = [
            DoubleBit::Intermediate,
            DoubleBit::Off,
            DoubleBit::On,
            DoubleBit::Indeterminate,
            DoubleBit::Off,
        ];
        assert!(states.eq(expected.map(Value::DoubleBit)));
    }

    #[test]
    fn objects_with_a_size_are_read_by_it() {
        let spec = points(&hex!("46 08 5b 02 0100 61 0200 6263"));
        let [first, second] = [&b"a"[..], b"bc"].map(|name| Value::File(File::Specification(name)));
        assert_eq!(
            spec.iter().map(|p| (p.index, p.value)).collect::<Vec<_>>(),
            [(None, first), (None, second)]
        );

        let mac = points(&hex!("78 09 4b 01 02 aabb"));
        assert_eq!(mac[0].value, Value::Octets(&[0xaa, 0xbb]));
        let counter = points(&hex!("14 06 4b 01 02 0300"));
        assert_eq!(counter[0].value, Value::Unsigned(3));
    }

    #[test]
    fn a_string_of_no_octets_has_an_index() {
        let (read, error) =
            fragment(link::Header::default(), &hex!("c0 81 00 00 70 00 17 02 05 09"));
        assert_eq!(error.map(|error| error.offset), Some(4), "0 is no length to write");
        let header = read.unwrap().objects.headers().next().unwrap();
        let points: Vec<_> = header.points().map(|point| (point.index, point.value)).collect();
        assert_eq!(points, [5, 9].map(|index| (Some(index), Value::Octets(&[]))));
    }
}
