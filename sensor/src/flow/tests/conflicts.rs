//! Octets that are sent again and are not the same.

use super::*;

const KIB: usize = 1 << 10;

#[test]
fn other_octets_for_a_place_that_was_read_are_told_with_both_packets() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "abcd").data(Side::A, 104, "efgh").data(Side::B, 500, "x");
    bench.data(Side::A, 102, "cdeXgYij");
    assert_eq!(bench.log.conflicts, [(Side::A, 2, Some(2), 4)]);
    assert_eq!(bench.text(Side::A), "abcdefghij", "the first copy stays, and what is new is read");

    // The server's stream has the same numbers and is another.
    bench.data(Side::B, 500, "y").data(Side::B, 500, "xy");
    assert_eq!(bench.log.conflicts.len(), 1, "a single last octet is a keep-alive");
    bench.data(Side::B, 500, "zz");
    assert_eq!(bench.log.conflicts[1], (Side::B, 2, Some(3), 7));
    assert_eq!(bench.counters().conflicting_segments, 2);
}

#[test]
fn other_octets_for_a_place_that_waits_for_its_turn_are_told_with_both_packets() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").data(Side::A, 104, "efgh").data(Side::A, 102, "cdXf");
    assert_eq!(bench.log.conflicts, [(Side::A, 1, Some(2), 3)]);
    assert_eq!(bench.text(Side::A), "abcdefgh");

    // Behind a gap that is still open, and of a segment that begins before what is expected next.
    bench.data(Side::A, 110, "kl").data(Side::A, 109, "jXl").data(Side::A, 106, "ghijY");
    assert_eq!(bench.log.conflicts[1..], [(Side::A, 1, Some(4), 5), (Side::A, 1, Some(4), 6)]);
    assert_eq!(bench.text(Side::A), "abcdefghijkl");
}

/// A segment that acknowledges what the other side has sent up to there.
fn acknowledging(sequence: u32, acknowledged: u32, octets: &str) -> Tcp<'_> {
    Tcp { acknowledgement: Some(acknowledged), octets, ..Tcp::at(sequence) }
}

#[test]
fn octets_that_their_sender_knows_nothing_of_are_told_once_with_both_packets() {
    let mut bench = Bench::new();
    bench
        .send(Side::A, acknowledging(100, 500, "ask"))
        .send(Side::B, acknowledging(500, 103, "yes"));
    bench.send(Side::A, acknowledging(103, 503, ""));
    // Somebody else's, which is answered; then the client answers to that from where it is.
    bench.send(Side::A, acknowledging(103, 503, "trip!"));
    bench.send(Side::B, acknowledging(503, 108, "tripped"));
    bench.send(Side::A, acknowledging(103, 510, "")).send(Side::A, acknowledging(103, 510, ""));
    assert_eq!(bench.log.conflicts, [(Side::A, 5, Some(4), 6)]);
    assert_eq!((bench.counters().disowned_segments, bench.counters().conflicting_segments), (1, 0));
    // Somebody else writes once more.
    bench
        .send(Side::A, acknowledging(108, 510, "close"))
        .send(Side::B, acknowledging(510, 113, "!"));
    bench.send(Side::A, acknowledging(103, 511, ""));
    assert_eq!(bench.log.conflicts.len(), 2);
}

#[test]
fn what_comes_late_again_or_keeps_a_connection_alive_is_nobody_elses() {
    let mut bench = Bench::new();
    bench
        .send(Side::A, acknowledging(100, 500, "ask"))
        .send(Side::B, acknowledging(500, 103, "yes"));
    bench.send(Side::A, acknowledging(103, 503, "more"));
    // An acknowledgement that was overtaken, a keep-alive, a repetition.
    bench.send(Side::A, acknowledging(103, 503, "")).send(Side::A, acknowledging(106, 503, ""));
    bench.send(Side::B, acknowledging(503, 107, "no")).send(Side::A, acknowledging(106, 505, ""));
    bench.send(Side::A, acknowledging(103, 503, "more")).send(Side::A, acknowledging(103, 503, ""));
    // The answer is sent again when the next question was taken.
    bench.send(Side::A, acknowledging(107, 505, "last"));
    bench.send(Side::B, acknowledging(503, 111, "no")).send(Side::A, acknowledging(107, 505, ""));
    assert_eq!(bench.log.conflicts, []);
}

