//! The one table of objects: every group and variation, its name, and what its objects are made of.

use Field::{
    AggressiveRequest, Bcd16, Bcd32, Bcd64, BitFlags, BufferFill, Clock, CommandedState, Crob,
    DelayMs, DelaySeconds, DoubleBitFlags, F32, F64, Flags, I16, I32, KeyStatusRequest,
    RelativeTime, Statistic, Status, Time, TimeAndInterval, TimeAndLongInterval, U8, U16, U32,
};
use Layout::{Attribute, Auth, Bits, DoubleBits, File, Fixed, NoData, Octets, Opaque};

/// What is known of a group and variation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub name: &'static str,
    /// Its group.
    pub group: u8,
    first: u8,
    last: u8,
    pub(crate) layout: Layout,
}

impl Object {
    /// Bits of one object without its prefix, if all of this `variation` have as many.
    #[must_use]
    pub fn bits(&self, variation: u8) -> Option<usize> {
        match self.layout {
            Bits => Some(1),
            DoubleBits => Some(2),
            NoData | Fixed(_) | Octets => self.octets(variation).map(|n| n.saturating_mul(8)),
            Attribute | File | Auth | Opaque => None,
        }
    }

    /// Octets of one object without its prefix, where it is made of whole octets.
    pub(crate) fn octets(&self, variation: u8) -> Option<usize> {
        match self.layout {
            NoData => Some(0),
            Fixed(fields) => {
                Some(fields.iter().fold(0, |octets, field| field.octets().saturating_add(octets)))
            }
            Octets => Some(usize::from(variation)),
            Bits | DoubleBits | Attribute | File | Auth | Opaque => None,
        }
    }
}

/// What is known of a group and variation, if it is in the table.
#[must_use]
pub fn object(group: u8, variation: u8) -> Option<&'static Object> {
    let [from, to] = *ROWS.get(usize::from(group)..)?.first_chunk()?;
    let rows = OBJECTS.get(usize::from(from)..usize::from(to))?;
    rows.iter().find(|object| (object.first..=object.last).contains(&variation))
}

/// What one object looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Names points or classes, and never carries anything.
    NoData,
    /// One bit a point, lowest index in the lowest bit.
    Bits,
    /// Two bits a point.
    DoubleBits,
    /// These fields, one after the other.
    Fixed(&'static [Field]),
    /// As many octets as the variation says.
    Octets,
    /// A device attribute, which brings its type and length.
    Attribute,
    /// A file object; its prefix gives its size.
    File,
    /// A Secure Authentication object; its prefix gives its size.
    Auth,
    /// Not read further; its prefix gives its size.
    Opaque,
}

/// A field of a fixed layout. Numbers are little endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Quality flags.
    Flags,
    /// Quality flags whose bit 7 is the value.
    BitFlags,
    /// Quality flags whose bits 6 and 7 are the value.
    DoubleBitFlags,
    /// A command status whose bit 7 is the state commanded.
    CommandedState,
    /// A command status.
    Status,
    U8,
    U16,
    U32,
    I16,
    I32,
    F32,
    F64,
    Bcd16,
    Bcd32,
    Bcd64,
    /// When the value was taken: milliseconds since 1970, 48 bits.
    Time,
    /// The same, counted from the common time of occurrence; 16 bits.
    RelativeTime,
    /// A time that is itself the value.
    Clock,
    /// A clock and an interval of 32 bits in milliseconds.
    TimeAndInterval,
    /// A clock and an interval of 32 bits with its unit.
    TimeAndLongInterval,
    DelaySeconds,
    DelayMs,
    /// A control relay output block.
    Crob,
    /// An association and a counter.
    Statistic,
    /// Fill, group and variation of a buffer.
    BufferFill,
    /// Challenge sequence number and user.
    AggressiveRequest,
    /// A user.
    KeyStatusRequest,
}

