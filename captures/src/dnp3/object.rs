//! Objects by name: the usual variations, ready in their headers.
//!
//! Other variations are written with [`Header`] and octets.

use crate::dnp3::Header;
use crate::octets::pack;

/// Flag of most objects: the value is good.
const ONLINE: u8 = 0x01;
/// Flag of binary objects: the point is on.
const STATE: u8 = 0x80;

/// A class of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// All present values.
    Zero,
    /// Events, by custom the urgent ones.
    One,
    /// Events.
    Two,
    /// Events.
    Three,
}

/// All data of a class (group 60).
#[must_use]
pub fn class(class: Class) -> Header {
    let variation = match class {
        Class::Zero => 1,
        Class::One => 2,
        Class::Two => 3,
        Class::Three => 4,
    };
    Header::all(60, variation)
}

/// A command to a binary output (group 12, variation 1), control relay output block by its full name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crob {
    /// Operation in bits 0 to 3, queue 0x10, clear 0x20, trip or close in bits 6 and 7.
    pub control: u8,
    /// How often.
    pub count: u8,
    /// Milliseconds on.
    pub on_ms: u32,
    /// Milliseconds off.
    pub off_ms: u32,
    /// 0 in requests; in responses what came of it.
    pub status: u8,
}

impl Crob {
    /// Latch on.
    pub const LATCH_ON: Self = Self::once(0x03, 0);
    /// Latch off.
    pub const LATCH_OFF: Self = Self::once(0x04, 0);
    /// Close a breaker, with a pulse of 100 ms.
    pub const CLOSE: Self = Self::once(0x41, 100);
    /// Trip a breaker, with a pulse of 100 ms.
    pub const TRIP: Self = Self::once(0x81, 100);

    const fn once(control: u8, on_ms: u32) -> Self {
        Self { control, count: 1, on_ms, off_ms: 0, status: 0 }
    }

    /// The object.
    #[must_use]
    pub fn octets(self) -> Vec<u8> {
        let (on, off) = (self.on_ms.to_le_bytes(), self.off_ms.to_le_bytes());
        [&[self.control, self.count], on.as_slice(), &off, &[self.status]].concat()
    }

    /// The command to one point.
    #[must_use]
    pub fn to(self, index: u16) -> Header {
        Header::indexed(12, 1, &[(index, self.octets())])
    }
}

/// A value of an analog output: each kind has its variation of group 41.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Analog {
    /// Variation 1.
    I32(i32),
    /// Variation 2.
    I16(i16),
    /// Variation 3.
    F32(f32),
    /// Variation 4.
    F64(f64),
}

impl Analog {
    /// The command to set one point to this value, with a status that is 0 in requests.
    #[must_use]
    pub fn to(self, index: u16, status: u8) -> Header {
        let (variation, mut octets) = match self {
            Self::I32(value) => (1, value.to_le_bytes().to_vec()),
            Self::I16(value) => (2, value.to_le_bytes().to_vec()),
            Self::F32(value) => (3, value.to_le_bytes().to_vec()),
            Self::F64(value) => (4, value.to_le_bytes().to_vec()),
        };
        octets.push(status);
        Header::indexed(41, variation, &[(index, octets)])
    }
}

/// Milliseconds since 1970 UTC in six octets; what they cannot hold is written as the largest.
#[must_use]
pub fn time(ms: u64) -> [u8; 6] {
    let octets = ms.min(0xffff_ffff_ffff).to_le_bytes();
    octets.first_chunk().copied().unwrap_or_default()
}

/// States in a row from `start`, a bit each: group 1, 10 or 80, variation 1.
#[must_use]
pub fn packed(group: u8, start: u16, states: &[bool]) -> Header {
    // One part with the octets of all states, and parts without octets that only count.
    let mut parts = vec![Vec::new(); states.len()];
    if let Some(first) = parts.first_mut() {
        *first = pack(states);
    }
    Header::points(group, 1, start, &parts)
}

/// Binary inputs in a row from `start`, online (group 1, variation 2).
#[must_use]
pub fn binary_inputs(start: u16, states: &[bool]) -> Header {
    Header::points(1, 2, start, &flags(states))
}

/// Status of binary outputs in a row from `start`, online (group 10, variation 2).
#[must_use]
pub fn binary_outputs(start: u16, states: &[bool]) -> Header {
    Header::points(10, 2, start, &flags(states))
}

