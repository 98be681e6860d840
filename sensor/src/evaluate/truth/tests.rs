use super::*;
use crate::alert::act;
use crate::evaluate::survey::Surveyed;

const S: u64 = SECOND_NS;

/// A capture with a packet a second, the first at 1 s.
fn survey(packets: u64) -> Survey {
    let times = (1..=packets).map(|number| (PacketRef { capture: 0, number }, number * S));
    let whole = Surveyed { packets, span_ns: Some((S, packets * S)), digest: [0; 32] };
    Survey { captures: vec![whole], times: times.collect() }
}

fn labels(text: &str) -> Labels {
    Labels::read(text.as_bytes()).unwrap()
}

fn truth(packets: &str, windows: &str, tolerance_s: u64) -> Truth {
    let windows = (!windows.is_empty()).then(|| labels(windows));
    let set = LabelSet { packets: Some(labels(packets)), windows, lookalikes: None };
    Truth::new(&[set], &survey(1_000), tolerance_s * S).unwrap()
}

fn spans(truth: &Truth) -> Vec<(&str, u64, u64)> {
    let it = |it: &'_ Incident| (it.start_ns / S, it.end_ns / S);
    truth
        .attacks
        .iter()
        .map(|attack| (attack.said.kind.as_str(), it(attack).0, it(attack).1))
        .collect()
}

#[test]
fn packets_of_a_label_are_one_attack_until_more_than_a_minute_passes() {
    let rows = "packet,label,attack\n10,1,scan\n11,1,write\n70,1,scan\n131,1,scan\n72,1,write\n";
    let truth = truth(rows, "", 0);
    let expected = [("scan", 10, 70), ("write", 11, 11), ("write", 72, 72), ("scan", 131, 131)];
    assert_eq!(spans(&truth), expected);
    assert_eq!(truth.attacked().length_ns(), 60 * S);
}

#[test]
fn windows_gather_the_packets_of_their_name() {
    let rows =
        "packet,label,attack\n10,1,drift\n500,1,drift\n501,1,other\n603,1,drift\n900,1,drift\n";
    let windows = "start,end,attack\n5,600.5,drift\n700,800,block\n";
    let truth = truth(rows, windows, 0);
    let expected =
        [("drift", 5, 603), ("other", 501, 501), ("block", 700, 800), ("drift", 900, 900)];
    assert_eq!(spans(&truth), expected);
    let role = |packet| truth.role(&act(5, 9, packet * S, packet)).attacks;
    assert_eq!(role(500), [0]);
    assert_eq!(role(501), [1]);
    // What is in the window of an attack that has packets, but is none of them, is no part of it.
    assert_eq!(role(499), [0; 0]);
    assert_eq!(role(750), [2]);
}

#[test]
fn an_attack_that_nothing_shows_is_known_by_its_time() {
    let windows = "start,end,attack,actor,target\n20.123456789,60,block,,10.0.0.9\n";
    let mut truth = truth("packet,label,attack\n30,1,block\n", windows, 0);
    let early = Event { time_ns: 20 * S + 123_456_000, ..act(5, 9, 0, 20) };
    assert_eq!(
        (truth.role(&early).attacks, truth.role(&act(5, 9, 30 * S, 30)).attacks),
        (vec![], vec![0])
    );
    truth.know_by_time(&[0]);
    // In whole microseconds, as many captures have it.
    assert_eq!(truth.role(&early).attacks, [0]);
}

#[test]
fn time_and_hosts_say_what_is_part_of_a_window() {
    let windows = "start,end,attack,actor,target\n\
        10,20,a,10.0.0.66,10.0.0.9\n15,30,b,,10.0.0.8\n60,70,c,,\n";
    let truth = Truth::new(
        &[LabelSet { windows: Some(labels(windows)), ..LabelSet::default() }],
        &survey(1_000),
        5 * S,
    )
    .unwrap();
    let table: &[(u8, u8, u64, &[usize])] = &[
        (66, 9, 12, &[0]),
        (66, 8, 12, &[1]),
        (66, 7, 12, &[]),
        (5, 9, 12, &[]),
        (5, 8, 35, &[1]),
        (5, 8, 36, &[]),
        (9, 66, 5, &[0]),
        (9, 66, 4, &[]),
        (1, 2, 75, &[2]),
        (1, 2, 76, &[]),
    ];
    for (client, server, at, attacks) in table {
        let role = truth.role(&act(*client, *server, at * S, 7));
        assert_eq!(role.attacks, *attacks, "{client} {server} {at}");
    }
    let hosts = "start_epoch,end_epoch,attack,host_a,host_b\n10,20,x,10.0.0.9,10.0.0.5\n";
    let set = LabelSet { windows: Some(labels(hosts)), ..LabelSet::default() };
    let truth = Truth::new(&[set], &survey(10), 0).unwrap();
    assert_eq!(truth.role(&act(5, 9, 15 * S, 1)).attacks, [0]);
    assert_eq!(truth.role(&act(5, 8, 15 * S, 1)).attacks, [0; 0]);
}

#[test]
fn a_tolerance_holds_for_labelled_packets_as_well() {
    let rows = "packet,label,attack,actor,target\n10,1,scan,10.0.0.66,10.0.0.9\n";
    let role =
        |tolerance, client| truth(rows, "", tolerance).role(&act(client, 9, 14 * S, 14)).attacks;
    assert_eq!((role(0, 66), role(3, 66), role(4, 66)), (vec![], vec![], vec![0]));
    assert_eq!(role(4, 5), [0; 0]);
}

#[test]
fn normal_packets_that_are_named_are_lookalikes_or_operators() {
    let rows = "packet,label,attack,actor\n3,0,new-laptop,10.0.0.70\n4,0,,10.0.0.5\n5,1,,\n";
    let truth = truth(rows, "", 0);
    let role = |packet| truth.role(&act(5, 9, packet * S, packet));
    assert_eq!((role(3).lookalikes, role(4).operator, role(5).attacks), (vec![0], true, vec![0]));
    assert!(truth.names_operators && role(6).is_empty());
}

#[test]
fn a_packet_that_is_not_there_is_refused_with_its_line() {
    let set =
        LabelSet { packets: Some(labels("packet,label\n9,1\n11,1\n")), ..LabelSet::default() };
    let (place, error) = Truth::new(&[set], &survey(10), 0).unwrap_err();
    assert_eq!(place, 0);
    assert_eq!(error.to_string(), "line 3: packet 11: the capture has 10 packets");
}
