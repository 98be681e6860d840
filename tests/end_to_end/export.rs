//! `gridtap export`: messages for the detectors of IPAL, and tables that pyarrow and duckdb read back.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::run::{DEMO, end, gridtap, printed, workspace};

/// The lines of the demo in IPAL's form.
fn ipal(arguments: &str) -> String {
    printed(&format!("export -q --ipal - {arguments} {DEMO}"))
}

#[test]
fn every_message_has_the_fields_that_ipal_documents() {
    let text = ipal("");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages = printed(&format!("messages -q --format jsonl {DEMO}"));
    let messages: Vec<Value> = messages
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|message| message["function"].is_u64())
        .collect();
    assert_eq!(lines.len(), messages.len());
    let fields = [
        "id",
        "timestamp",
        "protocol",
        "malicious",
        "src",
        "dest",
        "length",
        "crc",
        "type",
        "activity",
        "responds to",
        "data",
    ];
    let activities = ["interrogate", "inform", "command", "action", "confirmation", "unknown"];
    let (mut answers, mut values) = (0, 0);
    for (id, (line, message)) in lines.iter().zip(&messages).enumerate() {
        let names: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>(), fields.iter().collect(), "{line}");
        assert_eq!(line["id"], id);
        assert!(line["timestamp"].is_f64() && line["malicious"].is_null(), "{line}");
        assert!(line["crc"].is_null() || line["crc"] == true, "{line}");
        assert_eq!(line["protocol"], message["protocol"]);
        let exception = if message["exception"].is_u64() { 128 } else { 0 };
        assert_eq!(line["type"], message["function"].as_u64().unwrap() + exception);
        let src = format!("{}:{}", message["src_ip"].as_str().unwrap(), message["src_port"]);
        let found = line["src"].as_str().unwrap();
        let unit = format!("{src}:{}", message["unit"]);
        assert!(found == src || found == unit, "{line}");
        assert!(activities.contains(&line["activity"].as_str().unwrap()), "{line}");
        for answered in line["responds to"].as_array().unwrap() {
            let answered = usize::try_from(answered.as_u64().unwrap()).unwrap();
            assert!(answered < id, "{line}");
            assert_eq!(
                lines[answered]["dest"].as_str().unwrap().split(':').next(),
                found.split(':').next()
            );
            answers += 1;
        }
        values += line["data"].as_object().unwrap().values().filter(|v| !v.is_null()).count();
    }
    assert!(answers > lines.len() / 3 && values > lines.len(), "{answers} {values}");
}

#[test]
fn labels_say_which_messages_are_malicious() {
    let labels = "captures/demo.labels.csv";
    let text = ipal(&format!("--labels {labels}"));
    let attacks: BTreeSet<u64> = fs::read_to_string(workspace().join(labels))
        .unwrap()
        .lines()
        .filter_map(|row| row.split_once(",1,"))
        .map(|(packet, _)| packet.parse().unwrap())
        .collect();
    let messages = printed(&format!("messages -q --format jsonl {DEMO}"));
    let messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let expected: Vec<bool> = messages
        .filter(|message| message["function"].is_u64())
        .map(|message| attacks.contains(&message["packet"].as_u64().unwrap()))
        .collect();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found: Vec<bool> = lines.map(|line| line["malicious"].as_bool().unwrap()).collect();
    assert!(found == expected && found.contains(&true) && found.contains(&false));
}

