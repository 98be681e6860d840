use gridtap_models::event::{Intent, Outcome as Ended, PacketRef};
use gridtap_models::ledger::Ledger;

use super::*;
use crate::alert::{Raiser, Settings, act};
use crate::evaluate::labels::{Labels, SECOND_NS};
use crate::evaluate::survey::{Survey, Surveyed};
use crate::evaluate::truth::LabelSet;
use crate::judge::Mode;

const S: u64 = SECOND_NS;
const DAY: u64 = 86_400 * S;

/// What client 5 does to device 9 for a day: it polls, and writes now and then. So does client 7 to device 8, but for
/// nineteen writes only.
fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    for nth in 0..1_440_u64 {
        let mut event = act(5, 9, nth * 60 * S, nth);
        if nth % 60 != 0 {
            event.intent = Intent::Read;
            event.function.code = 3;
            event.targets[0].values.clear();
        }
        ledger.learn(&event);
        if nth < 19 * 60 {
            event.conversation = act(7, 8, 0, 0).conversation;
            ledger.learn(&event);
        }
    }
    ledger
}

/// What is measured of `events` on the next day, against labels of packets.
fn measure(labels: &str, events: &[Event]) -> Measured {
    let labels =
        Labels::read(format!("packet,label,attack,actor,target,points\n{labels}").as_bytes());
    let packets = 1_000;
    let times = events.iter().map(|event| (event.packet, event.time_ns));
    let survey = Survey {
        captures: vec![Surveyed { packets, ..Surveyed::default() }],
        times: times.collect(),
    };
    let set = LabelSet { packets: Some(labels.unwrap()), ..LabelSet::default() };
    let truth = Truth::new(&[set], &survey, 0).unwrap();
    let settings = Settings {
        at_bits: 10.0,
        command_at_bits: 6.6,
        a_day: 1.0,
        quiet_ns: 900 * S,
        episodes: 8,
        awaited: 8,
    };
    let raiser = Raiser::new(settings, vec!["a.pcap".to_owned()]);
    let mut judge = Judge::new(Mode::Judge, ledger(), raiser);
    let rules = Rules {
        judged_from_ns: DAY,
        judged_until_ns: 2 * DAY,
        from_start: false,
        quiet_ns: 900 * S,
        seed: 1,
        picks: 1,
    };
    let mut watch = Watch::new(&truth, rules);
    for event in events {
        judge.take(event, DAY, &mut |alert| watch.told(&alert));
        watch.see(event, truth.role(event), &judge);
    }
    judge.finish(&mut |alert| watch.told(&alert));
    watch.finish()
}

fn write(client: u8, second: u64, packet: u64) -> Event {
    act(client, 9, DAY + second * S, packet)
}

#[test]
fn an_attack_is_found_when_an_episode_takes_one_of_its_acts() {
    let rows = "2,1,rogue-write,10.0.0.66,10.0.0.9,holding-register:10\n3,1,rogue-write,,,\n";
    let events = [write(5, 1, 1), write(66, 10, 2), write(66, 40, 3), write(5, 60, 4)];
    let measured = measure(rows, &events);
    let attack = &measured.attacks[0];
    assert_eq!((attack.acts, attack.told_at_act, attack.told_after_ns), (2, Some(1), Some(0)));
    let all = Some(true);
    assert_eq!(attack.naming, Naming { actor: all, target: all, point: all });
    let episode = &measured.episodes[attack.episode.unwrap()];
    assert_eq!((episode.attacks.as_slice(), episode.acts), (&[0][..], 2));
    assert_eq!(measured.wrong().count(), 0);
    let expected = Commands {
        judged: 4,
        attack: 2,
        alarmed: 2,
        alarmed_attack: 2,
        operators: 2,
        alarmed_operators: 0,
        practised: 2,
        alarmed_practised: 0,
    };
    assert_eq!(measured.commands, expected);
}

#[test]
fn operators_whose_client_commanded_often_while_learning_are_counted_apart() {
    let mut strange = write(5, 2, 2);
    strange.targets[0].start = 40_000;
    let seldom = act(7, 8, DAY + 20 * S, 4);
    let events = [write(5, 1, 1), strange, write(66, 10, 3), seldom];
    let measured = measure("9,1,none,,,\n", &events);
    let Commands { operators, alarmed_operators, practised, alarmed_practised, .. } =
        measured.commands;
    assert_eq!((operators, alarmed_operators, practised, alarmed_practised), (4, 2, 2, 1));
}

#[test]
fn what_joins_an_open_episode_is_told_of_by_its_next_revision() {
    // The first three acts of the newcomer are no attack, so that the alert is wrong until the fourth.
    let acts: Vec<Event> = (1..=8).map(|nth| write(66, nth * 10, nth)).collect();
    let measured = measure("7,1,late,,,\n8,1,late,,,\n", &acts);
    let attack = &measured.attacks[0];
    // Revisions come at 1, 2, 4 and 8 acts: the second act of the attack is the eighth of the episode.
    assert_eq!((attack.told_at_act, attack.told_after_ns), (Some(2), Some(10 * S)));
    let alone = measure("7,1,late,,,\n", &acts[..7]);
    // Nothing more happens: the closed episode tells.
    assert_eq!(alone.attacks[0].told_after_ns, Some(900 * S));
}

#[test]
fn an_alert_on_somebody_else_finds_nothing_and_is_wrong() {
    let measured = measure("2,1,quiet,,,\n", &[write(66, 1, 1), write(5, 10, 2)]);
    assert_eq!((measured.attacks[0].told_at_act, measured.attacks[0].acts), (None, 1));
    assert_eq!(measured.wrong().count(), 1);
    assert_eq!(measured.commands.alarmed_attack, 0);
    assert_eq!(measured.odd.at(Score::RAISED).wrong, 1);
}

#[test]
fn the_end_of_an_act_belongs_to_what_was_asked_for() {
    let asked = write(66, 1, 1);
    let ended = Event {
        stage: Stage::Ended { outcome: Ended::Done, after_ns: S },
        time_ns: asked.time_ns + S,
        packet: PacketRef { capture: 0, number: 2 },
        ..asked.clone()
    };
    let acts = |labels: &str| measure(labels, &[asked.clone(), ended.clone()]).attacks[0].acts;
    assert_eq!(acts("1,1,asked,,,\n"), 1);
    assert_eq!(acts("2,1,answered,,,\n"), 1);
    assert_eq!(acts("1,1,both,,,\n2,1,both,,,\n"), 1);
}

#[test]
fn what_lies_in_the_learned_time_is_left_out() {
    let early = Event { time_ns: DAY - 100 * S, ..write(66, 0, 1) };
    let measured = measure("1,1,early,,,\n", &[early, write(5, 10, 2)]);
    assert_eq!((measured.attacks.len(), measured.unjudged_attacks), (0, 1));
    assert_eq!((measured.episodes.len(), measured.unjudged_episodes), (0, 1));
}

#[test]
fn operators_are_those_that_labels_name_and_otherwise_all() {
    let events = [write(5, 1, 1), write(5, 10, 2), write(66, 20, 3)];
    let named = measure("1,0,,10.0.0.5,10.0.0.9,\n3,1,x,,,\n", &events).commands;
    assert_eq!((named.operators, named.alarmed_operators), (1, 0));
    let all = measure("3,1,x,,,\n", &events).commands;
    assert_eq!((all.operators, all.alarmed_operators), (2, 0));
}
