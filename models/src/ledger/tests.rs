//! The ledger as a whole: what is learned, what stands in the file, what is refused.

use super::*;
use crate::event::{Event, Function, Intent, Outcome, Space, Switch, Target, Value};
use crate::limits::{self, Limit};
use crate::samples::{ended, later, polled_and_commanded, request, write};

#[test]
fn the_file_reads_like_this() {
    let text = polled_and_commanded().to_text();
    let expected = r#"gridtap-baseline 1
capture sha256:53088c078b552adeee6b970cb61b1e52b9861ebcc87646785cbbb334d7efb48d packets 40210 from 2023-11-14T22:13:20.000000000Z to 2023-11-14T22:13:20.000000001Z
conversation modbus 10.0.0.5 -> 10.0.0.9 unit 1 acts 32 first 2023-11-14T22:13:20.000000000Z last 2023-11-14T23:14:20.000000000Z segments 2023-11-14T22:10:00Z/4x31,2023-11-14T23:10:00Z/1x1
  function read 3 "Read Holding Registers" done 30 refused 1 unanswered 0 acts 30 first 2023-11-14T22:13:20.000000000Z last 2023-11-14T22:42:20.000000000Z segments 2023-11-14T22:10:00Z/4
  function write 6 "Write Single Register" done 0 refused 0 unanswered 0 acts 2 first 2023-11-14T22:14:20.000000000Z last 2023-11-14T23:14:20.000000000Z segments 2023-11-14T22:10:00Z/1,2023-11-14T23:10:00Z/1
  command write holding-register 40 values 100:1,230.5:1 acts 2 first 2023-11-14T22:14:20.000000000Z last 2023-11-14T23:14:20.000000000Z segments 2023-11-14T22:10:00Z/1,2023-11-14T23:10:00Z/1
conversation dnp3 10.0.0.5 master 1 -> 10.0.0.20 outstation 10 acts 4 first 2023-11-14T22:13:20.000000000Z last 2023-11-14T22:13:20.000000000Z segments 2023-11-14T22:10:00Z/1
  function read 1 "Read" done 0 refused 0 unanswered 0 acts 1 first 2023-11-14T22:13:20.000000000Z last 2023-11-14T22:13:20.000000000Z segments 2023-11-14T22:10:00Z/1
  function select 3 "Select" done 0 refused 0 unanswered 0 acts 1 first 2023-11-14T22:13:20.000000000Z last 2023-11-14T22:13:20.000000000Z segments 2023-11-14T22:10:00Z/1
  function operate 4 "Operate" done 0 refused 0 unanswered 0 acts 2 first 2023-11-14T22:13:20.000000000Z last 2023-11-14T22:13:20.000000000Z segments 2023-11-14T22:10:00Z/1
  command select binary-output 4 values close:1 acts 1 first 2023-11-14T22:13:20.000000000Z last 2023-11-14T22:13:20.000000000Z segments 2023-11-14T22:10:00Z/1
  command operate binary-output 4 values close:1,trip:1 acts 2 first 2023-11-14T22:13:20.000000000Z last 2023-11-14T22:13:20.000000000Z segments 2023-11-14T22:10:00Z/1
device modbus 10.0.0.9 unit 1
  delay 0 0:31
  read holding-register 0 count 10 acts 30 first 2023-11-14T22:13:20.000000000Z last 2023-11-14T22:42:20.000000000Z segments 2023-11-14T22:10:00Z/4
device dnp3 10.0.0.20 outstation 10
  read class 1 count 3 acts 1 first 2023-11-14T22:13:20.000000000Z last 2023-11-14T22:13:20.000000000Z segments 2023-11-14T22:10:00Z/1
checksum sha256:9ca62713d68a08a690457157f3172050a91496797ac62e4d956117c912350ec1
"#;
    assert_eq!(text, expected, "\n{text}");
    assert_eq!(Ledger::from_text(expected), Ok(polled_and_commanded()));
}

/// A file with this body and the right checksum.
fn sealed(body: &str) -> String {
    format!("{body}checksum sha256:{}\n", Digest::of(body))
}

