//! Files that appear whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is left to do when all is written: give the file its name.
#[derive(Debug)]
#[must_use]
pub struct Finished {
    file: File,
    /// Where it is written and what it will be called; nothing where it is written in place.
    rename: Option<(PathBuf, PathBuf)>,
}

impl Finished {
    /// Where it is written until then, unless in place.
    pub(crate) fn part(&self) -> Option<&Path> {
        self.rename.as_ref().map(|(part, _)| part.as_path())
    }

    /// Makes the file durable and gives it its name.
    ///
    /// # Errors
    ///
    /// If the octets cannot be made durable, or the file cannot be renamed.
    pub fn commit(mut self) -> io::Result<()> {
        if let Some((from, to)) = &self.rename {
            self.file.sync_all()?;
            fs::rename(from, to)?;
        }
        // It has its name: there is nothing left to clear away.
        self.rename = None;
        Ok(())
    }
}

impl Drop for Finished {
    /// Whoever did not commit leaves nothing behind.
    fn drop(&mut self) {
        if let Some((from, _)) = self.rename.take() {
            // Nothing more can be done if this fails, and the name says that it is a part.
            let _ = fs::remove_file(from);
        }
    }
}

/// Begins a file that gets its name when it is finished.
///
/// What is there already and is no plain file (a pipe, a terminal) is written in place.
pub(crate) fn begin(path: &Path) -> io::Result<(File, Finished)> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        let file = OpenOptions::new().write(true).open(path)?;
        let handle = file.try_clone()?;
        return Ok((file, Finished { file: handle, rename: None }));
    }
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(format!(".part-{}", std::process::id()));
    let part = path.with_file_name(name);
    let file = File::create(&part)?;
    let handle = file.try_clone()?;
    Ok((file, Finished { file: handle, rename: Some((part, path.to_owned())) }))
}

/// Writes a file that appears whole or not at all.
///
/// # Errors
///
/// If it cannot be created, written, made durable or renamed.
pub fn write_whole(path: &Path, octets: &[u8]) -> io::Result<()> {
    let (mut file, finished) = begin(path)?;
    file.write_all(octets)?;
    finished.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");

        let (mut file, finished) = begin(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(finished);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        write_whole(&path, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_get_its_name_leaves_no_part_of_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let (_, finished) = begin(&path).unwrap();
        // A folder of that name, with something in it, cannot be replaced.
        fs::create_dir_all(path.join("taken")).unwrap();
        assert!(finished.commit().is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        assert!(write_whole(Path::new("/no/such/folder/file"), b"x").is_err());
    }
}
