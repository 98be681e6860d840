//! What servers answer (Modbus Application Protocol V1.1b3).

use nom::Parser;
use nom::number::complete::{be_u8, be_u16};

use super::check::{Checked, area, counted, diagnostics, flaw, single};
use super::function::FunctionCode;
use super::records::{self, DeviceObjects, FileBlocks, FileWrites};
use super::subcodes::{Diagnostic, MeiType, UmasCode};
use super::values::{Bits, Registers};
use crate::error::{Class, Fault, fault};

/// What a server answers, in one layout for all functions that share it: the function code is in
/// the [`Adu`](super::Adu). Addresses are those of the wire, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response<'a> {
    /// Functions 1 and 2.
    ReadBits {
        /// The values, filled up to whole octets: [`Bits::first`] takes those asked for.
        values: Bits<'a>,
    },
    /// Functions 3, 4 and 23.
    ReadRegisters {
        /// The values.
        values: Registers<'a>,
    },
    /// Functions 5 and 6: the request, sent back.
    WriteSingle {
        /// Address of the coil or register.
        address: u16,
        /// The register's value; of a coil 0xFF00 (on) or 0x0000 (off).
        value: u16,
    },
    /// Functions 15 and 16: what was written.
    WriteMultiple {
        /// Address of the first coil or register.
        address: u16,
        /// How many.
        quantity: u16,
    },
    /// Function 22: the request, sent back.
    MaskWrite {
        /// Address of the register.
        address: u16,
        /// The bits left as they were.
        and_mask: u16,
        /// What the others became.
        or_mask: u16,
    },
    /// Function 24.
    Fifo {
        /// The queue: at most 31 registers.
        values: Registers<'a>,
    },
    /// Function 20.
    ReadFile {
        /// The registers of each area asked for.
        blocks: FileBlocks<'a>,
    },
    /// Function 21: the request, sent back.
    WriteFile {
        /// What was written.
        writes: FileWrites<'a>,
    },
    /// Function 7.
    ExceptionStatus {
        /// Eight bits, their meaning the device's own.
        status: u8,
    },
    /// Function 8.
    Diagnostics {
        /// What was asked for.
        sub_function: Diagnostic,
        /// Its octets: two, but for echoes and statistics.
        data: &'a [u8],
    },
    /// Function 11.
    EventCounter {
        /// 0x0000 ready, 0xFFFF busy.
        status: u16,
        /// Messages served without an exception.
        event_count: u16,
    },
    /// Function 12.
    EventLog {
        /// 0x0000 ready, 0xFFFF busy.
        status: u16,
        /// Messages served without an exception.
        event_count: u16,
        /// Messages seen.
        message_count: u16,
        /// One octet an event, the latest first; at most 64.
        events: &'a [u8],
    },
    /// Function 17.
    ServerId {
        /// Identifier, run status and more: where one ends is the device's own.
        data: &'a [u8],
    },
    /// Function 43 with type 14.
    DeviceId {
        /// 1 basic, 2 regular, 3 extended, 4 one object.
        read_code: u8,
        /// What the device can: 1 to 3, with bit 7 for single objects.
        conformity: u8,
        /// 0xFF if another request is needed for the rest, else 0.
        more_follows: u8,
        /// The object that request begins with.
        next_object: u8,
        /// The objects.
        objects: DeviceObjects<'a>,
    },
    /// Function 43 with any other type.
    Encapsulated {
        /// What is carried.
        mei: MeiType,
        /// Its octets, unread.
        data: &'a [u8],
    },
    /// Function 90.
    Umas {
        /// The session's number.
        session: u8,
        /// How it went: [`UmasCode::ResponseOk`] or [`UmasCode::ResponseError`].
        code: UmasCode,
        /// Its octets, unread.
        data: &'a [u8],
    },
}

