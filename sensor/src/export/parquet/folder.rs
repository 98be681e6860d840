//! Where rows go: four tables in a folder for each capture.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::fast::RandomState;
use gridtap_models::event::{Event, Place, Stage};

use super::table::{self, Table, Written};
use super::tap::{Item, What};
use super::{alerts, events, messages, points};
use crate::alert::Alert;
use crate::sink::SinkError;

/// Octets of all tables that may wait for their row groups to end; where there are more, the largest ends.
const WAITING_OCTETS: usize = 64 << 20;

/// Endings that a folder is not named by: how the capture is packed, and then its form.
const ENDINGS: [&[&str]; 2] = [&["gz", "zst"], &["pcap", "pcapng", "cap"]];

/// How many rows were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Of messages.
    pub messages: u64,
    /// Of events.
    pub events: u64,
    /// Of points.
    pub points: u64,
    /// Of alerts.
    pub alerts: u64,
}

/// The folders, while they are written.
#[derive(Debug)]
pub struct Folders {
    /// By index of the capture.
    captures: Vec<Folder>,
    /// Index of the first capture of a name, as it was given.
    named: BTreeMap<String, usize>,
    /// Octets of all tables that may wait for their row groups to end.
    room_octets: usize,
    /// Requests that have not ended: the capture, and their number there.
    open: HashMap<Place, (u16, u64), RandomState>,
    /// What went wrong first; nothing is written from there on.
    failed: Option<SinkError>,
}

#[derive(Debug)]
struct Folder {
    capture: Arc<str>,
    messages: Table<messages::Row>,
    events: Table<events::Row>,
    points: Table<points::Row>,
    alerts: Table<alerts::Row>,
}

impl Folders {
    /// What the folders of captures at `paths` are called.
    ///
    /// # Errors
    ///
    /// If two would have one name, or one cannot have a name: what to say to whoever named them.
    pub fn names(paths: &[PathBuf]) -> Result<Vec<String>, String> {
        let mut taken: BTreeMap<String, &Path> = BTreeMap::new();
        for path in paths {
            let name = name(path)
                .ok_or_else(|| format!("{}: no folder can be named like it", path.display()))?;
            if let Some(other) = taken.insert(name.clone(), path) {
                return Err(format!(
                    "{} and {} would both be in the folder {name}: export them one by one",
                    other.display(),
                    path.display(),
                ));
            }
        }
        Ok(paths.iter().filter_map(|path| name(path)).collect())
    }

    /// Begins tables in `folder`, which is made if it is not there, for captures with these `names`; `given` is what
    /// alerts call them.
    ///
    /// # Errors
    ///
    /// If a folder cannot be made, or has one of the tables already: what was read from one capture must not be taken
    /// for that of another.
    pub fn begin(folder: &Path, names: &[String], given: &[String]) -> Result<Self, SinkError> {
        make(folder)?;
        let places: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
        for place in &places {
            make(place)?;
            refuse_there::<messages::Row>(place)?;
            refuse_there::<events::Row>(place)?;
            refuse_there::<points::Row>(place)?;
            refuse_there::<alerts::Row>(place)?;
        }
        let captures = places.iter().zip(names).map(|(place, name)| {
            Ok(Folder {
                capture: Arc::from(name.as_str()),
                messages: Table::begin(place)?,
                events: Table::begin(place)?,
                points: Table::begin(place)?,
                alerts: Table::begin(place)?,
            })
        });
        let captures = captures.collect::<Result<_, _>>()?;
        let by_name = given.iter().enumerate().rev().map(|(index, name)| (name.clone(), index));
        Ok(Self {
            captures,
            named: by_name.collect(),
            room_octets: WAITING_OCTETS,
            open: HashMap::default(),
            failed: None,
        })
    }

    /// The files that have not got their names yet.
    #[must_use]
    pub fn parts(&self) -> Vec<PathBuf> {
        let parts = self.captures.iter().flat_map(|folder| {
            [
                folder.messages.part(),
                folder.events.part(),
                folder.points.part(),
                folder.alerts.part(),
            ]
        });
        parts.flatten().map(Path::to_owned).collect()
    }

