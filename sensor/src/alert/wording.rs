//! What happened, in the protocol's words.

use core::fmt::{self, Write};

use gridtap_models::event::{Attempt, Event, Intent, Mark, Stage, Value};

use super::record::PointRecord;

/// Points that a sentence names before it says how many more there are.
const NAMED_POINTS: usize = 4;

/// One sentence: who asked whom for what.
pub(crate) fn what(event: &Event) -> String {
    let talk = &event.conversation;
    let device = talk.device();
    let (client, function) = (talk.client, event.function.name);
    let mut text = match event.stage {
        Stage::Requested if event.broadcast => {
            format!("{client} asked all units behind {device} for {function}")
        }
        Stage::Attempted(Attempt::Link) if event.intent == Intent::Report => {
            format!("{device} asked {client} for {function}")
        }
        Stage::Requested | Stage::Ended { .. } | Stage::Attempted(Attempt::Link) => {
            format!("{client} asked {device} for {function}")
        }
        Stage::Noticed if event.marks.contains(Mark::OtherProtocol) => {
            format!(
                "{client} opened a connection to {}'s {} port and sent {function}",
                talk.server, talk.protocol
            )
        }
        Stage::Noticed if event.intent != Intent::Report => {
            format!("{client} sent {device} {function}")
        }
        Stage::Attempted(_) => {
            format!("{client} asked {} for {function} to its {} port", talk.server, talk.protocol)
        }
        Stage::Reported | Stage::Noticed => format!("{device} sent {client} {function}"),
    };
    let points = points(event, NAMED_POINTS.saturating_add(1));
    for (nth, point) in points.iter().take(NAMED_POINTS).enumerate() {
        text.push_str(if nth == 0 { ": " } else { ", " });
        let _ = write!(text, "{point}");
    }
    if points.len() > NAMED_POINTS {
        text.push_str(", and more");
    }
    text
}

/// `holding-register 10 = 7`, `binary-input 0 and the 3 after it`, `all of class`.
impl fmt::Display for PointRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "{} {address}", self.space)?,
            None => write!(f, "all of {}", self.space)?,
        }
        if let Some(count) = self.count {
            write!(f, " and the {} after it", count.saturating_sub(1))?;
        }
        match &self.value {
            Some(serde_json::Value::String(word)) => write!(f, " = {word}"),
            Some(value) => write!(f, " = {value}"),
            None => Ok(()),
        }
    }
}

/// A MAC address.
pub(crate) fn mac(mac: [u8; 6]) -> String {
    mac.map(|octet| format!("{octet:02x}")).join(":")
}

/// The points of an act, at most `most`: one record a commanded value, one a span otherwise.
pub(crate) fn points(event: &Event, most: usize) -> Vec<PointRecord> {
    let mut records = Vec::new();
    for target in &event.targets {
        if target.values.is_empty() {
            let (space, all) = (target.space.word().into(), target.count == u32::MAX);
            records.push(PointRecord {
                space,
                address: (!all).then_some(target.start),
                count: (!all && target.count > 1).then_some(target.count),
                value: None,
            });
        }
        for (address, value) in (target.start..).zip(&target.values) {
            if records.len() >= most {
                return records;
            }
            let value = Some(match value {
                Value::Number(number) => number_record(*number),
                Value::Switch(switch) => serde_json::Value::from(switch.to_string()),
            });
            let (space, address) = (target.space.word().into(), Some(address));
            records.push(PointRecord { space, address, count: None, value });
        }
    }
    records.truncate(most);
    records
}

/// A whole number without a decimal point, any other as it is; what JSON cannot say is a word.
fn number_record(number: f64) -> serde_json::Value {
    #[expect(clippy::cast_possible_truncation, reason = "whole and far inside an i64")]
    if number.fract() == 0.0 && number.abs() < 9e15 {
        serde_json::Value::from(number as i64)
    } else if number.is_finite() {
        serde_json::Value::from(number)
    } else {
        serde_json::Value::from(number.to_string())
    }
}
