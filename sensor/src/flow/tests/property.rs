//! Any order, any repetition, any loss.

use proptest::prelude::*;

use super::*;

/// A stream of octets cut into segments, as (place, octets).
fn segments(sizes: &[usize]) -> Vec<(usize, String)> {
    let mut place = 0;
    let letters = |place| (place..).map(|n| char::from(b'a' + u8::try_from(n % 26).unwrap()));
    let cut = sizes.iter().map(|size| {
        let segment = (place, letters(place).take(*size).collect());
        place += size;
        segment
    });
    cut.collect()
}

fn send(bench: &mut Bench, first: u32, segment: &(usize, String)) {
    let sequence = first.wrapping_add(u32::try_from(segment.0).unwrap());
    bench.data(Side::B, sequence, &segment.1);
}

proptest! {
    #[test]
    fn segments_in_any_order_and_again_are_read_as_if_in_order(
        sizes in prop::collection::vec(2_usize..200, 1..40),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..80),
        overlap in 0_usize..50,
        first: u32,
    ) {
        let segments = segments(&sizes);
        let whole: String = segments.iter().map(|segment| segment.1.as_str()).collect();
        let mut bench = Bench::new();
        bench.syn(Side::B, first.wrapping_sub(1));
        for index in order {
            // Some begin earlier than they did the first time.
            let (place, octets) = index.get(&segments);
            let place_before = place.saturating_sub(overlap);
            let octets = [&whole[place_before..*place], octets].concat();
            send(&mut bench, first, &(place_before, octets));
        }
        for segment in &segments {
            send(&mut bench, first, segment);
        }

        prop_assert_eq!(bench.text(Side::B), whole);
        prop_assert_eq!(bench.counters().lost_octets, 0);
        prop_assert_eq!(bench.table.gaps_open(), 0);
    }

    #[test]
    fn what_is_missing_is_told_and_all_else_is_read(
        fates in prop::collection::vec((2_usize..200, any::<bool>()), 1..60),
        shuffle in any::<u64>(),
        first: u32,
    ) {
        let sizes: Vec<usize> = fates.iter().map(|fate| fate.0).collect();
        let mut sent = Vec::new();
        let (mut expected, mut lost) = (String::new(), 0);
        for (segment, (size, arrives)) in segments(&sizes).into_iter().zip(&fates) {
            if *arrives {
                if lost > 0 {
                    write!(expected, "[{lost}]").unwrap();
                }
                expected.push_str(&segment.1);
                lost = 0;
                sent.push(segment);
            } else {
                lost += size;
            }
        }
        let mut bench = Bench::new();
        bench.syn(Side::B, first.wrapping_sub(1));
        sent.sort_by_key(|(place, _)| {
            u64::try_from(*place).unwrap().wrapping_add(shuffle).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        for segment in &sent {
            send(&mut bench, first, segment);
        }
        bench.finish();

        prop_assert_eq!(bench.text(Side::B), expected);
        let missing: usize = fates.iter().filter(|fate| !fate.1).map(|fate| fate.0).sum();
        prop_assert_eq!(bench.counters().lost_octets, u64::try_from(missing - lost).unwrap());
    }

    #[test]
    fn any_segments_at_all_leave_offsets_in_step(
        segments in prop::collection::vec(
            (
                (any::<bool>(), prop_oneof![0_u32..400, any::<u32>()], 0_usize..60, 0_u32..3),
                (prop::bits::u8::masked(7), 0_u64..2_000, 0_u16..3),
            ),
            0..150,
        ),
    ) {
        let limits = Limits { gap_octets: 100, gap_segments: 5, ..Limits::default() };
        let mut bench = Bench::with(&Limits { flows: 128, ..limits });
        for ((is_a, sequence, size, cut), (flags, ms, port)) in segments {
            let side = if is_a { Side::A } else { Side::B };
            let octets = "x".repeat(size);
            let (syn, fin, rst) = (flags & 5 == 5, flags & 6 == 6, flags == 3);
            bench.port = port;
            let acknowledgement = is_a.then_some(sequence);
            bench.send(side, Tcp { sequence, acknowledgement, syn, fin, rst, octets: &octets, cut });
            bench.wait_ms(ms);
            if ms % 3 == 0 {
                bench.tick();
            }
        }
        bench.finish();
        prop_assert!(bench.table.is_empty());
        prop_assert_eq!(u32::try_from(bench.log.ended.len()).unwrap(), bench.log.flows);
        prop_assert_eq!(bench.counters().read_flows, u64::from(bench.log.flows));
    }
}
