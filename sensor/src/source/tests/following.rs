//! A folder that files come into and go from is read as they do.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::source::format::Order;
use crate::source::tests::samples::{ETHERNET, gzip, pcap, pcapng, zstandard};
use crate::source::tests::{Folder, Kept};
use crate::source::{CaptureNames, Follow, FollowOptions, FollowStats, LinkType, Source, Step};

/// Longer than any test waits.
const LOOKS: usize = 20_000;

/// A folder that is followed, and what came of it.
struct Followed {
    follow: Follow,
    names: CaptureNames,
    stop: Arc<AtomicBool>,
    remarks: Vec<String>,
}

impl Followed {
    fn new(folder: &Folder) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let options = FollowOptions { filter: None, reads: |link| link == LinkType(ETHERNET) };
        let follow = Follow::open(folder.path(), &options, Arc::clone(&stop)).unwrap();
        Self { names: follow.names(), follow, stop, remarks: Vec::new() }
    }

    /// The packets that come until nothing new does: which file, number there, octets.
    fn packets(&mut self) -> Vec<(String, u64, String)> {
        let (mut packets, mut quiet) = (Vec::new(), 0);
        while quiet < 2 {
            match self.follow.advance() {
                Step::Packet => {
                    packets.push(self.named(&Kept::of(&self.follow)));
                    quiet = 0;
                }
                Step::Idle(_) => quiet += 1,
                Step::End => panic!("it was not told to stop"),
            }
        }
        self.remarks.extend(self.follow.remarks());
        packets
    }

    fn named(&self, packet: &Kept) -> (String, u64, String) {
        let path = self.names.get(packet.capture).unwrap();
        let name = Path::new(&path).file_name().unwrap().to_str().unwrap();
        (name.to_owned(), packet.number, String::from_utf8(packet.octets.clone()).unwrap())
    }

    fn stats(&self) -> FollowStats {
        self.follow.stats()
    }

    /// Asserts that so many files were read and that this is all that was said, of which each has the
    /// words wanted.
    fn assert_said(&self, files: u64, lost: FollowStats, words: &[&str]) {
        assert_eq!(self.stats(), FollowStats { files, ..lost });
        assert_eq!(self.remarks.len(), words.len(), "{:?}", self.remarks);
        for (remark, words) in self.remarks.iter().zip(words) {
            assert!(remark.contains(words), "{remark}");
        }
    }
}

const NONE: FollowStats = FollowStats {
    files: 0,
    damaged: 0,
    unreadable: 0,
    begun_anew: 0,
    deleted: 0,
    grown: 0,
    waiting: 0,
};

/// A capture whose packets say this.
fn saying(words: &[&str]) -> Vec<u8> {
    let packets: Vec<(u32, &[u8])> = (1..).zip(words.iter().map(|word| word.as_bytes())).collect();
    pcap(&packets)
}

/// Says that the file was last written so many seconds after some time.
fn set_age(path: &Path, seconds: u64) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

/// Writes a capture that was last written then.
fn put(folder: &Folder, name: &str, seconds: u64, octets: &[u8]) {
    set_age(&folder.put(name, octets), seconds);
}

/// When the file was last written; if it is hidden, now.
fn modified(path: &Path) -> SystemTime {
    if path.ends_with(".tick") {
        fs::write(path, "now").unwrap();
    }
    fs::metadata(path).unwrap().modified().unwrap()
}

fn append(path: &Path, octets: &[u8]) {
    File::options().append(true).open(path).unwrap().write_all(octets).unwrap();
}

fn seen(file: &str, words: &[&str]) -> Vec<(String, u64, String)> {
    (1..).zip(words).map(|(n, word)| (file.to_owned(), n, (*word).to_owned())).collect()
}

