//! One act of a conversation, in words that fit every protocol.

use core::fmt;
use std::net::IpAddr;

/// Which protocol the act was spoken in. Only its name matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Modbus, in any framing.
    Modbus,
    /// DNP3.
    Dnp3,
}

/// Who speaks with what: the context in which acts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conversation {
    /// The protocol.
    pub protocol: Protocol,
    /// Who asks: Modbus client, DNP3 master.
    pub client: IpAddr,
    /// Who answers: Modbus server or gateway, DNP3 outstation.
    pub server: IpAddr,
    /// The device behind the server's address: Modbus unit identifier, outstation's link address.
    pub unit: u16,
    /// The client's own link address, where the protocol has one (DNP3 master).
    pub client_unit: Option<u16>,
}

/// A device: what a client speaks to, whoever the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device {
    /// The protocol.
    pub protocol: Protocol,
    /// Its address.
    pub server: IpAddr,
    /// The unit identifier or link address behind the address.
    pub unit: u16,
}

impl Conversation {
    /// The device spoken to.
    #[must_use]
    pub const fn device(&self) -> Device {
        Device { protocol: self.protocol, server: self.server, unit: self.unit }
    }
}

/// What an act is meant to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Intent {
    /// Ask for values, events or files.
    Read,
    /// Ask what a device is and how it fares; changes nothing.
    Diagnose,
    /// Prepare an operation without doing it (DNP3 Select).
    Select,
    /// Change an output or a register.
    Write,
    /// Operate an output (DNP3 Operate and Direct Operate).
    Operate,
    /// Freeze or clear counters, clear flags.
    Freeze,
    /// Set a device's clock.
    SetTime,
    /// Change what a device reports, or how.
    Configure,
    /// Stop a device from reporting by itself.
    Mute,
    /// Let a device report by itself.
    Unmute,
    /// Restart or stop a device or its communication.
    Restart,
    /// Look for files, read them.
    File,
    /// Write or delete files.
    StoreFile,
    /// Load, read or change programs; vendor engineering.
    Program,
    /// Prove who one is.
    Authenticate,
    /// Keep a session alive, confirm.
    Session,
    /// A device speaks unasked.
    Report,
    /// Anything the standard does not name.
    Unknown,
}

/// The kind of place a point has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// Modbus coil.
    Coil,
    /// Modbus discrete input.
    DiscreteInput,
    /// Modbus holding register.
    HoldingRegister,
    /// Modbus input register.
    InputRegister,
    /// Modbus file record: address = file number × 10,000 + record number.
    FileRecord,
    /// Modbus FIFO queue.
    FifoQueue,
    /// DNP3 binary input.
    BinaryInput,
    /// DNP3 double-bit binary input.
    DoubleBitInput,
    /// DNP3 binary output, or its command.
    BinaryOutput,
    /// DNP3 counter.
    Counter,
    /// DNP3 frozen counter.
    FrozenCounter,
    /// DNP3 analog input.
    AnalogInput,
    /// DNP3 frozen analog input.
    FrozenAnalogInput,
    /// DNP3 analog input dead-band.
    Deadband,
    /// DNP3 analog output, or its command.
    AnalogOutput,
    /// A clock.
    Time,
    /// DNP3 events of all points together, as far as they are reported: their number is the value
    /// of address 0.
    Event,
    /// DNP3 event or static data class: address = class.
    Class,
    /// A file.
    File,
    /// DNP3 internal indication.
    Indication,
    /// DNP3 device attribute: address = variation.
    Attribute,
    /// DNP3 octet string.
    OctetString,
    /// DNP3 virtual terminal.
    VirtualTerminal,
    /// DNP3 data set.
    DataSet,
    /// DNP3 application.
    Application,
    /// DNP3 authentication objects.
    Authentication,
    /// Anything else.
    Other,
}

/// What a switching command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Switch {
    /// Nothing but the flags of the command.
    Nul,
    /// On for a while.
    PulseOn,
    /// Off for a while.
    PulseOff,
    /// On, and stays.
    LatchOn,
    /// Off, and stays.
    LatchOff,
    /// Close, by pulse.
    Close,
    /// Trip, by pulse.
    Trip,
    /// A control code without a common name.
    Other(u8),
}

/// A value that was read or commanded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number; a bit is 0 or 1.
    Number(f64),
    /// A switching command.
    Switch(Switch),
}

