//! The shared DNP3 vectors and tables, read by this crate.
//!
//! They stand outside the repository, in the folder that `GRIDTAP_SHARED` names. Without it these
//! tests say so and pass.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(clippy::print_stdout, reason = "a test that skips says so")]

use std::path::PathBuf;

use gridtap_parsers::dnp3::{
    self, Attribute, Auth, DoubleBit, File, Fragment, FunctionCode, Iin, Message, ObjectHeader,
    Point, Range, Status, Value,
};
use gridtap_parsers::{Chunk, Class, Direction, Side};
use serde_json::{Map, Value as Json, json};

#[test]
fn valid_vectors_give_the_fields_they_list() {
    let Some(vectors) = vectors() else { return };
    let mut read = 0;
    for vector in vectors.iter().filter(|vector| vector["valid"] == true) {
        let name = vector["name"].as_str().unwrap();
        let expected = &vector["expected"];
        let mut found = found(vector);
        if let Some(skip) = expected["skip"].as_u64() {
            let junk = found.remove(0);
            assert_eq!((junk.class, junk.span), (Some(Class::Start), (0, skip)), "{name}");
        }
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        let found = &found[0];
        assert_eq!(found.class, None, "{name}");
        assert_eq!(found.span.1, octets(vector).len() as u64, "{name}");
        if found.message.get("app").is_some() {
            assert_eq!(found.direction, Some(direction(vector)), "{name}");
        } else {
            assert_eq!(found.direction, Some(Direction::Link), "{name}");
        }
        assert_has(&found.message, expected, name);
        read += 1;
    }
    assert_eq!(read, 174);
}

#[test]
fn malformed_vectors_give_the_error_they_name() {
    let Some(vectors) = vectors() else { return };
    let mut read = 0;
    for vector in vectors.iter().filter(|vector| vector["valid"] == false) {
        let name = vector["name"].as_str().unwrap();
        let found = found(vector);
        assert_eq!(found[0].class.map(Class::slug), vector["error"].as_str(), "{name}");
        // The last thing found is what `expected` describes: the fragment that ends an assembly.
        let last = found.iter().rev().find(|found| found.message != Json::Null);
        for layer in ["app", "link"] {
            if let Some(fields) = vector["expected"].get(layer) {
                assert_has(&last.expect(name).message[layer], fields, name);
            }
        }
        read += 1;
    }
    assert_eq!(read, 38);
}

#[test]
fn a_datagram_reads_like_a_stream() {
    let Some(vectors) = vectors() else { return };
    for vector in &vectors {
        let octets = octets(vector);
        let datagram = read(&[Chunk { datagram: true, ..chunk(0, &octets) }]);
        assert_eq!(datagram, read(&[chunk(0, &octets)]), "{}", vector["name"]);
    }
}

#[test]
fn every_object_of_the_table_is_known_with_its_size() {
    let Some(rows) = table("dnp3-objects.tsv") else { return };
    for row in &rows {
        let [group, variations, name, kind, encoding, bits] = row.first_chunk().unwrap();
        let what = format!("g{group}v{variations} {name} {kind}");
        let group = group.parse().unwrap();
        let (first, last) = variations.split_once('-').unwrap_or((variations, variations));
        for variation in first.parse::<u8>().unwrap()..=last.parse().unwrap() {
            let object = dnp3::object(group, variation).expect(&what);
            let bits = match bits.as_str() {
                "*" => None,
                "8*variation" => Some(8 * usize::from(variation)),
                bits => Some(bits.parse().unwrap()),
            };
            assert_eq!(object.bits(variation), bits, "{what} {encoding}");
        }
    }
    assert_eq!(rows.len(), 271);
}

