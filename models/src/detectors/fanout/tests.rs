//! What is a scan, and what is a change of configuration.

use super::*;
use crate::event::Space;
use crate::samples::{START_NS, ended, request};

/// Two clients polling three devices each, two thousand times.
fn site() -> Ledger {
    let mut ledger = Ledger::default();
    for _ in 0..700 {
        for (client, server) in [(5, 21), (5, 22), (5, 23), (6, 24), (6, 25), (6, 26)] {
            ledger.learn(&request(client, server));
        }
    }
    ledger
}

/// What is found, and at which request.
fn found(acts: impl IntoIterator<Item = (Event, Outcome)>) -> Vec<(usize, Finding)> {
    let (ledger, mut detector, mut findings) = (site(), Scans::default(), Vec::new());
    for (nth, (event, outcome)) in acts.into_iter().enumerate() {
        let digest = u64::try_from(nth).unwrap();
        let event = Event { digest, time_ns: START_NS + digest * 1_000_000_000, ..event };
        let end = ended(event.clone(), outcome);
        for event in [event, end] {
            detector.judge(&ledger, &event, &mut |finding| findings.push((nth + 1, finding)));
        }
    }
    findings
}

fn span(client: u8, server: u8, start: u32) -> Event {
    let mut event = request(client, server);
    event.targets[0] =
        crate::event::Target { space: Space::InputRegister, start, count: 1, values: Vec::new() };
    event
}

#[test]
fn a_scan_of_hosts_is_one_finding_by_the_third_that_does_not_answer() {
    let findings = found((100..250).map(|host| (request(66, host), Outcome::Unanswered)));
    let [(nth, finding)] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((*nth, finding.kind), (3, "host-scan"));
    assert_eq!(
        finding.because,
        "10.0.0.66 tried 3 things for the first time within 2 s (3 hosts), 2 in vain; the baseline \
         has 0 requests of it"
    );
}

/// A host of 10.0.0 asks others for connections, in this order; what is found, and at which event.
fn knocks(client: u8, attempts: &[(u8, Attempt)]) -> Vec<(usize, Finding)> {
    let (ledger, mut detector, mut findings) = (site(), Scans::default(), Vec::new());
    for (nth, (server, attempt)) in attempts.iter().enumerate() {
        let mut event = Event { stage: Stage::Attempted(*attempt), ..request(client, *server) };
        event.conversation.unit = 0;
        detector.judge(&ledger, &event, &mut |finding| findings.push((nth + 1, finding)));
    }
    findings
}

#[test]
fn hosts_that_refuse_are_a_scan_by_the_third_and_silent_ones_by_the_fifth() {
    use Attempt::{Opening, Refused, Silent};
    let refused = knocks(
        66,
        &[(100, Opening), (100, Refused), (101, Opening), (101, Refused), (102, Opening)],
    );
    let [(5, finding)] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!(finding.kind, "host-scan");
    assert!(finding.because.contains("(3 hosts), 2 in vain"), "{finding:?}");
    let asked: Vec<_> = (100..250).map(|server| (server, Opening)).collect();
    let [(5, _)] = &knocks(66, &asked)[..] else { panic!() };
    let slow = (100..250).flat_map(|server| [(server, Opening), (server, Silent)]);
    let [(5, _)] = &knocks(66, &slow.collect::<Vec<_>>())[..] else { panic!() };
}

#[test]
fn a_master_that_seeks_its_devices_is_no_scan() {
    use Attempt::{Opening, Refused, Silent};
    let known = (0..200).flat_map(|n| [(21 + n % 3, Opening), (21 + n % 3, Silent)]);
    assert_eq!(knocks(5, &known.collect::<Vec<_>>()), [], "its devices are down");
    let others = (0..200).flat_map(|n| [(21 + n % 6, Opening), (21 + n % 6, Refused)]);
    assert_eq!(knocks(66, &others.collect::<Vec<_>>()), [], "a standby that nobody lets in");
    let one = (0..300).flat_map(|_| [(200, Opening), (200, Silent)]);
    assert_eq!(knocks(5, &one.collect::<Vec<_>>()), [], "a device that is not there yet");
}

#[test]
fn a_connection_and_the_first_request_over_it_are_one_contact() {
    let (ledger, mut detector) = (site(), Scans::default());
    let request = request(66, 100);
    let mut knocks =
        Event { stage: Stage::Attempted(Attempt::Opening), digest: 0, ..request.clone() };
    knocks.conversation.unit = 0;
    for _ in 0..50 {
        for event in [&knocks, &request, &ended(request.clone(), Outcome::Done)] {
            detector.judge(&ledger, event, &mut |_| panic!("a connection for each request"));
        }
    }
    let walk = detector.walks.get(&request.conversation.client);
    assert!(walk.is_none_or(|walk| walk.contacts == [1, 0, 0, 0] && walk.bits < 4.0), "{walk:?}");
}

/// A host of 10.0.0 speaks on the link to this unit of a server.
fn link(client: u8, server: u8, unit: u16) -> Event {
    let mut event = request(client, server);
    event.stage = Stage::Attempted(Attempt::Link);
    event.intent = Intent::Session;
    event.conversation.unit = unit;
    event.targets.clear();
    event
}

