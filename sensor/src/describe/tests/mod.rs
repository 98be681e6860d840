//! Messages in, events out.

mod marks;

use std::net::SocketAddr;

use gridtap_captures::dnp3::{self as frames, Crob};
use gridtap_captures::modbus::{mbap, request, response, rtu};
use gridtap_models::event::Unseen;
use gridtap_models::event::{
    Event, Intent, Mark, Outcome, PacketRef, Place, Space, Stage, Switch, Value,
};
use gridtap_parsers::{Chunk, Dissector, PROTOCOLS, Side};

use super::{Context, Describer, End, Numbered, Patience, RequestNote, fnv};

/// One flow, from octets to events. The client is side A.
struct Flow {
    dissector: Box<dyn Dissector>,
    describer: Describer,
    patience: Patience,
    offsets: [u64; 2],
    packet: u64,
    pushed_out: u64,
    unseen: Unseen,
}

impl Flow {
    fn new(protocol: &str) -> Self {
        let protocol = PROTOCOLS.iter().find(|row| row.name == protocol).unwrap();
        Self {
            dissector: (protocol.make)(Side::B),
            describer: Describer::default(),
            patience: Patience { requests: 4, answer_ns: 10_000 },
            offsets: [0; 2],
            packet: 0,
            pushed_out: 0,
            unseen: Unseen::default(),
        }
    }

    /// Sends octets a thousand nanoseconds after the last.
    fn send(&mut self, side: Side, octets: &[u8]) -> Vec<Event> {
        self.packet += 1;
        let index = usize::from(side == Side::B);
        let chunk = Chunk { side, offset: self.offsets[index], lost: 0, octets, datagram: false };
        self.offsets[index] += octets.len() as u64;
        let mut next = Place { sequence: self.packet, partition: 0, nth: 0 };
        let end = |last| End {
            address: SocketAddr::from(([10, 0, 0, last], 502)),
            mac: None,
            hops: None,
        };
        let mut events = Vec::new();
        let Self { dissector, describer, patience, packet, pushed_out, unseen, .. } = self;
        dissector.feed(&chunk, &mut |parsed| {
            let (sender, receiver) =
                if parsed.side == Side::A { (end(5), end(21)) } else { (end(21), end(5)) };
            let context = Context {
                place: next,
                time_ns: *packet * 1_000,
                packet: PacketRef { capture: 0, number: *packet },
                sender,
                receiver,
                unseen: *unseen,
            };
            let mut out = |event, _: Option<&RequestNote>| events.push(event);
            let mut numbered = Numbered { next: &mut next, pushed_out, out: &mut out };
            describer.describe(parsed, &context, patience, &mut numbered);
        });
        events
    }
}

fn outcome(event: &Event) -> Option<Outcome> {
    match event.stage {
        Stage::Requested | Stage::Reported | Stage::Noticed | Stage::Attempted(_) => None,
        Stage::Ended { outcome, .. } => Some(outcome),
    }
}

#[test]
fn a_modbus_write_is_requested_and_done() {
    let mut flow = Flow::new("modbus");
    let asked = flow.send(Side::A, &mbap(7, 1, &request::write_single_register(10, 221)));
    let [event] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((event.intent, event.stage), (Intent::Write, Stage::Requested));
    assert_eq!(event.function.name, "write_single_register");
    assert_eq!(event.conversation.client.to_string(), "10.0.0.5");
    let target = &event.targets[0];
    assert_eq!((target.space, target.start), (Space::HoldingRegister, 10));
    assert_eq!(target.values, [Value::Number(221.0)]);

    let ended = flow.send(Side::B, &mbap(7, 1, &response::write_single_register(10, 221)));
    let [event] = &ended[..] else { panic!("{ended:?}") };
    assert_eq!(event.stage, Stage::Ended { outcome: Outcome::Done, after_ns: 1_000 });
    assert_eq!(event.conversation, asked[0].conversation);
    assert_eq!(event.digest, asked[0].digest);
}

#[test]
fn an_exception_is_a_refusal_with_its_code() {
    let mut flow = Flow::new("modbus");
    flow.send(Side::A, &mbap(1, 1, &request::read_coils(0, 8)));
    let ended = flow.send(Side::B, &mbap(1, 1, &response::exception(1, 2)));
    assert_eq!(outcome(&ended[0]), Some(Outcome::Refused(2)));
}

#[test]
fn pipelined_requests_find_their_own_answers() {
    let mut flow = Flow::new("modbus");
    for transaction in 1..=3 {
        flow.send(Side::A, &mbap(transaction, 1, &request::read_coils(transaction, 8)));
    }
    for transaction in [3, 1, 2] {
        let answer = mbap(transaction, 1, &response::read_coils(&[true; 8]));
        let ended = flow.send(Side::B, &answer);
        assert_eq!(ended[0].targets[0].start, u32::from(transaction));
    }
}

