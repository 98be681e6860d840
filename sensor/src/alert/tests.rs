//! Findings in, alerts out.

use gridtap_models::detector::{Bits, Finding};
use gridtap_models::event::{
    Connection, Conversation, Event, Function, Intent, Marks, Outcome, PacketRef, Place, Protocol,
    Space, Stage, Target, Unseen, Value,
};
use gridtap_models::ledger::Habit;

use super::record::Outcomes;
use super::{Alert, Habits, Raiser, Settings, Severity, wording};

const MINUTE: u64 = 60 * 1_000_000_000;

pub(crate) fn act(client: u8, server: u8, time_ns: u64, packet: u64) -> Event {
    let (client, server) = ([10, 0, 0, client].into(), [10, 0, 0, server].into());
    Event {
        place: Place { sequence: packet, partition: 0, nth: 0 },
        time_ns,
        packet: PacketRef { capture: 0, number: packet },
        earlier: None,
        stage: Stage::Requested,
        conversation: Conversation {
            protocol: Protocol::Modbus,
            client,
            server,
            unit: 1,
            client_unit: None,
        },
        connection: Connection::default(),
        client_mac: None,
        server_mac: None,
        client_hops: None,
        server_hops: None,
        intent: Intent::Write,
        function: Function { code: 6, sub: None, name: "write_single_register" },
        targets: vec![Target {
            space: Space::HoldingRegister,
            start: 10,
            count: 1,
            values: vec![Value::Number(7.0)],
        }],
        reported: Vec::new(),
        marks: Marks::default(),
        sequence: None,
        broadcast: false,
        unacknowledged: false,
        proved: false,
        digest: packet,
        unseen: Unseen::default(),
    }
}

pub(crate) fn finding(kind: &'static str, bits: f64, hard: bool) -> Finding {
    Finding {
        detector: "d",
        kind,
        surprise: Bits(bits),
        hard,
        actor: None,
        about: None,
        because: format!("{bits} bits of {kind}"),
        normal_if: "it were normal".to_owned(),
    }
}

fn raiser(episodes: usize) -> Raiser {
    let settings = Settings {
        at_bits: 10.0,
        command_at_bits: 6.6,
        a_day: 1.0,
        quiet_ns: 15 * MINUTE,
        episodes,
        awaited: 8,
    };
    let mut raiser = Raiser::new(settings, vec!["a.pcap".to_owned()]);
    raiser.set_baseline("b".repeat(64));
    raiser
}

/// One alert, for tests of what is done with alerts.
pub(crate) fn sample() -> Alert {
    let odd = [finding("new-writer", 20.0, false)];
    take(&mut raiser(1), &act(66, 21, MINUTE, 1), &odd).remove(0)
}

fn take(raiser: &mut Raiser, event: &Event, findings: &[Finding]) -> Vec<Alert> {
    let mut alerts = Vec::new();
    raiser.take(event, findings, false, &mut |alert| alerts.push(alert));
    alerts
}

#[test]
fn what_one_actor_does_until_it_is_quiet_is_one_alert() {
    let mut raiser = raiser(8);
    let odd = [finding("new-writer", 20.0, false)];
    let mut lines = Vec::new();
    for packet in 1..=10 {
        lines.extend(take(&mut raiser, &act(66, 21, packet * MINUTE, packet), &odd));
    }
    // Raised, and written again at each doubling.
    let counts: Vec<_> = lines.iter().map(|alert| (alert.revision, alert.count)).collect();
    assert_eq!(counts, [(0, 1), (1, 2), (2, 4), (3, 8)]);
    assert!(lines.iter().all(|alert| alert.id == lines[0].id && !alert.last));

    let later = take(&mut raiser, &act(5, 21, 26 * MINUTE, 11), &[]);
    let [closed] = &later[..] else { panic!("{later:?}") };
    assert!(closed.last && closed.count == 10 && closed.revision == 4);
    assert_eq!(closed.packets, (1..=10).collect::<Vec<_>>());

    let again = take(&mut raiser, &act(66, 21, 27 * MINUTE, 12), &odd);
    assert_ne!(again[0].id, closed.id);
}

