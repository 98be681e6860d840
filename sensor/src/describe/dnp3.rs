//! DNP3: what its functions are meant to do, and to which points.

use gridtap_models::event::{
    Conversation, Event, Function, Intent, Mark, Outcome, Protocol, Space, Switch, Target, Value,
};
use gridtap_parsers::Direction;
use gridtap_parsers::dnp3::link::{Header, LinkFunction};
use gridtap_parsers::dnp3::{
    self, Auth, Crob, Fragment, FunctionCode, Iin, Message, ObjectHeader, Operation, Range, Status,
    TripClose,
};

use super::ties::proofs;
use super::{Act, Context, Key, Part};

/// Targets that one act keeps; a fragment has room for some 600 commands.
const TARGETS: usize = 1_024;
/// Values that one message reports at most; a fragment of 2,048 octets has room for 16,000 bits.
const REPORTED: usize = 16_384;

/// What `message` is to its conversation.
pub(super) fn part(message: &Message<'_>, context: &Context) -> Part {
    let fragment = match message {
        Message::Link(header) => return linked(*header, context),
        Message::Fragment(fragment) => fragment,
    };
    let (master, outstation) = match fragment.direction() {
        Direction::Request => (fragment.link.source, fragment.link.destination),
        Direction::Response | Direction::Unsolicited => {
            (fragment.link.destination, fragment.link.source)
        }
        Direction::Link => return Part::Neither,
    };
    let key = Key {
        ends: (outstation, master),
        number: u16::from(fragment.control.sequence()),
        function: 0,
    };
    if matches!(fragment.function, FunctionCode::Response | FunctionCode::AuthResponse) {
        // Of several fragments the first has the request's sequence; the others count on from it.
        let act = answers(fragment, key, context);
        return if !fragment.control.first() {
            Part::Reports(act)
        } else if proofs(fragment).any(|auth| matches!(auth, Auth::Challenge { .. })) {
            Part::Challenges(act)
        } else {
            Part::Answers { act, outcome: outcome(fragment) }
        };
    }
    if fragment.direction() == Direction::Unsolicited {
        return Part::Reports(answers(fragment, key, context));
    }
    // A confirmation asks for nothing, and answers no request.
    let confirms = fragment.function == FunctionCode::Confirm;
    if confirms || fragment.direction() == Direction::Response {
        return Part::Neither;
    }
    let proves = proofs(fragment).any(|auth| matches!(auth, Auth::Reply { .. }));
    let key = if proves { Key { function: Key::PROOF, ..key } } else { key };
    Part::Asks(asks(fragment, key, context))
}

/// Direction, function and code of `message`, for counting. The codes of link frames stand apart
/// from those of the application: secondary ones from 0, primary ones from 64.
pub(super) fn kind(message: &Message<'_>) -> (Direction, &'static str, u8) {
    match message {
        Message::Link(header) => {
            let code = header.control.0 & 0x4f;
            (Direction::Link, header.function().name(), code)
        }
        Message::Fragment(fragment) => {
            (fragment.direction(), fragment.function.name(), fragment.function.code())
        }
    }
}

/// A frame that begins an exchange on the link, and carries nothing.
fn linked(header: Header, context: &Context) -> Part {
    let function = header.function();
    if !header.control.primary() || function.carries_user_data() {
        return Part::Neither;
    }
    let (sender, receiver) = (context.sender.address.ip(), context.receiver.address.ip());
    let by_master = header.control.from_master();
    let (client, master, server, outstation) = if by_master {
        (sender, header.source, receiver, header.destination)
    } else {
        (receiver, header.destination, sender, header.source)
    };
    let name = match function {
        LinkFunction::ResetLinkStates => "a reset of the link",
        LinkFunction::ResetUserProcess => "a reset of the user process",
        LinkFunction::TestLinkStates => "a test of the link",
        LinkFunction::RequestLinkStatus => "the link status",
        LinkFunction::ConfirmedUserData
        | LinkFunction::UnconfirmedUserData
        | LinkFunction::Ack
        | LinkFunction::Nack
        | LinkFunction::LinkStatus
        | LinkFunction::LinkNotFunctioning
        | LinkFunction::NotSupported
        | LinkFunction::ReservedPrimary(_)
        | LinkFunction::ReservedSecondary(_) => "a reserved function of the link",
    };
    Part::Links(Act {
        conversation: Conversation {
            protocol: Protocol::Dnp3,
            client,
            server,
            unit: outstation,
            client_unit: Some(master),
        },
        intent: if by_master { Intent::Session } else { Intent::Report },
        function: Function { code: header.control.0 & 0x0f, sub: None, name },
        targets: Vec::new(),
        broadcast: header.is_broadcast(),
        unacknowledged: false,
        proved: false,
        sequence: None,
        key: Key { ends: (outstation, master), number: 0, function: 0 },
        address: None,
        quantity: None,
    })
}

