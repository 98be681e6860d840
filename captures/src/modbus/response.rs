//! What a server answers: one function for each public function code, and the exception.

use crate::modbus::request::{self, FileRecord, words};
use crate::modbus::{pdu, registers};
use crate::octets::{count8, count16, pack};

/// An exception to `function`, which is that of the request.
#[must_use]
pub fn exception(function: u8, code: u8) -> Vec<u8> {
    vec![function | 0x80, code]
}

/// 1, Read Coils: states are filled up with 0 to whole octets.
#[must_use]
pub fn read_coils(states: &[bool]) -> Vec<u8> {
    counted(1, &pack(states))
}

/// 2, Read Discrete Inputs: states are filled up with 0 to whole octets.
#[must_use]
pub fn read_discrete_inputs(states: &[bool]) -> Vec<u8> {
    counted(2, &pack(states))
}

/// 3, Read Holding Registers.
#[must_use]
pub fn read_holding_registers(values: &[u16]) -> Vec<u8> {
    counted(3, &registers(values))
}

/// 4, Read Input Registers.
#[must_use]
pub fn read_input_registers(values: &[u16]) -> Vec<u8> {
    counted(4, &registers(values))
}

/// 5, Write Single Coil: repeats the request.
#[must_use]
pub fn write_single_coil(address: u16, on: bool) -> Vec<u8> {
    request::write_single_coil(address, on)
}

/// 6, Write Single Register: repeats the request.
#[must_use]
pub fn write_single_register(address: u16, value: u16) -> Vec<u8> {
    request::write_single_register(address, value)
}

/// 7, Read Exception Status: the bits are the device's own.
#[must_use]
pub fn read_exception_status(status: u8) -> Vec<u8> {
    vec![7, status]
}

/// 8, Diagnostics: repeats the request, or carries the counter it asked for.
#[must_use]
pub fn diagnostics(sub_function: u16, data: &[u16]) -> Vec<u8> {
    request::diagnostics(sub_function, data)
}

/// 11, Get Comm Event Counter.
#[must_use]
pub fn get_comm_event_counter(busy: bool, events: u16) -> Vec<u8> {
    words(11, &[busy_word(busy), events])
}

/// 12, Get Comm Event Log: up to 64 events by the standard, an octet each.
#[must_use]
pub fn get_comm_event_log(busy: bool, events: u16, messages: u16, log: &[u8]) -> Vec<u8> {
    counted(12, &[&registers(&[busy_word(busy), events, messages]), log].concat())
}

/// 15, Write Multiple Coils.
#[must_use]
pub fn write_multiple_coils(address: u16, quantity: u16) -> Vec<u8> {
    words(15, &[address, quantity])
}

/// 16, Write Multiple Registers.
#[must_use]
pub fn write_multiple_registers(address: u16, quantity: u16) -> Vec<u8> {
    words(16, &[address, quantity])
}

/// 17, Report Server ID.
#[must_use]
pub fn report_server_id(server: &[u8], running: bool, more: &[u8]) -> Vec<u8> {
    counted(17, &[server, &[if running { 0xff } else { 0 }], more].concat())
}

/// 20, Read File Record: the registers of each range that was asked for.
#[must_use]
pub fn read_file_record(ranges: &[&[u16]]) -> Vec<u8> {
    let one = |values: &&[u16]| {
        let octets = registers(values);
        [&[count8(octets.len().saturating_add(1)), 6], octets.as_slice()].concat()
    };
    counted(20, &ranges.iter().flat_map(one).collect::<Vec<u8>>())
}

/// 21, Write File Record: repeats the request.
#[must_use]
pub fn write_file_record(records: &[FileRecord<'_>]) -> Vec<u8> {
    request::write_file_record(records)
}

/// 22, Mask Write Register: repeats the request.
#[must_use]
pub fn mask_write_register(address: u16, and_mask: u16, or_mask: u16) -> Vec<u8> {
    request::mask_write_register(address, and_mask, or_mask)
}

/// 23, Read/Write Multiple Registers: what was read.
#[must_use]
pub fn read_write_multiple_registers(values: &[u16]) -> Vec<u8> {
    counted(23, &registers(values))
}

/// 24, Read FIFO Queue: up to 31 registers by the standard.
#[must_use]
pub fn read_fifo_queue(values: &[u16]) -> Vec<u8> {
    let octets = registers(values);
    let counts = [count16(octets.len().saturating_add(2)), count16(values.len())];
    [words(24, &counts), octets].concat()
}

/// 43/13, `CANopen` General Reference: what follows is defined by `CiA` 309.
#[must_use]
pub fn canopen_general_reference(body: &[u8]) -> Vec<u8> {
    request::canopen_general_reference(body)
}

/// A page of device identification, for [`read_device_identification`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identification<'a> {
    /// The code of the request: 1 basic, 2 regular, 3 extended, 4 one object.
    pub code: u8,
    /// What the device has: 1 to 3 as above, plus 0x80 if it gives single objects too.
    pub conformity: u8,
    /// The object that the next page begins with, if there is one.
    pub next: Option<u8>,
    /// Number and value of each object: 0 vendor, 1 product code, 2 revision.
    pub objects: &'a [(u8, &'a [u8])],
}

