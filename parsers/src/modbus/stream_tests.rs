//! Streams whole, cut, damaged, and not Modbus at all.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test's own numbers are small, and it fails by panicking"
)]

use std::ops::Range;

use super::{Adu, Body, PROTOCOL};
use crate::error::{Class, ParseError};
use crate::protocol::{Chunk, Dissector, Message, Side};

/// What was found at one stretch, in a form that can be kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) side: Side,
    pub(super) adu: Option<String>,
    pub(super) function: Option<u8>,
    pub(super) class: Option<Class>,
    pub(super) span: Range<u64>,
    pub(super) lost: u64,
    pub(super) uncertain: bool,
}

/// A dissector for a flow whose server is B, and what it found.
#[derive(Debug)]
pub(super) struct Bench {
    dissector: Box<dyn Dissector>,
    pub(super) rows: Vec<Row>,
    place: [u64; 2],
}

impl Bench {
    pub(super) fn new() -> Self {
        Self { dissector: (PROTOCOL.make)(Side::B), rows: Vec::new(), place: [0, 0] }
    }

    pub(super) fn feed(&mut self, side: Side, octets: &[u8]) -> &mut Self {
        self.feed_after(0, side, octets)
    }

    pub(super) fn feed_after(&mut self, lost: u64, side: Side, octets: &[u8]) -> &mut Self {
        let place = &mut self.place[usize::from(side == Side::B)];
        let offset = *place + lost;
        *place = offset + octets.len() as u64;
        let chunk = Chunk { side, offset, lost, octets, datagram: false };
        let rows = &mut self.rows;
        self.dissector.feed(&chunk, &mut |parsed| rows.push(row(parsed)));
        self
    }

    pub(super) fn datagram(&mut self, side: Side, octets: &[u8]) -> &mut Self {
        let chunk = Chunk { side, offset: 0, lost: 0, octets, datagram: true };
        let rows = &mut self.rows;
        self.dissector.feed(&chunk, &mut |parsed| rows.push(row(parsed)));
        self
    }

    pub(super) fn close(&mut self) -> &mut Self {
        let rows = &mut self.rows;
        self.dissector.close(&mut |parsed| rows.push(row(parsed)));
        self
    }

    /// Function code, class and certainty of each row.
    pub(super) fn brief(&self) -> Vec<(Option<u8>, Option<Class>, bool)> {
        self.rows.iter().map(|row| (row.function, row.class, !row.uncertain)).collect()
    }
}

fn row(parsed: &crate::Parsed<'_>) -> Row {
    let adu: Option<Adu<'_>> = parsed.message.map(|message| match message {
        Message::Modbus(adu) => adu,
        Message::Dnp3(_) => panic!("not Modbus"),
    });
    Row {
        side: parsed.side,
        adu: adu.map(|adu| format!("{adu:?}")),
        function: adu.map(|adu| {
            let exception = matches!(adu.body, Body::Exception(_));
            adu.function.code() | if exception { 0x80 } else { 0 }
        }),
        class: parsed.error.map(|error: ParseError| error.class),
        span: parsed.span.clone(),
        lost: parsed.lost,
        uncertain: parsed.uncertain,
    }
}

pub(super) fn adu(transaction: u16, pdu: &[u8]) -> Vec<u8> {
    let length = u16::try_from(pdu.len() + 1).unwrap();
    [&transaction.to_be_bytes(), &[0, 0][..], &length.to_be_bytes(), &[1], pdu].concat()
}

const READ: &[u8] = &[3, 0, 0, 0, 10];

#[test]
fn several_adus_in_a_chunk_are_each_handed_out_in_place() {
    let mut bench = Bench::new();
    let chunk = [adu(1, READ), adu(2, &[6, 0, 5, 0, 9]), adu(3, &[65, 1, 2])].concat();
    bench.feed(Side::A, &chunk);
    let expected =
        [(Some(3), None, true), (Some(6), None, true), (Some(65), Some(Class::Function), true)];
    assert_eq!(bench.brief(), expected);
    let spans: Vec<_> = bench.rows.iter().map(|row| row.span.clone()).collect();
    assert_eq!(spans, [0..12, 12..24, 24..34]);
}

