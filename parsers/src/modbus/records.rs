//! Lists inside a message: file records and names of the device.

use nom::Parser;
use nom::bytes::complete::take;
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u16};

use super::check::{Checked, counted, flaw};
use super::values::Registers;
use crate::error::{Class, Fault, Wire};

/// The only reference type there is.
const FILE_RECORD: u8 = 6;
/// The highest record number in a file.
const MAX_RECORD: u16 = 9_999;

/// Where registers lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileArea {
    /// File number.
    pub file: u16,
    /// Number of the first record; 0 to 9,999 in a well-formed message.
    pub record: u16,
    /// How many registers.
    pub length: u16,
}

/// Registers to be written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileWrite<'a> {
    /// Where they go.
    pub area: FileArea,
    /// Their values.
    pub values: Registers<'a>,
}

/// One name or version of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceObject<'a> {
    /// 0 vendor name, 1 product code, 2 revision, 3 URL, 4 product name, 5 model, 6 application;
    /// from 128 on the vendor's own.
    pub id: u8,
    /// ASCII text in the standard's objects.
    pub value: &'a [u8],
}

/// Makes a list read on the go: `$list` of `$item`, each read by `$read`, to the first that
/// cannot be read.
macro_rules! list {
    ($(#[$about:meta])* $list:ident of $item:ty, by $read:ident) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $list<'a> {
            octets: &'a [u8],
        }

        impl<'a> $list<'a> {
            /// The octets as sent.
            #[must_use]
            pub const fn octets(self) -> &'a [u8] {
                self.octets
            }

            /// The items, up to the first that cannot be read whole.
            pub fn iter(self) -> impl Iterator<Item = $item> + Clone + use<'a> {
                let mut left = self.octets;
                core::iter::from_fn(move || {
                    let (rest, item) = $read(left).ok()?;
                    left = rest;
                    Some(item)
                })
            }
        }
    };
}

list! {
    /// What a Read File Record request asks for.
    FileAreas of FileArea, by area
}
list! {
    /// What a Read File Record response holds: the registers of each area asked for.
    FileBlocks of Registers<'a>, by block
}
list! {
    /// What a Write File Record request or its echo holds.
    FileWrites of FileWrite<'a>, by write
}
list! {
    /// The objects of a Read Device Identification response.
    DeviceObjects of DeviceObject<'a>, by object
}

fn area(input: &[u8]) -> Wire<'_, FileArea> {
    let (input, (_, file, record, length)) = (be_u8, be_u16, be_u16, be_u16).parse(input)?;
    Ok((input, FileArea { file, record, length }))
}

fn block(input: &[u8]) -> Wire<'_, Registers<'_>> {
    let (rest, group) = length_data(be_u8).parse(input)?;
    let (values, _) = be_u8(group)?;
    Ok((rest, Registers::new(values)))
}

fn write(input: &[u8]) -> Wire<'_, FileWrite<'_>> {
    let (input, area) = area(input)?;
    let (rest, values) = take(usize::from(area.length).saturating_mul(2)).parse(input)?;
    Ok((rest, FileWrite { area, values: Registers::new(values) }))
}

fn object(input: &[u8]) -> Wire<'_, DeviceObject<'_>> {
    let (input, id) = be_u8(input)?;
    let (rest, value) = length_data(be_u8).parse(input)?;
    Ok((rest, DeviceObject { id, value }))
}

/// Reads the body of a Read File Record request.
pub(super) fn areas(input: &[u8]) -> Checked<'_, FileAreas<'_>> {
    let (rest, (octets, miscounted)) = counted(input)?;
    let outside = octets.is_empty() || octets.len() > 0xf5 || !octets.len().is_multiple_of(7);
    let what = "the byte count is not that of 1 to 35 groups of 7";
    let flaw = miscounted
        .or_else(|| flaw(outside, input, Class::ByteCount, what))
        .or_else(|| walk(octets, area, |at, area| reference(at).or_else(|| record(at, *area))));
    Ok((rest, (FileAreas { octets }, flaw)))
}

/// Reads the body of a Read File Record response.
pub(super) fn blocks(input: &[u8]) -> Checked<'_, FileBlocks<'_>> {
    let (rest, (octets, miscounted)) = counted(input)?;
    // The standard's range begins at 7, yet the answer of a single register takes 4.
    let outside = octets.len() < 4 || octets.len() > 0xf5;
    let whole = |at, values: &Registers<'_>| {
        let odd = !values.octets().len().is_multiple_of(2);
        flaw(odd, at, Class::ByteCount, "a group ends inside a register")
    };
    let flaw = miscounted
        .or_else(|| flaw(outside, input, Class::ByteCount, "data length outside its limits"))
        .or_else(|| {
            walk(octets, block, |at, values| {
                reference(at.get(1..).unwrap_or_default()).or_else(|| whole(at, values))
            })
        });
    Ok((rest, (FileBlocks { octets }, flaw)))
}

/// Reads the body of a Write File Record request or response.
pub(super) fn writes(input: &[u8]) -> Checked<'_, FileWrites<'_>> {
    let (rest, (octets, miscounted)) = counted(input)?;
    let outside = octets.len() < 9 || octets.len() > 0xfb;
    let flaw = miscounted
        .or_else(|| flaw(outside, input, Class::ByteCount, "data length outside its limits"))
        .or_else(|| {
            walk(octets, write, |at, item| reference(at).or_else(|| record(at, item.area)))
        });
    Ok((rest, (FileWrites { octets }, flaw)))
}

/// Reads the objects of a Read Device Identification response, which says that there are `count`.
pub(super) fn objects(octets: &[u8], count: u8) -> (DeviceObjects<'_>, Option<Fault<'_>>) {
    let objects = DeviceObjects { octets };
    let flaw = walk(octets, object, |_, _| None).or_else(|| {
        let wrong = objects.iter().count() != usize::from(count);
        flaw(
            wrong,
            octets,
            Class::ByteCount,
            "the number of objects disagrees with those there are",
        )
    });
    (objects, flaw)
}

/// The first thing wrong with items that follow each other to the end of `octets`.
fn walk<'a, T>(
    octets: &'a [u8],
    read: fn(&'a [u8]) -> Wire<'a, T>,
    judge: impl Fn(&'a [u8], &T) -> Option<Fault<'a>>,
) -> Option<Fault<'a>> {
    let mut left = octets;
    while !left.is_empty() {
        let Ok((rest, item)) = read(left) else {
            return flaw(true, left, Class::ByteCount, "an item passes the end of the message");
        };
        if let Some(fault) = judge(left, &item) {
            return Some(fault);
        }
        left = rest;
    }
    None
}

fn reference(at: &[u8]) -> Option<Fault<'_>> {
    let other = at.first() != Some(&FILE_RECORD);
    flaw(other, at, Class::Value, "the reference type is not 6")
}

fn record(at: &[u8], area: FileArea) -> Option<Fault<'_>> {
    let past = area.record > MAX_RECORD;
    flaw(past, at, Class::AddressRange, "the record number passes 9,999")
}