/// Counters of 32 bits in a row from `start`, online (group 20, variation 1).
#[must_use]
pub fn counters(start: u16, counts: &[u32]) -> Header {
    Header::points(20, 1, start, &online(counts.iter().map(|count| count.to_le_bytes())))
}

/// Analog inputs of 32 bits in a row from `start`, online (group 30, variation 1).
#[must_use]
pub fn analog_inputs(start: u16, values: &[i32]) -> Header {
    Header::points(30, 1, start, &online(values.iter().map(|value| value.to_le_bytes())))
}

/// Status of analog outputs of 32 bits in a row from `start`, online (group 40, variation 1).
#[must_use]
pub fn analog_outputs(start: u16, values: &[i32]) -> Header {
    Header::points(40, 1, start, &online(values.iter().map(|value| value.to_le_bytes())))
}

/// Changes of binary inputs: index, state, milliseconds since 1970 UTC (group 2, variation 2).
#[must_use]
pub fn binary_events(events: &[(u16, bool, u64)]) -> Header {
    let object = |(index, state, ms): &(u16, bool, u64)| {
        (*index, [[flag(*state)].as_slice(), &time(*ms)].concat())
    };
    Header::indexed(2, 2, &events.iter().map(object).collect::<Vec<_>>())
}

/// Changes of analog inputs: index, value, milliseconds since 1970 UTC (group 32, variation 3).
#[must_use]
pub fn analog_events(events: &[(u16, i32, u64)]) -> Header {
    let object = |(index, value, ms): &(u16, i32, u64)| {
        (*index, [[ONLINE].as_slice(), &value.to_le_bytes(), &time(*ms)].concat())
    };
    Header::indexed(32, 3, &events.iter().map(object).collect::<Vec<_>>())
}

fn flag(state: bool) -> u8 {
    if state { ONLINE | STATE } else { ONLINE }
}

fn flags(states: &[bool]) -> Vec<[u8; 1]> {
    states.iter().map(|state| [flag(*state)]).collect()
}

fn online(values: impl Iterator<Item = [u8; 4]>) -> Vec<[u8; 5]> {
    values.map(|[a, b, c, d]| [ONLINE, a, b, c, d]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_laid_out_to_the_octet() {
        let at = 1_700_000_000_123;
        #[rustfmt::skip]
        let table: &[(&str, Header, &[u8])] = &[
            ("class",     class(Class::Three),                  &[60, 4, 0x06]),
            ("trip",      Crob::TRIP.to(3),
                          &[12, 1, 0x17, 1, 3, 0x81, 1, 100, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("setpoint",  Analog::I16(-1000).to(1, 0),          &[41, 2, 0x17, 1, 1, 0x18, 0xfc, 0]),
            ("float",     Analog::F32(12.5).to(1, 4),           &[41, 3, 0x17, 1, 1, 0, 0, 0x48, 0x41, 4]),
            ("packed",    packed(1, 0, &[true; 9]),             &[1, 1, 0x00, 0, 8, 0xff, 1]),
            ("none",      packed(1, 0, &[]),                    &[1, 1, 0x06]),
            ("inputs",    binary_inputs(7, &[true, false]),     &[1, 2, 0x00, 7, 8, 0x81, 1]),
            ("outputs",   binary_outputs(300, &[true]),         &[10, 2, 0x01, 0x2c, 1, 0x2c, 1, 0x81]),
            ("counters",  counters(0, &[258]),                  &[20, 1, 0x00, 0, 0, 1, 2, 1, 0, 0]),
            ("analogs",   analog_inputs(0, &[-2]),              &[30, 1, 0x00, 0, 0, 1, 0xfe, 0xff, 0xff, 0xff]),
            ("setpoints", analog_outputs(0, &[1]),              &[40, 1, 0x00, 0, 0, 1, 1, 0, 0, 0]),
            ("change",    binary_events(&[(5, true, at)]),
                          &[2, 2, 0x17, 1, 5, 0x81, 0x7b, 0x68, 0xe5, 0xcf, 0x8b, 1]),
            ("swing",     analog_events(&[(700, 1, at)]),
                          &[32, 3, 0x28, 1, 0, 0xbc, 2, 1, 1, 0, 0, 0, 0x7b, 0x68, 0xe5, 0xcf, 0x8b, 1]),
        ];
        for (name, header, expected) in table {
            assert_eq!(header.octets(), *expected, "{name}");
        }
    }

    #[test]
    fn time_saturates() {
        assert_eq!(time(u64::MAX), [0xff; 6]);
    }
}