#[test]
fn every_name_of_the_tables_is_the_code_s() {
    let Some(functions) = table("dnp3-functions.tsv") else { return };
    for row in &functions {
        let function = FunctionCode::from(row[0].parse::<u8>().unwrap());
        assert_eq!(function.name(), row[2].to_lowercase());
        assert_eq!(function.is_response(), row[3] == "o->m", "{}", row[2]);
    }
    for row in table("dnp3-iin.tsv").unwrap() {
        let bit = 1 << row[4].parse::<u16>().unwrap();
        assert_eq!(Iin(bit).names().collect::<Vec<_>>(), [row[5].as_str()]);
    }
    for row in table("dnp3-control.tsv").unwrap() {
        let name = row[3].to_lowercase();
        match (row[0].as_str(), row[1].parse::<u8>()) {
            ("status", Ok(code)) if name != "reserved" => {
                assert_eq!(Status::from(code).name(), name);
            }
            ("op_type", Ok(code)) if name != "undefined" => {
                assert_eq!(dnp3::Operation::from(code).name(), name);
            }
            ("tcc", Ok(code)) if name != "reserved" => {
                assert_eq!(dnp3::TripClose::from(code).name(), name);
            }
            _ => {}
        }
    }
    for row in table("dnp3-link.tsv").unwrap() {
        let prm = match row[0].as_str() {
            "primary" => 0x40,
            "secondary" => 0,
            _ => continue,
        };
        let control = dnp3::link::Control(prm | row[1].parse::<u8>().unwrap());
        assert_eq!(dnp3::link::LinkFunction::from(control).name(), row[2].to_lowercase());
    }
}

/// What a dissector handed out, in the vectors' words.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    message: Json,
    direction: Option<Direction>,
    class: Option<Class>,
    span: (u64, u64),
}

fn found(vector: &Json) -> Vec<Seen> {
    read(&[chunk(0, &octets(vector))])
}

fn chunk(offset: u64, octets: &[u8]) -> Chunk<'_> {
    Chunk { side: Side::A, offset, lost: 0, octets, datagram: false }
}

fn read(chunks: &[Chunk<'_>]) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut dissector = (dnp3::PROTOCOL.make)(Side::B);
    let mut found = |parsed: &gridtap_parsers::Parsed<'_>| {
        let message = parsed.message.map(|message| match message {
            gridtap_parsers::Message::Dnp3(message) => message,
            gridtap_parsers::Message::Modbus(_) => panic!("DNP3 alone is read"),
        });
        seen.push(Seen {
            message: message.as_ref().map_or(Json::Null, describe),
            direction: message.map(|message| message.direction()),
            class: parsed.error.map(|error| error.class),
            span: (parsed.span.start, parsed.span.end),
        });
    };
    for chunk in chunks {
        dissector.feed(chunk, &mut found);
    }
    dissector.close(&mut found);
    seen
}

fn describe(message: &Message<'_>) -> Json {
    let link = message.link();
    let mut all = json!({"link": {
        "dir": u8::from(link.control.from_master()),
        "prm": u8::from(link.control.primary()),
        "fcb": u8::from(link.control.fcb()),
        "fcv_dfc": u8::from(link.control.fcv() || link.control.dfc()),
        "function": link.control.0 & 0x0f,
        "destination": link.destination,
        "source": link.source,
        "length": link.length,
    }});
    if let Message::Fragment(fragment) = message {
        all["app"] = application(fragment);
        let mut base_ms = 0;
        all["objects"] =
            fragment.objects.headers().map(|header| object(&header, &mut base_ms)).collect();
    }
    all
}

fn application(fragment: &Fragment<'_>) -> Json {
    let control = fragment.control;
    let mut app = json!({
        "fir": u8::from(control.first()),
        "fin": u8::from(control.last()),
        "con": u8::from(control.confirm()),
        "uns": u8::from(control.unsolicited()),
        "seq": control.sequence(),
        "function": fragment.function.code(),
    });
    if let Some(iin) = fragment.iin {
        app["iin"] = iin.0.into();
    }
    app
}

fn object(header: &ObjectHeader<'_>, base_ms: &mut u64) -> Json {
    let mut object = json!({
        "group": header.group,
        "variation": header.variation,
        "qualifier": header.qualifier,
    });
    match header.range {
        Range::StartStop { start, stop } => {
            object["start"] = start.into();
            object["stop"] = stop.into();
        }
        Range::Count(count) => object["count"] = count.into(),
        Range::All | Range::VirtualAddress { .. } => {}
    }
    object["points"] = header
        .points()
        .map(|point| {
            if let (51, Value::Time(time_ms)) = (header.group, point.value) {
                *base_ms = time_ms;
            }
            describe_point(header, &point, *base_ms)
        })
        .collect();
    object
}

