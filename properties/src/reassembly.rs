//! Reassemble: segments in any order, again, overlapping, far off; octets out.

use std::net::SocketAddr;

use gridtap::decode::{At, Segment, Transport};
use gridtap::flow::{Flow, Opening, Reader, Table, Then};
use gridtap::limits::Limits;
use gridtap_models::event::PacketRef;
use gridtap_parsers::{Chunk, Side};

use crate::memory;

/// What a flow table takes whatever its segments: it has room for some flows from the first.
const TABLE_OCTETS: usize = 64 * 1_024;

/// Segments of a few flows. The first four octets are the number that the first octet of each side has; eight octets
/// say what each segment is.
///
/// What a side sends at a place is always the same, so that whatever is handed out must be what was sent there.
pub fn reassembly(data: &[u8]) {
    let Some((first, script)) = data.split_first_chunk() else { return };
    let (segments, _) = script.as_chunks::<8>();
    let limits = Limits { gap_octets: 4_096, gap_segments: 16, flows: 128, ..Limits::default() };
    let first = u32::from_le_bytes(*first);
    // A segment of eight octets of script sends up to 255.
    let input = data.len() + segments.len() * 255;
    memory::bounded(TABLE_OCTETS, input, || {
        let mut table = Table::new(&limits);
        let mut bench = Bench { first, at: AT, sent: Vec::new(), reader: Checked::default() };
        for segment in segments {
            bench.take(&mut table, *segment);
            assert!(table.len() <= 4, "more flows than there are ports");
        }
        table.finish(&bench.at, &mut bench.reader);
        assert!(table.is_empty());
        let counters = table.counters();
        assert_eq!(counters.segments, bench.at.sequence);
        assert_eq!(counters.read_flows, bench.reader.flows);
        assert_eq!(bench.reader.flows, bench.reader.ended, "each flow ends once");
        assert!(bench.reader.octets <= bench.reader.sent, "more octets than were sent");
    });
}

const AT: At =
    At { sequence: 0, packet: PacketRef { capture: 0, number: 0 }, time_ns: 1_000_000_000_000 };

/// A clock and who sends.
struct Bench {
    first: u32,
    at: At,
    sent: Vec<u8>,
    reader: Checked,
}

impl Bench {
    /// Sends the segment that `script` describes: switches, a port, a place and its range, octets, milliseconds before,
    /// octets cut off.
    fn take(&mut self, table: &mut Table<Streams>, script: [u8; 8]) {
        let [switches, port, low, high, far, octets, ms, cut] = script;
        let is_a = switches & 1 == 0;
        let client = SocketAddr::from(([10, 0, 0, 5], 40_000 + u16::from(port % 4)));
        let server = SocketAddr::from(([10, 0, 0, 9], 502));
        let (source, destination) = if is_a { (client, server) } else { (server, client) };
        let (syn, fin, rst) = (switches & 0x0e == 2, switches & 0x0e == 4, switches & 0x0e == 6);
        // Most segments lie near the start, some anywhere.
        let far = if far & 0xf0 == 0xf0 { u32::from(far & 0x0f) << 20 } else { 0 };
        let place = u32::from(u16::from_le_bytes([low, high])) + far;
        let start = self.first.wrapping_add(place);
        let octets = if syn { 0 } else { octets };
        let sequence = if syn { start.wrapping_sub(1) } else { start };
        let acknowledgement = (switches & 16 != 0).then_some(self.first);
        let [a, b] = &mut self.reader.starts;
        if is_a {
            a.push(start);
        } else {
            b.push(start);
        }
        self.sent.clear();
        self.sent.extend((0..u32::from(octets)).map(|at| said(is_a, start.wrapping_add(at))));
        self.at.sequence += 1;
        self.at.packet.number += 1;
        self.at.time_ns += u64::from(ms) * 4_000_000;
        self.reader.sent += u64::from(octets);
        let segment = Segment {
            at: self.at,
            source,
            destination,
            source_mac: None,
            destination_mac: None,
            vlan: None,
            hops: 64,
            transport: Transport::Tcp { sequence, acknowledgement, syn, fin, rst, window: 8_192 },
            payload: &self.sent,
            cut: if switches & 32 == 0 { 0 } else { cut.into() },
        };
        table.take(&segment, &mut self.reader);
        if switches & 64 != 0 {
            table.tick(&self.at, &mut self.reader);
        }
    }
}

/// What a side sends at a place: no two places near each other say the same in four octets.
fn said(is_a: bool, place: u32) -> u8 {
    let mixed = place.wrapping_mul(0x9e37_79b9).rotate_left(11) ^ u32::from(is_a);
    let [octet, ..] = mixed.to_le_bytes();
    octet
}

/// Checks what is handed out.
#[derive(Debug, Default)]
struct Checked {
    flows: u64,
    ended: u64,
    /// Octets handed out, and octets sent.
    octets: u64,
    sent: u64,
    /// Where segments of either side began.
    starts: [Vec<u32>; 2],
}

/// What is known of the two sides of a flow.
type Streams = [Stream; 2];

/// Where a side ended last, and which sequence numbers the first octet of its stream may have by all that was handed
/// out.
#[derive(Debug, Default)]
struct Stream {
    end: u64,
    origins: Option<Vec<u32>>,
}

impl Reader for Checked {
    type State = Streams;

    fn open(&mut self, _: &Flow, chunk: &Chunk<'_>) -> Opening<Streams> {
        assert!(!chunk.octets.is_empty());
        self.flows += 1;
        Opening::Read(Streams::default())
    }

    fn chunk(&mut self, _: &Flow, streams: &mut Streams, chunk: &Chunk<'_>, _: &At) -> Then {
        let Chunk { side, offset, lost, octets, datagram } = *chunk;
        assert!(!datagram && (lost > 0 || !octets.is_empty()));
        let is_a = side == Side::A;
        let ([a, b], [of_a, of_b]) = (streams, &self.starts);
        let (stream, starts) = if is_a { (a, of_a) } else { (b, of_b) };
        assert_eq!(offset, stream.end + lost, "a chunk begins where the last one ended");
        stream.end = offset + octets_of(octets);
        self.octets += octets_of(octets);

        let place = |origin: u32| origin.wrapping_add(low(offset));
        // Its stream begins where some segment of that side did.
        let origins = stream.origins.get_or_insert_with(|| starts.clone());
        origins.retain(|origin| {
            let places = (0..).map(|at| place(*origin).wrapping_add(at));
            octets.iter().zip(places).all(|(octet, place)| *octet == said(is_a, place))
        });
        assert!(!origins.is_empty(), "octets that were not sent there: {chunk:?}");
        Then::ReadOn
    }

    fn end(&mut self, _: &Flow, _: Streams, _: &At) {
        self.ended += 1;
    }
}

fn octets_of(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
}

/// A place in a stream as a distance between sequence numbers.
fn low(place: u64) -> u32 {
    u32::try_from(place & 0xffff_ffff).unwrap_or_default()
}
