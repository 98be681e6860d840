//! Chance that is the same on every machine: splitmix64, integers only.

/// A stream of chance. What it gives depends on the seed and on what it is for, and on no other stream.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of `seed` for `what`.
    pub(super) fn new(seed: u64, what: &str) -> Self {
        Self(hash(&[seed, of_text(what)]))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number below `bound`; 0 if that is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.next()).wrapping_mul(u128::from(bound));
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// Whether something happens that happens so many times in a million.
    pub(super) fn chance(&mut self, ppm: u64) -> bool {
        self.below(1_000_000) < ppm
    }

    /// One of them.
    pub(super) fn pick<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        let bound = u64::try_from(among.len()).unwrap_or(u64::MAX);
        among.get(usize::try_from(self.below(bound)).unwrap_or(usize::MAX))
    }

    /// 16 bits.
    pub(super) fn word(&mut self) -> u16 {
        low_word(self.next())
    }

    /// 32 bits.
    pub(super) fn long(&mut self) -> u32 {
        u32::try_from(self.next() >> 32).unwrap_or(0)
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut mixed: u64) -> u64 {
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// A number that looks like chance and depends on all parts.
pub(super) fn hash(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |mixed: u64, part| {
        mix(mixed.wrapping_mul(GOLDEN).wrapping_add(*part).wrapping_add(GOLDEN))
    })
}

/// The same for text (FNV-1a).
pub(super) fn of_text(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |mixed, octet| {
        (mixed ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The 16 lowest bits.
pub(super) fn low_word(number: u64) -> u16 {
    let [low, high, ..] = number.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// The 8 lowest bits.
pub(super) fn low_octet(number: u64) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_the_same_everywhere_and_unlike_each_other() {
        // The first two numbers that splitmix64 is known for.
        let mut stream = Random(0);
        let known = [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4];
        assert_eq!([stream.next(), stream.next()], known);
        assert_ne!(Random::new(1, "polls").next(), Random::new(2, "polls").next());
        assert_ne!(Random::new(1, "polls").next(), Random::new(1, "noise").next());
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let mut stream = Random::new(7, "bounds");
        let drawn: Vec<u64> = (0..200).map(|_| stream.between(3, 6)).collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&6));
        assert_eq!(stream.below(0), 0);
        assert_eq!(stream.pick::<u8>(&[]), None);
        let hits = (0..10_000).filter(|_| stream.chance(100_000)).count();
        assert!((900..1_100).contains(&hits), "{hits}");
    }
}
