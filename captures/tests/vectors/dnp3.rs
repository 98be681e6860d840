//! DNP3 messages built from what the shared vectors say they mean are the vectors' octets.

use std::collections::BTreeMap;

use gridtap_captures::dnp3::fragment::{CON, FIN, FIR, UNS, fragment, function};
use gridtap_captures::dnp3::link::{DIR, FCB, FCV, PRM, frame, segments};
use gridtap_captures::dnp3::{
    Analog, Class, Crob, Header, Iin, Station, packed, request, response, time,
};
use serde_json::Value;

use crate::shared::{number, octets, shared, vectors};

/// Layout of an object, from group and variation.
type Layouts = BTreeMap<(u64, u64), String>;

#[test]
fn every_valid_message_can_be_built_from_its_meaning() {
    let (Some(vectors), Some(table)) = (vectors("dnp3"), shared("protocol/dnp3-objects.tsv"))
    else {
        println!("skipped: no shared vectors; set GRIDTAP_SHARED");
        return;
    };
    let layouts = layouts(&table);
    let mut built = 0;
    for vector in &vectors {
        let (name, it) = (vector["name"].as_str().unwrap(), &vector["expected"]);
        let is_read = it["app"]["function"] == function::READ;
        if !is_read && objects(it).iter().any(without_values) {
            println!("not built here, values not given: {name}");
            continue;
        }
        let skipped = it["skip"].as_u64().map_or(0, |octets| usize::try_from(octets).unwrap());
        let wire = &octets(&vector["hex"])[skipped..];
        let address = |at: usize| u16::from_le_bytes([wire[at], wire[at + 1]]);
        let (peer, address) = (address(4), address(6));
        let headers: Vec<Header> =
            objects(it).iter().map(|object| header(object, &layouts)).collect();
        let octets = match (it.get("app"), it.get("transport")) {
            (Some(app), _) => {
                let next_segment = wire[10] & 0x3f;
                let is_master = vector["direction"] == "request";
                let mut station = Station { address, peer, is_master, next_segment };
                station.frames(&application(app, &headers))
            }
            (None, Some(transport)) => {
                let read = request::read(0, &headers);
                let segment = segments(number(&transport["seq"]), &read).remove(0);
                frame(link_control(&it["link"]), peer, address, &segment)
            }
            (None, None) => frame(link_control(&it["link"]), peer, address, &[]),
        };
        assert_eq!(octets, wire, "{name}");
        built += 1;
    }
    println!("built {built} of {} messages", vectors.len());
    assert!(built >= 160, "built {built} alone");
}