const CONVERSATION: &str = "conversation modbus 10.0.0.5 -> 10.0.0.9 unit 1";
const TALLY: &str = "acts 2 first 2023-11-14T22:14:20.000000000Z last 2023-11-14T22:20:00.000000000Z \
                     segments 2023-11-14T22:10:00Z/2";

#[test]
fn a_file_that_is_no_baseline_or_not_whole_is_refused() {
    let good = polled_and_commanded().to_text();
    let lines = good.lines().count();
    let cut = good.trim_end();
    let flipped = good.replacen("acts 32", "acts 33", 1);
    let unsealed: String = good.split_inclusive('\n').take(lines - 1).collect();
    let table = [
        (String::new(), LoadError::NotABaseline),
        ("{}".to_owned(), LoadError::NotABaseline),
        (sealed("gridtap-baseline one\n"), LoadError::NotABaseline),
        (sealed("gridtap-baseline 0\n"), LoadError::NotABaseline),
        (sealed("gridtap-baseline 2\nwho knows\n"), LoadError::Newer { found: 2, known: 1 }),
        ("gridtap-baseline 1\n".to_owned(), LoadError::Checksum { number: 1 }),
        (cut.to_owned(), LoadError::Checksum { number: lines }),
        (flipped, LoadError::Checksum { number: lines }),
        (unsealed, LoadError::Checksum { number: lines - 1 }),
        (format!("{good}\n"), LoadError::Checksum { number: lines + 1 }),
    ];
    for (text, error) in table {
        assert_eq!(Ledger::from_text(&text), Err(error), "{text}");
    }
}

#[test]
fn a_baseline_that_says_nothing_of_ranges_has_its_acts_spread_over_them() {
    let tally = |ranges: &str| {
        let times = "first 2023-11-14T22:10:00.000000000Z last 2023-11-14T23:10:00.000000000Z";
        let text =
            format!("gridtap-baseline 1\n{CONVERSATION} acts 12 {times} segments {ranges}\n");
        let ledger = Ledger::from_text(&sealed(&text))?;
        assert_eq!(ledger.to_text(), sealed(&text));
        let recent = ledger.conversations().iter().map(|(_, record)| record.tally().recent()).sum();
        Ok::<u64, LoadError>(recent)
    };
    assert_eq!(tally("2023-11-14T22:10:00Z/4,2023-11-14T23:10:00Z/1"), Ok(12));
    assert_eq!(tally("2023-11-14T22:10:00Z/4x11,2023-11-14T23:10:00Z/1x1"), Ok(12));
    assert_eq!(tally("more,2023-11-14T23:10:00Z/1"), Ok(12), "as before");
    assert_eq!(tally("more,2023-11-14T23:10:00Z/1x5"), Ok(5));
    let wrong = [
        "2023-11-14T22:10:00Z/4x10,2023-11-14T23:10:00Z/1x1",
        "2023-11-14T22:10:00Z/4x11,2023-11-14T23:10:00Z/1",
        "more,2023-11-14T23:10:00Z/1x13",
    ];
    for ranges in wrong {
        let error = tally(ranges).unwrap_err().to_string();
        assert!(error.contains("want the acts of each range"), "{error}");
    }
    let even = tally("2023-11-14T22:10:00Z/4x9,2023-11-14T23:10:00Z/1x3").unwrap_err().to_string();
    assert!(even.contains("want it written as"), "{even}");
}

