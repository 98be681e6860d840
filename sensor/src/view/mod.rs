//! Views: the same messages in the forms that other tools read.
//!
//! All are made from one message as [`Seen`]; none of them judges. Where a view shows a request and
//! its answer as one, the pairing is the describer's, and so are its limits: no request waits here
//! that does not wait there.

mod csv;
mod eve;
mod flow_id;
mod output;
#[cfg(test)]
mod tests;
mod zeek;

use core::fmt::Write;
use std::collections::HashMap;

use clap::ValueEnum;
use foldhash::fast::RandomState;
use gridtap_models::event::{Event, Place};

use crate::describe::RequestNote;
use crate::record::Record;
use crate::shard::{Ordered, Seen, Tap};
use crate::source::CaptureNames;
pub use output::Output;

/// The forms that messages are shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum View {
    /// For people, a line a message.
    Text,
    /// Our own record with every field, one JSON object a line.
    Jsonl,
    /// Our own record as a table, a row a message (RFC 4180). The columns are always the same; a
    /// cell that holds a list holds it as JSON.
    Csv,
    /// The logs of Zeek and ICSNPP, tab-separated; needs `--out`.
    Zeek,
    /// The same, one JSON object a line; without `--out` each line names its log in `_path`.
    ZeekJson,
    /// Suricata's EVE JSON, event types modbus and dnp3.
    Eve,
}

impl View {
    /// The file in `--out` of a view that has one only.
    #[must_use]
    pub const fn only_file(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("messages.txt"),
            Self::Jsonl => Some("messages.jsonl"),
            Self::Csv => Some("messages.csv"),
            Self::Eve => Some("eve.json"),
            Self::Zeek | Self::ZeekJson => None,
        }
    }

    /// All files that the view may have in `--out`.
    #[must_use]
    pub fn files(self) -> Vec<&'static str> {
        self.only_file()
            .map_or_else(|| zeek::LOGS.iter().map(|log| log.file).collect(), |f| vec![f])
    }

    /// What stands before the first line of a file, whose time is `first_ns`, in nanoseconds since
    /// 1970 UTC.
    #[must_use]
    pub fn head(self, file: &str, first_ns: u64) -> String {
        match self {
            Self::Csv => csv::head(),
            Self::Zeek => zeek::head(file, first_ns),
            Self::Text | Self::Jsonl | Self::ZeekJson | Self::Eve => String::new(),
        }
    }

    /// What stands behind its last line, whose time is `last_ns`, in nanoseconds since 1970 UTC.
    #[must_use]
    pub fn foot(self, last_ns: u64) -> String {
        match self {
            Self::Zeek => zeek::foot(last_ns),
            Self::Text | Self::Jsonl | Self::Csv | Self::ZeekJson | Self::Eve => String::new(),
        }
    }
}

/// Takes out every message as lines of a view.
#[derive(Clone, Debug)]
pub struct Views {
    view: View,
    /// Names of the captures, by index; nothing if there is only one.
    captures: Option<CaptureNames>,
    /// Whether each line of a view with several files has to name its own.
    mixed: bool,
    waiting: HashMap<Place, Half, RandomState>,
}

/// The first half of a line that waits for the answer.
#[derive(Clone, Debug)]
enum Half {
    Zeek(zeek::Half),
    Eve(Box<eve::Half>),
}

/// A line of a view.
#[derive(Clone, Debug)]
pub struct Line {
    place: Place,
    /// When what it says was captured, in nanoseconds since 1970 UTC.
    pub time_ns: u64,
    /// The file in `--out` that it belongs to.
    pub file: &'static str,
    /// The line, with its end.
    pub text: String,
}

impl Ordered for Line {
    fn place(&self) -> Place {
        self.place
    }
}

impl Views {
    /// Messages as `view` has them, from captures of these names if there are several. With `mixed`
    /// the lines of several files go to one place.
    #[must_use]
    pub fn new(view: View, captures: Option<CaptureNames>, mixed: bool) -> Self {
        Self { view, captures, mixed, waiting: HashMap::default() }
    }

    fn zeek_style(&self) -> zeek::Style {
        match (self.view, self.mixed) {
            (View::ZeekJson, mixed) => zeek::Style::Json { path: mixed },
            _ => zeek::Style::Tabs,
        }
    }

    /// Hands out the rows of logs.
    fn rows(&self, at: (Place, u64), rows: Vec<zeek::Row>, out: &mut Vec<Line>) {
        let (place, time_ns) = at;
        let style = self.zeek_style();
        out.extend(rows.into_iter().map(|row| {
            let (file, text) = (row.log().file, row.write(style));
            Line { place, time_ns, file, text }
        }));
    }
}

impl Tap for Views {
    type Out = Line;

    fn message(&mut self, seen: &Seen<'_>, out: &mut Vec<Line>) {
        let names = self.captures.as_ref();
        let capture = names.and_then(|names| names.get(seen.context.packet.capture));
        let capture = capture.as_deref();
        let at = (seen.context.place, seen.context.time_ns);
        let text = match self.view {
            View::Text => Some(Record::new(seen, capture).text()),
            View::Jsonl => Some(json(&Record::new(seen, capture))),
            View::Csv => Some(csv::row(&Record::new(seen, capture))),
            View::Eve => {
                let answered =
                    seen.pair.request().and_then(|note| self.waiting.remove(&note.place));
                let first = answered.and_then(|half| match half {
                    Half::Eve(half) => Some(*half),
                    Half::Zeek(_) => None,
                });
                match eve::message(seen, capture, first) {
                    eve::Made::Nothing => None,
                    eve::Made::Event(text) => Some(text),
                    eve::Made::Half(place, half) => {
                        self.waiting.insert(place, Half::Eve(Box::new(half)));
                        None
                    }
                }
            }
            View::Zeek | View::ZeekJson => {
                let answered =
                    seen.pair.request().and_then(|note| self.waiting.remove(&note.place));
                let first = answered.and_then(|half| match half {
                    Half::Zeek(half) => Some(half),
                    Half::Eve(_) => None,
                });
                let (rows, half) = zeek::message(seen, capture, first);
                if let Some((place, half)) = half {
                    self.waiting.insert(place, Half::Zeek(half));
                }
                self.rows(at, rows, out);
                None
            }
        };
        if let (Some(text), Some(file)) = (text, self.view.only_file()) {
            let (place, time_ns) = at;
            out.push(Line { place, time_ns, file, text });
        }
    }

    fn event(&mut self, _: Event, _: &mut Vec<Line>) {}

    fn unanswered(&mut self, request: &RequestNote, place: Place, out: &mut Vec<Line>) {
        match self.waiting.remove(&request.place) {
            Some(Half::Zeek(half)) => {
                let time_ns = half.time_ns();
                self.rows((place, time_ns), vec![half.unanswered()], out);
            }
            Some(Half::Eve(half)) => {
                let time_ns = half.time_ns;
                let file = self.view.only_file().unwrap_or_default();
                out.push(Line { place, time_ns, file, text: half.unanswered() });
            }
            None => {}
        }
    }
}

/// A line of JSON. What is shown is made of numbers, names and lists: it has no way to fail.
fn json(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Octets as a string: UTF-8 as it is; otherwise ASCII, and the other octets as `\xNN`.
fn lossless(octets: &[u8]) -> String {
    if let Ok(text) = str::from_utf8(octets) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(octets.len());
    for octet in octets {
        if octet.is_ascii() {
            text.push(char::from(*octet));
        } else {
            let _ = write!(text, "\\x{octet:02x}");
        }
    }
    text
}
