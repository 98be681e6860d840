//! The words for what events are made of: in the baseline file, in findings, everywhere.

use core::fmt;

use crate::event::{Conversation, Device, Intent, Mark, Protocol, Space, Switch};
use crate::limits::Limit;

/// Gives an enum one word a variant, both ways.
macro_rules! words {
    ($type:ident: $($variant:ident = $word:literal),+ $(,)?) => {
        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one that has this word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words! { Limit:
    Conversations = "conversations",
    Functions = "functions",
    Points = "points",
    Reads = "reads",
    Reported = "reported",
    Macs = "macs",
    Hops = "hops",
    Attempts = "attempts",
    Links = "links",
    Connections = "connections-at-once",
}

words! { Protocol: Modbus = "modbus", Dnp3 = "dnp3" }

words! { Intent:
    Read = "read",
    Diagnose = "diagnose",
    Select = "select",
    Write = "write",
    Operate = "operate",
    Freeze = "freeze",
    SetTime = "set-time",
    Configure = "configure",
    Mute = "mute",
    Unmute = "unmute",
    Restart = "restart",
    File = "file",
    StoreFile = "store-file",
    Program = "program",
    Authenticate = "authenticate",
    Session = "session",
    Report = "report",
    Unknown = "unknown",
}

words! { Space:
    Coil = "coil",
    DiscreteInput = "discrete-input",
    HoldingRegister = "holding-register",
    InputRegister = "input-register",
    FileRecord = "file-record",
    FifoQueue = "fifo-queue",
    BinaryInput = "binary-input",
    DoubleBitInput = "double-bit-input",
    BinaryOutput = "binary-output",
    Counter = "counter",
    FrozenCounter = "frozen-counter",
    AnalogInput = "analog-input",
    FrozenAnalogInput = "frozen-analog-input",
    Deadband = "deadband",
    AnalogOutput = "analog-output",
    Time = "time",
    Event = "event",
    Class = "class",
    File = "file",
    Indication = "indication",
    Attribute = "attribute",
    OctetString = "octet-string",
    VirtualTerminal = "virtual-terminal",
    DataSet = "data-set",
    Application = "application",
    Authentication = "authentication",
    Other = "other",
}

words! { Mark:
    Malformed = "malformed",
    BadChecksum = "bad-checksum",
    Foreign = "foreign",
    OtherProtocol = "other-protocol",
    ConflictingSegment = "conflicting-segment",
    DisownedSegment = "disowned-segment",
    UnaskedAnswer = "unasked-answer",
    ConflictingAnswer = "conflicting-answer",
    EchoDiffers = "echo-differs",
    AnswerDiffers = "answer-differs",
    OperateWithoutSelect = "operate-without-select",
    OperateDiffers = "operate-differs",
    SequenceJump = "sequence-jump",
    Restarted = "restarted",
    EventsLost = "events-lost",
    ReportOutOfTurn = "report-out-of-turn",
    ClearWithoutRestart = "clear-without-restart",
    LocalControl = "local-control",
    DeviceTrouble = "device-trouble",
    ConfigCorrupt = "config-corrupt",
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Switch {
    /// The switching command that is displayed as this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "nul" => Some(Self::Nul),
            "pulse-on" => Some(Self::PulseOn),
            "pulse-off" => Some(Self::PulseOff),
            "latch-on" => Some(Self::LatchOn),
            "latch-off" => Some(Self::LatchOff),
            "close" => Some(Self::Close),
            "trip" => Some(Self::Trip),
            other => other.strip_prefix("control-")?.parse().ok().map(Self::Other),
        }
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul => f.write_str("nul"),
            Self::PulseOn => f.write_str("pulse-on"),
            Self::PulseOff => f.write_str("pulse-off"),
            Self::LatchOn => f.write_str("latch-on"),
            Self::LatchOff => f.write_str("latch-off"),
            Self::Close => f.write_str("close"),
            Self::Trip => f.write_str("trip"),
            Self::Other(code) => write!(f, "control-{code}"),
        }
    }
}

impl Protocol {
    /// What the standard calls the device's number behind its address.
    #[must_use]
    pub(crate) const fn unit_word(self) -> &'static str {
        match self {
            Self::Modbus => "unit",
            Self::Dnp3 => "outstation",
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.server, self.protocol.unit_word(), self.unit)
    }
}

impl fmt::Display for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.protocol, self.client)?;
        if let Some(unit) = self.client_unit {
            write!(f, " master {unit}")?;
        }
        write!(f, " -> {}", self.device())
    }
}

impl Conversation {
    /// Who asks, with the link address if there is one.
    pub(crate) fn asker(&self) -> String {
        match self.client_unit {
            Some(unit) => format!("{} (master {unit})", self.client),
            None => self.client.to_string(),
        }
    }
}

/// A count with commas between the thousands, for people.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun, in the plural where it is not 1.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A time span in the largest unit that it has at least two of, for people.
pub(crate) fn lasting(ns: u64) -> String {
    let units = [
        (86_400_000_000_000, "days"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
    ];
    let fits = units.into_iter().find(|(unit, _)| ns >= unit * 2);
    let (unit, name) = fits.unwrap_or((1, "ns"));
    format!("{} {name}", grouped(ns / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switching_command_is_found_by_its_word() {
        let named = ["nul", "pulse-on", "pulse-off", "latch-on", "latch-off", "close", "trip"];
        for word in
            named.map(str::to_owned).into_iter().chain((0..=255).map(|n| format!("control-{n}")))
        {
            assert_eq!(Switch::from_word(&word).map(|switch| switch.to_string()), Some(word));
        }
        assert_eq!(Switch::from_word("control-256"), None);
        assert_eq!(Switch::from_word("open"), None);
    }

    #[test]
    fn conversations_are_named_in_their_protocol_s_words() {
        let (client, server) = ([10, 0, 0, 5].into(), [10, 0, 0, 9].into());
        let modbus =
            Conversation { protocol: Protocol::Modbus, client, server, unit: 1, client_unit: None };
        assert_eq!(modbus.to_string(), "modbus 10.0.0.5 -> 10.0.0.9 unit 1");
        let dnp3 =
            Conversation { protocol: Protocol::Dnp3, unit: 10, client_unit: Some(1), ..modbus };
        assert_eq!(dnp3.to_string(), "dnp3 10.0.0.5 master 1 -> 10.0.0.9 outstation 10");
    }

    #[test]
    fn spans_of_time_keep_two_units_at_least() {
        let table = [
            (7, "7 ns"),
            (1_999_000, "1,999 us"),
            (2_000_000, "2 ms"),
            (119_000_000_000, "119 s"),
            (120_000_000_000, "2 min"),
            (400 * 86_400_000_000_000, "400 days"),
        ];
        for (ns, text) in table {
            assert_eq!(lasting(ns), text);
        }
    }

    #[test]
    fn thousands_are_grouped() {
        let table = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        for (count, text) in table {
            assert_eq!(grouped(count), text);
        }
        assert_eq!(counted(1, "act"), "1 act");
        assert_eq!(counted(5_412, "act"), "5,412 acts");
    }
}
