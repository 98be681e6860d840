//! How many octets the objects behind a header take.

use nom::Parser;
use nom::bytes::complete::take;

use super::attribute::Attribute;
use super::objects::ObjectHeader;
use super::points::sized;
use super::qualifier::{Prefix, Range, Width};
use super::table::Layout;
use super::value::Point;
use crate::error::{Class, Fault, Wire, fault};

/// Steps over the objects of `header`, whose octets begin at `start` and `body`. What is wrong but
/// does not hide where they end is handed back.
pub(crate) fn measure<'a>(
    header: &ObjectHeader<'a>,
    start: &'a [u8],
    body: &'a [u8],
) -> Wire<'a, Option<Fault<'a>>> {
    let unknown =
        Fault { left: start, class: Class::Object, what: "an unknown group or variation" };
    if let Prefix::Size(width) = header.prefix {
        let (left, wrong) = sized_objects(header, width, body)?;
        return Ok((left, header.object.map_or(Some(unknown), |_| wrong)));
    }
    if !header.carries {
        let (left, ()) = skip(header, header.prefix.octets(), body)?;
        return Ok((left, header.object.map_or(Some(unknown), |_| None)));
    }
    let Some(object) = header.object else {
        return Err(nom::Err::Error(unknown));
    };
    if object.layout == Layout::NoData {
        let what = "a variation that carries nothing, where objects follow";
        let nothing = Fault { left: start, class: Class::Object, what };
        if header.range != Range::All && !header.may_be_empty() {
            return Err(nom::Err::Error(nothing));
        }
        let (left, ()) = skip(header, header.prefix.octets(), body)?;
        return Ok((left, Some(nothing)));
    }
    if matches!(header.range, Range::All | Range::VirtualAddress { .. }) {
        let at = start.get(2..).unwrap_or_default();
        return fault(
            at,
            Class::Qualifier,
            "a qualifier that counts no objects, where some follow",
        );
    }
    let (left, ()) = match object.layout {
        Layout::Bits | Layout::DoubleBits => {
            if header.prefix != Prefix::None {
                let at = start.get(2..).unwrap_or_default();
                return fault(at, Class::Qualifier, "an index before packed bits");
            }
            let points = if object.layout == Layout::Bits { 8 } else { 4 };
            skip_octets(header.range.total().div_ceil(points), body)?
        }
        Layout::Attribute => attributes(header, body)?,
        Layout::NoData | Layout::Fixed(_) | Layout::Octets => {
            let octets = object.octets(header.variation).unwrap_or(0);
            let octets = u64::try_from(octets).unwrap_or(u64::MAX);
            skip(header, header.prefix.octets().saturating_add(octets), body)?
        }
        Layout::File | Layout::Auth | Layout::Opaque => {
            return fault(start, Class::Object, "an object whose size nothing tells");
        }
    };
    Ok((left, None))
}

/// Steps over objects of so many octets each.
fn skip<'a>(header: &ObjectHeader<'_>, octets: u64, body: &'a [u8]) -> Wire<'a, ()> {
    skip_octets(header.range.total().saturating_mul(octets), body)
}

fn skip_octets(octets: u64, body: &[u8]) -> Wire<'_, ()> {
    let left = usize::try_from(octets).ok().and_then(|octets| body.get(octets..));
    match left {
        Some(left) => Ok((left, ())),
        None => fault(end(body), Class::Incomplete, "the octets end inside an object"),
    }
}

/// Steps over objects that each bring their type and length.
fn attributes<'a>(header: &ObjectHeader<'_>, body: &'a [u8]) -> Wire<'a, ()> {
    let mut left = body;
    for _ in 0..header.range.total() {
        if let Prefix::Index(width) = header.prefix {
            (left, _) = width.number(left)?;
        }
        (left, _) = Attribute::read(left)?;
    }
    Ok((left, ()))
}

/// Steps over objects whose sizes stand before them, and hands back the first that is not made as
/// its variation should be.
fn sized_objects<'a>(
    header: &ObjectHeader<'_>,
    width: Width,
    body: &'a [u8],
) -> Wire<'a, Option<Fault<'a>>> {
    let (mut left, mut wrong) = (body, None);
    for _ in 0..header.range.total() {
        let (after, size) = width.number(left)?;
        let (after, object) = take(size).parse(after)?;
        let mut point = Point::UNREAD;
        if wrong.is_none()
            && let Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) =
                sized(header, object, &mut point)
        {
            // Where the object's octets end is not where the fragment's do.
            let short = "a field that passes the size of its object";
            let what = if fault.class == Class::FieldLength { fault.what } else { short };
            wrong = Some(Fault { left, class: Class::FieldLength, what });
        }
        left = after;
    }
    Ok((left, wrong))
}

fn end(octets: &[u8]) -> &[u8] {
    octets.get(octets.len()..).unwrap_or_default()
}