#[test]
fn messages_with_a_builder_of_their_own_are_those_of_the_vectors() {
    let Some(vectors) = vectors("dnp3") else {
        println!("skipped: no shared vectors; set GRIDTAP_SHARED");
        return;
    };
    let events = [Class::One, Class::Two, Class::Three];
    let crob = |control| Crob { control, count: 1, on_ms: 100, off_ms: 200, status: 0 };
    let wide = |control| [Header::indexed16(12, 1, &[(3, crob(control).octets())])];
    let latch = [crob(3).to(3)];
    let none = Iin::default();
    let ms = 1_700_000_000_123;
    #[rustfmt::skip]
    let table = [
        ("read_class_1",                   request::class_poll(1, &events[..1])),
        ("read_integrity",                 request::integrity_poll(3)),
        ("read_class2_limit_300",          request::read(3, &[Header::count16(60, 3, 300)])),
        ("read_bi_range8",                 request::read_range(3, 1, 2, 0, 9)),
        ("read_ai_range16",                request::read_range(3, 30, 0, 256, 511)),
        ("confirm_solicited",              request::confirm(5)),
        ("write_lan_time",                 request::write_recorded_time(3, ms)),
        ("write_clear_restart",            request::clear_restart(3)),
        ("select_crob_latch_on",           request::select(3, &latch)),
        ("operate_crob_latch_on",          request::operate(3, &latch)),
        ("direct_operate_crob_latch_on",   request::direct_operate(3, &latch)),
        ("direct_operate_nr_crob_latch_on", request::direct_operate_no_response(3, &latch)),
        ("direct_operate_crob_pulse_trip", request::direct_operate(3, &wide(Crob::TRIP.control))),
        ("direct_operate_crob_pulse_close", request::direct_operate(3, &wide(Crob::CLOSE.control))),
        ("direct_operate_ao_v2",           request::direct_operate(3, &[Analog::I16(-1000).to(1, 0)])),
        ("direct_operate_ao_v3",           request::direct_operate(3, &[Analog::F32(12.5).to(1, 0)])),
        ("direct_operate_ao_v4",           request::direct_operate(3, &[Analog::F64(-0.125).to(1, 0)])),
        ("cold_restart",                   request::cold_restart(3)),
        ("warm_restart",                   request::warm_restart(3)),
        ("delay_measure",                  request::delay_measure(3)),
        ("record_current_time",            request::record_current_time(3)),
        ("immediate_freeze_nr",            request::request(3, function::IMMED_FREEZE_NR, &[Header::all(20, 0)])),
        ("enable_unsolicited",             request::enable_unsolicited(3, &events)),
        ("disable_unsolicited",            request::disable_unsolicited(3, &events)),
        ("rsp_null",                       response::response(3, none, &[])),
        ("restart_rsp_coarse",             response::response(3, none, &[response::delay_coarse(30)])),
        ("unsol_null_restart",             response::unsolicited(0, Iin::DEVICE_RESTART, &[])),
        ("stack_reply_to_read_bi_range8",  response::response(3, Iin::DEVICE_RESTART, &[Header::points(1, 2, 0, &[[2]; 10])])),
        ("stack_reply_to_select_crob_latch_on", response::response(3, none, &latch)),
        ("select_pcb_and_mask",            request::select(3, &[
            Header::count8(12, 2, 1).with(&crob(3).octets()), Header::range8(12, 3, 0, 7).with(&[0x0f]),
        ])),
        ("stack_reply_to_read_ctr_any_all", response::response(3, Iin::DEVICE_RESTART, &[Header::points(20, 1, 0, &[[2, 0, 0, 0, 0]; 10])])),
        ("stack_reply_to_direct_operate_crob_pulse_trip", response::response(3, none, &wide(Crob::TRIP.control))),
        ("stack_reply_to_direct_operate_ao_v1", response::response(3, none, &[Analog::I32(-100_000).to(1, 0)])),
        ("stack_reply_to_direct_operate_ao_v4", response::response(3, none, &[Analog::F64(-0.125).to(1, 0)])),
    ];
    for (name, fragment) in table {
        let vector = vectors.iter().find(|vector| vector["name"] == name);
        assert_eq!(fragment, octets(&vector.unwrap()["app_hex"]), "{name}");
    }
}

fn layouts(table: &str) -> Layouts {
    let mut layouts = Layouts::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (first, last) = cells[1].split_once('-').unwrap_or((cells[1], cells[1]));
        for variation in first.parse().unwrap()..=last.parse().unwrap() {
            layouts.insert((cells[0].parse().unwrap(), variation), cells[6].to_owned());
        }
    }
    layouts
}

fn objects(it: &Value) -> &[Value] {
    it["objects"].as_array().map_or(&[], Vec::as_slice)
}

/// Whether the vector names objects that have octets on the wire, but not what is in them.
fn without_values(object: &Value) -> bool {
    let (group, variation, qualifier) =
        (&object["group"], &object["variation"], &object["qualifier"]);
    let headers_alone = [0, 60].iter().any(|v| *v == *variation || *v == *group) || *qualifier == 6;
    object.get("points").is_none() && !headers_alone
}

fn link_control(link: &Value) -> u8 {
    let bits = [("dir", DIR), ("prm", PRM), ("fcb", FCB), ("fcv_dfc", FCV)];
    bits.iter()
        .filter(|(name, _)| link[name] == 1)
        .fold(number(&link["function"]), |control, (_, bit)| control | bit)
}

fn application(app: &Value, headers: &[Header]) -> Vec<u8> {
    let bits = [("fir", FIR), ("fin", FIN), ("con", CON), ("uns", UNS)];
    let control = bits
        .iter()
        .filter(|(name, _)| app[name] == 1)
        .fold(number(&app["seq"]), |control: u8, (_, bit)| control | bit);
    let iin = app.get("iin").map(|iin| Iin(number(iin)));
    fragment(control, number(&app["function"]), iin, headers)
}