#[test]
fn an_episode_ends_also_where_the_clock_goes_back() {
    let odd = [finding("command-flood", 14.0, false)];
    let quiet = 15 * MINUTE;
    for back in [quiet, 400 * 24 * 60 * MINUTE] {
        let mut raiser = raiser(8);
        let now = 500 * 24 * 60 * MINUTE;
        let first = take(&mut raiser, &act(5, 21, now, 1), &odd);
        let [closed, again] = &take(&mut raiser, &act(5, 21, now - back, 2), &odd)[..] else {
            panic!("by {back} ns")
        };
        assert!(closed.last && closed.id == first[0].id && again.id != closed.id);
    }
    // By less it is one still.
    let mut raiser = raiser(8);
    take(&mut raiser, &act(5, 21, 60 * MINUTE, 1), &odd);
    let same = take(&mut raiser, &act(5, 21, 50 * MINUTE, 2), &odd);
    assert!(same.iter().all(|alert| !alert.last), "{same:?}");
}

#[test]
fn who_does_new_things_every_day_raises_nothing_by_new_commands_alone() {
    let new = [finding("new-point", 14.0, false)];
    let poked = |intent| Event { intent, ..act(5, 21, MINUTE, 1) };
    let raised = |rate, event: &Event, odd: &[Finding]| {
        let mut raiser = raiser(8);
        let habit = Habit { here: rate, anywhere: 0.0 };
        let habits = std::iter::once((event.conversation.client, habit)).collect();
        let commanded = event.commands().map(|(command, _)| command).collect();
        raiser.set_habits(Habits { rates: Some(habits), commanded, ..Habits::default() });
        (take(&mut raiser, event, odd).len(), raiser.muted())
    };
    assert_eq!(raised(0.3, &poked(Intent::Write), &new), (1, 0), "seldom enough");
    assert_eq!(raised(0.5, &poked(Intent::Write), &new), (0, 1));
    assert_eq!(raised(0.5, &poked(Intent::Restart), &new), (1, 0), "no command");
    let hard = [finding("new-point", 14.0, true)];
    assert_eq!(raised(0.5, &poked(Intent::Write), &hard), (1, 0));
    let both = [finding("new-point", 14.0, false), finding("value-out-of-range", 14.0, false)];
    assert_eq!(raised(0.5, &poked(Intent::Write), &both), (1, 1), "not by that alone");

    let event = poked(Intent::Write);
    let mut settled = raiser(8);
    let habit = Habit { here: 0.5, anywhere: 0.5 };
    let habits = std::iter::once((event.conversation.client, habit)).collect();
    settled.set_habits(Habits {
        rates: Some(habits),
        settled: std::iter::once(event.conversation).collect(),
        ..Habits::default()
    });
    assert_eq!(take(&mut settled, &event, &new).len(), 1, "new where nothing was new for long");
}

#[test]
fn a_command_that_no_device_was_given_is_not_explained_by_those_that_others_were() {
    let event = act(5, 21, MINUTE, 1);
    let raised = |habit, kind| {
        let mut raiser = raiser(8);
        let habits = std::iter::once((event.conversation.client, habit)).collect();
        raiser.set_habits(Habits { rates: Some(habits), ..Habits::default() });
        take(&mut raiser, &event, &[finding(kind, 14.0, false)]).len()
    };
    assert_eq!(raised(Habit { here: 9.0, anywhere: 0.3 }, "new-point"), 1);
    assert_eq!(raised(Habit { here: 9.0, anywhere: 0.5 }, "new-point"), 0);
    assert_eq!(raised(Habit { here: 9.0, anywhere: 0.3 }, "new-function"), 0, "no point");
}