#[test]
fn files_are_read_as_they_were_written_whatever_their_names() {
    let folder = Folder::new();
    put(&folder, "ring2", 1, &saying(&["a", "b"]));
    put(&folder, "ring0", 2, &saying(&["c"]));
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets(), [seen("ring2", &["a", "b"]), seen("ring0", &["c"])].concat());

    put(&folder, "ring1", 3, &saying(&["d", "e"]));
    fs::remove_file(folder.path().join("ring2")).unwrap();
    assert_eq!(followed.packets(), seen("ring1", &["d", "e"]));
    assert_eq!(followed.packets(), []);
    followed.assert_said(3, NONE, &[]);
}

#[test]
fn a_file_may_grow_by_any_octets_in_any_form() {
    let plain = [pcap(&[(1, b"first"), (2, b"second"), (3, b"")]), pcapng(Order::Big)];
    for whole in plain.iter().flat_map(|plain| [plain.clone(), gzip(plain), zstandard(plain)]) {
        let folder = Folder::new();
        let expected = folder.read_whole(&whole);
        fs::remove_file(folder.path().join("capture")).unwrap();
        let path = folder.put("growing", b"");
        let mut followed = Followed::new(&folder);
        let mut packets = Vec::new();
        for octet in &whole {
            append(&path, &[*octet]);
            packets.extend(followed.packets());
        }
        // What is left in a packer comes out when there is a newer file.
        put(&folder, "next", 4_000_000_000, &saying(&["x"]));
        packets.extend(followed.packets());
        let octets: Vec<_> = packets.iter().map(|(_, _, octets)| octets.as_bytes()).collect();
        let wanted: Vec<_> = expected.iter().map(|packet| packet.octets.as_slice()).collect();
        assert_eq!(octets, [wanted, vec![b"x"]].concat());
        followed.assert_said(2, NONE, &[]);
    }
}

#[test]
fn a_writer_killed_in_mid_packet_costs_that_packet() {
    let folder = Folder::new();
    let whole = saying(&["a", "b", "cut"]);
    put(&folder, "killed", 1, &whole[..whole.len() - 1]);
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets(), seen("killed", &["a", "b"]));
    // As long as there is no newer file, the rest may still come.
    followed.assert_said(1, NONE, &[]);
    put(&folder, "next", 2, &saying(&["d"]));
    assert_eq!(followed.packets(), seen("next", &["d"]));
    let lost = FollowStats { damaged: 1, ..NONE };
    followed.assert_said(2, lost, &["killed: cut off behind packet 2"]);
}

#[test]
fn a_damaged_file_costs_what_is_behind_the_damage() {
    let folder = Folder::new();
    let damaged = [saying(&["a"]), vec![0xff; 64], saying(&["never"])].concat();
    put(&folder, "damaged", 1, &damaged);
    put(&folder, "next", 2, &saying(&["b"]));
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets(), [seen("damaged", &["a"]), seen("next", &["b"])].concat());
    append(&folder.path().join("damaged"), b"more of that");
    assert_eq!(followed.packets(), []);
    let lost = FollowStats { damaged: 1, ..NONE };
    followed.assert_said(2, lost, &["damaged: damaged behind packet 1, and read no further"]);
}

#[test]
fn a_file_that_is_deleted_while_it_is_read_is_read_to_its_end() {
    let folder = Folder::new();
    let whole = saying(&["a", "b"]);
    let path = folder.put("file", &whole[..whole.len() - 3]);
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets(), seen("file", &["a"]));
    let mut writer = File::options().append(true).open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    writer.write_all(&whole[whole.len() - 3..]).unwrap();
    assert_eq!(followed.packets(), [("file".to_owned(), 2, "b".to_owned())]);
    put(&folder, "next", 4_000_000_000, &saying(&["c"]));
    assert_eq!(followed.packets(), seen("next", &["c"]));
    followed.assert_said(2, NONE, &[]);
}

#[test]
fn a_file_that_goes_away_unread_is_lost_and_said() {
    let folder = Folder::new();
    put(&folder, "first", 1, &saying(&["a"]));
    put(&folder, "second", 2, &saying(&["b"]));
    let mut followed = Followed::new(&folder);
    fs::remove_file(folder.path().join("first")).unwrap();
    assert_eq!(followed.packets(), seen("second", &["b"]));
    let lost = FollowStats { deleted: 1, ..NONE };
    followed.assert_said(1, lost, &["first: deleted or begun anew before it was read"]);
}

