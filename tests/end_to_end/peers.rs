//! The views against the logs that the peers themselves keep as expected results, where these are at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::{cell::Cell, env};

use toml::{Table, Value};

use crate::run::{end, gridtap};

/// The written list of what differs on purpose.
const DIFFERENCES: &str = include_str!("../peers/differences.toml");

#[test]
fn the_views_equal_the_peers_logs_but_for_a_written_list() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = env::var_os("GRIDTAP_SHARED").map_or_else(beside, PathBuf::from);
    let captures = shared.join("captures");
    let Ok(golden) = fs::read_dir(captures.join("golden/zeek-dnp3")) else {
        println!(
            "skipped: no logs of peers; set GRIDTAP_SHARED to a folder that has captures/golden"
        );
        return;
    };
    let mut cases = BTreeMap::new();
    for entry in golden {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let capture = format!("dnp3/zeek-{}.pcap", name.trim_end_matches(".dnp3.log"));
        cases.insert(capture, BTreeMap::from([("dnp3.log".to_owned(), path)]));
    }
    let icsnpp = fs::read_dir(captures.join("golden/icsnpp-modbus")).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_string_lossy().into_owned(), path)
    });
    cases.insert("modbus/icsnpp-modbus_example.pcap".to_owned(), icsnpp.collect());

    let list = Differences::read();
    let mut unexplained = Vec::new();
    for (capture, logs) in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut command = gridtap("messages -q --format zeek --out");
        let ended = end(command.arg(folder.path()).arg(captures.join(&capture)));
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{capture}");
        for entry in fs::read_dir(folder.path()).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            if !logs.contains_key(&name) && !list.explains("log", &name, |_| true) {
                unexplained.push(format!("{capture}, {name}: a log that the peer has not"));
            }
        }
        for (name, path) in logs {
            let ours = Log::read(&fs::read_to_string(folder.path().join(&name)).unwrap(), None);
            let headless = list.find("header", &name).map(columns);
            let theirs = Log::read(&fs::read_to_string(path).unwrap(), headless);
            if theirs.headless {
                assert!(list.explains("header", &name, |_| true));
            }
            let (equal, explained, mut left) = compare(&name, &ours, &theirs, &list);
            println!("{capture}, {name}: {equal} equal, {explained} explained, {} not", left.len());
            unexplained.extend(left.drain(..).map(|what| format!("{capture}, {name}: {what}")));
        }
    }
    assert!(unexplained.is_empty(), "\n{}", unexplained.join("\n"));
    assert_eq!(list.unused(), Vec::<String>::new(), "these explain nothing");
}

/// Lines that are equal, lines that only we have and the list explains, and what it does not explain.
fn compare(
    name: &str,
    ours: &Log,
    theirs: &Log,
    list: &Differences,
) -> (usize, usize, Vec<String>) {
    let mut left = Vec::new();
    for field in &ours.fields {
        let explained = || list.explains("columns", name, |entry| lists(entry, field));
        if !theirs.fields.contains(field) && !explained() {
            left.push(format!("a field that the peer has not: {field}"));
        }
    }
    let shared: Vec<&String> = theirs.fields.iter().filter(|f| ours.fields.contains(f)).collect();
    if shared.len() != theirs.fields.len() {
        left.push(format!("fields {:?}, not {:?}", ours.fields, theirs.fields));
    }
    let in_order: Vec<&String> = ours.fields.iter().filter(|f| theirs.fields.contains(f)).collect();
    if in_order != shared {
        left.push(format!("fields in another order: {in_order:?}"));
    }
    if !theirs.headless
        && theirs.types[..] != ours.types[..theirs.types.len().min(ours.types.len())]
    {
        left.push(format!("types {:?}, not {:?}", ours.types, theirs.types));
    }
    if !theirs.headless && theirs.header != ours.header {
        left.push(format!("header lines {:?}, not {:?}", ours.header, theirs.header));
    }

    let mut explained = 0;
    let mut kept = Vec::new();
    for line in &ours.lines {
        if list.explains("lines", name, |entry| {
            let values = entry["where"].as_table().unwrap();
            values.iter().all(|(field, value)| line.get(field) == value.as_str())
        }) {
            explained += 1;
        } else {
            kept.push(line);
        }
    }
    let mut equal = 0;
    let mut names = Names::default();
    for (nth, theirs_line) in theirs.lines.iter().enumerate() {
        let Some(line) = kept.get(nth) else {
            left.push(format!("line {} is missing: {:?}", nth + 1, theirs_line.cells));
            continue;
        };
        let differs: Vec<String> = shared
            .iter()
            .filter_map(|field| {
                let (our, their) = (line.get(field).unwrap(), theirs_line.get(field).unwrap());
                (!names.same(field, our, their)).then(|| format!("{field} {our}, not {their}"))
            })
            .collect();
        if differs.is_empty() {
            equal += 1;
        } else {
            left.push(format!("line {}: {}", nth + 1, differs.join("; ")));
        }
    }
    for line in kept.iter().skip(theirs.lines.len()) {
        left.push(format!("a line that the peer has not: {:?}", line.cells));
    }
    (equal, explained, left)
}

