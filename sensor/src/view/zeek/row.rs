//! A line of a log, and how it is written: with tabs, or as JSON.

use core::fmt::Write;
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::super::lossless;
use super::log::Log;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// With tabs between fields, under header lines.
    Tabs,
    /// As JSON objects.
    Json {
        /// Whether each names its log in `_path`.
        path: bool,
    },
}

/// What stands in a field.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Unset,
    /// Nanoseconds since 1970 UTC.
    Time(u64),
    Text(Cow<'static, [u8]>),
    Address(IpAddr),
    Count(u64),
    Counts(Vec<u16>),
    Bool(bool),
    Double(f64),
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Cow::Owned(text.as_bytes().to_vec()))
    }
}

/// A line of a log.
#[derive(Debug)]
pub(crate) struct Row {
    log: &'static Log,
    cells: Vec<Cell>,
}

impl Row {
    pub(super) const fn new(log: &'static Log) -> Self {
        Self { log, cells: Vec::new() }
    }

    /// The log that it belongs to.
    pub(crate) const fn log(&self) -> &'static Log {
        self.log
    }

    pub(super) fn and(mut self, cell: Cell) -> Self {
        self.cells.push(cell);
        self
    }

    pub(super) fn maybe(self, cell: Option<Cell>) -> Self {
        self.and(cell.unwrap_or(Cell::Unset))
    }

    pub(super) fn text(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.and(Cell::Text(match text.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }))
    }

    pub(super) fn count(self, count: impl Into<u64>) -> Self {
        self.and(Cell::Count(count.into()))
    }

    /// An address and its port.
    pub(super) fn end(self, end: SocketAddr) -> Self {
        self.and(Cell::Address(end.ip())).count(end.port())
    }

    /// The line, with its end.
    pub(crate) fn write(&self, style: Style) -> String {
        debug_assert_eq!(self.cells.len(), self.log.fields().count(), "{}", self.log.path);
        let mut text = String::new();
        match style {
            Style::Tabs => {
                for (nth, cell) in self.cells.iter().enumerate() {
                    if nth > 0 {
                        text.push('\t');
                    }
                    tabbed(cell, &mut text);
                }
            }
            Style::Json { path } => self.json(path, &mut text),
        }
        text.push('\n');
        text
    }

    fn json(&self, path: bool, text: &mut String) {
        text.push('{');
        if path {
            let _ = write!(text, "\"_path\":\"{}\"", self.log.path);
        }
        for ((name, _), cell) in self.log.fields().zip(&self.cells) {
            let value = match cell {
                Cell::Unset => continue,
                Cell::Time(ns) => seconds(*ns),
                Cell::Text(octets) => serde_json::Value::from(lossless(octets)).to_string(),
                Cell::Address(address) => format!("\"{address}\""),
                Cell::Count(count) => count.to_string(),
                Cell::Counts(counts) => format!("[{}]", joined(counts)),
                Cell::Bool(on) => on.to_string(),
                // JSON has no word for infinity, nor for what is no number.
                Cell::Double(number) if number.is_finite() => number.to_string(),
                Cell::Double(number) => format!("\"{number}\""),
            };
            let comma = if text.len() > 1 { "," } else { "" };
            let _ = write!(text, "{comma}\"{name}\":{value}");
        }
        text.push('}');
    }
}

fn tabbed(cell: &Cell, text: &mut String) {
    let _ = match cell {
        Cell::Unset => write!(text, "-"),
        Cell::Time(ns) => write!(text, "{}", seconds(*ns)),
        Cell::Text(octets) => {
            escaped(octets, text);
            Ok(())
        }
        Cell::Address(address) => write!(text, "{address}"),
        Cell::Count(count) => write!(text, "{count}"),
        Cell::Counts(counts) if counts.is_empty() => write!(text, "(empty)"),
        Cell::Counts(counts) => write!(text, "{}", joined(counts)),
        Cell::Bool(on) => write!(text, "{}", if *on { 'T' } else { 'F' }),
        Cell::Double(number) => write!(text, "{number}"),
    };
}

/// Text between tabs: UTF-8 that can be printed as it is, all else as `\xNN`, and nothing that reads
/// as an empty or unset field.
fn escaped(octets: &[u8], text: &mut String) {
    match octets {
        b"" => text.push_str("(empty)"),
        b"-" => text.push_str("\\x2d"),
        b"(empty)" => text.push_str("\\x28empty)"),
        _ => match str::from_utf8(octets) {
            Ok(readable) => {
                for c in readable.chars() {
                    if c.is_control() {
                        c.encode_utf8(&mut [0; 4]).bytes().for_each(|octet| hex(octet, text));
                    } else if c == '\\' {
                        text.push_str("\\\\");
                    } else {
                        text.push(c);
                    }
                }
            }
            Err(_) => {
                for octet in octets {
                    match octet {
                        b'\\' => text.push_str("\\\\"),
                        b' '..=b'~' => text.push(char::from(*octet)),
                        _ => hex(*octet, text),
                    }
                }
            }
        },
    }
}

fn hex(octet: u8, text: &mut String) {
    let _ = write!(text, "\\x{octet:02x}");
}

/// Seconds since 1970 with six decimals, as Zeek has them.
fn seconds(ns: u64) -> String {
    let (seconds, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
    format!("{seconds}.{:06}", rest / 1_000)
}

fn joined(counts: &[u16]) -> String {
    let texts: Vec<_> = counts.iter().map(u16::to_string).collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::super::log::DNP3;
    use super::*;

    fn written(cell: &Cell) -> String {
        let mut text = String::new();
        tabbed(cell, &mut text);
        text
    }

    #[test]
    fn no_octet_of_a_text_breaks_a_line_or_reads_as_nothing() {
        let table: &[(&[u8], &str)] = &[
            (b"plain, with commas", "plain, with commas"),
            (b"", "(empty)"),
            (b"-", "\\x2d"),
            (b"(empty)", "\\x28empty)"),
            (b"a\tb\nc\\", "a\\x09b\\x0ac\\\\"),
            (&[0, 0], "\\x00\\x00"),
            ("größer".as_bytes(), "größer"),
            (&[b'a', 0xff, b'\t', b'-'], "a\\xff\\x09-"),
        ];
        for (octets, text) in table {
            assert_eq!(written(&Cell::Text(octets.to_vec().into())), *text, "{octets:?}");
        }
    }

    #[test]
    fn times_have_six_decimals_cut_and_not_rounded() {
        assert_eq!(seconds(1_700_000_000_000_001_999), "1700000000.000001");
    }

    #[test]
    fn an_unset_field_is_a_dash_and_in_json_left_out() {
        assert_eq!(written(&Cell::Unset), "-");
        assert_eq!(written(&Cell::Counts(Vec::new())), "(empty)");
        let row = Row::new(&DNP3).and(Cell::Unset).text("C\n").and(Cell::Double(f64::NAN));
        let mut text = String::new();
        row.json(true, &mut text);
        assert_eq!(text, r#"{"_path":"dnp3","uid":"C\n","id.orig_h":"NaN"}"#);
    }
}