#[test]
fn one_more_device_of_a_visitor_is_no_news() {
    let raised = |kind, hard| {
        let mut raiser = raiser(8);
        let event = act(66, 21, MINUTE, 1);
        let visitors = std::iter::once(event.conversation.client).collect();
        raiser.set_habits(Habits { visitors, ..Habits::default() });
        (take(&mut raiser, &event, &[finding(kind, 30.0, hard)]).len(), raiser.muted())
    };
    assert_eq!(raised("new-conversation", false), (0, 1));
    assert_eq!(raised("new-writer", false), (1, 0));
    assert_eq!(raised("late-writer", true), (1, 0));
}

#[test]
fn what_was_told_to_be_new_begins_no_second_episode_within_the_day() {
    let hour_ns = 3_600 * 1_000_000_000;
    let told = |findings: &[Finding]| {
        let mut raiser = raiser(8);
        let at = |hour: u64| act(66, 9, hour * hour_ns, hour);
        let begun = [1, 2, 24, 26].into_iter().filter(|hour| {
            take(&mut raiser, &at(*hour), findings).iter().any(|it| it.revision == 0)
        });
        (begun.collect::<Vec<_>>(), raiser.repeated())
    };
    let new = finding("new-point", 20.0, false);
    assert_eq!(told(core::slice::from_ref(&new)), (vec![1, 26], 2));
    assert_eq!(told(&[new.clone(), finding("command-flood", 20.0, false)]).0.len(), 4);
    assert_eq!(told(&[finding("new-writer", 20.0, false)]).0.len(), 4, "a stranger");
    assert_eq!(told(&[finding("new-point", 20.0, true)]).0.len(), 4, "hard");
}

#[test]
fn what_goes_on_for_hours_is_told_again_a_day_after_it_began() {
    let (mut raiser, new) = (raiser(8), [finding("new-point", 20.0, false)]);
    // Every ten minutes for three hours, and on the next day.
    let minutes = (0..18).map(|n| n * 10).chain([24 * 60 + 30]);
    let begun: Vec<u64> = minutes
        .filter(|minute| {
            let act = act(66, 9, (minute + 1) * MINUTE, minute + 1);
            take(&mut raiser, &act, &new).iter().any(|it| it.revision == 0)
        })
        .collect();
    assert_eq!(begun, [0, 24 * 60 + 30]);
}

#[test]
fn a_new_kind_a_new_target_and_a_graver_act_are_written_at_once() {
    let mut raiser = raiser(8);
    let read = Event { intent: Intent::Read, ..act(66, 21, 1, 1) };
    let first = take(&mut raiser, &read, &[finding("new-conversation", 12.0, false)]);
    assert_eq!(first[0].severity, Severity::Low);
    take(&mut raiser, &read, &[finding("new-conversation", 12.0, false)]);

    let other = Event { intent: Intent::Read, ..act(66, 22, 3, 3) };
    let target = take(&mut raiser, &other, &[finding("new-conversation", 12.0, false)]);
    assert_eq!(target[0].targets.len(), 2);

    let write = take(&mut raiser, &act(66, 21, 5, 5), &[finding("new-writer", 18.0, false)]);
    assert_eq!((write[0].severity, write[0].kind.as_ref()), (Severity::Critical, "new-writer"));
    assert_eq!(write[0].findings.len(), 2);
    assert!(write[0].what.contains("holding-register 10 = 7"), "{}", write[0].what);
}

#[test]
fn less_surprise_is_enough_for_what_changes_something() {
    let mut raiser = raiser(8);
    let odd = [finding("new-function", 7.0, false)];
    let read = Event { intent: Intent::Read, ..act(5, 21, 1, 1) };
    assert!(take(&mut raiser, &read, &odd).is_empty());
    assert_eq!(take(&mut raiser, &act(5, 21, 2, 2), &odd).len(), 1);
    assert!(take(&mut raiser, &act(6, 21, 3, 3), &[finding("k", 6.5, false)]).is_empty());
}

