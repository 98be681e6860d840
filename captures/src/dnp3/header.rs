//! Object headers: group, variation, qualifier, range, and the objects that follow.

use crate::octets::{count8, count16};

/// An object header and its objects, as octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header(Vec<u8>);

impl Header {
    /// All points (qualifier 0x06).
    #[must_use]
    pub fn all(group: u8, variation: u8) -> Self {
        Self::raw(group, variation, 0x06, &[])
    }

    /// Points from `start` to `stop`, both included, in one octet each (qualifier 0x00).
    #[must_use]
    pub fn range8(group: u8, variation: u8, start: u8, stop: u8) -> Self {
        Self::raw(group, variation, 0x00, &[start, stop])
    }

    /// Points from `start` to `stop`, both included, in two octets each (qualifier 0x01).
    #[must_use]
    pub fn range16(group: u8, variation: u8, start: u16, stop: u16) -> Self {
        Self::raw(group, variation, 0x01, &[start.to_le_bytes(), stop.to_le_bytes()].concat())
    }

    /// Points from `start` to `stop`, both included, in four octets each (qualifier 0x02).
    #[must_use]
    pub fn range32(group: u8, variation: u8, start: u32, stop: u32) -> Self {
        Self::raw(group, variation, 0x02, &[start.to_le_bytes(), stop.to_le_bytes()].concat())
    }

    /// Points from `start` to `stop` in as few octets as hold them.
    #[must_use]
    pub fn range(group: u8, variation: u8, start: u16, stop: u16) -> Self {
        match (u8::try_from(start), u8::try_from(stop)) {
            (Ok(start), Ok(stop)) => Self::range8(group, variation, start, stop),
            _ => Self::range16(group, variation, start, stop),
        }
    }

    /// A count of objects, in one octet (qualifier 0x07).
    #[must_use]
    pub fn count8(group: u8, variation: u8, count: u8) -> Self {
        Self::raw(group, variation, 0x07, &[count])
    }

    /// A count of objects, in two octets (qualifier 0x08).
    #[must_use]
    pub fn count16(group: u8, variation: u8, count: u16) -> Self {
        Self::raw(group, variation, 0x08, &count.to_le_bytes())
    }

    /// Objects, each after its index, count and index in one octet each (qualifier 0x17).
    ///
    /// A request to read has objects without octets.
    #[must_use]
    pub fn indexed8<O: AsRef<[u8]>>(group: u8, variation: u8, objects: &[(u8, O)]) -> Self {
        let mut header = Self::raw(group, variation, 0x17, &[count8(objects.len())]);
        for (index, object) in objects {
            header.0.push(*index);
            header.0.extend(object.as_ref());
        }
        header
    }

    /// Objects, each after its index, count and index in two octets each (qualifier 0x28).
    ///
    /// A request to read has objects without octets.
    #[must_use]
    pub fn indexed16<O: AsRef<[u8]>>(group: u8, variation: u8, objects: &[(u16, O)]) -> Self {
        let count = count16(objects.len()).to_le_bytes();
        let mut header = Self::raw(group, variation, 0x28, &count);
        for (index, object) in objects {
            header.0.extend(index.to_le_bytes());
            header.0.extend(object.as_ref());
        }
        header
    }

    /// Objects, each after its index, in as few octets as hold count and indexes.
    #[must_use]
    pub fn indexed<O: AsRef<[u8]>>(group: u8, variation: u8, objects: &[(u16, O)]) -> Self {
        let narrow = |(index, object): &(u16, O)| {
            Some((u8::try_from(*index).ok()?, object.as_ref().to_vec()))
        };
        match objects.iter().map(narrow).collect::<Option<Vec<_>>>() {
            Some(objects) if objects.len() <= 255 => Self::indexed8(group, variation, &objects),
            _ => Self::indexed16(group, variation, objects),
        }
    }

