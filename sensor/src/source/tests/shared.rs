//! Real captures are read to the packet, where there are any.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::source::tests::drain;
use crate::source::{CaptureFile, Merged};

fn shared() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    env::var_os("GRIDTAP_SHARED").map_or_else(beside, PathBuf::from)
}

#[test]
fn captures_have_as_many_packets_as_their_catalogue_says() {
    let folder = shared().join("captures");
    let Ok(catalogue) = fs::read_to_string(folder.join("catalogue.tsv")) else {
        println!("skipped: no captures; set GRIDTAP_SHARED to a folder that has some");
        return;
    };
    let mut read = 0;
    for line in catalogue.lines().skip(1) {
        let fields: Vec<_> = line.split('\t').collect();
        let (name, expected) = (fields[0], fields[5]);
        if !name.starts_with("modbus/") && !name.starts_with("dnp3/") {
            continue;
        }
        let mut file = CaptureFile::open(&folder.join(name), 0).unwrap();
        let packets = drain(&mut file).len();
        assert_eq!(packets.to_string(), expected, "{name}: {:?}", file.warning());
        let mut merged = Merged::new(vec![CaptureFile::open(&folder.join(name), 0).unwrap()]);
        assert_eq!(drain(&mut merged).len(), packets, "{name}");
        read += 1;
    }
    println!("{read} captures read");
    assert!(read > 0);
}
