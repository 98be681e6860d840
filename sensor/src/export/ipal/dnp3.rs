//! DNP3 in IPAL's words: types are function codes, names are `10:30:1:4` for outstation, group, variation and index.
//!
//! IPAL's transcriber knows the groups 1, 2, 20, 50, 52, 60 and 80 and no operations. Here all groups and functions have
//! the same form; a control relay output block has the number of its control code as its value.

use gridtap_parsers::Direction;
use gridtap_parsers::dnp3::Value as Sent;
use gridtap_parsers::dnp3::{DoubleBit, Fragment, FunctionCode, ObjectHeader, Point, Range};

use super::data::{Data, Key, Value};
use super::{Activity, Said};
use crate::record::modbus::Hex;

/// Sequence number of the fragment.
const SEQUENCE: Key = Key::Word("SEQ");
/// What a message is about that brings no values.
const TARGET: Key = Key::Word("Signal Target");

pub(super) fn said(fragment: &Fragment<'_>) -> Said {
    let function = fragment.function;
    let asks = fragment.direction() == Direction::Request;
    let outstation = if asks { fragment.link.destination } else { fragment.link.source };
    let mut data = Data::default();
    data.set(SEQUENCE, Value::Int(fragment.control.sequence().into()));
    if function == FunctionCode::Confirm {
        let target = format!("{outstation}:{}", fragment.control.sequence());
        data.set(TARGET, Value::Text(target));
        return Said { kind: function.code(), activity: Activity::Confirmation, data };
    }
    for header in fragment.objects.headers() {
        if names_classes(function) {
            data.append(TARGET, Value::Text(target(outstation, &header)));
        } else if freezes(function) {
            data.append(TARGET, Value::Text(format!("{outstation}:{}", header.group)));
        } else {
            points(outstation, &header, &mut data);
        }
    }
    Said { kind: function.code(), activity: activity(fragment), data }
}

/// Whether its headers name what is asked for, mostly classes, and bring no values.
const fn names_classes(function: FunctionCode) -> bool {
    matches!(
        function,
        FunctionCode::Read
            | FunctionCode::EnableUnsolicited
            | FunctionCode::DisableUnsolicited
            | FunctionCode::AssignClass
    )
}

/// Whether its headers name groups of points to freeze.
const fn freezes(function: FunctionCode) -> bool {
    matches!(
        function,
        FunctionCode::ImmedFreeze
            | FunctionCode::ImmedFreezeNr
            | FunctionCode::FreezeClear
            | FunctionCode::FreezeClearNr
    )
}

/// What a header without values asks for.
fn target(outstation: u16, header: &ObjectHeader<'_>) -> String {
    let (group, variation) = (header.group, header.variation);
    match header.range {
        Range::StartStop { start, stop } | Range::VirtualAddress { start, stop } => {
            format!("{outstation}:{group}:{variation}:{start}-{stop}")
        }
        Range::All | Range::Count(_) => format!("{outstation}:{group}:{variation}"),
    }
}

/// The points of a header with their values: of events all, in the order sent.
fn points(outstation: u16, header: &ObjectHeader<'_>, data: &mut Data) {
    for (nth, point) in (1..).zip(header.points()) {
        // An object that stands for the whole device has no index; the first is called 1.
        let index = point.index.unwrap_or(nth);
        let key = Key::Object(outstation, header.group, header.variation, index);
        let Some(value) = value(header, &point) else { continue };
        if is_event(header.group) {
            data.append(key, value);
        } else {
            data.set(key, value);
        }
    }
}

