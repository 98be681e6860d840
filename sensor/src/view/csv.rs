//! Our own record as a table: a row a message, the same columns always.

use csv::WriterBuilder;
use serde_json::Value;

use crate::record::Record;

/// The columns, which are the record's fields.
const COLUMNS: &[&str] = &[
    "capture",
    "packet",
    "packets",
    "time",
    "protocol",
    "transport",
    "src_ip",
    "src_port",
    "dst_ip",
    "dst_port",
    "src_mac",
    "dst_mac",
    "vlan",
    "direction",
    "status",
    "error_class",
    "error",
    "offset",
    "lost",
    "uncertain",
    "request_packet",
    "function",
    "function_name",
    // Modbus.
    "transaction",
    "unit",
    "subfunction",
    "subfunction_name",
    "address",
    "quantity",
    "values",
    "write_address",
    "write_quantity",
    "and_mask",
    "or_mask",
    "exception",
    "exception_name",
    "status_value",
    "event_count",
    "message_count",
    "read_code",
    "object",
    "device_id",
    "files",
    "octets",
    // DNP3.
    "source",
    "destination",
    "link_function",
    "sequence",
    "fir",
    "fin",
    "con",
    "uns",
    "iin",
    "objects",
    "select_packet",
    "select_same",
    "confirms_packet",
    "challenge_packet",
    "key_status_packet",
];

/// The line that names the columns.
pub(super) fn head() -> String {
    line(COLUMNS.iter().copied())
}

/// A record as a line.
pub(super) fn row(record: &Record<'_>) -> String {
    let fields = serde_json::to_value(record).unwrap_or_default();
    line(COLUMNS.iter().map(|column| match fields.get(*column) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }))
}

fn line(cells: impl Iterator<Item = impl AsRef<[u8]>>) -> String {
    let mut writer = WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(cells);
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_the_record_may_have_is_a_column() {
        // Names of fields stand in the source of the record, each after `Option::is_none` or alone.
        let sources = [
            include_str!("../record/mod.rs"),
            include_str!("../record/modbus.rs"),
            include_str!("../record/dnp3.rs"),
        ];
        let mut found = 0;
        for (source, name) in sources.iter().zip(["Record", "Fields", "Fields"]) {
            let (_, body) = source.split_once(&format!("struct {name}<'a> {{")).unwrap();
            let (body, _) = body.split_once("\n}").unwrap();
            for line in body.lines().filter(|line| !line.trim_start().starts_with(['#', '/'])) {
                let Some((field, _)) = line.trim().split_once(':') else { continue };
                let field = field.trim_start_matches("pub(crate) ");
                if !["schema", "body"].contains(&field) {
                    assert!(COLUMNS.contains(&field), "{field}");
                    found += 1;
                }
            }
        }
        // Both protocols name function, function_name and request_packet.
        assert_eq!(found, COLUMNS.len() + 3);
    }
}