#[test]
fn every_odd_line_is_refused_with_its_number_and_the_reason() {
    let function = format!("  function read 3 \"Read\" done 2 refused 0 unanswered 0 {TALLY}");
    let command = format!("  command write coil 7 values 0:2 {TALLY}");
    let start = format!("{CONVERSATION} {TALLY}\n");
    let device = "device modbus 10.0.0.9 unit 1\n";
    let under = |line: &str| format!("{start}{line}\n");
    let table = [
        ("hello\n".to_owned(), 2, "unknown word `hello`"),
        ("\n".to_owned(), 2, "want a word, found nothing"),
        (
            format!("{function}\n"),
            2,
            "belongs under a conversation or device, and there is none above",
        ),
        (under("  hello"), 3, "unknown word `hello` after two spaces"),
        (under("   command"), 3, "want a word, found nothing"),
        (under(&start), 3, "duplicate of the line above"),
        (under(&format!("{command}\n{command}")), 4, "duplicate of the line above"),
        (
            under(&format!("{command}\n{function}")),
            4,
            "not sorted: belongs before the line above, or is a duplicate",
        ),
        (
            format!("{device}{start}"),
            3,
            "not sorted: belongs before the line above, or is a duplicate",
        ),
        (start.replace("modbus", "mudbus"), 2, "`mudbus` is no protocol"),
        (start.replace("10.0.0.5", "10.0.0"), 2, "`10.0.0` is not an address, or out of range"),
        (start.replace("unit 1", "unit 65536"), 2, "`65536` is not a unit, or out of range"),
        (
            start.replace("acts 2", "acts 0"),
            2,
            "want at least one act, and the first not after the last",
        ),
        (start.replace("acts 2", "acts 02"), 2, "want it written as `"),
        (start.replace("acts 2", "acts -2"), 2, "`-2` is not a count, or out of range"),
        (start.replace("first 2023", "first 1023"), 2, "is no time in UTC from 1970 to 2554"),
        (
            start.replace("last 2023", "last 2022"),
            2,
            "want at least one act, and the first not after",
        ),
        (
            start.replace("Z/2", "Z/1"),
            2,
            "the segments do not reach from the first act to the last",
        ),
        (start.replace("Z/2", "Z/0"), 2, "`2023-11-14T22:10:00Z/0` is no range of segments"),
        (start.replace("10:00Z/2", "10:01Z/2"), 2, "is no range of segments"),
        (
            start.replace("Z/2", "Z/1,2023-11-14T22:20:00Z/1"),
            2,
            "the segments are not sorted, or touch",
        ),
        (start.replace('\n', " more\n"), 2, "`more` is too much"),
        (start.replace('\n', "\r\n"), 2, "`2\r` is not a count, or out of range"),
        (
            under(&function.replace("read 3", "read 256")),
            3,
            "`256` is not a function code, or out of range",
        ),
        (under(&function.replace("read 3", "reed 3")), 3, "`reed` is no intent"),
        (under(&function.replace("\"Read\"", "Read")), 3, "want a name between quotes"),
        (
            under(&function.replace("Read", "R\u{e9}ad")),
            3,
            "a name is at most 64 letters of printable ASCII",
        ),
        (under(&function.replace("done", "gone")), 3, "want `done`, found `gone`"),
        (under(&command.replace("write", "read")), 3, "`read` commands nothing"),
        (under(&command.replace("coil", "coal")), 3, "`coal` is no space"),
        (under(&command.replace("0:2", "2")), 3, "want value:count"),
        (under(&command.replace("0:2", "0:0")), 3, "value 0 was never commanded"),
        (under(&command.replace("0:2", "1:1,0:1")), 3, "value 0 is a duplicate or not sorted"),
        (under(&command.replace("0:2", "up:1")), 3, "`up` is not a value, or out of range"),
        (
            under(&command.replace("0:2", "many 20 from 9 to 1")),
            3,
            "the least value is above the greatest",
        ),
        (format!("{device}  read coil 0 count 0 {TALLY}\n"), 3, "want a count of 1 or more"),
        ("limit points refused 0\n".to_owned(), 2, "a limit that was not reached"),
        ("limit patience refused 1\n".to_owned(), 2, "`patience` is no limit"),
        ("capture md5:0 packets 1\n".to_owned(), 2, "`md5:0` is no SHA-256 digest"),
    ];
    for (lines, number, reason) in table {
        let text = sealed(&format!("gridtap-baseline 1\n{lines}"));
        match Ledger::from_text(&text) {
            Err(LoadError::Line { number: at, reason: found }) => {
                assert!(at == number && found.contains(reason), "line {at}: {found}\n{text}");
            }
            other => panic!("{other:?}\n{text}"),
        }
    }
}

#[test]
fn a_second_learning_of_one_capture_is_refused_and_changes_nothing() {
    let mut ledger = polled_and_commanded();
    let digest = Digest::of("a capture");
    assert_eq!(ledger.merge(&polled_and_commanded()), Err(SameCapture(digest)));
    assert_eq!(ledger, polled_and_commanded());
}

