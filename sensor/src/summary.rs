//! What was seen, what could not be read and why, and what was lost: for people.

use core::cmp::Reverse;
use core::fmt::Write;
use std::collections::BTreeMap;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use gridtap_parsers::{Direction, Kind};
use indicatif::{HumanBytes, HumanCount};

use crate::counters::Counters;
use crate::when::{Moment, Span};

/// Functions that have a row of their own; the rest share one.
const FUNCTIONS: usize = 24;

/// The summary as text, some thirty lines.
#[must_use]
pub fn text(counters: &Counters) -> String {
    let mut text = String::new();
    heading(counters, &mut text);
    messages(counters, &mut text);
    elsewhere(counters, &mut text);
    unread(counters, &mut text);
    packets(counters, &mut text);
    lost(counters, &mut text);
    text
}

fn heading(counters: &Counters, text: &mut String) {
    let decode = &counters.decode;
    let _ = write!(
        text,
        "Read {} packets ({})",
        HumanCount(decode.packets),
        HumanBytes(decode.octets),
    );
    if let Some((first, last)) = counters.span_ns() {
        let span = Span::from_ns(last.saturating_sub(first));
        let _ = write!(text, " over {span}, from {} on", Moment(first));
    }
    let _ = writeln!(
        text,
        ".\n{} conversations in {} flows.",
        HumanCount(counters.conversations),
        HumanCount(counters.flow.flows),
    );
}

