//! DNP3 fragments, by the encoders of gridtap-captures and a table of the common layouts.

use gridtap_captures::dnp3::fragment::{Iin, fragment};
use gridtap_captures::dnp3::{Crob, Header, time};
use gridtap_parsers::dnp3::{Fragment, ObjectHeader, Point, Range, Value};

/// A fragment that says what `said` says up to the first header whose objects are not in the table, and how many
/// headers that are.
pub(crate) fn fragment_of(said: &Fragment<'_>) -> (Vec<u8>, usize) {
    let mut base_ms = None;
    let mut headers = Vec::new();
    for header in said.objects.headers() {
        let Some(anew) = header_of(&header, base_ms) else { break };
        headers.push(anew);
        if let (51, Some(Point { value: Value::Time(ms), .. })) =
            (header.group, header.points().last())
        {
            base_ms = Some(ms);
        }
    }
    let iin = said.iin.map(|iin| Iin(iin.0));
    let octets = fragment(said.control.0, said.function.code(), iin, &headers);
    (octets, headers.len())
}

fn header_of(said: &ObjectHeader<'_>, base_ms: Option<u64>) -> Option<Header> {
    let &ObjectHeader { group, variation, qualifier, range, .. } = said;
    let width = |specifier: u8| match specifier {
        0 | 7 => 1,
        1 | 8 => 2,
        _ => 4,
    };
    let number = |number: u32, width: usize| {
        let octets = number.to_le_bytes();
        octets.get(..width).unwrap_or_default().to_vec()
    };
    let octets = match (range, qualifier & 0x0f) {
        (Range::StartStop { start, stop }, specifier @ 0..=2) => {
            [number(start, width(specifier)), number(stop, width(specifier))].concat()
        }
        (Range::Count(count), specifier @ 7..=9) => number(count, width(specifier)),
        (Range::All, 6) => Vec::new(),
        _ => return None,
    };
    let prefix = match qualifier >> 4 & 0x07 {
        0 => 0,
        1 => 1,
        2 => 2,
        3 => 4,
        _ => return None,
    };
    let mut anew = Header::raw(group, variation, qualifier, &octets);
    let layout = layout(group, variation);
    // Cut objects are not told.
    let told = u32::try_from(said.points().count()).ok()?;
    if prefix > 0 && told < said.count() {
        return None;
    }
    for point in said.points() {
        if prefix > 0 {
            anew = anew.with(&number(point.index?, prefix));
        }
        // A string of no octets has an index and nothing else.
        let empty = matches!(point.value, Value::Octets([])) && variation == 0;
        if empty || matches!(point, Point { value: Value::Absent, flags: None, .. }) {
            continue;
        }
        for field in layout? {
            anew = anew.with(&octets_of(*field, &point, base_ms)?);
        }
    }
    Some(anew)
}

/// A field of an object: flags, a number with its octets, a time, what became of a command.
#[derive(Clone, Copy, Debug)]
enum Field {
    Flags,
    Unsigned(usize),
    Signed(usize),
    Single,
    Double,
    Time,
    Since,
    Clock,
    Milliseconds,
    Status,
    Crob,
}

/// What the objects of a group and variation are made of.
fn layout(group: u8, variation: u8) -> Option<&'static [Field]> {
    use Field::{
        Clock, Crob, Double, Flags, Milliseconds, Signed, Since, Single, Status, Time, Unsigned,
    };
    Some(match (group, variation) {
        (1 | 3 | 10, 2) | (2 | 4 | 11, 1) => &[Flags],
        (2 | 4 | 11, 2) => &[Flags, Time],
        (2 | 4, 3) => &[Flags, Since],
        (20..=23, 1) => &[Flags, Unsigned(4)],
        (20..=23, 2) => &[Flags, Unsigned(2)],
        (20, 5) | (21, 9) => &[Unsigned(4)],
        (20, 6) | (21, 10) => &[Unsigned(2)],
        (21..=23, 5) => &[Flags, Unsigned(4), Time],
        (21..=23, 6) => &[Flags, Unsigned(2), Time],
        (30 | 32 | 40 | 42, 1) => &[Flags, Signed(4)],
        (30 | 32 | 40 | 42, 2) => &[Flags, Signed(2)],
        (30, 3) => &[Signed(4)],
        (30, 4) => &[Signed(2)],
        (32 | 42, 3) => &[Flags, Signed(4), Time],
        (32 | 42, 4) => &[Flags, Signed(2), Time],
        (30 | 32 | 42, 5) | (40, 3) => &[Flags, Single],
        (30 | 32 | 42, 6) | (40, 4) => &[Flags, Double],
        (32 | 42, 7) => &[Flags, Single, Time],
        (32 | 42, 8) => &[Flags, Double, Time],
        (41, 1) => &[Signed(4), Status],
        (41, 2) => &[Signed(2), Status],
        (41, 3) => &[Single, Status],
        (41, 4) => &[Double, Status],
        (12, 1) => &[Crob],
        (50, 1) | (51, 1 | 2) => &[Clock],
        (52, 2) => &[Milliseconds],
        _ => return None,
    })
}

fn octets_of(field: Field, point: &Point<'_>, base_ms: Option<u64>) -> Option<Vec<u8>> {
    let first = |octets: &[u8], count| octets.get(..count).map(<[u8]>::to_vec);
    match (field, point.value) {
        (Field::Flags, _) => Some(vec![point.flags?]),
        (Field::Unsigned(count), Value::Unsigned(value)) => first(&value.to_le_bytes(), count),
        (Field::Signed(count), Value::Signed(value)) => first(&value.to_le_bytes(), count),
        (Field::Single, Value::Float(value)) => Some(single(value)?.to_le_bytes().to_vec()),
        (Field::Double, Value::Float(value)) => Some(value.to_le_bytes().to_vec()),
        (Field::Time, _) => Some(time(point.time_ms?).to_vec()),
        (Field::Since, _) => {
            let since = point.time_ms?.checked_sub(base_ms?)?;
            Some(u16::try_from(since).ok()?.to_le_bytes().to_vec())
        }
        (Field::Clock, Value::Time(ms)) => Some(time(ms).to_vec()),
        (Field::Milliseconds, Value::Delay(ms)) => {
            Some(u16::try_from(ms).ok()?.to_le_bytes().to_vec())
        }
        (Field::Status, _) => Some(vec![point.status?.code()]),
        (Field::Crob, Value::Crob(said)) => {
            let control = said.control_code();
            let (count, on_ms, off_ms) = (said.count, said.on_ms, said.off_ms);
            Some(Crob { control, count, on_ms, off_ms, status: said.status.code() }.octets())
        }
        _ => None,
    }
}

/// The single-precision number that `value` was.
fn single(value: f64) -> Option<f32> {
    // No library function narrows a float without a cast; its text has all its digits.
    if value.is_nan() { None } else { value.to_string().parse().ok() }
}
