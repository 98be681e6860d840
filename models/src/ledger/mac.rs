//! Addresses of the link layer.

use core::fmt;
use core::str::FromStr;

/// An address of the link layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Whether it stands for many hosts: broadcast and multicast.
    #[must_use]
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }
}

/// `02:00:00:00:00:05`.
impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, octet) in self.0.iter().enumerate() {
            write!(f, "{}{octet:02x}", if nth > 0 { ":" } else { "" })?;
        }
        Ok(())
    }
}

/// As it is displayed, in upper or lower case.
impl FromStr for Mac {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut mac = [0; 6];
        let mut octets = text.split(':');
        for octet in &mut mac {
            let digits = octets.next().filter(|digits| digits.len() == 2).ok_or(())?;
            *octet = u8::from_str_radix(digits, 16).map_err(|_| ())?;
        }
        if octets.next().is_some() { Err(()) } else { Ok(Self(mac)) }
    }
}
