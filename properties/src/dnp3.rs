//! DNP3, layer by layer: link frames, transport segments, application fragments.

use gridtap_captures::dnp3::link::{PRM, UNCONFIRMED_USER_DATA, frame};
use gridtap_parsers::dnp3::link::{Control, Header, MAX_FRAME_OCTETS, MAX_USER_OCTETS};
use gridtap_parsers::dnp3::{self, Fragment, Message, ObjectHeader, fragment};
use gridtap_parsers::{Chunk, Class, Parsed, Side};

use crate::{encode, memory, walk};

/// A link frame: as it came, and put together around the same octets.
pub fn dnp3_link(data: &[u8]) {
    let mut buffer = [0; MAX_USER_OCTETS];
    match dnp3::frame(data, &mut buffer) {
        Ok(read) => {
            let Header { control, destination, source, .. } = read.header;
            let octets = read.header.frame_octets();
            let first = data.get(..octets).unwrap_or_default();
            assert!((10..=MAX_FRAME_OCTETS).contains(&octets));
            assert_eq!(read.user_data.len(), read.header.user_octets());
            assert_eq!(frame(control.0, destination, source, read.user_data), first, "anew");
            for part in (1..octets).filter_map(|octets| first.get(..octets)) {
                let error = dnp3::frame(part, &mut [0; MAX_USER_OCTETS]).err();
                assert_eq!(error.map(|error| error.class), Some(Class::Incomplete));
                assert_eq!(error.map(|error| error.offset), Some(part.len()));
            }
        }
        Err(error) => assert!(error.offset <= data.len(), "{error:?}"),
    }
    let Some(([control, d0, d1, s0, s1, flip], rest)) = data.split_first_chunk() else { return };
    let user_data = rest.get(..rest.len().min(MAX_USER_OCTETS)).unwrap_or_default();
    let (destination, source) = (u16::from_le_bytes([*d0, *d1]), u16::from_le_bytes([*s0, *s1]));
    let mut octets = frame(*control, destination, source, user_data);
    let mut buffer = [0; MAX_USER_OCTETS];
    let read = dnp3::frame(&octets, &mut buffer).map(|read| (read.header, read.user_data));
    let length = u8::try_from(user_data.len() + 5).unwrap_or(u8::MAX);
    let header = Header { length, control: Control(*control), destination, source };
    assert_eq!(read, Ok((header, user_data)));
    // CRCs see one flipped bit wherever it is.
    let at = usize::from(*flip) % octets.len();
    if let Some(octet) = octets.get_mut(at) {
        *octet ^= 1 << (flip % 8);
    }
    assert!(dnp3::frame(&octets, &mut [0; MAX_USER_OCTETS]).is_err(), "bit {flip}");
}

/// Transport segments: a fragment is put together from segments of any sizes, one that lacks a segment is not.
///
/// The first octet is the first sequence number; the second says what happens to which segment; the third is the size
/// of all segments.
pub fn dnp3_transport(data: &[u8]) {
    let Some(([first, mishap, size], fragment)) = data.split_first_chunk() else { return };
    let size = usize::from(*size).clamp(1, 249);
    if fragment.len() < 2 || fragment.len() > dnp3::MAX_FRAGMENT_OCTETS {
        return;
    }
    let count = fragment.len().div_ceil(size);
    let segments = fragment.chunks(size).zip(0_usize..).map(|(octets, at)| {
        let first_one = if at == 0 { 0x40 } else { 0 };
        let last_one = if at + 1 == count { 0x80 } else { 0 };
        let sequence = u8::try_from((usize::from(*first) + at) % 64).unwrap_or_default();
        frame(
            PRM | UNCONFIRMED_USER_DATA,
            1,
            10,
            &[&[first_one | last_one | sequence], octets].concat(),
        )
    });
    let mut frames: Vec<Vec<u8>> = segments.collect();
    let at = usize::from(mishap >> 2) % count;
    let mishap = match mishap & 3 {
        // A retransmission that the link let through.
        1 if at + 1 < count => {
            frames.insert(at, frames.get(at).cloned().unwrap_or_default());
            Mishap::Harmless
        }
        2 => {
            frames.remove(at);
            Mishap::Lost
        }
        3 if at + 1 < count && frames.get(at).map(Vec::len) == frames.get(at + 1).map(Vec::len) => {
            frames.swap(at, at + 1);
            Mishap::Lost
        }
        _ => Mishap::Harmless,
    };
    let octets = frames.concat();
    let whole = dnp3::fragment(header(&octets), fragment);
    let mut found = 0;
    memory::bounded(memory::PARSER_OCTETS, octets.len(), || {
        each(&octets, &mut |read| {
            found += 1;
            assert!(Some(read) == whole.0, "put together otherwise: {read:?}");
        });
    });
    let expected = usize::from(mishap == Mishap::Harmless && whole.0.is_some());
    assert_eq!(found, expected, "of {count} segments, {mishap:?}");
}

