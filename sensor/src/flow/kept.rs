//! What came before its turn: segments behind a gap, copied and kept in the order of the stream.

use std::collections::VecDeque;

use super::marks::Mark;
use super::recent::{Differing, difference};
use super::sequence::{length, octets};

/// A stretch of a side's stream.
#[derive(Debug)]
pub(super) struct Piece {
    /// Place of its first octet.
    pub(super) place: u64,
    pub(super) octets: Vec<u8>,
    /// Octets behind them that the capture cut off.
    pub(super) cut: u64,
    /// Whether the stream ends behind it.
    pub(super) fin: bool,
    pub(super) mark: Mark,
}

impl Piece {
    /// Place behind its last octet, cut or not.
    pub(super) fn end(&self) -> u64 {
        self.place.saturating_add(octets(self.octets.len())).saturating_add(self.cut)
    }
}

/// The pieces of one side that wait for what is missing before them. They never overlap: of two
/// copies of an octet the first one stays.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pieces: VecDeque<Piece>,
    octets: usize,
    /// Arrival of the oldest piece.
    oldest_ns: Option<u64>,
}

impl Kept {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }

    pub(super) fn octets(&self) -> usize {
        self.octets
    }

    /// When the piece that waits longest came.
    pub(super) fn oldest_ns(&self) -> Option<u64> {
        self.oldest_ns
    }

    /// Where the first piece begins.
    #[inline]
    pub(super) fn begin(&self) -> Option<u64> {
        self.pieces.front().map(|piece| piece.place)
    }

    /// Takes the first piece out.
    pub(super) fn pop(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front()?;
        self.octets = self.octets.saturating_sub(piece.octets.len());
        if self.oldest_ns == Some(piece.mark.time_ns) {
            self.oldest_ns = self.pieces.iter().map(|piece| piece.mark.time_ns).min();
        }
        Some(piece)
    }

    /// Copies the parts of a stretch that are not kept yet, and says what was.
    pub(super) fn insert(
        &mut self,
        place: u64,
        payload: &[u8],
        cut: u64,
        fin: bool,
        mark: Mark,
    ) -> Again {
        let payload_end = place.saturating_add(octets(payload.len()));
        let end = payload_end.saturating_add(cut);
        let part = |from: u64, to: u64| Piece {
            place: from,
            octets: payload
                .get(length(from.saturating_sub(place))..)
                .map(|rest| rest.get(..length(to.saturating_sub(from))).unwrap_or(rest).to_vec())
                .unwrap_or_default(),
            cut: to.saturating_sub(from.max(payload_end)),
            fin: false,
            mark,
        };

        let mut again = Again::default();
        let mut cursor = place;
        let mut index = self.pieces.partition_point(|piece| piece.end() <= place);
        while cursor < end {
            let next = self.pieces.get(index).map(|piece| (piece.place, piece.end()));
            let (begin, next_end) = next.filter(|next| next.0 < end).unwrap_or((end, end));
            if begin > cursor {
                self.put(index, part(cursor, begin));
                index = index.saturating_add(1);
                cursor = begin;
            }
            again.octets = again.octets.saturating_add(next_end.min(end).saturating_sub(cursor));
            if let Some(piece) = self.pieces.get_mut(index) {
                let differing = compare(piece, place, payload, mark);
                again.differing = again.differing.or(differing);
            }
            cursor = cursor.max(next_end);
            index = index.saturating_add(1);
        }
        if fin {
            self.insert_fin(end, mark);
        }
        again
    }

    /// Keeps the end of a stream as a piece without octets, unless octets on both sides of it
    /// came together.
    fn insert_fin(&mut self, place: u64, mark: Mark) {
        let index = self.pieces.partition_point(|piece| piece.place < place);
        let before = index.checked_sub(1).and_then(|before| self.pieces.get(before));
        let inside = before.is_some_and(|piece| piece.end() > place);
        let known = self.pieces.get(index).is_some_and(|piece| piece.place == place && piece.fin);
        if !inside && !known {
            self.put(index, Piece { place, octets: Vec::new(), cut: 0, fin: true, mark });
        }
    }

    fn put(&mut self, index: usize, piece: Piece) {
        self.octets = self.octets.saturating_add(piece.octets.len());
        let came = piece.mark.time_ns;
        self.oldest_ns = Some(self.oldest_ns.map_or(came, |oldest| oldest.min(came)));
        self.pieces.insert(index, piece);
    }
}

