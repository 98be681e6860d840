//! What ARCHITECTURE.md promises of the source, and no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};

/// All Rust files below a folder of the workspace.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// Whether a line names the crate `pcap`, and not `pcap_parser` or our own `file::pcap`.
fn names_pcap(line: &str) -> bool {
    line.match_indices("pcap::")
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

#[test]
fn only_the_capture_step_names_libpcap() {
    let naming = |path: &PathBuf| fs::read_to_string(path).unwrap().lines().any(names_pcap);
    let (inside, outside): (Vec<_>, Vec<_>) = ["sensor/src", "parsers/src", "models/src"]
        .into_iter()
        .flat_map(sources)
        .filter(naming)
        .partition(|path| path.to_string_lossy().contains("sensor/src/source/"));
    assert!(outside.is_empty(), "{outside:?}");
    assert!(!inside.is_empty(), "the search finds what is there");
}