fn asks(fragment: &Fragment<'_>, key: Key, context: &Context) -> Act {
    Act {
        conversation: Conversation {
            protocol: Protocol::Dnp3,
            client: context.sender.address.ip(),
            server: context.receiver.address.ip(),
            unit: fragment.link.destination,
            client_unit: Some(fragment.link.source),
        },
        intent: intent(fragment),
        function: Function {
            code: fragment.function.code(),
            sub: None,
            name: fragment.function.name(),
        },
        targets: targets(fragment),
        broadcast: fragment.link.is_broadcast(),
        unacknowledged: matches!(
            fragment.function,
            FunctionCode::DirectOperateNr
                | FunctionCode::ImmedFreezeNr
                | FunctionCode::FreezeClearNr
                | FunctionCode::FreezeAtTimeNr
        ),
        proved: proofs(fragment).any(|auth| matches!(auth, Auth::AggressiveRequest { .. })),
        sequence: Some(u16::from(fragment.control.sequence())),
        key,
        address: None,
        quantity: None,
    }
}

/// What an outstation says, as an act of the master it says it to.
fn answers(fragment: &Fragment<'_>, key: Key, context: &Context) -> Act {
    let (outstation, master) = key.ends;
    Act {
        conversation: Conversation {
            protocol: Protocol::Dnp3,
            client: context.receiver.address.ip(),
            server: context.sender.address.ip(),
            unit: outstation,
            client_unit: Some(master),
        },
        intent: Intent::Report,
        function: Function {
            code: fragment.function.code(),
            sub: None,
            name: fragment.function.name(),
        },
        targets: Vec::new(),
        broadcast: false,
        unacknowledged: false,
        proved: false,
        sequence: Some(u16::from(fragment.control.sequence())),
        key,
        address: None,
        quantity: None,
    }
}

/// The internal indications, in what an outstation says.
pub(super) fn indications(message: &Message<'_>) -> Option<Iin> {
    match message {
        Message::Fragment(fragment) => fragment.iin,
        Message::Link(_) => None,
    }
}

/// What an outstation says of its points: values whose flags call them good, or all, where its flags
/// say nothing; and whether any flag calls a value good, if there are flags.
pub(super) fn reported(
    message: &Message<'_>,
    flags_say_nothing: bool,
) -> (Vec<Target>, Option<bool>) {
    const ONLINE: u8 = 1;
    let Message::Fragment(fragment) = message else { return (Vec::new(), None) };
    let mut targets: Vec<Target> = Vec::new();
    let mut online: Option<bool> = None;
    let (mut points, mut latest_ms) = (0_usize, None);
    for header in fragment.objects.headers().filter(|header| is_value(header.group)) {
        let space = space(header.group);
        for point in header.points() {
            latest_ms = latest_ms.max(point.time_ms);
            let good = point.flags.is_none_or(|flags| {
                let good = flags & ONLINE != 0;
                online = Some(online.unwrap_or(false) || good);
                good || flags_say_nothing
            });
            let value = if let dnp3::Value::Bit(on) = point.value {
                Some(f64::from(u8::from(on)))
            } else if let dnp3::Value::DoubleBit(state) = point.value {
                Some(f64::from(state as u8))
            } else {
                point.value.number()
            };
            let (Some(index), Some(value), true) = (point.index, value, good) else { continue };
            points = points.saturating_add(1);
            if points > REPORTED {
                break;
            }
            push(&mut targets, space, index, Value::Number(value), usize::MAX);
        }
    }
    if let Some(ms) = latest_ms {
        targets.push(clock(ms));
    }
    (targets, online)
}

/// Whether the objects of a group say what a point's value is.
const fn is_value(group: u8) -> bool {
    matches!(group, 1..=4 | 10 | 11 | 20..=23 | 30..=33 | 40 | 42)
}

/// Whether the objects of a group tell of events.
const fn is_event(group: u8) -> bool {
    matches!(group, 2 | 4 | 11 | 13 | 22 | 23 | 32 | 33 | 42 | 43 | 88 | 111 | 113 | 115 | 122)
}

