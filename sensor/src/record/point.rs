//! The fields of a DNP3 point.

use core::fmt;

use gridtap_parsers::dnp3::{Attribute, Auth, Crob, DoubleBit, File, Point, Value};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::modbus::Hex;

/// One point.
#[derive(Debug, Default, Serialize)]
pub(super) struct PointFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Date>,
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

impl<'a> PointFields<'a> {
    pub(super) fn new(point: &Point<'a>) -> Self {
        let mut fields = Self {
            index: point.index,
            flags: point.flags,
            time: point.time_ms.map(Date),
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
            Value::Time(ms) => Some(Shown::Date(Date(ms))),
            Value::Delay(ms) => Some(Shown::Unsigned(u64::from(ms))),
            Value::Schedule { start_ms, interval, unit } => {
                fields.more().interval = Some(interval);
                fields.more().interval_unit = Some(unit);
                Some(Shown::Date(Date(start_ms)))
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

    /// Adds a command or a file to a line for people.
    pub(super) fn write(&self, answer: bool, text: &mut String) {
        let mut words = Vec::new();
        words.extend(self.index.map(|index| index.to_string()));
        words.extend(self.value.as_ref().map(Shown::to_string));
        words.extend(self.trip_close.filter(|code| *code != "nul").map(str::to_owned));
        words.extend(self.operation.map(str::to_owned));
        if let Some(more) = &self.more {
            words.extend(more.file_name.as_ref().map(|name| format!("{name:?}")));
            words.extend(more.file_mode.map(str::to_owned));
            words.extend(more.handle.map(|handle| format!("handle {handle:#010x}")));
            words.extend(more.block.map(|block| format!("block {block}")));
            words.extend(more.file_status.map(str::to_owned));
        }
        words.extend(self.status.filter(|_| answer).map(str::to_owned));
        text.push_str(&words.join(" "));
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
        if let File::Command { created_ms, .. } | File::Descriptor { created_ms, .. } = file {
            self.time = Some(Date(created_ms));
        }
        let more = self.more();
        match file {
            File::Identifier { name, size, status, .. } => {
                (more.file_name, more.file_size) = (Some(text(name)), Some(size));
                more.file_status = Some(status.name());
            }
            File::Authentication { user, .. } => more.user_name = Some(text(user)),
            File::Command { name, size, mode, permissions, .. } => {
                (more.file_name, more.file_size) = (Some(text(name)), Some(size));
                (more.file_mode, more.permissions) = (Some(mode.name()), Some(permissions));
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
            File::Descriptor { name, size, file_type, permissions, .. } => {
                (more.file_name, more.file_size) = (Some(text(name)), Some(size));
                (more.file_type, more.permissions) = (Some(file_type), Some(permissions));
            }
            File::Specification(name) => more.file_name = Some(text(name)),
        }
    }

    fn auth(&mut self, auth: Auth<'a>) {
        let more = self.more();
        let (sequence, user) = match auth {
            Auth::Challenge { sequence, user, mac_algorithm, reason, .. } => {
                more.mac_algorithm = Some(mac_algorithm);
                more.challenge_reason = Some(reason);
                (Some(sequence), user)
            }
            Auth::Reply { sequence, user, .. } | Auth::AggressiveRequest { sequence, user } => {
                (Some(sequence), user)
            }
            Auth::KeyStatusRequest { user } => (None, user),
            Auth::KeyStatus { sequence, user, key_wrap, status, mac_algorithm, .. } => {
                (more.key_wrap, more.mac_algorithm) = (Some(key_wrap), Some(mac_algorithm));
                (more.key_status, more.key_sequence) = (Some(key_status(status)), Some(sequence));
                (None, user)
            }
            Auth::KeyChange { sequence, user, .. } => {
                more.key_sequence = Some(sequence);
                (None, user)
            }
            Auth::Error { sequence, user, association, error, time_ms, text: said } => {
                (more.association, more.error_code) = (Some(association), Some(error));
                more.error_name = Some(auth_error(error));
                more.error_text = (!said.is_empty()).then(|| text(said));
                more.error_time = Some(Date(time_ms));
                (Some(sequence), user)
            }
        };
        (more.challenge_sequence, more.user) = (sequence, Some(user));
    }
}

/// A value as JSON has it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Shown<'a> {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Date(Date),
    Name(&'static str),
    Octets(Hex<'a>),
    Text(String),
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(number) => number.fmt(f),
            Self::Signed(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Date(date) => date.fmt(f),
            Self::Name(name) => name.fmt(f),
            Self::Octets(octets) => octets.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A device's clock, in milliseconds since 1970 UTC. As text; past the year 9999, where no text
/// reaches, as the number.
#[derive(Clone, Copy, Debug)]
struct Date(u64);

impl Date {
    fn time(self) -> Option<Timestamp> {
        Timestamp::from_millisecond(i64::try_from(self.0).ok()?).ok()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time() {
            Some(time) => write!(f, "{time:.9}"),
            None => self.0.fmt(f),
        }
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.time() {
            Some(_) => serializer.collect_str(self),
            None => serializer.serialize_u64(self.0),
        }
    }
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
    /// 0: a directory; 1: a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_type: Option<u16>,
    /// Nine bits, owner's read first.
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<u16>,
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
    key_sequence: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_wrap: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac_algorithm: Option<u8>,
    /// 1: a critical function was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge_reason: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_time: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    association: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_unit: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    octets: Option<Hex<'a>>,
}

/// How session keys stand.
const fn key_status(code: u8) -> &'static str {
    match code {
        1 => "ok",
        2 => "not_init",
        3 => "comm_fail",
        4 => "auth_fail",
        _ => "unknown",
    }
}

/// What failed.
const fn auth_error(code: u8) -> &'static str {
    match code {
        1 => "authentication_failed",
        4 => "aggressive_mode_unsupported",
        5 => "mac_not_supported",
        6 => "key_wrap_not_supported",
        7 => "authorization_failed",
        8 => "update_key_method_not_permitted",
        9 => "invalid_signature",
        10 => "invalid_certification_data",
        11 => "unknown_user",
        12 => "max_session_key_status_requests_exceeded",
        _ => "unknown",
    }
}

fn attribute_value(attribute: Attribute<'_>) -> Shown<'_> {
    match attribute {
        Attribute::Text(octets) | Attribute::Unicode(octets) => Shown::Text(text(octets)),
        Attribute::Unsigned(number) => Shown::Unsigned(number),
        Attribute::Time(ms) => Shown::Date(Date(ms)),
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