/// What was kept already of a stretch that came.
#[derive(Debug, Default)]
pub(super) struct Again {
    /// How many octets of it.
    pub(super) octets: u64,
    /// Where the two copies are not the same, the first of such places.
    pub(super) differing: Option<Differing>,
}

/// Compares a piece with a stretch that came later. A keep-alive that came before the segment whose
/// last octet it repeats, with any octet in its place, is made good.
fn compare(piece: &mut Piece, place: u64, payload: &[u8], mark: Mark) -> Option<Differing> {
    let skip = length(piece.place.saturating_sub(place));
    let again = payload.get(skip..)?;
    let from = length(place.saturating_sub(piece.place));
    let difference = difference(place.max(piece.place), piece.octets.get(from..)?, again)?;
    if let ([first], [last]) = (piece.octets.as_mut_slice(), again)
        && payload.len() > 1
    {
        *first = *last;
        return None;
    }
    let is_keep_alive = payload.len() == 1 && difference.span.end == piece.end();
    let differing =
        Differing { difference, first: Some(piece.mark), again: mark, single: payload.len() == 1 };
    (!is_keep_alive).then_some(differing)
}

#[cfg(test)]
mod tests {
    use gridtap_models::event::PacketRef;

    use super::*;

    fn mark(time_ns: u64) -> Mark {
        Mark { packet: PacketRef { capture: 0, number: time_ns }, time_ns }
    }

    fn insert(kept: &mut Kept, place: u64, text: &str, cut: u64) -> u64 {
        kept.insert(place, text.as_bytes(), cut, false, mark(place)).octets
    }

    fn drain(kept: &mut Kept) -> Vec<(u64, String, u64)> {
        core::iter::from_fn(|| kept.pop())
            .map(|piece| (piece.place, String::from_utf8(piece.octets).unwrap(), piece.cut))
            .collect()
    }

    fn row(place: u64, text: &str, cut: u64) -> (u64, String, u64) {
        (place, text.to_owned(), cut)
    }

    #[test]
    fn the_first_copy_of_an_octet_stays() {
        let mut kept = Kept::default();
        assert_eq!(insert(&mut kept, 10, "abcd", 0), 0);
        assert_eq!(insert(&mut kept, 20, "efgh", 0), 0);
        assert_eq!(insert(&mut kept, 8, "0123456789ABCDEFGH", 0), 8);
        let expected = [
            row(8, "01", 0),
            row(10, "abcd", 0),
            row(14, "6789AB", 0),
            row(20, "efgh", 0),
            row(24, "GH", 0),
        ];
        assert_eq!(kept.octets(), 18);
        assert_eq!(drain(&mut kept), expected);
        assert_eq!(kept.octets(), 0);
        assert_eq!(kept.oldest_ns(), None);
    }

    #[test]
    fn what_was_cut_off_keeps_its_place() {
        let mut kept = Kept::default();
        assert_eq!(insert(&mut kept, 14, "xy", 0), 0);
        assert_eq!(insert(&mut kept, 10, "ab", 8), 2);
        assert_eq!(drain(&mut kept), [row(10, "ab", 2), row(14, "xy", 0), row(16, "", 4)]);
    }

    #[test]
    fn the_end_of_a_stream_is_kept_once_and_behind_its_octets() {
        let mut kept = Kept::default();
        kept.insert(10, b"ab", 0, true, mark(1));
        kept.insert(10, b"ab", 0, true, mark(2));
        kept.insert(12, b"more", 0, false, mark(3));
        assert_eq!(kept.pieces(), 3);
        assert_eq!(drain(&mut kept), [row(10, "ab", 0), row(12, "", 0), row(12, "more", 0)]);
    }

    #[test]
    fn the_oldest_arrival_is_known_while_pieces_come_and_go() {
        let mut kept = Kept::default();
        kept.insert(30, b"c", 0, false, mark(1));
        kept.insert(20, b"b", 0, false, mark(2));
        kept.insert(10, b"a", 0, false, mark(3));
        assert_eq!(kept.oldest_ns(), Some(1));
        kept.pop();
        assert_eq!(kept.oldest_ns(), Some(1));
        kept.pop();
        kept.pop();
        assert_eq!(kept.oldest_ns(), None);
    }
}
