//! Modbus: what its functions are meant to do, and to which points.

use gridtap_models::event::{
    Conversation, Event, Function, Intent, Mark, Outcome, Protocol, Space, Target, Value,
};
use gridtap_parsers::Direction;
use gridtap_parsers::modbus::{
    Adu, Body, Diagnostic, Framing, FunctionCode, MeiType, Request, Response, UmasCode,
};

use super::{Act, Context, Key, Part};

/// What `adu` is to its conversation.
pub(super) fn part(adu: &Adu<'_>, context: &Context) -> Part {
    let key = Key {
        ends: (u16::from(adu.unit), 0),
        number: match adu.framing {
            Framing::Tcp { transaction } => transaction,
            Framing::Rtu => 0,
        },
        function: adu.function.code(),
    };
    match adu.body {
        Body::Request(request) => Part::Asks(asks(adu, Some(&request), key, context)),
        // Its function code was read, and that is an act, too.
        Body::Unread(_) if adu.direction == Direction::Request => {
            Part::Asks(asks(adu, None, key, context))
        }
        Body::Response(_) | Body::Unread(_) => {
            Part::Answers { act: answers(adu, key, context), outcome: Outcome::Done }
        }
        Body::Exception(code) => Part::Answers {
            act: answers(adu, key, context),
            outcome: Outcome::Refused(u16::from(code.code())),
        },
    }
}

/// Direction, function and code of `adu`, for counting.
pub(super) fn kind(adu: &Adu<'_>) -> (Direction, &'static str, u8) {
    (adu.direction, adu.function.name(), adu.function.code())
}

fn asks(adu: &Adu<'_>, request: Option<&Request<'_>>, key: Key, context: &Context) -> Act {
    let (sub, sub_name) = sub_function(request);
    let (client, server) = (context.sender.address.ip(), context.receiver.address.ip());
    let (address, quantity) = area(request);
    Act {
        conversation: Conversation {
            protocol: Protocol::Modbus,
            client,
            server,
            unit: u16::from(adu.unit),
            client_unit: None,
        },
        intent: intent(adu.function, request),
        function: Function {
            code: adu.function.code(),
            sub,
            name: sub_name.unwrap_or(adu.function.name()),
        },
        targets: request.map(|request| targets(adu.function, request)).unwrap_or_default(),
        // On a serial line unit 0 is all; over TCP it may be the server itself, which only a baseline can tell.
        broadcast: adu.unit == 0 && adu.framing == Framing::Rtu,
        unacknowledged: false,
        proved: false,
        sequence: sequence(adu),
        key,
        address,
        quantity,
    }
}

/// An answer as the act that it answers, of which it tells the function alone.
fn answers(adu: &Adu<'_>, key: Key, context: &Context) -> Act {
    let (server, client) = (context.sender.address.ip(), context.receiver.address.ip());
    let act = asks(adu, None, key, context);
    let conversation = Conversation { client, server, ..act.conversation };
    Act { conversation, intent: Intent::Report, ..act }
}

fn sequence(adu: &Adu<'_>) -> Option<u16> {
    match adu.framing {
        Framing::Tcp { transaction } => Some(transaction),
        Framing::Rtu => None,
    }
}

/// The values of a response, as if they began at address 0.
pub(super) fn reported(adu: &Adu<'_>) -> Vec<Target> {
    let Body::Response(response) = adu.body else { return Vec::new() };
    let values: Vec<Value> = if let Response::ReadBits { values } = response {
        values.iter().map(|on| Value::Number(f64::from(u8::from(on)))).collect()
    } else if let Response::ReadRegisters { values } = response {
        values.iter().map(|value| Value::Number(f64::from(value))).collect()
    } else {
        return Vec::new();
    };
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let space = Space::Other;
    if count == 0 { Vec::new() } else { vec![Target { space, start: 0, count, values }] }
}

/// Puts the values of a response to the points that were asked for. Bits come in whole octets; those
/// beyond the quantity are no values.
pub(super) fn place(reported: &mut [Target], asked: &Event) {
    let Some(span) = asked.targets.iter().find(|target| target.values.is_empty()) else { return };
    for target in reported {
        (target.space, target.start) = (span.space, span.start);
        if let Ok(quantity) = usize::try_from(span.count) {
            target.values.truncate(quantity);
        }
        target.count = u32::try_from(target.values.len()).unwrap_or(u32::MAX);
    }
}