/// Firewalls close idle connections in the name of an end, from where they last saw it.
#[test]
fn who_closes_from_behind_is_nobody_else() {
    let mut bench = Bench::new();
    bench
        .send(Side::A, acknowledging(100, 500, "ask"))
        .send(Side::B, acknowledging(500, 103, "yes"))
        .send(Side::A, acknowledging(103, 503, "more"))
        .send(Side::B, acknowledging(503, 107, "no"));
    bench.send(Side::A, Tcp { fin: true, ..acknowledging(103, 505, "") });
    assert_eq!(bench.log.conflicts, []);
}

#[test]
fn what_is_sent_again_unchanged_is_no_conflict_however_it_is_cut() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "abcd").data(Side::A, 104, "efgh").data(Side::A, 100, "abcdefgh");
    bench.data(Side::A, 102, "cdef").data(Side::A, 107, "hij").data(Side::A, 90, "0123456789ab");
    bench.fin(Side::A, 110, "").fin(Side::A, 108, "ij");
    // Cut by the capture, the first or the second time.
    let cut = |sequence, octets, cut| Tcp { octets, cut, ..Tcp::at(sequence) };
    bench.send(Side::B, cut(500, "abc", 5)).data(Side::B, 508, "ij");
    bench.data(Side::B, 500, "abcdefghij").send(Side::B, cut(508, "i", 1));
    assert_eq!(bench.log.conflicts, []);
    assert_eq!(bench.counters().conflicting_segments, 0);
}

#[test]
fn keep_alives_are_no_conflict_whatever_their_octet() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "abcd").data(Side::A, 103, "\0").data(Side::A, 103, "");
    // Overtaken by what came next; and before the segment that they repeat the last octet of.
    bench.data(Side::A, 104, "ef").data(Side::A, 103, "\0");
    bench.data(Side::A, 109, "\0").data(Side::A, 106, "ghij").data(Side::A, 110, "kl");
    bench.data(Side::A, 114, "opqr").data(Side::A, 117, "\0").data(Side::A, 112, "mn");
    assert_eq!(bench.text(Side::A), "abcdefghijklmnopqr", "no octet is theirs");
    assert_eq!(bench.log.conflicts, []);

    // But a single octet within what was sent is none.
    bench.data(Side::A, 101, "X");
    assert_eq!(bench.log.conflicts, [(Side::A, 1, Some(1), 12)]);
}

#[test]
fn a_zero_window_probe_is_no_conflict() {
    // The receiver has no room; the sender asks with the next octet until it is taken.
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "abcd").data(Side::A, 104, "e").data(Side::A, 104, "e");
    bench.data(Side::A, 104, "efgh").data(Side::A, 108, "ij");
    assert_eq!((bench.text(Side::A), bench.log.conflicts.len()), ("abcdefghij", 0));
}

#[test]
fn a_lost_stretch_is_not_compared_with_what_comes_for_it_later() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").data(Side::A, 105, "fg").wait_ms(1_000).tick();
    bench.data(Side::A, 100, "XXYYY");
    assert_eq!(bench.log.conflicts, [], "what came before a gap is not remembered");
    bench.data(Side::A, 102, "cdeXg");
    assert_eq!(bench.log.conflicts, [(Side::A, 1, Some(2), 4)]);
}

#[test]
fn a_copy_that_comes_late_is_compared_as_long_as_the_first_is_remembered() {
    for (later, told) in [(KIB - 4, 1), (2 * KIB, 0)] {
        let mut bench = Bench::new();
        bench.data(Side::A, 100, "abcd");
        for place in (0..later).step_by(4) {
            bench.data(Side::A, 104 + u32::try_from(place).unwrap(), "wxyz");
        }
        bench.data(Side::A, 100, "abXd");
        assert_eq!(bench.log.conflicts.len(), told, "{later}");
        // So many packets ago, its number is not known any more.
        assert!(bench.log.conflicts.iter().all(|conflict| conflict.2.is_none()));
    }
    let limits = Limits { compared_octets: 0, ..Limits::default() };
    let mut bench = Bench::with(&limits);
    bench.data(Side::A, 100, "abcd").data(Side::A, 100, "abXd");
    assert_eq!(bench.log.conflicts, []);
}

#[test]
fn datagrams_repeat_nothing() {
    let mut bench = Bench::new();
    bench.datagram(Side::A, "one", 0).datagram(Side::A, "two", 0).datagram(Side::A, "two", 0);
    assert_eq!(bench.counters().conflicting_segments, 0);
}