#[test]
fn the_same_lines_come_out_at_any_number_of_shards_and_in_a_file() {
    let lines = ipal("--shards 1");
    assert!(lines == ipal("--shards 4"));
    let folder = tempfile::tempdir().unwrap();
    let [plain, gzip] = ["demo.ipal", "demo.ipal.gz"].map(|name| folder.path().join(name));
    for path in [&plain, &gzip] {
        let ended = end(gridtap("export --ipal").arg(path).arg(DEMO));
        assert_eq!((ended.status, ended.stdout.as_str()), (0, ""), "{}", ended.stderr);
    }
    assert!(fs::read_to_string(plain).unwrap() == lines);
    let mut unpacked = String::new();
    GzDecoder::new(fs::File::open(gzip).unwrap()).read_to_string(&mut unpacked).unwrap();
    assert!(unpacked == lines);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let out = out.display();
    let table = [
        (format!("export {DEMO}"), 2, "--parquet"),
        (format!("export --ipal {out} --parquet {out} {DEMO}"), 2, "cannot be used with"),
        (format!("export --ipal {out} --learn-for 5m {DEMO}"), 2, "--learn-for"),
        (format!("export --ipal {out}"), 2, "<CAPTURE>"),
        (format!("export --ipal {out} --labels no.csv {DEMO}"), 2, "no.csv: No such file"),
        (format!("export --ipal {out} --labels a --labels b {DEMO}"), 2, "want one each"),
        (format!("export --parquet {out} --labels a {DEMO}"), 2, "--labels"),
        (format!("export --ipal {out} missing.pcap"), 3, "missing.pcap: no such file"),
        (format!("export --ipal no/such/folder/out {DEMO}"), 4, "no/such/folder/out"),
    ];
    for (arguments, status, said) in table {
        let ended = end(&mut gridtap(&arguments));
        assert_eq!(ended.status, status, "{arguments}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{arguments}: {}", ended.stderr);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{arguments}");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_names_the_feature() {
    let ended = end(&mut gridtap(&format!("export --parquet out {DEMO}")));
    assert_eq!(ended.status, 2);
    let said = "gridtap: this build writes no Parquet: build it with the feature `parquet`\n";
    assert_eq!(ended.stderr, said);
}

#[cfg(feature = "parquet")]
mod parquet {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::{env, fs};

    use serde_json::Value;

    use crate::files::{demo, write};
    use crate::messages::{dnp3, modbus};
    use crate::run::{DEMO, end, gridtap, printed, workspace};

    const TABLES: [&str; 4] =
        ["alerts.parquet", "events.parquet", "messages.parquet", "points.parquet"];

    const EXAMPLE: &str = "docs/examples/commands.py";

    const SKIPPED: &str =
        "skipped: no Python with duckdb and pyarrow; `.ci/need parquet-readers` installs them";

    /// Exports with these arguments, and returns all files by their place in the folder.
    fn exported(folder: &Path, arguments: &str) -> BTreeMap<String, Vec<u8>> {
        let ended = end(gridtap(&format!("export -q {arguments} --parquet")).arg(folder));
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{arguments}");
        let mut files = BTreeMap::new();
        for capture in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            for table in fs::read_dir(&capture).unwrap().map(|entry| entry.unwrap().path()) {
                let name = table.strip_prefix(folder).unwrap().display().to_string();
                files.insert(name, fs::read(&table).unwrap());
            }
        }
        files
    }

    /// A Python that has what reads Parquet; nothing if there is none. One that was named must have it.
    fn python() -> Option<PathBuf> {
        let named = env::var_os("GRIDTAP_PYTHON").map(PathBuf::from);
        let venv = workspace().join("target/python/bin/python3");
        let candidates = named.clone().map_or_else(|| vec![venv, "python3".into()], |it| vec![it]);
        let reads = |python: &PathBuf| {
            let mut command = Command::new(workspace().join(python));
            let ended = command.args(["-c", "import duckdb, pyarrow"]).output();
            ended.is_ok_and(|ended| ended.status.success())
        };
        let found = candidates.into_iter().find(reads);
        assert!(found.is_some() || named.is_none(), "{named:?} has no duckdb or no pyarrow");
        found.map(|python| workspace().join(python))
    }

    /// One test, as the demo is long: exported twice, compared, read back, and taken as an example.
    #[test]
    fn the_demo_s_tables_are_the_same_each_time_and_hold_what_the_other_commands_tell() {
        let folder = tempfile::tempdir().unwrap();
        let one = exported(&folder.path().join("tables"), &format!("--shards 1 {DEMO}"));
        let names: Vec<&String> = one.keys().collect();
        assert_eq!(names, TABLES.map(|table| format!("demo/{table}")).iter().collect::<Vec<_>>());
        let other = exported(&folder.path().join("again"), &format!("--shards 4 {DEMO}"));
        for (name, octets) in &one {
            assert!(other[name] == *octets, "{name} at 4 shards");
        }
        let Some(python) = python() else { return println!("{SKIPPED}") };
        read_back(&python, folder.path());
        make_example(&python, &folder.path().join("tables"));
    }

    /// Compares the tables in `folder` with what other commands print.
    fn read_back(python: &Path, folder: &Path) {
        let at = |name: &str| folder.join(name);
        fs::write(at("messages"), printed(&format!("messages -q --format jsonl {DEMO}"))).unwrap();
        fs::write(at("alerts"), printed(&format!("replay -q --format jsonl {DEMO}"))).unwrap();
        let ended = end(Command::new(python)
            .arg(workspace().join("tests/parquet/read_back.py"))
            .args([at("tables/demo"), at("messages"), at("alerts")]));
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        let rows: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert!(rows["points"].as_u64() > rows["messages"].as_u64());
    }

    /// Runs the example of the documentation over `tables`.
    fn make_example(python: &Path, tables: &Path) {
        let ended = end(Command::new(python).arg(workspace().join(EXAMPLE)).arg(tables));
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        let rows: Vec<Vec<&str>> =
            ended.stdout.lines().map(|line| line.trim_end().split(',').collect()).collect();
        assert!(rows.len() > 5 && rows.iter().all(|row| row.len() == 12), "{}", ended.stdout);
        let sum = |name: &str| -> u64 {
            let column = rows[0].iter().position(|column| *column == name).unwrap();
            rows[1..].iter().map(|row| row[column].parse::<u64>().unwrap()).sum()
        };
        // The demo's intruders command what nobody did, and some of it is refused.
        assert!(sum("commands") > 20 && sum("in_alerts") > 5, "{}", ended.stdout);
        assert!(sum("refused") > 0, "{}", ended.stdout);
        let page = fs::read_to_string(workspace().join("docs/research.md")).unwrap();
        let shown: Vec<String> = rows[..5].iter().map(|row| row.join(",")).collect();
        assert!(page.contains(&shown.join("\n")), "docs/research.md shows other rows");
    }

    #[test]
    fn the_page_for_researchers_shows_the_example_as_it_is() {
        let page = fs::read_to_string(workspace().join("docs/research.md")).unwrap();
        let code = fs::read_to_string(workspace().join(EXAMPLE)).unwrap();
        assert!(page.contains(&code));
    }

    #[test]
    fn several_captures_have_a_folder_each_and_every_row_is_in_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one.pcap", "two.pcap.gz"].map(|name| folder.path().join(name));
        write(&one, &modbus());
        let pcap = folder.path().join("plain");
        write(&pcap, &dnp3());
        fs::write(&two, crate::files::gzip(&fs::read(pcap).unwrap())).unwrap();
        let captures = format!("--learn-for 1m {} {}", one.display(), two.display());
        let both = exported(&folder.path().join("both"), &captures);
        assert_eq!(both.len(), 8);
        let alone = format!("--learn-for 1m {}", one.display());
        let alone = exported(&folder.path().join("alone"), &alone);
        assert!(both["one/messages.parquet"] == alone["one/messages.parquet"]);
        assert!(both["two/points.parquet"] != both["one/points.parquet"]);
    }

    #[test]
    fn what_cannot_be_written_as_tables_is_refused_and_nothing_is_left_half_done() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("a")).unwrap();
        for name in ["x.pcap", "a/x.pcapng", "demo.pcap"] {
            fs::write(at(name), demo()).unwrap();
        }
        fs::create_dir_all(at("there/demo")).unwrap();
        fs::write(at("there/demo/points.parquet"), "earlier").unwrap();
        let table = [
            ("out", "x.pcap a/x.pcapng", 2, "would both be in the folder x"),
            ("out", "-", 2, "`-` is read once"),
            ("demo.pcap", "x.pcap", 4, "demo.pcap"),
            ("there", "demo.pcap", 4, "points.parquet: is there already"),
            ("out", "--baseline missing x.pcap", 2, "missing"),
        ];
        for (out, captures, status, said) in table {
            let mut command = gridtap(&format!("export --parquet {out} {captures}"));
            let ended = end(command.current_dir(folder.path()));
            assert_eq!(ended.status, status, "{captures}: {}", ended.stderr);
            assert!(ended.stderr.contains(said), "{captures}: {}", ended.stderr);
            assert!(!at("out").exists(), "{captures}");
        }
        assert_eq!(fs::read_to_string(at("there/demo/points.parquet")).unwrap(), "earlier");
        assert_eq!(fs::read_dir(at("there/demo")).unwrap().count(), 1);
    }
}
