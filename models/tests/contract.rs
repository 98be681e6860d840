//! What the ledger and every detector in the table owe their callers.

mod samples;

use std::net::IpAddr;

use gridtap_models::detector::Bits;
use gridtap_models::detectors::DETECTORS;
use gridtap_models::event::{
    Attempt, Conversation, Event, Function, Intent, Outcome, Protocol, Space, Stage, Switch,
    Target, Unseen, Value,
};
use gridtap_models::ledger::{Capture, Digest, Ledger};
use gridtap_models::limits;
use gridtap_models::panel::Panel;
use proptest::prelude::*;
use proptest::sample::select;

const MINUTE_NS: u64 = 60_000_000_000;
const START_NS: u64 = 1_700_000_000_000_000_000;

/// A client that polls holding registers 0 to 9 of a server.
fn poll(client: u8, server: u8) -> Event {
    let event = samples::poll([10, 0, 0, client].into(), [10, 0, 0, server].into(), START_NS);
    Event { digest: 0, ..event }
}

fn values() -> impl Strategy<Value = Value> {
    let switches = [Switch::Trip, Switch::Close, Switch::LatchOn, Switch::Nul, Switch::Other(9)];
    prop_oneof![
        (-3_i8..30).prop_map(|number| Value::Number(f64::from(number) / 2.0)),
        any::<f64>().prop_map(Value::Number),
        select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0]).prop_map(Value::Number),
        select(switches.to_vec()).prop_map(Value::Switch),
    ]
}

/// Targets of few points, so that names come again and limits stay far.
fn targets() -> impl Strategy<Value = Vec<Target>> {
    let spaces = [Space::Coil, Space::HoldingRegister, Space::BinaryOutput, Space::Class];
    let values = prop::collection::vec(values(), 0..4);
    let target = (select(spaces.to_vec()), 0_u32..20, 1_u32..5, values);
    let target =
        target.prop_map(|(space, start, count, values)| Target { space, start, count, values });
    prop::collection::vec(target, 0..3)
}

/// What a device reports of few points, and a clock at times.
fn reported() -> impl Strategy<Value = Vec<Target>> {
    let spaces = [
        Space::HoldingRegister,
        Space::BinaryOutput,
        Space::AnalogInput,
        Space::Counter,
        Space::Time,
    ];
    let values = prop::collection::vec(values(), 0..6);
    let target = (select(spaces.to_vec()), 0_u32..8, values)
        .prop_map(|(space, start, values)| Target { space, start, count: 6, values });
    prop::collection::vec(target, 0..3)
}

fn stages() -> impl Strategy<Value = Stage> {
    let ended = (outcomes(), 0_u64..100_000_000_000)
        .prop_map(|(outcome, after_ns)| Stage::Ended { outcome, after_ns });
    let attempted =
        select(vec![Attempt::Opening, Attempt::Refused, Attempt::Silent, Attempt::Link]);
    let attempted = attempted.prop_map(Stage::Attempted);
    prop_oneof![3 => Just(Stage::Requested), 3 => ended, 1 => Just(Stage::Reported), 1 => attempted]
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    select(vec![Outcome::Done, Outcome::Refused(2), Outcome::Unanswered])
}

/// Any event of a run: requests, how they ended, and what devices say unasked.
fn run(targets: impl Strategy<Value = Vec<Target>>) -> impl Strategy<Value = Event> {
    let unseen = (select(vec![0, 0, 0, 7]), prop::bool::weighted(0.1))
        .prop_map(|(lost_octets, one_way)| Unseen { lost_octets, one_way });
    (events(targets), stages(), reported(), unseen, any::<bool>()).prop_map(
        |(event, stage, reported, unseen, broadcast)| match stage {
            Stage::Requested => Event { stage, unseen, broadcast, ..event },
            Stage::Ended { .. } | Stage::Reported | Stage::Noticed => {
                Event { stage, reported, unseen, ..event }
            }
            Stage::Attempted(_) => Event { stage, unseen, targets: Vec::new(), ..event },
        },
    )
}

/// Targets that claim anything.
fn hostile_targets() -> impl Strategy<Value = Vec<Target>> {
    let values = prop::collection::vec(values(), 0..4);
    let target = (any::<u32>(), any::<u32>(), values).prop_map(|(start, count, values)| Target {
        space: Space::Coil,
        start,
        count,
        values,
    });
    prop::collection::vec(target, 0..3)
}

fn events(targets: impl Strategy<Value = Vec<Target>>) -> impl Strategy<Value = Event> {
    let intents = [
        Intent::Read,
        Intent::Write,
        Intent::Operate,
        Intent::Select,
        Intent::Restart,
        Intent::Configure,
        Intent::Mute,
        Intent::Unmute,
        Intent::Unknown,
    ];
    let protocols = select(vec![Protocol::Modbus, Protocol::Dnp3]);
    let mac = prop::option::of((0_u8..3).prop_map(|last| [2, 0, 0, 0, 0, last]));
    let who = (protocols, 1_u8..4, 3_u8..6, 0_u16..2, prop::option::of(0_u16..2), mac);
    let function = (0_u8..3, prop::option::of(0_u16..2), select(vec!["Poke", "Peek", "\"é\n"]));
    (who, function, select(intents.to_vec()), targets, 0_u64..600).prop_map(
        |(
            (protocol, client, server, unit, client_unit, client_mac),
            (code, sub, name),
            intent,
            targets,
            at,
        )| {
            let event = poll(client, server);
            Event {
                conversation: Conversation { protocol, unit, client_unit, ..event.conversation },
                function: Function { code, sub, name },
                time_ns: START_NS + at * MINUTE_NS,
                client_mac,
                intent,
                targets,
                ..event
            }
        },
    )
}