#[test]
fn while_learning_only_hard_findings_are_raised() {
    let mut raiser = raiser(8);
    let mut alerts = Vec::new();
    let findings = [finding("new-writer", 40.0, false)];
    raiser.take(&act(66, 21, 1, 1), &findings, true, &mut |alert| alerts.push(alert));
    assert!(alerts.is_empty());
    let findings = [finding("role-inversion", 1.0, true)];
    raiser.take(&act(66, 21, 2, 2), &findings, true, &mut |alert| alerts.push(alert));
    assert!(alerts[0].hard);
}

#[test]
fn how_an_odd_act_ended_is_in_the_next_revision() {
    let mut raiser = raiser(8);
    let odd = [finding("new-writer", 20.0, false)];
    let event = act(66, 21, 1, 1);
    take(&mut raiser, &event, &odd);
    let stage = Stage::Ended { outcome: Outcome::Refused(2), after_ns: 1 };
    take(&mut raiser, &Event { stage, ..event.clone() }, &[]);
    // Only once, and only for acts of the episode.
    take(&mut raiser, &Event { stage, ..event }, &[]);
    take(&mut raiser, &Event { stage, ..act(5, 21, 1, 7) }, &[]);
    let mut alerts = Vec::new();
    raiser.finish(&mut |alert| alerts.push(alert));
    assert_eq!(alerts[0].outcomes, Outcomes { refused: 1, ..Outcomes::default() });
}

#[test]
fn a_flood_of_actors_closes_the_quietest_and_counts_it() {
    let mut raiser = raiser(2);
    let odd = [finding("new-writer", 20.0, false)];
    take(&mut raiser, &act(1, 21, 1, 1), &odd);
    take(&mut raiser, &act(2, 21, 2, 2), &odd);
    let lines = take(&mut raiser, &act(3, 21, 3, 3), &odd);
    let [closed, new] = &lines[..] else { panic!("{lines:?}") };
    assert!(closed.last && closed.actor.to_string() == "10.0.0.1");
    assert_eq!(new.actor.to_string(), "10.0.0.3");
    assert_eq!(raiser.closed_early(), 1);
}

#[test]
fn the_id_does_not_depend_on_packet_numbers() {
    let odd = [finding("new-writer", 20.0, false)];
    let whole = take(&mut raiser(8), &act(66, 21, 1, 900), &odd);
    let slice = Event { digest: 900, ..act(66, 21, 1, 3) };
    assert_eq!(take(&mut raiser(8), &slice, &odd)[0].id, whole[0].id);
}

#[test]
fn what_happened_is_said_with_points_and_values() {
    let span = |start, count, values| Target { space: Space::Coil, start, count, values };
    let on = Value::Number(1.0);
    let table = [
        (vec![], ""),
        (vec![span(3, 1, vec![])], ": coil 3"),
        (vec![span(3, 8, vec![])], ": coil 3 and the 7 after it"),
        (vec![span(0, u32::MAX, vec![])], ": all of coil"),
        (vec![span(3, 2, vec![on; 2])], ": coil 3 = 1, coil 4 = 1"),
        (
            vec![span(0, 9, vec![Value::Number(2.5); 9])],
            ": coil 0 = 2.5, coil 1 = 2.5, coil 2 = 2.5, coil 3 = 2.5, and more",
        ),
    ];
    for (targets, expected) in table {
        let text = wording::what(&Event { targets, ..act(66, 21, 1, 1) });
        assert_eq!(text.split_once("for write_single_register").unwrap().1, expected);
    }
}

#[test]
fn all_points_of_a_kind_have_no_address_in_a_record() {
    let target = Target { space: Space::BinaryInput, start: 0, count: u32::MAX, values: vec![] };
    let points = wording::points(&Event { targets: vec![target], ..act(66, 21, 1, 1) }, 64);
    let record = serde_json::to_value(&points).unwrap();
    assert_eq!(record, serde_json::json!([{ "space": "binary-input" }]));
}
