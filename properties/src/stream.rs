//! The streams: one side of a flow, in pieces, with gaps or without.
//!
//! The first octets of an input say how it is cut: an octet of switches, then the places of the cuts, two octets each.
//! The rest is what the side sends.

use core::fmt::{self, Write as _};
use core::hash::{Hash as _, Hasher as _};
use core::ops::Range;
use std::hash::DefaultHasher;

use gridtap_captures::modbus::{mbap, request, response, rtu};
use gridtap_parsers::{Chunk, Class, Message, Parsed, Protocol, Side, dnp3, modbus};

use crate::memory;
use crate::walk;

/// Modbus on TCP or UDP, in whichever framing: a stream that begins with Modbus/TCP, or with anything.
pub fn modbus_stream(data: &[u8]) {
    let script = Script::read(data);
    let first = match script.side {
        Side::A => request::read_holding_registers(0, 10),
        Side::B => response::read_holding_registers(&[7]),
    };
    let stream = script.stream(&modbus::PROTOCOL, &mbap(1, 1, &first));
    let (whole, pieces) = stream.check();
    tiles(&whole, &stream);
    tiles(&pieces, &stream);
    if stream.comparable() {
        // In step, headers alone say where messages end; out of step, segments have a say in it.
        let in_step = whole.iter().take_while(|row| row.function.is_some()).count();
        same(&whole, &pieces, in_step);
    }
}

/// Modbus RTU, as serial servers carry it over TCP.
pub fn rtu_stream(data: &[u8]) {
    let script = Script::read(data);
    let first = match script.side {
        Side::A => request::read_holding_registers(0, 2),
        Side::B => response::read_holding_registers(&[7]),
    };
    let stream = script.stream(&modbus::PROTOCOL, &rtu(1, &first));
    let (whole, pieces) = stream.check();
    tiles(&whole, &stream);
    tiles(&pieces, &stream);
    // A segment that is made of frames is not taken for the middle of another.
    let misleading =
        stream.pieces.iter().skip(1).any(|piece| begins_with_frame(stream.octets_of(piece)));
    if stream.comparable() && !misleading {
        // Functions that do not say how long they are end with their segment.
        let told = |row: &&Row| {
            row.function.is_some_and(|code| TOLD.contains(&(code & 0x7f))) && !row.uncertain
        };
        let in_step = whole.iter().take_while(told).filter(|row| !row.ended).count();
        same(&whole, &pieces, in_step);
    }
}

/// DNP3 on TCP or UDP.
pub fn dnp3_stream(data: &[u8]) {
    let stream = Script::read(data).stream(&dnp3::PROTOCOL, &[]);
    let (whole, pieces) = stream.check();
    if stream.comparable() {
        same(&whole, &pieces, usize::MAX);
    }
}

/// Modbus functions whose frames say in either direction where they end.
const TOLD: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24];

/// Where the stream begins: not at 0, so that places are not mistaken for lengths.
const FIRST_PLACE: u64 = 1_000;

/// How an input is to be handed over.
struct Script<'a> {
    side: Side,
    /// Each piece is a datagram.
    datagrams: bool,
    /// The stream begins with a message that says in which framing it is.
    opened: bool,
    /// Every other piece never arrived.
    gaps: bool,
    cuts: Vec<usize>,
    octets: &'a [u8],
}

impl<'a> Script<'a> {
    fn read(data: &'a [u8]) -> Self {
        let (switches, rest) = data.split_first().map_or((0, data), |(first, rest)| (*first, rest));
        let wanted = usize::from(switches >> 4).saturating_mul(2);
        let (cuts, octets) = rest.split_at(wanted.min(rest.len()));
        let (cuts, _) = cuts.as_chunks::<2>();
        Self {
            side: if switches & 1 == 0 { Side::A } else { Side::B },
            datagrams: switches & 2 != 0,
            opened: switches & 4 == 0,
            gaps: switches & 8 != 0,
            cuts: cuts.iter().map(|cut| usize::from(u16::from_le_bytes(*cut))).collect(),
            octets,
        }
    }

    /// The stream it describes, which begins with `first` if it shall begin well.
    fn stream(self, protocol: &'static Protocol, first: &[u8]) -> Stream {
        let first = if self.opened { first } else { &[] };
        let octets = [first, self.octets].concat();
        let place =
            |cut: &usize| first.len().saturating_add(cut % self.octets.len().saturating_add(1));
        let mut ends: Vec<_> = self.cuts.iter().map(place).collect();
        ends.extend([first.len(), octets.len()]);
        ends.sort_unstable();
        let starts = core::iter::once(0).chain(ends.iter().copied());
        let pieces = starts.zip(ends.iter().copied()).map(|(start, end)| start..end).collect();
        let Self { side, datagrams, opened, gaps, .. } = self;
        Stream { protocol, side, datagrams, opened, gaps, first: first.len(), octets, pieces }
    }
}

/// One side's octets and how they are cut.
struct Stream {
    protocol: &'static Protocol,
    side: Side,
    datagrams: bool,
    opened: bool,
    gaps: bool,
    /// Octets that come first, in a piece of their own.
    first: usize,
    octets: Vec<u8>,
    pieces: Vec<Range<usize>>,
}

impl Stream {
    /// Reads the stream in one piece behind its first octets, and in all its pieces; asserts what holds for either.
    fn check(&self) -> (Vec<Row>, Vec<Row>) {
        let whole = [0..self.first, self.first..self.octets.len()];
        let read = |pieces: &[Range<usize>], gaps| {
            let mut rows =
                Vec::with_capacity(self.octets.len().saturating_mul(2).saturating_add(8));
            memory::bounded(memory::PARSER_OCTETS, self.octets.len(), || {
                self.read(pieces, gaps, &mut rows);
            });
            rows
        };
        (read(&whole, false), read(&self.pieces, self.gaps))
    }

