//! Label files: which packets, or which times, belong to an attack.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use csv::StringRecord;
use gridtap_models::event::Space;
use thiserror::Error;

/// Rows that a file may have, of those that are kept.
const ROWS: usize = 1 << 24;
/// Nanoseconds in a second.
pub(super) const SECOND_NS: u64 = 1_000_000_000;

/// A file of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// What rows say besides their packet or time, each once.
    pub said: Vec<Said>,
    /// The rows.
    pub rows: Rows,
}

/// The rows of a file of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// A row a packet, in the order of the packets' numbers; normal packets of which nothing else is
    /// said are left out.
    Packets(Vec<PacketRow>),
    /// A row an attack.
    Windows(Vec<WindowRow>),
}

/// What is said of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketRow {
    /// Its number in the capture, from 1.
    pub packet: u64,
    /// Whether it is part of an attack.
    pub attack: bool,
    /// What else is said: a place in [`Labels::said`].
    pub said: usize,
    /// The row's line in the file, from 1.
    pub line: u64,
}

/// A time in which something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowRow {
    /// Its beginning, in nanoseconds since 1970 UTC.
    pub start_ns: u64,
    /// Its end.
    pub end_ns: u64,
    /// What else is said: a place in [`Labels::said`].
    pub said: usize,
}

/// What labels say of an attack, or of what an operator does.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Said {
    /// The kind of attack; empty where the label does not say.
    pub kind: String,
    /// Who does it.
    pub actors: BTreeSet<IpAddr>,
    /// To whom it is done.
    pub targets: BTreeSet<IpAddr>,
    /// Who takes part, where it is not said who does it to whom.
    pub hosts: BTreeSet<IpAddr>,
    /// The points it touches.
    pub points: BTreeSet<PointName>,
}

/// A point as labels name it, such as `coil:4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PointName {
    /// The kind of point.
    pub space: Space,
    /// Its address as on the wire, from 0.
    pub address: u32,
}

/// Labels that cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}: {what}")]
pub struct LabelError {
    /// The line in the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub what: String,
}

impl Labels {
    /// Reads labels in any of the forms that `evaluate --help` names.
    ///
    /// # Errors
    ///
    /// The first line that cannot be read, and why.
    pub fn read(octets: &[u8]) -> Result<Self, LabelError> {
        let text = str::from_utf8(octets).map_err(|error| {
            let before = octets.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.split(|octet| *octet == b'\n').count();
            bad(u64::try_from(line).unwrap_or(u64::MAX), "no text in UTF-8")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().next().unwrap_or_default().trim();
        if first.is_empty() {
            return Err(bad(1, WANTED));
        }
        if is_lemay(first) { lemay(text) } else { Reading::default().all(text) }
    }

    /// What a row says.
    #[must_use]
    pub fn said(&self, place: usize) -> Said {
        self.said.get(place).cloned().unwrap_or_default()
    }
}

/// What would do for a first line.
const WANTED: &str = "want the columns packet,label[,attack,actor,target,points] or \
                      start,end,attack[,actor,target,points], or rows packet;label without a header";

/// Whether a first line is `packet;label`, in numbers.
fn is_lemay(line: &str) -> bool {
    let number = |text: &str| text.trim().parse::<u64>().is_ok();
    line.split_once(';').is_some_and(|(packet, label)| number(packet) && number(label))
}

/// Reads rows `packet;label` without a header.
fn lemay(text: &str) -> Result<Labels, LabelError> {
    let mut reading = Reading::default();
    for (line, row) in (1_u64..).zip(text.lines()) {
        let row = row.trim();
        if row.is_empty() {
            continue;
        }
        let (packet, label) =
            row.split_once(';').ok_or_else(|| bad(line, format!("`{row}`: want packet;label")))?;
        reading.packet(line, packet.trim(), label.trim(), Said::default())?;
    }
    reading.finish(true)
}

/// The columns that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Packet,
    Label,
    Start,
    End,
    Attack,
    Actor,
    Target,
    Host,
    Points,
}

impl Column {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "packet" => Self::Packet,
            "label" => Self::Label,
            "start" | "start_epoch" => Self::Start,
            "end" | "end_epoch" => Self::End,
            "attack" => Self::Attack,
            "actor" => Self::Actor,
            "target" => Self::Target,
            "host_a" | "host_b" => Self::Host,
            "points" => Self::Points,
            _ => return None,
        })
    }
}

