//! Object headers.

use nom::Parser;
use nom::number::complete::le_u8;

use super::extent::measure;
use super::function::FunctionCode;
use super::points::Points;
use super::qualifier::{Prefix, Range, qualifier};
use super::table::{Object, object};
use super::value::{Point, Value};
use crate::error::{Fault, ParseError, Wire, place};

/// The objects of a fragment. Reading them again costs little and finds the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objects<'a> {
    fragment: &'a [u8],
    octets: &'a [u8],
    function: FunctionCode,
}

impl<'a> Objects<'a> {
    /// The objects in `octets`, which end `fragment`.
    pub(crate) const fn new(fragment: &'a [u8], octets: &'a [u8], function: FunctionCode) -> Self {
        Self { fragment, octets, function }
    }

    /// The headers that can be read, in the order sent.
    #[must_use]
    pub const fn headers(&self) -> Headers<'a> {
        Headers {
            fragment: self.fragment,
            left: self.octets,
            function: self.function,
            base_ms: None,
        }
    }

    /// All their octets. Those of an operate equal those of its select.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The first thing wrong with them.
    pub(crate) fn first_error(&self) -> Option<ParseError> {
        let mut headers = self.headers();
        while let Some(step) = headers.step() {
            if step.error.is_some() {
                return step.error;
            }
        }
        None
    }
}

/// An object header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ObjectHeader<'a> {
    /// The kind of points: 1 is binary inputs.
    pub group: u8,
    /// The form their values take.
    pub variation: u8,
    /// What the two are called; `unknown` if the table has them not.
    pub name: &'static str,
    /// The qualifier octet as sent.
    pub qualifier: u8,
    /// Which points.
    pub range: Range,
    pub(crate) object: Option<&'static Object>,
    pub(crate) prefix: Prefix,
    /// Whether objects follow.
    pub(crate) carries: bool,
    /// The last common time of occurrence before it.
    pub(crate) base_ms: Option<u64>,
    /// The octets of its objects with their prefixes, as far as there are any.
    pub(crate) body: &'a [u8],
}

impl<'a> ObjectHeader<'a> {
    /// How many points the header speaks of; 0 where it does not say. The 2³² of a range from 0 to
    /// 0xffffffff are given as [`u32::MAX`]. A damaged fragment may bring fewer.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.range.total()).unwrap_or(u32::MAX)
    }

    /// The points that follow it; of a read, those it names one by one.
    #[must_use]
    pub fn points(&self) -> Points<'a> {
        Points::new(*self)
    }

    /// Whether its objects may be of no octets: octet strings and virtual terminals, whose variation
    /// is their length.
    pub(crate) fn may_be_empty(&self) -> bool {
        matches!(self.group, 110..=113)
    }
}

/// The object headers of a fragment.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    fragment: &'a [u8],
    left: &'a [u8],
    function: FunctionCode,
    base_ms: Option<u64>,
}

/// One header, and what is wrong with it.
struct Step<'a> {
    header: Option<ObjectHeader<'a>>,
    error: Option<ParseError>,
}