/// Reads a response PDU whose function code is without the exception bit.
pub(super) fn read(pdu: &[u8]) -> Checked<'_, Response<'_>> {
    let (body, code) = be_u8(pdu)?;
    match FunctionCode::from(code) {
        FunctionCode::ReadCoils | FunctionCode::ReadDiscreteInputs => read_bits(body),
        FunctionCode::ReadHoldingRegisters
        | FunctionCode::ReadInputRegisters
        | FunctionCode::ReadWriteMultipleRegisters => read_registers(body),
        FunctionCode::WriteSingleCoil => write_single(body, true),
        FunctionCode::WriteSingleRegister => write_single(body, false),
        FunctionCode::ReadExceptionStatus => {
            let (rest, status) = be_u8(body)?;
            Ok((rest, (Response::ExceptionStatus { status }, None)))
        }
        FunctionCode::Diagnostics => {
            let (rest, ((sub_function, data), flaw)) = diagnostics(body, false)?;
            Ok((rest, (Response::Diagnostics { sub_function, data }, flaw)))
        }
        FunctionCode::GetCommEventCounter => {
            let (rest, (status, event_count)) = (be_u16, be_u16).parse(body)?;
            Ok((rest, (Response::EventCounter { status, event_count }, busy(body, status))))
        }
        FunctionCode::GetCommEventLog => event_log(body),
        FunctionCode::WriteMultipleCoils => write_multiple(body, 1_968),
        FunctionCode::WriteMultipleRegisters => write_multiple(body, 123),
        FunctionCode::ReportServerId => {
            let (rest, (data, miscounted)) = counted(body)?;
            let empty = flaw(data.is_empty(), body, Class::ByteCount, "no run status");
            Ok((rest, (Response::ServerId { data }, miscounted.or(empty))))
        }
        FunctionCode::ReadFileRecord => {
            let (rest, (blocks, flaw)) = records::blocks(body)?;
            Ok((rest, (Response::ReadFile { blocks }, flaw)))
        }
        FunctionCode::WriteFileRecord => {
            let (rest, (writes, flaw)) = records::writes(body)?;
            Ok((rest, (Response::WriteFile { writes }, flaw)))
        }
        FunctionCode::MaskWriteRegister => {
            let (rest, (address, and_mask, or_mask)) = (be_u16, be_u16, be_u16).parse(body)?;
            Ok((rest, (Response::MaskWrite { address, and_mask, or_mask }, None)))
        }
        FunctionCode::ReadFifoQueue => fifo(body),
        FunctionCode::EncapsulatedInterfaceTransport => encapsulated(body),
        FunctionCode::UnitySchneider => {
            let (data, (session, code)) = (be_u8, be_u8).parse(body)?;
            Ok((&[], (Response::Umas { session, code: code.into(), data }, None)))
        }
        FunctionCode::Program484
        | FunctionCode::Poll484
        | FunctionCode::Program584
        | FunctionCode::Poll584
        | FunctionCode::Program884
        | FunctionCode::ResetCommLink884
        | FunctionCode::ProgramConcept
        | FunctionCode::MultipleFunctionCodes
        | FunctionCode::ObjectMessaging
        | FunctionCode::FirmwareReplacement
        | FunctionCode::Program584Again
        | FunctionCode::ReportLocalAddress
        | FunctionCode::Unknown(_) => {
            fault(pdu, Class::Function, "a response with this function code is not read")
        }
    }
}

fn read_bits(body: &[u8]) -> Checked<'_, Response<'_>> {
    let (rest, (octets, miscounted)) = counted(body)?;
    let outside = !matches!(body, [1..=250, ..]);
    let what = "the byte count is not that of 1 to 2,000 bits";
    let flaw = miscounted.or_else(|| flaw(outside, body, Class::ByteCount, what));
    Ok((rest, (Response::ReadBits { values: Bits::new(octets) }, flaw)))
}

fn read_registers(body: &[u8]) -> Checked<'_, Response<'_>> {
    let (rest, (octets, miscounted)) = counted(body)?;
    let outside = !matches!(body, [count @ 2..=250, ..] if count % 2 == 0);
    let what = "the byte count is not that of 1 to 125 registers";
    let flaw = miscounted.or_else(|| flaw(outside, body, Class::ByteCount, what));
    Ok((rest, (Response::ReadRegisters { values: Registers::new(octets) }, flaw)))
}