/// What happens to the segments of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mishap {
    Harmless,
    Lost,
}

/// The link header that the first frame of `octets` has.
fn header(octets: &[u8]) -> Header {
    dnp3::frame(octets, &mut [0; MAX_USER_OCTETS]).map(|frame| frame.header).unwrap_or_default()
}

/// Hands out the fragments of a stream.
fn each(octets: &[u8], found: &mut dyn FnMut(Fragment<'_>)) {
    let mut dissector = dnp3::PROTOCOL.stream(Side::B);
    let mut fragments = |parsed: &Parsed<'_>| {
        if let Some(gridtap_parsers::Message::Dnp3(Message::Fragment(fragment))) = parsed.message {
            found(fragment);
        }
    };
    let chunk = Chunk { side: Side::A, offset: 0, lost: 0, octets, datagram: false };
    dissector.feed(&chunk, &mut fragments);
    dissector.close(&mut fragments);
}

/// An application fragment: its objects lie in it, a part of it says nothing else, and what is read of its points
/// encoded anew says the same.
///
/// The first octet is the link's control octet; the second says how long the part is.
pub fn dnp3_fragment(data: &[u8]) {
    let Some(([control, part], octets)) = data.split_first_chunk() else { return };
    let link =
        Header { control: Control(*control), source: 10, destination: 1, ..Header::default() };
    let (read, error) =
        memory::bounded(memory::PARSER_OCTETS, octets.len(), || fragment(link, octets));
    assert!(error.is_none_or(|error| error.offset <= octets.len()), "{error:?}");
    let Some(read) = read else {
        return assert!(octets.len() < 2 && error.is_some(), "{error:?}");
    };
    memory::bounded(memory::PARSER_OCTETS, octets.len(), || {
        walk::objects(&read.objects, octets.len());
    });
    assert!(octets.ends_with(read.objects.octets()));

    let (anew, headers) = encode::fragment_of(&read);
    let again = fragment(link, &anew).0.map_or_else(Vec::new, |again| said(&again, headers));
    assert_eq!(said(&read, headers), again, "encoded anew: {anew:02x?}");

    let part = octets.get(..octets.len() * usize::from(*part) / 256).unwrap_or_default();
    if let (Some(of_part), _) = fragment(link, part) {
        let headers: Vec<_> = of_part.objects.headers().collect();
        // The last one may lack objects.
        let whole = headers.len().saturating_sub(1);
        assert!(read.objects.headers().take(whole).eq(headers.into_iter().take(whole)));
    }
}

/// What the first headers of a fragment say, as text, in which a number that is none equals itself.
fn said(fragment: &Fragment<'_>, headers: usize) -> Vec<String> {
    let head = format!("{:?} {:?} {:?}", fragment.control, fragment.function, fragment.iin);
    let headers = fragment.objects.headers().take(headers).map(|header| {
        let points: Vec<_> = header.points().collect();
        let ObjectHeader { group, variation, qualifier, range, .. } = header;
        format!("g{group}v{variation} {qualifier:#04x} {range:?} {points:?}")
    });
    core::iter::once(head).chain(headers).collect()
}
