//! All seeds of the fuzz targets, and what fuzzers ever found, replayed without a fuzzer.

use std::fs;
use std::path::Path;

use gridtap_properties::TARGETS;

/// One test in a program of its own, so that the memory counted is that of one property.
#[test]
fn all_seeds_hold() {
    for target in TARGETS {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../parsers/fuzz/seeds").join(target.name);
        let mut seeds = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let octets = fs::read(&path).unwrap();
            assert!(octets.len() <= 4_096, "{} is large", path.display());
            let held = std::panic::catch_unwind(|| (target.holds)(&octets));
            assert!(held.is_ok(), "does not hold for {}", path.display());
            seeds += 1;
        }
        assert!(seeds >= 2, "{} has no seeds", target.name);
        // What no file needs to say.
        (target.holds)(&[]);
        (target.holds)(&[0; 3_000]);
        (target.holds)(&[0xff; 3_000]);
    }
}
