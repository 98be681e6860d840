//! What is opened, refused, counted and digested.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use sha2::{Digest, Sha256};

use crate::source::input::refusal;
use crate::source::tests::samples::{gzip, pcap, pcapng, zstandard};
use crate::source::tests::{Folder, drain};
use crate::source::{CaptureFile, Source, SourceError, Span, Step, span};

#[test]
fn packing_is_told_by_its_magic_number_and_may_have_several_parts() {
    let folder = Folder::new();
    let plain = pcap(&[(1, b"first"), (2, b"second"), (3, b"third")]);
    let whole = folder.read_whole(&plain);
    let (left, right) = plain.split_at(50);
    let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0], &b"abc"[..]].concat();
    let table: [(&str, Vec<u8>); 5] = [
        ("gzip", gzip(&plain)),
        ("gzip in two members", [gzip(left), gzip(right)].concat()),
        ("zstd", zstandard(&plain)),
        ("zstd in two frames", [zstandard(left), zstandard(right)].concat()),
        ("zstd behind a skippable frame", [skippable, zstandard(&plain)].concat()),
    ];
    for (name, packed) in table {
        assert_eq!(folder.read_whole(&packed), whole, "{name}");
    }
}

#[test]
fn a_refusal_names_the_file_and_says_what_is_wrong() {
    let folder = Folder::new();
    let missing = folder.path().join("missing");
    let table: [(PathBuf, &str); 8] = [
        (missing, "missing: no such file"),
        (folder.path().to_owned(), ": is a directory, not a capture: name the files in it"),
        (folder.put("empty", b""), "empty: is empty"),
        (folder.put("empty.gz", &gzip(b"")), "empty.gz: is empty"),
        (
            folder.put("notes.pcap", b"Dear diary,\n"),
            "notes.pcap: is not a capture (pcap or pcapng): it begins with \
             44 65 61 72 20 64 69 61 72 79 2c 0a",
        ),
        (
            folder.put("notes.zst", &zstandard(b"Hi")),
            "notes.zst: is not a capture (pcap or pcapng): it begins with 48 69",
        ),
        (
            folder.put("no-order", &[0x0a, 0x0d, 0x0d, 0x0a, 1, 1, 1, 1, 2, 2, 2, 2]),
            "no-order: is not a capture (pcap or pcapng): it begins with \
             0a 0d 0d 0a 01 01 01 01 02 02 02 02",
        ),
        (folder.put("bad.gz", &[0x1f, 0x8b, 0x07, 0, 0, 0]), "bad.gz: cannot be read: "),
    ];
    for (path, expected) in table {
        let text = CaptureFile::open(&path, 0).unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
        assert!(text.starts_with(path.to_str().unwrap()), "{text}");
    }
    let denied = refusal("x.pcap".into(), io::ErrorKind::PermissionDenied.into());
    assert_eq!(denied.to_string(), "x.pcap: no permission to read it");
}

#[test]
fn a_pipe_is_read_as_it_comes() {
    let folder = Folder::new();
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let writer = thread::spawn({
        let path = path.clone();
        move || {
            let mut pipe = fs::File::options().write(true).open(path).unwrap();
            for octet in pcapng(crate::source::format::Order::Big) {
                io::Write::write_all(&mut pipe, &[octet]).unwrap();
            }
        }
    });
    assert!(matches!(span(std::slice::from_ref(&path)), Err(SourceError::ReadOnce { .. })));
    let mut file = CaptureFile::open(&path, 0).unwrap();
    assert_eq!(file.progress().octets_total, None);
    assert_eq!(drain(&mut file).len(), 3);
    assert_eq!(file.warning(), None);
    writer.join().unwrap();
}

#[test]
fn progress_is_that_of_the_packed_file() {
    let folder = Folder::new();
    let packed = gzip(&pcap(&[(1, b"first"), (2, b"second")]));
    let octets = packed.len() as u64;
    let mut file = CaptureFile::open(&folder.put("capture", &packed), 0).unwrap();
    assert_eq!(file.advance(), Step::Packet);
    assert_eq!(file.progress().packets, 1);
    drain(&mut file);
    let progress = file.progress();
    assert_eq!((progress.octets_read, progress.octets_total), (octets, Some(octets)));
    assert_eq!(progress.packets, 2);
}

#[test]
fn a_digest_is_that_of_the_file_as_it_is() {
    let folder = Folder::new();
    let plain = pcap(&[(1, b"first"), (2, b"second")]);
    let damaged = [plain.clone(), vec![0xff; 500_000]].concat();
    for octets in [gzip(&plain), zstandard(&plain), plain, damaged] {
        let path = folder.put("capture", &octets);
        let mut file = CaptureFile::open_with_digest(&path, 0).unwrap();
        drain(&mut file);
        let expected: [u8; 32] = Sha256::digest(&octets).into();
        assert_eq!(file.digest().unwrap(), Some(expected));
        assert_eq!(file.digest().unwrap(), Some(expected), "asked again");

        let mut file = CaptureFile::open(&path, 0).unwrap();
        assert_eq!(file.digest().unwrap(), None);
    }
}

#[test]
fn a_span_covers_all_captures_whatever_the_order_in_them() {
    let folder = Folder::new();
    let first = folder.put("first", &pcap(&[(20, b"x"), (10, b"y")]));
    let second = folder.put("second", &gzip(&pcap(&[(15, b"x"), (30, b"y"), (25, b"z")])));
    let none = folder.put("none", &pcap(&[]));
    let expected = Span { first_ns: 10_000_000_000, last_ns: 30_000_000_000, packets: 5 };
    assert_eq!(span(&[first, none.clone(), second]).unwrap(), Some(expected));
    assert_eq!(span(&[none]).unwrap(), None);
    assert!(matches!(span(&["-".into()]), Err(SourceError::ReadOnce { .. })));
    let text = span(&[Path::new("-").into()]).unwrap_err().to_string();
    assert!(text.starts_with("standard input: can be read only once"), "{text}");
}