/// Whether the answer is another than the request calls for.
pub(super) fn differs(adu: &Adu<'_>, asked: &Event) -> Option<Mark> {
    let Body::Response(response) = adu.body else { return None };
    let written = asked.targets.iter().find(|target| !target.values.is_empty());
    let read = asked.targets.iter().find(|target| target.values.is_empty());
    let other_than = |count: u32, len: usize| u32::try_from(len) != Ok(count);
    if let Response::ReadBits { values } = response {
        let octets = values.octets().len();
        let other = read.is_some_and(|read| other_than(read.count.div_ceil(8), octets));
        return other.then_some(Mark::AnswerDiffers);
    }
    if let Response::ReadRegisters { values } = response {
        let other = read.is_some_and(|read| other_than(read.count, values.len()));
        return other.then_some(Mark::AnswerDiffers);
    }
    let written = written?;
    let other = if let Response::WriteSingle { address, value } = response {
        let value = if written.space == Space::Coil { u16::from(value != 0) } else { value };
        let value = Value::Number(f64::from(value));
        written.start != u32::from(address) || !written.values.contains(&value)
    } else if let Response::WriteMultiple { address, quantity } = response {
        written.start != u32::from(address) || written.count != u32::from(quantity)
    } else {
        false
    };
    other.then_some(Mark::EchoDiffers)
}

fn sub_function(request: Option<&Request<'_>>) -> (Option<u16>, Option<&'static str>) {
    match request {
        Some(Request::Diagnostics { sub_function, .. }) => {
            (Some(sub_function.code()), Some(sub_function.name()))
        }
        Some(Request::ReadDeviceId { .. }) => {
            let mei = MeiType::ReadDeviceIdentification;
            (Some(u16::from(mei.code())), Some(mei.name()))
        }
        Some(Request::Encapsulated { mei, .. }) => (Some(u16::from(mei.code())), Some(mei.name())),
        Some(Request::Umas { code, .. }) => (Some(u16::from(code.code())), Some(code.name())),
        _ => (None, None),
    }
}

fn intent(function: FunctionCode, request: Option<&Request<'_>>) -> Intent {
    match function {
        FunctionCode::ReadCoils
        | FunctionCode::ReadDiscreteInputs
        | FunctionCode::ReadHoldingRegisters
        | FunctionCode::ReadInputRegisters
        | FunctionCode::ReadFifoQueue => Intent::Read,
        FunctionCode::WriteSingleCoil
        | FunctionCode::WriteSingleRegister
        | FunctionCode::WriteMultipleCoils
        | FunctionCode::WriteMultipleRegisters
        | FunctionCode::MaskWriteRegister
        | FunctionCode::ReadWriteMultipleRegisters => Intent::Write,
        FunctionCode::ReadFileRecord => Intent::File,
        FunctionCode::WriteFileRecord => Intent::StoreFile,
        FunctionCode::Diagnostics => match request {
            Some(Request::Diagnostics { sub_function, .. }) => diagnostic(*sub_function),
            _ => Intent::Diagnose,
        },
        FunctionCode::ReadExceptionStatus
        | FunctionCode::GetCommEventCounter
        | FunctionCode::GetCommEventLog
        | FunctionCode::ReportServerId
        | FunctionCode::ReportLocalAddress => Intent::Diagnose,
        FunctionCode::EncapsulatedInterfaceTransport => match request {
            Some(Request::ReadDeviceId { .. }) => Intent::Diagnose,
            _ => Intent::Unknown,
        },
        FunctionCode::UnitySchneider => match request {
            Some(Request::Umas { code: UmasCode::StartPlc | UmasCode::StopPlc, .. }) => {
                Intent::Restart
            }
            _ => Intent::Program,
        },
        FunctionCode::ResetCommLink884 => Intent::Restart,
        FunctionCode::Program484
        | FunctionCode::Poll484
        | FunctionCode::Program584
        | FunctionCode::Poll584
        | FunctionCode::Program884
        | FunctionCode::ProgramConcept
        | FunctionCode::MultipleFunctionCodes
        | FunctionCode::ObjectMessaging
        | FunctionCode::FirmwareReplacement
        | FunctionCode::Program584Again => Intent::Program,
        FunctionCode::Unknown(_) => Intent::Unknown,
    }
}