/// Neighbouring points of one kind that an act is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Kind of the points.
    pub space: Space,
    /// First address, as on the wire.
    pub start: u32,
    /// How many points, at least 1; [`u32::MAX`] where all there are is asked for.
    pub count: u32,
    /// What is commanded, in order of address: empty, or one value a point.
    pub values: Vec<Value>,
}

/// What is asked for, in the protocol's own numbers and words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Function {
    /// Function code.
    pub code: u8,
    /// Sub-function, MEI type or the like, where there is one.
    pub sub: Option<u16>,
    /// Its name.
    pub name: &'static str,
}

/// What tells the connections between two hosts apart: their ports. 0 where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Connection {
    /// The client's port.
    pub client_port: u16,
    /// The server's.
    pub server_port: u16,
}

/// Where in the capture an event happened. Events are judged in the order of this type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Number of the packet among all packets of all captures, from 1.
    pub sequence: u64,
    /// Which part of the flow table it came from, so that the order never depends on threads.
    pub partition: u16,
    /// Place among the events of that packet and partition, from 0.
    pub nth: u32,
}

/// Which packet to look at: its capture (in the order of the command line) and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PacketRef {
    /// Index of the capture, from 0.
    pub capture: u16,
    /// Number of the packet in it, from 1.
    pub number: u64,
}

/// How an act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The device did it, or said that it would.
    Done,
    /// The device refused: Modbus exception code, DNP3 command status, or indication bits.
    Refused(u16),
    /// No answer came, or none was to come.
    Unanswered,
}

/// Something about an exchange that can be seen without any learning: a rule that was broken, or a
/// device's own word about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    /// A message breaks the standard.
    Malformed,
    /// A frame with a wrong CRC.
    BadChecksum,
    /// Octets that are no message of the protocol.
    Foreign,
    /// Another protocol, on a port of this one.
    OtherProtocol,
    /// Other octets at a place of a stream where octets were delivered already.
    ConflictingSegment,
    /// Octets of a stream that their sender knows nothing of.
    DisownedSegment,
    /// An answer to a request that nobody made.
    UnaskedAnswer,
    /// A second answer to a request, and another one.
    ConflictingAnswer,
    /// The answer to a command repeats another command.
    EchoDiffers,
    /// An answer of another size than was asked for.
    AnswerDiffers,
    /// An operation that was not selected before, or whose selection was refused.
    OperateWithoutSelect,
    /// An operation of something else than was selected.
    OperateDiffers,
    /// A transaction or sequence number that does not follow the last one.
    SequenceJump,
    /// The device says that it has restarted.
    Restarted,
    /// The device says that it lost events.
    EventsLost,
    /// An unsolicited response whose number neither repeats nor follows the last one, or that says
    /// something else under the same number.
    ReportOutOfTurn,
    /// The indication of a restart is cleared though the device did not give it.
    ClearWithoutRestart,
    /// The device says that points are under local control.
    LocalControl,
    /// The device says that something is wrong with it.
    DeviceTrouble,
    /// The device says that its configuration is corrupt.
    ConfigCorrupt,
}

/// A set of [`Mark`]s.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks(u32);

impl Marks {
    /// Adds one.
    pub const fn insert(&mut self, mark: Mark) {
        self.0 |= 1 << mark as u32;
    }

