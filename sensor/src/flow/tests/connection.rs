//! How flows begin and end, and segments that do not fit.

use super::*;

const MIB: u32 = 1 << 20;

#[test]
fn a_new_syn_between_the_same_ends_begins_a_new_flow() {
    let mut bench = Bench::new();
    bench.syn(Side::A, 99).syn(Side::B, 499).data(Side::A, 100, "old").data(Side::B, 500, "yes");
    bench.syn(Side::A, 99).syn(Side::B, 499).data(Side::A, 103, "er");
    assert_eq!((bench.log.flows, bench.text(Side::A)), (1, "older"), "a SYN sent again");

    bench.syn(Side::A, 7_000).syn(Side::B, 8_000);
    bench.data(Side::A, 7_001, "new").data(Side::B, 8_001, "no");
    assert_eq!((bench.log.flows, bench.text(Side::A), bench.text(Side::B)), (2, "new", "no"));
    assert_eq!(bench.log.ended, [(40_000, 8)]);
}

#[test]
fn a_syn_that_comes_late_belongs_to_the_flow_it_opened() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "first").syn(Side::A, 99).data(Side::A, 105, "second");
    assert_eq!((bench.log.flows, bench.text(Side::A)), (1, "firstsecond"));
}

#[test]
fn a_syn_with_an_old_number_does_not_hide_what_follows() {
    for first in [99, 90] {
        let mut bench = Bench::new();
        if first == 99 {
            bench.syn(Side::A, 99);
        }
        bench.data(Side::A, 100, "harmless").wait_ms(1_000).syn(Side::A, first);
        bench.data(Side::A, first + 1, "not so");
        assert_eq!((bench.log.flows, bench.text(Side::A)), (2, "not so"));
    }
}

#[test]
fn octets_in_a_syn_come_first() {
    let mut bench = Bench::new();
    bench.send(Side::A, Tcp { syn: true, octets: "fast", ..Tcp::at(u32::MAX) });
    bench.data(Side::A, 4, "open");
    assert_eq!(bench.text(Side::A), "fastopen");
}

#[test]
fn a_flow_ends_when_both_sides_are_done() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ask").data(Side::B, 500, "ans").fin(Side::A, 103, "!");
    bench.fin(Side::A, 103, "!").data(Side::B, 503, "wer");
    assert!(bench.log.ended.is_empty(), "half closed");
    bench.fin(Side::B, 507, "").data(Side::A, 105, "");
    assert!(bench.log.ended.is_empty(), "an octet is missing");
    bench.data(Side::B, 506, ".");
    assert_eq!((bench.text(Side::A), bench.text(Side::B)), ("ask!", "answer."));
    assert_eq!(bench.log.ended, [(40_000, 8)]);
}

#[test]
fn octets_behind_a_fin_show_that_it_was_none() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "a").fin(Side::A, 101, "").data(Side::A, 101, "b");
    bench.fin(Side::B, 500, "");
    assert!(bench.log.ended.is_empty());
    bench.data(Side::A, 102, "c");
    assert_eq!(bench.text(Side::A), "abc");
}

#[test]
fn forged_ends_ahead_do_not_hide_what_is_sent_before_them() {
    for far in [10, 1_000, 60_000, MIB - 10] {
        let mut bench = Bench::new();
        bench.data(Side::A, 100, "ab").data(Side::B, 500, "x");
        bench.fin(Side::A, 102 + far, "").fin(Side::B, 501 + far, "").wait_ms(1_000).tick();
        bench.data(Side::A, 102, "cd").data(Side::B, 501, "yz").data(Side::A, 104, "ef");
        assert_eq!((bench.text(Side::A), bench.text(Side::B)), ("cdef", "yz"), "{far}");
        assert_eq!(bench.counters().late_segments, 0, "{far}");
    }
}

#[test]
fn an_end_too_far_ahead_or_behind_is_none() {
    for far in [2 * MIB, 1 << 31, 0_u32.wrapping_sub(2 * MIB), 0_u32.wrapping_sub(2)] {
        let mut bench = Bench::new();
        bench.data(Side::A, 100, "ab").data(Side::B, 500, "xy");
        bench.fin(Side::A, 102_u32.wrapping_add(far), "").fin(
            Side::B,
            502_u32.wrapping_add(far),
            "",
        );
        bench.wait_ms(1_000).tick().data(Side::A, 102, "cd").data(Side::B, 502, "z");
        assert_eq!((bench.text(Side::A), bench.text(Side::B)), ("abcd", "xyz"), "{far}");
        assert_eq!((bench.log.ended.len(), bench.counters().lost_octets), (0, 0), "{far}");
    }
}

#[test]
fn a_simultaneous_open_is_one_flow_opened_by_the_first() {
    let mut bench = Bench::new();
    let bare = |sequence| Tcp { syn: true, acknowledgement: None, ..Tcp::at(sequence) };
    let both = |sequence| Tcp { syn: true, acknowledgement: Some(1), ..Tcp::at(sequence) };
    bench.send(Side::B, bare(499)).send(Side::A, bare(99));
    bench.send(Side::A, both(99)).send(Side::B, both(499));
    bench.data(Side::A, 100, "ask").data(Side::B, 500, "answer");
    assert_eq!((bench.text(Side::A), bench.text(Side::B)), ("ask", "answer"));
    assert_eq!((bench.counters().flows, bench.log.opener), (1, Some(Side::B)));
}