#[test]
fn a_file_begun_anew_while_it_is_read_is_read_anew() {
    let folder = Folder::new();
    let path = folder.put("ring0", &saying(&["a", "b"]));
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets(), seen("ring0", &["a", "b"]));
    // The same file for the system, with records that begin at the same octets: only its beginning
    // tells that what stands behind the second packet is not the third.
    fs::write(&path, saying(&["A", "B", "C"])).unwrap();
    assert_eq!(followed.packets(), seen("ring0", &["A", "B", "C"]));
    let lost = FollowStats { begun_anew: 1, ..NONE };
    followed.assert_said(2, lost, &["ring0: begun anew behind packet 2"]);
}

#[test]
fn names_that_wrap_are_other_files() {
    let folder = Folder::new();
    put(&folder, "ring0", 1, &saying(&["a"]));
    // Closed before there was a packet: all it has later is new.
    put(&folder, "ring1", 2, &saying(&[]));
    put(&folder, "ring2", 3, &saying(&["b"]));
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets(), [seen("ring0", &["a"]), seen("ring2", &["b"])].concat());
    put(&folder, "ring0", 4, &saying(&["c"]));
    assert_eq!(followed.packets(), seen("ring0", &["c"]));
    put(&folder, "ring1", 5, &saying(&["d"]));
    assert_eq!(followed.packets(), seen("ring1", &["d"]));
    followed.assert_said(5, NONE, &[]);
}

#[test]
fn nothing_is_read_twice_that_is_renamed_packed_or_touched() {
    let folder = Folder::new();
    let whole = saying(&["a", "b"]);
    put(&folder, "ring.pcap", 1, &whole);
    put(&folder, "next.pcap", 2, &saying(&["c"]));
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets().len(), 3);
    set_age(&folder.path().join("ring.pcap"), 5);
    put(&folder, "ring.pcap.gz", 1, &gzip(&whole));
    assert_eq!(followed.packets(), []);
    fs::rename(folder.path().join("ring.pcap"), folder.path().join("ring.pcap.1")).unwrap();
    assert_eq!(followed.packets(), []);
    followed.assert_said(2, NONE, &[]);
    // What was packed before it was read is read packed, and no loss.
    put(&folder, "other.pcap", 6, &saying(&["d"]));
    put(&folder, "late.pcap", 7, &saying(&["e"]));
    followed.follow.ring_for_tests().look().unwrap();
    fs::remove_file(folder.path().join("late.pcap")).unwrap();
    put(&folder, "late.pcap.gz", 7, &gzip(&saying(&["e"])));
    let read = [seen("other.pcap", &["d"]), seen("late.pcap.gz", &["e"])].concat();
    assert_eq!(followed.packets(), read);
    followed.assert_said(4, NONE, &[]);
}

#[test]
fn what_is_no_capture_is_said_once_and_costs_no_other() {
    let folder = Folder::new();
    put(&folder, "notes.txt", 1, b"Nothing to see here.");
    put(&folder, "empty", 2, b"");
    put(&folder, ".hidden", 3, b"Nothing to see here either.");
    fs::create_dir(folder.path().join("folder")).unwrap();
    put(&folder, "capture", 4, &saying(&["a"]));
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets(), seen("capture", &["a"]));
    append(&folder.path().join("notes.txt"), b" Really.");
    assert_eq!(followed.packets(), []);
    let lost = FollowStats { unreadable: 2, ..NONE };
    followed.assert_said(1, lost, &["notes.txt: is not a capture", "empty: is empty"]);
}

#[test]
fn a_file_that_grows_when_it_was_left_is_said_once() {
    let folder = Folder::new();
    put(&folder, "old", 1, &saying(&["a"]));
    put(&folder, "new", 2, &saying(&["b"]));
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets().len(), 2);
    for _ in 0..2 {
        append(&folder.path().join("old"), &saying(&["late"])[24..]);
        assert_eq!(followed.packets(), []);
    }
    let lost = FollowStats { grown: 1, ..NONE };
    followed.assert_said(2, lost, &["old: still grows although there are newer files"]);
}

