//! What a review lists of ledgers that learned attacks, and of those that did not.

use super::*;
use crate::event::{Event, Function, Intent, Outcome, Protocol, Space, Switch, Target, Value};
use crate::ledger::{Observation, Ruled, Ruling, SEGMENT_NS};
use crate::samples::{START_NS, breaker, ended, later, learned, request, write};

/// Five days of ten-minute segments.
const SEGMENTS: u64 = 720;

/// Two devices that a master polls all the time and commands now and then, and a historian.
fn days() -> impl Iterator<Item = Event> {
    (0..SEGMENTS).flat_map(|segment| {
        let polls = [(5, 21), (5, 22), (6, 21)].map(|(client, server)| {
            let event = request(client, server);
            Event { client_mac: Some([2, 0, 0, 0, 0, client]), ..event }
        });
        // Each of three points some forty times.
        let point = u32::try_from(segment / 6 % 3).unwrap();
        let server = if segment % 2 == 0 { 21 } else { 22 };
        let value = Value::Number(f64::from(100 + point) + real(segment % 5));
        let command = (segment % 6 < 2).then(|| write(&request(5, server), point, value));
        let events = polls.into_iter().chain(command);
        events.map(move |event| later(event, segment * 10)).collect::<Vec<_>>()
    })
}

use crate::surprise::real;

fn review(attack: impl IntoIterator<Item = Event>) -> Vec<Oddity> {
    learned(days().chain(attack)).review()
}

/// The first that is listed, which has evidence of this kind.
fn first(attack: impl IntoIterator<Item = Event>, kind: &str) -> Oddity {
    let oddities = review(attack);
    let first = oddities.first().unwrap_or_else(|| panic!("{kind}: nothing is listed"));
    let kinds: Vec<_> = first.evidence.iter().map(|one| one.kind).collect();
    assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    first.clone()
}

fn at(event: Event, segment: u64) -> Event {
    later(event, segment * 10)
}

fn act(client: u8, intent: Intent, code: u8) -> Event {
    let function = Function { code, sub: None, name: "Poke" };
    Event { intent, function, targets: Vec::new(), ..request(client, 21) }
}

fn command(client: u8, point: u32) -> Event {
    write(&request(client, 21), point, Value::Number(100.0))
}

#[test]
fn usual_days_list_nothing() {
    assert_eq!(review([]), []);
}

#[test]
fn a_new_host_that_commands_is_first_with_all_that_is_odd_about_it() {
    let attack = (0..4).map(|n| at(command(66, n % 3), 400));
    let oddity = first(attack, "seldom-client");
    assert_eq!((oddity.actor, oddity.at_ns), ([10, 0, 0, 66].into(), None));
    let kinds: Vec<_> = oddity.evidence.iter().map(|one| one.kind).collect();
    assert_eq!(kinds[..3], ["writer-never-reads", "second-writer", "late-writer"]);
    assert!(oddity.suspicion.0 > 35.0, "{oddity:?}");
    let because = &oddity.evidence.iter().find(|one| one.kind == "seldom-client").unwrap().because;
    assert_eq!(
        because,
        "10.0.0.66 was there in 1 of 720 segments; it asked 10.0.0.21 unit 1: write 6 4 times"
    );
}

#[test]
fn a_client_that_is_seldom_there_and_does_what_no_other_does_is_listed() {
    let attack = (0..4).map(|n| at(act(66, Intent::Diagnose, 17), 400 + n));
    let oddity = first(attack, "minority-actor");
    assert_eq!(
        oddity.evidence[0].because,
        "what 10.0.0.66 does has 0 % in common with what any client does that is often there"
    );
}

#[test]
fn danger_verbs_are_listed_however_often_they_were_learned() {
    for (intent, kind) in [
        (Intent::Restart, "restart"),
        (Intent::Mute, "mute"),
        (Intent::StoreFile, "store-file"),
        (Intent::Program, "program"),
    ] {
        let oddity = first((0..SEGMENTS).map(|n| at(act(5, intent, 90), n)), kind);
        assert_eq!(oddity.suspicion, FLAG, "{oddity:?}");
        assert_eq!(
            oddity.evidence[0].line,
            format!("  function {intent} 90 (conversation modbus 10.0.0.5 -> 10.0.0.21 unit 1)")
        );
    }
}

#[test]
fn a_broadcast_and_a_command_without_an_answer_are_listed() {
    let dnp3 = |unit, code| {
        let event = breaker(Switch::Trip, Intent::Operate, code, "Operate");
        let conversation = crate::event::Conversation { unit, ..event.conversation };
        (0..100).map(move |n| at(Event { conversation, ..event.clone() }, n))
    };
    first(dnp3(0xffff, 5), "broadcast-command");
    first(dnp3(10, 6), "unacknowledged-command");
    // A server with other units behind it.
    let of = |unit| crate::event::Conversation { unit, ..request(5, 21).conversation };
    let all = (0..90).map(|n| at(Event { conversation: of(0), ..command(5, 1) }, n));
    first(all, "broadcast-command");
}

