//! Internal indications: sixteen bits of an outstation's state, in each of its responses.

/// Internal indications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Iin(
    /// First octet low, second high: bit 7 is IIN1.7, bit 8 is IIN2.0.
    pub u16,
);

impl Iin {
    /// IIN1.0: a broadcast was received.
    pub const BROADCAST: Self = Self(1);
    /// IIN1.4: the master has to set the clock.
    pub const NEED_TIME: Self = Self(1 << 4);
    /// IIN1.5: points are under local control.
    pub const LOCAL_CONTROL: Self = Self(1 << 5);
    /// IIN1.6: an abnormal condition in the device.
    pub const DEVICE_TROUBLE: Self = Self(1 << 6);
    /// IIN1.7: the outstation restarted.
    pub const DEVICE_RESTART: Self = Self(1 << 7);
    /// IIN2.0: it does not know the function.
    pub const NO_FUNC_CODE_SUPPORT: Self = Self(1 << 8);
    /// IIN2.1: it does not know an object.
    pub const OBJECT_UNKNOWN: Self = Self(1 << 9);
    /// IIN2.2: a qualifier, range or parameter was wrong.
    pub const PARAMETER_ERROR: Self = Self(1 << 10);
    /// IIN2.3: events were lost.
    pub const EVENT_BUFFER_OVERFLOW: Self = Self(1 << 11);
    /// IIN2.4: the operation runs already.
    pub const ALREADY_EXECUTING: Self = Self(1 << 12);
    /// IIN2.5: the configuration is corrupt.
    pub const CONFIG_CORRUPT: Self = Self(1 << 13);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the outstation refused the request: IIN2.0, 2.1, 2.2 or 2.4.
    #[must_use]
    pub const fn refused(self) -> bool {
        self.0 & 0x1700 != 0
    }

    /// The names of the bits that are set, IIN1.0 first.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().enumerate().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, n)| n)
    }
}

const NAMES: [&str; 16] = [
    "BROADCAST",
    "CLASS_1_EVENTS",
    "CLASS_2_EVENTS",
    "CLASS_3_EVENTS",
    "NEED_TIME",
    "LOCAL_CONTROL",
    "DEVICE_TROUBLE",
    "DEVICE_RESTART",
    "NO_FUNC_CODE_SUPPORT",
    "OBJECT_UNKNOWN",
    "PARAMETER_ERROR",
    "EVENT_BUFFER_OVERFLOW",
    "ALREADY_EXECUTING",
    "CONFIG_CORRUPT",
    "RESERVED_1",
    "RESERVED_2",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_order_of_the_bits() {
        assert_eq!(Iin(0x0090).names().collect::<Vec<_>>(), ["NEED_TIME", "DEVICE_RESTART"]);
        assert_eq!(Iin(0xffff).names().collect::<Vec<_>>(), NAMES);
        assert_eq!(Iin(0).names().count(), 0);
    }

    #[test]
    fn a_refusal_is_told_from_other_indications() {
        assert!(Iin::OBJECT_UNKNOWN.refused());
        assert!(!Iin(0x2880 | 0x007f).refused());
        assert!(Iin(0x0480).contains(Iin::DEVICE_RESTART));
        assert!(!Iin(0x0480).contains(Iin::NEED_TIME));
    }
}
