//! The seeds of the fuzz targets: those that are made by the encoders (`made.rs`) are the committed ones, and
//! `GRIDTAP_BLESS=1` writes them anew. The others are what a fuzzer found: `crash-` and what it was.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made;
mod sensor;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use gridtap_properties::TARGETS;

fn fuzz() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../parsers/fuzz")
}

/// Names of the files in a folder, without what follows their dot.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(fuzz().join(folder)).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()
    };
    entries.map(name).collect()
}

#[test]
fn made_seeds_are_the_committed_ones() {
    for (target, name, octets) in made::seeds() {
        let path = fuzz().join("seeds").join(target).join(name);
        if std::env::var_os("GRIDTAP_BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &octets).unwrap();
        }
        let committed = fs::read(&path);
        assert!(committed.is_ok_and(|seed| seed == octets), "{} has changed", path.display());
    }
}

#[test]
fn each_target_can_be_fuzzed() {
    let all: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names("fuzz_targets"), all);
    assert_eq!(names("seeds"), all);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in all {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in Cargo.toml");
    }
}
