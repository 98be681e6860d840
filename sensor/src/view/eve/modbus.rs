//! A Modbus message, in the words of Suricata's parser (sawp-modbus).

use gridtap_parsers::modbus::{
    Adu, Bits, Body, Diagnostic, ExceptionCode, Framing, FunctionCode, MeiType, Registers, Request,
    Response,
};
use gridtap_parsers::{Class, ParseError};

use super::super::lossless;
use super::json::{Json, Object};
use crate::shard::Seen;

/// A request or a response.
pub(super) fn message(adu: &Adu<'_>, seen: &Seen<'_>) -> Object {
    let transaction = match adu.framing {
        Framing::Tcp { transaction } => Some(transaction),
        Framing::Rtu => None,
    };
    let refused = matches!(adu.body, Body::Exception(_));
    let code = adu.function.code();
    let start = Object::default()
        .maybe("transaction_id", transaction)
        .maybe("protocol_id", transaction.map(|_| 0_u16))
        .with("unit_id", adu.unit)
        .with("function_raw", if refused { code | 0x80 } else { code })
        .with("function_code", function(adu.function))
        .with("access_type", access(adu.function))
        .with("category", category(adu))
        .with("error_flags", flags(seen.parsed.error.as_ref()));
    match &adu.body {
        Body::Request(asked) => request(start, asked),
        Body::Response(answered) => response(start, answered),
        Body::Exception(code) => {
            let exception =
                Object::default().with("raw", code.code()).with("code", exception(*code));
            start.with("exception", exception)
        }
        Body::Unread(octets) => data(start, octets),
    }
}

fn request(start: Object, request: &Request<'_>) -> Object {
    match *request {
        Request::Bare => start,
        Request::Read { address, quantity } => start.with("read", area(address, quantity)),
        Request::WriteSingle { address, value } => start.with("write", single(address, value)),
        Request::WriteCoils { address, quantity, values } => {
            start.with("write", area(address, quantity).with("data", lossless(values.octets())))
        }
        Request::WriteRegisters { address, quantity, values } => {
            start.with("write", area(address, quantity).with("data", lossless(values.octets())))
        }
        Request::MaskWrite { address, and_mask, or_mask } => {
            start.with("write", mask(address, and_mask, or_mask))
        }
        Request::ReadWrite {
            read_address,
            read_quantity,
            write_address,
            write_quantity,
            values,
        } => {
            let written = area(write_address, write_quantity);
            start
                .with("read", area(read_address, read_quantity))
                .with("write", written.with("data", lossless(values.octets())))
        }
        Request::Diagnostics { sub_function, data } => {
            start.with("diagnostic", diagnostic(sub_function, data))
        }
        Request::ReadDeviceId { read_code, object } => {
            start.with("mei", mei(MeiType::ReadDeviceIdentification, &[read_code, object]))
        }
        Request::Encapsulated { mei: kind, data } => start.with("mei", mei(kind, data)),
        Request::ReadFifo { address } => data(start, &address.to_be_bytes()),
        Request::ReadFile { areas } => data(start, &counted(areas.octets())),
        Request::WriteFile { writes } => data(start, &counted(writes.octets())),
        Request::Umas { session, code, data: octets } => {
            data(start, &[&[session, code.code()], octets].concat())
        }
    }
}

