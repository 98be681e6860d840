//! A first look at captures: how long they are, what their digests are, and when labelled packets came.

use foldhash::HashMap;
use gridtap_models::event::PacketRef;

use super::labels::{Labels, Rows};
use super::spans::Spans;
use super::truth::LabelSet;
use crate::source::{Merged, Source, SourceError, Step};

/// What was seen of the captures.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Each capture, in the order of the command line.
    pub captures: Vec<Surveyed>,
    /// When labelled packets were captured, in nanoseconds since 1970 UTC.
    pub times: HashMap<PacketRef, u64>,
}

/// What was seen of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surveyed {
    /// How many packets it has, whether or not a filter lets them pass.
    pub packets: u64,
    /// From when to when its packets that were read are, in nanoseconds since 1970 UTC.
    pub span_ns: Option<(u64, u64)>,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
}

impl Survey {
    /// Reads captures that were opened for their digests to their ends.
    ///
    /// # Errors
    ///
    /// If a file cannot be read to its end.
    pub fn of(source: &mut Merged, sets: &[LabelSet]) -> Result<Self, SourceError> {
        let mut survey =
            Self { captures: vec![Surveyed::default(); sets.len()], ..Self::default() };
        // Packets of a file come in the order of their numbers, and so do its labels.
        let mut wanted: Vec<_> = sets.iter().map(|set| numbers(set).peekable()).collect();
        while source.advance() == Step::Packet {
            let packet = source.packet();
            let place = usize::from(packet.capture);
            if let Some(it) = survey.captures.get_mut(place) {
                let (first, last) = it.span_ns.unwrap_or((packet.time_ns, packet.time_ns));
                it.span_ns = Some((first.min(packet.time_ns), last.max(packet.time_ns)));
            }
            let Some(wanted) = wanted.get_mut(place) else { continue };
            while wanted.next_if(|number| *number < packet.number).is_some() {}
            if wanted.next_if_eq(&packet.number).is_some() {
                let packet_ref = PacketRef { capture: packet.capture, number: packet.number };
                survey.times.insert(packet_ref, packet.time_ns);
            }
        }
        for (file, it) in source.files_mut().iter_mut().zip(&mut survey.captures) {
            it.packets = file.progress().packets;
            it.digest = file.digest()?.unwrap_or_default();
        }
        Ok(survey)
    }

    /// The time that the captures cover, together.
    #[must_use]
    pub fn covered(&self) -> Spans {
        Spans::of(self.captures.iter().filter_map(|it| it.span_ns).collect())
    }

    /// Time of the earliest and of the latest packet, in nanoseconds since 1970 UTC.
    #[must_use]
    pub fn span_ns(&self) -> Option<(u64, u64)> {
        let spans = self.captures.iter().filter_map(|it| it.span_ns);
        spans.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    }
}

/// The numbers of the labelled packets of a capture, in order.
fn numbers(set: &LabelSet) -> impl Iterator<Item = u64> {
    let rows = match &set.packets {
        Some(Labels { rows: Rows::Packets(rows), .. }) => rows.as_slice(),
        Some(Labels { rows: Rows::Windows(_), .. }) | None => &[],
    };
    rows.iter().map(|row| row.packet)
}
