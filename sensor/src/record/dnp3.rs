//! The fields of a DNP3 message.

use core::fmt::Write;

use gridtap_parsers::dnp3::{Fragment, Message, ObjectHeader, Range};
use serde::Serialize;

use super::point::PointFields;
use crate::describe::{RequestNote, Tied};

/// The fields that DNP3 has beyond those of every message.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Fields<'a> {
    pub(crate) source: u16,
    pub(crate) destination: u16,
    pub(crate) link_function: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sequence: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) function_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fir: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fin: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) con: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uns: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) iin: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) objects: Option<Vec<ObjectFields<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_packet: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) select_packet: Option<u64>,
    /// Whether an Operate has the points and commands of its Select.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) select_same: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirms_packet: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) challenge_packet: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_status_packet: Option<u64>,
}

/// An object header and the points behind it.
#[derive(Debug, Serialize)]
pub(crate) struct ObjectFields<'a> {
    pub(crate) group: u8,
    pub(crate) variation: u8,
    pub(crate) name: &'static str,
    pub(crate) qualifier: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    points: Vec<PointFields<'a>>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(message: &Message<'a>, request: Option<&RequestNote>, tied: Tied) -> Self {
        let link = message.link();
        let mut fields = Self {
            source: link.source,
            destination: link.destination,
            link_function: link.function().name(),
            request_packet: request.map(|note| note.packet),
            select_packet: tied.select.map(|select| select.packet),
            select_same: tied.select.map(|select| select.same),
            confirms_packet: tied.confirms,
            challenge_packet: tied.challenge,
            key_status_packet: tied.key_status,
            ..Self::default()
        };
        if let Message::Fragment(fragment) = message {
            fields.fragment(fragment);
        }
        fields
    }

    fn fragment(&mut self, fragment: &Fragment<'a>) {
        self.sequence = Some(fragment.control.sequence());
        self.function = Some(fragment.function.code());
        self.function_name = Some(fragment.function.name());
        self.fir = Some(fragment.control.first());
        self.fin = Some(fragment.control.last());
        self.con = Some(fragment.control.confirm());
        self.uns = Some(fragment.control.unsolicited());
        self.iin = fragment.iin.map(|iin| iin.names().collect());
        self.objects = Some(fragment.objects.headers().map(|h| ObjectFields::new(&h)).collect());
    }

    /// The part of a line for people.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} > {} ", self.source, self.destination);
        match self.function_name {
            Some(name) => {
                let _ = write!(text, "{name} ({})", self.function.unwrap_or_default());
            }
            None => text.push_str(self.link_function),
        }
        for object in self.objects.iter().flatten() {
            object.write(self.iin.is_some(), &mut text);
        }
        for name in self.iin.iter().flatten() {
            let _ = write!(text, " {name}");
        }
        text
    }
}

impl<'a> ObjectFields<'a> {
    fn new(header: &ObjectHeader<'a>) -> Self {
        let (start, stop) = match header.range {
            Range::StartStop { start, stop } | Range::VirtualAddress { start, stop } => {
                (Some(start), Some(stop))
            }
            Range::All | Range::Count(_) => (None, None),
        };
        Self {
            group: header.group,
            variation: header.variation,
            name: header.name,
            qualifier: header.qualifier,
            count: (header.range != Range::All).then_some(header.count()),
            start,
            stop,
            points: header.points().map(|point| PointFields::new(&point)).collect(),
        }
    }

    /// Adds it to a line for people: which points, and of commands and files also what is done, or
    /// in an `answer` what came of it.
    fn write(&self, answer: bool, text: &mut String) {
        let _ = write!(text, ", g{}v{}", self.group, self.variation);
        match (self.start, self.stop, self.count) {
            (Some(start), Some(stop), _) => {
                let _ = write!(text, " {start}..{stop}");
            }
            (_, _, Some(count)) => {
                let _ = write!(text, " ×{count}");
            }
            _ => {}
        }
        if matches!(self.group, 12 | 41 | 70) {
            for (nth, point) in self.points.iter().take(SHOWN_POINTS).enumerate() {
                text.push_str(if nth == 0 { ": " } else { "; " });
                point.write(answer, text);
            }
            if self.points.len() > SHOWN_POINTS {
                text.push_str("; …");
            }
        }
    }
}

/// Commands of one header that a line for people shows.
const SHOWN_POINTS: usize = 8;
