//! One alert, with everything that is known about it.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use super::text::{outcomes, short};
use crate::alert::Alert;

/// An alert in full, a row for each thing that is known, `width` columns wide where that is known.
#[must_use]
pub fn full(alert: &Alert, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic).force_no_tty();
    if let Some(width) = width {
        table.set_width(width);
    }
    for (name, value) in rows(alert) {
        if !value.is_empty() {
            table.add_row([name.to_owned(), named(alert, &value)]);
        }
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    text
}

fn rows(alert: &Alert) -> Vec<(&'static str, String)> {
    let state = if alert.last { "closed" } else { "open" };
    let surprise = if alert.hard {
        "needs no learning".to_owned()
    } else {
        format!("{:.1} bits", alert.surprise_bits)
    };
    let acts = if alert.count == 1 { "act" } else { "acts" };
    vec![
        ("alert", format!("{}, revision {}, {state}", alert.id, alert.revision)),
        ("severity", alert.severity.to_string()),
        ("kind", format!("{} ({surprise})", alert.kind)),
        ("what", alert.what.clone()),
        ("because", alert.because.clone()),
        ("normal if", alert.normal_if.clone()),
        ("first", short(alert.time)),
        ("last", short(alert.last_time)),
        ("count", format!("{} {acts}", alert.count)),
        ("outcome", outcomes(alert)),
        ("actor", alert.actor.to_string()),
        ("client", client(alert)),
        ("server", with_mac(alert.device(), alert.server_mac.as_deref())),
        ("function", format!("{} {} ({})", alert.protocol, alert.function, alert.function_code)),
        ("points", alert.points.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        ("targets", targets(alert)),
        ("findings", findings(alert)),
        ("techniques", techniques(alert)),
        ("packets", packets(alert)),
        ("not seen", not_seen(alert)),
        ("baseline", alert.baseline.clone().unwrap_or_else(|| "still being learned".to_owned())),
        ("origin", alert.origin.to_string()),
    ]
}

/// A row with names beside addresses, in each line anew.
fn named(alert: &Alert, row: &str) -> String {
    row.lines().map(|line| alert.named(line)).collect::<Vec<_>>().join("\n")
}

fn client(alert: &Alert) -> String {
    let master = alert.dnp3_source.map(|address| format!(" (master {address})"));
    with_mac(
        format!("{}{}", alert.client_ip, master.unwrap_or_default()),
        alert.client_mac.as_deref(),
    )
}

fn with_mac(text: String, mac: Option<&str>) -> String {
    match mac {
        Some(mac) => format!("{text}, {mac}"),
        None => text,
    }
}

fn targets(alert: &Alert) -> String {
    let total = alert.targets_total.map(|total| format!("{total} in all"));
    alert.devices().chain(total).collect::<Vec<_>>().join("\n")
}

fn findings(alert: &Alert) -> String {
    let lines: Vec<String> = alert
        .findings
        .iter()
        .map(|finding| {
            let (detector, kind, bits) = (&finding.detector, &finding.kind, finding.surprise_bits);
            format!("{kind} ({detector}, {bits:.1} bits): {}", finding.because)
        })
        .collect();
    lines.join("\n")
}

fn techniques(alert: &Alert) -> String {
    let lines: Vec<String> = alert
        .techniques
        .iter()
        .map(|technique| format!("{} {} ({})", technique.id, technique.name, technique.matrix))
        .collect();
    lines.join("\n")
}

/// All packets, by capture.
fn packets(alert: &Alert) -> String {
    let first = (alert.capture.as_deref(), &alert.packets);
    let further = alert.further_packets.iter().map(|more| (Some(&*more.capture), &more.packets));
    let lines: Vec<String> = core::iter::once(first)
        .chain(further)
        .map(|(capture, packets)| {
            let packets: Vec<String> = packets.iter().map(ToString::to_string).collect();
            let packets = packets.join(" ");
            capture.map_or(packets.clone(), |capture| format!("{capture}: {packets}"))
        })
        .collect();
    lines.join("\n")
}

fn not_seen(alert: &Alert) -> String {
    let seen = alert.seen;
    let mut parts = Vec::new();
    if seen.lost_octets > 0 {
        parts.push(format!("{} octets lost in gaps", seen.lost_octets));
    }
    if seen.dropped_packets > 0 {
        parts.push(format!("{} packets dropped up to then", seen.dropped_packets));
    }
    if seen.one_way {
        parts.push("one of the two directions".to_owned());
    }
    if parts.is_empty() { "nothing is known to be missing".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{FurtherPackets, Seen, sample};

    #[test]
    fn everything_that_is_known_has_a_row() {
        let alert = Alert {
            last: true,
            further_packets: vec![FurtherPackets { capture: "b.pcap".into(), packets: vec![4, 9] }],
            seen: Seen { lost_octets: 12, dropped_packets: 0, one_way: true },
            ..sample()
        };
        let text = full(&alert, Some(100));
        for line in [
            " because     20 bits of new-writer",
            " normal if   it were normal",
            " first       1970-01-01 00:01:00.000",
            " count       1 act",
            " server      10.0.0.21 unit 1",
            " function    modbus write_single_register (6)",
            " points      holding-register 10 = 7",
            " targets     10.0.0.21 unit 1",
            " findings    new-writer (d, 20.0 bits): 20 bits of new-writer",
            " techniques  T0848 Rogue Master (ics-attack 18.1)",
            " packets     a.pcap: 1",
            "             b.pcap: 4 9",
            " not seen    12 octets lost in gaps, one of the two directions",
        ] {
            assert!(text.lines().any(|found| found == line), "no `{line}` in\n{text}");
        }
        assert!(text.starts_with(&format!(" alert       {}, revision 0, closed\n", alert.id)));
    }
}