    /// Objects, each after its size in two octets (qualifier 0x5B), as files and authentication use it.
    #[must_use]
    pub fn sized<O: AsRef<[u8]>>(group: u8, variation: u8, objects: &[O]) -> Self {
        let mut header = Self::raw(group, variation, 0x5b, &[count8(objects.len())]);
        for object in objects {
            header.0.extend(count16(object.as_ref().len()).to_le_bytes());
            header.0.extend(object.as_ref());
        }
        header
    }

    /// Objects in a row from `start`; a header for all points if there are none, since a range is never empty.
    #[must_use]
    pub fn points<O: AsRef<[u8]>>(group: u8, variation: u8, start: u16, objects: &[O]) -> Self {
        match objects.len().checked_sub(1) {
            None => Self::all(group, variation),
            Some(more) => {
                let stop = start.saturating_add(count16(more));
                objects.iter().fold(Self::range(group, variation, start, stop), |header, object| {
                    header.with(object.as_ref())
                })
            }
        }
    }

    /// Any qualifier, with all that follows it.
    #[must_use]
    pub fn raw(group: u8, variation: u8, qualifier: u8, octets: &[u8]) -> Self {
        Self([&[group, variation, qualifier], octets].concat())
    }

    /// The same with `octets` after it: objects, or a part of one.
    #[must_use]
    pub fn with(mut self, octets: &[u8]) -> Self {
        self.0.extend(octets);
        self
    }

    /// The octets of the header and its objects.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_laid_out_to_the_octet() {
        const NONE: [u8; 0] = [];
        #[rustfmt::skip]
        let table: &[(&str, Header, &[u8])] = &[
            ("all",       Header::all(60, 2),                          &[60, 2, 0x06]),
            ("range 8",   Header::range8(1, 2, 0, 9),                  &[1, 2, 0x00, 0, 9]),
            ("range 16",  Header::range16(30, 0, 256, 511),            &[30, 0, 0x01, 0, 1, 0xff, 1]),
            ("range 32",  Header::range32(30, 0, 1, 2),                &[30, 0, 0x02, 1, 0, 0, 0, 2, 0, 0, 0]),
            ("count 8",   Header::count8(60, 2, 5),                    &[60, 2, 0x07, 5]),
            ("count 16",  Header::count16(60, 3, 300),                 &[60, 3, 0x08, 0x2c, 1]),
            ("index 8",   Header::indexed8(2, 1, &[(5, [1]), (9, [0x81])]),
                                                                       &[2, 1, 0x17, 2, 5, 1, 9, 0x81]),
            ("index 16",  Header::indexed16(2, 1, &[(700, [1])]),      &[2, 1, 0x28, 1, 0, 0xbc, 2, 1]),
            ("indexes",   Header::indexed8(30, 1, &[(3, NONE), (7, NONE)]), &[30, 1, 0x17, 2, 3, 7]),
            ("narrow",    Header::indexed(2, 1, &[(255, [1])]),        &[2, 1, 0x17, 1, 255, 1]),
            ("wide",      Header::indexed(2, 1, &[(256, [1])]),        &[2, 1, 0x28, 1, 0, 0, 1, 1]),
            ("sized",     Header::sized(70, 8, &[b"ab"]),              &[70, 8, 0x5b, 1, 2, 0, b'a', b'b']),
            ("points",    Header::points(1, 2, 254, &[[1], [0x81]]),   &[1, 2, 0x00, 254, 255, 1, 0x81]),
            ("and more",  Header::points(1, 2, 255, &[[1], [0x81]]),   &[1, 2, 0x01, 255, 0, 0, 1, 1, 0x81]),
            ("no points", Header::points(1, 2, 5, &[NONE; 0]),         &[1, 2, 0x06]),
            ("raw",       Header::raw(1, 2, 0x7c, &[1]).with(&[2]),    &[1, 2, 0x7c, 1, 2]),
        ];
        for (name, header, expected) in table {
            assert_eq!(header.octets(), *expected, "{name}");
        }
    }

    #[test]
    fn many_objects_get_a_wide_count() {
        let header = Header::indexed(2, 1, &[(0, [1]); 256]);
        assert_eq!(header.octets()[..5], [2, 1, 0x28, 0, 1]);
    }
}