/// Which identifier of theirs stands for which of ours.
#[derive(Default)]
struct Names(BTreeMap<String, String>, BTreeMap<String, String>);

impl Names {
    /// Whether two cells of a field say the same.
    fn same(&mut self, field: &str, our: &str, their: &str) -> bool {
        match field {
            // Masked: as many digits and dots.
            "ts" => their.chars().all(|c| c == 'X' || c == '.') && our.parse::<f64>().is_ok(),
            "uid" | "modbus_detailed_link_id" if their != "-" => {
                let ours = self.0.entry(their.to_owned()).or_insert_with(|| our.to_owned());
                let theirs = self.1.entry(our.to_owned()).or_insert_with(|| their.to_owned());
                ours == our && theirs == their
            }
            _ => our == their,
        }
    }
}

/// A log, with its masked header lines left out.
struct Log {
    headless: bool,
    /// `#separator` and the like.
    header: Vec<String>,
    fields: Vec<String>,
    types: Vec<String>,
    lines: Vec<Line>,
}

struct Line {
    fields: Vec<String>,
    cells: Vec<String>,
}

impl Line {
    fn get(&self, field: &str) -> Option<&str> {
        let place = self.fields.iter().position(|name| name == field)?;
        Some(&self.cells[place])
    }
}

impl Log {
    /// Reads a log; without header lines it has these fields.
    fn read(text: &str, fields: Option<Vec<String>>) -> Self {
        let split = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        let headless = !text.contains("\n#fields\t") && !text.starts_with("#fields\t");
        let mut log = Self {
            headless,
            header: Vec::new(),
            fields: if headless { fields.unwrap_or_default() } else { Vec::new() },
            types: Vec::new(),
            lines: Vec::new(),
        };
        for line in text.lines() {
            if line.starts_with("### ") || line.starts_with("#open") || line.starts_with("#close") {
                continue;
            }
            if let Some(names) = line.strip_prefix("#fields\t") {
                log.fields = split(names);
            } else if let Some(types) = line.strip_prefix("#types\t") {
                log.types = split(types);
            } else if line.starts_with('#') {
                log.header.push(line.to_owned());
            } else {
                let (fields, cells) = (log.fields.clone(), split(line));
                assert_eq!(fields.len(), cells.len(), "{line}");
                log.lines.push(Line { fields, cells });
            }
        }
        log
    }
}

/// The written list, and which entries explained anything.
struct Differences(Vec<(Table, Cell<bool>)>);

impl Differences {
    fn read() -> Self {
        let list: Table = DIFFERENCES.parse().unwrap();
        let known = BTreeSet::from(["columns", "header", "lines", "log"]);
        let entry = |value: &Value| {
            let entry = value.as_table().unwrap().clone();
            assert!(known.contains(entry["what"].as_str().unwrap()), "{entry}");
            assert!(entry["reason"].as_str().is_some_and(|reason| reason.len() > 20), "{entry}");
            (entry, Cell::new(false))
        };
        Self(list["difference"].as_array().unwrap().iter().map(entry).collect())
    }

    fn entries(&self, what: &str, log: &str) -> impl Iterator<Item = &(Table, Cell<bool>)> {
        self.0.iter().filter(move |(entry, _)| {
            let of = entry["log"].as_str().unwrap();
            entry["what"].as_str() == Some(what) && (of == "*" || of == log)
        })
    }

    fn find(&self, what: &str, log: &str) -> Option<&Table> {
        self.entries(what, log).map(|(entry, _)| entry).next()
    }

    /// Whether an entry of this kind says that it explains something; it is used then.
    fn explains(&self, what: &str, log: &str, explains: impl Fn(&Table) -> bool) -> bool {
        let found = self.entries(what, log).find(|(entry, _)| explains(entry));
        found.inspect(|(_, used)| used.set(true)).is_some()
    }

    fn unused(&self) -> Vec<String> {
        self.0.iter().filter(|(_, used)| !used.get()).map(|(entry, _)| entry.to_string()).collect()
    }
}

fn columns(entry: &Table) -> Vec<String> {
    let names = entry["columns"].as_array().unwrap().iter();
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// Whether an entry lists a field.
fn lists(entry: &Table, field: &str) -> bool {
    columns(entry).iter().any(|name| match name.strip_suffix('*') {
        Some(start) => field.starts_with(start),
        None => name == field,
    })
}
