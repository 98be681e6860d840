//! What is a flood, and what is only busy.

use super::*;
use crate::event::Value;
use crate::samples::{START_NS, ended, request, write};

const MINUTE: u64 = 60;

fn at(event: Event, second: u64) -> Event {
    Event { time_ns: START_NS + second * 1_000_000_000, ..event }
}

fn command(client: u8, address: u32, second: u64) -> Event {
    at(write(&request(client, 9), address, Value::Number(1.0)), second)
}

/// Three hours: two clients poll a device each, every two seconds; one writes twice in ten minutes;
/// one request in a thousand is lost.
fn site() -> Ledger {
    let mut ledger = Ledger::default();
    for second in (0..180 * MINUTE).step_by(2) {
        for (client, server) in [(5, 9), (6, 8)] {
            let poll = at(request(client, server), second);
            ledger.learn(&poll);
            let lost = second % 2_000 == 0;
            ledger.learn(&ended(poll, if lost { Outcome::Unanswered } else { Outcome::Done }));
        }
        if second % 600 < 4 {
            ledger.learn(&command(5, 40, second));
        }
    }
    ledger
}

fn found(events: impl IntoIterator<Item = Event>) -> Vec<(usize, Finding)> {
    let (ledger, mut detector, mut findings) = (site(), Floods::default(), Vec::new());
    for (nth, event) in events.into_iter().enumerate() {
        detector.judge(&ledger, &event, &mut |finding| findings.push((nth + 1, finding)));
    }
    findings
}

#[test]
fn outputs_toggled_by_brute_force_are_found_in_a_handful_and_once() {
    let findings = found((0..200).map(|n| command(5, 40 + n, u64::from(n) / 10)));
    let [(nth, finding)] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.kind, finding.actor), ("command-flood", None));
    assert!(*nth <= 12, "two in ten minutes are usual, found at {nth}");
    assert_eq!(
        finding.because,
        "12 commands of 10.0.0.5 within 1,000 ms; the baseline has 36 commands of it in 2 h in \
         which there were any"
    );
    let poller = found((0..20).map(|n| at(write(&request(6, 8), n, Value::Number(1.0)), 0)));
    assert!(poller[0].0 <= 8, "{poller:?}");
}

#[test]
fn a_flood_is_one_finding_while_it_lasts_and_one_more_when_it_comes_again() {
    let flood = |from: u64| (0..20_000).map(move |n| at(request(5, 9), from + n / 1_000));
    let findings = found(flood(0));
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].1.kind, "request-flood");
    let calm = (10..60 * MINUTE).map(|n| at(request(5, 9), 20 + 2 * n));
    assert_eq!(found(flood(0).chain(calm).chain(flood(9_000))).len(), 2);
}

#[test]
fn a_device_that_was_never_commanded_may_be_as_others_are() {
    // Twelve devices are operated on once an hour, one of them was never.
    let mut ledger = Ledger::default();
    let of = |server| at(request(5, server), 0).conversation;
    for minute in 0..48 * 60 {
        for server in 10..23_u8 {
            ledger.learn(&at(request(5, server), minute * 60));
            if server > 10 && minute % 240 == u64::from(server) * 10 {
                let command = command(5, 40, minute * 60);
                for _ in 0..4 {
                    ledger.learn(&Event { conversation: of(server), ..command.clone() });
                }
            }
        }
    }
    let found = |acts: u64, apart: u64| {
        let (mut detector, mut findings) = (Floods::default(), 0);
        for n in 0..acts {
            let event = command(5, 40, 48 * 3_600 + n / 4 * apart);
            let event = Event { conversation: of(10), ..event };
            detector.judge(&ledger, &event, &mut |finding| {
                findings += usize::from(finding.because.contains("commands to 10.0.0.10 "));
            });
        }
        findings
    };
    assert_eq!(found(8, 9 * 3_600), 0, "two operations in nine hours");
    assert_eq!(found(12, 1_800), 0, "three in an hour and a half");
    assert_eq!(found(16, 4), 1, "four at once");
    assert!(found(40, 10) > 0, "ten in a minute and a half");
}

#[test]
fn what_is_busy_but_not_a_flood_is_none() {
    let restart = (0..600).map(|n| at(request(5, 9), n / 10));
    assert_eq!(found(restart), [], "ten times the polls for a minute");
    let busy = (0..24).map(|n| command(5, 40, n * 150));
    assert_eq!(found(busy), [], "twice the commands for an hour");
    let lost = at(ended(request(5, 9), Outcome::Unanswered), 5);
    assert_eq!(found([lost]), []);
    let poll = (0..40_000).map(|n| at(request(5, 9), n));
    assert_eq!(found(poll), [], "twice the polls for ever");
}

#[test]
fn a_device_that_answers_no_more_is_to_blame_and_its_clients_are_not() {
    let lost = (0..60).map(|n| at(ended(request(5, 9), Outcome::Unanswered), 2 * n));
    let findings = found(lost.clone());
    let [(_, finding)] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(finding.kind, "unanswered-flood");
    assert_eq!(finding.actor, Some([10, 0, 0, 9].into()));
    let scan = (0..60).map(|n| at(ended(request(66, 9), Outcome::Unanswered), n / 20));
    assert_eq!(found(scan)[0].1.actor, None, "a stranger that a device does not answer");
    let unseen = crate::event::Unseen { one_way: true, lost_octets: 0 };
    assert_eq!(found(lost.map(|event| Event { unseen, ..event })), [], "only one side is seen");
}

