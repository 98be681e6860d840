//! One of each: what every reader of Modbus is held to.

use crate::modbus::request::{self, FileRange, FileRecord};
use crate::modbus::response::{self, Identification};

/// Every public function with its answer, and two exceptions: PDUs of requests and of what answers them.
#[must_use]
pub fn exchanges() -> Vec<(Vec<u8>, Vec<u8>)> {
    let states = [true, false, true, true, false, true, false, false, true];
    let values = [0x0102, 0xfffe, 7];
    let records = [FileRecord { file: 4, record: 7, values: &values }];
    let range = FileRange { file: 4, record: 1, length: 3 };
    let page = Identification {
        code: 1,
        conformity: 1,
        next: None,
        objects: &[(0, b"Maker"), (1, b"B1"), (2, b"1.0")],
    };
    vec![
        (request::read_coils(19, 9), response::read_coils(&states)),
        (request::read_discrete_inputs(19, 9), response::read_discrete_inputs(&states)),
        (request::read_holding_registers(1, 3), response::read_holding_registers(&values)),
        (request::read_input_registers(1, 3), response::read_input_registers(&values)),
        (request::write_single_coil(5, true), response::write_single_coil(5, true)),
        (request::write_single_register(5, 9), response::write_single_register(5, 9)),
        (request::read_exception_status(), response::read_exception_status(0x6d)),
        (request::diagnostics(0, &values), response::diagnostics(0, &values)),
        (request::diagnostics(11, &[0]), response::diagnostics(11, &[258])),
        (request::get_comm_event_counter(), response::get_comm_event_counter(true, 8)),
        (request::get_comm_event_log(), response::get_comm_event_log(false, 8, 9, &[0x20, 0])),
        (request::write_multiple_coils(19, &states), response::write_multiple_coils(19, 9)),
        (request::write_multiple_registers(1, &values), response::write_multiple_registers(1, 3)),
        (request::report_server_id(), response::report_server_id(b"PLC", true, b"x")),
        (request::read_file_record(&[range]), response::read_file_record(&[&values])),
        (request::write_file_record(&records), response::write_file_record(&records)),
        (request::mask_write_register(4, 0xf2, 0x25), response::mask_write_register(4, 0xf2, 0x25)),
        (
            request::read_write_multiple_registers(3, 3, 14, &values),
            response::read_write_multiple_registers(&values),
        ),
        (request::read_fifo_queue(1_246), response::read_fifo_queue(&values)),
        (request::canopen_general_reference(&[0, 1]), response::canopen_general_reference(&[0, 1])),
        (request::read_device_identification(1, 0), response::read_device_identification(&page)),
        (request::read_holding_registers(9_999, 1), response::exception(3, 2)),
        (request::write_single_coil(9_999, true), response::exception(5, 3)),
    ]
}
