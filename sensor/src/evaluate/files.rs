//! The label files of a capture: named, or found beside it.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::labels::{Labels, Rows};
use super::report::{LabelFile, hex};
use super::truth::LabelSet;

/// The labels of a capture, and what files they came from.
#[derive(Clone, Debug, Default)]
pub struct LabelFiles {
    /// The labels.
    pub set: LabelSet,
    /// The file of labels of packets, to say what is wrong with it.
    pub packets: PathBuf,
    /// The files, for the result.
    pub files: Vec<LabelFile>,
}

impl LabelFiles {
    /// Reads the labels in `labels`, and in `windows` if there are such.
    ///
    /// # Errors
    ///
    /// The file, and the line, that cannot be read, and why.
    pub fn named(labels: &Path, windows: Option<&Path>) -> Result<Self, String> {
        let mut found = Self::default();
        found.add(labels, false)?;
        if let Some(windows) = windows {
            found.add(windows, false)?;
        }
        Ok(found)
    }

    /// Reads the labels that lie beside `capture`; nothing if there are none.
    ///
    /// # Errors
    ///
    /// As for [`named`](Self::named).
    pub fn beside(capture: &Path) -> Result<Option<Self>, String> {
        let mut found = Self::default();
        for ending in [".labels.csv", "_labeled.csv", ".windows.csv", ".lookalikes.csv"] {
            let path = beside(capture, ending);
            match fs::metadata(&path) {
                Ok(_) => found.add(&path, ending == ".lookalikes.csv")?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{}: {error}", path.display())),
            }
        }
        Ok((!found.files.is_empty()).then_some(found))
    }

    fn add(&mut self, path: &Path, lookalikes: bool) -> Result<(), String> {
        let name = path.display();
        let (labels, octets) = read(path)?;
        let (rows, place) = match (&labels.rows, lookalikes) {
            (Rows::Packets(_), false) => {
                path.clone_into(&mut self.packets);
                ("packets", &mut self.set.packets)
            }
            (Rows::Windows(_), false) => ("windows", &mut self.set.windows),
            (Rows::Windows(_), true) => ("lookalikes", &mut self.set.lookalikes),
            (Rows::Packets(_), true) => return Err(format!("{name}: line 1: want windows")),
        };
        if place.is_some() {
            return Err(format!("{name}: there are labels of {rows} for this capture already"));
        }
        *place = Some(labels);
        let sha256 = hex(Sha256::digest(&octets).into());
        self.files.push(LabelFile { name: Some(name.to_string()), rows, sha256 });
        Ok(())
    }
}

/// Reads the labels in a file.
///
/// # Errors
///
/// The file, and the line, that cannot be read, and why.
pub fn labels(path: &Path) -> Result<Labels, String> {
    read(path).map(|(labels, _)| labels)
}

fn read(path: &Path) -> Result<(Labels, Vec<u8>), String> {
    let name = path.display();
    let octets = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let labels = Labels::read(&octets).map_err(|error| format!("{name}: {error}"))?;
    Ok((labels, octets))
}

/// What lies beside a capture: its name without what says how it is written, and another ending.
#[must_use]
pub fn beside(capture: &Path, ending: &str) -> PathBuf {
    let mut stem = capture.to_owned();
    for known in [&["gz", "zst"][..], &["pcap", "pcapng", "cap"][..]] {
        if stem.extension().and_then(OsStr::to_str).is_some_and(|it| known.contains(&it)) {
            stem.set_extension("");
        }
    }
    let mut name = stem.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    stem.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lie_beside_a_capture_however_it_is_written() {
        for capture in ["a/b.c.pcap", "a/b.c.pcapng.zst", "a/b.c.cap.gz", "a/b.c.zst", "a/b.c"] {
            assert_eq!(beside(Path::new(capture), ".labels.csv"), Path::new("a/b.c.labels.csv"));
        }
    }

    #[test]
    fn all_that_lies_there_is_read_and_what_is_wrong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let capture = folder.path().join("day.pcap");
        assert!(LabelFiles::beside(&capture).unwrap().is_none());
        put("day.labels.csv", "packet,label,attack\n3,1,scan\n");
        put("day.windows.csv", "start,end,attack\n3,4,scan\n");
        let found = LabelFiles::beside(&capture).unwrap().unwrap();
        assert!(found.set.packets.is_some() && found.set.windows.is_some());
        let rows: Vec<&str> = found.files.iter().map(|file| file.rows).collect();
        assert_eq!(rows, ["packets", "windows"]);
        put("day.windows.csv", "start,end,attack\n5,4,scan\n");
        let error = LabelFiles::beside(&capture).unwrap_err();
        assert!(
            error.ends_with("day.windows.csv: line 2: ends at 4, before it starts at 5"),
            "{error}"
        );
        let labels = folder.path().join("day.labels.csv");
        let twice = LabelFiles::named(&labels, Some(&labels)).unwrap_err();
        assert!(twice.ends_with("there are labels of packets for this capture already"), "{twice}");
    }
}