/// A file that is being read.
#[derive(Debug, Default)]
struct Reading {
    columns: Vec<Column>,
    said: BTreeMap<Said, usize>,
    packets: Vec<PacketRow>,
    windows: Vec<WindowRow>,
}

impl Reading {
    fn all(mut self, text: &str) -> Result<Labels, LabelError> {
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut record = StringRecord::new();
        let mut by_packet = None;
        loop {
            let line = rows.position().line();
            let more = rows.read_record(&mut record).map_err(|error| bad(line, error))?;
            if !more {
                break;
            }
            let line = record.position().map_or(line, csv::Position::line);
            match by_packet {
                None => by_packet = Some(self.header(line, &record)?),
                Some(by_packet) => self.row(line, &record, by_packet)?,
            }
        }
        self.finish(by_packet.unwrap_or(true))
    }

    /// Reads the first line; says whether rows are of packets.
    fn header(&mut self, line: u64, record: &StringRecord) -> Result<bool, LabelError> {
        for name in record {
            let column = Column::named(name)
                .ok_or_else(|| bad(line, format!("unknown column `{name}`: {WANTED}")))?;
            if column != Column::Host && self.columns.contains(&column) {
                return Err(bad(line, format!("column `{name}` is there twice")));
            }
            self.columns.push(column);
        }
        let has = |column| self.columns.contains(&column);
        match (has(Column::Packet) && has(Column::Label), has(Column::Start) && has(Column::End)) {
            (true, false) if !has(Column::Start) && !has(Column::End) => Ok(true),
            (false, true) if has(Column::Attack) && !has(Column::Packet) => Ok(false),
            _ => Err(bad(line, WANTED)),
        }
    }

    fn row(&mut self, line: u64, record: &StringRecord, by_packet: bool) -> Result<(), LabelError> {
        if record.len() != self.columns.len() {
            let (found, wanted) = (record.len(), self.columns.len());
            return Err(bad(line, format!("{found} columns: want {wanted}, as in the first line")));
        }
        let mut said = Said::default();
        let (mut first, mut second) = ("", "");
        for (column, cell) in self.columns.iter().zip(record) {
            match column {
                Column::Packet | Column::Start => first = cell,
                Column::Label | Column::End => second = cell,
                Column::Attack => cell.clone_into(&mut said.kind),
                Column::Actor => hosts(line, cell, &mut said.actors)?,
                Column::Target => hosts(line, cell, &mut said.targets)?,
                Column::Host => hosts(line, cell, &mut said.hosts)?,
                Column::Points => points(line, cell, &mut said.points)?,
            }
        }
        if by_packet {
            self.packet(line, first, second, said)
        } else {
            self.window(line, first, second, said)
        }
    }

    fn packet(
        &mut self,
        line: u64,
        packet: &str,
        label: &str,
        said: Said,
    ) -> Result<(), LabelError> {
        let number = packet.parse().ok().filter(|number| *number > 0);
        let packet = number.ok_or_else(|| {
            bad(line, format!("packet `{packet}`: want a number, counted from 1"))
        })?;
        let attack = match label {
            "0" => false,
            "1" => true,
            _ => return Err(bad(line, format!("label `{label}`: want 0 or 1"))),
        };
        // A file may have a row for each packet: of normal ones there is nothing to keep.
        if attack || said != Said::default() {
            let said = self.place(said);
            self.packets.push(PacketRow { packet, attack, said, line });
        }
        self.room(line)
    }