fn response(start: Object, response: &Response<'_>) -> Object {
    match *response {
        Response::ReadBits { values } => {
            start.with("read", Object::default().with("data", lossless(values.octets())))
        }
        Response::ReadRegisters { values } => {
            start.with("read", Object::default().with("data", lossless(values.octets())))
        }
        Response::WriteSingle { address, value } => start.with("write", single(address, value)),
        Response::WriteMultiple { address, quantity } => {
            start.with("write", single(address, quantity))
        }
        Response::MaskWrite { address, and_mask, or_mask } => {
            start.with("write", mask(address, and_mask, or_mask))
        }
        Response::Diagnostics { sub_function, data } => {
            start.with("diagnostic", diagnostic(sub_function, data))
        }
        Response::DeviceId { read_code, conformity, more_follows, next_object, objects } => {
            let count = u8::try_from(objects.iter().count()).unwrap_or(u8::MAX);
            let head = [read_code, conformity, more_follows, next_object, count];
            let octets = [&head[..], objects.octets()].concat();
            start.with("mei", mei(MeiType::ReadDeviceIdentification, &octets))
        }
        Response::Encapsulated { mei: kind, data } => start.with("mei", mei(kind, data)),
        Response::Fifo { values } => {
            let count = u16::try_from(values.len()).unwrap_or(u16::MAX);
            let length = count.saturating_mul(2).saturating_add(2).to_be_bytes();
            data(start, &[&length[..], &count.to_be_bytes(), values.octets()].concat())
        }
        Response::ReadFile { blocks } => data(start, &counted(blocks.octets())),
        Response::WriteFile { writes } => data(start, &counted(writes.octets())),
        Response::ExceptionStatus { status } => data(start, &[status]),
        Response::EventCounter { status, event_count } => {
            data(start, &[status.to_be_bytes(), event_count.to_be_bytes()].concat())
        }
        Response::EventLog { status, event_count, message_count, events } => {
            let numbers = [status, event_count, message_count].map(u16::to_be_bytes).concat();
            data(start, &counted(&[&numbers, events].concat()))
        }
        Response::ServerId { data: octets } => data(start, &counted(octets)),
        Response::Umas { session, code, data: octets } => {
            data(start, &[&[session, code.code()], octets].concat())
        }
    }
}

/// The values that a message carries, as numbers: of reads what was asked for, bits as 0 and 1.
pub(super) fn values(adu: &Adu<'_>, seen: &Seen<'_>) -> Option<Vec<Json>> {
    let registers = |values: Registers<'_>| values.iter().map(Json::from).collect();
    let bits = |values: Bits<'_>| values.iter().map(|on| Json::from(u8::from(on))).collect();
    match adu.body {
        Body::Request(Request::WriteCoils { values, .. }) => Some(bits(values)),
        Body::Response(Response::ReadBits { values }) => {
            let asked = seen.pair.request().and_then(|note| note.quantity);
            Some(bits(asked.map_or(values, |quantity| values.first(quantity))))
        }
        Body::Request(
            Request::WriteRegisters { values, .. } | Request::ReadWrite { values, .. },
        )
        | Body::Response(Response::ReadRegisters { values } | Response::Fifo { values }) => {
            Some(registers(values))
        }
        Body::Request(_) | Body::Response(_) | Body::Exception(_) | Body::Unread(_) => None,
    }
}

fn area(address: u16, quantity: u16) -> Object {
    Object::default().with("address", address).with("quantity", quantity)
}

fn single(address: u16, value: u16) -> Object {
    Object::default().with("address", address).with("data", value)
}

fn mask(address: u16, and_mask: u16, or_mask: u16) -> Object {
    Object::default().with("address", address).with("and_mask", and_mask).with("or_mask", or_mask)
}

/// Octets that are not read there.
fn data(start: Object, octets: &[u8]) -> Object {
    if octets.is_empty() { start } else { start.with("data", lossless(octets)) }
}

/// Octets behind their count.
fn counted(octets: &[u8]) -> Vec<u8> {
    let count = u8::try_from(octets.len()).unwrap_or(u8::MAX);
    [&[count], octets].concat()
}

fn diagnostic(kind: Diagnostic, data: &[u8]) -> Object {
    let name = match kind.code() {
        0x00 => "RetQueryData",
        0x01 => "RestartCommOpt",
        0x02 => "RetDiagReg",
        0x03 => "ChangeInputDelimiter",
        0x04 => "ForceListenOnlyMode",
        0x0a => "ClearCtrDiagReg",
        0x0b => "RetBusMsgCount",
        0x0c => "RetBusCommErrCount",
        0x0d => "RetBusExcErrCount",
        0x0e => "RetServerMsgCount",
        0x0f => "RetServerNoRespCount",
        0x10 => "RetServerNAKCount",
        0x11 => "RetServerBusyCount",
        0x12 => "RetBusCharOverrunCount",
        0x13 => "RetOverrunErrCount",
        0x14 => "ClearOverrunCounterFlag",
        0x15 => "GetClearPlusStats",
        _ => "Reserved",
    };
    Object::default().with("raw", kind.code()).with("code", name).with("data", lossless(data))
}

fn mei(kind: MeiType, data: &[u8]) -> Object {
    let name = match kind {
        MeiType::CanOpen => "CANOpenGenRefReqResp",
        MeiType::ReadDeviceIdentification => "RdDevId",
        MeiType::Unknown(_) => "Unknown",
    };
    Object::default().with("raw", kind.code()).with("code", name).with("data", lossless(data))
}