#[test]
fn what_is_sent_again_after_the_end_opens_no_flow() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "abc").fin(Side::A, 103, "").fin(Side::B, 500, "");
    bench.data(Side::A, 104, "").data(Side::A, 100, "abc").fin(Side::A, 103, "");
    bench.rst(Side::B, 501, None);
    assert_eq!((bench.counters().flows, bench.counters().late_segments), (1, 4));

    bench.data(Side::A, 104, "still here");
    assert_eq!((bench.counters().flows, bench.text(Side::A)), (2, "still here"));
}

#[test]
fn a_closed_flow_is_forgotten_after_a_while() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "abc").fin(Side::A, 103, "").fin(Side::B, 500, "");
    bench.wait_ms(59_999).tick();
    assert_eq!(bench.table.len(), 1);
    bench.wait_ms(1).tick();
    assert_eq!(bench.table.len(), 0);
    bench.data(Side::A, 100, "abc");
    assert_eq!(bench.counters().flows, 2);
}

#[test]
fn a_new_syn_reopens_a_closed_flow() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "a").fin(Side::A, 101, "").fin(Side::B, 500, "").syn(Side::A, 90);
    bench.data(Side::A, 91, "b");
    assert_eq!((bench.log.flows, bench.text(Side::A)), (2, "b"));
}

#[test]
fn a_reset_is_believed_inside_the_window_only() {
    // Who resets, with which numbers, and whether that ends the flow.
    let table = [
        ("exactly next", Side::A, 103, None, true),
        ("inside the window", Side::A, 103 + 65_535, None, true),
        ("behind the window", Side::A, 103 + 65_536, None, false),
        ("before the window", Side::A, 102, None, false),
        ("far away", Side::A, 103_u32.wrapping_sub(1 << 30), None, false),
        ("unheard, acknowledging all", Side::B, 0, Some(103), true),
        ("unheard, acknowledging some", Side::B, 0, Some(100), true),
        ("unheard, acknowledging what was not sent", Side::B, 0, Some(104), false),
        ("unheard, acknowledging nothing", Side::B, 0, None, false),
    ];
    for (name, side, sequence, acknowledgement, ends) in table {
        let mut bench = Bench::new();
        bench.data(Side::A, 100, "abc").rst(side, sequence, acknowledgement);
        assert_eq!(!bench.log.ended.is_empty(), ends, "{name}");
        assert_eq!(bench.counters().ignored_resets, u64::from(!ends), "{name}");
        bench.data(Side::A, 103, "def");
        let expected = if ends { "def" } else { "abcdef" };
        assert_eq!(bench.text(Side::A), expected, "{name}: the stream goes on");
    }
}

#[test]
fn a_stray_segment_does_not_move_the_stream() {
    for far in [100 + 2 * MIB, 100_u32.wrapping_sub(2 * MIB), 100 + (1 << 31)] {
        let mut bench = Bench::new();
        bench.data(Side::A, 100, "ab").data(Side::A, far, "STRAY").data(Side::A, 102, "cd");
        bench.data(Side::A, far + 50, "STRAY").data(Side::A, far + 50, "STRAY");
        bench.data(Side::A, 104, "ef");
        assert_eq!((bench.text(Side::A), bench.counters().flows), ("abcdef", 1), "{far}");
        assert_eq!((bench.counters().strays, bench.counters().lost_octets), (3, 0), "{far}");
    }
}

#[test]
fn a_stream_that_goes_on_far_ahead_is_followed() {
    let mut bench = Bench::new();
    let far = 100 + 3 * MIB;
    bench.data(Side::A, 100, "ab").data(Side::A, 105, "fg");
    bench.data(Side::A, far, "no").data(Side::A, far + 2, "nst").data(Side::A, far + 5, "op");
    assert_eq!(bench.text(Side::A), format!("ab[3]fg[{}]nonstop", far - 107));
    assert_eq!((bench.counters().strays_adopted, bench.counters().flows), (1, 1));
    assert_eq!(bench.counters().lost_octets, u64::from(far - 107 + 3));
}

#[test]
fn a_stream_that_goes_on_far_behind_is_another_flow() {
    let mut bench = Bench::new();
    let far = 100_u32.wrapping_sub(3 * MIB);
    bench.syn(Side::A, 99).data(Side::A, 100, "ab").data(Side::B, 900, "x");
    bench.data(Side::A, far, "an").data(Side::A, far + 2, "other").data(Side::A, far + 7, "!");
    assert_eq!((bench.text_of(1, Side::A), bench.text_of(2, Side::A)), ("ab", "another!"));
    assert_eq!((bench.log.ended.len(), bench.counters().lost_octets), (1, 0));
}

#[test]
fn a_forged_syn_costs_no_octets_of_the_stream() {
    for forged in [5_u32, 3_000_000_000] {
        let mut bench = Bench::new();
        bench.syn(Side::A, 99).data(Side::A, 100, "ab").syn(Side::A, forged);
        bench.data(Side::A, 50_000_000, "cd").data(Side::A, 50_000_002, "ef");
        assert_eq!((bench.text(Side::A), bench.counters().lost_octets), ("cdef", 0), "{forged}");
    }
}

#[test]
fn a_forged_segment_ahead_does_not_hide_what_is_sent_before_it() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").data(Side::A, 90_000, "FORGED").wait_ms(1_000).tick();
    bench.data(Side::A, 95_000, "AGAIN").wait_ms(1_000).tick();
    assert_eq!(bench.text(Side::A), format!("ab[{}]FORGED[4994]AGAIN", 90_000 - 102));
    bench.data(Side::A, 102, "cd").data(Side::A, 102, "cd").data(Side::A, 104, "ef");
    bench.data(Side::A, 106, "gh");
    assert_eq!((bench.log.flows, bench.text(Side::A)), (2, "cdefgh"));
    assert_eq!((bench.counters().passed_segments, bench.counters().strays_adopted), (3, 1));
}