fn messages(counters: &Counters, text: &mut String) {
    if counters.messages.is_empty() {
        text.push_str("No message of Modbus or DNP3.\n");
        return;
    }
    // Requests and responses side by side: a function that is never answered shows.
    // Functions without a name share a row: a scan has a hundred of them.
    let mut rows: BTreeMap<(&str, Option<u8>, &str), [u64; 3]> = BTreeMap::new();
    for ((protocol, direction, name, code), count) in &counters.messages {
        let named = *name != "unknown";
        let row = rows.entry((protocol, named.then_some(*code), name)).or_default();
        let [requests, responses, others] = row;
        let cell = match direction {
            Direction::Request => requests,
            Direction::Response => responses,
            Direction::Unsolicited | Direction::Link => others,
        };
        *cell = cell.saturating_add(*count);
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by_key(|((protocol, ..), counts)| (*protocol, Reverse(counts.iter().sum::<u64>())));
    let rest = rows.split_off(rows.len().min(FUNCTIONS));

    let mut table = Table::new();
    table.load_style(NOTHING).force_no_tty();
    table.set_header(["protocol", "function", "requests", "responses", "other"]);
    for ((protocol, _, name), counts) in rows {
        table.add_row(row(protocol.to_owned(), name.to_owned(), counts));
    }
    if !rest.is_empty() {
        let sums = rest.iter().fold([0_u64; 3], |[a, b, c], (_, [x, y, z])| {
            [a.saturating_add(*x), b.saturating_add(*y), c.saturating_add(*z)]
        });
        table.add_row(row(String::new(), format!("({} more functions)", rest.len()), sums));
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let _ = writeln!(text, "{}", table.trim_fmt());
}

fn row(protocol: String, function: String, counts: [u64; 3]) -> [String; 5] {
    let shown = counts.map(|n| if n == 0 { String::new() } else { HumanCount(n).to_string() });
    let [requests, responses, others] = shown;
    [protocol, function, requests, responses, others]
}

fn elsewhere(counters: &Counters, text: &mut String) {
    for (protocol, flows) in &counters.found_flows {
        let _ = writeln!(
            text,
            "Found by what they say, not on {protocol}'s port: {} flows of {protocol}.",
            HumanCount(*flows),
        );
    }
}

fn unread(counters: &Counters, text: &mut String) {
    for (kind, label) in [
        (Kind::Malformed, "Malformed"),
        (Kind::Short, "Cut short"),
        (Kind::Unsupported, "Not supported"),
    ] {
        let of_kind: Vec<String> = counters
            .errors
            .iter()
            .filter(|((_, class), _)| class.kind() == kind)
            .map(|((protocol, class), n)| format!("{protocol} {} {}", class.slug(), HumanCount(*n)))
            .collect();
        if !of_kind.is_empty() {
            let _ = writeln!(text, "{label}: {}.", of_kind.join(", "));
        }
    }
    for (protocol, octets) in &counters.foreign_octets {
        let flows = counters.foreign_flows.get(protocol).copied().unwrap_or(0);
        let _ = writeln!(
            text,
            "On {protocol}'s port but not {protocol}: {} octets; {} flows without any message of it.",
            HumanCount(*octets),
            HumanCount(flows),
        );
    }
    for (protocol, flows) in &counters.encrypted_flows {
        let octets = counters.encrypted_octets.get(protocol).copied().unwrap_or(0);
        let _ = writeln!(
            text,
            "Encrypted {protocol}, not seen into: {} octets in {} flows.",
            HumanCount(octets),
            HumanCount(*flows),
        );
    }
}

/// What the packets were, other than plain and lost.
fn packets(counters: &Counters, text: &mut String) {
    let decode = &counters.decode;
    let figures = [
        ("without IP", decode.not_ip),
        ("without TCP or UDP", decode.other_transport),
        ("seen twice and read once", decode.twins),
        ("sent twice by HSR or PRP and read once", decode.redundant),
        ("in tunnels", decode.tunnelled),
        ("only like tunnels from outside", decode.bad_tunnels),
        ("with more tunnels than are opened", decode.deep_tunnels),
        ("with other octets for what came before in fragments", decode.overlapping_fragments),
        ("with other octets for what came before in a stream", counters.flow.conflicting_segments),
        ("of senders that did not send what the other end had", counters.flow.disowned_segments),
        ("with wrong checksums", decode.bad_checksums),
        ("shorter than they say", decode.truncated),
    ];
    let named = named(&figures);
    if !named.is_empty() {
        let _ = writeln!(text, "Among the packets: {named}.");
    }
    if decode.reassembled > 0 {
        let (whole, parts) = (HumanCount(decode.reassembled), HumanCount(decode.fragments));
        let _ = writeln!(text, "{whole} datagrams came in fragments; {parts} waited for others.");
    }
}

fn lost(counters: &Counters, text: &mut String) {
    let (decode, flow) = (&counters.decode, &counters.flow);
    let figures = [
        ("octets lost in gaps", flow.lost_octets),
        ("one-way flows", flow.one_way),
        ("flows pushed out", flow.evicted),
        ("requests pushed out", counters.pending_requests),
        ("segments of flows not probed for protocols", counters.probe_flows),
        ("packets cut by the capture", decode.cut),
        ("packets cut within their headers", decode.cut_headers),
        ("packets with unreadable headers", decode.malformed),
        ("packets of unknown link types", decode.unknown_link),
        ("fragments without the rest", decode.expired_fragments),
        ("fragments pushed out", decode.evicted_fragments),
        ("packets dropped by queues", counters.queue_dropped),
        ("episodes closed early", counters.episodes),
    ];
    let named = named(&figures);
    if named.is_empty() {
        text.push_str("Nothing lost.\n");
    } else {
        let _ = writeln!(text, "Lost or not seen: {named}.");
    }
}

/// The figures that are not 0, with their names.
fn named(figures: &[(&str, u64)]) -> String {
    let named = figures.iter().filter(|(_, count)| *count > 0);
    let named: Vec<_> =
        named.map(|(name, count)| format!("{} {name}", HumanCount(*count))).collect();
    named.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    #[test]
    fn what_became_of_packets_is_said_only_where_it_happened() {
        let nothing = text(&Counters::default());
        assert!(nothing.ends_with("No message of Modbus or DNP3.\nNothing lost.\n"), "{nothing}");
        let decode = decode::Counters {
            fragments: 9,
            reassembled: 2,
            twins: 1_200,
            expired_fragments: 3,
            ..decode::Counters::default()
        };
        let said = text(&Counters { decode, ..Counters::default() });
        let expected = "Among the packets: 1,200 seen twice and read once.\n\
            2 datagrams came in fragments; 9 waited for others.\n\
            Lost or not seen: 3 fragments without the rest.\n";
        assert!(said.ends_with(expected), "{said}");
    }
}
