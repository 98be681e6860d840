//! What cannot be done is refused in one line that names it, with the promised exit status and no half output.

use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use gridtap_captures::capture::Capture;
use gridtap_captures::file::{Interface, Order, pcapng};
use gridtap_captures::frame::LinkType;
use gridtap_captures::scene::Scene;

use crate::files::{START_NS, cut_behind, demo, gzip, octets, odd, write};
use crate::run::{DEMO, Ended, end, end_with_input, gridtap, printed, sheltered};

/// Arguments, exit status, and what the one line on standard error has to name.
pub(crate) type Row = (&'static str, i32, &'static [&'static str]);

#[test]
fn captures_that_cannot_be_read_are_refused_with_status_3() {
    let table: &[Row] = &[
        ("text.pcap", 3, &["text.pcap: is not a capture", "68 65 6c 6c 6f"]),
        ("empty.pcap", 3, &["empty.pcap: is empty"]),
        ("hollow.gz", 3, &["hollow.gz: is empty"]),
        ("link.pcap", 3, &["link.pcap: packets of link type 147 are not read"]),
        ("folder", 3, &["folder: is a directory"]),
        ("missing.pcap", 3, &["missing.pcap: no such file"]),
        ("no/missing.pcap", 3, &["no/missing.pcap: no such file"]),
    ];
    for (capture, status, parts) in table {
        for command in [
            "replay --alerts out",
            "replay --learn-for 5m --alerts out",
            "learn -o out",
            "messages",
            "messages --format zeek --out logs",
        ] {
            assert_refused(&format!("{command} {capture}"), *status, parts);
        }
    }
}

#[test]
fn wrong_use_is_refused_with_status_2() {
    let table: &[Row] = &[
        ("", 2, &["gridtap"]),
        ("replay", 2, &["<CAPTURE>"]),
        ("replay --nope good.pcap", 2, &["--nope"]),
        ("replay --learn-for 5x good.pcap", 2, &["--learn-for", "`5x`", "a number and a unit"]),
        ("replay --learn-for m good.pcap", 2, &["--learn-for", "`m`"]),
        ("replay --learn-for -5m good.pcap", 2, &["-5"]),
        ("replay --shards 0 good.pcap", 2, &["--shards", "1..=64"]),
        ("replay --fail-on grave good.pcap", 2, &["--fail-on", "`grave`", "critical"]),
        ("replay --format xml good.pcap", 2, &["--format", "xml"]),
        ("replay --format eve good.pcap", 2, &["--format", "eve", "jsonl"]),
        ("messages --format zeek good.pcap", 2, &["--format zeek", "--out DIR"]),
        ("messages --format xml good.pcap", 2, &["--format", "xml", "zeek-json"]),
        (
            "replay --baseline good.baseline --learn-for 5m good.pcap",
            2,
            &["--baseline", "--learn-for"],
        ),
        ("learn good.pcap", 2, &["--output"]),
        ("learn -o out -i lo", 2, &["--for"]),
        ("watch", 2, &["--interface"]),
        ("watch -i lo --follow folder", 2, &["--interface", "--follow"]),
        ("learn -o out --follow folder", 2, &["--for"]),
        ("doctor", 2, &["--interface"]),
        ("baseline show", 2, &["<FILE>"]),
        ("baseline approve good.baseline", 2, &["--alert"]),
        (
            "baseline approve --alert a1 --alerts alerts.jsonl good.baseline --during \
             2026-01-02T00:00:00Z..2026-01-01T00:00:00Z",
            2,
            &["--during", "ends before it begins"],
        ),
        ("baseline diff good.baseline", 2, &["<NEW>"]),
        ("alerts", 2, &["<FILE>"]),
        ("extract --alert a --alerts alerts.jsonl good.pcap", 2, &["--output"]),
        ("nonsense", 2, &["nonsense"]),
    ];
    for (arguments, status, parts) in table {
        let ended = in_folder(arguments, |_| ());
        assert_eq!((ended.status, ended.stdout.as_str()), (*status, ""), "{arguments}");
        for part in *parts {
            assert!(ended.stderr.contains(part), "{arguments}: no {part} in {}", ended.stderr);
        }
    }
}

#[test]
fn settings_filters_and_baselines_that_will_not_do_are_refused_with_status_2() {
    let table: &[Row] = &[
        ("replay --alerts out -", 2, &["`-`", "--learn-for", "--baseline"]),
        ("replay --alerts out --filter nonsense good.pcap", 2, &["filter `nonsense`"]),
        ("messages --filter (((tcp good.pcap", 2, &["filter `(((tcp`"]),
        ("replay --alerts out --config key.toml good.pcap", 2, &["key.toml: line 2", "`shard`"]),
        ("messages --config type.toml good.pcap", 2, &["type.toml: line 1", "many"]),
        ("messages --config broken.toml good.pcap", 2, &["broken.toml: line 1"]),
        ("messages --config value.toml good.pcap", 2, &["`line.shards`: want 1 to 64"]),
        ("messages --config missing.toml good.pcap", 2, &["missing.toml: No such file"]),
        ("replay --alerts out --baseline damaged good.pcap", 2, &["damaged: line ", "checksum"]),
        ("replay --alerts out --baseline short good.pcap", 2, &["short: line ", "checksum"]),
        ("replay --alerts out --baseline newer good.pcap", 2, &["newer: line 1", "version 2"]),
        ("replay --alerts out --baseline text.pcap good.pcap", 2, &["text.pcap: line 1: not a"]),
        ("replay --alerts out --baseline missing good.pcap", 2, &["missing: No such file"]),
        ("replay --alerts out --baseline folder good.pcap", 2, &["folder: Is a directory"]),
        ("replay --alerts out --names missing good.pcap", 2, &["missing: No such file"]),
        (
            "replay --alerts out --names names.toml good.pcap",
            2,
            &["names.toml: line 2: `10.0.0.9 un"],
        ),
        ("learn -o out --names key.toml good.pcap", 2, &["key.toml: line 1", "`line`", "`hosts`"]),
        ("watch -i lo --names names.toml", 2, &["names.toml: line 2"]),
        ("alerts --names names.toml alerts.jsonl", 2, &["names.toml: line 2"]),
        ("baseline show --names names.toml good.baseline", 2, &["names.toml: line 2"]),
        ("baseline diff good.baseline damaged", 2, &["damaged: line ", "checksum"]),
        ("baseline diff missing good.baseline", 2, &["missing: No such file"]),
        ("baseline check good.baseline damaged", 2, &["damaged: line ", "checksum"]),
        ("baseline show newer", 2, &["newer: line 1"]),
        ("baseline merge -o out good.baseline short", 2, &["short: line "]),
        ("watch -i lo --baseline damaged", 2, &["damaged: line "]),
        ("watch -i no-such-if --baseline good.baseline", 3, &["`no-such-if`: no such interface"]),
        ("watch --follow missing", 3, &["missing: no such file"]),
        ("watch --follow good.pcap", 3, &["good.pcap: is no directory"]),
        ("doctor -i lo -i no-such-if", 3, &["`no-such-if`: no such interface; there are: ", "lo"]),
        ("learn -o out -i no-such-if --for 1s", 3, &["`no-such-if`: no such interface"]),
    ];
    for (arguments, status, parts) in table {
        assert_refused(arguments, *status, parts);
    }
}

#[test]
fn outputs_that_cannot_be_written_are_refused_with_status_4() {
    let table: &[Row] = &[
        ("replay --alerts no/out good.pcap", 4, &["no/out: No such file or directory"]),
        ("replay --alerts folder good.pcap", 4, &["folder: Is a directory"]),
        ("replay -q --format text --alerts /dev/full odd.pcap", 4, &["/dev/full: No space left"]),
        ("replay -q --scores no/out good.pcap", 4, &["no/out: No such file or directory"]),
        ("replay -q --format text --scores folder odd.pcap", 4, &["folder: Is a directory"]),
        ("replay -q --format text --scores /dev/full good.pcap", 4, &["/dev/full: No space left"]),
        ("learn -q -o no/out good.pcap", 4, &["no/out: No such file or directory"]),
        ("learn -q -o /dev/full good.pcap", 4, &["/dev/full: No space left"]),
        (
            "messages --format zeek --out no/logs good.pcap",
            4,
            &["no/logs: No such file or directory"],
        ),
        ("messages --format eve --out text.pcap good.pcap", 4, &["text.pcap: not a directory"]),
        ("baseline merge -o no/out good.baseline", 4, &["no/out: No such file or directory"]),
    ];
    for (arguments, status, parts) in table {
        assert_refused(arguments, *status, parts);
    }
    for arguments in [
        "replay --learn-for 30s odd.pcap",
        "replay --learn-for 30s --format text odd.pcap",
        "messages good.pcap",
        "messages --format csv good.pcap",
        "messages --format eve good.pcap",
        "messages --format zeek-json good.pcap",
        "baseline show good.baseline",
        "baseline check good.baseline",
        "baseline diff --format text good.baseline good.baseline",
        "alerts alerts.jsonl",
        "man",
        "completions bash",
    ] {
        let ended = in_folder(arguments, |command| {
            command.stdout(File::options().write(true).open("/dev/full").unwrap());
        });
        assert_eq!(ended.status, 4, "{arguments}: {}", ended.stderr);
        assert_eq!(
            ended.stderr, "gridtap: standard output: No space left on device (os error 28)\n",
            "{arguments}"
        );
    }
}

#[test]
fn a_capture_without_permission_is_refused_with_status_3() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.pcap");
    fs::write(&path, demo()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    let ended = if File::open(&path).is_err() {
        end(gridtap("messages").arg(&path))
    } else {
        // The superuser may read anything: nobody runs a copy of the program where nobody may go.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let program = folder.path().join("gridtap");
        fs::copy(env!("CARGO_BIN_EXE_gridtap-under-test"), &program).unwrap();
        let mut command = Command::new("setpriv");
        sheltered(&mut command);
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        match command.arg(program).arg("messages").arg(&path).output() {
            Ok(output) => output.into(),
            Err(error) => return println!("skipped: no setpriv: {error}"),
        }
    };
    assert_eq!((ended.status, ended.stdout.as_str()), (3, ""), "{}", ended.stderr);
    assert_eq!(ended.stderr, format!("gridtap: {}: no permission to read it\n", path.display()));
}

#[test]
fn one_bad_input_among_several_is_said_and_the_others_are_done() {
    for (command, output) in
        [("replay --alerts out --learn-for 30s", "out"), ("learn -o out", "out")]
    {
        let folder = tempfile::tempdir().unwrap();
        lay_out(folder.path());
        let run = |inputs: &str| {
            let ended = end(gridtap(&format!("-q {command} {inputs}")).current_dir(folder.path()));
            (ended.status, ended.stderr, fs::read_to_string(folder.path().join(output)).unwrap())
        };
        let (status, stderr, with_bad) = run("missing.pcap odd.pcap text.pcap");
        assert_eq!(status, 3, "{command}");
        let lines: Vec<&str> = stderr.lines().collect();
        assert_eq!(lines.len(), 2, "{stderr}");
        assert!(lines[0].starts_with("gridtap: missing.pcap: no such file"), "{stderr}");
        assert!(lines[1].starts_with("gridtap: text.pcap: is not a capture"), "{stderr}");
        assert_eq!(run("odd.pcap"), (0, String::new(), with_bad), "{command}");
    }
}

#[test]
fn a_capture_of_unknown_link_types_alone_was_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.pcapng");
    let mut unknown = Capture::new(LinkType(147));
    (0..3).for_each(|n| unknown.push(START_NS + n, vec![0; 60]));
    let run = |interfaces: &[Interface<'_>]| {
        fs::write(&path, pcapng(Order::Little, interfaces)).unwrap();
        end(gridtap("messages -q").arg(&path))
    };
    let ended = run(&[Interface::new(&unknown)]);
    let said = format!(
        "gridtap: {}: packets of link type 147 are not read: none of its 3 packets was\n",
        path.display()
    );
    assert_eq!((ended.status, ended.stderr, ended.stdout), (3, said, String::new()));
    // Beside others they are counted, and what can be read is.
    let ended = run(&[Interface::new(&unknown), Interface::new(&odd())]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    assert_eq!(ended.stdout.lines().count(), 1_200);
    // A capture without a packet is a capture.
    assert_eq!(run(&[Interface::new(&Capture::new(LinkType(147)))]).status, 0);
}

#[test]
fn a_capture_damaged_in_the_middle_is_read_to_the_damage_with_a_warning() {
    let (whole, behind) = cut_behind(&octets(&odd()), 100);
    let damaged = [whole.clone(), vec![0xff; 40], behind].concat();
    let read = |octets| end_with_input(&mut gridtap("messages -q -"), octets);
    let (whole, damaged) = (read(whole), read(damaged));
    assert_eq!((damaged.status, &damaged.stdout), (0, &whole.stdout));
    let said = "standard input: damaged behind packet 100, and read no further";
    assert!(damaged.stderr.contains(said), "{}", damaged.stderr);
    assert_eq!(damaged.stderr.lines().count(), 1);
}

#[test]
fn a_capture_cut_in_mid_packet_is_read_to_its_last_whole_packet_with_a_warning() {
    let whole = octets(&Scene { minutes: 2, ..Scene::default() }.capture());
    let cut = whole[..whole.len() - 5].to_vec();
    let read = |octets| {
        let ended = end_with_input(&mut gridtap("messages -q -"), octets);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        ended
    };
    let (whole, cut) = (read(whole), read(cut));
    assert_eq!(whole.stderr, "");
    assert!(
        cut.stderr.starts_with("gridtap: warning: standard input: cut off behind packet "),
        "{}",
        cut.stderr
    );
    assert_eq!(cut.stderr.lines().count(), 1);
    // The last packet only ends a session.
    assert_eq!(cut.stdout, whole.stdout);
}

#[test]
fn fail_on_ends_with_status_1_if_an_alert_is_that_grave() {
    for (arguments, status) in [
        ("--fail-on info", 1),
        ("--fail-on critical", 1),
        ("--fail-on critical --filter (not host 10.20.0.66 and not host 10.20.0.13)", 0),
        ("--fail-on high --filter (not host 10.20.0.66 and not host 10.20.0.13)", 1),
        ("", 0),
    ] {
        let (flags, filter) = arguments.split_once(" --filter ").unwrap_or((arguments, ""));
        let mut command = gridtap(&format!("replay -q {flags} {DEMO}"));
        if !filter.is_empty() {
            command.args(["--filter", filter]);
        }
        let ended = end(&mut command);
        assert_eq!((ended.status, ended.stderr.as_str()), (status, ""), "{arguments}");
        let least = if filter.is_empty() { 6 } else { 2 };
        assert!(ended.stdout.lines().count() >= least, "{arguments}");
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("site.baseline");
    assert_eq!(end(gridtap("learn -q -o").arg(&baseline).arg(DEMO)).status, 0);
    let show = format!("baseline show {}", baseline.display());
    for arguments in [
        "replay --learn-for 5m captures/demo.pcap.zst",
        "replay --learn-for 5m --format text captures/demo.pcap.zst",
        "messages captures/demo.pcap.zst",
        "messages --shards 2 captures/demo.pcap.zst",
        "messages --format csv captures/demo.pcap.zst",
        "messages --format eve captures/demo.pcap.zst",
        &show,
    ] {
        let mut child =
            gridtap(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        // Dropped with the reader, the pipe is closed after a line.
        BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let (status, mut stderr) = (child.wait().unwrap(), String::new());
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{arguments}");
        assert!(first.ends_with('\n'), "{arguments}");
    }
}

#[test]
fn a_closed_pipe_does_not_cut_the_alerts_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.jsonl");
    let mut command = gridtap(&format!("replay -q {DEMO} --alerts"));
    let mut child = command.arg(&path).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let whole = end(&mut gridtap(&format!("replay -q {DEMO}")));
    assert_eq!(fs::read_to_string(&path).unwrap(), whole.stdout);
}

#[test]
fn a_full_standard_output_does_not_cut_the_alerts_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alerts.jsonl");
    let mut command = gridtap(&format!("replay -q {DEMO} --alerts"));
    command.arg(&path).args(["--format", "jsonl"]);
    let ended = end(command.stdout(File::options().write(true).open("/dev/full").unwrap()));
    assert_eq!(ended.status, 4, "{}", ended.stderr);
    let whole = end(&mut gridtap(&format!("replay -q {DEMO}")));
    assert_eq!(fs::read_to_string(&path).unwrap(), whole.stdout);
}

/// Runs the program among the files of [`lay_out`], and asserts that it says so in a line and leaves no file.
pub(crate) fn assert_refused(arguments: &str, status: i32, parts: &[&str]) {
    let ended = in_folder(arguments, |_| ());
    assert_eq!(ended.status, status, "{arguments}: {}", ended.stderr);
    assert!(ended.stderr.starts_with("gridtap: "), "{arguments}: {}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{arguments}: {}", ended.stderr);
    for part in parts {
        assert!(ended.stderr.contains(part), "{arguments}: no {part} in {}", ended.stderr);
    }
}

/// Runs the program in a folder of its own, where it must not leave a file if it fails.
fn in_folder(arguments: &str, prepare: impl FnOnce(&mut Command)) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let before = names(folder.path());
    let mut command = gridtap(arguments);
    command.current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    prepare(&mut command);
    let ended: Ended = command.spawn().unwrap().wait_with_output().unwrap().into();
    assert_ne!(ended.status, 0, "{arguments}");
    assert_eq!(names(folder.path()), before, "{arguments}");
    ended
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What is learned from the good capture.
static GOOD_BASELINE: OnceLock<String> = OnceLock::new();

/// The demo's first.
static AN_ALERT: OnceLock<String> = OnceLock::new();

/// Good and bad files.
fn lay_out(folder: &Path) {
    let put = |name: &str, octets: &[u8]| fs::write(folder.join(name), octets).unwrap();
    fs::create_dir(folder.join("folder")).unwrap();
    put("text.pcap", b"hello, this is no capture");
    put("empty.pcap", b"");
    put("hollow.gz", &gzip(b""));
    let mut user0 = Capture::new(LinkType(147));
    user0.push(START_NS, vec![0; 60]);
    write(&folder.join("link.pcap"), &user0);
    let good = Scene { minutes: 1, ..Scene::default() }.capture();
    write(&folder.join("good.pcap"), &good);
    write(&folder.join("odd.pcap"), &odd());
    put("names.toml", b"[units]\n\"10.0.0.9 unit one\" = \"relay\"\n");
    put("key.toml", b"[line]\nshard = 2\n");
    put("type.toml", b"line.shards = \"many\"\n");
    put("broken.toml", b"[line\n");
    put("value.toml", b"line.shards = 0\n");

    let alert = AN_ALERT.get_or_init(|| {
        let alerts = printed(&format!("replay -q {DEMO}"));
        let of_the_stranger = |line: &&str| line.contains("\"packets\":[18909]");
        alerts.lines().find(of_the_stranger).unwrap().to_owned()
    });
    let its_id = alert.split('"').skip_while(|word| *word != "id").nth(2).unwrap();
    let named = |id: &str| alert.replacen(its_id, id, 1) + "\n";
    let first = named("b1").replacen("18909", "1", 1);
    put("alerts.jsonl", (named("a1") + &named("a2") + &first).as_bytes());

    let text = GOOD_BASELINE.get_or_init(|| {
        let command = "learn -q -o good.baseline good.pcap";
        let learned = end(gridtap(command).current_dir(folder));
        assert_eq!(learned.status, 0, "{}", learned.stderr);
        fs::read_to_string(folder.join("good.baseline")).unwrap()
    });
    put("good.baseline", text.as_bytes());
    put("damaged", text.replacen("acts 1", "acts 2", 1).as_bytes());
    put("short", &text.as_bytes()[..text.len() / 2]);
    put("newer", text.replacen("gridtap-baseline 1", "gridtap-baseline 2", 1).as_bytes());
}
