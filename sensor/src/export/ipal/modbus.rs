//! Modbus in IPAL's words: types are function codes, names are `holding.register.40`.
//!
//! IPAL's transcriber counts the coils and registers of writes 5, 6 and 15 from 1, and those of reads from 0. Here they
//! are counted from 0 everywhere, as on the wire, so that a write and a read of a point have one name.

use gridtap_parsers::Direction;
use gridtap_parsers::modbus::{Adu, Body, Diagnostic, FunctionCode, Request, Response};

use super::data::{Data, Key, Value};
use super::{Activity, Said};
use crate::describe::RequestNote;

/// Points that one message can be about: what is more is no length to believe.
const MOST: u16 = 2_000;

const COIL: &str = "coil";
const DISCRETE_INPUT: &str = "discrete.input";
const HOLDING_REGISTER: &str = "holding.register";
const INPUT_REGISTER: &str = "input.register";

/// Sub-functions of function 8 that IPAL has words for.
const SUB_FUNCTIONS: [(Diagnostic, &str); 3] = [
    (Diagnostic::RestartCommunicationsOption, "restart communication"),
    (Diagnostic::ForceListenOnlyMode, "force listen only"),
    (Diagnostic::ClearCounters, "clear counters and diagnostic register"),
];

pub(super) fn said(adu: &Adu<'_>, answered: Option<&RequestNote>) -> Said {
    const EXCEPTION: u8 = 0x80;
    let mut data = Data::default();
    let function = adu.function;
    let (kind, activity) = match &adu.body {
        Body::Request(request) => (function.code(), ask(function, request, &mut data)),
        Body::Response(response) => {
            (function.code(), answer(function, response, answered, &mut data))
        }
        Body::Exception(_) => (function.code() | EXCEPTION, Activity::Inform),
        Body::Unread(_) if adu.direction == Direction::Response => {
            (function.code(), Activity::Inform)
        }
        Body::Unread(_) => (function.code(), Activity::Interrogate),
    };
    Said { kind, activity, data }
}

fn ask(function: FunctionCode, request: &Request<'_>, data: &mut Data) -> Activity {
    let space = space(function);
    match *request {
        Request::Read { address, quantity } => {
            name(space, address, quantity, data);
            Activity::Interrogate
        }
        Request::WriteSingle { address, value } => {
            let coil = function == FunctionCode::WriteSingleCoil;
            let value = if coil { u16::from(value != 0) } else { value };
            put(space, address, [value], data);
            Activity::Command
        }
        Request::WriteCoils { address, quantity, values } => {
            put(space, address, values.first(quantity).iter().map(u16::from), data);
            Activity::Command
        }
        Request::WriteRegisters { address, values, .. } => {
            put(space, address, values.iter(), data);
            Activity::Command
        }
        Request::MaskWrite { address, .. } => {
            name(space, address, 1, data);
            Activity::Command
        }
        Request::ReadWrite { read_address, read_quantity, write_address, values, .. } => {
            name(space, read_address, read_quantity, data);
            put(space, write_address, values.iter(), data);
            Activity::Command
        }
        Request::Diagnostics { sub_function, .. } => {
            let named = SUB_FUNCTIONS.iter().find(|(sub, _)| *sub == sub_function);
            if let Some((_, word)) = named {
                data.set(Key::Word(word), Value::Null);
            }
            Activity::Command
        }
        Request::ReadDeviceId { .. } => {
            data.set(Key::Word("read device identification"), Value::Null);
            Activity::Interrogate
        }
        Request::WriteFile { .. } => Activity::Command,
        Request::Bare
        | Request::ReadFifo { .. }
        | Request::ReadFile { .. }
        | Request::Encapsulated { .. }
        | Request::Umas { .. } => Activity::Interrogate,
    }
}

fn answer(
    function: FunctionCode,
    response: &Response<'_>,
    answered: Option<&RequestNote>,
    data: &mut Data,
) -> Activity {
    let space = space(function);
    // A response to a read does not say whose values it brings: its request does.
    let asked = answered.and_then(|note| note.address.zip(note.quantity));
    match *response {
        Response::ReadBits { values } => {
            if let Some((address, quantity)) = asked {
                put(space, address, values.first(quantity).iter().map(u16::from), data);
            }
            Activity::Inform
        }
        Response::ReadRegisters { values } => {
            if let Some((address, _)) = asked {
                put(space, address, values.iter(), data);
            }
            Activity::Inform
        }
        Response::WriteSingle { address, .. } | Response::MaskWrite { address, .. } => {
            name(space, address, 1, data);
            Activity::Action
        }
        Response::WriteMultiple { address, quantity } => {
            name(space, address, quantity, data);
            Activity::Action
        }
        Response::WriteFile { .. } | Response::Diagnostics { .. } => Activity::Action,
        Response::Fifo { .. }
        | Response::ReadFile { .. }
        | Response::ExceptionStatus { .. }
        | Response::EventCounter { .. }
        | Response::EventLog { .. }
        | Response::ServerId { .. }
        | Response::DeviceId { .. }
        | Response::Encapsulated { .. }
        | Response::Umas { .. } => Activity::Inform,
    }
}

/// The kind of points that a function is about, if it is about points.
fn space(function: FunctionCode) -> &'static str {
    if let FunctionCode::ReadCoils
    | FunctionCode::WriteSingleCoil
    | FunctionCode::WriteMultipleCoils = function
    {
        COIL
    } else if function == FunctionCode::ReadDiscreteInputs {
        DISCRETE_INPUT
    } else if function == FunctionCode::ReadInputRegisters {
        INPUT_REGISTER
    } else {
        HOLDING_REGISTER
    }
}

/// Names points without their values.
fn name(space: &'static str, address: u16, quantity: u16, data: &mut Data) {
    if quantity <= MOST {
        for nth in 0..u32::from(quantity) {
            data.set(point(space, address, nth), Value::Null);
        }
    }
}

/// Names points with their values.
fn put(space: &'static str, address: u16, values: impl IntoIterator<Item = u16>, data: &mut Data) {
    for (nth, value) in (0..).zip(values) {
        data.set(point(space, address, nth), Value::Int(value.into()));
    }
}

fn point(space: &'static str, address: u16, nth: u32) -> Key {
    Key::Point(space, u32::from(address).saturating_add(nth))
}
