//! A DNP3 fragment.

use gridtap_parsers::Direction;
use gridtap_parsers::dnp3::{Fragment, Iin, ObjectHeader, Range, Value};

use super::json::{Json, Object};
use super::point;

/// What stands under `dnp3`; `complete` if all objects could be read.
pub(super) fn body(fragment: &Fragment<'_>, complete: bool) -> Object {
    let kind = match fragment.direction() {
        Direction::Request | Direction::Link => "request",
        Direction::Response => "response",
        Direction::Unsolicited => "unsolicited_response",
    };
    let (link, control) = (&fragment.link, fragment.control);
    let link_control = Object::default()
        .with("dir", link.control.from_master())
        .with("pri", link.control.primary())
        .with("fcb", link.control.0 & 0x20 != 0)
        .with("fcv", link.control.0 & 0x10 != 0)
        .with("function_code", link.control.0 & 0x0f);
    let application_control = Object::default()
        .with("fir", control.first())
        .with("fin", control.last())
        .with("con", control.confirm())
        .with("uns", control.unsolicited())
        .with("sequence", control.sequence());
    let objects = objects(fragment);
    let application = Object::default()
        .with("control", application_control)
        .with("function_code", fragment.function.code())
        .maybe("objects", (!objects.is_empty()).then_some(objects))
        .with("complete", complete);
    Object::default()
        .with("type", kind)
        .with("control", link_control)
        .with("src", link.source)
        .with("dst", link.destination)
        .with("application", application)
        .maybe("iin", fragment.iin.map(indications))
}

fn indications(iin: Iin) -> Object {
    let set: Vec<Json> = INDICATORS
        .iter()
        .filter(|(bit, _)| iin.0.checked_shr(*bit).is_some_and(|low| low & 1 == 1))
        .map(|(_, name)| Json::Name(name))
        .collect();
    Object::default().maybe("indicators", (!set.is_empty()).then_some(set))
}

/// Bits of [`Iin`], in the order in which Suricata names them.
const INDICATORS: [(u32, &str); 16] = [
    (7, "device_restart"),
    (6, "device_trouble"),
    (5, "local_control"),
    (4, "need_time"),
    (3, "class_3_events"),
    (2, "class_2_events"),
    (1, "class_1_events"),
    (0, "all_stations"),
    (15, "reserved_1"),
    (14, "reserved_2"),
    (13, "config_corrupt"),
    (12, "already_executing"),
    (11, "event_buffer_overflow"),
    (10, "parameter_error"),
    (9, "object_unknown"),
    (8, "no_func_code_support"),
];

fn objects(fragment: &Fragment<'_>) -> Vec<Json> {
    let mut base_ms = None;
    let object = |header: ObjectHeader<'_>| {
        let object = object(&header, base_ms);
        if header.group == 51
            && let Some(Value::Time(time_ms)) = header.points().last().map(|point| point.value)
        {
            base_ms = Some(time_ms);
        }
        Json::Object(object)
    };
    fragment.objects.headers().map(object).collect()
}

/// A header and its points, with the common time of occurrence before it.
fn object(header: &ObjectHeader<'_>, base_ms: Option<u64>) -> Object {
    let prefix = header.qualifier.checked_shr(4).unwrap_or(0) & 7;
    let (start, stop) = match header.range {
        Range::StartStop { start, stop } | Range::VirtualAddress { start, stop } => (start, stop),
        Range::All | Range::Count(_) => (0, 0),
    };
    let points: Vec<Json> = (0_u32..)
        .zip(header.points())
        .map(|(nth, one)| {
            // Without a prefix or a range points are counted from 0.
            let index = one.index.unwrap_or(nth);
            let prefixed = matches!(prefix, 1..=3);
            let size = matches!(prefix, 4..=6).then(|| point::size(&one)).flatten();
            let start = Object::default()
                .with("prefix", size.unwrap_or(if prefixed { index } else { 0 }))
                .with("index", index)
                .maybe("size", size);
            Json::Object(point::fields(start, header, &one, base_ms))
        })
        .collect();
    Object::default()
        .with("group", header.group)
        .with("variation", header.variation)
        .with("qualifier", header.qualifier)
        .with("prefix_code", prefix)
        .with("range_code", header.qualifier & 0x0f)
        .with("start", start)
        .with("stop", stop)
        .with("count", header.count())
        .maybe("points", (!points.is_empty()).then_some(points))
}