impl Field {
    /// Its octets.
    pub(crate) const fn octets(self) -> usize {
        match self {
            Flags | BitFlags | DoubleBitFlags | CommandedState | Status | U8 => 1,
            U16 | I16 | Bcd16 | RelativeTime | DelaySeconds | DelayMs | KeyStatusRequest => 2,
            BufferFill => 3,
            U32 | I32 | F32 | Bcd32 => 4,
            Time | Clock | Statistic | AggressiveRequest => 6,
            F64 | Bcd64 => 8,
            TimeAndInterval => 10,
            TimeAndLongInterval | Crob => 11,
        }
    }
}

const fn row(group: u8, variation: u8, name: &'static str, layout: Layout) -> Object {
    rows(group, variation, variation, name, layout)
}

const fn rows(group: u8, first: u8, last: u8, name: &'static str, layout: Layout) -> Object {
    Object { name, group, first, last, layout }
}

/// Where each group's rows begin.
const ROWS: [u16; 257] = rows_of_groups();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "runs in the compiler, which stops at any overflow"
)]
const fn rows_of_groups() -> [u16; 257] {
    let mut starts = [0; 257];
    let (mut group, mut row) = (0, 0);
    while group < 256 {
        starts[group] = row as u16;
        while row < OBJECTS.len() && OBJECTS[row].group as usize == group {
            row += 1;
        }
        group += 1;
    }
    starts[group] = row as u16;
    starts
}

