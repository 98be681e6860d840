//! Octets that never came.

use super::*;

#[test]
fn a_gap_is_given_up_when_its_time_is_over() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").data(Side::A, 105, "fg");
    bench.wait_ms(999).tick();
    assert_eq!(bench.text(Side::A), "ab");
    bench.wait_ms(1).tick();
    assert_eq!(bench.text(Side::A), "ab[3]fg");
    assert_eq!((bench.counters().gaps, bench.counters().lost_octets), (1, 3));

    // What was missing comes too late and is not read.
    bench.data(Side::A, 102, "cde").data(Side::A, 107, "hi");
    assert_eq!(bench.text(Side::A), "ab[3]fghi");
}

#[test]
fn a_gap_is_given_up_at_the_next_packet_of_either_side() {
    for (side, sequence, gaps) in [(Side::A, 109, 1), (Side::B, 900, 0)] {
        let mut bench = Bench::new();
        bench.data(Side::A, 100, "ab").data(Side::A, 105, "fg").wait_ms(1_000);
        bench.data(side, sequence, "jk");
        assert_eq!(bench.text_of(1, Side::A), "ab[3]fg", "{side:?}");
        assert_eq!(bench.table.gaps_open(), gaps, "{side:?}");
    }
}

#[test]
fn later_octets_do_not_make_a_gap_last_longer() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").data(Side::A, 108, "ij").wait_ms(600);
    bench.data(Side::A, 105, "fg").wait_ms(400).tick();
    assert_eq!(bench.text(Side::A), "ab[3]fg[1]ij");
}

#[test]
fn a_gap_is_given_up_when_too_much_waits_behind_it() {
    let octets = Limits { gap_octets: 4, ..Limits::default() };
    let segments = Limits { gap_segments: 2, ..Limits::default() };
    for limits in [octets, segments] {
        let mut bench = Bench::with(&limits);
        bench.data(Side::A, 100, "ab").data(Side::A, 103, "de").data(Side::A, 106, "gh");
        assert_eq!(bench.text(Side::A), "ab");
        bench.data(Side::A, 109, "jk");
        assert_eq!(bench.text(Side::A), "ab[1]de", "only the first gap");
        bench.data(Side::A, 105, "f");
        assert_eq!(bench.text(Side::A), "ab[1]defgh");
        bench.finish();
        assert_eq!(bench.text(Side::A), "ab[1]defgh[1]jk");
        assert_eq!((bench.counters().gaps, bench.counters().gap_overflows), (2, 1));
    }
}

#[test]
fn a_gap_is_given_up_when_the_flow_ends() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").data(Side::B, 500, "x").data(Side::B, 510, "yz");
    bench.data(Side::A, 105, "fg").rst(Side::A, 102, None);
    assert_eq!((bench.text(Side::A), bench.text(Side::B)), ("ab[3]fg", "x[9]yz"));
    assert_eq!((bench.log.ended.as_slice(), bench.log.unseen), ([(40_000, 5)].as_slice(), 12));
}

#[test]
fn octets_lost_at_the_very_end_are_told_before_it() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").fin(Side::A, 107, "").fin(Side::B, 500, "").wait_ms(1_000);
    assert!(bench.log.ended.is_empty());
    bench.tick();
    assert_eq!(bench.text(Side::A), "ab[5]");
    assert_eq!(bench.log.ended, [(40_000, 3)]);
}

#[test]
fn octets_that_the_capture_cut_off_are_lost_at_once() {
    let mut bench = Bench::new();
    let cut = |sequence, octets, cut| Tcp { octets, cut, ..Tcp::at(sequence) };
    bench.send(Side::A, cut(100, "abc", 7)).send(Side::A, cut(110, "klm", 7));
    assert_eq!(bench.text(Side::A), "abc[7]klm");
    assert_eq!((bench.counters().lost_octets, bench.counters().gaps), (14, 0));

    // Again, out of order, and without any octets at all.
    bench.send(Side::A, cut(110, "klm", 7)).send(Side::A, cut(130, "E", 9));
    bench.send(Side::A, cut(120, "", 10)).finish();
    assert_eq!(bench.text(Side::A), "abc[7]klm[17]E[9]");
    assert_eq!(bench.counters().lost_octets, 7 + 7 + 10 + 9);
    assert_eq!(bench.counters().retransmitted_octets, 10);
}

#[test]
fn a_flow_that_nobody_reads_keeps_nothing() {
    let mut bench = Bench::new();
    bench.log.refuses = true;
    for n in 0..10 {
        bench.data(Side::A, 100 + 10 * n, "ab");
    }
    bench.wait_ms(5_000).tick().finish();
    assert_eq!((bench.log.asked, bench.log.chunks, bench.table.len()), (1, 0, 0));
    assert_eq!((bench.counters().flows, bench.counters().read_flows), (1, 0));
    assert!(bench.log.ended.is_empty());
}

#[test]
fn a_reader_may_put_off_its_choice() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "?").data(Side::B, 500, "?").data(Side::B, 501, "?");
    assert_eq!((bench.log.asked, bench.log.chunks, bench.counters().read_flows), (3, 0, 0));
    bench.data(Side::B, 502, "xy").data(Side::A, 101, "ab").finish();
    assert_eq!((bench.log.asked, bench.log.flows), (4, 1));
    assert_eq!((bench.text(Side::A), bench.text(Side::B)), ("ab", "xy"));
}

#[test]
fn a_flow_that_a_reader_leaves_is_not_followed_on() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").data(Side::A, 104, "x").data(Side::A, 102, "%");
    assert_eq!((bench.text(Side::A), bench.table.gaps_open()), ("ab%", 0));
    bench.data(Side::A, 105, "cd").data(Side::B, 500, "xy").finish();
    assert_eq!((bench.text(Side::A), bench.text(Side::B)), ("ab%", ""));
    assert!(bench.log.ended.is_empty());
}