    fn window(&mut self, line: u64, start: &str, end: &str, said: Said) -> Result<(), LabelError> {
        let time = |text: &str| {
            seconds(text).ok_or_else(|| {
                bad(line, format!("time `{text}`: want Unix seconds, as in 1472099163.158749"))
            })
        };
        let (start_ns, end_ns) = (time(start)?, time(end)?);
        if end_ns < start_ns {
            return Err(bad(line, format!("ends at {end}, before it starts at {start}")));
        }
        let said = self.place(said);
        self.windows.push(WindowRow { start_ns, end_ns, said });
        self.room(line)
    }

    fn room(&self, line: u64) -> Result<(), LabelError> {
        if self.packets.len().max(self.windows.len()) > ROWS {
            return Err(bad(line, format!("more than {ROWS} rows: too many")));
        }
        Ok(())
    }

    fn place(&mut self, said: Said) -> usize {
        let next = self.said.len();
        *self.said.entry(said).or_insert(next)
    }

    fn finish(mut self, by_packet: bool) -> Result<Labels, LabelError> {
        // Stable: of two rows about a packet the first in the file stays first.
        self.packets.sort_by_key(|row| row.packet);
        for pair in self.packets.windows(2) {
            if let [one, other] = pair
                && one.packet == other.packet
                && (one.attack, one.said) != (other.attack, other.said)
            {
                let what = format!(
                    "packet {} is labelled twice, and otherwise in line {}",
                    one.packet, one.line
                );
                return Err(bad(other.line, what));
            }
        }
        self.packets.dedup_by_key(|row| row.packet);
        self.windows.sort_by_key(|row| (row.start_ns, row.end_ns));
        let mut said: Vec<(Said, usize)> = self.said.into_iter().collect();
        said.sort_by_key(|(_, place)| *place);
        Ok(Labels {
            said: said.into_iter().map(|(said, _)| said).collect(),
            rows: if by_packet { Rows::Packets(self.packets) } else { Rows::Windows(self.windows) },
        })
    }
}

fn hosts(line: u64, cell: &str, into: &mut BTreeSet<IpAddr>) -> Result<(), LabelError> {
    for host in cell.split_whitespace() {
        let address = host.parse();
        into.insert(address.map_err(|_| bad(line, format!("host `{host}`: want an IP address")))?);
    }
    Ok(())
}

fn points(line: u64, cell: &str, into: &mut BTreeSet<PointName>) -> Result<(), LabelError> {
    for point in cell.split_whitespace() {
        let name = point.split_once(':').and_then(|(space, address)| {
            let space = Space::from_word(space)?;
            Some(PointName { space, address: address.parse().ok()? })
        });
        let name =
            name.ok_or_else(|| bad(line, format!("point `{point}`: want one as in `coil:4`")))?;
        into.insert(name);
    }
    Ok(())
}

/// Unix seconds with decimals, in nanoseconds; further decimals are cut off.
fn seconds(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    if part.is_empty() || !part.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let part = format!("{part:0<9}");
    let whole: u64 = whole.parse().ok()?;
    whole.checked_mul(SECOND_NS)?.checked_add(part.get(..9)?.parse().ok()?)
}

fn bad(line: u64, what: impl fmt::Display) -> LabelError {
    LabelError { line, what: what.to_string() }
}

