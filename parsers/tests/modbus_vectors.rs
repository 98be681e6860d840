//! The shared Modbus vectors: each field of the valid ones, the class of each malformed one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "a test that skips says so")]

use std::path::PathBuf;

use gridtap_parsers::modbus::{Adu, Body, Framing, Request, Response, adu, rtu};
use gridtap_parsers::{Chunk, Direction, Message, PROTOCOLS, ParseError, Side};
use serde_json::{Map, Value, json};

/// Vectors that are judged otherwise here, each with the class given and the reason.
const OTHERWISE: &[(&str, Option<&str>, &str)] = &[(
    "user_defined_65_req",
    Some("function"),
    "valid, but its contents are the user's own: kept unread, and said so",
)];

/// Layers that are not read.
const NOT_READ: &[(&str, &str)] =
    &[("modbus-ascii", "ASCII frames are rare even on serial lines, and not carried over TCP")];

fn vectors() -> Option<Vec<Value>> {
    let shared = std::env::var_os("GRIDTAP_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
        PathBuf::from,
    );
    let path = shared.join("protocol/vectors/modbus.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no vectors at {}", path.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

fn octets(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

fn hex(octets: &[u8]) -> Value {
    octets.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}")).into()
}

/// All that was read, under the names that the vectors use.
fn fields(adu: &Adu<'_>) -> Map<String, Value> {
    let read = match adu.body {
        Body::Request(request) => request_fields(&request),
        Body::Response(response) => response_fields(&response),
        Body::Exception(code) => json!({ "exception": code.code() }),
        Body::Unread(octets) => json!({ "data_hex": hex(octets) }),
    };
    let Value::Object(mut fields) = read else { panic!("fields are an object") };
    fields.insert("unit".into(), adu.unit.into());
    fields.insert("function".into(), adu.function.code().into());
    fields
}

fn request_fields(request: &Request<'_>) -> Value {
    match *request {
        Request::Bare => json!({}),
        Request::Read { address, quantity } => json!({ "address": address, "quantity": quantity }),
        Request::WriteSingle { address, value } => json!({ "address": address, "value": value }),
        Request::WriteCoils { address, quantity, values } => {
            assert_eq!(values.iter().count(), usize::from(quantity).min(values.octets().len() * 8));
            json!({
                "address": address, "quantity": quantity,
                "byte_count": values.octets().len(), "bits_hex": hex(values.octets()),
            })
        }
        Request::WriteRegisters { address, quantity, values } => json!({
            "address": address, "quantity": quantity,
            "byte_count": values.octets().len(), "registers": values.iter().collect::<Vec<_>>(),
        }),
        Request::MaskWrite { address, and_mask, or_mask } => {
            json!({ "address": address, "and_mask": and_mask, "or_mask": or_mask })
        }
        Request::ReadWrite {
            read_address,
            read_quantity,
            write_address,
            write_quantity,
            values,
        } => {
            json!({
                "read_address": read_address, "read_quantity": read_quantity,
                "write_address": write_address, "write_quantity": write_quantity,
                "byte_count": values.octets().len(),
                "registers": values.iter().collect::<Vec<_>>(),
            })
        }
        Request::ReadFifo { address } => json!({ "address": address }),
        Request::ReadFile { areas } => json!({
            "byte_count": areas.octets().len(),
            "groups": areas.iter().map(|area| json!({
                "ref_type": 6, "file": area.file, "record": area.record, "length": area.length,
            })).collect::<Vec<_>>(),
        }),
        Request::WriteFile { writes } => json!({
            "data_length": writes.octets().len(),
            "groups": writes.iter().map(|write| json!({
                "ref_type": 6, "file": write.area.file, "record": write.area.record,
                "length": write.area.length, "data_hex": hex(write.values.octets()),
            })).collect::<Vec<_>>(),
        }),
        Request::Diagnostics { sub_function, data } => diagnostics(sub_function.code(), data),
        Request::ReadDeviceId { read_code, object } => {
            json!({ "mei_type": 14, "read_code": read_code, "object_id": object })
        }
        Request::Encapsulated { mei, data } => {
            json!({ "mei_type": mei.code(), "data_hex": hex(data) })
        }
        Request::Umas { session, code, data } => {
            json!({ "session": session, "umas_function": code.code(), "data_hex": hex(data) })
        }
    }
}

fn response_fields(response: &Response<'_>) -> Value {
    match *response {
        Response::ReadBits { values } => {
            json!({ "byte_count": values.octets().len(), "bits_hex": hex(values.octets()) })
        }
        Response::ReadRegisters { values } => json!({
            "byte_count": values.octets().len(), "registers": values.iter().collect::<Vec<_>>(),
        }),
        Response::WriteSingle { address, value } => json!({ "address": address, "value": value }),
        Response::WriteMultiple { address, quantity } => {
            json!({ "address": address, "quantity": quantity })
        }
        Response::MaskWrite { address, and_mask, or_mask } => {
            json!({ "address": address, "and_mask": and_mask, "or_mask": or_mask })
        }
        Response::Fifo { values } => json!({
            "byte_count": values.octets().len() + 2, "fifo_count": values.len(),
            "registers": values.iter().collect::<Vec<_>>(),
        }),
        Response::ReadFile { blocks } => json!({
            "data_length": blocks.octets().len(),
            "groups": blocks.iter().map(|values| json!({
                "group_length": values.octets().len() + 1, "ref_type": 6,
                "data_hex": hex(values.octets()),
            })).collect::<Vec<_>>(),
        }),
        Response::WriteFile { writes } => request_fields(&Request::WriteFile { writes }),
        Response::ExceptionStatus { status } => json!({ "status": status }),
        Response::Diagnostics { sub_function, data } => diagnostics(sub_function.code(), data),
        Response::EventCounter { status, event_count } => {
            json!({ "status": status, "event_count": event_count })
        }
        Response::EventLog { status, event_count, message_count, events } => json!({
            "byte_count": events.len() + 6, "status": status, "event_count": event_count,
            "message_count": message_count, "events_hex": hex(events),
        }),
        Response::ServerId { data } => json!({
            "byte_count": data.len(), "body_hex": hex(data), "run_status": data.last(),
        }),
        Response::DeviceId { read_code, conformity, more_follows, next_object, objects } => json!({
            "mei_type": 14, "read_code": read_code, "conformity": conformity,
            "more_follows": more_follows, "next_object_id": next_object,
            "objects": objects.iter().map(|object| json!({
                "id": object.id, "value": String::from_utf8_lossy(object.value),
            })).collect::<Vec<_>>(),
        }),
        Response::Encapsulated { mei, data } => {
            json!({ "mei_type": mei.code(), "data_hex": hex(data) })
        }
        Response::Umas { session, code, data } => {
            json!({ "session": session, "status": code.code(), "data_hex": hex(data) })
        }
    }
}

/// The vectors name the one field of a sub-function in four ways.
fn diagnostics(sub_function: u16, data: &[u8]) -> Value {
    let field = data.first_chunk().map(|field| u16::from_be_bytes(*field));
    json!({
        "sub_function": sub_function, "data_hex": hex(data),
        "data": field, "option": field, "register": field, "count": field,
    })
}

fn slug(error: Option<ParseError>) -> Option<&'static str> {
    error.map(|error| error.class.slug())
}

/// What one find in a stream comes to.
type Row = (Option<Map<String, Value>>, Option<&'static str>);

/// What the dissector makes of a stream that consists of these octets, or of one datagram.
fn dissect(octets: &[u8], direction: Direction, datagram: bool) -> Vec<Row> {
    let side = if direction == Direction::Response { Side::B } else { Side::A };
    let mut dissector = (PROTOCOLS.iter().find(|p| p.name == "modbus").unwrap().make)(Side::B);
    let mut rows = Vec::new();
    let found = &mut |parsed: &gridtap_parsers::Parsed<'_>| {
        let read = parsed.message.map(|message| match message {
            Message::Modbus(adu) => fields(&adu),
            Message::Dnp3(_) => panic!("not Modbus"),
        });
        rows.push((read, slug(parsed.error)));
    };
    dissector.feed(&Chunk { side, offset: 0, lost: 0, octets, datagram }, found);
    dissector.close(found);
    rows
}

#[test]
fn every_vector_reads_as_expected() {
    let Some(vectors) = vectors() else { return };
    let mut read = 0;
    for vector in &vectors {
        let name = vector["name"].as_str().unwrap();
        let layer = vector["layer"].as_str().unwrap();
        if NOT_READ.iter().any(|(not_read, _)| *not_read == layer) {
            continue;
        }
        let octets = octets(vector["hex"].as_str().unwrap());
        let direction = match vector["direction"].as_str() {
            Some("request") => Direction::Request,
            _ => Direction::Response,
        };
        let class = OTHERWISE
            .iter()
            .find(|(other, ..)| *other == name)
            .map_or_else(|| vector["error"].as_str(), |(_, class, _)| *class);
        let expected = vector["expected"].as_object().unwrap();
        if let Some(functions) = expected.get("functions") {
            let rows = dissect(&octets, direction, false);
            let codes: Vec<_> =
                rows.iter().map(|row| row.0.as_ref().unwrap()["function"].clone()).collect();
            assert_eq!((&Value::Array(codes), class), (functions, None), "{name}");
            read += 1;
            continue;
        }
        let (adu, error) = match layer {
            "modbus-rtu" => rtu(&octets, direction),
            _ => adu(&octets, direction),
        };
        assert_eq!(slug(error), class, "{name}: {error:?}");
        if let Some(error) = error {
            assert!(error.offset <= octets.len(), "{name}: {error:?}");
        }
        if vector["valid"] == true {
            let fields = fields(&adu.unwrap());
            for (key, value) in expected.iter().filter(|(key, _)| *key != "crc") {
                assert_eq!(fields.get(key), Some(value), "{name}: {key}");
            }
        } else if let (Some(adu), Some(function)) = (adu, expected.get("function")) {
            assert_eq!(&Value::from(adu.function.code()), function, "{name}");
        }
        if layer == "modbus-tcp" {
            let row = (adu.as_ref().map(fields), class);
            assert_eq!(
                dissect(&octets, direction, true),
                std::slice::from_ref(&row),
                "{name}, a datagram"
            );
            let mut stream = dissect(&octets, direction, false);
            if adu.is_none() {
                // Its last octets, which might have begun an ADU, come by themselves.
                assert!(stream.iter().all(|row| row.0.is_none()), "{name}, a stream");
                stream.truncate(1);
            }
            assert_eq!(stream, [row], "{name}, a stream");
        }
        read += 1;
    }
    let left_out = vectors.iter().filter(|v| v["layer"] == "modbus-ascii").count();
    assert_eq!(read + left_out, vectors.len());
    println!("{read} vectors read, {left_out} left out: {NOT_READ:?}, {OTHERWISE:?}");
}

#[test]
fn what_was_read_before_an_error_is_kept() {
    let request = octets("00560000000601030000007e");
    let (adu, error) = adu(&request, Direction::Request);
    let adu = adu.unwrap();
    assert_eq!(adu.body, Body::Request(Request::Read { address: 0, quantity: 126 }));
    assert_eq!(adu.framing, Framing::Tcp { transaction: 0x56 });
    assert_eq!(error.unwrap().to_string(), "malformed: quantity outside its limits (octet 10)");
}