fn write_single(body: &[u8], coil: bool) -> Checked<'_, Response<'_>> {
    let (rest, ((address, value), flaw)) = single(body, coil)?;
    Ok((rest, (Response::WriteSingle { address, value }, flaw)))
}

fn write_multiple(body: &[u8], limit: u16) -> Checked<'_, Response<'_>> {
    let (rest, (area, flaw)) = area(body, limit)?;
    let (address, quantity) = (area.address, area.quantity);
    Ok((rest, (Response::WriteMultiple { address, quantity }, flaw)))
}

fn busy(at: &[u8], status: u16) -> Option<Fault<'_>> {
    let other = !matches!(status, 0x0000 | 0xffff);
    flaw(other, at, Class::Value, "the status is neither ready nor busy")
}

fn event_log(body: &[u8]) -> Checked<'_, Response<'_>> {
    let (rest, (octets, miscounted)) = counted(body)?;
    if octets.len() < 6 {
        return fault(body, Class::ByteCount, "the byte count is less than the counters take");
    }
    let (events, (status, event_count, message_count)) = (be_u16, be_u16, be_u16).parse(octets)?;
    let response = Response::EventLog { status, event_count, message_count, events };
    let flaw = miscounted
        .or_else(|| flaw(events.len() > 64, body, Class::ByteCount, "more than 64 events"))
        .or_else(|| busy(octets, status));
    Ok((rest, (response, flaw)))
}

fn fifo(body: &[u8]) -> Checked<'_, Response<'_>> {
    let (count_at, bytes) = be_u16(body)?;
    let (queue, count) = be_u16(count_at)?;
    let octets = queue.get(..usize::from(count).saturating_mul(2)).unwrap_or(queue);
    let long = flaw(count > 31, count_at, Class::QuantityRange, "more than 31 registers queued");
    let disagrees = u32::from(bytes) != u32::from(count).saturating_mul(2).saturating_add(2)
        || usize::from(bytes) != count_at.len();
    let what = "the byte count disagrees with the count of the queue or the octets there are";
    let flaw = long.or_else(|| flaw(disagrees, body, Class::ByteCount, what));
    Ok((&[], (Response::Fifo { values: Registers::new(octets) }, flaw)))
}

fn encapsulated(body: &[u8]) -> Checked<'_, Response<'_>> {
    let (data, octet) = be_u8(body)?;
    let mei = MeiType::from(octet);
    if mei == MeiType::ReadDeviceIdentification {
        return device_id(data);
    }
    let reserved = matches!(mei, MeiType::Unknown(_));
    let flaw = flaw(reserved, body, Class::Value, "reserved type of encapsulated interface");
    Ok((&[], (Response::Encapsulated { mei, data }, flaw)))
}

fn device_id(data: &[u8]) -> Checked<'_, Response<'_>> {
    let head = (be_u8, be_u8, be_u8, be_u8, be_u8).parse(data)?;
    let (list, (read_code, conformity, more_follows, next_object, count)) = head;
    let (objects, overrun) = records::objects(list, count);
    let wrong = match (read_code, conformity, more_follows, next_object) {
        (0 | 5..=255, _, _, _) => Some("no such read code"),
        (_, conformity, _, _) if !matches!(conformity & 0x7f, 1..=3) => Some("no such conformity"),
        (_, _, 0x01..=0xfe, _) => Some("more follows is neither 0x00 nor 0xff"),
        (_, _, 0x00, 1..=255) => Some("a next object although nothing follows"),
        _ => None,
    };
    let flaw = wrong.and_then(|what| flaw(true, data, Class::Value, what)).or(overrun);
    let response = Response::DeviceId { read_code, conformity, more_follows, next_object, objects };
    Ok((&[], (response, flaw)))
}
