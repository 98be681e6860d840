//! The words of Zeek and ICSNPP for codes: interface facts, to the letter.

use std::borrow::Cow;

use gridtap_parsers::dnp3::{Operation, Status, TripClose};
use gridtap_parsers::modbus::ExceptionCode;

/// A Modbus function; of an exception response with the suffix for that.
pub(super) fn modbus_function(code: u8, exception: bool) -> Cow<'static, str> {
    match (named_modbus_function(code), exception) {
        (Some(name), false) => name.into(),
        (Some(name), true) => format!("{name}_EXCEPTION").into(),
        // Zeek knows no name for it and shows the octet as sent.
        (None, false) => format!("unknown-{code}").into(),
        (None, true) => format!("unknown-{}", code | 0x80).into(),
    }
}

fn named_modbus_function(code: u8) -> Option<&'static str> {
    Some(match code {
        0x01 => "READ_COILS",
        0x02 => "READ_DISCRETE_INPUTS",
        0x03 => "READ_HOLDING_REGISTERS",
        0x04 => "READ_INPUT_REGISTERS",
        0x05 => "WRITE_SINGLE_COIL",
        0x06 => "WRITE_SINGLE_REGISTER",
        0x07 => "READ_EXCEPTION_STATUS",
        0x08 => "DIAGNOSTICS",
        0x09 => "PROGRAM_484",
        0x0a => "POLL_484",
        0x0b => "GET_COMM_EVENT_COUNTER",
        0x0c => "GET_COMM_EVENT_LOG",
        0x0d => "PROGRAM_584_984",
        0x0e => "POLL_584_984",
        0x0f => "WRITE_MULTIPLE_COILS",
        0x10 => "WRITE_MULTIPLE_REGISTERS",
        0x11 => "REPORT_SLAVE_ID",
        0x12 => "PROGRAM_884_U84",
        0x13 => "RESET_COMM_LINK_884_U84",
        0x14 => "READ_FILE_RECORD",
        0x15 => "WRITE_FILE_RECORD",
        0x16 => "MASK_WRITE_REGISTER",
        0x17 => "READ_WRITE_MULTIPLE_REGISTERS",
        0x18 => "READ_FIFO_QUEUE",
        0x28 => "PROGRAM_CONCEPT",
        0x29 => "MULTIPLE_FUNCTION_CODES",
        0x2b => "ENCAP_INTERFACE_TRANSPORT",
        0x5a => "PROGRAM_UNITY",
        0x5b => "OBJECT_MESSAGING",
        0x7d => "FIRMWARE_REPLACEMENT",
        0x7e => "PROGRAM_584_984_2",
        0x7f => "REPORT_LOCAL_ADDRESS",
        _ => return None,
    })
}

/// A Modbus exception.
pub(super) fn exception(code: ExceptionCode) -> Cow<'static, str> {
    let name = match code.code() {
        0x01 => "ILLEGAL_FUNCTION",
        0x02 => "ILLEGAL_DATA_ADDRESS",
        0x03 => "ILLEGAL_DATA_VALUE",
        0x04 => "SLAVE_DEVICE_FAILURE",
        0x05 => "ACKNOWLEDGE",
        0x06 => "SLAVE_DEVICE_BUSY",
        0x08 => "MEMORY_PARITY_ERROR",
        0x0a => "GATEWAY_PATH_UNAVAILABLE",
        0x0b => "GATEWAY_TARGET_DEVICE_FAILED_TO_RESPOND",
        other => return format!("unknown-{other}").into(),
    };
    name.into()
}

/// A Modbus diagnostic sub-function.
pub(super) fn diagnostic(code: u16) -> Cow<'static, str> {
    let name = match code {
        0x00 => "Return Query Data",
        0x01 => "Restart Communications Option",
        0x02 => "Return Diagnostic Register",
        0x03 => "Change ASCII Input Delimiter",
        0x04 => "Force Listen Only Mode",
        0x0a => "Clear Counters and Diagnostic Register",
        0x0b => "Return Bus Message Count",
        0x0c => "Return Bus Communication Error Count",
        0x0d => "Return Bus Exception Error Count",
        0x0e => "Return Server Message Count",
        0x0f => "Return Server No Response Count",
        0x10 => "Return Server NAK Count",
        0x11 => "Return Server Busy Count",
        0x12 => "Return Bus Character Overrun Count",
        0x14 => "Clear Overrun Counter and Flag",
        other => return format!("unknown-{other}").into(),
    };
    name.into()
}

