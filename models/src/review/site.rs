//! What is odd about devices, clients and hosts as a whole.

use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::HashMap;

use super::collect::{Collector, LISTED, Piece};
use super::support::burst;
use crate::detectors::conformance;
use crate::event::Device;
use crate::ledger::{DeviceRecord, Pair, SEGMENT_NS, Segments, Tally, Time, is_seldom};
use crate::surprise::{self, Context};
use crate::words::counted;

/// Spans of a device that were read at one time only, from which on that is worth a line.
const SPANS: usize = 3;

/// A client that first commands after so many segments did without before: six hours.
const LATE: u64 = 36;

impl Collector<'_> {
    /// Spans that were read at one time only: somebody looked around.
    pub(super) fn reads(&mut self, device: &Device, record: &DeviceRecord) {
        let mut once: BTreeMap<u32, Vec<&Tally>> = BTreeMap::new();
        let heard = self.ledger.device(device).and_then(|sum| sum.pace.requests.as_ref());
        let heard = heard.map_or(0, |tally| tally.segments().count());
        for tally in record.reads.values() {
            if let Some(segment) =
                burst(tally).filter(|_| is_seldom(tally.segments().count(), heard))
            {
                once.entry(segment).or_default().push(tally);
            }
        }
        for (segment, spans) in once {
            let Some(first) = spans.first().filter(|_| spans.len() >= SPANS) else { continue };
            let clients: Vec<IpAddr> = self.there(device, segment);
            let named = clients.iter().take(LISTED).map(IpAddr::to_string).collect::<Vec<_>>();
            let seldom = clients.iter().find(|client| self.actors.is_seldom(**client));
            let context = Context { events: heard, distinct: 1 };
            let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
            self.put(
                seldom.copied().unwrap_or(device.server),
                Piece {
                    kind: "seldom-reads",
                    surprise: Some(surprise::bits(context.novel())),
                    tally: first,
                    because: format!(
                        "{} of {device} were read then and never else in {}; there were {}",
                        counted(count, "span"),
                        counted(heard, "segment"),
                        named.join(", "),
                    ),
                    line: format!("  read (device {} {device})", device.protocol),
                    normal_if: format!(
                        "what was read of {device} at {} is normal",
                        Time(u64::from(segment).saturating_mul(SEGMENT_NS)).minute(),
                    ),
                    acts: Vec::new(),
                },
            );
        }
    }

    /// The clients that asked a device something in this segment.
    fn there(&self, device: &Device, segment: u32) -> Vec<IpAddr> {
        let with = self.ledger.conversations_with(device).iter();
        let there = with.filter(|talk| {
            let record = self.ledger.conversation(talk);
            record.is_some_and(|record| record.tally().segments().hold(segment))
        });
        let mut clients: Vec<IpAddr> = there.map(|talk| talk.client).collect();
        clients.dedup();
        clients
    }

    /// Rules that were broken, and seldom: later that passes for the device's way.
    pub(super) fn marks(&mut self, device: &Device, record: &DeviceRecord) {
        let asked = self.ledger.device(device).and_then(|sum| sum.pace.requests.as_ref());
        let Some(heard) = asked.map(Tally::segments) else { return };
        for (mark, tally) in &record.quirks {
            if !conformance::is_hard(*mark) || !tally.segments().are_seldom(heard) {
                continue;
            }
            self.put(
                device.server,
                Piece {
                    kind: mark.word(),
                    surprise: None,
                    tally,
                    because: format!(
                        "{mark} was seen {} with {device}, in {} of {}",
                        counted(tally.count(), "time"),
                        tally.segments().count(),
                        counted(heard.count(), "segment"),
                    ),
                    line: format!("  quirk {mark} (device {} {device})", device.protocol),
                    normal_if: format!("{mark} is normal with {device}"),
                    acts: Vec::new(),
                },
            );
        }
    }

    pub(super) fn clients(&mut self) {
        let whole = self.ledger.pace().requests.clone();
        let Some(whole) = whole else { return };
        let mut pieces: Vec<(IpAddr, &'static str, String, String)> = Vec::new();
        for (client, actor) in self.actors.each() {
            if self.ledger.serves(client) {
                let because = format!(
                    "{client} answers others, and asked in {} of {}",
                    actor.segments,
                    counted(self.actors.segments, "segment"),
                );
                let normal_if = format!("{client} is known to be both client and server");
                pieces.push((*client, "role-inversion", because, normal_if));
            }
            if let Some(alike) = self.actors.role_of_its_own(*client)
                && self.actors.is_seldom(*client)
            {
                let because = format!(
                    "what {client} does has {:.0} % in common with what any client does that is often there",
                    alike * 100.0,
                );
                let normal_if = format!("{client} is known to have a role of its own");
                pieces.push((*client, "minority-actor", because, normal_if));
            }
            if let Some(before) = actor.before.filter(|before| *before >= LATE)
                && before > actor.segments / 2
            {
                let because = format!(
                    "{client} asked in {before} of {} before it commanded anything",
                    counted(actor.segments, "segment"),
                );
                let normal_if = format!("{client} is known to command");
                pieces.push((*client, "late-command", because, normal_if));
            }
        }
        for (client, kind, because, normal_if) in pieces {
            let line = format!("conversation * {client} -> *");
            let (surprise, acts) = (None, Vec::new());
            self.put(
                client,
                Piece { kind, surprise, tally: &whole, because, line, normal_if, acts },
            );
        }
    }

    /// Hardware addresses that a host seldom had.
    pub(super) fn hosts(&mut self) {
        for (host, macs) in self.ledger.hosts() {
            let heard = macs.values().map(|tally| tally.segments().count());
            let heard = heard.fold(0, u64::saturating_add);
            let distinct = u64::try_from(macs.len()).unwrap_or(u64::MAX);
            for (mac, tally) in macs {
                if macs.len() < 2 || !is_seldom(tally.segments().count(), heard) {
                    continue;
                }
                let context = Context { events: heard, distinct };
                self.put(
                    *host,
                    Piece {
                        kind: "seldom-mac",
                        surprise: Some(surprise::bits(context.novel())),
                        tally,
                        because: format!(
                            "{host} had {mac} in {}, and others in {}",
                            counted(tally.segments().count(), "segment"),
                            heard.saturating_sub(tally.segments().count()),
                        ),
                        line: format!("host {host} mac {mac}"),
                        normal_if: format!("{host} is known to have mac {mac} as well"),
                        acts: Vec::new(),
                    },
                );
            }
        }
    }

    /// Connections beside each other, of clients that seldom have any: it may be another machine with their address.
    pub(super) fn sessions(&mut self) {
        let mut heard: HashMap<Pair, &Segments> = HashMap::default();
        for (conversation, record) in self.ledger.conversations() {
            let segments = record.tally().segments();
            let most = heard.entry(conversation.pair()).or_insert(segments);
            if segments.count() > most.count() {
                *most = segments;
            }
        }
        for (pair, connections, tally) in self.ledger.all_at_once() {
            let Some(heard) = heard.get(&pair).filter(|all| tally.segments().are_seldom(all))
            else {
                continue;
            };
            let heard = heard.count();
            let Pair { client, server, .. } = pair;
            let at_once = format!("{connections} connections to {server} at once");
            self.put(
                client,
                Piece {
                    kind: "seldom-connection",
                    surprise: Some(surprise::bits(Context { events: heard, distinct: 1 }.novel())),
                    tally,
                    because: format!(
                        "{client} used {at_once} in {} of {}",
                        tally.segments().count(),
                        counted(heard, "segment"),
                    ),
                    line: format!("at_once {pair} connections {connections}"),
                    normal_if: format!("{client} is known to use {at_once}"),
                    acts: Vec::new(),
                },
            );
        }
    }
}