#[test]
fn a_clock_that_was_put_back_hides_no_file() {
    let folder = Folder::new();
    put(&folder, "before", 3_600, &saying(&["a"]));
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets(), seen("before", &["a"]));
    put(&folder, "behind", 1, &saying(&["b"]));
    let found = (0..LOOKS).find(|_| followed.follow.advance() == Step::Packet);
    assert!(found.is_some());
    assert_eq!(followed.named(&Kept::of(&followed.follow)).0, "behind");
}

#[test]
fn packets_of_other_link_types_are_said() {
    let folder = Folder::new();
    let mut file = saying(&["a", "b"]);
    file[20..24].copy_from_slice(&147_u32.to_le_bytes());
    put(&folder, "user0", 1, &file);
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets().len(), 2);
    let said = "user0: packets are not read that have link type 147: left out from packet 1 on";
    followed.assert_said(1, NONE, &[said]);
}

#[test]
fn a_folder_is_wanted_and_a_stop_is_the_end() {
    let folder = Folder::new();
    let path = folder.put("file", &saying(&["a"]));
    let options = FollowOptions { filter: None, reads: |_| true };
    let error = Follow::open(&path, &options, Arc::default()).unwrap_err();
    assert!(error.to_string().ends_with("file: is no directory; its files are what is followed"));
    let mut followed = Followed::new(&folder);
    assert_eq!(followed.packets().len(), 1);
    followed.stop.store(true, Ordering::Relaxed);
    assert_eq!(followed.follow.advance(), Step::End);
    // Also a folder that goes away is waited for until then.
    let mut followed = Followed::new(&folder);
    fs::remove_dir_all(folder.path()).unwrap();
    assert_eq!(followed.packets().len(), 0);
    assert!(followed.remarks.iter().any(|remark| remark.contains("waiting for it")));
}

#[test]
fn a_ring_that_rotates_while_it_is_read_loses_nothing_unsaid() {
    const FILES: u32 = 40;
    let folder = Folder::new();
    let path = folder.path().to_owned();
    let writer = thread::spawn(move || {
        for file in 0..FILES {
            let name = path.join(format!("ring{}", file % 5));
            let _ = fs::remove_file(&name);
            let mut out = File::create(&name).unwrap();
            let words: Vec<String> = (0..20).map(|n| format!("{file} {n}")).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            // In pieces that end anywhere, and with time for the reader in between.
            for piece in saying(&words).chunks(97) {
                out.write_all(piece).unwrap();
                thread::yield_now();
            }
            // Files are told apart by the file system's clock, whose steps are long for a test.
            let (ticking, written) = (path.join(".tick"), modified(&name));
            while modified(&ticking) <= written {
                thread::yield_now();
            }
        }
    });
    let mut followed = Followed::new(&folder);
    let mut packets = Vec::new();
    for _ in 0..LOOKS {
        packets.extend(followed.packets());
        if packets.last().is_some_and(|(_, _, last)| *last == format!("{} 19", FILES - 1)) {
            break;
        }
    }
    writer.join().unwrap();
    assert_eq!(packets.last().unwrap().2, format!("{} 19", FILES - 1));
    let number = |(_, number, word): &(String, u64, String)| {
        let (file, n) = word.split_once(' ').unwrap();
        assert_eq!(n.parse::<u64>().unwrap() + 1, *number, "its number in its file");
        (file.parse::<u32>().unwrap(), *number)
    };
    let read: Vec<_> = packets.iter().map(number).collect();
    assert!(read.is_sorted() && read.windows(2).all(|pair| pair[0] != pair[1]), "{read:?}");
    // A file that was begun was open, and so is read to its end.
    let mut begun: Vec<_> = read.iter().map(|(file, _)| *file).collect();
    begun.dedup();
    assert_eq!(read.len(), begun.len() * 20);
    assert_eq!(followed.stats().damaged, 0, "{:?}", followed.remarks);
}
