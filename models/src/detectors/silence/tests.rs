//! What is silence, and what is not.

use super::*;
use crate::samples::{START_NS, ended, request};

const HOUR: u64 = 3_600;

fn at(event: Event, second: u64) -> Event {
    Event { time_ns: START_NS + second * 1_000_000_000, ..event }
}

/// A poll and its answer.
fn poll(client: u8, server: u8, second: u64) -> [Event; 2] {
    let event = at(request(client, server), second);
    [event.clone(), ended(event, Outcome::Done)]
}

/// Two masters that poll three devices each every five seconds, where `is_on` says so.
fn polls(seconds: core::ops::Range<u64>, is_on: impl Fn(u8, u8, u64) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    for second in seconds.step_by(5) {
        for (client, server) in [(5, 21), (5, 22), (5, 23), (6, 24), (6, 25), (6, 26)] {
            if is_on(client, server, second) {
                events.extend(poll(client, server, second));
            }
        }
    }
    events
}

fn learn(events: &[Event]) -> Ledger {
    let mut ledger = Ledger::default();
    for event in events {
        ledger.learn(event);
    }
    ledger
}

fn site() -> Ledger {
    learn(&polls(0..12 * HOUR, |_, _, _| true))
}

fn found(ledger: &Ledger, events: &[Event]) -> Vec<Finding> {
    let (mut detector, mut findings) = (Silence::default(), Vec::new());
    for event in events {
        detector.judge(ledger, event, &mut |finding| findings.push(finding));
    }
    findings
}

const DAY: u64 = 24 * HOUR;

#[test]
fn a_server_that_answers_no_more_is_one_finding_about_its_last_poll() {
    let mut events = Vec::new();
    for event in polls(DAY..DAY + HOUR, |_, _, _| true) {
        let dead = event.time_ns >= START_NS + (DAY + 600) * 1_000_000_000;
        let of_it = event.conversation.server == request(5, 22).conversation.server;
        let lost = dead && of_it && event.stage != Stage::Requested;
        let unanswered = ended(request(5, 22), Outcome::Unanswered).stage;
        events.push(if lost { Event { stage: unanswered, ..event } } else { event });
    }
    let findings = found(&site(), &events);
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.kind, finding.actor), ("server-silent", Some([10, 0, 0, 22].into())));
    assert!(finding.surprise.0 > 10.0, "{finding:?}");
    assert_eq!(
        finding.because,
        "10.0.0.22 unit 1 has not answered 10.0.0.5 for 60 s, to 11 requests; in the baseline it \
         was polled 8,640 times, every 5 s"
    );
    let about = finding.about.as_ref().unwrap();
    assert_eq!(about.time_ns, START_NS + (DAY + 650) * 1_000_000_000);
}

#[test]
fn a_device_that_is_polled_no_more_is_one_and_again_after_it_came_back() {
    let on = |_, server, second| server != 22 || second % 1_800 < 300;
    let findings = found(&site(), &polls(DAY..DAY + 1_500, on));
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.kind, finding.actor), ("polls-stopped", Some([10, 0, 0, 5].into())));
    let findings = found(&site(), &polls(DAY..DAY + 5 * HOUR, on));
    assert!((4..=5).contains(&findings.len()), "one an hour at most: {}", findings.len());
}

/// The same, and a client that asks for a connection to its device while it is away.
fn seeks(mut events: Vec<Event>, away: core::ops::Range<u64>) -> Vec<Event> {
    for second in away.step_by(5) {
        let stage = Stage::Attempted(Attempt::Opening);
        let mut event = Event { stage, ..at(request(5, 22), second) };
        event.conversation.unit = 0;
        events.push(event);
    }
    events.sort_by_key(|event| event.time_ns);
    events
}