    /// These and `others`.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether it is among them.
    #[must_use]
    pub const fn contains(self, mark: Mark) -> bool {
        self.0 & (1 << mark as u32) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each, in the order of [`Mark::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.iter().copied().filter(move |mark| self.contains(*mark))
    }
}

impl From<Mark> for Marks {
    fn from(mark: Mark) -> Self {
        let mut marks = Self::default();
        marks.insert(mark);
        marks
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// What a host tries that is not yet an act: how far it came that asks another for a TCP connection, at
/// a port of a protocol, or that it speaks on the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It asks. One that asks again, for want of an answer, is not told twice.
    Opening,
    /// The other host refused.
    Refused,
    /// The other host said nothing.
    Silent,
    /// It speaks on the link alone (DNP3: status, test, reset), to the unit of the conversation. Told
    /// once a flow for each unit, however often a link is kept alive. [`Intent::Report`] where the
    /// device does.
    Link,
}

/// Where an act stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It was asked for. It is judged, and learned, here.
    Requested,
    /// It ended.
    Ended {
        /// How.
        outcome: Outcome,
        /// From request to answer, or to where none was waited for any longer, in nanoseconds.
        after_ns: u64,
    },
    /// A device spoke unasked, or goes on with its answer.
    Reported,
    /// No act: something was noticed about the conversation, and [`Event::marks`] says what.
    Noticed,
    /// No act: a connection was asked for, over which acts may follow, or a link is spoken on. Of a
    /// connection it is not known what is asked of which unit: [`Conversation::unit`] is 0.
    Attempted(Attempt),
}

/// What the sensor missed of a flow just before an act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unseen {
    /// Octets lost in gaps of this flow since it began.
    pub lost_octets: u64,
    /// Whether only one side of the flow was ever seen.
    pub one_way: bool,
}

/// One act of a conversation: a request, or how it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Order among all events.
    pub place: Place,
    /// Capture time of the packet that completed the message, in nanoseconds since 1970 UTC.
    pub time_ns: u64,
    /// That packet.
    pub packet: PacketRef,
    /// An earlier packet that shows it as well: the first copy of what was sent again.
    pub earlier: Option<PacketRef>,
    /// Where the act stands.
    pub stage: Stage,
    /// Who speaks with what.
    pub conversation: Conversation,
    /// Over which of the two hosts' connections.
    pub connection: Connection,
    /// MAC address of the client, where the link layer has one.
    pub client_mac: Option<[u8; 6]>,
    /// MAC address of the server, where the link layer has one.
    pub server_mac: Option<[u8; 6]>,
    /// Hops that the client's last packet with octets had left, where it was seen (time to live, hop
    /// limit).
    pub client_hops: Option<u8>,
    /// The same of the server's.
    pub server_hops: Option<u8>,
    /// What it is meant to do.
    pub intent: Intent,
    /// What is asked for.
    pub function: Function,
    /// The points it is about.
    pub targets: Vec<Target>,
    /// What the device says of its points, where it answers or speaks unasked: values that it calls
    /// good, the latest time of its events ([`Space::Time`], milliseconds since 1970 UTC), and how
    /// many events it tells of, where it was asked for events or tells of some ([`Space::Event`]).
    pub reported: Vec<Target>,
    /// What can be seen of it without any learning.
    pub marks: Marks,
    /// Modbus/TCP transaction identifier, DNP3 application sequence.
    pub sequence: Option<u16>,
    /// Whether it goes to all devices at once.
    pub broadcast: bool,
    /// Whether it asks for no answer, so that nobody knows whether it was done.
    pub unacknowledged: bool,
    /// Whether who asks carries proof of who he is, or was asked for it by the device (DNP3 Secure
    /// Authentication): the latter is known when the act ends.
    pub proved: bool,
    /// Digest of the message's octets, for identifiers that do not depend on packet numbers.
    pub digest: u64,
    /// What the sensor missed around it.
    pub unseen: Unseen,
}

/// Targets, and values of each, of an event that is kept for long.
const KEPT: usize = 8;

impl Event {
    /// A copy to be kept for long: of a few of its targets, without long lists of values, and without what the
    /// device reports.
    pub(crate) fn kept(&self) -> Self {
        let target = |target: &Target| {
            let values =
                if target.values.len() <= KEPT { target.values.clone() } else { Vec::new() };
            Target { values, ..*target }
        };
        let targets = self.targets.iter().take(KEPT).map(target).collect();
        Self { targets, reported: Vec::new(), ..*self }
    }

    /// Whether it tells the value of any point, or a time.
    #[must_use]
    pub fn tells_values(&self) -> bool {
        self.reported.iter().any(|target| target.space != Space::Event)
    }
}

impl Intent {
    /// Whether it changes what the process does, now (`Select` arms only).
    #[must_use]
    pub const fn commands(self) -> bool {
        matches!(self, Self::Write | Self::Operate | Self::Select)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Modbus => "modbus",
            Self::Dnp3 => "dnp3",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{request, write};

    #[test]
    fn what_is_kept_of_an_event_is_small_and_says_who_did_what() {
        let mut event = write(&request(5, 9), 40, Value::Number(1.0));
        let one = event.targets[0].clone();
        event.targets = vec![one.clone(); 50];
        event.targets[1].values = vec![Value::Number(1.0); 2_000];
        event.reported = event.targets.clone();
        let kept = event.kept();
        assert_eq!((kept.targets.len(), kept.targets[0].clone()), (KEPT, one));
        assert_eq!((kept.targets[1].values.len(), kept.reported.len()), (0, 0));
        assert_eq!(
            Event { targets: Vec::new(), ..kept },
            Event { targets: Vec::new(), reported: Vec::new(), ..event }
        );
    }
}