impl fmt::Display for PointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.space, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(text: &str) -> Vec<(u64, bool, String)> {
        let labels = Labels::read(text.as_bytes()).unwrap();
        let Rows::Packets(rows) = &labels.rows else { panic!("{labels:?}") };
        rows.iter().map(|row| (row.packet, row.attack, labels.said(row.said).kind)).collect()
    }

    fn windows(text: &str) -> Vec<(u64, u64, Said)> {
        let labels = Labels::read(text.as_bytes()).unwrap();
        let Rows::Windows(rows) = &labels.rows else { panic!("{labels:?}") };
        rows.iter().map(|row| (row.start_ns, row.end_ns, labels.said(row.said))).collect()
    }

    #[test]
    fn all_forms_of_packets_are_read() {
        assert_eq!(
            packets("1;0\n2;1\n\n7;1\n"),
            [(2, true, String::new()), (7, true, String::new())]
        );
        assert_eq!(packets("packet,label\r\n3,1\r\n4,0\r\n"), [(3, true, String::new())]);
        // In any order, of columns and of rows, and a row twice.
        let text = "label,attack,packet\n1,scan,9\n0,,4\n0,new-laptop,5\n1,scan,9\n1,scan,2\n";
        let expected = [(2, true, "scan"), (5, false, "new-laptop"), (9, true, "scan")];
        assert_eq!(packets(text), expected.map(|(n, attack, kind)| (n, attack, kind.to_owned())));
    }

    #[test]
    fn all_forms_of_windows_are_read() {
        let text = "start,end,attack,actor,target,points\n\
                    1.5,2,rogue-write,10.0.0.66,10.0.0.9 10.0.0.8,coil:1 analog-output:70000\n";
        let all = windows(text);
        let (start, end, said) = &all[0];
        assert_eq!((*start, *end), (1_500_000_000, 2_000_000_000));
        assert_eq!(
            (said.kind.as_str(), said.actors.len(), said.targets.len()),
            ("rogue-write", 1, 2)
        );
        let points: Vec<String> = said.points.iter().map(ToString::to_string).collect();
        assert_eq!(points, ["coil:1", "analog-output:70000"]);

        let text = "start_epoch,end_epoch,attack,host_a,host_b\n\
                    1472099163.158749,1472099165.8875391234,nmap,,\n\
                    9,10,flood,192.168.10.222,192.168.10.221\n";
        let all = windows(text);
        assert_eq!(all[1].0, 1_472_099_163_158_749_000);
        assert_eq!(all[1].1, 1_472_099_165_887_539_123);
        assert_eq!((all[0].2.hosts.len(), all[1].2.hosts.len()), (2, 0));
        assert_eq!(windows("start,end,attack\n"), []);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_line() {
        let table: &[(&[u8], u64, &str)] = &[
            (b"", 1, "want the columns"),
            (b"\n", 1, "want the columns"),
            (b"packet\n1\n", 1, "want the columns"),
            (b"start,end\n1,2\n", 1, "want the columns"),
            (b"packet,label,start,end,attack\n", 1, "want the columns"),
            (b"packet,label,atack\n1,1,x\n", 1, "unknown column `atack`"),
            (b"packet,label,label\n", 1, "column `label` is there twice"),
            (b"packet,label\n1,1\n2\n", 3, "1 columns: want 2"),
            (b"packet,label\n0,1\n", 2, "packet `0`"),
            (b"packet,label\n-1,1\n", 2, "packet `-1`"),
            (b"packet,label\n1,2\n", 2, "label `2`: want 0 or 1"),
            (
                b"packet,label,attack\n1,1,a\n5,1,b\n1,1,c\n",
                4,
                "packet 1 is labelled twice, and otherwise in line 2",
            ),
            (b"1;0\n2,1\n", 2, "`2,1`: want packet;label"),
            (b"1;0\n2;1;3\n", 2, "label `1;3`"),
            (b"start,end,attack\n2,1,x\n", 2, "ends at 1, before it starts at 2"),
            (b"start,end,attack\n2,1e9,x\n", 2, "time `1e9`"),
            (b"start,end,attack\n2.,3,x\n", 2, "time `2.`"),
            (b"start,end,attack\n2,99999999999999,x\n", 2, "time `99999999999999`"),
            (b"packet,label,actor\n1,1,master\n", 2, "host `master`: want an IP address"),
            (b"packet,label,points\n1,1,coil\n", 2, "point `coil`"),
            (b"packet,label,points\n1,1,spool:1\n", 2, "point `spool:1`"),
            (b"packet,label\n1,1\n\xff\xfe,1\n", 3, "no text in UTF-8"),
        ];
        for (text, line, what) in table {
            let error = Labels::read(text).unwrap_err();
            let shown = String::from_utf8_lossy(text);
            assert_eq!(error.line, *line, "{shown}: {error}");
            assert!(error.what.starts_with(what), "{shown}: {error}");
        }
    }
}
