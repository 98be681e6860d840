//! Modbus messages built from what the shared vectors say they mean are the vectors' octets.

use gridtap_captures::modbus::request::{self, FileRecord};
use gridtap_captures::modbus::{ascii, mbap, pdu, response, rtu};
use serde_json::Value;

use crate::shared::{number, octets, vectors};

#[test]
fn every_valid_message_can_be_built() {
    let Some(vectors) = vectors("modbus") else {
        println!("skipped: no shared vectors; set GRIDTAP_SHARED");
        return;
    };
    for vector in &vectors {
        let (wire, it) = (octets(&vector["hex"]), &vector["expected"]);
        let built = match vector["layer"].as_str() {
            _ if vector["name"] == "two_adus_one_segment" => [
                mbap(0x4c, 1, &request::read_holding_registers(0, 1)),
                mbap(0x4d, 1, &request::write_single_register(5, 9)),
            ]
            .concat(),
            Some("modbus-tcp") => {
                mbap(u16::from_be_bytes([wire[0], wire[1]]), wire[6], &message(vector))
            }
            Some("modbus-rtu") => rtu(number(&it["unit"]), &message(vector)),
            _ => ascii(number(&it["unit"]), &message(vector)),
        };
        assert_eq!(built, wire, "{}", vector["name"]);
    }
    println!("built {} messages", vectors.len());
}

fn message(vector: &Value) -> Vec<u8> {
    let it = &vector["expected"];
    let word = |name: &str| number::<u16>(&it[name]);
    if it.get("exception").is_some() {
        return response::exception(number(&it["function"]), number(&it["exception"]));
    }
    if vector["direction"] == "request" {
        match number::<u8>(&it["function"]) {
            1 => request::read_coils(word("address"), word("quantity")),
            2 => request::read_discrete_inputs(word("address"), word("quantity")),
            3 => request::read_holding_registers(word("address"), word("quantity")),
            4 => request::read_input_registers(word("address"), word("quantity")),
            5 => request::write_single_coil(word("address"), word("value") == 0xff00),
            6 => request::write_single_register(word("address"), word("value")),
            7 => request::read_exception_status(),
            8 => request::diagnostics(word("sub_function"), &diagnostic_words(it)),
            11 => request::get_comm_event_counter(),
            12 => request::get_comm_event_log(),
            15 => {
                let states = &states(it)[..usize::from(word("quantity"))];
                request::write_multiple_coils(word("address"), states)
            }
            16 => request::write_multiple_registers(word("address"), &registers(it)),
            17 => request::report_server_id(),
            21 => request::write_file_record(&records(&files(it))),
            22 => request::mask_write_register(word("address"), word("and_mask"), word("or_mask")),
            23 => request::read_write_multiple_registers(
                word("read_address"),
                word("read_quantity"),
                word("write_address"),
                &registers(it),
            ),
            24 => request::read_fifo_queue(word("address")),
            43 => request::read_device_identification(
                number(&it["read_code"]),
                number(&it["object_id"]),
            ),
            90 => pdu(90, &[number(&it["session"]), number(&it["umas_function"])]),
            other => pdu(other, &octets(&it["data_hex"])),
        }
    } else {
        match number::<u8>(&it["function"]) {
            1 => response::read_coils(&states(it)),
            2 => response::read_discrete_inputs(&states(it)),
            3 => response::read_holding_registers(&registers(it)),
            4 => response::read_input_registers(&registers(it)),
            5 => response::write_single_coil(word("address"), word("value") == 0xff00),
            6 => response::write_single_register(word("address"), word("value")),
            7 => response::read_exception_status(number(&it["status"])),
            8 => response::diagnostics(word("sub_function"), &diagnostic_words(it)),
            11 => response::get_comm_event_counter(word("status") == 0xffff, word("event_count")),
            15 => response::write_multiple_coils(word("address"), word("quantity")),
            16 => response::write_multiple_registers(word("address"), word("quantity")),
            17 => {
                let body = octets(&it["body_hex"]);
                response::report_server_id(&body[..body.len() - 1], it["run_status"] == 255, &[])
            }
            20 => {
                let values: Vec<Vec<u16>> = files(it).into_iter().map(|file| file.2).collect();
                response::read_file_record(&values.iter().map(Vec::as_slice).collect::<Vec<_>>())
            }
            21 => response::write_file_record(&records(&files(it))),
            22 => response::mask_write_register(word("address"), word("and_mask"), word("or_mask")),
            23 => response::read_write_multiple_registers(&registers(it)),
            24 => response::read_fifo_queue(&registers(it)),
            other => pdu(other, &[number(&it["session"]), number(&it["status"])]),
        }
    }
}

/// File, record and registers of each group; a response to a read has registers alone.
fn files(it: &Value) -> Vec<(u16, u16, Vec<u16>)> {
    let place = |value: &Value| if value.is_null() { 0 } else { number(value) };
    let group = |group: &Value| {
        (place(&group["file"]), place(&group["record"]), words(&octets(&group["data_hex"])))
    };
    it["groups"].as_array().into_iter().flatten().map(group).collect()
}

fn records(files: &[(u16, u16, Vec<u16>)]) -> Vec<FileRecord<'_>> {
    let records = files.iter();
    records
        .map(|(file, record, values)| FileRecord { file: *file, record: *record, values })
        .collect()
}

fn registers(it: &Value) -> Vec<u16> {
    it["registers"].as_array().into_iter().flatten().map(number).collect()
}

fn states(it: &Value) -> Vec<bool> {
    let bits = |octet: u8| (0..8).map(move |bit| octet >> bit & 1 == 1);
    octets(&it["bits_hex"]).into_iter().flat_map(bits).collect()
}

/// The words after a diagnostic's sub-function, whatever the vector calls them.
fn diagnostic_words(it: &Value) -> Vec<u16> {
    match it.get("data_hex") {
        Some(hex) => words(&octets(hex)),
        None => ["option", "register", "data", "count"]
            .iter()
            .filter_map(|name| it.get(name))
            .map(number)
            .collect(),
    }
}

fn words(octets: &[u8]) -> Vec<u16> {
    octets.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}