fn header(it: &Value, layouts: &Layouts) -> Header {
    let (group, variation) = (number(&it["group"]), number(&it["variation"]));
    let layout = layouts.get(&(u64::from(group), u64::from(variation))).map_or("", String::as_str);
    let points: &[Value] = it["points"].as_array().map_or(&[], Vec::as_slice);
    let objects: Vec<Vec<u8>> = points.iter().map(|point| object(point, layout)).collect();
    let indexed =
        |index: fn(&Value) -> u16| points.iter().map(index).zip(&objects).collect::<Vec<_>>();
    let index: fn(&Value) -> u16 = |point| number(&point["index"]);
    if layout == "state:1bit" && !points.is_empty() {
        let states: Vec<bool> = points.iter().map(|point| point["state"] == 1).collect();
        return packed(group, number(&it["start"]), &states);
    }
    let header = match number::<u8>(&it["qualifier"]) {
        0x00 => Header::range8(group, variation, number(&it["start"]), number(&it["stop"])),
        0x01 => Header::range16(group, variation, number(&it["start"]), number(&it["stop"])),
        0x06 => Header::all(group, variation),
        0x07 => Header::count8(group, variation, number(&it["count"])),
        0x08 => Header::count16(group, variation, number(&it["count"])),
        0x17 => {
            let narrow = |(index, object)| (u8::try_from(index).unwrap(), object);
            let objects: Vec<(u8, &Vec<u8>)> = indexed(index).into_iter().map(narrow).collect();
            return Header::indexed8(group, variation, &objects);
        }
        0x28 => return Header::indexed16(group, variation, &indexed(index)),
        _ => return Header::sized(group, variation, &objects),
    };
    if layout == "state:2bit" {
        let states = points.iter().rev().map(|point| number::<u64>(&point["state"]));
        let all = states.fold(0, |all, state| all << 2 | state).to_le_bytes();
        return header.with(&all[..points.len().div_ceil(4)]);
    }
    header.with(&objects.concat())
}

/// The object that a point describes; nothing if it names its index alone, as a read does.
fn object(point: &Value, layout: &str) -> Vec<u8> {
    if point.as_object().unwrap().keys().all(|name| name == "index") {
        return Vec::new();
    }
    let fields = layout.split(',').map(|field| field.split_once(':').unwrap());
    fields.flat_map(|(name, kind)| field(point, name, kind)).collect()
}

fn field(point: &Value, name: &str, kind: &str) -> Vec<u8> {
    let value = &point[name];
    let float = || value.as_f64().unwrap();
    match kind {
        "u8" => vec![integer(point, name).to_le_bytes()[0]],
        "u16le" | "i16le" => integer(point, name).to_le_bytes()[..2].to_vec(),
        "u32le" | "i32le" => integer(point, name).to_le_bytes()[..4].to_vec(),
        "u48le" => time(number(value)).to_vec(),
        "u64le" => number::<u64>(value).to_le_bytes().to_vec(),
        "f32le" => value.to_string().parse::<f32>().unwrap().to_le_bytes().to_vec(),
        "f64le" => float().to_le_bytes().to_vec(),
        "1bit" | "2bit" => Vec::new(), // the header packs them
        _ => blob(point, name),
    }
}

/// A number; where the vector leaves it out, the length or place of what it counts.
fn integer(point: &Value, name: &str) -> i64 {
    let octets_of = |name: &str| i64::try_from(blob(point, name).len()).unwrap();
    match (point[name].as_i64(), name) {
        (Some(value), _) => value,
        (None, "user_offset") => 12,
        (None, "password_offset") => 12 + octets_of("user"),
        (None, _) => octets_of(name.trim_end_matches("_size").trim_end_matches("_length")),
    }
}

/// Text, or octets in hex.
fn blob(point: &Value, name: &str) -> Vec<u8> {
    match point[name].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => octets(&point[format!("{name}_hex")]),
    }
}