#[test]
fn sides_do_not_touch_each_other() {
    let (request, response) = (adu(1, READ), adu(1, &[3, 2, 0, 7]));
    let mut bench = Bench::new();
    bench.feed(Side::A, &request[..5]).feed(Side::B, &response[..9]);
    bench.feed(Side::A, &request[5..]).feed(Side::B, &response[9..]);
    let sides: Vec<_> = bench.rows.iter().map(|row| (row.side, row.function, row.class)).collect();
    assert_eq!(sides, [(Side::A, Some(3), None), (Side::B, Some(3), None)]);
}

#[test]
fn a_scan_of_all_functions_is_seen_in_one_connection_and_in_many() {
    let mut one = Bench::new();
    for code in 0..=255 {
        one.feed(Side::A, &adu(1, &[code, 0, 0, 0, 1]));
        let mut many = Bench::new();
        many.feed(Side::A, &adu(1, &[code, 0, 0, 0, 1]));
        many.feed(Side::B, &adu(1, &[code | 0x80, 1])).close();
        let expected = [Some(code), Some(code | 0x80)];
        assert_eq!(many.rows.iter().map(|row| row.function).collect::<Vec<_>>(), expected);
        assert!(many.rows.iter().all(|row| !row.uncertain));
    }
    let codes: Vec<_> = one.rows.iter().map(|row| row.function).collect();
    assert_eq!(codes, (0..=255).map(Some).collect::<Vec<_>>());
}

#[test]
fn payload_that_is_not_modbus_yields_no_message() {
    let table: &[&[u8]] = &[
        b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"x",
        &[0x16, 3, 1, 0, 0xf1, 1, 0, 0, 0xed, 3, 3, 0, 0, 0, 0, 0, 0, 0, 6, 1, 1, 9, 4, 9, 6, 7],
        &[3, 0, 0, 0x13, 0x0e, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0],
        &[0; 2_000],
        &[0xff; 300],
        &[0x80, 0, 0, 0x28, 0x28, 0x7e, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa3, 0, 0, 0, 3],
        &[5, 0x64, 5, 0xc0, 1, 0, 0, 0, 4, 0xe9, 0x21],
        &[0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0],
    ];
    for payload in table {
        for piece in [1, 7, 4_000] {
            let mut bench = Bench::new();
            for chunk in payload.chunks(piece) {
                bench.feed(Side::A, chunk).feed(Side::B, chunk);
            }
            bench.close();
            assert!(bench.rows.iter().all(|row| row.adu.is_none() && row.class.is_some()));
            let octets: u64 = bench.rows.iter().map(|row| row.span.end - row.span.start).sum();
            assert_eq!(octets, 2 * payload.len() as u64);
        }
    }
}

#[test]
fn a_stretch_without_messages_is_one_row() {
    let mut bench = Bench::new();
    bench.feed(Side::A, &[&[0xff; 100], adu(1, READ).as_slice(), &[0xee; 50]].concat());
    let rows = bench.brief();
    let skipped = (None, Some(Class::ProtocolId), false);
    assert_eq!(rows, [skipped], "rubbish follows the message");
    bench.feed(Side::A, &adu(2, READ));
    assert_eq!(bench.brief()[1..], [skipped, (Some(3), None, false)]);
}

#[test]
fn a_flow_joined_in_the_middle_of_an_adu_is_read_from_the_next() {
    let long = adu(1, &[&[3, 250][..], &[7; 250]].concat());
    for cut in 1..long.len() {
        let mut bench = Bench::new();
        bench.feed(Side::B, &long[cut..]);
        bench.feed(Side::B, &adu(2, &[3, 2, 0, 7])).feed(Side::B, &adu(3, &[3, 2, 0, 8]));
        bench.close();
        let messages: Vec<_> = bench.rows.iter().filter(|row| row.adu.is_some()).collect();
        assert_eq!(messages.len(), 2, "{cut}: {:?}", bench.rows);
        assert!(messages.iter().all(|row| row.class.is_none()));
        assert!(!messages[1].uncertain);
    }
}