/// How much a device can tell of itself.
pub(super) const fn conformity(code: u8) -> &'static str {
    match code {
        0x01 => "Basic Identification (Stream)",
        0x02 => "Regular Identification (Stream)",
        0x04 => "Extended Identification (Stream)",
        0x81 => "Basic Identification (Stream, Individual)",
        0x82 => "Regular Identification (Stream, Individual)",
        0x83 => "Extended Identification (Stream, Individual)",
        _ => "Unknown",
    }
}

/// What a device tells of itself.
pub(super) const fn device_object(id: u8) -> &'static str {
    match id {
        0x00 => "VendorName",
        0x01 => "ProductCode",
        0x02 => "MajorMinorVersion",
        0x03 => "VendorURL",
        0x04 => "ProductName",
        0x05 => "ModelName",
        0x06 => "UserApplicationName",
        _ => "Unknown",
    }
}

/// What a request for identification begins with.
pub(super) const fn wanted_object(id: u8) -> &'static str {
    match id {
        0x00 => "Basic Device Identification",
        0x01 => "Regular Device Identification",
        0x02 => "Extended Device Identification",
        0x03 => "Specific Device Identification",
        _ => "Unknown",
    }
}

/// A DNP3 function.
pub(super) fn dnp3_function(code: u8) -> Cow<'static, str> {
    let name = match code {
        0x00 => "CONFIRM",
        0x01 => "READ",
        0x02 => "WRITE",
        0x03 => "SELECT",
        0x04 => "OPERATE",
        0x05 => "DIRECT_OPERATE",
        0x06 => "DIRECT_OPERATE_NR",
        0x07 => "IMMED_FREEZE",
        0x08 => "IMMED_FREEZE_NR",
        0x09 => "FREEZE_CLEAR",
        0x0a => "FREEZE_CLEAR_NR",
        0x0b => "FREEZE_AT_TIME",
        0x0c => "FREEZE_AT_TIME_NR",
        0x0d => "COLD_RESTART",
        0x0e => "WARM_RESTART",
        0x0f => "INITIALIZE_DATA",
        0x10 => "INITIALIZE_APPL",
        0x11 => "START_APPL",
        0x12 => "STOP_APPL",
        0x13 => "SAVE_CONFIG",
        0x14 => "ENABLE_UNSOLICITED",
        0x15 => "DISABLE_UNSOLICITED",
        0x16 => "ASSIGN_CLASS",
        0x17 => "DELAY_MEASURE",
        0x18 => "RECORD_CURRENT_TIME",
        0x19 => "OPEN_FILE",
        0x1a => "CLOSE_FILE",
        0x1b => "DELETE_FILE",
        0x1c => "GET_FILE_INFO",
        0x1d => "AUTHENTICATE_FILE",
        0x1e => "ABORT_FILE",
        0x1f => "ACTIVATE_CONFIG",
        0x20 => "AUTHENTICATE_REQ",
        0x21 => "AUTHENTICATE_REQ_NR",
        0x81 => "RESPONSE",
        0x82 => "UNSOLICITED_RESPONSE",
        0x83 => "AUTHENTICATE_RESP",
        other => return format!("unknown-{other}").into(),
    };
    name.into()
}

/// Which output of a pair.
pub(super) fn trip_close(code: TripClose) -> Cow<'static, str> {
    match code {
        TripClose::Nul => "Nul".into(),
        TripClose::Close => "Close".into(),
        TripClose::Trip => "Trip".into(),
        TripClose::Unknown(code) => format!("unknown-{code:x}").into(),
    }
}

/// What a control block does.
pub(super) fn operation(code: Operation) -> Cow<'static, str> {
    match code {
        Operation::Nul => "Nul".into(),
        Operation::PulseOn => "Pulse On".into(),
        Operation::PulseOff => "Pulse Off".into(),
        Operation::LatchOn => "Latch On".into(),
        Operation::LatchOff => "Latch Off".into(),
        Operation::Unknown(code) => format!("unknown-{code:x}").into(),
    }
}