/// Requests, each with how it ended if it did.
fn acts() -> impl Strategy<Value = Vec<(Event, Option<Outcome>)>> {
    prop::collection::vec((asked(), prop::option::of(outcomes())), 0..60)
}

/// A request, with what its answer will report.
fn asked() -> impl Strategy<Value = Event> {
    (events(targets()), reported()).prop_map(|(event, reported)| Event { reported, ..event })
}

fn learn(ledger: &mut Ledger, acts: &[(Event, Option<Outcome>)]) {
    for (event, outcome) in acts {
        for attempt in [Attempt::Opening, Attempt::Link] {
            ledger.learn(&Event { stage: Stage::Attempted(attempt), ..event.clone() });
        }
        ledger.learn(event);
        if let Some(outcome) = *outcome {
            let stage = Stage::Ended { outcome, after_ns: 1 };
            ledger.learn(&Event { stage, ..event.clone() });
        }
    }
}

fn capture(name: &str) -> Capture {
    Capture { digest: Digest::of(name), first_ns: START_NS, last_ns: START_NS + 1, packets: 7 }
}

/// Checks what every finding owes, and says what was found.
fn judged(panel: &mut Panel, ledger: &Ledger, event: &Event) -> String {
    panel.observe(event, &mut |_| {});
    let findings = panel.judge(ledger, event);
    for finding in &findings {
        assert!(finding.surprise.0.is_finite() && finding.surprise.0 >= 0.0, "{finding:?}");
        assert_eq!(finding.surprise, Bits::rounded(finding.surprise.0), "{finding:?}");
        assert!(finding.because.len() > 20 && !finding.normal_if.is_empty(), "{finding:?}");
        assert!(DETECTORS.iter().any(|entry| entry.name == finding.detector), "{finding:?}");
    }
    format!("{findings:?}")
}

proptest! {
    #[test]
    fn judging_depends_on_ledger_state_and_event_alone(
        before in acts(),
        after in prop::collection::vec(run(targets()), 0..40),
    ) {
        let mut ledger = Ledger::default();
        learn(&mut ledger, &before);
        let learned = ledger.to_text();
        let loaded = Ledger::from_text(&learned).unwrap();
        let (mut first, mut again, mut saved) = (Panel::all(), Panel::all(), Panel::all());
        for event in &after {
            let found = judged(&mut first, &ledger, event);
            prop_assert_eq!(&found, &judged(&mut again, &ledger, event));
            prop_assert_eq!(&found, &judged(&mut saved, &loaded, event), "from the file");
        }
        prop_assert_eq!(ledger.to_text(), learned, "judging has learned");
    }

    #[test]
    fn what_is_written_reads_back_the_same(acts in acts()) {
        let mut ledger = Ledger::default();
        ledger.add_capture(capture("one")).unwrap();
        learn(&mut ledger, &acts);
        let text = ledger.to_text();
        let loaded = Ledger::from_text(&text).unwrap();
        prop_assert_eq!(loaded.to_text(), text);
        prop_assert_eq!(loaded.show(), ledger.show());
        prop_assert!(loaded == ledger);
    }

    #[test]
    fn merging_is_learning_the_whole_in_any_order(
        acts in acts(),
        parts in prop::collection::vec(0_usize..3, 60),
    ) {
        let mut ledgers = [(); 3].map(|()| Ledger::default());
        let mut whole = Ledger::default();
        for (ledger, name) in ledgers.iter_mut().zip(["one", "two", "three"]) {
            ledger.add_capture(capture(name)).unwrap();
            whole.add_capture(capture(name)).unwrap();
        }
        for (act, part) in acts.iter().zip(&parts) {
            learn(&mut ledgers[*part], core::slice::from_ref(act));
        }
        learn(&mut whole, &acts);

        let [one, two, three] = ledgers;
        let orders = [[&one, &two, &three], [&three, &one, &two], [&two, &three, &one]];
        for [first, second, third] in orders {
            let mut left = first.clone();
            left.merge(second).unwrap();
            left.merge(third).unwrap();
            prop_assert_eq!(left.to_text(), whole.to_text());
            let mut right = second.clone();
            right.merge(third).unwrap();
            right.merge(first).unwrap();
            prop_assert_eq!(right.to_text(), whole.to_text());
            prop_assert!(right.merge(first).is_err());
        }
    }

    #[test]
    fn the_order_of_learning_does_not_matter(
        acts in acts(),
        shuffled in acts().prop_shuffle(),
    ) {
        let whole = [acts.clone(), shuffled.clone()].concat();
        let (mut ours, mut theirs) = (Ledger::default(), Ledger::default());
        learn(&mut ours, &whole);
        learn(&mut theirs, &[shuffled, acts].concat());
        prop_assert_eq!(ours.to_text(), theirs.to_text());
    }

    #[test]
    fn nothing_but_hard_findings_where_nothing_was_learned(
        events in prop::collection::vec(run(targets()), 0..40),
    ) {
        let (ledger, mut panel) = (Ledger::default(), Panel::all());
        for event in &events {
            panel.observe(event, &mut |_| {});
            prop_assert!(panel.judge(&ledger, event).iter().all(|finding| finding.hard));
        }
    }

    #[test]
    fn a_damaged_file_is_refused_and_never_a_panic(
        acts in acts(),
        at in any::<prop::sample::Index>(),
        octet in any::<u8>(),
    ) {
        let mut ledger = Ledger::default();
        learn(&mut ledger, &acts);
        let mut octets = ledger.to_text().into_bytes();
        let at = at.index(octets.len());
        let before = core::mem::replace(&mut octets[at], octet);
        if let Ok(text) = String::from_utf8(octets) {
            prop_assert_eq!(Ledger::from_text(&text).is_ok(), before == octet);
        }
    }

    #[test]
    fn no_line_whatever_is_a_panic(
        lines in prop::collection::vec("( {2})?(conversation|device|function|command|read|capture|limit)( [a-z0-9.:/,\"-]{1,12}){0,9}", 0..6),
    ) {
        let body = format!("gridtap-baseline 1\n{}\n", lines.join("\n"));
        let text = format!("{body}checksum sha256:{}\n", Digest::of(&body));
        let _ = Ledger::from_text(&text).map_err(|error| error.to_string());
    }
}