    /// Reads the pieces, or every other one, into `rows`, which has room for them.
    fn read(&self, pieces: &[Range<usize>], gaps: bool, rows: &mut Vec<Row>) {
        let mut dissector = self.protocol.stream(Side::B);
        let (mut fed, mut lost, mut all_lost) = (FIRST_PLACE, 0, 0);
        for (number, piece) in pieces.iter().enumerate() {
            let octets = self.octets_of(piece);
            if gaps && number % 2 == 1 {
                lost = add(lost, octets.len());
                continue;
            }
            let offset = add(FIRST_PLACE, piece.start);
            fed = add(offset, octets.len());
            let chunk = Chunk { side: self.side, offset, lost, octets, datagram: self.datagrams };
            dissector.feed(&chunk, &mut |parsed| rows.push(self.row(parsed, fed)));
            all_lost += lost;
            lost = 0;
        }
        let at_end = rows.len();
        dissector.close(&mut |parsed| rows.push(self.row(parsed, fed)));
        rows.iter_mut().skip(at_end).for_each(|row| row.ended = true);

        let told: u64 = rows.iter().map(|row| row.lost).sum();
        assert!(told <= all_lost, "{told} octets told as lost of {all_lost}");
        let most = self.octets.len().saturating_mul(2).saturating_add(8);
        assert!(rows.len() <= most, "{} finds in {} octets", rows.len(), self.octets.len());
    }

    /// Checks one find by itself: its octets have come, and its error is in them.
    fn row(&self, parsed: &Parsed<'_>, fed: u64) -> Row {
        let span = parsed.span.clone();
        assert_eq!(parsed.side, self.side);
        assert!(FIRST_PLACE <= span.start && span.start < span.end, "{parsed:?}");
        assert!(span.end <= fed, "reads past the {fed} octets that have come: {parsed:?}");
        let octets = usize::try_from(span.end - span.start).unwrap_or(usize::MAX);
        if let Some(error) = parsed.error {
            // The CRC of a header that was no header may stand in the frame that began inside it.
            let place = add(span.start, error.offset);
            assert!(place <= fed, "an error outside the octets that have come: {parsed:?}");
        }
        assert!(parsed.message.is_some() || parsed.error.is_some(), "{parsed:?}");
        let function = parsed.message.map(|message| {
            walk::message(&message, octets);
            match message {
                Message::Modbus(adu) => adu.function.code(),
                Message::Dnp3(dnp3::Message::Fragment(fragment)) => fragment.function.code(),
                Message::Dnp3(dnp3::Message::Link(header)) => header.control.0,
            }
        });
        let mut digest = Digest(DefaultHasher::new());
        if let Some(Message::Dnp3(dnp3::Message::Fragment(fragment))) = parsed.message {
            // All that it says is said by these.
            let head = (fragment.link, fragment.control, fragment.function, fragment.iin);
            (head, fragment.objects.octets()).hash(&mut digest.0);
        } else {
            // A digest takes whatever is written.
            let _ = write!(digest, "{:?}", parsed.message);
        }
        Row {
            span,
            lost: parsed.lost,
            function,
            error: parsed.error.map(|error| (error.offset, error.class, error.what)),
            uncertain: parsed.uncertain,
            digest: digest.0.finish(),
            ended: false,
        }
    }

    fn octets_of(&self, piece: &Range<usize>) -> &[u8] {
        self.octets.get(piece.clone()).unwrap_or_default()
    }

    /// Whether cuts must not matter: all octets come, in a stream that began well.
    const fn comparable(&self) -> bool {
        self.opened && !self.gaps && !self.datagrams
    }
}

/// A find, in little memory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    span: Range<u64>,
    lost: u64,
    function: Option<u8>,
    error: Option<(usize, Class, &'static str)>,
    uncertain: bool,
    /// Of all that the message says.
    digest: u64,
    /// Whether it was handed out because the stream was over.
    ended: bool,
}

/// Hashes text.
struct Digest(DefaultHasher);

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

/// Asserts that the first `count` finds are the same.
fn same(whole: &[Row], pieces: &[Row], count: usize) {
    let first = |rows: &[Row]| rows.iter().take(count).cloned().collect::<Vec<_>>();
    assert_eq!(first(whole), first(pieces), "where a stream is cut changes what is read");
}

/// Asserts that each octet that came was handed out once, in order.
fn tiles(rows: &[Row], stream: &Stream) {
    let mut place = FIRST_PLACE;
    for row in rows {
        assert!(row.span.start == place || stream.gaps && row.span.start > place, "{rows:#?}");
        place = row.span.end;
    }
    let end = add(FIRST_PLACE, stream.octets.len());
    assert!(place == end || stream.gaps && place < end, "{rows:#?}");
}

fn begins_with_frame(octets: &[u8]) -> bool {
    (4..=octets.len().min(256)).any(|end| {
        let (_, error) =
            modbus::rtu(octets.get(..end).unwrap_or_default(), gridtap_parsers::Direction::Request);
        error.is_none_or(|error| error.class != Class::Crc)
    })
}

/// A place some octets further.
fn add(place: u64, octets: usize) -> u64 {
    place.saturating_add(u64::try_from(octets).unwrap_or(u64::MAX))
}