#[test]
fn a_device_that_starts_is_sought_and_not_forgotten() {
    let away = DAY + 600..DAY + 900;
    let on = |_, server, second: u64| server != 22 || !away.contains(&second);
    let restart = polls(DAY..DAY + HOUR, on);
    assert_eq!(found(&site(), &seeks(restart.clone(), away.clone())), []);
    let findings = found(&site(), &restart);
    assert!(matches!(&findings[..], [one] if one.kind == "polls-stopped"), "{findings:?}");
    let gone = polls(DAY..DAY + HOUR, |_, server, second| server != 22 || second < DAY + 600);
    let findings = found(&site(), &seeks(gone, DAY + 600..DAY + HOUR));
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.kind, finding.actor), ("server-silent", Some([10, 0, 0, 22].into())));
    assert!(finding.because.contains("for 15 min, which asks in vain"), "{finding:?}");
    let reset = |client, server, second: u64| {
        (client, server) != (5, 22)
            || second < DAY + 600
            || (DAY + 605..DAY + 610).contains(&second)
    };
    let forgotten = seeks(polls(DAY..DAY + HOUR, reset), DAY + 604..DAY + 605);
    let findings = found(&site(), &forgotten);
    assert!(matches!(&findings[..], [one] if one.kind == "polls-stopped"), "{findings:?}");
}

#[test]
fn a_master_that_stops_is_one_finding_for_all_its_servers() {
    let findings = found(
        &site(),
        &polls(DAY..DAY + HOUR, |client, _, second| client != 5 || second < DAY + 600),
    );
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.kind, finding.actor), ("client-silent", Some([10, 0, 0, 5].into())));
    assert!(finding.because.starts_with("none of the 3 devices of 10.0.0.5"), "{finding:?}");
}

#[test]
fn a_lost_answer_a_short_break_and_faster_polls_are_none() {
    let breaks = |_, server, second| server != 22 || second % 600 >= 50;
    assert_eq!(found(&site(), &polls(DAY..DAY + HOUR, breaks)), []);
}

#[test]
fn nothing_falls_silent_where_nothing_is_seen() {
    let mut gap = polls(DAY..DAY + 600, |_, _, _| true);
    gap.extend(polls(DAY + 9 * HOUR..DAY + 9 * HOUR + 600, |_, _, _| true));
    assert_eq!(found(&site(), &gap), [], "between two captures");
    let start = polls(DAY..DAY + HOUR, |_, server, _| server != 22);
    assert_eq!(found(&site(), &start), [], "who was not heard yet");
}

#[test]
fn a_silence_that_was_learned_is_none() {
    let night = |_, server, second: u64| server != 22 || second % DAY >= HOUR;
    let ledger = learn(&polls(0..DAY, |_, _, _| true));
    let both = learn(&polls(0..3 * DAY, night));
    let judged = polls(4 * DAY - 600..4 * DAY + HOUR + 600, night);
    assert_eq!(found(&ledger, &judged).len(), 1);
    assert_eq!(found(&both, &judged), []);
}

#[test]
fn a_standby_that_answers_are_given_to_ends_no_device() {
    let mut events = polls(DAY..DAY + HOUR, |client, _, second| client != 5 || second < DAY + 600);
    for second in (DAY + 620..DAY + HOUR).step_by(5) {
        for server in [21, 22, 23] {
            events.extend(poll(7, server, second));
        }
    }
    events.sort_by_key(|event| event.time_ns);
    assert_eq!(found(&site(), &events), []);
}

#[test]
fn a_device_that_is_polled_under_another_address_now_is_not_a_master_that_stopped() {
    let ledger = learn(&polls(0..12 * HOUR, |client, server, _| (client, server) == (5, 21)));
    let mut events = polls(DAY..DAY + 600, |client, server, _| (client, server) == (5, 21));
    for second in (DAY + 600..DAY + HOUR).step_by(5) {
        events.extend(poll(5, 99, second));
    }
    let findings = found(&ledger, &events);
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.kind, finding.actor), ("polls-stopped", Some([10, 0, 0, 5].into())));
}