#[test]
fn a_gap_costs_the_message_it_tore() {
    let mut bench = Bench::new();
    bench.feed(Side::B, &adu(1, &[3, 2, 0, 7]));
    bench.feed(Side::B, &adu(2, &[3, 4, 0, 7, 0, 8])[..9]);
    bench.feed_after(4, Side::B, &adu(3, &[3, 2, 0, 9])).feed(Side::B, &adu(4, &[3, 2, 0, 9]));
    let expected = [
        (Some(3), None, true),
        (Some(3), Some(Class::Incomplete), true),
        (Some(3), None, false),
        (Some(3), None, true),
    ];
    assert_eq!(bench.brief(), expected);
    assert_eq!(bench.rows.iter().map(|row| row.lost).collect::<Vec<_>>(), [0, 0, 4, 0]);
}

#[test]
fn a_loss_is_told_once_though_junk_comes_before_the_next_message() {
    let mut bench = Bench::new();
    bench.feed(Side::B, &adu(1, &[3, 2, 0, 7])).feed_after(36, Side::B, &[0xff; 9]);
    bench.feed(Side::B, &adu(2, &[3, 2, 0, 8])).close();
    assert_eq!(bench.rows.iter().filter(|row| row.adu.is_some()).count(), 2, "{:?}", bench.rows);
    assert_eq!(bench.rows.iter().map(|row| row.lost).sum::<u64>(), 36, "{:?}", bench.rows);
    assert_eq!(bench.rows[1].lost, 36);
}

#[test]
fn after_a_gap_an_unread_function_needs_a_segment_of_its_own() {
    let unread = adu(2, &[126, 1, 2]);
    let mut bench = Bench::new();
    bench.feed_after(4, Side::A, &unread);
    assert_eq!(bench.brief(), [(Some(126), Some(Class::Function), false)]);
    let mut bench = Bench::new();
    bench.feed_after(4, Side::A, &[&[9; 9], unread.as_slice()].concat()).close();
    assert!(bench.rows.iter().all(|row| row.adu.is_none()));
}

#[test]
fn a_wrong_header_in_step_is_passed_over() {
    let mut bench = Bench::new();
    let mut torn = adu(2, READ);
    torn[3] = 9;
    bench.feed(Side::A, &adu(1, READ));
    bench.feed(Side::A, &[torn, adu(3, READ), adu(4, READ)].concat());
    let expected = [
        (Some(3), None, true),
        (None, Some(Class::ProtocolId), false),
        (Some(3), None, false),
        (Some(3), None, true),
    ];
    assert_eq!(bench.brief(), expected);
}

#[test]
fn a_good_first_message_is_not_hidden_by_rubbish_behind_it() {
    let mut bench = Bench::new();
    bench.feed(Side::A, &[adu(1, &[6, 0, 1, 0, 2]), vec![0xff; 20]].concat());
    let expected = [(Some(6), None, false), (None, Some(Class::ProtocolId), false)];
    assert_eq!(bench.brief(), expected);
}

#[test]
fn what_was_begun_is_handed_out_at_the_end() {
    let octets = adu(7, READ);
    for cut in 1..octets.len() {
        let mut bench = Bench::new();
        bench.feed(Side::A, &adu(6, READ)).feed(Side::A, &octets[..cut]).close();
        let function = (cut >= 8).then_some(3);
        assert_eq!(bench.brief()[1..], [(function, Some(Class::Incomplete), true)], "{cut}");
        assert_eq!(bench.rows[1].span, 12..12 + cut as u64);
    }
}

#[test]
fn umas_may_be_longer_than_modbus() {
    let long = adu(1, &[&[90, 0, 0x20][..], &[0; 1_200]].concat());
    let mut bench = Bench::new();
    for chunk in [long.clone(), long].concat().chunks(700) {
        bench.feed(Side::A, chunk);
    }
    assert_eq!(bench.brief(), [(Some(90), None, true); 2]);
}

#[test]
fn a_datagram_holds_one_adu_and_leaves_nothing() {
    let mut bench = Bench::new();
    let whole = adu(1, READ);
    let two = [whole.clone(), whole.clone()].concat();
    for octets in [&whole[..9], &whole[9..], &whole, &two, &[]] {
        bench.datagram(Side::A, octets);
    }
    bench.close();
    let expected = [
        (Some(3), Some(Class::Incomplete), true),
        (None, Some(Class::ProtocolId), true),
        (Some(3), None, true),
        (Some(3), Some(Class::LengthRange), true),
    ];
    assert_eq!(bench.brief(), expected);
}