/// What became of a command: ICSNPP's words by the standard's meaning. (Its table has a `Latch Off`
/// at 5 and the names from 5 to 7 one place too high; what it has no word for reads as there.)
pub(super) fn status(status: Status) -> Cow<'static, str> {
    let name = match status {
        Status::Success => "Success",
        Status::Timeout => "Timeout",
        Status::NoSelect => "No Select",
        Status::FormatError => "Format Error",
        Status::NotSupported => "Not Supported",
        Status::AlreadyActive => "Already Active",
        Status::HardwareError => "Hardware Error",
        Status::TooManyObjs => "Too Many Objs",
        Status::NotAuthorized => "Not Authorized",
        Status::AutomationInhibit => "Automation Inhibit",
        Status::ProcessingLimited => "Processing Limited",
        Status::OutOfRange => "Out of Range",
        Status::NonParticipating => "Non Participating",
        Status::Undefined => "Undefined",
        Status::Local
        | Status::DownstreamLocal
        | Status::AlreadyComplete
        | Status::Blocked
        | Status::Cancelled
        | Status::BlockedOtherMaster
        | Status::DownstreamFail
        | Status::Unknown(_) => return format!("unknown-{:x}", status.code()).into(),
    };
    name.into()
}

/// A kind of DNP3 object, where ICSNPP has a name for it.
pub(super) fn object_type(group: u8, variation: u8) -> Option<&'static str> {
    let code = u16::from_be_bytes([group, variation]);
    let place = OBJECT_TYPES.binary_search_by_key(&code, |(code, _)| *code).ok()?;
    OBJECT_TYPES.get(place).map(|(_, name)| *name)
}

