//! Arithmetic of TCP sequence numbers, which wrap at 2³², and of places in a stream, which do not.

/// How far `to` lies ahead of `from`, or behind it where negative: the shorter way round.
#[inline]
pub(super) fn distance(from: u32, to: u32) -> i64 {
    to.wrapping_sub(from).cast_signed().into()
}

/// The sequence number of a place in a stream whose place 0 has the number `zero`.
#[inline]
pub(super) fn at(zero: u32, place: u64) -> u32 {
    let [a, b, c, d, _, _, _, _] = place.to_le_bytes();
    zero.wrapping_add(u32::from_le_bytes([a, b, c, d]))
}

/// A length in memory as a length of a stream.
#[inline]
pub(super) fn octets(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A length of a stream as a length in memory.
#[inline]
pub(super) fn length(octets: u64) -> usize {
    usize::try_from(octets).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_take_the_shorter_way_round() {
        let table = [
            (0, 0, 0),
            (0, 1, 1),
            (1, 0, -1),
            (u32::MAX, 0, 1),
            (0, u32::MAX, -1),
            (0xffff_fff0, 0x10, 0x20),
            (0, 0x7fff_ffff, 0x7fff_ffff),
            (0, 0x8000_0001, -0x7fff_ffff),
        ];
        for (from, to, expected) in table {
            assert_eq!(distance(from, to), expected, "{from} to {to}");
        }
    }

    #[test]
    fn places_beyond_four_gib_have_the_wrapped_number() {
        assert_eq!(at(7, 1 << 32), 7);
        assert_eq!(at(0xffff_ffff, (3 << 32) | 2), 1);
    }
}
