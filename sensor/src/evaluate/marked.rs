//! What labels call an attack, message by message: for programs that learn from labelled messages.

use std::net::IpAddr;

use gridtap_models::event::PacketRef;

use super::labels::{Labels, Rows, Said, WindowRow};

/// The labels of captures, in the order of the captures.
#[derive(Clone, Debug, Default)]
pub struct Marked {
    captures: Vec<Capture>,
}

#[derive(Clone, Debug)]
enum Capture {
    /// The packets that are part of an attack, sorted.
    Packets(Vec<u64>),
    /// The times of attacks.
    Windows(Windows),
}

#[derive(Clone, Debug)]
struct Windows {
    said: Vec<Said>,
    /// In order of their beginnings.
    rows: Vec<WindowRow>,
    /// The latest end of each and all before it.
    latest_ns: Vec<u64>,
}

impl Marked {
    /// By the labels of each capture. Without any, nothing is known.
    #[must_use]
    pub fn of(labels: impl IntoIterator<Item = Labels>) -> Self {
        Self { captures: labels.into_iter().map(Capture::of).collect() }
    }

    /// Whether a message is part of an attack: the packet that completed it is labelled so, or it is in the
    /// time of one and of its hosts. `None` where there are no labels of its capture.
    #[must_use]
    pub fn malicious(&self, packet: PacketRef, time_ns: u64, ends: [IpAddr; 2]) -> Option<bool> {
        Some(match self.captures.get(usize::from(packet.capture))? {
            Capture::Packets(packets) => packets.binary_search(&packet.number).is_ok(),
            Capture::Windows(windows) => windows.hold(time_ns, ends),
        })
    }
}

impl Capture {
    fn of(labels: Labels) -> Self {
        match labels.rows {
            Rows::Packets(rows) => {
                let attacks = rows.iter().filter(|row| row.attack);
                Self::Packets(attacks.map(|row| row.packet).collect())
            }
            Rows::Windows(rows) => {
                let latest_ns = rows.iter().scan(0, |latest, row| {
                    *latest = row.end_ns.max(*latest);
                    Some(*latest)
                });
                let latest_ns = latest_ns.collect();
                Self::Windows(Windows { said: labels.said, rows, latest_ns })
            }
        }
    }
}

impl Windows {
    fn hold(&self, time_ns: u64, ends: [IpAddr; 2]) -> bool {
        let begun = self.rows.partition_point(|row| row.start_ns <= time_ns);
        let both = self.rows.iter().zip(&self.latest_ns).take(begun).rev();
        both.take_while(|(_, latest_ns)| **latest_ns >= time_ns)
            .filter(|(row, _)| row.end_ns >= time_ns)
            .any(|(row, _)| self.said.get(row.said).is_none_or(|said| said.involves(ends)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: [u8; 4] = [10, 0, 0, 5];
    const SERVER: [u8; 4] = [10, 0, 0, 9];

    fn malicious(labels: &str, capture: u16, number: u64, second: u64, client: u8) -> Option<bool> {
        let marked = Marked::of([Labels::read(labels.as_bytes()).unwrap()]);
        let client = [10, 0, 0, client].into();
        let packet = PacketRef { capture, number };
        marked.malicious(packet, second * 1_000_000_000, [client, SERVER.into()])
    }

    #[test]
    fn labelled_packets_are_malicious_and_all_others_of_the_capture_are_not() {
        let labels = "packet,label,attack\n7,1,scan\n3,1,\n5,0,look-alike\n";
        let said = [3, 4, 5, 7].map(|number| malicious(labels, 0, number, 1, 5));
        assert_eq!(said, [Some(true), Some(false), Some(false), Some(true)]);
        assert_eq!(malicious(labels, 1, 3, 1, 5), None, "another capture");
        let packet = PacketRef { capture: 0, number: 3 };
        let ends = [CLIENT.into(), SERVER.into()];
        assert_eq!(Marked::default().malicious(packet, 0, ends), None);
    }

    #[test]
    fn in_a_window_what_its_hosts_say_is_malicious() {
        let labels =
            "start,end,attack,actor\n10,90,long,10.0.0.5\n20,21,short,\n30,31,short,10.0.0.5\n";
        let of = |second, client| malicious(labels, 0, 1, second, client) == Some(true);
        assert!(of(10, 5) && of(50, 5) && of(90, 5) && !of(9, 5) && !of(91, 5));
        assert!(!of(50, 6) && of(20, 6) && !of(30, 6), "anybody's, where nobody is named");
    }
}
