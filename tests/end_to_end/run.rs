//! Runs the program, and compares what it prints with golden files.

use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// The bundled capture, as named from the workspace.
pub(crate) const DEMO: &str = "captures/demo.pcap.zst";

/// After which nothing is waited for any longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until it is there.
#[expect(clippy::disallowed_methods, reason = "what does not come is not waited for for ever")]
pub(crate) fn wait_until(what: &str, mut is_there: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_there() {
        assert!(since.elapsed() < PATIENCE, "{what}: not there");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The workspace's folder.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The program with its arguments, apart by spaces, to be run in the workspace with no settings from outside.
pub(crate) fn gridtap(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gridtap-under-test"));
    command.arg0("gridtap").args(arguments.split_whitespace()).current_dir(workspace());
    sheltered(&mut command);
    command
}

/// Takes settings out of the environment.
pub(crate) fn sheltered(command: &mut Command) {
    command.env_remove("RUST_LOG").env_remove("NO_COLOR").stdin(Stdio::null());
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("GRIDTAP_")) {
        command.env_remove(name);
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit status, or 128 and the signal as shells have it.
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let status = output.status;
        Self {
            status: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs `command` to its end.
pub(crate) fn end(command: &mut Command) -> Ended {
    command.output().unwrap().into()
}

/// Runs the program in the workspace, which has to end well, and returns its standard output.
pub(crate) fn printed(arguments: &str) -> String {
    let ended = end(&mut gridtap(arguments));
    assert_eq!(ended.status, 0, "{arguments}: {}", ended.stderr);
    ended.stdout
}

/// Runs `command` with `input` as its standard input.
pub(crate) fn end_with_input(command: &mut Command, input: Vec<u8>) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // On a thread of its own, as the program prints while it reads. It may also stop reading.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output.into()
}

/// Asserts that `found` is what `golden/NAME` holds, or makes it so if `GRIDTAP_BLESS` is set.
pub(crate) fn assert_golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if env::var_os("GRIDTAP_BLESS").is_some() {
        return fs::write(&path, found).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    let differs = (1..).zip(wanted.lines().zip(found.lines())).find(|(_, (w, f))| w != f);
    if let Some((number, (wanted, found))) = differs {
        panic!("{name}, line {number}:\nwant  {wanted}\nfound {found}\n({HOW})");
    }
    assert!(wanted == found, "{name}: {} octets, not {} ({HOW})", found.len(), wanted.len());
}

const HOW: &str =
    "GRIDTAP_BLESS=1 takes what is found; look at the difference before you commit it";
