//! What clients ask (Modbus Application Protocol V1.1b3).

use nom::Parser;
use nom::number::complete::{be_u8, be_u16};

use super::check::{Checked, area, counted, diagnostics, flaw, single};
use super::function::FunctionCode;
use super::records::{self, FileAreas, FileWrites};
use super::subcodes::{Diagnostic, MeiType, UmasCode};
use super::values::{Bits, Registers};
use crate::error::{Class, fault};

/// What a client asks, in one layout for all functions that share it: the function code is in
/// the [`Adu`](super::Adu). Addresses are those of the wire, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Functions 7, 11, 12 and 17, which say all by their code.
    Bare,
    /// Functions 1 to 4.
    Read {
        /// Address of the first coil, input or register.
        address: u16,
        /// How many: 1 to 2,000 bits or 125 registers.
        quantity: u16,
    },
    /// Functions 5 and 6.
    WriteSingle {
        /// Address of the coil or register.
        address: u16,
        /// The register's value; of a coil 0xFF00 (on) or 0x0000 (off).
        value: u16,
    },
    /// Function 15.
    WriteCoils {
        /// Address of the first coil.
        address: u16,
        /// How many: 1 to 1,968.
        quantity: u16,
        /// What is written.
        values: Bits<'a>,
    },
    /// Function 16.
    WriteRegisters {
        /// Address of the first register.
        address: u16,
        /// How many: 1 to 123.
        quantity: u16,
        /// What is written.
        values: Registers<'a>,
    },
    /// Function 22: the register becomes (register AND `and_mask`) OR (`or_mask` AND NOT
    /// `and_mask`).
    MaskWrite {
        /// Address of the register.
        address: u16,
        /// The bits left as they are.
        and_mask: u16,
        /// What the others become.
        or_mask: u16,
    },
    /// Function 23; the write comes first.
    ReadWrite {
        /// Address of the first register read.
        read_address: u16,
        /// How many are read: 1 to 125.
        read_quantity: u16,
        /// Address of the first register written.
        write_address: u16,
        /// How many are written: 1 to 121.
        write_quantity: u16,
        /// What is written.
        values: Registers<'a>,
    },
    /// Function 24.
    ReadFifo {
        /// Address of the register that counts the queue.
        address: u16,
    },
    /// Function 20.
    ReadFile {
        /// What is asked for.
        areas: FileAreas<'a>,
    },
    /// Function 21.
    WriteFile {
        /// What is written.
        writes: FileWrites<'a>,
    },
    /// Function 8.
    Diagnostics {
        /// What is asked for.
        sub_function: Diagnostic,
        /// Its octets: two, but for echoes and statistics.
        data: &'a [u8],
    },
    /// Function 43 with type 14.
    ReadDeviceId {
        /// 1 basic, 2 regular, 3 extended, 4 one object.
        read_code: u8,
        /// The first object wanted.
        object: u8,
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
        /// What is asked for.
        code: UmasCode,
        /// Its octets, unread.
        data: &'a [u8],
    },
}

/// Reads a request PDU.
pub(super) fn read(pdu: &[u8]) -> Checked<'_, Request<'_>> {
    let (body, code) = be_u8(pdu)?;
    let read = |(rest, (area, flaw)): (_, (super::check::Area, _))| {
        (rest, (Request::Read { address: area.address, quantity: area.quantity }, flaw))
    };
    match FunctionCode::from(code) {
        FunctionCode::ReadCoils | FunctionCode::ReadDiscreteInputs => area(body, 2_000).map(read),
        FunctionCode::ReadHoldingRegisters | FunctionCode::ReadInputRegisters => {
            area(body, 125).map(read)
        }
        FunctionCode::WriteSingleCoil => write_single(body, true),
        FunctionCode::WriteSingleRegister => write_single(body, false),
        FunctionCode::ReadExceptionStatus
        | FunctionCode::GetCommEventCounter
        | FunctionCode::GetCommEventLog
        | FunctionCode::ReportServerId => Ok((body, (Request::Bare, None))),
        FunctionCode::Diagnostics => {
            let (rest, ((sub_function, data), flaw)) = diagnostics(body, true)?;
            Ok((rest, (Request::Diagnostics { sub_function, data }, flaw)))
        }
        FunctionCode::WriteMultipleCoils => write_coils(body),
        FunctionCode::WriteMultipleRegisters => write_registers(body),
        FunctionCode::ReadFileRecord => {
            let (rest, (areas, flaw)) = records::areas(body)?;
            Ok((rest, (Request::ReadFile { areas }, flaw)))
        }
        FunctionCode::WriteFileRecord => {
            let (rest, (writes, flaw)) = records::writes(body)?;
            Ok((rest, (Request::WriteFile { writes }, flaw)))
        }
        FunctionCode::MaskWriteRegister => {
            let (rest, (address, and_mask, or_mask)) = (be_u16, be_u16, be_u16).parse(body)?;
            Ok((rest, (Request::MaskWrite { address, and_mask, or_mask }, None)))
        }
        FunctionCode::ReadWriteMultipleRegisters => read_write(body),
        FunctionCode::ReadFifoQueue => {
            let (rest, address) = be_u16(body)?;
            Ok((rest, (Request::ReadFifo { address }, None)))
        }
        FunctionCode::EncapsulatedInterfaceTransport => encapsulated(body),
        FunctionCode::UnitySchneider => {
            let (data, (session, code)) = (be_u8, be_u8).parse(body)?;
            Ok((&[], (Request::Umas { session, code: code.into(), data }, None)))
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
            fault(pdu, Class::Function, "a request with this function code is not read")
        }
    }
}