/// How many events an outstation tells of, where it was asked for events or tells of some.
pub(super) fn events(message: &Message<'_>, asked: Option<&Event>) -> Option<Target> {
    let Message::Fragment(fragment) = message else { return None };
    let headers = fragment.objects.headers().filter(|header| is_event(header.group));
    let events = headers.fold(0_u32, |events, header| events.saturating_add(header.count()));
    let class = |target: &Target| target.space == Space::Class && target.start > 0;
    let asks = |asked: &Event| asked.intent == Intent::Read && asked.targets.iter().any(class);
    (events > 0 || asked.is_some_and(asks)).then(|| {
        let values = vec![Value::Number(f64::from(events))];
        Target { space: Space::Event, start: 0, count: 1, values }
    })
}

/// A clock's reading, as the place of a point.
fn clock(ms: u64) -> Target {
    #[expect(clippy::cast_precision_loss, reason = "48 bits of milliseconds fit into a double")]
    let value = Value::Number(ms as f64);
    Target { space: Space::Time, start: 0, count: 1, values: vec![value] }
}

/// Whether an answer to a command repeats another command.
pub(super) fn differs(message: &Message<'_>, asked: &Event) -> Option<Mark> {
    let Message::Fragment(fragment) = message else { return None };
    if !asked.intent.commands() || asked.function.code == FunctionCode::Write.code() {
        return None;
    }
    let answered = targets(fragment);
    let commands = |targets: &[Target]| -> Vec<Target> {
        targets.iter().filter(|target| !target.values.is_empty()).cloned().collect()
    };
    let repeated = commands(&answered);
    (!repeated.is_empty() && repeated != commands(&asked.targets)).then_some(Mark::EchoDiffers)
}

fn intent(fragment: &Fragment<'_>) -> Intent {
    match fragment.function {
        FunctionCode::Read => Intent::Read,
        FunctionCode::Write => written(fragment),
        FunctionCode::Select => Intent::Select,
        FunctionCode::Operate | FunctionCode::DirectOperate | FunctionCode::DirectOperateNr => {
            Intent::Operate
        }
        FunctionCode::ImmedFreeze
        | FunctionCode::ImmedFreezeNr
        | FunctionCode::FreezeClear
        | FunctionCode::FreezeClearNr
        | FunctionCode::FreezeAtTime
        | FunctionCode::FreezeAtTimeNr => Intent::Freeze,
        FunctionCode::ColdRestart
        | FunctionCode::WarmRestart
        | FunctionCode::InitializeData
        | FunctionCode::InitializeApplication
        | FunctionCode::StartApplication
        | FunctionCode::StopApplication => Intent::Restart,
        FunctionCode::SaveConfiguration
        | FunctionCode::AssignClass
        | FunctionCode::ActivateConfig => Intent::Configure,
        FunctionCode::DisableUnsolicited => Intent::Mute,
        FunctionCode::EnableUnsolicited => Intent::Unmute,
        FunctionCode::DelayMeasure => Intent::Diagnose,
        FunctionCode::RecordCurrentTime => Intent::SetTime,
        FunctionCode::OpenFile
        | FunctionCode::CloseFile
        | FunctionCode::GetFileInfo
        | FunctionCode::AuthenticateFile
        | FunctionCode::AbortFile => Intent::File,
        FunctionCode::DeleteFile => Intent::StoreFile,
        FunctionCode::AuthRequest | FunctionCode::AuthRequestNr => Intent::Authenticate,
        FunctionCode::Confirm => Intent::Session,
        FunctionCode::UnsolicitedResponse | FunctionCode::Response | FunctionCode::AuthResponse => {
            Intent::Report
        }
        FunctionCode::Unknown(_) => Intent::Unknown,
    }
}

/// What a write is meant to do depends on what is written; the gravest part decides.
fn written(fragment: &Fragment<'_>) -> Intent {
    let mut intent = Intent::Configure;
    for header in fragment.objects.headers() {
        match header.group {
            // Outputs, strings that a device acts on, terminals.
            10 | 12 | 41 | 87 | 102 | 110 | 112 => return Intent::Write,
            50 => intent = Intent::SetTime,
            70 => intent = Intent::StoreFile,
            // Masters clear the restart bit whenever an outstation started.
            80 => intent = Intent::Freeze,
            _ => {}
        }
    }
    intent
}

fn targets(fragment: &Fragment<'_>) -> Vec<Target> {
    let mut targets = Vec::new();
    for header in fragment.objects.headers() {
        let clocks = |point: dnp3::Point<'_>| {
            if let dnp3::Value::Time(ms) = point.value { Some(ms) } else { None }
        };
        if matches!(header.group, 10 | 12 | 41) && header.points().next().is_some() {
            commands(&header, &mut targets);
        } else if header.group == 50
            && let Some(ms) = header.points().find_map(clocks)
        {
            targets.push(clock(ms));
        } else if targets.len() < TARGETS {
            targets.push(span(&header));
        }
    }
    targets
}

