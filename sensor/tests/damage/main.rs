//! Real captures, damaged: what is read for certain stands in the undamaged capture.
//!
//! The bundled capture is always read; those beside the project where they are.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a test fails by panicking, its own numbers are small, and it says what it leaves out"
)]

mod capture;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::capture::{Captured, certain, read};

/// Packets of a capture that are damaged and read at a time.
const WINDOW: usize = 3_000;

/// Numbers by chance, the same for the same seed (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.0;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    /// Whether something happens that happens once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// Some packets are lost, alone and in bursts.
fn lose(packets: &mut Vec<Captured>, chance: &mut Chance) {
    let mut burst = 0;
    packets.retain(|_| {
        if burst == 0 && chance.once_in(40) {
            burst = 1 + chance.below(6);
        }
        let kept = burst == 0;
        burst = burst.saturating_sub(1);
        kept
    });
}

/// Some packets come later than others that followed them; the times stay where they are.
fn reorder(packets: &mut [Captured], chance: &mut Chance) {
    for place in 0..packets.len().saturating_sub(8) {
        if chance.once_in(30) {
            let other = place + 1 + chance.below(7);
            let (first, second) = (packets[place].time_ns, packets[other].time_ns);
            packets.swap(place, other);
            (packets[place].time_ns, packets[other].time_ns) = (first, second);
        }
    }
}

/// Some packets come twice, the second time up to a second later.
fn double(packets: &mut Vec<Captured>, chance: &mut Chance) {
    let twice: Vec<_> = packets.iter().filter(|_| chance.once_in(20)).cloned().collect();
    for mut packet in twice {
        packet.time_ns += u64::try_from(chance.below(1_000_000_000)).unwrap();
        packets.push(packet);
    }
    packets.sort_by_key(|packet| packet.time_ns);
}

/// Some packets are cut short by the capture.
fn cut(packets: &mut [Captured], chance: &mut Chance) {
    for packet in packets {
        if chance.once_in(25) {
            let kept = 14 + chance.below(packet.octets.len().saturating_sub(14));
            packet.octets.truncate(kept);
        }
    }
}

/// In some segments of DNP3 up to three bits change behind the TCP header.
fn flip(packets: &mut [Captured], chance: &mut Chance) {
    for packet in packets {
        let Some(begin) = packet.dnp3_octets() else { continue };
        if packet.octets.len() > begin && chance.once_in(10) {
            for _ in 0..=chance.below(3) {
                let at = begin + chance.below(packet.octets.len() - begin);
                packet.octets[at] ^= 1 << chance.below(8);
            }
        }
    }
}

/// Checks a capture, a stretch of it with each damage alone and one with all together.
fn check(path: &Path, seed: u64) {
    let whole = read(path);
    let mut there: HashMap<String, usize> = HashMap::new();
    for message in certain(&whole) {
        *there.entry(message.text).or_default() += 1;
    }
    let together: Damage =
        |packets, chance| DAMAGES.iter().for_each(|(_, damage)| damage(packets, chance));
    for (name, damage) in DAMAGES.into_iter().chain([("all together", together)]) {
        let mut chance = Chance(seed);
        let first = chance.below(whole.len().saturating_sub(WINDOW));
        let mut part: Vec<_> = whole.iter().skip(first).take(WINDOW).cloned().collect();
        damage(&mut part, &mut chance);
        let mut left = there.clone();
        for message in certain(&part) {
            let count = left.get_mut(&message.text).filter(|count| **count > 0);
            assert!(
                count.is_some(),
                "{}, seed {seed}, {name} from packet {}: {}",
                path.display(),
                first + 1,
                message.text
            );
            // A datagram that comes twice is two messages; a segment is none the second time.
            if let Some(count) = count.filter(|_| !message.is_datagram) {
                *count -= 1;
            }
        }
    }
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../captures/demo.pcap.zst")
}

/// The captures beside the project that can be checked: not those that are wrong by intention.
fn shared() -> Vec<PathBuf> {
    let shared = std::env::var_os("GRIDTAP_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let mut paths = Vec::new();
    for folder in ["modbus", "dnp3"] {
        let Ok(files) = std::fs::read_dir(shared.join("captures").join(folder)) else { continue };
        paths.extend(files.map(|file| file.unwrap().path()).filter(|path| {
            let name = path.to_string_lossy();
            path.is_file() && name.contains(".pcap") && !name.contains("fuzz")
        }));
    }
    paths.sort();
    if paths.is_empty() {
        eprintln!("skipped: no captures in {}", shared.display());
    }
    paths
}

type Damage = fn(&mut Vec<Captured>, &mut Chance);

const DAMAGES: [(&str, Damage); 6] = [
    ("nothing but the beginning and the end", |_, _| {}),
    ("losses", lose),
    ("another order", |packets, chance| reorder(packets, chance)),
    ("repetitions", double),
    ("cuts", |packets, chance| cut(packets, chance)),
    ("flipped bits", |packets, chance| flip(packets, chance)),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_to_the_bundled_capture_invents_no_message(seed: u64) {
        check(&demo(), seed);
    }
}

#[test]
fn damage_to_real_captures_invents_no_message() {
    for (seed, path) in (0..).zip(shared()) {
        check(&path, seed);
    }
}