#[test]
fn who_sets_a_clock_that_another_sets_more_often_is_listed() {
    let keeps = (0..SEGMENTS).map(|n| at(act(5, Intent::SetTime, 2), n));
    let sets = (0..3).map(|n| at(act(6, Intent::SetTime, 2), 100 + n * 90));
    let oddity = first(keeps.chain(sets), "second-time-master");
    assert_eq!(oddity.actor, IpAddr::from([10, 0, 0, 6]));
}

#[test]
fn a_server_that_asks_is_listed() {
    first((0..SEGMENTS).map(|n| at(request(21, 22), n)), "role-inversion");
}

#[test]
fn a_point_that_the_master_commands_once_and_nobody_else_does_is_listed() {
    // The device reports twenty registers, so that the point could have been any of them.
    let values = vec![Value::Number(7.0); 20];
    let target = Target { space: Space::HoldingRegister, start: 0, count: 20, values };
    let reported = Event { reported: vec![target], ..ended(request(5, 21), Outcome::Done) };
    let oddity =
        first([reported, at(command(5, 9), 300), at(command(5, 9), 300)], "seldom-command");
    assert_eq!(oddity.at_ns, Some((START_NS / SEGMENT_NS + 300) * SEGMENT_NS));
    assert_eq!(
        oddity.evidence[0].acts,
        ["modbus 10.0.0.5 -> 10.0.0.21 unit 1: write holding-register 9"]
    );
}

#[test]
fn a_way_of_commanding_that_was_seldom_used_is_listed() {
    let set = Event { intent: Intent::Operate, ..command(5, 1) };
    let often = 120..SEGMENTS - 1;
    let tried = [at(set.clone(), 300), at(set.clone(), 400)];
    let found = first(tried, "seldom-verb");
    let verb = found.evidence.iter().find(|one| one.kind == "seldom-verb").unwrap();
    assert_eq!(
        verb.because,
        "10.0.0.5 gave the command operate to a holding-register in 2 of 242 commands to such points, too seldom to be \
         its way; here 2 times"
    );
    assert_eq!(
        verb.normal_if,
        "seldom-verb operate holding-register is normal in modbus 10.0.0.5 -> 10.0.0.21 unit 1"
    );
    let usual = review(often.map(|segment| at(set.clone(), segment)));
    assert!(
        usual.iter().flat_map(|it| &it.evidence).all(|one| one.kind != "seldom-verb"),
        "{usual:?}"
    );
}

#[test]
fn what_is_done_in_one_stretch_of_time_is_one_oddity_across_the_end_of_a_segment() {
    let of = |code, segment| at(act(5, Intent::Configure, code), segment);
    let mask =
        |code, segment| at(Event { function: of(code, 0).function, ..command(5, 1) }, segment);
    let oddities = review([of(15, 300), mask(22, 301), mask(23, 301)]);
    let [oddity] = &oddities[..] else { panic!("{oddities:?}") };
    assert_eq!(oddity.evidence.len(), 3, "{oddity:?}");
}

#[test]
fn a_command_to_a_point_that_nobody_reads_is_listed() {
    let oddity = first((0..SEGMENTS).map(|n| at(command(5, 4_000), n)), "unread-point");
    assert!(oddity.evidence[0].because.ends_with("and nobody reads that point"));
}

#[test]
fn an_outstation_s_point_that_it_never_reports_is_listed() {
    let classes = Target { space: Space::Class, start: 1, count: 3, values: Vec::new() };
    let poll = Event { targets: vec![classes], ..breaker(Switch::Nul, Intent::Read, 1, "Read") };
    let values = vec![Value::Number(1.0); 3];
    let outputs = Target { space: Space::BinaryOutput, start: 0, count: 3, values };
    let told = Event { reported: vec![outputs], ..ended(poll.clone(), Outcome::Done) };
    let operate = |_| breaker(Switch::Trip, Intent::Operate, 4, "Operate");
    let all = (0..SEGMENTS)
        .flat_map(|n| [poll.clone(), told.clone(), operate(n)].map(|event| at(event, n)));
    // Point 4, and the device reports 0 to 2.
    first(all, "unread-point");
}

#[test]
fn a_value_that_stands_apart_is_listed() {
    let wild = write(&request(5, 21), 1, Value::Number(9_000.0));
    let oddity = first([at(wild, 300)], "value-apart");
    assert_eq!(
        oddity.evidence[0].because,
        "10.0.0.5 gave 10.0.0.21 unit 1 the command write holding-register 1 1 time with 9000, and \
         40 times with 101 to 105"
    );
}