/// 43/14, Read Device Identification.
#[must_use]
pub fn read_device_identification(page: &Identification<'_>) -> Vec<u8> {
    let more = if page.next.is_some() { 0xff } else { 0 };
    let head = [43, 14, page.code, page.conformity, more, page.next.unwrap_or(0)];
    let one = |(id, value): &(u8, &[u8])| [&[*id, count8(value.len())], *value].concat();
    let objects: Vec<u8> = page.objects.iter().flat_map(one).collect();
    [head.as_slice(), &[count8(page.objects.len())], &objects].concat()
}

/// Function code, octet count, octets.
fn counted(function: u8, octets: &[u8]) -> Vec<u8> {
    pdu(function, &[&[count8(octets.len())], octets].concat())
}

fn busy_word(busy: bool) -> u16 {
    if busy { 0xffff } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_laid_out_to_the_octet() {
        let page = Identification { code: 1, conformity: 1, next: Some(2), objects: &[(0, b"Ab")] };
        let last = Identification { code: 4, conformity: 0x81, next: None, objects: &[] };
        let record = FileRecord { file: 4, record: 7, values: &[0x06af] };
        #[rustfmt::skip]
        let table: &[(&str, Vec<u8>, &[u8])] = &[
            ("exception",  exception(3, 2),                           &[0x83, 2]),
            ("coils",      read_coils(&[true; 9]),                    &[1, 2, 0xff, 1]),
            ("discrete",   read_discrete_inputs(&[false, true]),      &[2, 1, 2]),
            ("holding",    read_holding_registers(&[0x22b, 0]),       &[3, 4, 2, 0x2b, 0, 0]),
            ("input",      read_input_registers(&[10]),               &[4, 2, 0, 10]),
            ("coil",       write_single_coil(0xac, true),             &[5, 0, 0xac, 0xff, 0]),
            ("register",   write_single_register(1, 3),               &[6, 0, 1, 0, 3]),
            ("status",     read_exception_status(0x6d),               &[7, 0x6d]),
            ("diagnostic", diagnostics(11, &[0x102]),                 &[8, 0, 11, 1, 2]),
            ("counter",    get_comm_event_counter(true, 0x108),       &[11, 0xff, 0xff, 1, 8]),
            ("log",        get_comm_event_log(false, 0x108, 0x121, &[0x20, 0]),
                                                            &[12, 8, 0, 0, 1, 8, 1, 0x21, 0x20, 0]),
            ("coils",      write_multiple_coils(0x13, 10),            &[15, 0, 0x13, 0, 10]),
            ("registers",  write_multiple_registers(1, 2),            &[16, 0, 1, 0, 2]),
            ("server",     report_server_id(b"P", true, b"x"),        &[17, 3, b'P', 0xff, b'x']),
            ("read file",  read_file_record(&[&[0xdfe, 0x20], &[1]]),
                                                      &[20, 10, 5, 6, 0xd, 0xfe, 0, 0x20, 3, 6, 0, 1]),
            ("write file", write_file_record(&[record]), &[21, 9, 6, 0, 4, 0, 7, 0, 1, 6, 0xaf]),
            ("mask",       mask_write_register(4, 0xf2, 0x25),        &[22, 0, 4, 0, 0xf2, 0, 0x25]),
            ("read/write", read_write_multiple_registers(&[0xfe]),    &[23, 2, 0, 0xfe]),
            ("fifo",       read_fifo_queue(&[0x1b8, 0x1284]),  &[24, 0, 6, 0, 2, 1, 0xb8, 0x12, 0x84]),
            ("canopen",    canopen_general_reference(&[9]),           &[43, 13, 9]),
            ("identity",   read_device_identification(&page), &[43, 14, 1, 1, 0xff, 2, 1, 0, 2, b'A', b'b']),
            ("last page",  read_device_identification(&last),         &[43, 14, 4, 0x81, 0, 0, 0]),
        ];
        for (name, pdu, expected) in table {
            assert_eq!(pdu, expected, "{name}");
        }
    }
}
