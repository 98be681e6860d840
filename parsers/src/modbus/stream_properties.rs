//! What holds for any stream: cut anywhere, torn anywhere, made of any octets.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test's own numbers are small, and it fails by panicking"
)]

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;

use super::stream_tests::{Bench, Row, adu};
use crate::error::Class;
use crate::protocol::Side;

/// PDUs without an error, requests or responses.
pub(super) fn clean(request: bool) -> BoxedStrategy<Vec<u8>> {
    let word = any::<u16>().prop_map(u16::to_be_bytes);
    let low = (0..=0x7f_u8, any::<u8>()).prop_map(|(high, low)| [high, low]);
    let values = vec(any::<[u8; 2]>(), 1..=120).prop_map(|values| values.concat());
    if request {
        prop_oneof![
            (1..=4_u8, low.clone(), 1..=125_u8).prop_map(|(code, at, n)| [
                &[code],
                &at[..],
                &[0, n]
            ]
            .concat()),
            (low.clone(), word).prop_map(|(at, value)| [&[6], &at[..], &value].concat()),
            (low, values).prop_map(|(at, values)| {
                let octets = u8::try_from(values.len()).unwrap();
                [&[16], &at[..], &[0, octets / 2, octets], &values].concat()
            }),
            Just(vec![43, 14, 1, 0]),
        ]
        .boxed()
    } else {
        prop_oneof![
            (1..=4_u8, values).prop_map(|(code, values)| {
                [&[code, u8::try_from(values.len()).unwrap()], values.as_slice()].concat()
            }),
            (low.clone(), word).prop_map(|(at, value)| [&[6], &at[..], &value].concat()),
            (low, 1..=120_u8).prop_map(|(at, n)| [&[16], &at[..], &[0, n]].concat()),
            (1..=24_u8, 1..=4_u8).prop_map(|(code, why)| vec![code | 0x80, why]),
        ]
        .boxed()
    }
}

/// Any PDU that may stand in step; a request has no exception bit.
fn any_pdu(request: bool) -> BoxedStrategy<Vec<u8>> {
    let code = if request { 0..=0x7f_u8 } else { 0..=0xff };
    let other = (code, vec(any::<u8>(), 0..=40))
        .prop_map(|(code, body)| [&[code], body.as_slice()].concat());
    prop_oneof![3 => clean(request), 1 => other].boxed()
}

fn stream(
    pdus: fn(bool) -> BoxedStrategy<Vec<u8>>,
    count: Range<usize>,
) -> impl Strategy<Value = (Side, Vec<Vec<u8>>)> {
    any::<bool>().prop_flat_map(move |request| {
        let side = if request { Side::A } else { Side::B };
        vec((any::<u16>(), pdus(request)).prop_map(|(id, pdu)| adu(id, &pdu)), count.clone())
            .prop_map(move |adus| (side, adus))
    })
}

/// Pieces of `octets` cut at the given places.
pub(super) fn cut<'a>(octets: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(octets.len() + 1)).collect();
    places.extend([0, octets.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &octets[pair[0]..pair[1]]).collect()
}

/// Every octet is handed out once, in order.
pub(super) fn tile(rows: &[Row], octets: u64) {
    let mut place = 0;
    for row in rows {
        assert_eq!(row.span.start, place, "{rows:?}");
        place = row.span.end;
    }
    assert_eq!(place, octets);
}

proptest! {
    #[test]
    fn a_stream_cut_anywhere_gives_the_same_messages(
        (side, adus) in stream(any_pdu, 1..12),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let octets = adus.concat();
        let mut whole = Bench::new();
        whole.feed(side, &octets).close();
        prop_assert_eq!(whole.rows.iter().filter(|row| row.adu.is_some()).count(), adus.len());
        let mut pieces = Bench::new();
        for chunk in cut(&octets, &cuts) {
            pieces.feed(side, chunk);
        }
        pieces.close();
        prop_assert_eq!(whole.rows, pieces.rows);
    }

    #[test]
    fn random_octets_are_each_handed_out_once(
        octets in vec(prop_oneof![Just(0), Just(1), 2..10_u8, any::<u8>()], 0..800),
        cuts in vec(any::<prop::sample::Index>(), 0..10),
        server in any::<bool>(),
    ) {
        let side = if server { Side::B } else { Side::A };
        let mut bench = Bench::new();
        for chunk in cut(&octets, &cuts) {
            bench.feed(side, chunk);
        }
        bench.close();
        tile(&bench.rows, octets.len() as u64);
    }

    #[test]
    fn after_a_gap_a_stream_is_in_step_within_two_messages(
        (side, adus) in stream(clean, 6..16),
        (from, to) in any::<(prop::sample::Index, prop::sample::Index)>(),
        cuts in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let octets = adus.concat();
        let mut whole = Bench::new();
        whole.feed(side, &octets).close();
        let (from, to) = (from.index(octets.len()), to.index(octets.len()));
        let (from, to) = (from.min(to), from.max(to));
        let mut torn = Bench::new();
        torn.feed(side, &octets[..from]);
        for (at, chunk) in cut(&octets[to..], &cuts).into_iter().enumerate() {
            torn.feed_after(if at == 0 { (to - from) as u64 } else { 0 }, side, chunk);
        }
        torn.close();
        for row in &torn.rows {
            let known = whole.rows.iter().any(|old| old.adu == row.adu && old.span == row.span);
            let short = row.class == Some(Class::Incomplete);
            prop_assert!(known || row.uncertain || short, "{row:?}");
        }
        let after = whole.rows.iter().filter(|row| row.span.start >= to as u64);
        for (index, old) in after.enumerate() {
            let found = torn.rows.iter().find(|row| row.adu == old.adu && row.span == old.span);
            prop_assert!(found.is_some() || index < 2, "{old:?} in {:?}", torn.rows);
            prop_assert!(found.is_none_or(|row| !row.uncertain) || index < 2);
        }
    }
}