fn diagnostic(sub_function: Diagnostic) -> Intent {
    match sub_function {
        // A device that only listens is as good as stopped.
        Diagnostic::RestartCommunicationsOption | Diagnostic::ForceListenOnlyMode => {
            Intent::Restart
        }
        Diagnostic::ChangeAsciiInputDelimiter => Intent::Configure,
        Diagnostic::ClearCounters | Diagnostic::ClearOverrunCounterAndFlag => Intent::Freeze,
        Diagnostic::ReturnQueryData
        | Diagnostic::ReturnDiagnosticRegister
        | Diagnostic::ReturnBusMessageCount
        | Diagnostic::ReturnBusCommunicationErrorCount
        | Diagnostic::ReturnBusExceptionErrorCount
        | Diagnostic::ReturnServerMessageCount
        | Diagnostic::ReturnServerNoResponseCount
        | Diagnostic::ReturnServerNakCount
        | Diagnostic::ReturnServerBusyCount
        | Diagnostic::ReturnBusCharacterOverrunCount
        | Diagnostic::ReturnIopOverrunCount
        | Diagnostic::ModbusPlusStatistics => Intent::Diagnose,
        Diagnostic::Unknown(_) => Intent::Unknown,
    }
}

fn targets(function: FunctionCode, request: &Request<'_>) -> Vec<Target> {
    match *request {
        Request::Read { address, quantity } => {
            // Functions 1 to 4 share this layout.
            let space = if function == FunctionCode::ReadCoils {
                Space::Coil
            } else if function == FunctionCode::ReadDiscreteInputs {
                Space::DiscreteInput
            } else if function == FunctionCode::ReadInputRegisters {
                Space::InputRegister
            } else {
                Space::HoldingRegister
            };
            vec![span(space, address, quantity)]
        }
        Request::WriteSingle { address, value } => {
            if function == FunctionCode::WriteSingleCoil {
                vec![written(Space::Coil, address, [f64::from(u8::from(value != 0))])]
            } else {
                vec![written(Space::HoldingRegister, address, [f64::from(value)])]
            }
        }
        Request::WriteCoils { address, values, .. } => {
            let bits = values.iter().map(|on| f64::from(u8::from(on)));
            vec![written(Space::Coil, address, bits)]
        }
        Request::WriteRegisters { address, values, .. } => {
            vec![written(Space::HoldingRegister, address, values.iter().map(f64::from))]
        }
        // What becomes of the register depends on what it was: no value is known.
        Request::MaskWrite { address, .. } => vec![span(Space::HoldingRegister, address, 1)],
        Request::ReadWrite { read_address, read_quantity, write_address, values, .. } => vec![
            written(Space::HoldingRegister, write_address, values.iter().map(f64::from)),
            span(Space::HoldingRegister, read_address, read_quantity),
        ],
        Request::ReadFifo { address } => vec![span(Space::FifoQueue, address, 1)],
        Request::ReadFile { areas } => {
            areas.iter().map(|area| file(area.file, area.record, area.length)).collect()
        }
        Request::WriteFile { writes } => writes
            .iter()
            .map(|write| file(write.area.file, write.area.record, write.area.length))
            .collect(),
        Request::Bare
        | Request::Diagnostics { .. }
        | Request::ReadDeviceId { .. }
        | Request::Encapsulated { .. }
        | Request::Umas { .. } => Vec::new(),
    }
}

fn span(space: Space, address: u16, quantity: u16) -> Target {
    let count = u32::from(quantity).max(1);
    Target { space, start: u32::from(address), count, values: Vec::new() }
}

fn written(space: Space, address: u16, numbers: impl IntoIterator<Item = f64>) -> Target {
    let values: Vec<Value> = numbers.into_iter().map(Value::Number).collect();
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX).max(1);
    Target { space, start: u32::from(address), count, values }
}

/// File records are numbered through: file × 10,000 + record, as records go to 9,999.
fn file(file: u16, record: u16, length: u16) -> Target {
    let start = u32::from(file).saturating_mul(10_000).saturating_add(u32::from(record));
    Target { space: Space::FileRecord, start, count: u32::from(length).max(1), values: Vec::new() }
}

/// What a response leaves to its request to say: the first address, and how many.
fn area(request: Option<&Request<'_>>) -> (Option<u16>, Option<u16>) {
    match request {
        Some(
            Request::Read { address, quantity }
            | Request::WriteCoils { address, quantity, .. }
            | Request::WriteRegisters { address, quantity, .. }
            | Request::ReadWrite { read_address: address, read_quantity: quantity, .. },
        ) => (Some(*address), Some(*quantity)),
        Some(
            Request::WriteSingle { address, .. }
            | Request::MaskWrite { address, .. }
            | Request::ReadFifo { address },
        ) => (Some(*address), None),
        _ => (None, None),
    }
}