#[test]
fn a_value_that_no_device_alike_was_ever_given_is_listed() {
    let spans = |server: u8| {
        let values = vec![Value::Number(7.0); 10];
        let target = Target { space: Space::HoldingRegister, start: 0, count: 10, values };
        let told = Event { reported: vec![target], ..ended(request(5, server), Outcome::Done) };
        (0..SEGMENTS).map(move |n| at(told.clone(), n))
    };
    let set = |server: u8, value: f64| write(&request(5, server), 8, Value::Number(value));
    // One set-point for each device in five days: only together they say what is usual.
    let usual = (0..6_u8).map(|n| at(set(30 + n, 200.0 + f64::from(n)), 50 + u64::from(n) * 70));
    let polls = (0..6_u8).flat_map(|n| (0..SEGMENTS).map(move |at_| at(request(5, 30 + n), at_)));
    let told = (0..6_u8).flat_map(|n| spans(30 + n));
    let site = || usual.clone().chain(polls.clone()).chain(told.clone());
    assert!(learned(site()).review().is_empty(), "{:?}", learned(site()).review());
    let odd = learned(site().chain([at(set(33, 900.0), 600)])).review();
    let [oddity] = &odd[..] else { panic!("{odd:?}") };
    assert_eq!((oddity.evidence[0].kind, oddity.evidence.len()), ("value-apart", 1));
    assert!(oddity.evidence[0].because.contains("10.0.0.33 unit 1, it and devices like it,"));
}

#[test]
fn who_only_read_for_days_and_then_commands_is_listed() {
    let oddity = first((600..SEGMENTS).map(|n| at(command(6, 9), n)), "late-command");
    assert_eq!(
        oddity.evidence[0].because,
        "10.0.0.6 asked in 600 of 720 segments before it commanded anything"
    );
}

#[test]
fn spans_that_were_read_at_one_time_only_are_listed() {
    let read = |start| {
        let target = Target { start, ..request(5, 21).targets[0].clone() };
        at(Event { targets: vec![target], ..request(5, 21) }, 300)
    };
    let oddity = first((100..110).map(read), "seldom-reads");
    assert!(oddity.evidence[0].because.contains("10.0.0.5"), "{oddity:?}");
    assert_eq!(review((100..102).map(read)), [], "two are no look around");
}

#[test]
fn a_hardware_address_that_a_host_seldom_had_is_listed() {
    let double = Event { client_mac: Some([2, 0, 0, 0, 0, 0x66]), ..request(5, 21) };
    let oddity = first([at(double, 300)], "seldom-mac");
    assert!(oddity.evidence[0].because.contains("02:00:00:00:00:66"), "{oddity:?}");
}

#[test]
fn connections_that_were_seldom_beside_each_other_are_listed() {
    let noted = |segments: &[u64]| {
        let mut ledger = learned(days());
        let pair = request(5, 21).conversation.pair();
        for segment in segments {
            let time_ns = at(request(5, 21), *segment).time_ns;
            ledger.note(&Observation::AtOnce { pair, connections: 2, time_ns });
        }
        ledger.review()
    };
    let [oddity] = &noted(&[300])[..] else { panic!() };
    assert_eq!(oddity.at_ns, Some(at(request(5, 21), 300).time_ns / SEGMENT_NS * SEGMENT_NS));
    let [evidence] = &oddity.evidence[..] else { panic!("{oddity:?}") };
    assert_eq!(
        evidence.because,
        "10.0.0.5 used 2 connections to 10.0.0.21 at once in 1 of 720 segments"
    );
    assert_eq!(noted(&(0..SEGMENTS).collect::<Vec<_>>()), [], "it is the client's way");
}

#[test]
fn a_rule_that_was_seldom_broken_is_listed() {
    let mark = crate::event::Mark::OperateDiffers;
    let event = Event { marks: mark.into(), ..request(5, 21) };
    first([at(event.clone(), 300)], "operate-differs");
    let way = (0..SEGMENTS).map(|n| at(event.clone(), n));
    assert_eq!(review(way), [], "it is the device's way");
}

#[test]
fn what_was_ruled_normal_is_left_out_and_the_rest_stays() {
    let mut ledger = learned(days().chain((0..4).map(|n| at(command(66, n % 3), 400))));
    let before = ledger.review();
    let ruled = Ruled { at_ns: START_NS, by: "Ada".to_owned() };
    let all = before[0].evidence.clone();
    ledger.rule(Ruling::Normal(all[0].normal_if.clone()), ruled.clone()).unwrap();
    let after = ledger.review();
    assert_eq!(after[0].evidence, all[1..]);
    for one in &all {
        ledger.rule(Ruling::Normal(one.normal_if.clone()), ruled.clone()).unwrap();
    }
    assert_eq!(ledger.review(), []);
}

#[test]
fn a_review_is_the_same_from_the_file() {
    let attack = (0..4).map(|n| at(command(66, n % 3), 400));
    let ledger = learned(days().chain(attack));
    let loaded = Ledger::from_text(&ledger.to_text()).unwrap();
    assert_eq!(loaded.review(), ledger.review());
    assert!(ledger.review().iter().all(|it| it.suspicion.0.is_finite()));
}

#[test]
fn a_short_ledger_lists_structure_and_danger_and_nothing_by_counts() {
    let polls = (0..50).map(|_| request(5, 21));
    let ledger = learned(polls.chain((0..3).map(|_| command(66, 1))));
    let kinds: Vec<_> =
        ledger.review().iter().flat_map(|it| it.evidence.iter().map(|one| one.kind)).collect();
    assert_eq!(kinds, ["writer-never-reads"]);
    assert_eq!(Protocol::Modbus, request(5, 21).conversation.protocol);
    assert_eq!(Ledger::default().review(), []);
}
