//! Coils and registers as they lie in a message: read when somebody asks.

/// Registers, 16 bits each, most significant octet first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers<'a> {
    octets: &'a [u8],
}

impl<'a> Registers<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self { octets }
    }

    /// The octets as sent. Of a malformed message their number may be odd.
    #[must_use]
    pub const fn octets(self) -> &'a [u8] {
        self.octets
    }

    /// How many whole registers there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.octets.len() / 2
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The values, lowest address first.
    #[must_use]
    pub fn iter(self) -> impl ExactSizeIterator<Item = u16> + Clone + use<'a> {
        self.octets.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair))
    }
}

/// Coils or discrete inputs, eight to an octet, the lowest address in the lowest bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits<'a> {
    octets: &'a [u8],
    quantity: usize,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self { octets, quantity: octets.len().saturating_mul(8) }
    }

    /// The first `quantity` of them, or all if there are fewer.
    ///
    /// A read response does not say how many of its bits were asked for: the request does.
    #[must_use]
    pub fn first(self, quantity: u16) -> Self {
        Self { octets: self.octets, quantity: self.quantity.min(quantity.into()) }
    }

    /// The octets as sent.
    #[must_use]
    pub const fn octets(self) -> &'a [u8] {
        self.octets
    }

    /// How many there are, spare bits of the last octet left out where the quantity is known.
    #[must_use]
    pub const fn len(self) -> usize {
        self.quantity
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.quantity == 0
    }

    /// The values, lowest address first.
    pub fn iter(self) -> impl Iterator<Item = bool> + Clone + use<'a> {
        let eight = |octet: &u8| {
            let octet = *octet;
            (0..8_u32).map(move |bit| octet.checked_shr(bit).is_some_and(|low| low & 1 == 1))
        };
        self.octets.iter().flat_map(eight).take(self.quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_big_endian_and_an_odd_octet_is_none() {
        let registers = Registers::new(&[0x00, 0x0a, 0x01, 0x02, 0xff]);
        assert_eq!(registers.iter().collect::<Vec<_>>(), [10, 258]);
        assert_eq!((registers.len(), registers.iter().len()), (2, 2));
        assert!(Registers::new(&[7]).is_empty());
    }

    #[test]
    fn bits_begin_at_the_lowest_and_end_at_the_quantity() {
        let bits = Bits::new(&[0b1100_1101, 0b0000_0001]);
        assert_eq!(bits.len(), 16);
        let ten = [true, false, true, true, false, false, true, true, true, false];
        assert_eq!(bits.first(10).iter().collect::<Vec<_>>(), ten);
        assert_eq!(bits.first(10).len(), 10);
        assert_eq!(bits.first(99).iter().count(), 16);
        assert!(bits.first(0).is_empty());
    }
}