/// A point's value, if it is one of the process.
fn value(header: &ObjectHeader<'_>, point: &Point<'_>) -> Option<Value> {
    Some(match point.value {
        Sent::Absent => Value::Null,
        Sent::Bit(on) => Value::Int(on.into()),
        Sent::DoubleBit(state) => Value::Int(match state {
            DoubleBit::Intermediate => 0,
            DoubleBit::Off => 1,
            DoubleBit::On => 2,
            DoubleBit::Indeterminate => 3,
        }),
        Sent::Unsigned(number) | Sent::Statistic { count: number, .. } => Value::Int(number.into()),
        Sent::Signed(number) => Value::Int(number.into()),
        Sent::Float(number) => Value::from(number),
        Sent::Bcd(digits) => Value::Text(format!("{digits:x}")),
        Sent::Time(ms) | Sent::Schedule { start_ms: ms, .. } => Value::Text(seconds(ms)),
        // A coarse delay is in seconds.
        Sent::Delay(ms) if header.variation == 1 => Value::Int(i64::from(ms) / 1_000),
        Sent::Delay(ms) => Value::Text(seconds(ms.into())),
        Sent::Crob(crob) => Value::Int(crob.control_code().into()),
        Sent::Octets(octets) => Value::Text(Hex(octets).to_string()),
        Sent::Attribute(_) | Sent::File(_) | Sent::Auth(_) => return None,
    })
}

/// Milliseconds as text in seconds, as IPAL writes them: `5.0`, `1476171909.419`.
fn seconds(ms: u64) -> String {
    match (ms / 1_000, ms % 1_000) {
        (seconds, 0) => format!("{seconds}.0"),
        (seconds, ms) => format!("{seconds}.{ms:03}"),
    }
}

/// Whether objects of the group are events: of one point there may be several in a fragment.
fn is_event(group: u8) -> bool {
    matches!(group, 2 | 4 | 11 | 13 | 22 | 23 | 32 | 33 | 42 | 43 | 88 | 111 | 113 | 122)
}

fn activity(fragment: &Fragment<'_>) -> Activity {
    match fragment.function {
        FunctionCode::Confirm => Activity::Confirmation,
        FunctionCode::Read | FunctionCode::GetFileInfo | FunctionCode::AuthenticateFile => {
            Activity::Interrogate
        }
        FunctionCode::Write
        | FunctionCode::Select
        | FunctionCode::Operate
        | FunctionCode::DirectOperate
        | FunctionCode::DirectOperateNr
        | FunctionCode::ImmedFreeze
        | FunctionCode::ImmedFreezeNr
        | FunctionCode::FreezeClear
        | FunctionCode::FreezeClearNr
        | FunctionCode::FreezeAtTime
        | FunctionCode::FreezeAtTimeNr
        | FunctionCode::ColdRestart
        | FunctionCode::WarmRestart
        | FunctionCode::InitializeData
        | FunctionCode::InitializeApplication
        | FunctionCode::StartApplication
        | FunctionCode::StopApplication
        | FunctionCode::SaveConfiguration
        | FunctionCode::EnableUnsolicited
        | FunctionCode::DisableUnsolicited
        | FunctionCode::AssignClass
        | FunctionCode::DelayMeasure
        | FunctionCode::RecordCurrentTime
        | FunctionCode::OpenFile
        | FunctionCode::CloseFile
        | FunctionCode::DeleteFile
        | FunctionCode::AbortFile
        | FunctionCode::ActivateConfig => Activity::Command,
        FunctionCode::Response | FunctionCode::UnsolicitedResponse => {
            let mut told: Option<Activity> = None;
            for header in fragment.objects.headers() {
                match (told, brings(header.group)) {
                    (_, None) => {}
                    (None, one) => told = one,
                    (Some(one), Some(other)) if one == other => {}
                    // Values and outcomes in one: it is both.
                    (Some(_), Some(_)) => return Activity::Unknown,
                }
            }
            told.unwrap_or(Activity::Unknown)
        }
        FunctionCode::AuthRequest
        | FunctionCode::AuthRequestNr
        | FunctionCode::AuthResponse
        | FunctionCode::Unknown(_) => Activity::Unknown,
    }
}

/// What an outstation does that sends objects of a group, if the group tells.
fn brings(group: u8) -> Option<Activity> {
    match group {
        1..=4 | 10 | 20..=23 | 30..=34 | 40 | 113 | 121 | 122 => Some(Activity::Inform),
        11..=13 | 41..=43 | 52 | 112 => Some(Activity::Action),
        _ => None,
    }
}
