//! Which values are odd, and which are not.

use super::*;
use crate::event::{Intent, Outcome, Switch, Target};
use crate::samples::{breaker, ended, judged, learned, request, write};

fn command(value: f64) -> Event {
    write(&request(5, 21), 40, Value::Number(value))
}

/// A set-point commanded forty times between 100 and 139, after a thousand polls.
fn site() -> Ledger {
    let polls = (0..1_000).map(|_| request(5, 21));
    learned(polls.chain((100..140).map(|value| command(f64::from(value)))))
}

fn surprise(ledger: &Ledger, value: f64) -> f64 {
    judged(NAME, ledger, &command(value)).first().map_or(0.0, |finding| finding.surprise.0)
}

#[test]
fn inside_the_range_of_many_values_all_is_routine() {
    assert_eq!(judged(NAME, &site(), &command(110.5)), []);
}

#[test]
fn the_further_outside_the_odder_on_either_side() {
    let ledger = site();
    for side in [1.0, -1.0] {
        let away = [21.0, 24.0, 30.0, 40.0, 80.0, 1e6, 1e300, f64::INFINITY];
        let odd = away.map(|away| surprise(&ledger, 119.5 + side * away));
        assert!(odd.is_sorted() && odd[0] < 5.0 && odd[7] > 8.9, "{odd:?}");
    }
    assert!(surprise(&ledger, f64::NAN) > 8.9);
    let never = ledger.device(&command(0.0).conversation.device()).unwrap().acts_context();
    let most = surprise::bits(never.novel()).0;
    assert!(surprise(&ledger, f64::INFINITY) <= most, "no more than a command never given");
}

#[test]
fn two_values_say_little_of_where_the_third_may_be() {
    let polls = || (0..10_000).map(|_| request(5, 21));
    let two = learned(polls().chain([command(57.0), command(59.0)]));
    let many = learned(polls().chain((0..12).map(|n| command(57.0 + f64::from(n) / 6.0))));
    let (near, far) = ([&two, &many].map(|it| surprise(it, 64.0)), surprise(&two, 5_700.0));
    assert!(near[0] < 6.0 && near[1] > 6.6 && far > 10.0, "{near:?} {far}");
}

#[test]
fn the_sentence_says_how_far_outside_what_range() {
    let [finding] = &judged(NAME, &site(), &command(529.0))[..] else { panic!() };
    assert_eq!(finding.kind, "value-out-of-range");
    assert_eq!(
        finding.because,
        "10.0.0.21 unit 1 was given the command write holding-register 40 40 times in the \
         baseline, always from 100 to 139, never 529; 529 is 34.6 deviations from what is likely next"
    );
}

#[test]
fn among_few_values_a_new_one_is_as_odd_as_they_are_settled() {
    let [short, long] = [4, 400].map(|times| {
        let steps = (0..times).map(|n| command(if n % 2 == 0 { 10.0 } else { 20.0 }));
        judged(NAME, &learned(steps), &command(15.0))
    });
    assert_eq!(short, []);
    let [finding] = &long[..] else { panic!("{long:?}") };
    assert_eq!(finding.kind, "new-value");
    assert!(finding.because.ends_with("with 10 (200 times), 20 (200 times), never 15"));
}

#[test]
fn the_other_state_of_a_breaker_is_mild() {
    let close = breaker(Switch::Close, Intent::Operate, 4, "Operate");
    let ledger = learned((0..1_000).map(|n| match n {
        0..20 => close.clone(),
        _ => Event { intent: Intent::Read, targets: Vec::new(), ..close.clone() },
    }));
    let trip = breaker(Switch::Trip, Intent::Operate, 4, "Operate");
    let [finding] = &judged(NAME, &ledger, &trip)[..] else { panic!() };
    assert_eq!(finding.kind, "new-value");
    assert!(finding.surprise.0 < 5.0, "{finding:?}");
    assert!(finding.because.ends_with("with close (20 times), never trip"), "{finding:?}");
}

#[test]
fn the_other_state_of_a_coil_has_no_distance() {
    let coil = |value| {
        let target = Target { space: Space::Coil, start: 1, count: 1, values: vec![value] };
        Event { targets: vec![target], ..command(0.0) }
    };
    let ledger = learned((0..1_000).map(|_| coil(Value::Number(0.0))));
    assert_eq!(judged(NAME, &ledger, &coil(Value::Number(1.0)))[0].kind, "new-value");
}

/// Five devices whose set-points lie between 180 and 220, and one that was only polled or given some.
fn like_devices(own: &[f64]) -> Ledger {
    let polls = (21..27).flat_map(|server| (0..1_000).map(move |_| request(5, server)));
    let others = (22..27).zip([
        [184.0, 219.0],
        [181.0, 183.0],
        [202.0, 219.0],
        [188.0, 204.0],
        [213.0, 182.0],
    ]);
    let given = |(server, values): (u8, [f64; 2])| {
        values.map(|value| write(&request(5, server), 40, Value::Number(value)))
    };
    let own: Vec<_> = own.iter().map(|value| command(*value)).collect();
    learned(polls.chain(others.flat_map(given)).chain(own))
}

#[test]
fn what_like_devices_are_given_is_no_alert_and_what_none_was_given_is() {
    for own in [&[][..], &[187.0], &[184.0, 187.0]] {
        let ledger = like_devices(own);
        let [usual, outside, far] = [208.0, 221.0, 352.0].map(|value| surprise(&ledger, value));
        assert!(usual < 4.0 && outside < 5.0 && far > 8.0, "{own:?}: {usual} {outside} {far}");
    }
    let [finding] = &judged(NAME, &like_devices(&[]), &command(352.0))[..] else { panic!() };
    assert_eq!(finding.kind, "value-out-of-range");
    assert!(finding.because.starts_with(
        "10.0.0.21 unit 1 was not given the command write holding-register 40 in the baseline; 5 devices \
         like it were given values from 181 to 219; 352 is "
    ));
}