#[test]
fn a_request_that_is_never_answered_ends_by_time_or_by_newer_ones() {
    let mut flow = Flow::new("modbus");
    let read = |n: u16| mbap(n, 1, &request::read_coils(n, 8));
    let mut events = Vec::new();
    for n in 1..=5 {
        events.extend(flow.send(Side::A, &read(n)));
    }
    // The fifth pushes the first out.
    assert_eq!(flow.pushed_out, 1);
    assert_eq!(events.iter().filter(|event| outcome(event).is_some()).count(), 1);
    flow.packet += 20;
    let late = flow.send(Side::A, &read(6));
    let unanswered =
        late.iter().filter(|event| outcome(event) == Some(Outcome::Unanswered)).count();
    assert_eq!(unanswered, 4);
}

#[test]
fn an_answer_that_was_lost_does_not_make_the_later_ones_late() {
    // Modbus without transaction numbers, and with one that is always the same; DNP3 as numbers
    // come again.
    let read = |address| request::read_holding_registers(address, 1);
    let answer = response::read_holding_registers(&[7]);
    let (mut master, mut outstation) =
        (frames::Station::master(1, 10), frames::Station::outstation(10, 1));
    let mut poll = |group| master.frames(&frames::request::read_range(3, group, 0, 0, 0));
    let none = frames::Iin(0);
    let tables = [
        ("modbus", [rtu(1, &read(4)), rtu(1, &read(5)), rtu(1, &answer)]),
        ("modbus", [mbap(0, 1, &read(4)), mbap(0, 1, &read(5)), mbap(0, 1, &answer)]),
        ("dnp3", [poll(1), poll(30), outstation.frames(&frames::response::response(3, none, &[]))]),
    ];
    for (protocol, [lost, asked, answered]) in tables {
        let mut flow = Flow::new(protocol);
        let first = flow.send(Side::A, &lost);
        let second = flow.send(Side::A, &asked).pop().unwrap();
        let done = flow.send(Side::B, &answered).pop().unwrap();
        assert_eq!((outcome(&done), &done.targets), (Some(Outcome::Done), &second.targets));
        assert_ne!(done.targets, first[0].targets);
    }
}

#[test]
fn an_answer_finds_its_own_among_requests_of_one_number() {
    let mut flow = Flow::new("modbus");
    for value in [1, 2, 3] {
        flow.send(Side::A, &mbap(504, 1, &request::write_single_register(value, value)));
    }
    for value in [2, 1, 3] {
        let echo = mbap(504, 1, &response::write_single_register(value, value));
        let [done] = &flow.send(Side::B, &echo)[..] else { panic!("{value}") };
        assert_eq!(done.targets[0].start, u32::from(value));
        assert!(done.marks.is_empty(), "{done:?}");
    }
}

#[test]
fn reading_and_writing_at_once_is_a_write_with_a_read_beside_it() {
    let mut flow = Flow::new("modbus");
    let pdu = request::read_write_multiple_registers(0, 4, 100, &[1, 2]);
    let event = &flow.send(Side::A, &mbap(1, 1, &pdu))[0];
    assert_eq!(event.intent, Intent::Write);
    assert_eq!((event.targets[0].start, event.targets[0].values.len()), (100, 2));
    assert_eq!((event.targets[1].start, event.targets[1].count), (0, 4));
    assert!(event.targets[1].values.is_empty());
}

#[test]
fn what_diagnostics_are_meant_to_do_depends_on_the_sub_function() {
    let table = [(0, Intent::Diagnose), (1, Intent::Restart), (4, Intent::Restart)];
    for (sub, intent) in table.into_iter().chain([(3, Intent::Configure), (10, Intent::Freeze)]) {
        let mut flow = Flow::new("modbus");
        let event = &flow.send(Side::A, &mbap(1, 1, &request::diagnostics(sub, &[0])))[0];
        assert_eq!((event.intent, event.function.sub), (intent, Some(sub)), "{sub}");
    }
}

#[test]
fn a_function_code_of_nobody_is_an_act_all_the_same() {
    let mut flow = Flow::new("modbus");
    flow.send(Side::A, &mbap(1, 1, &request::read_coils(0, 8)));
    let event = &flow.send(Side::A, &mbap(2, 1, &[99, 1, 2]))[0];
    assert_eq!((event.intent, event.function.code), (Intent::Unknown, 99));
}

#[test]
fn select_and_operate_name_the_point_and_the_command() {
    let (mut master, mut outstation) =
        (frames::Station::master(1, 10), frames::Station::outstation(10, 1));
    let mut flow = Flow::new("dnp3");
    let close = Crob::CLOSE;
    for (sequence, intent) in [(3, Intent::Select), (4, Intent::Operate)] {
        let fragment = if intent == Intent::Select {
            frames::request::select(sequence, &[close.to(6)])
        } else {
            frames::request::operate(sequence, &[close.to(6)])
        };
        let event = &flow.send(Side::A, &master.frames(&fragment))[0];
        assert_eq!(event.intent, intent);
        assert_eq!((event.conversation.unit, event.conversation.client_unit), (10, Some(1)));
        let target = &event.targets[0];
        assert_eq!((target.space, target.start), (Space::BinaryOutput, 6));
        assert_eq!(target.values, [Value::Switch(Switch::Close)]);

        let status = Crob { status: if sequence == 4 { 2 } else { 0 }, ..close };
        let answer = frames::response::response(sequence, frames::Iin(0), &[status.to(6)]);
        let ended = flow.send(Side::B, &outstation.frames(&answer));
        let expected = if sequence == 4 { Outcome::Refused(2) } else { Outcome::Done };
        assert_eq!(outcome(&ended[0]), Some(expected));
    }
}

