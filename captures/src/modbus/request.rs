//! What a client asks: one function for each public function code.

use crate::modbus::{pdu, registers};
use crate::octets::{count8, count16, pack};

/// 1, Read Coils.
#[must_use]
pub fn read_coils(address: u16, quantity: u16) -> Vec<u8> {
    words(1, &[address, quantity])
}

/// 2, Read Discrete Inputs.
#[must_use]
pub fn read_discrete_inputs(address: u16, quantity: u16) -> Vec<u8> {
    words(2, &[address, quantity])
}

/// 3, Read Holding Registers.
#[must_use]
pub fn read_holding_registers(address: u16, quantity: u16) -> Vec<u8> {
    words(3, &[address, quantity])
}

/// 4, Read Input Registers.
#[must_use]
pub fn read_input_registers(address: u16, quantity: u16) -> Vec<u8> {
    words(4, &[address, quantity])
}

/// 5, Write Single Coil.
#[must_use]
pub fn write_single_coil(address: u16, on: bool) -> Vec<u8> {
    words(5, &[address, if on { 0xff00 } else { 0 }])
}

/// 6, Write Single Register.
#[must_use]
pub fn write_single_register(address: u16, value: u16) -> Vec<u8> {
    words(6, &[address, value])
}

/// 7, Read Exception Status.
#[must_use]
pub fn read_exception_status() -> Vec<u8> {
    vec![7]
}

/// 8, Diagnostics: most sub-functions take one word, Return Query Data (0) takes several.
#[must_use]
pub fn diagnostics(sub_function: u16, data: &[u16]) -> Vec<u8> {
    [words(8, &[sub_function]), registers(data)].concat()
}

/// 11, Get Comm Event Counter.
#[must_use]
pub fn get_comm_event_counter() -> Vec<u8> {
    vec![11]
}

/// 12, Get Comm Event Log.
#[must_use]
pub fn get_comm_event_log() -> Vec<u8> {
    vec![12]
}

/// 15, Write Multiple Coils: up to 1,968 by the standard.
#[must_use]
pub fn write_multiple_coils(address: u16, states: &[bool]) -> Vec<u8> {
    let bits = pack(states);
    [words(15, &[address, count16(states.len())]), vec![count8(bits.len())], bits].concat()
}

/// 16, Write Multiple Registers: up to 123 by the standard.
#[must_use]
pub fn write_multiple_registers(address: u16, values: &[u16]) -> Vec<u8> {
    [words(16, &[address]), counted_registers(values)].concat()
}

/// 17, Report Server ID.
#[must_use]
pub fn report_server_id() -> Vec<u8> {
    vec![17]
}

/// A part of a file, for [`read_file_record`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRange {
    /// Number of the file.
    pub file: u16,
    /// Its first record, 0 to 9,999.
    pub record: u16,
    /// How many registers.
    pub length: u16,
}

/// 20, Read File Record.
#[must_use]
pub fn read_file_record(ranges: &[FileRange]) -> Vec<u8> {
    let one = |range: &FileRange| words(6, &[range.file, range.record, range.length]);
    let groups: Vec<u8> = ranges.iter().flat_map(one).collect();
    [vec![20, count8(groups.len())], groups].concat()
}

/// A part of a file and what to write there, for [`write_file_record`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRecord<'a> {
    /// Number of the file.
    pub file: u16,
    /// Its first record, 0 to 9,999.
    pub record: u16,
    /// What to write.
    pub values: &'a [u16],
}

/// 21, Write File Record.
#[must_use]
pub fn write_file_record(records: &[FileRecord<'_>]) -> Vec<u8> {
    let one = |it: &FileRecord<'_>| {
        [words(6, &[it.file, it.record, count16(it.values.len())]), registers(it.values)].concat()
    };
    let groups: Vec<u8> = records.iter().flat_map(one).collect();
    [vec![21, count8(groups.len())], groups].concat()
}

/// 22, Mask Write Register: the register becomes (it AND `and_mask`) OR (`or_mask` AND NOT `and_mask`).
#[must_use]
pub fn mask_write_register(address: u16, and_mask: u16, or_mask: u16) -> Vec<u8> {
    words(22, &[address, and_mask, or_mask])
}

/// 23, Read/Write Multiple Registers: reads up to 125 and writes up to 121 by the standard.
#[must_use]
pub fn read_write_multiple_registers(
    read_address: u16,
    read_quantity: u16,
    write_address: u16,
    values: &[u16],
) -> Vec<u8> {
    [words(23, &[read_address, read_quantity, write_address]), counted_registers(values)].concat()
}