proptest! {
    // Few cases: each act may claim 2,000 points, and each point is written and read.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn hostile_events_do_no_harm(
        mut events in prop::collection::vec(run(hostile_targets()), 0..6),
        times in prop::collection::vec(any::<u64>(), 6),
    ) {
        let (mut ledger, mut panel) = (Ledger::default(), Panel::all());
        for (event, time_ns) in events.iter_mut().zip(times) {
            event.time_ns = time_ns;
            panel.observe(event, &mut |seen| ledger.note(&seen));
            judged(&mut panel, &ledger, event);
            ledger.learn(event);
            judged(&mut panel, &ledger, event);
        }
        let text = ledger.to_text();
        prop_assert_eq!(Ledger::from_text(&text).unwrap().to_text(), text);
    }
}

#[test]
fn every_detector_keeps_silent_about_what_was_learned() {
    let mut ledger = Ledger::default();
    (0..1_000).for_each(|_| ledger.learn(&poll(5, 9)));
    for entry in DETECTORS {
        let mut found = 0;
        (entry.make)().judge(&ledger, &poll(5, 9), &mut |_| found += 1);
        assert_eq!(found, 0, "{}", entry.name);
    }
}

/// A million acts, each with names of its own: clients, units, functions, points, spans, values.
#[test]
fn a_flood_of_names_does_not_grow_the_ledger() {
    let mut ledger = Ledger::default();
    for n in 0..1_000_000_u32 {
        let [a, b, c, d] = n.to_be_bytes();
        let mut event = poll(5, 9);
        event.time_ns += u64::from(n) * MINUTE_NS;
        match n % 4 {
            0 => event.conversation.client = IpAddr::from([a, b, c, d]),
            1 => event.function = Function { code: d, sub: Some(u16::from(c)), name: "Poke" },
            2 => {
                event.intent = Intent::Write;
                event.conversation.server = IpAddr::from([10, 0, 0, d % 16]);
                event.targets[0].values = vec![Value::Number(f64::from(n)); 2];
                (event.targets[0].start, event.targets[0].count) = (n, 2);
            }
            _ => {
                event.conversation.server = IpAddr::from([10, 0, 0, d]);
                event.targets[0].start = n;
            }
        }
        ledger.learn(&event);
    }
    let within = |count: u64, limit: usize| usize::try_from(count).unwrap() <= limit;
    let counts = ledger.counts();
    assert!(within(counts.conversations, limits::CONVERSATIONS), "{counts:?}");
    assert!(within(counts.functions, limits::FUNCTIONS), "{counts:?}");
    assert!(within(counts.commands, limits::POINTS), "{counts:?}");
    assert!(within(counts.reads, limits::READS), "{counts:?}");
    assert_eq!(ledger.limits_reached().count(), 4, "each limit was reached, and says so");

    let text = ledger.to_text();
    assert!(text.len() < 100_000_000, "{} octets", text.len());
    assert_eq!(text.matches("\nlimit ").count(), 4);
    assert!(Ledger::from_text(&text).unwrap() == ledger);
    let mut twice = Ledger::default();
    twice.merge(&ledger).unwrap();
    assert!(twice == ledger, "merging into an empty ledger changes nothing");
}