#[test]
fn devices_of_another_type_say_nothing() {
    let other = |server| {
        let poll = request(5, server);
        let target = Target { start: 100, count: 10, ..poll.targets[0].clone() };
        Event { targets: vec![target], ..poll }
    };
    let polls = (22..27).map(other).chain([request(5, 21)]);
    let writes =
        (22..27).map(|server| write(&request(5, server), 40, Value::Number(f64::from(server))));
    let ledger = learned((0..1_000).flat_map(|_| polls.clone()).chain(writes));
    assert_eq!(judged(NAME, &ledger, &command(352.0)), []);
}

#[test]
fn the_oddest_of_many_values_is_as_many_times_as_likely() {
    let ledger = site();
    let alone = surprise(&ledger, 153.0);
    let mut event = command(153.0);
    event.targets[0].values.resize(8, Value::Number(0.0));
    event.targets[0].count = 8;
    let [finding] = &judged(NAME, &ledger, &event)[..] else { panic!() };
    assert!((alone - finding.surprise.0 - 3.0).abs() < 0.11, "{alone} {finding:?}");
}

#[test]
fn a_value_that_stands_apart_was_learned_in_vain() {
    let polls = (0..1_000).map(|_| request(5, 21));
    let usual = (0..40).map(|nth| command(f64::from(100 + nth % 10)));
    let apart = [529.0, 529.0, 529.0].map(command);
    let ledger = learned(polls.chain(usual).chain(apart));
    assert!(surprise(&ledger, 529.0) > 8.0);
    let [finding] = &judged(NAME, &ledger, &command(529.0))[..] else { panic!() };
    assert!(finding.because.contains(
        "43 times in the baseline, 3 of them with 529, which stands apart from 100 to 109 and counts for nothing; 529 is"
    ), "{}", finding.because);
    assert!(surprise(&ledger, 105.0) < 0.1, "its benign twin");
    // Where few are known, like devices tell what stands apart.
    let ledger = like_devices(&[187.0, 352.0, 352.0]);
    assert!(surprise(&ledger, 352.0) > 8.0 && surprise(&ledger, 187.0) < 0.1);
    // What it was given eight times is its own level, whatever they say.
    let among = |own: &[f64]| {
        let polls = (21..32).flat_map(|server| (0..1_000).map(move |_| request(5, server)));
        let others = (22..32).flat_map(|server| {
            [184.0, 219.0, 190.0, 201.0]
                .map(|value| write(&request(5, server), 40, Value::Number(value)))
        });
        let own: Vec<_> = own.iter().map(|value| command(*value)).collect();
        learned(polls.chain(others).chain(own))
    };
    let level = |times: usize| surprise(&among(&vec![352.0; times]), 352.0);
    assert!(level(7) > 6.0 && level(8) < 0.1, "{} {}", level(7), level(8));
    // So where most or half of its own few stand apart.
    for own in [
        &[187.0, 352.0, 352.0, 353.0, 353.0][..],
        &[352.0, 184.0, 353.0, 219.0, 352.0, 199.0, 201.0, 200.0],
    ] {
        let odd = [352.0, 200.0].map(|value| surprise(&among(own), value));
        assert!(odd[0] > 6.6 && odd[1] < 4.0, "{own:?}: {odd:?}");
    }
    // What was given time and again is a level of its own.
    let levels = (0..40).map(|nth| command(if nth % 5 == 0 { 300.0 } else { 100.0 }));
    let ledger = learned((0..1_000).map(|_| request(5, 21)).chain(levels));
    assert_eq!(judged(NAME, &ledger, &command(300.0)), []);
    // What is set every third time is set by somebody who may.
    let often = (0..40).flat_map(|n| [command(f64::from(100 + n)), command(529.0)]);
    let ledger = learned((0..1_000).map(|_| request(5, 21)).chain(often));
    assert_eq!(judged(NAME, &ledger, &command(529.0)), []);
}

#[test]
fn only_the_first_values_of_a_long_act_are_compared_with_those_of_like_devices() {
    let register = |start, values: Vec<Value>| Target {
        space: Space::HoldingRegister,
        start,
        count: u32::try_from(values.len()).unwrap(),
        values,
    };
    let found = |others: usize| {
        let unknown = register(100, vec![Value::Number(1.0); others]);
        let targets = vec![unknown, register(40, vec![Value::Number(1e12)])];
        judged(NAME, &like_devices(&[]), &Event { targets, ..command(0.0) })
    };
    let [finding] = &found(COMPARED - 1)[..] else { panic!() };
    assert!(finding.because.contains("5 devices like it"), "{finding:?}");
    assert_eq!(found(COMPARED), []);
}

#[test]
fn what_the_device_itself_reported_of_the_point_is_known() {
    let report = |value: f64| {
        let reported = vec![Target {
            space: Space::HoldingRegister,
            start: 40,
            count: 1,
            values: vec![Value::Number(value)],
        }];
        Event { reported, ..ended(request(5, 21), Outcome::Done) }
    };
    let polls = (0..1_000).map(|_| request(5, 21));
    let commands = (100..140).map(|value| command(f64::from(value)));
    let ledger = learned(polls.chain(commands).chain([report(0.0), report(900.0)]));
    assert_eq!(judged(NAME, &ledger, &command(529.0)), []);
}

#[test]
fn a_point_that_was_never_commanded_is_left_alone() {
    let event = write(&request(5, 21), 41, Value::Number(1e9));
    assert_eq!(judged(NAME, &site(), &event), []);
}