#[test]
fn dnp3_functions_mean_what_they_do() {
    let class = [frames::Class::One];
    let table = [
        (frames::request::integrity_poll(0), Intent::Read),
        (frames::request::write_time(0, 1_700_000_000_000), Intent::SetTime),
        (frames::request::clear_restart(0), Intent::Freeze),
        (frames::request::cold_restart(0), Intent::Restart),
        (frames::request::disable_unsolicited(0, &class), Intent::Mute),
        (frames::request::delay_measure(0), Intent::Diagnose),
    ];
    for (fragment, intent) in table {
        let mut master = frames::Station::master(1, 10);
        let events = Flow::new("dnp3").send(Side::A, &master.frames(&fragment));
        assert_eq!(events[0].intent, intent, "{}", events[0].function.name);
    }
}

#[test]
fn confirms_and_unsolicited_responses_ask_for_nothing() {
    let (mut master, mut outstation) =
        (frames::Station::master(1, 10), frames::Station::outstation(10, 1));
    let mut flow = Flow::new("dnp3");
    let unsolicited = frames::response::unsolicited(0, frames::Iin(0), &[]);
    let [event] = &flow.send(Side::B, &outstation.frames(&unsolicited))[..] else { panic!() };
    assert_eq!((event.stage, event.intent), (Stage::Reported, Intent::Report));
    let confirm = frames::request::confirm_unsolicited(0);
    assert!(flow.send(Side::A, &master.frames(&confirm)).is_empty());
}

#[test]
fn leading_zeros_in_one_step_are_the_same_hash() {
    let octet_by_octet = |hash: u64, number: u64| {
        let mix = |hash: u64, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        number.to_be_bytes().into_iter().fold(hash, mix)
    };
    for number in [0, 1, 255, 256, 0x1_0000, 0x0012_0000_3400, u64::MAX, 1.5_f64.to_bits()] {
        for hash in [0, 0xcbf2_9ce4_8422_2325, u64::MAX] {
            assert_eq!(fnv(hash, number), octet_by_octet(hash, number), "{number:#x}");
        }
    }
}

#[test]
fn a_challenged_command_is_done_when_its_proof_held() {
    use frames::fragment::fragment;
    use frames::{Header, Iin, Station};
    const REQUEST: u8 = 0x20;
    const RESPONSE: u8 = 0x83;
    let challenge = Header::sized(120, 1, &[[1, 0, 0, 0, 1, 0, 4, 1, 0xaa, 0xbb, 0xcc, 0xdd]]);
    let proof = Header::sized(120, 2, &[[1, 0, 0, 0, 1, 0, 0x11, 0x22, 0x33, 0x44]]);
    let failed = Header::sized(120, 7, &[[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]]);
    let commands = [Crob::TRIP.to(3)];
    let held = frames::response::response(5, Iin::default(), &commands);
    let did_not_hold = fragment(0xc5, RESPONSE, Some(Iin::default()), &[failed]);
    for (end, expected) in [(held, Outcome::Done), (did_not_hold, Outcome::Refused(1))] {
        let mut flow = Flow::new("dnp3");
        let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
        let operate = frames::request::direct_operate(5, &commands);
        flow.send(Side::A, &master.frames(&operate));
        let challenged =
            fragment(0xc5, RESPONSE, Some(Iin::default()), std::slice::from_ref(&challenge));
        let events = flow.send(Side::B, &outstation.frames(&challenged));
        assert_eq!(events.iter().map(|event| event.stage).collect::<Vec<_>>(), [Stage::Reported]);
        let proves = fragment(0xc5, REQUEST, None, std::slice::from_ref(&proof));
        let events = flow.send(Side::A, &master.frames(&proves));
        assert_eq!(events.len(), 1, "the command waits on: {events:?}");
        let events = flow.send(Side::B, &outstation.frames(&end));
        let ended: Vec<_> = events.iter().map(|event| (event.intent, outcome(event))).collect();
        assert_eq!(
            ended,
            [(Intent::Authenticate, Some(expected)), (Intent::Operate, Some(expected))]
        );
        assert_eq!(events.iter().map(|event| event.proved).collect::<Vec<_>>(), [false, true]);
    }
    let user = Header::sized(120, 3, &[[1, 0, 0, 0, 1, 0]]);
    for (objects, proved) in [(vec![user, commands[0].clone()], true), (commands.to_vec(), false)] {
        let mut flow = Flow::new("dnp3");
        let operate = fragment(0xc5, 5, None, &objects);
        let events = flow.send(Side::A, &Station::master(1, 10).frames(&operate));
        assert_eq!(events.iter().map(|event| event.proved).collect::<Vec<_>>(), [proved]);
    }
}