/// 24, Read FIFO Queue.
#[must_use]
pub fn read_fifo_queue(address: u16) -> Vec<u8> {
    words(24, &[address])
}

/// 43/13, `CANopen` General Reference: what follows is defined by `CiA` 309.
#[must_use]
pub fn canopen_general_reference(body: &[u8]) -> Vec<u8> {
    [&[43, 13], body].concat()
}

/// 43/14, Read Device Identification: `code` 1 basic, 2 regular, 3 extended, 4 one object.
#[must_use]
pub fn read_device_identification(code: u8, object: u8) -> Vec<u8> {
    vec![43, 14, code, object]
}

/// An octet and then words; the octet is a function code or the reference type of a file record.
pub(super) fn words(first: u8, words: &[u16]) -> Vec<u8> {
    pdu(first, &registers(words))
}

/// Quantity, octet count, registers.
fn counted_registers(values: &[u16]) -> Vec<u8> {
    let octets = registers(values);
    let quantity = count16(values.len()).to_be_bytes();
    [quantity.as_slice(), &[count8(octets.len())], &octets].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_laid_out_to_the_octet() {
        let ten = [true, false, true, true, false, false, true, true, true, false];
        let range = |file, record, length| FileRange { file, record, length };
        let record = FileRecord { file: 4, record: 7, values: &[0x06af, 0x04be] };
        #[rustfmt::skip]
        let table: &[(&str, Vec<u8>, &[u8])] = &[
            ("coils",      read_coils(0x13, 0x25),             &[1, 0, 0x13, 0, 0x25]),
            ("discrete",   read_discrete_inputs(0xc4, 0x16),   &[2, 0, 0xc4, 0, 0x16]),
            ("holding",    read_holding_registers(0x6b, 3),    &[3, 0, 0x6b, 0, 3]),
            ("input",      read_input_registers(8, 1),         &[4, 0, 8, 0, 1]),
            ("coil on",    write_single_coil(0xac, true),      &[5, 0, 0xac, 0xff, 0]),
            ("coil off",   write_single_coil(0xac, false),     &[5, 0, 0xac, 0, 0]),
            ("register",   write_single_register(1, 3),        &[6, 0, 1, 0, 3]),
            ("status",     read_exception_status(),            &[7]),
            ("diagnostic", diagnostics(0, &[0xa537]),          &[8, 0, 0, 0xa5, 0x37]),
            ("counter",    get_comm_event_counter(),           &[11]),
            ("log",        get_comm_event_log(),               &[12]),
            ("coils",      write_multiple_coils(0x13, &ten),   &[15, 0, 0x13, 0, 10, 2, 0xcd, 1]),
            ("registers",  write_multiple_registers(1, &[10, 0x102]),
                                                               &[16, 0, 1, 0, 2, 4, 0, 10, 1, 2]),
            ("server",     report_server_id(),                 &[17]),
            ("read file",  read_file_record(&[range(4, 1, 2), range(3, 9, 2)]),
                           &[20, 14, 6, 0, 4, 0, 1, 0, 2, 6, 0, 3, 0, 9, 0, 2]),
            ("write file", write_file_record(&[record]),
                           &[21, 11, 6, 0, 4, 0, 7, 0, 2, 6, 0xaf, 4, 0xbe]),
            ("mask",       mask_write_register(4, 0xf2, 0x25), &[22, 0, 4, 0, 0xf2, 0, 0x25]),
            ("read/write", read_write_multiple_registers(3, 6, 14, &[0xff]),
                           &[23, 0, 3, 0, 6, 0, 14, 0, 1, 2, 0, 0xff]),
            ("fifo",       read_fifo_queue(0x4de),             &[24, 4, 0xde]),
            ("canopen",    canopen_general_reference(&[1, 2]), &[43, 13, 1, 2]),
            ("identity",   read_device_identification(1, 0),   &[43, 14, 1, 0]),
        ];
        for (name, pdu, expected) in table {
            assert_eq!(pdu, expected, "{name}");
        }
    }

    #[test]
    fn counts_saturate_and_no_register_is_lost() {
        let pdu = write_multiple_registers(0, &[7; 200]);
        assert_eq!(pdu[..6], [16, 0, 0, 0, 200, 255]);
        assert_eq!(pdu.len(), 6 + 400);
    }
}
