//! A DNP3 point, in the fields that Suricata has for its group.

use gridtap_parsers::dnp3::{Auth, DoubleBit, ObjectHeader, Point, Value};

use super::json::{Json, Object};

/// Adds the fields of a point. `base_ms` is the common time of occurrence before it, from which the
/// times of g2v3 and g4v3 count.
pub(super) fn fields(
    start: Object,
    header: &ObjectHeader<'_>,
    point: &Point<'_>,
    base_ms: Option<u64>,
) -> Object {
    let relative_ms = || point.time_ms?.checked_sub(base_ms?);
    let object = match (header.group, point.flags) {
        (group, Some(flags)) => flagged(start, group, flags),
        (_, None) => start,
    };
    let object = value(object, header, point);
    match (header.group, header.variation) {
        (2, 3) => object.maybe("timestamp", relative_ms()),
        (4, 3) => object.maybe("relative_time_ms", relative_ms()),
        _ => object.maybe("timestamp", point.time_ms),
    }
}

/// Octets of the object behind a size prefix, where they are kept.
pub(super) fn size(point: &Point<'_>) -> Option<u32> {
    let Value::Octets(octets) = point.value else { return None };
    u32::try_from(octets.len()).ok()
}

/// The names of the quality flags, bit 0 first; bits that are the value have none.
fn flag_names(group: u8) -> &'static [&'static str] {
    match group {
        1 | 2 => &[
            "online",
            "restart",
            "comm_lost",
            "remote_forced",
            "local_forced",
            "chatter_filter",
            "reserved",
        ],
        3 | 4 => {
            &["online", "restart", "comm_lost", "remote_forced", "local_forced", "chatter_filter"]
        }
        10 | 11 => &[
            "online",
            "restart",
            "comm_lost",
            "remote_forced",
            "local_forced",
            "reserved0",
            "reserved1",
        ],
        20..=23 => &[
            "online",
            "restart",
            "comm_lost",
            "remote_forced",
            "local_forced",
            "rollover",
            "discontinuity",
            "reserved0",
        ],
        30..=33 | 40 | 42 => &[
            "online",
            "restart",
            "comm_lost",
            "remote_forced",
            "local_forced",
            "over_range",
            "reference_err",
            "reserved0",
        ],
        _ => &[],
    }
}

fn flagged(start: Object, group: u8, flags: u8) -> Object {
    (0_u32..).zip(flag_names(group)).fold(start, |object, (bit, name)| {
        object.with(name, flags.checked_shr(bit).unwrap_or(0) & 1)
    })
}

fn value(object: Object, header: &ObjectHeader<'_>, point: &Point<'_>) -> Object {
    let status = point.status.map(gridtap_parsers::dnp3::Status::code);
    let group = header.group;
    match point.value {
        Value::Bit(on) if group == 13 => {
            object.maybe("status_code", status).with("commanded_state", u8::from(on))
        }
        Value::Bit(on) if (group, header.variation) == (12, 3) => {
            object.with("point", u8::from(on))
        }
        Value::Bit(on) => object.with("state", u8::from(on)),
        Value::DoubleBit(state) => object.with(
            "state",
            match state {
                DoubleBit::Intermediate => 0_u8,
                DoubleBit::Off => 1,
                DoubleBit::On => 2,
                DoubleBit::Indeterminate => 3,
            },
        ),
        Value::Unsigned(value) => number(object, group, value.into(), status),
        Value::Signed(value) => number(object, group, value.into(), status),
        Value::Float(value) => number(object, group, value.into(), status),
        Value::Crob(crob) => object
            .with("op_type", crob.operation.code())
            .with("qu", u8::from(crob.queue))
            .with("cr", u8::from(crob.clear))
            .with("tcc", crob.trip_close.code())
            .with("count", crob.count)
            .with("ontime", crob.on_ms)
            .with("offtime", crob.off_ms)
            .with("status_code", crob.status.code()),
        Value::Time(time_ms) => object.with("timestamp", time_ms),
        Value::Schedule { start_ms, interval, .. } if header.variation == 2 => {
            object.with("timestamp", start_ms).with("interval", interval)
        }
        Value::Schedule { start_ms, interval, unit } => object
            .with("timestamp", start_ms)
            .with("interval_count", interval)
            .with("interval_units", unit),
        Value::Delay(ms) if header.variation == 1 => {
            object.with("delay_secs", ms.checked_div(1_000).unwrap_or(0))
        }
        Value::Delay(ms) => object.with("delay_ms", ms),
        Value::Statistic { association, count } => {
            object.with("association_id", association).with("count_value", count)
        }
        Value::Octets(&[fill, of_group, of_variation]) if group == 81 => object
            .with("fill_percentage", fill & 0x7f)
            .with("overflow_state", fill >> 7)
            .with("group", of_group)
            .with("variation", of_variation),
        Value::Auth(auth) => authentication(object, auth),
        Value::Absent | Value::Bcd(_) | Value::Octets(_) | Value::Attribute(_) | Value::File(_) => {
            object
        }
    }
}

fn number(object: Object, group: u8, number: Json, status: Option<u8>) -> Object {
    match group {
        20..=23 => object.with("count", number),
        34 => object.with("deadband_value", number),
        41 => object.with("value", number).maybe("control_status", status),
        43 => object.maybe("status_code", status).with("commanded_value", number),
        _ => object.with("value", number),
    }
}

fn authentication(object: Object, auth: Auth<'_>) -> Object {
    match auth {
        Auth::Challenge { sequence, user, .. }
        | Auth::Reply { sequence, user, .. }
        | Auth::AggressiveRequest { sequence, user }
        | Auth::Error { sequence, user, .. } => object.with("csq", sequence).with("usr", user),
        Auth::KeyStatus { sequence, user, .. } | Auth::KeyChange { sequence, user, .. } => {
            object.with("ksq", sequence).with("usr", user)
        }
        Auth::KeyStatusRequest { user } => object.with("usr", user),
    }
}