#[test]
fn a_write_of_many_registers_is_learned_point_by_point() {
    let values = [7.0, 8.0].map(Value::Number).to_vec();
    let target = Target { space: Space::HoldingRegister, start: 4, count: 3, values };
    let mut ledger = Ledger::default();
    let event = Event { targets: vec![target], ..write(&request(5, 9), 0, Value::Number(0.0)) };
    ledger.learn(&event);
    let text = ledger.to_text();
    for fact in ["register 4 values 7:1", "register 5 values 8:1", "register 6 values none"] {
        assert!(text.contains(fact), "{fact}\n{text}");
    }
}

#[test]
fn of_a_read_and_write_in_one_each_half_is_learned_as_such() {
    let read = request(5, 9).targets;
    let mut event = write(&request(5, 9), 40, Value::Number(1.0));
    event.targets.extend(read);
    let mut ledger = Ledger::default();
    ledger.learn(&event);
    assert_eq!((ledger.counts().commands, ledger.counts().reads), (1, 1));
}

#[test]
fn a_command_without_any_value_is_still_a_command() {
    let mut event = write(&request(5, 9), 40, Value::Number(1.0));
    event.targets[0].values.clear();
    let mut ledger = Ledger::default();
    ledger.learn(&event);
    assert_eq!((ledger.counts().commands, ledger.counts().reads), (1, 0));
}

#[test]
fn an_act_that_claims_the_whole_address_space_is_learned_up_to_the_limit() {
    let mut event = write(&request(5, 9), u32::MAX - 1, Value::Number(1.0));
    event.targets[0].count = u32::MAX;
    let mut ledger = Ledger::default();
    ledger.learn(&event);
    assert_eq!(ledger.counts().commands, 2);

    event.targets[0].start = 0;
    ledger.learn(&event);
    let most = u64::try_from(limits::POINTS_AN_ACT).unwrap();
    assert_eq!(ledger.counts().commands, most + 2);
    assert!(ledger.limits_reached().any(|(limit, _)| limit == Limit::Points));
}

#[test]
fn the_end_of_an_act_that_was_never_asked_for_is_not_learned() {
    let mut ledger = Ledger::default();
    ledger.learn(&ended(request(5, 9), Outcome::Done));
    assert!(ledger.is_empty());
    ledger.learn(&request(5, 9));
    ledger.learn(&ended(write(&request(5, 9), 1, Value::Number(0.0)), Outcome::Unanswered));
    assert_eq!(ledger.counts().functions, 1);
}

#[test]
fn of_two_names_for_one_function_the_lesser_stays() {
    let named = |name| Event { function: Function { code: 3, sub: None, name }, ..request(5, 9) };
    let learned = |names: [&'static str; 2]| {
        let mut ledger = Ledger::default();
        for name in names {
            ledger.learn(&named(name));
        }
        ledger.to_text()
    };
    assert_eq!(learned(["b\"\n", "a\u{7}"]), learned(["a\u{7}", "b\"\n"]));
    assert!(learned(["b", "a\u{7}"]).contains("\"a?\""));
}

#[test]
fn what_is_polled_is_known_only_where_reads_tell() {
    let ledger = polled_and_commanded();
    let modbus = ledger.device(&request(5, 9).conversation.device()).unwrap();
    assert_eq!(modbus.polls(Space::HoldingRegister, 9), Some(true));
    assert_eq!(modbus.polls(Space::HoldingRegister, 10), Some(false));
    assert_eq!(modbus.polls(Space::Coil, 0), None);
    let close = crate::samples::breaker(Switch::Close, Intent::Operate, 4, "Operate");
    let dnp3 = ledger.device(&close.conversation.device()).unwrap();
    assert_eq!(dnp3.polls(Space::BinaryOutput, 4), None);
}

#[test]
fn what_is_summed_while_learning_is_what_a_loaded_file_sums_to() {
    let mut ledger = polled_and_commanded();
    for minute in 0..40 {
        let value = Value::Number(f64::from(u8::try_from(minute).unwrap()));
        ledger.learn(&later(write(&request(6, 9), 40, value), minute));
    }
    let loaded = Ledger::from_text(&ledger.to_text()).unwrap();
    assert_eq!(loaded.index, ledger.index);
    assert_eq!(loaded.digest(), ledger.digest());
}

