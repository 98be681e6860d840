//! Where a message went wrong, and whose fault it is.

use core::fmt;

/// What is wrong with a message. Names are stable: they stand in records and in tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    // Both protocols.
    /// More octets wanted than there are.
    Incomplete,
    /// A length field outside its range.
    LengthRange,
    /// A function code unknown to the standard, or one that this crate does not read.
    Function,
    // Modbus.
    /// A protocol identifier other than 0.
    ProtocolId,
    /// A PDU longer or shorter than its function allows.
    PduLength,
    /// A quantity outside its function's limits.
    QuantityRange,
    /// An address range that passes 65,535.
    AddressRange,
    /// A byte count that disagrees with the quantity or with the octets there are.
    ByteCount,
    /// A value that the function does not allow.
    Value,
    /// An exception code unknown to the standard.
    ExceptionCode,
    /// A wrong CRC of an RTU frame.
    Crc,
    // DNP3.
    /// No start octets where a frame should begin.
    Start,
    /// A wrong CRC of a link header.
    HeaderCrc,
    /// A wrong CRC of a data block.
    DataCrc,
    /// A link address that may not stand there.
    Address,
    /// A link function code unknown to the standard.
    LinkFunction,
    /// A link control octet whose FCV bit disagrees with its function.
    Fcv,
    /// A link function that carries user data, without any.
    MissingUserData,
    /// A link function without user data, with some.
    UnexpectedUserData,
    /// A transport segment out of sequence.
    TransportSequence,
    /// A transport segment that continues nothing.
    TransportNoFirst,
    /// A fragment thrown away because a new one began.
    TransportDiscardedPartial,
    /// Application control bits that contradict the function.
    AppControl,
    /// A qualifier that may not stand there.
    Qualifier,
    /// A range whose start passes its stop.
    Range,
    /// A group or variation unknown to the standard, or one that this crate does not read there.
    Object,
    /// A length inside an object that passes the object.
    FieldLength,
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The octets end too soon: cut by the capture if the caller knows that it cut them, by the
    /// sender otherwise.
    Short,
    /// The sender broke the standard.
    Malformed,
    /// The message may be legal; this crate does not read it. Blindness, never suspicion.
    Unsupported,
}

impl Class {
    /// Its name in records: lower case, words joined by `_`.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::LengthRange => "length_range",
            Self::Function => "function",
            Self::ProtocolId => "protocol_id",
            Self::PduLength => "pdu_length",
            Self::QuantityRange => "quantity_range",
            Self::AddressRange => "address_range",
            Self::ByteCount => "byte_count",
            Self::Value => "value",
            Self::ExceptionCode => "exception_code",
            Self::Crc => "crc",
            Self::Start => "start",
            Self::HeaderCrc => "header_crc",
            Self::DataCrc => "data_crc",
            Self::Address => "address",
            Self::LinkFunction => "link_function",
            Self::Fcv => "fcv",
            Self::MissingUserData => "missing_user_data",
            Self::UnexpectedUserData => "unexpected_user_data",
            Self::TransportSequence => "transport_sequence",
            Self::TransportNoFirst => "transport_no_first",
            Self::TransportDiscardedPartial => "transport_discarded_partial",
            Self::AppControl => "app_control",
            Self::Qualifier => "qualifier",
            Self::Range => "range",
            Self::Object => "object",
            Self::FieldLength => "field_length",
        }
    }

    /// Whose fault it is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Incomplete => Kind::Short,
            Self::Function | Self::Object => Kind::Unsupported,
            Self::LengthRange
            | Self::ProtocolId
            | Self::PduLength
            | Self::QuantityRange
            | Self::AddressRange
            | Self::ByteCount
            | Self::Value
            | Self::ExceptionCode
            | Self::Crc
            | Self::Start
            | Self::HeaderCrc
            | Self::DataCrc
            | Self::Address
            | Self::LinkFunction
            | Self::Fcv
            | Self::MissingUserData
            | Self::UnexpectedUserData
            | Self::TransportSequence
            | Self::TransportNoFirst
            | Self::TransportDiscardedPartial
            | Self::AppControl
            | Self::Qualifier
            | Self::Range
            | Self::FieldLength => Kind::Malformed,
        }
    }
}

/// A parse failure, placed in the message that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Offset of the offending octet, counted from the start of the message (of a DNP3
    /// application fragment: with link and transport octets taken out).
    pub offset: usize,
    /// What is wrong, for programs.
    pub class: Class,
    /// What is wrong, for people: lower case, no full stop.
    pub what: &'static str,
}

impl ParseError {
    /// Whose fault it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.class.kind()
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            Kind::Short => f.write_str("too short: ")?,
            Kind::Malformed => f.write_str("malformed: ")?,
            Kind::Unsupported => f.write_str("not supported: ")?,
        }
        write!(f, "{} (octet {})", self.what, self.offset)
    }
}

impl core::error::Error for ParseError {}

/// A failure inside a nom parser: the input left when it struck.
///
/// Parsers deep in a message do not know where they stand in it. They keep what is left, and
/// [`place`] turns that into an offset once, at the top.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault<'a> {
    pub(crate) left: &'a [u8],
    pub(crate) class: Class,
    pub(crate) what: &'static str,
}

/// What every private parser returns: the input left and a value, or a fault.
pub(crate) type Wire<'a, T> = nom::IResult<&'a [u8], T, Fault<'a>>;

impl<'a> nom::error::ParseError<&'a [u8]> for Fault<'a> {
    fn from_error_kind(left: &'a [u8], _: nom::error::ErrorKind) -> Self {
        // The number and `take` parsers, the only ones used, fail for want of octets alone.
        Self { left, class: Class::Incomplete, what: "the octets end inside a field" }
    }

    fn append(_: &'a [u8], _: nom::error::ErrorKind, inner: Self) -> Self {
        inner
    }
}

/// Raises `class` at the first octet of `left`.
pub(crate) fn fault<'a, T>(left: &'a [u8], class: Class, what: &'static str) -> Wire<'a, T> {
    Err(nom::Err::Error(Fault { left, class, what }))
}

/// Places a parser's result in the message it read.
pub(crate) fn place<'a, T>(message: &'a [u8], result: Wire<'a, T>) -> Result<T, ParseError> {
    match result {
        Ok((_, value)) => Ok(value),
        Err(nom::Err::Error(fault) | nom::Err::Failure(fault)) => Err(ParseError {
            offset: message.len().saturating_sub(fault.left.len()),
            class: fault.class,
            what: fault.what,
        }),
        Err(nom::Err::Incomplete(_)) => Err(ParseError {
            offset: message.len(),
            class: Class::Incomplete,
            what: "the octets end inside a field",
        }),
    }
}
