//! The fields of a DNP3 message.

use core::fmt::Write;

use gridtap_parsers::dnp3::{
    Attribute, Auth, Crob, DoubleBit, File, Fragment, Message, ObjectHeader, Point, Range, Value,
};
use serde::Serialize;

use super::modbus::Hex;
use crate::describe::RequestNote;

/// The fields that DNP3 has beyond those of every message.
#[derive(Debug, Default, Serialize)]
pub(super) struct Fields<'a> {
    source: u16,
    destination: u16,
    link_function: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fir: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fin: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    con: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uns: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iin: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<Vec<ObjectFields<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_packet: Option<u64>,
}

/// An object header and the points behind it.
#[derive(Debug, Serialize)]
struct ObjectFields<'a> {
    group: u8,
    variation: u8,
    name: &'static str,
    qualifier: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    points: Vec<PointFields<'a>>,
}

/// One point.
#[derive(Debug, Default, Serialize)]
struct PointFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<u8>,
    /// Milliseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trip_close: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clear: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    off_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(flatten)]
    more: Option<More<'a>>,
}

/// A value as JSON has it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Shown<'a> {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Name(&'static str),
    Octets(Hex<'a>),
    Text(String),
}

/// Fields of files, authentication and schedules.
#[derive(Debug, Default, Serialize)]
struct More<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_block: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_sequence: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    association: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_unit: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    octets: Option<Hex<'a>>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(message: &Message<'a>, request: Option<RequestNote>) -> Self {
        let link = message.link();
        let mut fields = Self {
            source: link.source,
            destination: link.destination,
            link_function: link.function().name(),
            request_packet: request.map(|note| note.packet),
            ..Self::default()
        };
        if let Message::Fragment(fragment) = message {
            fields.fragment(fragment);
        }
        fields
    }

    fn fragment(&mut self, fragment: &Fragment<'a>) {
        self.sequence = Some(fragment.control.sequence());
        self.function = Some(fragment.function.code());
        self.function_name = Some(fragment.function.name());
        self.fir = Some(fragment.control.first());
        self.fin = Some(fragment.control.last());
        self.con = Some(fragment.control.confirm());
        self.uns = Some(fragment.control.unsolicited());
        self.iin = fragment.iin.map(|iin| iin.names().collect());
        self.objects = Some(fragment.objects.headers().map(|h| ObjectFields::new(&h)).collect());
    }

    /// The part of a line for people.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} > {} ", self.source, self.destination);
        match self.function_name {
            Some(name) => {
                let _ = write!(text, "{name} ({})", self.function.unwrap_or_default());
            }
            None => text.push_str(self.link_function),
        }
        for object in self.objects.iter().flatten() {
            let _ = write!(text, ", g{}v{}", object.group, object.variation);
            match (object.start, object.stop, object.count) {
                (Some(start), Some(stop), _) => {
                    let _ = write!(text, " {start}..{stop}");
                }
                (_, _, Some(count)) => {
                    let _ = write!(text, " ×{count}");
                }
                _ => {}
            }
        }
        for name in self.iin.iter().flatten() {
            let _ = write!(text, " {name}");
        }
        text
    }
}

impl<'a> ObjectFields<'a> {
    fn new(header: &ObjectHeader<'a>) -> Self {
        let (start, stop) = match header.range {
            Range::StartStop { start, stop } | Range::VirtualAddress { start, stop } => {
                (Some(start), Some(stop))
            }
            Range::All | Range::Count(_) => (None, None),
        };
        Self {
            group: header.group,
            variation: header.variation,
            name: header.name,
            qualifier: header.qualifier,
            count: (header.range != Range::All).then_some(header.count()),
            start,
            stop,
            points: header.points().map(|point| PointFields::new(&point)).collect(),
        }
    }
}