    /// Writes what was taken out next; whether more can be written.
    pub fn take(&mut self, item: Item) -> bool {
        match item.what {
            What::Message(mut row) => self.write(row.index, |folder| {
                row.capture = Arc::clone(&folder.capture);
                folder.messages.push(&row)
            }),
            What::Event { event, ends } => self.event(*event, ends),
            What::GivenUp(_) => {}
        }
        self.failed.is_none()
    }

    fn event(&mut self, event: Event, ends: Option<Place>) {
        let index = event.packet.capture;
        let Some(folder) = self.captures.get(usize::from(index)) else { return };
        let number = folder.events.rows();
        if event.stage == Stage::Requested {
            self.open.insert(event.place, (index, number));
        }
        let asked = ends.and_then(|place| self.open.remove(&place));
        let request = asked.filter(|(capture, _)| *capture == index).map(|(_, number)| number);
        self.write(index, |folder| {
            let capture = Arc::clone(&folder.capture);
            let mut grown = false;
            for row in points::rows(&event, number, &capture) {
                grown |= folder.points.push(&row)?;
            }
            let row = events::Row { capture, number, event, request };
            Ok(folder.events.push(&row)? || grown)
        });
    }

    /// Writes an alert, if this is its last revision; whether more can be written.
    pub fn alert(&mut self, alert: Alert) -> bool {
        if alert.last {
            let named = alert.capture.as_ref().and_then(|name| self.named.get(name));
            let index = named.and_then(|index| u16::try_from(*index).ok()).unwrap_or(0);
            let further = self.further(&alert);
            self.write(index, |folder| {
                let row = alerts::Row { capture: Arc::clone(&folder.capture), alert, further };
                folder.alerts.push(&row)
            });
        }
        self.failed.is_none()
    }

    /// The packets of an alert in other captures, by the folders of those.
    fn further(&self, alert: &Alert) -> Vec<(Arc<str>, u64)> {
        let known = alert.further_packets.iter().filter_map(|further| {
            let folder = self.captures.get(*self.named.get(&further.capture)?)?;
            Some((&folder.capture, &further.packets))
        });
        known
            .flat_map(|(capture, all)| all.iter().map(|packet| (Arc::clone(capture), *packet)))
            .collect()
    }

    fn write(&mut self, index: u16, row: impl FnOnce(&mut Folder) -> Result<bool, SinkError>) {
        let Some(folder) = self.captures.get_mut(usize::from(index)) else { return };
        if self.failed.is_none() {
            let done = row(folder).and_then(|grown| if grown { self.make_room() } else { Ok(()) });
            self.failed = done.err();
        }
    }

    /// Ends row groups, the largest first, until not too much waits.
    fn make_room(&mut self) -> Result<(), SinkError> {
        let room_octets = self.room_octets;
        loop {
            let mut tables: Vec<&mut dyn Waiting> =
                self.captures.iter_mut().flat_map(Folder::tables).collect();
            let all = tables.iter().map(|table| table.octets()).fold(0, usize::saturating_add);
            let largest = tables.iter_mut().max_by_key(|table| table.octets());
            match largest {
                Some(table) if all > room_octets && table.octets() > 0 => table.end_group()?,
                _ => return Ok(()),
            }
        }
    }

    /// Writes what is left, and gives all files their names.
    ///
    /// # Errors
    ///
    /// What went wrong first. No file is left half written.
    pub fn finish(self) -> Result<Rows, SinkError> {
        self.failed.map_or(Ok(()), Err)?;
        let mut rows = Rows::default();
        let mut written = Vec::new();
        for folder in self.captures {
            let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
            add(&mut rows.messages, folder.messages.rows());
            add(&mut rows.events, folder.events.rows());
            add(&mut rows.points, folder.points.rows());
            add(&mut rows.alerts, folder.alerts.rows());
            written.push(folder.messages.finish()?);
            written.push(folder.events.finish()?);
            written.push(folder.points.finish()?);
            written.push(folder.alerts.finish()?);
        }
        written.into_iter().try_for_each(Written::commit)?;
        Ok(rows)
    }
}

impl Folder {
    fn tables(&mut self) -> [&mut dyn Waiting; 4] {
        [&mut self.messages, &mut self.events, &mut self.points, &mut self.alerts]
    }
}

/// A table of any rows, as long as it is only asked for room.
trait Waiting {
    fn octets(&self) -> usize;
    fn end_group(&mut self) -> Result<(), SinkError>;
}