/// By group, then variation.
#[rustfmt::skip]
const OBJECTS: &[Object] = &[
    row(0, 0, "Device attribute - reserved", NoData),
    rows(0, 1, 195, "Device attribute - of a private set", Attribute),
    row(0, 196, "Device attribute - configuration ID", Attribute),
    row(0, 197, "Device attribute - configuration version", Attribute),
    row(0, 198, "Device attribute - configuration build date", Attribute),
    row(0, 199, "Device attribute - configuration last change date", Attribute),
    row(0, 200, "Device attribute - configuration signature (digest)", Attribute),
    row(0, 201, "Device attribute - configuration signature algorithm", Attribute),
    row(0, 202, "Device attribute - master resource ID (mRID)", Attribute),
    row(0, 203, "Device attribute - location altitude", Attribute),
    row(0, 204, "Device attribute - location longitude", Attribute),
    row(0, 205, "Device attribute - location latitude", Attribute),
    row(0, 206, "Device attribute - user-assigned secondary operator name", Attribute),
    row(0, 207, "Device attribute - user-assigned primary operator name", Attribute),
    row(0, 208, "Device attribute - user-assigned system name", Attribute),
    row(0, 209, "Device attribute - secure authentication version", Attribute),
    row(0, 210, "Device attribute - number of security statistics per association", Attribute),
    row(0, 211, "Device attribute - identification of user-specific attributes", Attribute),
    row(0, 212, "Device attribute - number of master-defined data set prototypes", Attribute),
    row(0, 213, "Device attribute - number of outstation-defined data set prototypes", Attribute),
    row(0, 214, "Device attribute - number of master-defined data sets", Attribute),
    row(0, 215, "Device attribute - number of outstation-defined data sets", Attribute),
    row(0, 216, "Device attribute - max binary outputs per request", Attribute),
    row(0, 217, "Device attribute - local timing accuracy (us)", Attribute),
    row(0, 218, "Device attribute - duration of timing accuracy (s)", Attribute),
    row(0, 219, "Device attribute - supports analog output events", Attribute),
    row(0, 220, "Device attribute - max analog output index", Attribute),
    row(0, 221, "Device attribute - number of analog outputs", Attribute),
    row(0, 222, "Device attribute - supports binary output events", Attribute),
    row(0, 223, "Device attribute - max binary output index", Attribute),
    row(0, 224, "Device attribute - number of binary outputs", Attribute),
    row(0, 225, "Device attribute - supports frozen counter events", Attribute),
    row(0, 226, "Device attribute - supports frozen counters", Attribute),
    row(0, 227, "Device attribute - supports counter events", Attribute),
    row(0, 228, "Device attribute - max counter index", Attribute),
    row(0, 229, "Device attribute - number of counter points", Attribute),
    row(0, 230, "Device attribute - supports frozen analog inputs", Attribute),
    row(0, 231, "Device attribute - supports analog input events", Attribute),
    row(0, 232, "Device attribute - max analog input index", Attribute),
    row(0, 233, "Device attribute - number of analog input points", Attribute),
    row(0, 234, "Device attribute - supports double-bit binary input events", Attribute),
    row(0, 235, "Device attribute - max double-bit binary input index", Attribute),
    row(0, 236, "Device attribute - number of double-bit binary inputs", Attribute),
    row(0, 237, "Device attribute - supports binary input events", Attribute),
    row(0, 238, "Device attribute - max binary input index", Attribute),
    row(0, 239, "Device attribute - number of binary inputs", Attribute),
    row(0, 240, "Device attribute - max transmit fragment size", Attribute),
    row(0, 241, "Device attribute - max receive fragment size", Attribute),
    row(0, 242, "Device attribute - manufacturer software version", Attribute),
    row(0, 243, "Device attribute - manufacturer hardware version", Attribute),
    row(0, 244, "Device attribute - user-assigned owner name", Attribute),
    row(0, 245, "Device attribute - user-assigned location", Attribute),
    row(0, 246, "Device attribute - user-assigned ID code", Attribute),
    row(0, 247, "Device attribute - user-assigned device name", Attribute),
    row(0, 248, "Device attribute - serial number", Attribute),
    row(0, 249, "Device attribute - DNP3 subset and conformance", Attribute),
    row(0, 250, "Device attribute - product name and model", Attribute),
    row(0, 251, "Device attribute - unassigned", Attribute),
    row(0, 252, "Device attribute - manufacturer name", Attribute),
    row(0, 253, "Device attribute - unassigned", Attribute),
    row(0, 254, "Device attribute - all attributes", NoData),
    row(0, 255, "Device attribute - list of attribute variations", Attribute),
    row(1, 0, "Binary input - any variation", NoData),
    row(1, 1, "Binary input - packed", Bits),
    row(1, 2, "Binary input - with flags", Fixed(&[BitFlags])),
    row(2, 0, "Binary input event - any variation", NoData),
    row(2, 1, "Binary input event - without time", Fixed(&[BitFlags])),
    row(2, 2, "Binary input event - with absolute time", Fixed(&[BitFlags, Time])),
    row(2, 3, "Binary input event - with relative time", Fixed(&[BitFlags, RelativeTime])),
    row(3, 0, "Double-bit binary input - any variation", NoData),
    row(3, 1, "Double-bit binary input - packed", DoubleBits),
    row(3, 2, "Double-bit binary input - with flags", Fixed(&[DoubleBitFlags])),
    row(4, 0, "Double-bit binary input event - any variation", NoData),
    row(4, 1, "Double-bit binary input event - without time", Fixed(&[DoubleBitFlags])),
    row(4, 2, "Double-bit binary input event - with absolute time", Fixed(&[DoubleBitFlags, Time])),
    row(4, 3, "Double-bit binary input event - with relative time", Fixed(&[DoubleBitFlags, RelativeTime])),
    row(10, 0, "Binary output - any variation", NoData),
    row(10, 1, "Binary output - packed", Bits),
    row(10, 2, "Binary output - status with flags", Fixed(&[BitFlags])),
    row(11, 0, "Binary output event - any variation", NoData),
    row(11, 1, "Binary output event - without time", Fixed(&[BitFlags])),
    row(11, 2, "Binary output event - with time", Fixed(&[BitFlags, Time])),
    row(12, 0, "Binary output command - any variation", NoData),
    row(12, 1, "Control relay output block (CROB)", Fixed(&[Crob])),
    row(12, 2, "Pattern control block (PCB)", Fixed(&[Crob])),
    row(12, 3, "Pattern mask", Bits),
    row(13, 0, "Binary output command event - any variation", NoData),
    row(13, 1, "Binary output command event - without time", Fixed(&[CommandedState])),
    row(13, 2, "Binary output command event - with time", Fixed(&[CommandedState, Time])),
    row(20, 0, "Counter - any variation", NoData),
    row(20, 1, "Counter - 32-bit with flag", Fixed(&[Flags, U32])),
    row(20, 2, "Counter - 16-bit with flag", Fixed(&[Flags, U16])),
    row(20, 3, "Delta counter - 32-bit with flag", Fixed(&[Flags, U32])),
    row(20, 4, "Delta counter - 16-bit with flag", Fixed(&[Flags, U16])),
    row(20, 5, "Counter - 32-bit without flag", Fixed(&[U32])),
    row(20, 6, "Counter - 16-bit without flag", Fixed(&[U16])),
    row(20, 7, "Delta counter - 32-bit without flag", Fixed(&[U32])),
    row(20, 8, "Delta counter - 16-bit without flag", Fixed(&[U16])),
    row(21, 0, "Frozen counter - any variation", NoData),
    row(21, 1, "Frozen counter - 32-bit with flag", Fixed(&[Flags, U32])),
    row(21, 2, "Frozen counter - 16-bit with flag", Fixed(&[Flags, U16])),
    row(21, 3, "Frozen delta counter - 32-bit with flag", Fixed(&[Flags, U32])),
    row(21, 4, "Frozen delta counter - 16-bit with flag", Fixed(&[Flags, U16])),
    row(21, 5, "Frozen counter - 32-bit with flag and time", Fixed(&[Flags, U32, Time])),
    row(21, 6, "Frozen counter - 16-bit with flag and time", Fixed(&[Flags, U16, Time])),
    row(21, 7, "Frozen delta counter - 32-bit with flag and time", Fixed(&[Flags, U32, Time])),
    row(21, 8, "Frozen delta counter - 16-bit with flag and time", Fixed(&[Flags, U16, Time])),
    row(21, 9, "Frozen counter - 32-bit without flag", Fixed(&[U32])),
    row(21, 10, "Frozen counter - 16-bit without flag", Fixed(&[U16])),
    row(21, 11, "Frozen delta counter - 32-bit without flag", Fixed(&[U32])),
    row(21, 12, "Frozen delta counter - 16-bit without flag", Fixed(&[U16])),
    row(22, 0, "Counter event - any variation", NoData),
    row(22, 1, "Counter event - 32-bit with flag", Fixed(&[Flags, U32])),
    row(22, 2, "Counter event - 16-bit with flag", Fixed(&[Flags, U16])),
    row(22, 3, "Delta counter event - 32-bit with flag", Fixed(&[Flags, U32])),
    row(22, 4, "Delta counter event - 16-bit with flag", Fixed(&[Flags, U16])),
    row(22, 5, "Counter event - 32-bit with flag and time", Fixed(&[Flags, U32, Time])),
    row(22, 6, "Counter event - 16-bit with flag and time", Fixed(&[Flags, U16, Time])),
    row(22, 7, "Delta counter event - 32-bit with flag and time", Fixed(&[Flags, U32, Time])),
    row(22, 8, "Delta counter event - 16-bit with flag and time", Fixed(&[Flags, U16, Time])),
    row(23, 0, "Frozen counter event - any variation", NoData),
    row(23, 1, "Frozen counter event - 32-bit with flag", Fixed(&[Flags, U32])),
    row(23, 2, "Frozen counter event - 16-bit with flag", Fixed(&[Flags, U16])),
    row(23, 3, "Frozen delta counter event - 32-bit with flag", Fixed(&[Flags, U32])),
    row(23, 4, "Frozen delta counter event - 16-bit with flag", Fixed(&[Flags, U16])),
    row(23, 5, "Frozen counter event - 32-bit with flag and time", Fixed(&[Flags, U32, Time])),
    row(23, 6, "Frozen counter event - 16-bit with flag and time", Fixed(&[Flags, U16, Time])),
    row(23, 7, "Frozen delta counter event - 32-bit with flag and time", Fixed(&[Flags, U32, Time])),
    row(23, 8, "Frozen delta counter event - 16-bit with flag and time", Fixed(&[Flags, U16, Time])),
    row(30, 0, "Analog input - any variation", NoData),
    row(30, 1, "Analog input - 32-bit with flag", Fixed(&[Flags, I32])),
    row(30, 2, "Analog input - 16-bit with flag", Fixed(&[Flags, I16])),
    row(30, 3, "Analog input - 32-bit without flag", Fixed(&[I32])),
    row(30, 4, "Analog input - 16-bit without flag", Fixed(&[I16])),
    row(30, 5, "Analog input - single-precision float with flag", Fixed(&[Flags, F32])),
    row(30, 6, "Analog input - double-precision float with flag", Fixed(&[Flags, F64])),
    row(31, 0, "Frozen analog input - any variation", NoData),
    row(31, 1, "Frozen analog input - 32-bit with flag", Fixed(&[Flags, I32])),
    row(31, 2, "Frozen analog input - 16-bit with flag", Fixed(&[Flags, I16])),
    row(31, 3, "Frozen analog input - 32-bit with time of freeze", Fixed(&[Flags, I32, Time])),
    row(31, 4, "Frozen analog input - 16-bit with time of freeze", Fixed(&[Flags, I16, Time])),
    row(31, 5, "Frozen analog input - 32-bit without flag", Fixed(&[I32])),
    row(31, 6, "Frozen analog input - 16-bit without flag", Fixed(&[I16])),
    row(31, 7, "Frozen analog input - single-precision float with flag", Fixed(&[Flags, F32])),
    row(31, 8, "Frozen analog input - double-precision float with flag", Fixed(&[Flags, F64])),
    row(32, 0, "Analog input event - any variation", NoData),
    row(32, 1, "Analog input event - 32-bit without time", Fixed(&[Flags, I32])),
    row(32, 2, "Analog input event - 16-bit without time", Fixed(&[Flags, I16])),
    row(32, 3, "Analog input event - 32-bit with time", Fixed(&[Flags, I32, Time])),
    row(32, 4, "Analog input event - 16-bit with time", Fixed(&[Flags, I16, Time])),
    row(32, 5, "Analog input event - single-precision float without time", Fixed(&[Flags, F32])),
    row(32, 6, "Analog input event - double-precision float without time", Fixed(&[Flags, F64])),
    row(32, 7, "Analog input event - single-precision float with time", Fixed(&[Flags, F32, Time])),
    row(32, 8, "Analog input event - double-precision float with time", Fixed(&[Flags, F64, Time])),
    row(33, 0, "Frozen analog input event - any variation", NoData),
    row(33, 1, "Frozen analog input event - 32-bit without time", Fixed(&[Flags, I32])),
    row(33, 2, "Frozen analog input event - 16-bit without time", Fixed(&[Flags, I16])),
    row(33, 3, "Frozen analog input event - 32-bit with time", Fixed(&[Flags, I32, Time])),
    row(33, 4, "Frozen analog input event - 16-bit with time", Fixed(&[Flags, I16, Time])),
    row(33, 5, "Frozen analog input event - single-precision float without time", Fixed(&[Flags, F32])),
    row(33, 6, "Frozen analog input event - double-precision float without time", Fixed(&[Flags, F64])),
    row(33, 7, "Frozen analog input event - single-precision float with time", Fixed(&[Flags, F32, Time])),
    row(33, 8, "Frozen analog input event - double-precision float with time", Fixed(&[Flags, F64, Time])),
    row(34, 0, "Analog input deadband - any variation", NoData),
    row(34, 1, "Analog input deadband - 16-bit", Fixed(&[U16])),
    row(34, 2, "Analog input deadband - 32-bit", Fixed(&[U32])),
    row(34, 3, "Analog input deadband - single-precision float", Fixed(&[F32])),
    row(40, 0, "Analog output status - any variation", NoData),
    row(40, 1, "Analog output status - 32-bit with flag", Fixed(&[Flags, I32])),
    row(40, 2, "Analog output status - 16-bit with flag", Fixed(&[Flags, I16])),
    row(40, 3, "Analog output status - single-precision float with flag", Fixed(&[Flags, F32])),
    row(40, 4, "Analog output status - double-precision float with flag", Fixed(&[Flags, F64])),
    row(41, 0, "Analog output command - any variation", NoData),
    row(41, 1, "Analog output command - 32-bit", Fixed(&[I32, Status])),
    row(41, 2, "Analog output command - 16-bit", Fixed(&[I16, Status])),
    row(41, 3, "Analog output command - single-precision float", Fixed(&[F32, Status])),
    row(41, 4, "Analog output command - double-precision float", Fixed(&[F64, Status])),
    row(42, 0, "Analog output event - any variation", NoData),
    row(42, 1, "Analog output event - 32-bit without time", Fixed(&[Flags, I32])),
    row(42, 2, "Analog output event - 16-bit without time", Fixed(&[Flags, I16])),
    row(42, 3, "Analog output event - 32-bit with time", Fixed(&[Flags, I32, Time])),
    row(42, 4, "Analog output event - 16-bit with time", Fixed(&[Flags, I16, Time])),
    row(42, 5, "Analog output event - single-precision float without time", Fixed(&[Flags, F32])),
    row(42, 6, "Analog output event - double-precision float without time", Fixed(&[Flags, F64])),
    row(42, 7, "Analog output event - single-precision float with time", Fixed(&[Flags, F32, Time])),
    row(42, 8, "Analog output event - double-precision float with time", Fixed(&[Flags, F64, Time])),
    row(43, 0, "Analog output command event - any variation", NoData),
    row(43, 1, "Analog output command event - 32-bit without time", Fixed(&[Status, I32])),
    row(43, 2, "Analog output command event - 16-bit without time", Fixed(&[Status, I16])),
    row(43, 3, "Analog output command event - 32-bit with time", Fixed(&[Status, I32, Time])),
    row(43, 4, "Analog output command event - 16-bit with time", Fixed(&[Status, I16, Time])),
    row(43, 5, "Analog output command event - single-precision float without time", Fixed(&[Status, F32])),
    row(43, 6, "Analog output command event - double-precision float without time", Fixed(&[Status, F64])),
    row(43, 7, "Analog output command event - single-precision float with time", Fixed(&[Status, F32, Time])),
    row(43, 8, "Analog output command event - double-precision float with time", Fixed(&[Status, F64, Time])),
    row(50, 0, "Time and date - any variation", NoData),
    row(50, 1, "Time and date - absolute", Fixed(&[Clock])),
    row(50, 2, "Time and date - absolute and interval", Fixed(&[TimeAndInterval])),
    row(50, 3, "Time and date - last recorded time", Fixed(&[Clock])),
    row(50, 4, "Time and date - indexed absolute time and long interval", Fixed(&[TimeAndLongInterval])),
    row(51, 1, "Common time of occurrence - synchronized", Fixed(&[Clock])),
    row(51, 2, "Common time of occurrence - unsynchronized", Fixed(&[Clock])),
    row(52, 1, "Time delay - coarse (s)", Fixed(&[DelaySeconds])),
    row(52, 2, "Time delay - fine (ms)", Fixed(&[DelayMs])),
    row(60, 1, "Class 0 data", NoData),
    row(60, 2, "Class 1 data", NoData),
    row(60, 3, "Class 2 data", NoData),
    row(60, 4, "Class 3 data", NoData),
    row(70, 0, "File control - any variation", NoData),
    row(70, 1, "File identifier (obsolete)", File),
    row(70, 2, "File authentication", File),
    row(70, 3, "File command", File),
    row(70, 4, "File command status", File),
    row(70, 5, "File transport", File),
    row(70, 6, "File transport status", File),
    row(70, 7, "File descriptor", File),
    row(70, 8, "File specification string", File),
    row(80, 1, "Internal indications - packed", Bits),
    row(81, 1, "Storage object - buffer fill status", Fixed(&[BufferFill])),
    row(82, 1, "Device profile object", Opaque),
    row(83, 1, "Private registration object", Opaque),
    row(83, 2, "Private registration object descriptor", Opaque),
    row(85, 0, "Data set prototype - any variation", NoData),
    row(85, 1, "Data set prototype - with UUID", Opaque),
    row(86, 0, "Data set descriptor - any variation", NoData),
    row(86, 1, "Data set descriptor - contents", Opaque),
    row(86, 2, "Data set descriptor - characteristics", Fixed(&[U8])),
    row(86, 3, "Data set descriptor - point index attributes", Opaque),
    row(87, 0, "Data set - any variation", NoData),
    row(87, 1, "Data set - present value", Opaque),
    row(88, 0, "Data set event - any variation", NoData),
    row(88, 1, "Data set event - snapshot", Opaque),
    row(90, 1, "Application identifier", Opaque),
    row(91, 1, "Status of requested operation", Opaque),
    row(100, 0, "Floating point - any variation", NoData),
    row(100, 1, "Floating point - short", Opaque),
    row(100, 2, "Floating point - long", Opaque),
    row(100, 3, "Floating point - extended", Opaque),
    row(101, 0, "Packed BCD - any variation", NoData),
    row(101, 1, "Packed BCD - small, 4 digits", Fixed(&[Bcd16])),
    row(101, 2, "Packed BCD - medium, 8 digits", Fixed(&[Bcd32])),
    row(101, 3, "Packed BCD - large, 16 digits", Fixed(&[Bcd64])),
    row(102, 0, "Unsigned integer - any variation", NoData),
    row(102, 1, "Unsigned integer - 8-bit", Fixed(&[U8])),
    row(110, 0, "Octet string - any length", NoData),
    rows(110, 1, 255, "Octet string - variation is the length", Octets),
    row(111, 0, "Octet string event - any length", NoData),
    rows(111, 1, 255, "Octet string event - variation is the length", Octets),
    row(112, 0, "Virtual terminal output block - any length", NoData),
    rows(112, 1, 255, "Virtual terminal output block - variation is the length", Octets),
    row(113, 0, "Virtual terminal event - any length", NoData),
    rows(113, 1, 255, "Virtual terminal event - variation is the length", Octets),
    row(120, 1, "Authentication challenge", Auth),
    row(120, 2, "Authentication reply", Auth),
    row(120, 3, "Authentication aggressive mode request", Fixed(&[AggressiveRequest])),
    row(120, 4, "Authentication session key status request", Fixed(&[KeyStatusRequest])),
    row(120, 5, "Authentication session key status", Auth),
    row(120, 6, "Authentication session key change", Auth),
    row(120, 7, "Authentication error", Auth),
    row(120, 8, "User certificate", Opaque),
    row(120, 9, "Message authentication code (MAC)", Opaque),
    row(120, 10, "User status change", Opaque),
    row(120, 11, "Update key change request", Opaque),
    row(120, 12, "Update key change reply", Opaque),
    row(120, 13, "Update key change", Opaque),
    row(120, 14, "Update key change signature", Opaque),
    row(120, 15, "Update key change confirmation", Opaque),
    row(121, 0, "Security statistic - any variation", NoData),
    row(121, 1, "Security statistic - 32-bit with flag", Fixed(&[Flags, Statistic])),
    row(122, 0, "Security statistic event - any variation", NoData),
    row(122, 1, "Security statistic event - 32-bit with flag", Fixed(&[Flags, Statistic])),
    row(122, 2, "Security statistic event - 32-bit with flag and time", Fixed(&[Flags, Statistic, Time])),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_order_without_overlap() {
        for pair in OBJECTS.windows(2) {
            assert!((pair[0].group, pair[0].last) < (pair[1].group, pair[1].first), "{pair:?}");
        }
        assert!(OBJECTS.iter().all(|object| object.first <= object.last));
        assert_eq!(usize::from(ROWS[256]), OBJECTS.len());
    }

    #[test]
    fn objects_are_found_by_group_and_variation() {
        #[rustfmt::skip]
        let table = [
            (12, 1, Some(88)), (30, 1, Some(40)), (32, 8, Some(120)), (50, 4, Some(88)),
            (110, 255, Some(2_040)), (3, 1, Some(2)), (60, 4, Some(0)), (122, 2, Some(104)),
            (70, 3, None),
        ];
        for (group, variation, bits) in table {
            let found = object(group, variation).unwrap();
            assert_eq!((found.group, found.bits(variation)), (group, bits), "g{group}v{variation}");
        }
        for (group, variation) in [(1, 3), (5, 0), (60, 0), (60, 5), (99, 1), (255, 255)] {
            assert_eq!(object(group, variation), None, "g{group}v{variation}");
        }
    }
}
