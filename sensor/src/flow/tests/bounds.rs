//! Limits, idleness, and the order of things.

use super::*;

/// Limits under which a table keeps so many flows.
fn room_for(flows: usize) -> Limits {
    Limits { flows: flows * 64, ..Limits::default() }
}

fn ports(bench: &Bench) -> Vec<u16> {
    bench.log.ended.iter().map(|(port, _)| *port).collect()
}

#[test]
fn the_flow_idle_longest_makes_room() {
    let mut bench = Bench::with(&room_for(3));
    for port in [1, 2, 3, 1, 4, 2, 5] {
        bench.port = port;
        bench.data(Side::A, 100, &format!("flow {port}"));
    }
    // 2 made room for 4, then 3 for the second 2, then 1 for 5.
    assert_eq!(bench.log.ended, [(2, 5), (3, 6), (1, 7)]);
    assert_eq!((bench.table.len(), bench.counters().evicted), (3, 3));
}

#[test]
fn flows_that_nobody_reads_and_closed_ones_make_room_first() {
    let mut bench = Bench::with(&room_for(4));
    bench.port = 1;
    bench.data(Side::A, 100, "read");
    bench.port = 2;
    bench.data(Side::A, 100, "done").fin(Side::A, 104, "").fin(Side::B, 1, "");
    for port in 1_000..2_000 {
        bench.port = port;
        bench.syn(Side::A, 7);
    }
    assert_eq!(ports(&bench), [2], "2 was closed, 1 stays");
    assert_eq!((bench.table.len(), bench.counters().evicted), (4, 0));
    assert_eq!(bench.counters().evicted_unread, 997);
    bench.port = 1;
    bench.data(Side::A, 104, "on");
    assert_eq!(bench.text_of(1, Side::A), "readon");
}

#[test]
fn a_table_has_room_for_one_flow_at_least() {
    let mut bench = Bench::with(&Limits { flows: 0, ..Limits::default() });
    bench.data(Side::A, 100, "ab").data(Side::A, 102, "cd");
    assert_eq!((bench.text(Side::A), bench.table.len()), ("abcd", 1));
}

#[test]
fn idle_flows_are_forgotten_by_capture_time() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").wait_ms(3_599_999).tick();
    assert_eq!(bench.table.len(), 1);
    bench.wait_ms(1).tick();
    assert_eq!((bench.table.len(), bench.counters().expired), (0, 1));
    assert_eq!((bench.counters().one_way, ports(&bench)), (1, vec![40_000]));

    // Without a tick, the next packet notices.
    bench.data(Side::A, 200, "ab").wait_ms(3_600_000).data(Side::A, 202, "cd");
    assert_eq!((bench.text(Side::A), bench.counters().expired), ("cd", 2));
}

#[test]
fn time_that_runs_backwards_ends_nothing() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").data(Side::A, 104, "ef");
    bench.at.time_ns = 0;
    bench.tick().data(Side::A, 102, "cd");
    assert_eq!((bench.text(Side::A), bench.counters().expired), ("abcdef", 0));
}

#[test]
fn ticks_and_the_end_take_flows_in_the_order_of_their_first_packets() {
    let order = [30, 10, 50, 20, 40];
    let mut bench = Bench::new();
    for port in order {
        bench.port = port;
        bench.data(Side::A, 100, "ab");
    }
    for port in [50, 40, 10, 30, 20] {
        bench.port = port;
        bench.data(Side::A, 110, "kl");
    }
    assert_eq!(bench.table.gaps_open(), 5);
    bench.wait_ms(1_000).tick();
    assert_eq!(bench.table.gaps_open(), 0);
    assert_eq!(
        (1..=5).map(|flow| bench.text_of(flow, Side::A)).collect::<Vec<_>>(),
        ["ab[8]kl"; 5]
    );
    bench.wait_ms(3_600_000).tick();
    assert_eq!(ports(&bench), order);

    let mut bench = Bench::new();
    for port in order {
        bench.port = port;
        bench.data(Side::A, 100, "ab");
    }
    bench.port = 30;
    bench.data(Side::A, 102, "cd").finish();
    assert_eq!((ports(&bench), bench.table.is_empty()), (order.to_vec(), true));
}

#[test]
fn readers_are_told_of_the_time_they_wait_for_though_their_flows_are_silent() {
    let mut bench = Bench::new();
    let start_ns = bench.at.time_ns;
    for (flow, ms) in [(1, 300), (2, 100), (3, 200), (4, 150)] {
        bench.port = u16::try_from(flow).unwrap();
        bench.log.due_ns.insert(flow, start_ns + ms * 1_000_000);
        bench.data(Side::A, 100, "ab").data(Side::A, 102, "cd");
    }
    // What ended is not told of any more.
    bench.fin(Side::A, 104, "").fin(Side::B, 1, "");
    bench.tick().wait_ms(100).tick().wait_ms(150).tick().wait_ms(1_000).tick().tick();
    let at = |ms: u64| start_ns + ms * 1_000_000;
    assert_eq!(bench.log.told, [(2, at(100)), (3, at(250)), (1, at(1_250))]);

    bench.log.due_ns.insert(2, at(9_000));
    bench.port = 2;
    bench.data(Side::A, 104, "ef").wait_ms(10_000).tick();
    assert_eq!(bench.log.told.last(), Some(&(2, at(11_250))), "and again");
}

#[test]
fn only_so_many_flows_wait_for_what_is_missing() {
    let mut bench = Bench::with(&Limits { gap_flows: 2 * 64, ..Limits::default() });
    for port in 1..=5 {
        bench.port = port;
        bench.data(Side::A, 100, "ab").data(Side::A, 105, "fg").data(Side::A, 109, "jk");
    }
    assert_eq!(bench.table.gaps_open(), 2);
    let text = |bench: &Bench, flow| bench.text_of(flow, Side::A).to_owned();
    assert_eq!(
        [1, 2, 3, 5].map(|flow| text(&bench, flow)),
        ["ab", "ab", "ab[3]fg[2]jk", "ab[3]fg[2]jk"]
    );
    assert_eq!((bench.counters().gaps, bench.counters().gap_overflows), (6, 6));

    // One that waits goes on waiting, and makes room when it is done.
    bench.port = 1;
    bench.data(Side::A, 113, "no").data(Side::A, 102, "cde").data(Side::A, 107, "hi").data(
        Side::A,
        111,
        "lm",
    );
    assert_eq!((text(&bench, 1), bench.table.gaps_open()), ("abcdefghijklmno".to_owned(), 1));
    bench.port = 5;
    bench.data(Side::A, 113, "no").data(Side::A, 111, "lm");
    assert_eq!(text(&bench, 5), "ab[3]fg[2]jklmno");
}

#[test]
fn a_flood_of_new_flows_costs_the_same_for_each() {
    let mut bench = Bench::with(&room_for(100));
    bench.log.refuses = true;
    for n in 0..20_000_u16 {
        bench.port = n;
        bench.data(Side::A, u32::from(n), "x").wait_ms(1).tick();
    }
    assert_eq!((bench.table.len(), bench.counters().evicted_unread), (100, 19_900));
}

#[test]
fn counters_add_up() {
    let mut bench = Bench::new();
    bench.data(Side::A, 100, "ab").data(Side::A, 104, "ef").finish();
    let mut sum = *bench.counters();
    sum.add(bench.counters());
    assert_eq!((sum.segments, sum.flows, sum.gaps, sum.lost_octets), (4, 2, 2, 4));
    assert_eq!((sum.one_way, sum.reordered_segments), (2, 2));
}