/// The commands behind a header, neighbours with rising indices in one target.
fn commands(header: &ObjectHeader<'_>, targets: &mut Vec<Target>) {
    for point in header.points() {
        let Some(index) = point.index else { continue };
        let value = if let dnp3::Value::Crob(crob) = point.value {
            Value::Switch(switch(&crob))
        } else if let dnp3::Value::Bit(on) = point.value {
            Value::Number(f64::from(u8::from(on)))
        } else if let Some(number) = point.value.number() {
            Value::Number(number)
        } else {
            continue;
        };
        push(targets, space(header.group), index, value, TARGETS);
    }
}

/// Puts a point to the target before it, if it is its neighbour, or to one of its own.
fn push(targets: &mut Vec<Target>, space: Space, index: u32, value: Value, most: usize) {
    let next = targets.last_mut().filter(|last| {
        let end = last.start.checked_add(last.count);
        last.space == space && !last.values.is_empty() && end == Some(index)
    });
    if let Some(last) = next {
        last.count = last.count.saturating_add(1);
        last.values.push(value);
    } else if targets.len() < most {
        targets.push(Target { space, start: index, count: 1, values: vec![value] });
    }
}

fn switch(crob: &Crob) -> Switch {
    match (crob.trip_close, crob.operation) {
        (TripClose::Close, Operation::PulseOn) => Switch::Close,
        (TripClose::Trip, Operation::PulseOn) => Switch::Trip,
        (TripClose::Nul, Operation::Nul) => Switch::Nul,
        (TripClose::Nul, Operation::PulseOn) => Switch::PulseOn,
        (TripClose::Nul, Operation::PulseOff) => Switch::PulseOff,
        (TripClose::Nul, Operation::LatchOn) => Switch::LatchOn,
        (TripClose::Nul, Operation::LatchOff) => Switch::LatchOff,
        _ => Switch::Other(crob.control_code()),
    }
}

fn span(header: &ObjectHeader<'_>) -> Target {
    // A class poll names a class and no point.
    if header.group == 60 {
        let class = u32::from(header.variation.saturating_sub(1));
        return Target { space: Space::Class, start: class, count: 1, values: Vec::new() };
    }
    let space = space(header.group);
    if space == Space::Attribute {
        let variation = u32::from(header.variation);
        return Target { space, start: variation, count: 1, values: Vec::new() };
    }
    let (start, count) = match header.range {
        Range::StartStop { start, .. } | Range::VirtualAddress { start, .. } => {
            (start, header.count().max(1))
        }
        Range::All => (0, u32::MAX),
        Range::Count(count) => {
            let indices = || header.points().filter_map(|point| point.index);
            match (indices().min(), indices().max()) {
                (Some(low), Some(high)) => (low, high.saturating_sub(low).saturating_add(1)),
                // So many of whatever there is.
                _ => (0, count.max(1)),
            }
        }
    };
    Target { space, start, count, values: Vec::new() }
}

fn space(group: u8) -> Space {
    match group {
        0 => Space::Attribute,
        1 | 2 => Space::BinaryInput,
        3 | 4 => Space::DoubleBitInput,
        10..=13 => Space::BinaryOutput,
        20 | 22 => Space::Counter,
        21 | 23 => Space::FrozenCounter,
        30 | 32 => Space::AnalogInput,
        31 | 33 => Space::FrozenAnalogInput,
        34 => Space::Deadband,
        40..=43 => Space::AnalogOutput,
        50..=52 => Space::Time,
        70 => Space::File,
        80 => Space::Indication,
        85..=88 => Space::DataSet,
        90 | 91 => Space::Application,
        110 | 111 => Space::OctetString,
        112 | 113 => Space::VirtualTerminal,
        120..=122 => Space::Authentication,
        _ => Space::Other,
    }
}

/// Refused if an internal indication says so, any command's status does, or a proof failed.
fn outcome(fragment: &Fragment<'_>) -> Outcome {
    if let Some(iin) = fragment.iin.filter(|iin| iin.refused()) {
        let Iin(bits) = iin;
        return Outcome::Refused(bits);
    }
    for auth in proofs(fragment) {
        if let Auth::Error { error, .. } = auth {
            return Outcome::Refused(error.into());
        }
    }
    for header in fragment.objects.headers().filter(|header| matches!(header.group, 12 | 41)) {
        for point in header.points() {
            let status = if let dnp3::Value::Crob(crob) = point.value {
                Some(crob.status)
            } else {
                point.status
            };
            if let Some(status) = status.filter(|status| *status != Status::Success) {
                return Outcome::Refused(u16::from(status.code()));
            }
        }
    }
    Outcome::Done
}
