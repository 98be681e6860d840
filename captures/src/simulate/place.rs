//! Where a point is on its device.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer};

/// The spaces of points, by the names that labels use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// Modbus, one bit, written and read.
    Coil,
    /// Modbus, one bit, read.
    DiscreteInput,
    /// Modbus, 16 bits, written and read.
    HoldingRegister,
    /// Modbus, 16 bits, read.
    InputRegister,
    /// DNP3 group 1.
    BinaryInput,
    /// DNP3 groups 10 and 12.
    BinaryOutput,
    /// DNP3 group 20.
    Counter,
    /// DNP3 group 30.
    AnalogInput,
    /// DNP3 groups 40 and 41.
    AnalogOutput,
}

const NAMES: [(Space, &str); 9] = [
    (Space::Coil, "coil"),
    (Space::DiscreteInput, "discrete-input"),
    (Space::HoldingRegister, "holding-register"),
    (Space::InputRegister, "input-register"),
    (Space::BinaryInput, "binary-input"),
    (Space::BinaryOutput, "binary-output"),
    (Space::Counter, "counter"),
    (Space::AnalogInput, "analog-input"),
    (Space::AnalogOutput, "analog-output"),
];

impl Space {
    /// Whether a point here has two states and no more.
    #[must_use]
    pub fn is_binary(self) -> bool {
        matches!(self, Self::Coil | Self::DiscreteInput | Self::BinaryInput | Self::BinaryOutput)
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.iter().find(|(space, _)| space == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for Space {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = NAMES.iter().find(|(_, name)| *name == text).map(|(space, _)| *space);
        named.ok_or_else(|| format!("`{text}` is no space of points, as `coil` is one"))
    }
}

/// A point: its space and its address there, as on the wire. Written `coil:4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Its space.
    pub space: Space,
    /// Its address or index.
    pub address: u16,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.space, self.address)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (space, address) = text
            .split_once(':')
            .ok_or_else(|| format!("`{text}`: want a point, as in `coil:4`"))?;
        let address = address.parse().map_err(|_| format!("`{text}`: want an address to 65535"))?;
        Ok(Self { space: space.parse()?, address })
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Space {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        for (space, name) in NAMES {
            let place = Place { space, address: 7 };
            assert_eq!(place.to_string(), format!("{name}:7"));
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for wrong in ["coil", "coil:", "coil:65536", "coils:1", ":1"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }
}