#[test]
fn addresses_sought_on_the_link_are_a_scan_of_units_and_known_links_are_not() {
    let of = |events: &[Event]| {
        let (mut ledger, mut detector, mut findings) = (site(), Scans::default(), Vec::new());
        (40..90).for_each(|unit| ledger.learn(&link(6, 24, unit)));
        for (nth, event) in events.iter().enumerate() {
            detector.judge(&ledger, event, &mut |finding| findings.push((nth + 1, finding.kind)));
        }
        findings
    };
    let scan = |client| (2..60).map(|unit| link(client, 21, unit)).collect::<Vec<_>>();
    assert_eq!(of(&scan(5)), [(5, "unit-scan")], "a master of the baseline");
    assert_eq!(of(&scan(66)), [(5, "unit-scan")], "a host that is new");
    let kept: Vec<_> = (40..90).map(|unit| link(6, 24, unit)).collect();
    assert_eq!(of(&kept), [], "links that were learned");
    let devices = (2..60).map(|unit| Event { intent: Intent::Report, ..link(5, 21, unit) });
    assert_eq!(of(&devices.collect::<Vec<_>>()), [], "a gateway that keeps its links alive");
}

#[test]
fn a_link_and_the_first_request_over_it_are_one_contact() {
    let (ledger, mut detector) = (site(), Scans::default());
    for unit in 2..5 {
        let mut request = request(5, 21);
        request.conversation.unit = unit;
        request.digest = 7;
        let end = ended(request.clone(), Outcome::Done);
        for event in [&link(5, 21, unit), &request, &end] {
            detector.judge(&ledger, event, &mut |_| panic!("three devices that are new"));
        }
    }
    let walk = detector.walks.values().next().unwrap();
    assert_eq!((walk.contacts, detector.awaited.len()), ([0, 3, 0, 0], 0));
}

#[test]
fn units_functions_and_points_are_told_apart() {
    let unit = |unit| {
        let mut event = request(5, 21);
        event.conversation.unit = unit;
        (event, Outcome::Refused(0x0b))
    };
    let units = found((2..90).map(unit));
    assert_eq!((units.len(), units[0].1.kind), (1, "unit-scan"));
    let function = |code| {
        let function = crate::event::Function { code, sub: None, name: "Poke" };
        (Event { function, ..request(5, 21) }, Outcome::Refused(1))
    };
    let functions = found((50..90).map(function));
    assert_eq!((functions.len(), functions[0].1.kind), (1, "function-scan"));
    let points = found((0..90).map(|start| (span(5, 21, start), Outcome::Done)));
    assert_eq!((points.len(), points[0].1.kind), (1, "point-scan"));
    assert!(points[0].0 <= 7, "{points:?}");
}

#[test]
fn a_scan_between_polls_is_found() {
    let polls = |server| (0..8).map(move |_| (request(5, server), Outcome::Done));
    let scan = (0..20).flat_map(|n| polls(21).chain([(span(5, 22, n), Outcome::Refused(2))]));
    assert_eq!(found(scan).len(), 1);
}

#[test]
fn a_new_configuration_and_one_that_tries_again_are_no_scan() {
    let polls = (0..500).flat_map(|_| (0..5).map(|at| (span(5, 21, at), Outcome::Done)));
    assert_eq!(found(polls), [], "five more spans");
    let again = (0..500).map(|_| (request(66, 99), Outcome::Unanswered));
    assert_eq!(found(again), [], "one host, whatever the trouble");
    let standby = (0..60).map(|n| (request(66, 21 + n % 6), Outcome::Done));
    assert_eq!(found(standby), [], "a standby that reads what others read");
}

#[test]
fn a_flood_of_names_stays_within_bounds() {
    let (ledger, mut detector, mut found) = (site(), Scans::default(), 0);
    for n in 0..200_000_u32 {
        let [a, b, c, d] = n.to_be_bytes();
        let mut event = request(66, 9);
        event.digest = u64::from(n);
        event.conversation.server = [a, b, c, d].into();
        if n % 10 != 0 {
            event.conversation.client = [a | 0x80, b, c, d].into();
        }
        detector.judge(&ledger, &event, &mut |_| found += 1);
    }
    assert_eq!(found, 1, "the one that makes a contact after the other");
    assert!(detector.walks.len() <= WALKS && detector.tried.len() <= TRIED + 9);
    assert!(detector.awaited.len() <= AWAITED);
}

#[test]
fn what_was_tried_while_learning_is_a_contact_anew_when_judging_begins() {
    let (ledger, mut detector, mut found) = (site(), Scans::default(), Vec::new());
    for round in 0..3 {
        if round == 2 {
            detector.go_live();
        }
        for server in 100..110 {
            let asked = request(66, server);
            for event in [asked.clone(), ended(asked, Outcome::Unanswered)] {
                detector.judge(&ledger, &event, &mut |_| found.push(round));
            }
        }
    }
    assert_eq!(found, [0, 2]);
}

#[test]
fn a_client_of_a_few_learned_acts_has_no_habit_of_trying() {
    let scan = |learned: u8| {
        let mut ledger = site();
        // So many visits while learning, each to another device.
        (0..learned).for_each(|nth| ledger.learn(&request(66, 40 + nth)));
        let (mut detector, mut findings) = (Scans::default(), Vec::new());
        for host in 150..180 {
            let asked = request(66, host);
            for event in [asked.clone(), ended(asked, Outcome::Done)] {
                detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
            }
        }
        findings.len()
    };
    assert_eq!([scan(0), scan(2), scan(63)], [1, 1, 1]);
    assert_eq!(scan(64), 0, "one that went to a new device each time while learning");
}