impl<R: table::Row> Waiting for Table<R> {
    fn octets(&self) -> usize {
        self.waiting_octets()
    }

    fn end_group(&mut self) -> Result<(), SinkError> {
        self.end_group()
    }
}

/// A capture's name without its endings.
fn name(path: &Path) -> Option<String> {
    if path == Path::new("-") {
        return Some("stdin".to_owned());
    }
    let mut name = path.file_name()?.to_string_lossy().into_owned();
    for endings in ENDINGS {
        let bare = name
            .rsplit_once('.')
            .filter(|(_, ending)| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)));
        if let Some((bare, _)) = bare.filter(|(bare, _)| !bare.is_empty()) {
            name = bare.to_owned();
        }
    }
    Some(name)
}

/// Makes a folder, if it is not there.
fn make(folder: &Path) -> Result<(), SinkError> {
    let made = match fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(io::Error::from(ErrorKind::NotADirectory))
        }
        made => made,
    };
    made.map_err(|source| SinkError { name: folder.display().to_string(), source })
}

fn refuse_there<R: table::Row>(folder: &Path) -> Result<(), SinkError> {
    let path = table::file::<R>(folder);
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let source =
        io::Error::other("is there already: remove it, or name another folder with --parquet");
    Err(SinkError { name: path.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use parquet::file::metadata::RowGroupMetaData;
    use parquet::file::reader::FileReader;
    use parquet::file::serialized_reader::SerializedFileReader;

    use super::*;
    use crate::alert::sample;

    #[test]
    fn row_groups_end_where_there_is_no_room_for_more() {
        let folder = tempfile::tempdir().unwrap();
        for (room_octets, groups) in [(WAITING_OCTETS, 1), (0, 3)] {
            let (names, given) = (["c".to_owned()], ["c.pcap".to_owned()]);
            let out = folder.path().join(room_octets.to_string());
            let mut folders = Folders::begin(&out, &names, &given).unwrap();
            folders.room_octets = room_octets;
            for _ in 0..5_000 {
                assert!(folders.alert(Alert { last: true, ..sample() }));
                assert!(folders.alert(Alert { last: false, ..sample() }));
            }
            assert!(!out.join("c/alerts.parquet").exists());
            assert_eq!(folders.parts().len(), 4);
            let rows = Rows { alerts: 5_000, ..Rows::default() };
            assert_eq!(folders.finish().unwrap(), rows);
            let file = fs::File::open(out.join("c/alerts.parquet")).unwrap();
            let found = SerializedFileReader::new(file).unwrap();
            let found = found.metadata().row_groups().iter().map(RowGroupMetaData::num_rows);
            let found: Vec<i64> = found.collect();
            assert_eq!((found.len(), found.iter().sum()), (groups, 5_000), "{room_octets}");
            assert_eq!(fs::read_dir(out.join("c")).unwrap().count(), 4);
        }
    }

    #[test]
    fn a_table_that_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (names, given) = (["c".to_owned()], ["c.pcap".to_owned()]);
        let mut folders = Folders::begin(folder.path(), &names, &given).unwrap();
        folders.failed = Some(SinkError { name: "c".to_owned(), source: io::Error::other("full") });
        assert!(!folders.alert(Alert { last: true, ..sample() }));
        assert_eq!(folders.finish().unwrap_err().to_string(), "c: full");
        assert_eq!(fs::read_dir(folder.path().join("c")).unwrap().count(), 0);
    }

    #[test]
    fn folders_are_named_like_captures_without_their_endings() {
        let table = [
            ("a/demo.pcap.zst", "demo"),
            ("demo.pcapng", "demo"),
            ("monday.1.PCAP.gz", "monday.1"),
            ("ring.pcap0007", "ring.pcap0007"),
            (".pcap", ".pcap"),
            ("-", "stdin"),
        ];
        for (path, folder) in table {
            assert_eq!(name(Path::new(path)).as_deref(), Some(folder), "{path}");
        }
        let twice = Folders::names(&["a/x.pcap".into(), "b/x.pcapng".into()]).unwrap_err();
        assert_eq!(
            twice,
            "a/x.pcap and b/x.pcapng would both be in the folder x: export them one by one"
        );
        assert!(Folders::names(&["..".into()]).is_err());
    }
}