impl<'a> PointFields<'a> {
    fn new(point: &Point<'a>) -> Self {
        let mut fields = Self {
            index: point.index,
            flags: point.flags,
            time: point.time_ms,
            status: point.status.map(gridtap_parsers::dnp3::Status::name),
            ..Self::default()
        };
        fields.value = match point.value {
            Value::Absent => None,
            Value::Bit(on) => Some(Shown::Unsigned(u64::from(on))),
            Value::DoubleBit(state) => Some(Shown::Name(match state {
                DoubleBit::Intermediate => "intermediate",
                DoubleBit::Off => "off",
                DoubleBit::On => "on",
                DoubleBit::Indeterminate => "indeterminate",
            })),
            Value::Unsigned(number) => Some(Shown::Unsigned(u64::from(number))),
            Value::Signed(number) => Some(Shown::Signed(i64::from(number))),
            Value::Float(number) => Some(float(number)),
            Value::Bcd(digits) => Some(Shown::Text(format!("{digits:x}"))),
            Value::Time(ms) => Some(Shown::Unsigned(ms)),
            Value::Delay(ms) => Some(Shown::Unsigned(u64::from(ms))),
            Value::Schedule { start_ms, interval, unit } => {
                fields.more().interval = Some(interval);
                fields.more().interval_unit = Some(unit);
                Some(Shown::Unsigned(start_ms))
            }
            Value::Crob(crob) => {
                fields.crob(&crob);
                None
            }
            Value::Statistic { association, count } => {
                fields.more().association = Some(association);
                Some(Shown::Unsigned(u64::from(count)))
            }
            Value::Octets(octets) => Some(Shown::Octets(Hex(octets))),
            Value::Attribute(attribute) => Some(attribute_value(attribute)),
            Value::File(file) => {
                fields.file(file);
                None
            }
            Value::Auth(auth) => {
                fields.auth(auth);
                None
            }
        };
        fields
    }

    fn more(&mut self) -> &mut More<'a> {
        self.more.get_or_insert_default()
    }

    fn crob(&mut self, crob: &Crob) {
        self.operation = Some(crob.operation.name());
        self.trip_close = Some(crob.trip_close.name());
        self.clear = Some(crob.clear);
        self.count = Some(crob.count);
        (self.on_ms, self.off_ms) = (Some(crob.on_ms), Some(crob.off_ms));
        self.status = Some(crob.status.name());
    }

    fn file(&mut self, file: File<'a>) {
        let more = self.more();
        match file {
            File::Identifier { name, size, status, .. } => {
                (more.file_name, more.file_size) = (Some(text(name)), Some(size));
                more.file_status = Some(status.name());
            }
            File::Authentication { user, .. } => more.user_name = Some(text(user)),
            File::Command { name, size, mode, .. } => {
                (more.file_name, more.file_size) = (Some(text(name)), Some(size));
                more.file_mode = Some(mode.name());
            }
            File::CommandStatus { handle, size, status, .. } => {
                (more.handle, more.file_size) = (Some(handle), Some(size));
                more.file_status = Some(status.name());
            }
            File::Transport { handle, block, last, octets } => {
                (more.handle, more.block) = (Some(handle), Some(block));
                (more.last_block, more.octets) = (Some(last), Some(Hex(octets)));
            }
            File::TransportStatus { handle, block, last, status, .. } => {
                (more.handle, more.block) = (Some(handle), Some(block));
                (more.last_block, more.file_status) = (Some(last), Some(status.name()));
            }
            File::Descriptor { name, size, .. } => {
                (more.file_name, more.file_size) = (Some(text(name)), Some(size));
            }
            File::Specification(name) => more.file_name = Some(text(name)),
        }
    }

    fn auth(&mut self, auth: Auth<'a>) {
        let more = self.more();
        let (sequence, user) = match auth {
            Auth::Challenge { sequence, user, .. }
            | Auth::Reply { sequence, user, .. }
            | Auth::AggressiveRequest { sequence, user }
            | Auth::KeyStatus { sequence, user, .. }
            | Auth::KeyChange { sequence, user, .. } => (Some(sequence), user),
            Auth::KeyStatusRequest { user } => (None, user),
            Auth::Error { sequence, user, association, error, .. } => {
                (more.association, more.error_code) = (Some(association), Some(error));
                (Some(sequence), user)
            }
        };
        (more.challenge_sequence, more.user) = (sequence, Some(user));
    }
}

fn attribute_value(attribute: Attribute<'_>) -> Shown<'_> {
    match attribute {
        Attribute::Text(octets) | Attribute::Unicode(octets) => Shown::Text(text(octets)),
        Attribute::Unsigned(number) | Attribute::Time(number) => Shown::Unsigned(number),
        Attribute::Signed(number) => Shown::Signed(number),
        Attribute::Float(number) => float(number),
        Attribute::Octets(octets)
        | Attribute::Bits(octets)
        | Attribute::List(octets)
        | Attribute::Other { octets, .. } => Shown::Octets(Hex(octets)),
    }
}

/// JSON has no word for infinity, nor for what is no number.
fn float<'a>(number: f64) -> Shown<'a> {
    if number.is_finite() { Shown::Float(number) } else { Shown::Text(number.to_string()) }
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