/// Group and variation in an octet each, in rising order.
const OBJECT_TYPES: &[(u16, &str)] = &[
    (0x00d1, "Device Attributes - Secure Authentication Version"),
    (0x00d2, "Device Attributes - Number of Security Statistics per Association"),
    (0x00d3, "Device Attributes - Identification of Support for User-Specific Attributes"),
    (0x00d4, "Device Attributes - Number of Master-Defined Data Set Properties"),
    (0x00d5, "Device Attributes - Number of Outstation-Defined Data Set Properties"),
    (0x00d6, "Device Attributes - Number of Master-Defined Data Sets"),
    (0x00d7, "Device Attributes - Number of Outstation-Defined Data Sets"),
    (0x00d8, "Device Attributes - Maximum Number of Binary Output Objects per Request"),
    (0x00d9, "Device Attributes - Local Timing Accuracy"),
    (0x00da, "Device Attributes - Duration of Time Accuracy"),
    (0x00db, "Device Attributes - Support for Analog Output Events"),
    (0x00dc, "Device Attributes - Maximum Analog Output Index"),
    (0x00dd, "Device Attributes - Number of Analog Outputs"),
    (0x00de, "Device Attributes - Support for Binary Output Events"),
    (0x00df, "Device Attributes - Maximum Binary Output Index"),
    (0x00e0, "Device Attributes - Number of Binary Outputs"),
    (0x00e1, "Device Attributes - Support for Frozen Counter Events"),
    (0x00e2, "Device Attributes - Support for Frozen Counters"),
    (0x00e3, "Device Attributes - Support for Counter Events"),
    (0x00e4, "Device Attributes - Maximum Counter Index"),
    (0x00e5, "Device Attributes - Number of Counter Points"),
    (0x00e6, "Device Attributes - Support for Frozen Analog Inputs"),
    (0x00e7, "Device Attributes - Support for Analog Input Events"),
    (0x00e8, "Device Attributes - Maximum Analog Input Index"),
    (0x00e9, "Device Attributes - Number of Analog Input Points"),
    (0x00ea, "Device Attributes - Support for Double-Bit Binary Events"),
    (0x00eb, "Device Attributes - Maximum Double-Bit Binary Index"),
    (0x00ec, "Device Attributes - Number of Double-Bit Binary Input Points"),
    (0x00ed, "Device Attributes - Support for Binary Input Events"),
    (0x00ee, "Device Attributes - Maximum Binary Input Index"),
    (0x00ef, "Device Attributes - Number of Binary Input Points"),
    (0x00f0, "Device Attributes - Maximum Transmit Fragment Size"),
    (0x00f1, "Device Attributes - Maximum Receive Fragment Size"),
    (0x00f2, "Device Attributes - Device Manufacturer Software Version"),
    (0x00f3, "Device Attributes - Device Manufacturer Hardware Version"),
    (0x00f5, "Device Attributes - User-Assigned Location Name"),
    (0x00f6, "Device Attributes - User-Assigned ID Code or Number"),
    (0x00f7, "Device Attributes - User-Assigned Device Name"),
    (0x00f8, "Device Attributes - Device Serial Number"),
    (0x00f9, "Device Attributes - DNP3 Subset and Conformance"),
    (0x00fa, "Device Attributes - Device Manufacturer Product Name and Model"),
    (0x00fc, "Device Attributes - Device Manufacturer Name"),
    (0x00fe, "Device Attributes - Non-Specific All Attributes Request"),
    (0x00ff, "Device Attributes - List of Attribute Variations"),
    (0x0100, "Binary Input Default Variation"),
    (0x0101, "Single-bit Binary Input"),
    (0x0102, "Binary Input With Status"),
    (0x0200, "Binary Input Change Default Variation"),
    (0x0201, "Binary Input Change Without Time"),
    (0x0202, "Binary Input Change With Time"),
    (0x0203, "Binary Input Change With Relative Time"),
    (0x0300, "Double-bit Input Default Variation"),
    (0x0301, "Double-bit Input No Flags"),
    (0x0302, "Double-bit Input With Status"),
    (0x0400, "Double-bit Input Change Default Variation"),
    (0x0401, "Double-bit Input Change Without Time"),
    (0x0402, "Double-bit Input Change With Time"),
    (0x0403, "Double-bit Input Change With Relative Time"),
    (0x0a00, "Binary Output Default Variation"),
    (0x0a01, "Binary Output"),
    (0x0a02, "Binary Output Status"),
    (0x0b00, "Binary Output Change Default Variation"),
    (0x0b01, "Binary Output Change Without Time"),
    (0x0b02, "Binary Output Change With Time"),
    (0x1400, "Binary Counter Default Variation"),
    (0x1401, "32-Bit Binary Counter"),
    (0x1402, "16-Bit Binary Counter"),
    (0x1403, "32-Bit Delta Counter"),
    (0x1404, "16-Bit Delta Counter"),
    (0x1405, "32-Bit Binary Counter Without Flag"),
    (0x1406, "16-Bit Binary Counter Without Flag"),
    (0x1407, "32-Bit Delta Counter Without Flag"),
    (0x1408, "16-Bit Delta Counter Without Flag"),
    (0x1500, "Frozen Binary Counter Default Variation"),
    (0x1501, "32-Bit Frozen Counter"),
    (0x1502, "16-Bit Frozen Counter"),
    (0x1503, "32-Bit Frozen Delta Counter"),
    (0x1504, "16-Bit Frozen Delta Counter"),
    (0x1505, "32-Bit Frozen Counter w/ Time of Freeze"),
    (0x1506, "16-Bit Frozen Counter w/ Time of Freeze"),
    (0x1507, "32-Bit Frozen Delta Counter w/ Time of Freeze"),
    (0x1508, "16-Bit Frozen Delta Counter w/ Time of Freeze"),
    (0x1509, "32-Bit Frozen Counter Without Flag"),
    (0x150a, "16-Bit Frozen Counter Without Flag"),
    (0x150b, "32-Bit Frozen Delta Counter Without Flag"),
    (0x150c, "16-Bit Frozen Delta Counter Without Flag"),
    (0x1600, "Counter Change Event Default Variation"),
    (0x1601, "32-Bit Counter Change Event w/o Time"),
    (0x1602, "16-Bit Counter Change Event w/o Time"),
    (0x1603, "32-Bit Delta Counter Change Event w/o Time"),
    (0x1604, "16-Bit Delta Counter Change Event w/o Time"),
    (0x1605, "32-Bit Counter Change Event with Time"),
    (0x1606, "16-Bit Counter Change Event with Time"),
    (0x1607, "32-Bit Delta Counter Change Event with Time"),
    (0x1608, "16-Bit Delta Counter Change Event with Time"),
    (0x1700, "Frozen Binary Counter Change Event Default Variation"),
    (0x1701, "32-Bit Frozen Counter Change Event"),
    (0x1702, "16-Bit Frozen Counter Change Event"),
    (0x1703, "32-Bit Frozen Delta Counter Change Event"),
    (0x1704, "16-Bit Frozen Delta Counter Change Event"),
    (0x1705, "32-Bit Frozen Counter Change Event w/ Time of Freeze"),
    (0x1706, "16-Bit Frozen Counter Change Event w/ Time of Freeze"),
    (0x1707, "32-Bit Frozen Delta Counter Change Event w/ Time of Freeze"),
    (0x1708, "16-Bit Frozen Delta Counter Change Event w/ Time of Freeze"),
    (0x1e00, "Analog Input Default Variation"),
    (0x1e01, "32-Bit Analog Input"),
    (0x1e02, "16-Bit Analog Input"),
    (0x1e03, "32-Bit Analog Input Without Flag"),
    (0x1e04, "16-Bit Analog Input Without Flag"),
    (0x1e05, "32-Bit Floating Point Input"),
    (0x1e06, "64-Bit Floating Point Input"),
    (0x1f01, "32-Bit Frozen Analog Input"),
    (0x1f02, "16-Bit Frozen Analog Input"),
    (0x1f03, "32-Bit Frozen Analog Input w/ Time of Freeze"),
    (0x1f04, "16-Bit Frozen Analog Input w/ Time of Freeze"),
    (0x1f05, "32-Bit Frozen Analog Input Without Flag"),
    (0x1f06, "16-Bit Frozen Analog Input Without Flag"),
    (0x1f07, "32-Bit Frozen Floating Point Input"),
    (0x1f08, "64-Bit Frozen Floating Point Input"),
    (0x2000, "Analog Input Change Default Variation"),
    (0x2001, "32-Bit Analog Change Event w/o Time"),
    (0x2002, "16-Bit Analog Change Event w/o Time"),
    (0x2003, "32-Bit Analog Change Event w/ Time"),
    (0x2004, "16-Bit Analog Change Event w/ Time"),
    (0x2005, "32-Bit Floating Point Change Event w/o Time"),
    (0x2006, "64-Bit Floating Point Change Event w/o Time"),
    (0x2007, "32-Bit Floating Point Change Event w/ Time"),
    (0x2008, "64-Bit Floating Point Change Event w/ Time"),
    (0x2101, "32-Bit Frozen Analog Event w/o Time"),
    (0x2102, "16-Bit Frozen Analog Event w/o Time"),
    (0x2103, "32-Bit Frozen Analog Event w/ Time"),
    (0x2104, "16-Bit Frozen Analog Event w/ Time"),
    (0x2105, "32-Bit Floating Point Frozen Change Event w/o Time"),
    (0x2106, "64-Bit Floating Point Frozen Change Event w/o Time"),
    (0x2107, "32-Bit Floating Point Frozen Change Event w/ Time"),
    (0x2108, "64-Bit Floating Point Frozen Change Event w/ Time"),
    (0x2800, "Analog Output Default Variation"),
    (0x2801, "32-Bit Analog Output Status"),
    (0x2802, "16-Bit Analog Output Status"),
    (0x2803, "32-Bit Floating Point Output Status"),
    (0x2804, "64-Bit Floating Point Output Status"),
    (0x2901, "32-Bit Analog Output Block"),
    (0x2902, "16-Bit Analog Output Block"),
    (0x2903, "32-Bit Floating Point Output Block"),
    (0x2904, "64-Bit Floating Point Output Block"),
    (0x2a00, "Analog Output Event Default Variation"),
    (0x2a01, "32-Bit Analog Output Event w/o Time"),
    (0x2a02, "16-Bit Analog Output Event w/o Time"),
    (0x2a03, "32-Bit Analog Output Event w/ Time"),
    (0x2a04, "16-Bit Analog Output Event w/ Time"),
    (0x2a05, "32-Bit Floating Point Output Event w/o Time"),
    (0x2a06, "64-Bit Floating Point Output Event w/o Time"),
    (0x2a07, "32-Bit Floating Point Output Event w/ Time"),
    (0x2a08, "64-Bit Floating Point Output Event w/ Time"),
    (0x3c01, "Class 0 Data"),
    (0x3c02, "Class 1 Data"),
    (0x3c03, "Class 2 Data"),
    (0x3c04, "Class 3 Data"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_types_are_found_and_others_are_not() {
        assert!(OBJECT_TYPES.is_sorted_by(|(one, _), (next, _)| one < next));
        assert_eq!(OBJECT_TYPES.len(), 158);
        assert_eq!(object_type(1, 2), Some("Binary Input With Status"));
        assert_eq!(object_type(60, 1), Some("Class 0 Data"));
        assert_eq!(object_type(12, 1), None);
    }

    #[test]
    fn functions_without_a_name_show_their_octet() {
        assert_eq!(modbus_function(0x16, true), "MASK_WRITE_REGISTER_EXCEPTION");
        assert_eq!(modbus_function(100, false), "unknown-100");
        assert_eq!(modbus_function(100, true), "unknown-228");
        assert_eq!(dnp3_function(0x81), "RESPONSE");
        assert_eq!(dnp3_function(200), "unknown-200");
    }
}