fn write_single(body: &[u8], coil: bool) -> Checked<'_, Request<'_>> {
    let (rest, ((address, value), flaw)) = single(body, coil)?;
    Ok((rest, (Request::WriteSingle { address, value }, flaw)))
}

fn write_coils(body: &[u8]) -> Checked<'_, Request<'_>> {
    let (count_at, (area, outside)) = area(body, 1_968)?;
    let (rest, (octets, miscounted)) = counted(count_at)?;
    let disagrees = octets.len() != usize::from(area.quantity).div_ceil(8);
    let what = "the byte count disagrees with the quantity";
    let flaw = outside.or(miscounted).or_else(|| flaw(disagrees, count_at, Class::ByteCount, what));
    let values = Bits::new(octets).first(area.quantity);
    let (address, quantity) = (area.address, area.quantity);
    Ok((rest, (Request::WriteCoils { address, quantity, values }, flaw)))
}

fn write_registers(body: &[u8]) -> Checked<'_, Request<'_>> {
    let (count_at, (area, outside)) = area(body, 123)?;
    let (rest, (values, miscounted)) = registers(count_at, area.quantity)?;
    let (address, quantity) = (area.address, area.quantity);
    Ok((rest, (Request::WriteRegisters { address, quantity, values }, outside.or(miscounted))))
}

fn read_write(body: &[u8]) -> Checked<'_, Request<'_>> {
    let (write_at, (read, read_outside)) = area(body, 125)?;
    let (count_at, (write, write_outside)) = area(write_at, 121)?;
    let (rest, (values, miscounted)) = registers(count_at, write.quantity)?;
    let request = Request::ReadWrite {
        read_address: read.address,
        read_quantity: read.quantity,
        write_address: write.address,
        write_quantity: write.quantity,
        values,
    };
    Ok((rest, (request, read_outside.or(write_outside).or(miscounted))))
}

/// Reads a byte count and `quantity` registers behind it.
fn registers(count_at: &[u8], quantity: u16) -> Checked<'_, Registers<'_>> {
    let (rest, (octets, miscounted)) = counted(count_at)?;
    let disagrees = octets.len() != usize::from(quantity).saturating_mul(2);
    let what = "the byte count disagrees with the quantity";
    let flaw = miscounted.or_else(|| flaw(disagrees, count_at, Class::ByteCount, what));
    Ok((rest, (Registers::new(octets), flaw)))
}

fn encapsulated(body: &[u8]) -> Checked<'_, Request<'_>> {
    let (data, octet) = be_u8(body)?;
    let mei = MeiType::from(octet);
    if mei == MeiType::ReadDeviceIdentification {
        let (rest, (read_code, object)) = (be_u8, be_u8).parse(data)?;
        let other = !matches!(read_code, 1..=4);
        let flaw = flaw(other, data, Class::Value, "no such read code");
        return Ok((rest, (Request::ReadDeviceId { read_code, object }, flaw)));
    }
    let reserved = matches!(mei, MeiType::Unknown(_));
    let flaw = flaw(reserved, body, Class::Value, "reserved type of encapsulated interface");
    Ok((&[], (Request::Encapsulated { mei, data }, flaw)))
}
