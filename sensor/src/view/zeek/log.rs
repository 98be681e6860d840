//! The logs: their files, their fields, and what stands before and behind their lines.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A log: its file, and its fields with their types, in order.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) file: &'static str,
    pub(super) path: &'static str,
    fields: &'static [&'static [Field]],
}

/// A field's name and type.
type Field = (&'static str, &'static str);

const CONN: &[Field] = &[
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
];
const WAY: &[Field] = &[
    ("is_orig", "bool"),
    ("source_h", "addr"),
    ("source_p", "port"),
    ("destination_h", "addr"),
    ("destination_p", "port"),
];
const OURS: &[Field] = &[
    ("gridtap_capture", "string"),
    ("gridtap_packet", "count"),
    ("gridtap_request_packet", "count"),
    ("gridtap_status", "string"),
    ("gridtap_lost", "count"),
    ("gridtap_uncertain", "bool"),
];
/// Link addresses.
const LINK: &[Field] = &[("gridtap_source", "count"), ("gridtap_destination", "count")];
const LINKED: &[Field] = &[
    ("modbus_detailed_link_id", "string"),
    ("tid", "count"),
    ("unit", "count"),
    ("func", "string"),
    ("request_response", "string"),
];

macro_rules! log {
    ($name:ident, $path:literal, $($part:expr),+) => {
        pub(super) static $name: Log =
            Log { file: concat!($path, ".log"), path: $path, fields: &[$($part),+] };
    };
}

log!(
    MODBUS,
    "modbus",
    CONN,
    &[
        ("tid", "count"),
        ("unit", "count"),
        ("func", "string"),
        ("pdu_type", "string"),
        ("exception", "string"),
    ],
    OURS
);
log!(
    MODBUS_DETAILED,
    "modbus_detailed",
    CONN,
    &[
        ("tid", "count"),
        ("unit", "count"),
        ("func", "string"),
        ("address", "count"),
        ("quantity", "count"),
        ("request_values", "vector[count]"),
        ("response_values", "vector[count]"),
        ("modbus_detailed_link_id", "string"),
        ("matched", "bool"),
        ("request_subfunction_code", "string"),
        ("response_subfunction_code", "string"),
        ("request_data", "string"),
        ("response_data", "string"),
        ("exception_code", "string"),
        ("mei_type", "string"),
    ],
    OURS
);
log!(
    MASK_WRITE,
    "modbus_mask_write_register",
    CONN,
    WAY,
    LINKED,
    &[("address", "count"), ("and_mask", "count"), ("or_mask", "count")],
    OURS
);
log!(
    READ_WRITE,
    "modbus_read_write_multiple_registers",
    CONN,
    WAY,
    LINKED,
    &[
        ("write_start_address", "count"),
        ("write_registers", "vector[count]"),
        ("read_start_address", "count"),
        ("read_quantity", "count"),
        ("read_registers", "vector[count]"),
    ],
    OURS
);
log!(
    DEVICE_ID,
    "modbus_read_device_identification",
    CONN,
    WAY,
    LINKED,
    &[
        ("mei_type", "string"),
        ("conformity_level_code", "string"),
        ("conformity_level", "string"),
        ("device_id_code", "count"),
        ("object_id_code", "string"),
        ("object_id", "string"),
        ("object_value", "string"),
    ],
    OURS
);
log!(
    DNP3,
    "dnp3",
    CONN,
    &[("fc_request", "string"), ("fc_reply", "string"), ("iin", "count")],
    OURS,
    LINK
);
log!(
    CONTROL,
    "dnp3_control",
    CONN,
    WAY,
    &[
        ("block_type", "string"),
        ("function_code", "string"),
        ("index_number", "count"),
        ("trip_control_code", "string"),
        ("operation_type", "string"),
        ("clear_bit", "bool"),
        ("execute_count", "count"),
        ("on_time", "count"),
        ("off_time", "count"),
        ("status_code", "string"),
    ],
    OURS,
    LINK,
    &[("gridtap_value", "double")]
);
log!(
    OBJECTS,
    "dnp3_objects",
    CONN,
    WAY,
    &[
        ("function_code", "string"),
        ("object_type", "string"),
        ("object_count", "count"),
        ("range_low", "count"),
        ("range_high", "count"),
    ],
    OURS,
    LINK
);

/// All of them.
pub(crate) static LOGS: &[&Log] =
    &[&MODBUS, &MODBUS_DETAILED, &MASK_WRITE, &READ_WRITE, &DEVICE_ID, &DNP3, &CONTROL, &OBJECTS];

impl Log {
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        self.fields.iter().flat_map(|part| part.iter().copied())
    }
}

/// The header lines of a log's file, opened at `time_ns`.
pub(crate) fn head(file: &str, time_ns: u64) -> String {
    let Some(log) = LOGS.iter().find(|log| log.file == file) else { return String::new() };
    let (names, types): (Vec<_>, Vec<_>) = log.fields().unzip();
    format!(
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n\
         #path\t{}\n#open\t{}\n#fields\t{}\n#types\t{}\n",
        log.path,
        date(time_ns),
        names.join("\t"),
        types.join("\t"),
    )
}

/// The last line of a file that was closed at `time_ns`.
pub(crate) fn foot(time_ns: u64) -> String {
    format!("#close\t{}\n", date(time_ns))
}

fn date(time_ns: u64) -> String {
    let time = Timestamp::from_nanosecond(time_ns.into()).unwrap_or_default();
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d-%H-%M-%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opens_with_its_fields_and_closes_with_the_time() {
        let head = head("dnp3.log", 1_700_000_000_000_000_000);
        assert!(head.contains("\n#path\tdnp3\n#open\t2023-11-14-22-13-20\n#fields\tts\tuid\t"));
        let columns = |line: &str| line.split('\t').count();
        let mut last = head.lines().rev();
        assert_eq!(last.next().map(columns), last.next().map(columns));
        assert_eq!(foot(1_700_000_001_000_000_000), "#close\t2023-11-14-22-13-21\n");
    }
}