impl<'a> Headers<'a> {
    /// Reads the next header and steps over its objects. After an error that hides where they end
    /// there is no next one.
    fn step(&mut self) -> Option<Step<'a>> {
        if self.left.is_empty() {
            return None;
        }
        let start = core::mem::take(&mut self.left);
        let (body, mut header) = match self.header(start) {
            Ok(read) => read,
            Err(fault) => {
                let error = place(self.fragment, Err::<(_, ()), _>(fault)).err();
                return Some(Step { header: None, error });
            }
        };
        header.body = body;
        let error = match measure(&header, start, body) {
            Ok((left, harmless)) => {
                header.body = body.get(..body.len().saturating_sub(left.len())).unwrap_or(body);
                self.left = left;
                harmless.and_then(|fault| self.placed(fault))
            }
            Err(fault) => place(self.fragment, Err::<(_, ()), _>(fault)).err(),
        };
        if header.group == 51
            && let Some(Point { value: Value::Time(base_ms), .. }) = header.points().last()
        {
            self.base_ms = Some(base_ms);
        }
        Some(Step { header: Some(header), error })
    }

    fn header(&self, start: &'a [u8]) -> Wire<'a, ObjectHeader<'a>> {
        let (body, (group, variation, (qualifier, prefix, range))) =
            (le_u8, le_u8, qualifier).parse(start)?;
        let object = object(group, variation);
        let carries =
            self.function.carries_objects(group, variation) || matches!(prefix, Prefix::Size(_));
        let header = ObjectHeader {
            group,
            variation,
            name: object.map_or("unknown", |object| object.name),
            qualifier,
            range,
            object,
            prefix,
            carries,
            base_ms: self.base_ms,
            body,
        };
        Ok((body, header))
    }

    fn placed(&self, fault: Fault<'a>) -> Option<ParseError> {
        place(self.fragment, Err::<(_, ()), _>(nom::Err::Error(fault))).err()
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = ObjectHeader<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step()?.header
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::super::attribute::Attribute;
    use super::super::link;
    use super::super::{Fragment, fragment};
    use super::*;
    use crate::error::Class;

    fn read(octets: &[u8]) -> (Fragment<'_>, Option<(usize, Class)>) {
        let (read, error) = fragment(link::Header::default(), octets);
        (read.unwrap(), error.map(|error| (error.offset, error.class)))
    }

    #[test]
    fn headers_are_stepped_over_or_stopped_at() {
        type Case<'a> = (&'a str, &'a [u8], usize, Option<(usize, Class)>);
        #[rustfmt::skip]
        let table: &[Case<'_>] = &[
            ("no objects",                        &hex!("c0 81 00 00"), 0, None),
            ("half a header",                     &hex!("c0 81 00 00 01"), 0, Some((5, Class::Incomplete))),
            ("half a range",                      &hex!("c0 01 01 02 01 00 00"), 0, Some((7, Class::Incomplete))),
            ("a range that ends before it starts", &hex!("c0 01 01 02 00 05 02"), 0, Some((5, Class::Range))),
            ("an unknown object that is read",    &hex!("c0 01 63 01 06 3c 01 06"), 2, Some((2, Class::Object))),
            ("an unknown object that is sent",    &hex!("c0 81 00 00 63 01 00 00 00 01 3c 01 06"), 1, Some((4, Class::Object))),
            ("an unknown object that has a size", &hex!("c0 81 00 00 63 01 5b 01 01 00 07 34 02 07 01 05 00"), 2, Some((4, Class::Object))),
            ("a size past the end",               &hex!("c0 81 00 00 46 05 5b 01 09 00 07"), 1, Some((10, Class::Incomplete))),
            ("a file object without a size",      &hex!("c0 19 46 03 07 01 00"), 1, Some((2, Class::Object))),
            ("a field past its object",           &hex!("c0 81 00 00 46 04 5b 01 01 00 07 34 02 07 01 05 00"), 2, Some((8, Class::FieldLength))),
            ("an index before packed bits",       &hex!("c0 81 00 00 01 01 17 01 00 01"), 1, Some((6, Class::Qualifier))),
            ("virtual addresses with objects",    &hex!("c0 81 00 00 01 02 03 00 00 01"), 1, Some((6, Class::Qualifier))),
            ("virtual addresses that are read",   &hex!("c0 01 01 02 03 00 00 3c 01 06"), 2, None),
            ("an operate of no variation",        &hex!("c0 05 0c 00 17 01 00"), 1, Some((2, Class::Object))),
            ("a terminal block of no octets",     &hex!("c0 02 70 00 17 01 05 50 01 00 07 07 00"), 2, Some((2, Class::Object))),
            ("classes that are written",          &hex!("c0 02 3c 02 06 3c 03 06"), 2, Some((2, Class::Object))),
            ("points of no variation",            &hex!("c0 81 00 00 01 00 00 00 01 3c 03 06"), 1, Some((4, Class::Object))),
            ("all points, read with a mac",       &hex!("c0 01 78 03 07 01 01 00 00 00 02 00 01 00 06 78 09 5b 01 02 00 aa bb"), 3, None),
        ];
        for (name, octets, headers, error) in table {
            let (fragment, found) = read(octets);
            assert_eq!(found, *error, "{name}");
            assert_eq!(fragment.objects.headers().count(), *headers, "{name}");
        }
    }

    #[test]
    fn points_before_the_end_of_cut_objects_are_kept() {
        let octets = hex!("c0 81 00 00 1e 02 17 03 04 01 10 00 05 01 20 00 06 01 30");
        let (fragment, error) = read(&octets);
        assert_eq!(error, Some((octets.len(), Class::Incomplete)));
        let header = fragment.objects.headers().next().unwrap();
        assert_eq!(header.count(), 3);
        let points: Vec<_> =
            header.points().map(|p| (p.index, p.flags, p.value.number())).collect();
        assert_eq!(points, [(Some(4), Some(1), Some(16.0)), (Some(5), Some(1), Some(32.0))]);
    }

    #[test]
    fn claims_cost_nothing_without_octets() {
        #[rustfmt::skip]
        let table: &[(&str, &[u8], u32)] = &[
            ("2^32 analog inputs",  &hex!("c0 81 00 00 1e 01 02 00000000 ffffffff"), u32::MAX),
            ("2^32 bits",           &hex!("c0 81 00 00 01 01 02 00000000 ffffffff"), u32::MAX),
            ("2^32 attributes",     &hex!("c0 81 00 00 00 fc 02 00000000 ffffffff"), u32::MAX),
            ("2^32-1 indices",      &hex!("c0 01 1e 01 39 ffffffff"), u32::MAX),
            ("255 sized objects",   &hex!("c0 81 00 00 46 05 6b ff"), 255),
            ("2^32 read by range",  &hex!("c0 01 1e 01 02 00000000 ffffffff"), u32::MAX),
        ];
        for (name, octets, count) in table {
            let header = read(octets).0.objects.headers().next().unwrap();
            assert_eq!(header.count(), *count, "{name}");
            assert_eq!(header.points().count(), 0, "{name}");
        }
    }

    #[test]
    fn relative_times_count_from_the_common_time_before_them() {
        let event = hex!("02 03 17 01 05 81 fa 00");
        let common = hex!("33 02 07 01 00 68 e5 cf 8b 01");
        let octets = [&hex!("c0 81 00 00")[..], &event, &common, &event].concat();
        let (fragment, error) = read(&octets);
        assert_eq!(error, None);
        let times: Vec<_> = fragment
            .objects
            .headers()
            .filter(|header| header.group == 2)
            .flat_map(|header| header.points())
            .map(|point| (point.index, point.value, point.time_ms))
            .collect();
        let on = Value::Bit(true);
        assert_eq!(times, [(Some(5), on, None), (Some(5), on, Some(1_700_000_000_250))]);
    }

    #[test]
    fn attributes_with_indices_are_stepped_over() {
        let octets = hex!("c0 81 00 00 00 fc 17 02 00 01 01 41 07 02 01 09 34 02 07 01 05 00");
        let (fragment, error) = read(&octets);
        assert_eq!(error, None);
        let headers: Vec<_> = fragment.objects.headers().collect();
        assert_eq!(headers.len(), 2);
        let values: Vec<_> = headers[0].points().map(|point| (point.index, point.value)).collect();
        let [first, second] = [Attribute::Text(b"A"), Attribute::Unsigned(9)].map(Value::Attribute);
        assert_eq!(values, [(Some(0), first), (Some(7), second)]);
    }
}