#[test]
fn a_merge_beyond_the_limits_keeps_what_was_seen_first_whichever_way_round() {
    let flood = |unit: u8, at: u64| {
        let mut ledger = Ledger::default();
        for n in 0..6_000_u16 {
            let mut event = later(request(5, 9), at);
            event.conversation.client = [10, unit, n.to_be_bytes()[0], n.to_be_bytes()[1]].into();
            ledger.learn(&event);
        }
        for n in 0..40 {
            let function = Function { code: unit, sub: Some(n), name: "Poke" };
            ledger.learn(&Event { function, ..later(request(5, 9), at) });
        }
        for n in 0..6_000 {
            ledger.learn(&later(
                write(&request(5, 9), n + 6_000 * u32::from(unit), Value::Number(1.0)),
                at,
            ));
        }
        ledger
    };
    let (early, late) = (flood(1, 0), flood(2, 60));
    let (mut ours, mut theirs) = (early.clone(), late.clone());
    ours.merge(&late).unwrap();
    theirs.merge(&early).unwrap();
    assert_eq!(ours.to_text(), theirs.to_text());

    let refused: Vec<_> = ours.limits_reached().collect();
    // Of each: all of the early one, and of the late one what there is room for.
    let expected = [(Limit::Conversations, 2_001), (Limit::Functions, 17), (Limit::Points, 2_000)];
    assert_eq!(refused, expected);
    assert_eq!(ours.counts().conversations, 10_000);
    let late_client = |(conversation, _): &(&crate::event::Conversation, _)| {
        conversation.client >= std::net::IpAddr::from([10, 2, 0, 0])
    };
    assert_eq!(ours.conversations().into_iter().filter(late_client).count(), 3_999);
    assert_eq!(Ledger::from_text(&ours.to_text()), Ok(ours));
}

#[test]
fn the_hardware_addresses_of_hosts_are_learned_written_and_shown() {
    let from =
        |mac: [u8; 6], minute| Event { client_mac: Some(mac), ..later(request(5, 9), minute) };
    let mut ledger = Ledger::default();
    ledger.learn(&from([2, 0, 0, 0, 0, 5], 0));
    ledger.learn(&from([0xff; 6], 1));
    let mut other = Ledger::default();
    other.learn(&from([2, 0, 0, 0, 0, 5], 1));
    other.learn(&from([2, 0, 0, 0, 0, 0xab], 2));
    ledger.merge(&other).unwrap();
    let text = ledger.to_text();
    assert!(text.contains("\nhost 10.0.0.5 mac 02:00:00:00:00:05 acts 2 first"), "{text}");
    assert!(text.contains("\nhost 10.0.0.5 mac 02:00:00:00:00:ab acts 1 first"), "{text}");
    assert_eq!(text.matches("\nhost ").count(), 2, "a group is no host\n{text}");
    assert_eq!(Ledger::from_text(&text), Ok(ledger.clone()));
    assert!(ledger.show().contains("hosts\n  10.0.0.5 mac 02:00:00:00:00:05"), "{}", ledger.show());
}

#[test]
fn hardware_addresses_are_bounded() {
    let mut ledger = Ledger::default();
    for n in 0..100 {
        ledger.learn(&Event { client_mac: Some([2, 0, 0, 0, 0, n]), ..request(5, 9) });
    }
    let macs = ledger.macs(&[10, 0, 0, 5].into()).unwrap().len();
    assert_eq!(macs, limits::MACS_A_HOST);
    let twice = ledger.limits_reached().collect::<Vec<_>>();
    assert_eq!(twice, [(Limit::Macs, 84)]);
}

#[test]
fn what_a_device_reports_unasked_is_counted() {
    let mut ledger = Ledger::default();
    let report = Event { stage: crate::event::Stage::Reported, ..request(5, 9) };
    ledger.learn(&report);
    assert!(ledger.is_empty());
    ledger.learn(&request(5, 9));
    ledger.learn(&report);
    ledger.learn(&later(report, 1));
    let text = ledger.to_text();
    assert!(text.contains("\n  reports acts 2 first 2023-11-14T22:13:20"), "{text}");
    assert_eq!(Ledger::from_text(&text), Ok(ledger));
}
