//! Arbitrary messages: what can be read of arbitrary octets, malformed ones as well.
//!
//! A fragment's objects are a view of its octets: parts made up one by one would contradict each other as no message
//! can. Object headers and points are had of a fragment, as they always are.

use arbitrary::{Arbitrary, Error, Result, Unstructured};

use super::link::{Control, Header};
use super::{Fragment, MAX_FRAGMENT_OCTETS, Message, fragment};

impl Arbitrary<'_> for Header {
    fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        let (length, control) = u.arbitrary().map(|(length, octet)| (length, Control(octet)))?;
        let (destination, source) = u.arbitrary()?;
        Ok(Self { length, control, destination, source })
    }
}

impl<'a> Arbitrary<'a> for Fragment<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let link = u.arbitrary()?;
        let octets = u.len().min(MAX_FRAGMENT_OCTETS);
        fragment(link, u.bytes(octets)?).0.ok_or(Error::NotEnoughData)
    }
}

impl<'a> Arbitrary<'a> for Message<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        if u.ratio(1, 8)? {
            u.arbitrary().map(Self::Link)
        } else {
            u.arbitrary().map(Self::Fragment)
        }
    }
}
