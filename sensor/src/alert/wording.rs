//! What happened, in the protocol's words.

use core::fmt::Write;

use gridtap_models::event::{Event, Protocol, Value};
use gridtap_models::sign::{Shown, Sign};

use super::record::PointRecord;

/// Points that a sentence names before it says how many more there are.
const NAMED_POINTS: usize = 4;

/// One sentence: who asked whom for what.
pub(crate) fn what(event: &Event) -> String {
    let talk = &event.conversation;
    let mut text = format!(
        "{} asked {}{} {} for {}",
        talk.client,
        if event.broadcast { "all units behind " } else { "" },
        talk.server,
        match talk.protocol {
            Protocol::Modbus => format!("unit {}", talk.unit),
            Protocol::Dnp3 => format!("outstation {}", talk.unit),
        },
        event.function.name,
    );
    let points = points(event, NAMED_POINTS.saturating_add(1));
    for (nth, point) in points.iter().take(NAMED_POINTS).enumerate() {
        text.push_str(if nth == 0 { ": " } else { ", " });
        let _ = match point.address {
            Some(address) => write!(text, "{} {address}", point.space),
            None => write!(text, "all of {}", point.space),
        };
        if let Some(count) = point.count {
            let _ = write!(text, " and the {} after it", count.saturating_sub(1));
        }
        if let Some(value) = &point.value {
            let _ = match value.as_str() {
                Some(word) => write!(text, " = {word}"),
                None => write!(text, " = {value}"),
            };
        }
    }
    if points.len() > NAMED_POINTS {
        text.push_str(", and more");
    }
    text
}

/// One sentence: what a flow showed.
pub(crate) fn shown(sign: &Sign) -> String {
    let (source, destination) = (sign.source(), sign.destination());
    let Shown::ConflictingSegment { octets } = sign.shown;
    let plural = if octets == 1 { "" } else { "s" };
    format!(
        "{} session: {source} sent {destination} {octets} other octet{plural} for a place of its \
         stream than before",
        sign.protocol,
    )
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
            let (space, all) = (target.space.word(), target.count == u32::MAX);
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
            let (space, address) = (target.space.word(), Some(address));
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