fn exception(code: ExceptionCode) -> &'static str {
    match code {
        ExceptionCode::IllegalFunction => "IllegalFunction",
        ExceptionCode::IllegalDataAddress => "IllegalDataAddr",
        ExceptionCode::IllegalDataValue => "IllegalDataValue",
        ExceptionCode::ServerDeviceFailure => "ServerDeviceFail",
        ExceptionCode::Acknowledge => "Ack",
        ExceptionCode::ServerDeviceBusy => "ServerDeviceBusy",
        ExceptionCode::NegativeAcknowledge => "NegAck",
        ExceptionCode::MemoryParityError => "MemParityErr",
        ExceptionCode::GatewayPathUnavailable => "GatewayPathUnavailable",
        ExceptionCode::GatewayTargetDeviceFailedToRespond => "GatewayTargetFailToResp",
        ExceptionCode::Unknown(_) => "Unknown",
    }
}

fn function(function: FunctionCode) -> &'static str {
    match function.code() {
        1 => "RdCoils",
        2 => "RdDiscreteInputs",
        3 => "RdHoldRegs",
        4 => "RdInputRegs",
        5 => "WrSingleCoil",
        6 => "WrSingleReg",
        7 => "RdExcStatus",
        8 => "Diagnostic",
        9 => "Program484",
        10 => "Poll484",
        11 => "GetCommEventCtr",
        12 => "GetCommEventLog",
        13 => "ProgramController",
        14 => "PollController",
        15 => "WrMultCoils",
        16 => "WrMultRegs",
        17 => "ReportServerID",
        18 => "Program884",
        19 => "ResetCommLink",
        20 => "RdFileRec",
        21 => "WrFileRec",
        22 => "MaskWrReg",
        23 => "RdWrMultRegs",
        24 => "RdFIFOQueue",
        43 => "MEI",
        _ => "Unknown",
    }
}

/// All names of flags that are set there, those of combinations included.
fn access(function: FunctionCode) -> &'static str {
    match function.code() {
        1 => "READ | COILS",
        2 => "READ | DISCRETES",
        3 => "READ | HOLDING",
        4 => "READ | INPUT",
        5 => "WRITE | COILS | SINGLE | WRITE_SINGLE",
        6 => "WRITE | HOLDING | SINGLE | WRITE_SINGLE",
        15 => "WRITE | COILS | MULTIPLE | WRITE_MULTIPLE",
        16 => "WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE",
        22 => "WRITE | HOLDING",
        23 => "READ | WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE",
        _ => "NONE",
    }
}

fn category(adu: &Adu<'_>) -> &'static str {
    match &adu.body {
        Body::Request(Request::Diagnostics { sub_function, .. })
        | Body::Response(Response::Diagnostics { sub_function, .. })
            if matches!(sub_function, Diagnostic::Unknown(_)) =>
        {
            "RESERVED"
        }
        Body::Request(Request::Encapsulated { mei: MeiType::Unknown(_), .. })
        | Body::Response(Response::Encapsulated { mei: MeiType::Unknown(_), .. }) => "RESERVED",
        // Their category is that of the sub-function, and an exception or a stump has none.
        Body::Exception(_) | Body::Unread(_) if matches!(adu.function.code(), 8 | 43) => "NONE",
        Body::Request(_) | Body::Response(_) | Body::Exception(_) | Body::Unread(_) => {
            match adu.function.code() {
                1..=24 | 43 => "PUBLIC_ASSIGNED",
                25..=40 | 44..=64 | 73..=89 | 92..=99 | 111..=124 => "PUBLIC_UNASSIGNED",
                65..=72 | 100..=110 => "USER_DEFINED",
                41 | 42 | 90 | 91 | 125..=127 => "RESERVED",
                _ => "NONE",
            }
        }
    }
}

fn flags(error: Option<&ParseError>) -> &'static str {
    match error.map(|error| error.class) {
        Some(Class::Value | Class::QuantityRange | Class::ByteCount | Class::AddressRange) => {
            "DATA_VALUE"
        }
        Some(Class::PduLength | Class::LengthRange | Class::Incomplete) => "DATA_LENGTH",
        Some(Class::ExceptionCode) => "EXC_CODE",
        Some(Class::ProtocolId) => "PROTO_ID",
        _ => "NONE",
    }
}
