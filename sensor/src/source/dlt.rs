//! Link types as libpcap numbers them in a program, which differs from captures for a few.

use pcap::Linktype;

use crate::source::LinkType;

/// Link types whose numbers differ: in captures, and in a program.
const DIFFERENT: [(u16, i32); 5] = [(100, 11), (101, 12), (102, 15), (103, 16), (106, 19)];

/// The number that libpcap's functions want.
pub(super) fn to_libpcap(link: LinkType) -> Linktype {
    let different = DIFFERENT.iter().find(|(in_captures, _)| *in_captures == link.0);
    Linktype(different.map_or_else(|| i32::from(link.0), |(_, in_program)| *in_program))
}

/// The number that captures have.
#[cfg(unix)]
pub(super) fn from_libpcap(link: Linktype) -> LinkType {
    let different = DIFFERENT.iter().find(|(_, in_program)| *in_program == link.0);
    let in_captures = different.map(|(in_captures, _)| *in_captures);
    LinkType(in_captures.or_else(|| u16::try_from(link.0).ok()).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn raw_ip_is_12_to_libpcap_and_101_in_captures() {
        for (in_captures, in_program) in [(0, 0), (1, 1), (101, 12), (113, 113), (276, 276)] {
            assert_eq!(to_libpcap(LinkType(in_captures)), Linktype(in_program));
            assert_eq!(from_libpcap(Linktype(in_program)), LinkType(in_captures));
        }
    }
}