#[test]
fn refusals_and_reports_are_counted_too() {
    let refused = (0..20).map(|n| at(ended(request(5, 9), Outcome::Refused(2)), n));
    assert_eq!(found(refused)[0].1.kind, "refusal-flood");
    let report = (0..900).map(|n| Event { stage: Stage::Reported, ..at(request(5, 9), n / 30) });
    let findings = found(report);
    let [(_, finding)] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.kind, finding.actor), ("report-flood", Some([10, 0, 0, 9].into())));
}

#[test]
fn a_device_that_never_reported_may_do_as_others_do() {
    let report =
        |server, second| Event { stage: Stage::Reported, ..at(request(5, server), second) };
    let mut ledger = Ledger::default();
    for minute in 0..48 * 60 {
        for server in 10..20_u8 {
            ledger.learn(&at(request(5, server), minute * 60));
            if server > 10 && minute % 240 == u64::from(server) {
                ledger.learn(&report(server, minute * 60));
                ledger.learn(&report(server, minute * 60 + 2));
            }
        }
    }
    let found = |reports: u64, apart: u64| {
        let (mut detector, mut findings) = (Floods::default(), 0);
        for n in 0..reports {
            let event = report(10, 48 * 3_600 + n * apart);
            detector.judge(&ledger, &event, &mut |_| findings += 1);
        }
        findings
    };
    assert_eq!(found(100, 3 * 3_600), 0, "eight a day, as others");
    assert_eq!(found(10, 60), 0, "a bad quarter of an hour");
    assert_eq!(found(300, 1), 1, "without end");
}

fn opening(client: u8, server: u8, ms: u64) -> Event {
    let stage = Stage::Attempted(Attempt::Opening);
    let mut event = Event { stage, ..request(client, server) };
    event.time_ns = START_NS + ms * 1_000_000;
    event.conversation.unit = 0;
    event
}

#[test]
fn connections_without_end_are_found_and_who_lost_one_may_ask_again() {
    let findings = found((0..600).map(|n| opening(66, 9, 12 * n)));
    let [(nth, finding)] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.kind, finding.actor), ("connection-flood", None));
    assert!((37..=40).contains(nth), "found at {nth}");
    assert!(
        finding.because.ends_with("10.0.0.66 to 10.0.0.9 within 468 ms; the baseline has none"),
        "{finding:?}"
    );
    let again = (0..20_000).map(|n| opening(5, 9, 1_000 * n));
    assert_eq!(found(again), [], "a master whose device is gone");
    let standby = (0..200).map(|n| opening(66, n, u64::from(n)));
    assert_eq!(found(standby), [], "a standby that takes over many devices at once");
}

#[test]
fn connections_of_made_up_hosts_are_counted_at_who_is_asked() {
    let findings = found((0..600).map(|n| opening(u8::try_from(n % 200).unwrap(), 9, 12 * n)));
    let [(_, finding)] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.kind, finding.actor), ("connection-flood", Some([10, 0, 0, 9].into())));
}

#[test]
fn a_health_check_each_second_and_more_is_as_usual_as_learned() {
    let mut ledger = site();
    (0..60_000).for_each(|n| ledger.learn(&opening(7, 9, n * 200)));
    let mut detector = Floods::default();
    for n in 0..60_000 {
        let event = opening(7, 9, 20_000_000 + n * 100);
        detector.judge(&ledger, &event, &mut |finding| panic!("{finding:?}"));
    }
}

#[test]
fn who_was_never_seen_is_measured_by_the_whole_site() {
    let few = (0..1_200).map(|n| at(request(66, 9), n));
    assert_eq!(found(few), [], "a poll a second, as all others together");
    let findings = found((0..9_000).map(|n| at(request(66, 99), n / 100)));
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].1.because.contains("of the whole site"), "{findings:?}");
}

#[test]
fn a_million_names_push_nobody_out_who_floods() {
    let (ledger, mut detector, mut findings) = (site(), Floods::default(), Vec::new());
    for n in 0..1_000_000_u32 {
        let [a, b, c, d] = n.to_be_bytes();
        let mut event = at(request(5, 9), u64::from(n) / 10_000);
        event.conversation.server = [a, b, c, d].into();
        if n % 10 != 0 {
            event.conversation.client = [a | 0x80, b, c, d].into();
        }
        detector.judge(&ledger, &event, &mut |finding| findings.push(finding));
        assert!(detector.buckets.len() <= KEPT);
    }
    let clients: Vec<_> = findings.iter().map(|finding| &finding.because).collect();
    assert!(matches!(&clients[..], [one] if one.contains("of 10.0.0.5 ")), "{clients:?}");
}

#[test]
fn a_flood_that_ebbs_and_rises_again_is_told_again() {
    let second = 1_000_000_000;
    let usual =
        Usual { acts: 1_000, prior: 1, covered_ns: 1_000 * second, known: true, free: (0.0, 0.0) };
    let (mut bucket, mut now_ns) = (Bucket::default(), second);
    let flood =
        |bucket: &mut Bucket, now_ns| (0..5_000).filter(|_| bucket.add(now_ns, usual)).count();
    assert_eq!(flood(&mut bucket, now_ns), 1);
    assert_eq!(flood(&mut bucket, now_ns), 0, "it lasts");
    let full = bucket.level;
    while bucket.level > full / 4.0 {
        now_ns += second;
        bucket.add(now_ns, usual);
    }
    assert!(bucket.level > 0.0, "it is not over yet");
    assert_eq!(flood(&mut bucket, now_ns), 1);
}
