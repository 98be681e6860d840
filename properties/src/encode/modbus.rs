//! Modbus PDUs, by the encoders of gridtap-captures.

use gridtap_captures::modbus::pdu;
use gridtap_captures::modbus::request::{self, FileRange, FileRecord};
use gridtap_captures::modbus::response::{self, Identification};
use gridtap_parsers::modbus::{Adu, Body, FileAreas, FileWrites, FunctionCode, Request, Response};

/// The PDU that says what `adu` says, if that is well-formed.
pub(crate) fn pdu_of(adu: &Adu<'_>) -> Vec<u8> {
    match adu.body {
        Body::Request(request) => of_request(adu.function, &request),
        Body::Response(response) => of_response(adu.function, &response),
        Body::Exception(code) => response::exception(adu.function.code(), code.code()),
        Body::Unread(octets) => pdu(adu.function.code(), octets),
    }
}

/// The PDU with the bits cleared that no field counts: those behind the last coil of a write.
pub(crate) fn spare_bits_cleared(pdu: &[u8], adu: &Adu<'_>) -> Vec<u8> {
    let mut octets = pdu.to_vec();
    if let Body::Request(Request::WriteCoils { quantity, .. }) = adu.body
        && quantity % 8 != 0
        && let Some(last) = octets.last_mut()
    {
        *last &= 0xff >> (8 - quantity % 8);
    }
    octets
}

fn of_request(function: FunctionCode, said: &Request<'_>) -> Vec<u8> {
    let code = function.code();
    match *said {
        Request::Bare => pdu(code, &[]),
        Request::Read { address, quantity } => match code {
            1 => request::read_coils(address, quantity),
            2 => request::read_discrete_inputs(address, quantity),
            3 => request::read_holding_registers(address, quantity),
            _ => request::read_input_registers(address, quantity),
        },
        Request::WriteSingle { address, value } => write_single(code, address, value),
        Request::WriteCoils { address, values, .. } => {
            request::write_multiple_coils(address, &values.iter().collect::<Vec<_>>())
        }
        Request::WriteRegisters { address, values, .. } => {
            request::write_multiple_registers(address, &values.iter().collect::<Vec<_>>())
        }
        Request::MaskWrite { address, and_mask, or_mask } => {
            request::mask_write_register(address, and_mask, or_mask)
        }
        Request::ReadWrite { read_address, read_quantity, write_address, values, .. } => {
            let values: Vec<_> = values.iter().collect();
            request::read_write_multiple_registers(
                read_address,
                read_quantity,
                write_address,
                &values,
            )
        }
        Request::ReadFifo { address } => request::read_fifo_queue(address),
        Request::ReadFile { areas } => read_file(areas),
        Request::WriteFile { writes } => write_file(writes),
        Request::Diagnostics { sub_function, data } => diagnostics(sub_function.code(), data),
        Request::ReadDeviceId { read_code, object } => {
            request::read_device_identification(read_code, object)
        }
        Request::Encapsulated { mei, data } => pdu(code, &[&[mei.code()], data].concat()),
        Request::Umas { session, code: umas, data } => {
            pdu(code, &[&[session, umas.code()], data].concat())
        }
    }
}

fn of_response(function: FunctionCode, said: &Response<'_>) -> Vec<u8> {
    let code = function.code();
    match *said {
        Response::ReadBits { values } => {
            let states: Vec<_> = values.iter().collect();
            if code == 1 {
                response::read_coils(&states)
            } else {
                response::read_discrete_inputs(&states)
            }
        }
        Response::ReadRegisters { values } => {
            let values: Vec<_> = values.iter().collect();
            match code {
                3 => response::read_holding_registers(&values),
                4 => response::read_input_registers(&values),
                _ => response::read_write_multiple_registers(&values),
            }
        }
        Response::WriteSingle { address, value } => write_single(code, address, value),
        Response::WriteMultiple { address, quantity } => match code {
            15 => response::write_multiple_coils(address, quantity),
            _ => response::write_multiple_registers(address, quantity),
        },
        Response::MaskWrite { address, and_mask, or_mask } => {
            response::mask_write_register(address, and_mask, or_mask)
        }
        Response::Fifo { values } => response::read_fifo_queue(&values.iter().collect::<Vec<_>>()),
        Response::ReadFile { blocks } => {
            let blocks: Vec<Vec<u16>> = blocks.iter().map(|block| block.iter().collect()).collect();
            response::read_file_record(&blocks.iter().map(Vec::as_slice).collect::<Vec<_>>())
        }
        Response::WriteFile { writes } => write_file(writes),
        Response::ExceptionStatus { status } => response::read_exception_status(status),
        Response::Diagnostics { sub_function, data } => diagnostics(sub_function.code(), data),
        Response::EventCounter { status, event_count } => {
            response::get_comm_event_counter(status != 0, event_count)
        }
        Response::EventLog { status, event_count, message_count, events } => {
            response::get_comm_event_log(status != 0, event_count, message_count, events)
        }
        Response::ServerId { data } => {
            let count = u8::try_from(data.len()).unwrap_or(u8::MAX);
            pdu(code, &[&[count], data].concat())
        }
        Response::DeviceId { read_code, conformity, more_follows, next_object, objects } => {
            let objects: Vec<_> = objects.iter().map(|object| (object.id, object.value)).collect();
            response::read_device_identification(&Identification {
                code: read_code,
                conformity,
                next: (more_follows != 0).then_some(next_object),
                objects: &objects,
            })
        }
        Response::Encapsulated { mei, data } => pdu(code, &[&[mei.code()], data].concat()),
        Response::Umas { session, code: umas, data } => {
            pdu(code, &[&[session, umas.code()], data].concat())
        }
    }
}

fn write_single(code: u8, address: u16, value: u16) -> Vec<u8> {
    match code {
        5 => request::write_single_coil(address, value != 0),
        _ => request::write_single_register(address, value),
    }
}

/// Sub-function and words; an echo may end inside one.
fn diagnostics(sub_function: u16, data: &[u8]) -> Vec<u8> {
    let (words, rest) = data.as_chunks::<2>();
    let words: Vec<_> = words.iter().map(|word| u16::from_be_bytes(*word)).collect();
    [&request::diagnostics(sub_function, &words), rest].concat()
}

fn read_file(areas: FileAreas<'_>) -> Vec<u8> {
    let ranges: Vec<_> = areas
        .iter()
        .map(|area| FileRange { file: area.file, record: area.record, length: area.length })
        .collect();
    request::read_file_record(&ranges)
}

fn write_file(writes: FileWrites<'_>) -> Vec<u8> {
    let values: Vec<Vec<u16>> = writes.iter().map(|write| write.values.iter().collect()).collect();
    let areas = writes.iter().map(|write| write.area);
    let records: Vec<_> = areas
        .zip(&values)
        .map(|(area, values)| FileRecord { file: area.file, record: area.record, values })
        .collect();
    request::write_file_record(&records)
}