fn describe_point(header: &ObjectHeader<'_>, point: &Point<'_>, base_ms: u64) -> Json {
    let mut all = Map::new();
    let mut set = |key: &str, value: Json| {
        all.insert(key.into(), value);
    };
    if let Some(index) = point.index {
        set("index", index.into());
    }
    if let Some(flags) = point.flags {
        set("flags", flags.into());
    }
    if let Some(time_ms) = point.time_ms {
        set("time", time_ms.into());
        set("time_ms", time_ms.saturating_sub(base_ms).into());
    }
    if let Some(status) = point.status {
        let commanded = header.group == 13 && point.value == Value::Bit(true);
        set("status", (u8::from(commanded) << 7 | status.code()).into());
    }
    match point.value {
        Value::Absent => {}
        Value::Bit(on) => set("state", u8::from(on).into()),
        Value::DoubleBit(state) => {
            let states =
                [DoubleBit::Intermediate, DoubleBit::Off, DoubleBit::On, DoubleBit::Indeterminate];
            set("state", states.iter().position(|each| *each == state).into());
        }
        Value::Unsigned(value) => {
            for key in ["count", "value", "deadband"] {
                set(key, value.into());
            }
        }
        Value::Signed(value) => set("value", value.into()),
        Value::Float(value) => {
            set("value", value.into());
            set("deadband", value.into());
        }
        Value::Bcd(digits) => set("bcd", digits.into()),
        Value::Time(time_ms) => set("time", time_ms.into()),
        Value::Schedule { start_ms, interval, unit } => {
            set("time", start_ms.into());
            set("interval_ms", interval.into());
            set("interval_units", unit.into());
        }
        Value::Delay(ms) => set("delay_s", (ms / 1_000).into()),
        Value::Crob(crob) => {
            set("control_code", crob.control_code().into());
            set("count", crob.count.into());
            set("on_time_ms", crob.on_ms.into());
            set("off_time_ms", crob.off_ms.into());
        }
        Value::Statistic { association, count } => {
            set("association", association.into());
            set("count", count.into());
        }
        Value::Octets(octets) => set("data_hex", hex(octets)),
        Value::Attribute(Attribute::Text(octets)) => {
            set("data_type", 1.into());
            set("value", text(octets));
        }
        Value::Attribute(attribute) => set("value", format!("{attribute:?}").into()),
        Value::File(file) => describe_file(&file, &mut set),
        Value::Auth(auth) => describe_auth(&auth, &mut set),
    }
    all.into()
}

fn describe_file(file: &File<'_>, set: &mut dyn FnMut(&str, Json)) {
    match *file {
        File::Authentication { user, password_octets, key } => {
            set("user", text(user));
            set("password_octets", password_octets.into());
            set("auth_key", key.into());
        }
        File::Command { name, created_ms, permissions, key, size, mode, block_octets, request } => {
            set("name", text(name));
            set("created", created_ms.into());
            set("permissions", permissions.into());
            set("auth_key", key.into());
            set("file_size", size.into());
            set("mode", mode.code().into());
            set("max_block_size", block_octets.into());
            set("request_id", request.into());
        }
        File::CommandStatus { handle, size, block_octets, request, status, text: words } => {
            set("handle", handle.into());
            set("file_size", size.into());
            set("max_block_size", block_octets.into());
            set("request_id", request.into());
            set("status", status.code().into());
            set("text", text(words));
        }
        File::Transport { handle, block, last, octets } => {
            set("handle", handle.into());
            set("block", (u32::from(last) << 31 | block).into());
            set("data_hex", hex(octets));
        }
        File::TransportStatus { handle, block, last, status, text: words } => {
            set("handle", handle.into());
            set("block", (u32::from(last) << 31 | block).into());
            set("status", status.code().into());
            set("text", text(words));
        }
        File::Identifier { name, .. } | File::Descriptor { name, .. } => set("name", text(name)),
        File::Specification(name) => set("spec", text(name)),
    }
}

