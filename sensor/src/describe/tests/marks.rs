//! What is marked of an exchange, and what is not.

use super::*;

/// The marks of each event, in order.
fn marks(events: &[Event]) -> Vec<Vec<Mark>> {
    events.iter().map(|event| event.marks.iter().collect()).collect()
}

#[test]
fn an_operation_without_its_selection_is_marked_and_one_with_it_is_not() {
    use frames::request::{direct_operate, operate, select};
    let (close, trip) = ([Crob::CLOSE.to(6)], [Crob::TRIP.to(6)]);
    let cases = [
        ("selected", vec![select(0, &close), operate(1, &close)], vec![]),
        ("sent again", vec![select(0, &close), operate(1, &close), operate(1, &close)], vec![]),
        ("another", vec![select(0, &close), operate(1, &trip)], vec![Mark::OperateDiffers]),
        (
            "once for one",
            vec![select(0, &close), operate(1, &close), operate(2, &close)],
            vec![Mark::OperateWithoutSelect],
        ),
        ("direct", vec![select(0, &close), direct_operate(1, &trip)], vec![]),
        // Its selection may have come before the first packet.
        ("the first of all", vec![operate(1, &close)], vec![]),
    ];
    for (name, fragments, expected) in cases {
        let (mut flow, mut master) = (Flow::new("dnp3"), frames::Station::master(1, 10));
        let events: Vec<_> =
            fragments.iter().flat_map(|f| flow.send(Side::A, &master.frames(f))).collect();
        let asked = events.iter().rfind(|event| event.stage == Stage::Requested).unwrap();
        assert_eq!(asked.marks.iter().collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn a_selection_that_was_refused_is_none() {
    let (mut master, mut outstation) =
        (frames::Station::master(1, 10), frames::Station::outstation(10, 1));
    let mut flow = Flow::new("dnp3");
    flow.send(Side::A, &master.frames(&frames::request::select(0, &[Crob::CLOSE.to(6)])));
    let refused = [Crob { status: 4, ..Crob::CLOSE }.to(6)];
    let answer = frames::response::response(0, frames::Iin(0), &refused);
    flow.send(Side::B, &outstation.frames(&answer));
    let operate = frames::request::operate(1, &[Crob::CLOSE.to(6)]);
    let events = flow.send(Side::A, &master.frames(&operate));
    assert_eq!(marks(&events), [[Mark::OperateWithoutSelect]]);
}

#[test]
fn nothing_is_marked_that_a_loss_could_explain() {
    let (mut flow, mut master) = (Flow::new("dnp3"), frames::Station::master(1, 10));
    flow.send(Side::A, &master.frames(&frames::request::integrity_poll(0)));
    flow.unseen.lost_octets = 40;
    let operate = frames::request::operate(9, &[Crob::CLOSE.to(6)]);
    assert_eq!(marks(&flow.send(Side::A, &master.frames(&operate))), [[]]);
}

#[test]
fn an_answer_that_comes_late_or_alone_is_no_answer_to_nobody() {
    let read = |number| mbap(number, 1, &request::read_coils(0, 1));
    let answer = |number| mbap(number, 1, &response::read_coils(&[true]));
    let mut flow = Flow::new("modbus");
    flow.send(Side::A, &read(1));
    // Patience ends: the request was given up, and its answer comes all the same.
    flow.packet += 20;
    flow.send(Side::A, &read(2));
    assert!(flow.send(Side::B, &answer(1)).is_empty());
    assert_eq!(marks(&flow.send(Side::B, &answer(9))), [[Mark::UnaskedAnswer]]);
    flow.unseen.one_way = true;
    assert!(flow.send(Side::B, &answer(10)).is_empty());
}

#[test]
fn an_answer_that_does_not_fit_its_request_is_marked() {
    let write = request::write_single_register(10, 221);
    let coils = request::read_coils(0, 20);
    let cases = [
        (&write, response::write_single_register(10, 221), vec![]),
        (&write, response::write_single_register(10, 222), vec![Mark::EchoDiffers]),
        (&write, response::write_single_register(11, 221), vec![Mark::EchoDiffers]),
        (&write, response::exception(6, 2), vec![]),
        (&coils, response::read_coils(&[true; 20]), vec![]),
        (&coils, response::read_coils(&[true; 25]), vec![Mark::AnswerDiffers]),
    ];
    for (asked, answered, expected) in cases {
        let mut flow = Flow::new("modbus");
        flow.send(Side::A, &mbap(7, 1, asked));
        let ended = flow.send(Side::B, &mbap(7, 1, &answered));
        assert_eq!(marks(&ended), [expected], "{answered:?}");
    }
}

#[test]
fn a_second_answer_is_marked_only_if_it_is_another() {
    let mut flow = Flow::new("modbus");
    let answer = |value| mbap(7, 1, &response::read_holding_registers(&[value]));
    flow.send(Side::A, &mbap(7, 1, &request::read_holding_registers(0, 1)));
    flow.send(Side::B, &answer(230));
    assert_eq!(marks(&flow.send(Side::B, &answer(230))), Vec::<Vec<Mark>>::new());
    let events = flow.send(Side::B, &answer(231));
    assert_eq!(marks(&events), [[Mark::ConflictingAnswer]]);
    assert_eq!((events[0].stage, events[0].intent), (Stage::Noticed, Intent::Report));
    let other = mbap(8, 1, &response::read_holding_registers(&[230]));
    assert_eq!(marks(&flow.send(Side::B, &other)), [[Mark::UnaskedAnswer]]);
    // Of bits there are always whole octets, however many were asked for.
    let coils = mbap(9, 1, &response::read_coils(&[true; 3]));
    flow.send(Side::A, &mbap(9, 1, &request::read_coils(0, 3)));
    assert_eq!(flow.send(Side::B, &coils)[0].reported[0].values.len(), 3);
    assert!(flow.send(Side::B, &coils).is_empty());
}

#[test]
fn a_number_that_does_not_follow_is_marked_whatever_wraps() {
    let mut flow = Flow::new("modbus");
    let mut jumps = Vec::new();
    for number in [65_534, 65_535, 0, 1, 1, 9, 10] {
        let events = flow.send(Side::A, &mbap(number, 1, &request::read_coils(0, 1)));
        let asked = events.iter().rfind(|event| event.stage == Stage::Requested).unwrap();
        jumps.extend(asked.marks.contains(Mark::SequenceJump).then_some(number));
    }
    assert_eq!(jumps, [9]);
}

#[test]
fn a_device_that_newly_says_it_restarted_is_marked_once() {
    let mut outstation = frames::Station::outstation(10, 1);
    let mut flow = Flow::new("dnp3");
    let mut said = Vec::new();
    for (sequence, iin) in [0, 0x80, 0x80, 0, 0x0880].into_iter().enumerate() {
        let sequence = u8::try_from(sequence).unwrap();
        let report = frames::response::unsolicited(sequence, frames::Iin(iin), &[]);
        said.extend(marks(&flow.send(Side::B, &outstation.frames(&report))));
    }
    let both = vec![Mark::Restarted, Mark::EventsLost];
    assert_eq!(said, [vec![], vec![Mark::Restarted], vec![], vec![], both]);
}

#[test]
fn what_a_device_reports_has_its_points_and_values() {
    let mut flow = Flow::new("modbus");
    flow.send(Side::A, &mbap(7, 1, &request::read_input_registers(40, 2)));
    let answer = mbap(7, 1, &response::read_input_registers(&[230, 231]));
    let [ended] = &flow.send(Side::B, &answer)[..] else { panic!() };
    let [reported] = &ended.reported[..] else { panic!("{ended:?}") };
    assert_eq!((reported.space, reported.start, reported.count), (Space::InputRegister, 40, 2));
    assert_eq!(reported.values, [Value::Number(230.0), Value::Number(231.0)]);
}

#[test]
fn a_report_out_of_its_turn_is_marked_and_one_sent_again_is_not() {
    let mut outstation = frames::Station::outstation(10, 1);
    let mut flow = Flow::new("dnp3");
    let mut report = |sequence, iin, on| {
        let event = [frames::binary_events(&[(3, on, 1_700_000_000_000)])];
        let report = frames::response::unsolicited(sequence, frames::Iin(iin), &event);
        let events = flow.send(Side::B, &outstation.frames(&report));
        events[0].marks.contains(Mark::ReportOutOfTurn)
    };
    let restart = frames::Iin::DEVICE_RESTART.0;
    let cases = [
        ("the first that is seen", 14, 0, true, false),
        ("the next", 15, 0, false, false),
        ("sent again", 15, 0, false, false),
        ("after the wrap", 0, 0, true, false),
        ("forged", 5, 0, false, true),
        ("the device's own next", 1, 0, true, true),
        ("another under the same number", 1, 0, false, true),
        ("a device that starts again and says so", 0, restart, true, false),
    ];
    for (name, sequence, iin, on, marked) in cases {
        assert_eq!(report(sequence, iin, on), marked, "{name}");
    }
}

#[test]
fn a_restart_that_is_cleared_and_was_none_is_marked() {
    let (mut master, mut outstation) =
        (frames::Station::master(1, 10), frames::Station::outstation(10, 1));
    let mut flow = Flow::new("dnp3");
    let mut clears = |sequence: u8, said: frames::Iin| {
        let asked = flow.send(Side::A, &master.frames(&frames::request::clear_restart(sequence)));
        let answer = frames::response::response(sequence, said, &[]);
        flow.send(Side::B, &outstation.frames(&answer));
        asked[0].marks.contains(Mark::ClearWithoutRestart)
    };
    assert!(!clears(0, frames::Iin::DEVICE_RESTART), "nothing is known of the device");
    assert!(!clears(1, frames::Iin::default()), "it said that it restarted");
    assert!(clears(2, frames::Iin::default()));
}

#[test]
fn flags_that_never_call_a_value_good_say_nothing() {
    let (mut master, mut outstation) =
        (frames::Station::master(1, 10), frames::Station::outstation(10, 1));
    let mut flow = Flow::new("dnp3");
    let mut points = |sequence: u8, flags: u8| {
        flow.send(Side::A, &master.frames(&frames::request::integrity_poll(sequence)));
        let value = [&[flags], 230_i32.to_le_bytes().as_slice()].concat();
        let answer = [frames::Header::range8(30, 1, 0, 0).with(&value)];
        let answer = frames::response::response(sequence, frames::Iin::default(), &answer);
        let events = flow.send(Side::B, &outstation.frames(&answer));
        let values = events[0].reported.iter().filter(|target| target.space == Space::AnalogInput);
        values.count()
    };
    let restart = 2;
    let reported: Vec<usize> = (0..18).map(|nth| points(nth % 16, restart)).collect();
    assert_eq!((reported[..16].iter().sum::<usize>(), &reported[16..]), (0, &[1, 1][..]));
    assert_eq!([points(2, 1), points(3, restart)], [1, 0], "now they say something");
}
