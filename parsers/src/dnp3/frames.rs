//! One side's octets, cut into frames; whatever is damaged costs itself only.
//!
//! After damage the search for the next frame goes on right behind the start octets of the broken
//! one, not behind its end: a receiver does so too, and nobody can hide a frame from the sensor
//! inside one that is broken on purpose.

use core::ops::Range;

use super::frame::{self, Damage, Front};
use super::link::{HEADER_OCTETS, Header, MAX_USER_OCTETS};
use crate::error::ParseError;

/// The most octets of junk that are handed out at once, so that a stream that never gets in step
/// is heard of.
pub(crate) const MAX_STRETCH_OCTETS: usize = 4_096;

/// What is found in a stream. Together the spans cover it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// A frame whose CRCs are right.
    Frame { header: Header, user_data: &'a [u8], span: Range<u64> },
    /// Octets that are none. With a header, the frame it should have been.
    Damage { header: Option<Header>, error: ParseError, span: Range<u64> },
}

/// Cuts one side's octets into frames.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The beginning of a frame whose end has not come yet.
    tail: Vec<u8>,
    tail_at: u64,
    /// What was passed over just before.
    stretch: Option<Stretch>,
}

impl Frames {
    /// Reads the octets that follow those read before, and stand at `at`.
    pub(crate) fn feed(&mut self, octets: &[u8], at: u64, found: &mut impl FnMut(Piece<'_>)) {
        let (mut at, mut octets) = (at, octets);
        while !self.tail.is_empty() && !octets.is_empty() {
            let (more, rest) = octets.split_at(missing(&self.tail).min(octets.len()));
            self.tail.extend_from_slice(more);
            self.read_tail(false, found);
            at = at.saturating_add(width(more.len()));
            octets = rest;
        }
        let used = self.read(octets, at, false, found);
        let partial = octets.get(used..).unwrap_or_default();
        if !partial.is_empty() {
            self.tail.extend_from_slice(partial);
            self.tail_at = at.saturating_add(width(used));
        }
    }

    /// Ends the stream, or what there is of it before a gap.
    pub(crate) fn end(&mut self, found: &mut impl FnMut(Piece<'_>)) {
        self.read_tail(true, found);
        self.end_stretch(found);
    }

    fn read_tail(&mut self, last: bool, found: &mut impl FnMut(Piece<'_>)) {
        if self.tail.is_empty() {
            return;
        }
        let mut tail = core::mem::take(&mut self.tail);
        let used = self.read(&tail, self.tail_at, last, found);
        tail.drain(..used.min(tail.len()));
        self.tail_at = self.tail_at.saturating_add(width(used));
        self.tail = tail;
    }

    /// Reads `octets`. Returns how many it is done with: all but the beginning of a frame, or all
    /// if these are the `last` ones.
    fn read(
        &mut self,
        octets: &[u8],
        at: u64,
        last: bool,
        found: &mut impl FnMut(Piece<'_>),
    ) -> usize {
        let mut used = 0_usize;
        while let Some(left) = octets.get(used..).filter(|left| !left.is_empty()) {
            let here = at.saturating_add(width(used));
            let damage = match frame::front(left) {
                Front::Junk(junk) => {
                    let error = frame::NO_START;
                    self.pass(junk, Damage { header: None, error, octets: 0 }, here, found);
                    used = used.saturating_add(junk);
                    continue;
                }
                Front::Frame(header) => {
                    let mut buffer = [0; MAX_USER_OCTETS];
                    let octets = header.frame_octets();
                    match frame::user_data(header, left, &mut buffer) {
                        Ok(user_data) => {
                            self.end_stretch(found);
                            let span = here..here.saturating_add(width(octets));
                            found(Piece::Frame { header, user_data, span });
                            used = used.saturating_add(octets);
                            continue;
                        }
                        Err(error) => Damage { header: Some(header), error, octets },
                    }
                }
                Front::Partial { .. } if !last => break,
                Front::Partial { header, .. } => {
                    let error = frame::cut_short(left.len());
                    Damage { header, error, octets: left.len() }
                }
                Front::Damaged(damage) => damage,
            };
            if damage.header.is_some() {
                self.end_stretch(found);
            }
            let passed = left.len().min(START_OCTETS);
            self.pass(passed, damage, here, found);
            used = used.saturating_add(passed);
        }
        used
    }

    /// Passes over octets that are no frame because of `damage`, which opens a stretch or goes on
    /// with the one before.
    fn pass(&mut self, octets: usize, damage: Damage, at: u64, found: &mut impl FnMut(Piece<'_>)) {
        let stretch = self.stretch.get_or_insert_with(|| Stretch::new(damage, at));
        stretch.span.end = at.saturating_add(width(octets));
        while let Some(stretch) = &mut self.stretch
            && let Some(full) = stretch.split()
        {
            if stretch.span.is_empty() {
                self.stretch = None;
            }
            found(full);
        }
    }

    fn end_stretch(&mut self, found: &mut impl FnMut(Piece<'_>)) {
        if let Some(Stretch { header, error, span, .. }) = self.stretch.take() {
            found(Piece::Damage { header, error, span });
        }
    }
}

/// Octets passed over in the search for a frame.
#[derive(Debug)]
struct Stretch {
    header: Option<Header>,
    error: ParseError,
    span: Range<u64>,
    /// Where it is handed out, though no frame ended it: at the end of the frame that it should
    /// have been.
    limit: u64,
}

impl Stretch {
    fn new(damage: Damage, at: u64) -> Self {
        let octets = if damage.header.is_some() { damage.octets } else { MAX_STRETCH_OCTETS };
        let limit = at.saturating_add(width(octets.max(HEADER_OCTETS)));
        Self { header: damage.header, error: damage.error, span: at..at, limit }
    }

    /// Cuts off what lies before the limit, once that is reached.
    fn split(&mut self) -> Option<Piece<'static>> {
        if self.span.end < self.limit || self.span.is_empty() {
            return None;
        }
        let junk = Damage { header: None, error: frame::NO_START, octets: 0 };
        let rest = Self { span: self.limit..self.span.end, ..Self::new(junk, self.limit) };
        let Self { header, error, span, limit } = core::mem::replace(self, rest);
        Some(Piece::Damage { header, error, span: span.start..limit })
    }
}

/// The start octets, behind which the search goes on.
const START_OCTETS: usize = 2;

/// How many octets are needed to say more of a frame's beginning.
fn missing(tail: &[u8]) -> usize {
    let wanted = match frame::front(tail) {
        Front::Partial { wanted, .. } => wanted,
        Front::Junk(_) | Front::Damaged(_) | Front::Frame(_) => 0,
    };
    wanted.saturating_sub(tail.len()).max(1)
}

/// A number of octets as a distance in the stream.
fn width(octets: usize) -> u64 {
    u64::try_from(octets).unwrap_or(u64::MAX)
}