fn describe_auth(auth: &Auth<'_>, set: &mut dyn FnMut(&str, Json)) {
    match *auth {
        Auth::Challenge { sequence, user, mac_algorithm, reason, challenge } => {
            set("csq", sequence.into());
            set("user", user.into());
            set("mac_algorithm", mac_algorithm.into());
            set("reason", reason.into());
            set("challenge_hex", hex(challenge));
        }
        Auth::Reply { sequence, user, mac } => {
            set("csq", sequence.into());
            set("user", user.into());
            set("mac_hex", hex(mac));
        }
        Auth::AggressiveRequest { sequence, user } => {
            set("csq", sequence.into());
            set("user", user.into());
        }
        Auth::KeyStatusRequest { user } => set("user", user.into()),
        Auth::KeyStatus { sequence, user, key_wrap, status, mac_algorithm, challenge, mac } => {
            set("ksq", sequence.into());
            set("user", user.into());
            set("key_wrap", key_wrap.into());
            set("key_status", status.into());
            set("mac_algorithm", mac_algorithm.into());
            set("challenge_hex", hex(challenge));
            set("mac_hex", hex(mac));
        }
        Auth::KeyChange { sequence, user, wrapped_keys } => {
            set("ksq", sequence.into());
            set("user", user.into());
            set("wrapped_key_hex", hex(wrapped_keys));
        }
        Auth::Error { sequence, user, association, error, time_ms, text: words } => {
            set("csq", sequence.into());
            set("user", user.into());
            set("association", association.into());
            set("error", error.into());
            set("time", time_ms.into());
            set("text", text(words));
        }
    }
}

/// Keys of the vectors that this crate checks and does not hand out.
const CHECKED_ONLY: &[&str] = &["transport", "skip", "name_offset", "name_size", "length"];

/// Asserts that `found` has all that `expected` lists.
fn assert_has(found: &Json, expected: &Json, name: &str) {
    match expected {
        Json::Object(fields) => {
            for (key, value) in fields {
                if key == "password" {
                    // Passwords are not handed out, only how long they are.
                    let octets = value.as_str().unwrap().len();
                    assert_eq!(found["password_octets"], octets, "{name}");
                } else if found.get(key).is_some() || !CHECKED_ONLY.contains(&key.as_str()) {
                    assert_has(&found[key], value, &format!("{name} {key}"));
                }
            }
        }
        Json::Array(items) => {
            let found = found.as_array().expect(name);
            assert_eq!(found.len(), items.len(), "{name}: {found:?}");
            for (found, item) in found.iter().zip(items) {
                assert_has(found, item, name);
            }
        }
        Json::Number(number) => {
            let equal = found == expected || number.is_f64() && found.as_f64() == number.as_f64();
            assert!(equal, "{name}: {found}, not {expected}");
        }
        Json::Null | Json::Bool(_) | Json::String(_) => assert_eq!(found, expected, "{name}"),
    }
}

fn octets(vector: &Json) -> Vec<u8> {
    let digits = vector["hex"].as_str().unwrap();
    let octet = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(octet).collect()
}

fn direction(vector: &Json) -> Direction {
    let unsolicited = vector["expected"]["app"]["function"] == 130;
    match vector["direction"].as_str().unwrap() {
        "request" => Direction::Request,
        _ if unsolicited => Direction::Unsolicited,
        _ => Direction::Response,
    }
}

fn hex(octets: &[u8]) -> Json {
    octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat().into()
}

fn text(octets: &[u8]) -> Json {
    String::from_utf8_lossy(octets).into_owned().into()
}

fn vectors() -> Option<Vec<Json>> {
    let text = shared("vectors/dnp3.json")?;
    Some(serde_json::from_str(&text).expect("the vectors are a list"))
}

fn table(name: &str) -> Option<Vec<Vec<String>>> {
    let text = shared(name)?;
    Some(text.lines().skip(1).map(|row| row.split('\t').map(Into::into).collect()).collect())
}

/// A file of the shared protocol folder; says so if that is not there.
fn shared(name: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("GRIDTAP_SHARED").map_or(beside, PathBuf::from);
    let path = folder.join("protocol").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: no {} (GRIDTAP_SHARED names its folder)", path.display());
    }
    text
}
