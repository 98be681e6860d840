//! Which captures a ledger was learned from.

use core::fmt;
use core::str::FromStr;

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of some text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }
}

/// 64 digits of lower-case hex.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// A text that is not 64 digits of lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadDigest;

impl fmt::Display for BadDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("want 64 digits of lower-case hex")
    }
}

impl core::error::Error for BadDigest {}

impl FromStr for Digest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let hex = |octet: &u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 64 || !text.as_bytes().iter().all(hex) {
            return Err(BadDigest);
        }
        let mut octets = [0; 32];
        for (nth, octet) in octets.iter_mut().enumerate() {
            let digits = text.get(2 * nth..2 * nth + 2).ok_or(BadDigest)?;
            *octet = u8::from_str_radix(digits, 16).map_err(|_| BadDigest)?;
        }
        Ok(Self(octets))
    }
}

/// A capture that was learned from: its digest tells it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture {
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Time of the earliest packet learned, in nanoseconds since 1970 UTC.
    pub first_ns: u64,
    /// Time of the latest packet learned.
    pub last_ns: u64,
    /// How many packets were learned from.
    pub packets: u64,
}

/// A capture that is in the ledger already; learning it twice would count everything twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SameCapture(pub Digest);

impl fmt::Display for SameCapture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "capture sha256:{} is in the baseline already", self.0)
    }
}

impl core::error::Error for SameCapture {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_as_it_is_written() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of("").to_string(), empty);
        assert_eq!(empty.parse(), Ok(Digest::of("")));
    }

    #[test]
    fn anything_else_is_no_digest() {
        let long = "0".repeat(65);
        let (upper, wide) = ("A".repeat(64), "é".repeat(32));
        for text in ["", "00", &long, &upper, &wide] {
            assert_eq!(text.parse::<Digest>(), Err(BadDigest), "{text}");
        }
    }
}
