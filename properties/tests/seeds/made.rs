//! Seeds from the encoders: target, name, octets.

use gridtap_captures::dnp3::{
    Analog, Class, Crob, Header, Iin, Station, analog_events, analog_inputs, binary_events,
    binary_inputs, counters, link, packed, request, response,
};
use gridtap_captures::modbus::{exchanges, mbap, pdu, rtu};

use crate::sensor;

pub(crate) type Seed = (&'static str, String, Vec<u8>);

/// All that are made.
pub(crate) fn seeds() -> Vec<Seed> {
    [modbus(), dnp3(), sensor::decode(), sensor::reassembly(), sensor::capture_file()].concat()
}

/// Where the sides of a stream are cut, and how: see `properties/src/stream.rs`.
const CLIENT: u8 = 0;
const SERVER: u8 = 1;
const DATAGRAMS: u8 = 2;
const UNOPENED: u8 = 4;
const GAPS: u8 = 8;

fn stream(switches: u8, cuts: &[u16], octets: &[u8]) -> Vec<u8> {
    let count = u8::try_from(cuts.len()).unwrap();
    let mut seed = vec![switches | count << 4];
    seed.extend(cuts.iter().flat_map(|cut| cut.to_le_bytes()));
    seed.extend(octets);
    seed
}

/// PDUs, ADUs, frames and streams.
fn modbus() -> Vec<Seed> {
    let (asked, answered): (Vec<_>, Vec<_>) = exchanges().into_iter().unzip();
    let odd = [pdu(65, &[1, 2]), pdu(90, &[0, 2]), pdu(0, &[]), pdu(3, &[0; 7])];
    let mut seeds = Vec::new();
    let mut add = |target, name: &str, octets| seeds.push((target, name.to_owned(), octets));
    for (place, (request, response)) in exchanges().into_iter().enumerate() {
        let name = format!("{place:02}-function-{}", request[0]);
        if place % 5 == 0 {
            add("modbus_mbap", &name, [mbap(1, 1, &request), mbap(2, 1, &response)].concat());
            add("modbus_rtu", &name, rtu(1, &request));
        }
        add("modbus_request", &name, request);
        add("modbus_response", &name, response);
    }
    // In an arbitrary message: Modbus, in a header, transaction, unit; request; length; PDU.
    add("messages", "modbus-write", [&[1, 0, 7, 0, 1, 0], &asked[12][..]].concat());
    add("messages", "modbus-rtu-read", [&[1, 1, 1, 0], &asked[2][..]].concat());
    add("modbus_mbap", "umas", mbap(1, 1, &pdu(90, &[7; 600])));
    for (name, side, pdus) in [("client", CLIENT, &asked), ("server", SERVER, &answered)] {
        let pdus = || pdus.iter().chain(&odd);
        let tcp: Vec<u8> = (2..).zip(pdus()).flat_map(|(id, pdu)| mbap(id, 1, pdu)).collect();
        let lines: Vec<u8> = pdus().flat_map(|pdu| rtu(1, pdu)).collect();
        for (target, octets) in [("modbus_stream", &tcp), ("rtu_stream", &lines)] {
            add(target, name, stream(side, &[7, 50, 51, 200], octets));
            add(target, &format!("{name}-unopened"), stream(side | UNOPENED, &[12, 100], octets));
            add(target, &format!("{name}-gaps"), stream(side | GAPS, &[30, 40, 120], octets));
            add(target, &format!("{name}-datagrams"), stream(side | DATAGRAMS, &[12, 24], octets));
        }
    }
    let text = b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n";
    add("modbus_stream", "other-protocol", stream(UNOPENED, &[5], text));
    add("rtu_stream", "other-protocol", stream(CLIENT, &[5], text));
    seeds
}

/// Fragments of a master and of an outstation, by name.
pub(crate) fn fragments() -> [Vec<(&'static str, Vec<u8>)>; 2] {
    let restart = Iin::DEVICE_RESTART;
    let at = 1_700_000_000_123;
    let long: Vec<i32> = (0..120).collect();
    let commands = [Crob::TRIP.to(4), Analog::F32(12.5).to(300, 0)];
    let file = Header::sized(
        70,
        3,
        &[b"\x1a\x00\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\x04\0\0/a.xml"],
    );
    let attribute = Header::raw(0, 250, 0x00, &[0, 0]).with(b"\x01\x05Maker");
    let challenge = Header::sized(120, 1, &[b"\x01\0\0\0\x01\0\x04\x01\x01\x02\x03\x04"]);
    let master = vec![
        ("integrity", request::integrity_poll(0)),
        ("range", request::read_range(1, 30, 2, 0, 400)),
        ("select", request::select(2, &commands)),
        ("operate", request::operate(3, &commands)),
        ("time", request::write_time(4, at)),
        ("clear", request::clear_restart(5)),
        ("confirm", request::confirm_unsolicited(6)),
        ("cold", request::cold_restart(7)),
        ("enable", request::enable_unsolicited(8, &[Class::One, Class::Two, Class::Three])),
        ("file", request::request(9, 25, &[file])),
        ("unknown", request::request(10, 99, &[Header::all(60, 1)])),
    ];
    let outstation = vec![
        ("null", response::response(0, restart, &[])),
        (
            "present",
            response::response(
                1,
                restart,
                &[
                    binary_inputs(0, &[true, false, true]),
                    packed(10, 5, &[true; 11]),
                    counters(0, &[1, u32::MAX]),
                    analog_inputs(300, &[-1, 1]),
                ],
            ),
        ),
        (
            "events",
            response::response_to_confirm(
                2,
                Iin::default(),
                &[
                    Header::count8(51, 1, 1).with(&gridtap_captures::dnp3::time(at)),
                    Header::indexed(2, 3, &[(3, [0x81, 5, 0])]),
                    binary_events(&[(5, true, at)]),
                    analog_events(&[(700, -9, at)]),
                ],
            ),
        ),
        ("commands", response::response(3, Iin::default(), &commands)),
        ("unsolicited", response::unsolicited(4, restart, &[binary_events(&[(1, false, at)])])),
        ("attribute", response::response(5, Iin::default(), &[attribute])),
        ("challenge", response::response(6, Iin::default(), &[challenge])),
        ("long", response::response(7, Iin::default(), &[analog_inputs(0, &long)])),
    ];
    [master, outstation]
}

/// Frames, segments, fragments and streams.
fn dnp3() -> Vec<Seed> {
    let [asked, answered] = fragments();
    let mut seeds = Vec::new();
    for (control, fragments) in [(0xc4, &asked), (0x44, &answered)] {
        for (name, fragment) in fragments {
            let seed = [&[control, 0x80], fragment.as_slice()].concat();
            seeds.push(("dnp3_fragment", (*name).to_owned(), seed));
        }
    }
    // In an arbitrary message: DNP3, a fragment, its link header.
    let made_up = [&[0, 0xff, 0, 0xc4, 1, 0, 10, 0], &asked[2].1[..]].concat();
    seeds.push(("messages", "dnp3-select".to_owned(), made_up));
    for (name, head) in [("whole", [62, 0, 249]), ("twice", [0, 1, 40]), ("lost", [5, 6, 60])] {
        let (_, long) = answered.last().unwrap();
        seeds.push(("dnp3_transport", name.to_owned(), [&head[..], long].concat()));
    }
    seeds.push(("dnp3_link", "data".to_owned(), link::frame(0xc4, 10, 1, &asked[0].1)));
    seeds.push(("dnp3_link", "status".to_owned(), link::frame(0xc9, 10, 1, &[])));
    seeds.push(("dnp3_link", "longest".to_owned(), link::frame(0x44, 1, 10, &[7; 250])));
    let mut add = |name: String, octets| seeds.push(("dnp3_stream", name, octets));
    let (mut master, mut outstation) = (Station::master(1, 10), Station::outstation(10, 1));
    let asked: Vec<u8> = asked.iter().flat_map(|(_, fragment)| master.frames(fragment)).collect();
    let answered: Vec<u8> =
        answered.iter().flat_map(|(_, fragment)| outstation.frames(fragment)).collect();
    for (name, side, octets) in [("master", CLIENT, asked), ("outstation", SERVER, answered)] {
        add(name.to_owned(), stream(side, &[3, 11, 40, 300], &octets));
        add(format!("{name}-gaps"), stream(side | GAPS, &[30, 60, 150], &octets));
        add(format!("{name}-datagrams"), stream(side | DATAGRAMS, &[24, 48], &octets));
        let mut damaged = octets;
        damaged[12] ^= 1;
        damaged[40] ^= 0x80;
        add(format!("{name}-damaged"), stream(side, &[9, 100], &damaged));
    }
    add("other-protocol".to_owned(), stream(CLIENT, &[4], b"\x05\x64\x05SSH-2.0-\x05\x64\x05\x64"));
    seeds
}
