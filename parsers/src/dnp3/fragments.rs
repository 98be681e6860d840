//! From frames to messages: what one side's frames carry, put together and handed out.

use core::ops::Range;

use super::Message;
use super::application::fragment;
use super::frames::Piece;
use super::link::Header;
use super::transport::{Assemblies, Assembly, MAX_FRAGMENT_OCTETS, Segment};
use crate::error::{Class, ParseError};
use crate::protocol::{self, Found, Parsed, Side};

/// Takes one piece of the stream.
pub(crate) fn read(piece: Piece<'_>, assemblies: &mut Assemblies, out: &mut Out<'_, '_>) {
    match piece {
        Piece::Damage { header, error, span } => {
            let uncertain = header.is_none();
            out.emit(header.map(Message::Link), Some(error), span, uncertain);
        }
        Piece::Frame { header, user_data, span } => {
            let carried = user_data.split_first().filter(|_| header.function().carries_user_data());
            let fault = header.fault();
            if fault.is_some() || carried.is_none() {
                out.emit(Some(Message::Link(header)), fault, span.clone(), false);
            }
            // A receiver may be less strict than the standard: what a faulty frame carries is read.
            if let Some((octet, octets)) = carried {
                segment(header, Segment(*octet), octets, span, assemblies, out);
            }
        }
    }
}

/// Takes one segment: begins, goes on with or ends a fragment.
fn segment(
    header: Header,
    segment: Segment,
    octets: &[u8],
    span: Range<u64>,
    assemblies: &mut Assemblies,
    out: &mut Out<'_, '_>,
) {
    let begun = assemblies.take(header);
    if segment.first() {
        if let Some(begun) = begun {
            let what = "a new fragment begins before the last one ended";
            out.dropped(&begun, 0, Class::TransportDiscardedPartial, what);
            assemblies.recycle(begun);
        }
        if segment.last() {
            out.fragment(header, octets, span);
        } else {
            let begun = assemblies.begin(header, segment, octets, span);
            keep(begun, assemblies, out);
        }
        return;
    }
    let Some(mut begun) = begun else {
        let error = ParseError {
            offset: 0,
            class: Class::TransportNoFirst,
            what: "a segment that goes on with no fragment",
        };
        return out.emit(Some(Message::Link(header)), Some(error), span, false);
    };
    if begun.repeats(segment, octets) {
        out.emit(Some(Message::Link(header)), None, span, false);
        return keep(begun, assemblies, out);
    }
    if !begun.expects(segment) {
        begun.span.end = span.end;
        let what = "a segment out of sequence";
        out.dropped(&begun, begun.octets.len(), Class::TransportSequence, what);
        return assemblies.recycle(begun);
    }
    begun.push(segment, octets, span.end);
    if begun.octets.len() > MAX_FRAGMENT_OCTETS {
        let what = "a fragment of more octets than are put together";
        out.dropped(&begun, MAX_FRAGMENT_OCTETS, Class::LengthRange, what);
        assemblies.recycle(begun);
    } else if segment.last() {
        out.fragment(begun.header, &begun.octets, begun.span.clone());
        assemblies.recycle(begun);
    } else {
        keep(begun, assemblies, out);
    }
}

fn keep(begun: Assembly, assemblies: &mut Assemblies, out: &mut Out<'_, '_>) {
    if let Some(oldest) = assemblies.keep(begun) {
        let what = "more fragments are begun at once than are kept";
        out.dropped(&oldest, oldest.octets.len(), Class::TransportDiscardedPartial, what);
        assemblies.recycle(oldest);
    }
}

/// Hands out what is found on one side.
pub(crate) struct Out<'o, 'f> {
    pub(crate) side: Side,
    pub(crate) lost: &'o mut u64,
    pub(crate) found: Found<'f>,
}

impl Out<'_, '_> {
    fn fragment(&mut self, header: Header, octets: &[u8], span: Range<u64>) {
        let (read, error) = fragment(header, octets);
        let message = read.map_or(Message::Link(header), Message::Fragment);
        self.emit(Some(message), error, span, false);
    }

    /// Hands out a fragment that was begun and never ended, as the link frame that began it.
    pub(crate) fn dropped(
        &mut self,
        begun: &Assembly,
        offset: usize,
        class: Class,
        what: &'static str,
    ) {
        let error = ParseError { offset, class, what };
        self.emit(Some(Message::Link(begun.header)), Some(error), begun.span.clone(), false);
    }

    fn emit(
        &mut self,
        message: Option<Message<'_>>,
        error: Option<ParseError>,
        span: Range<u64>,
        uncertain: bool,
    ) {
        (self.found)(&Parsed {
            side: self.side,
            message: message.map(protocol::Message::Dnp3),
            error,
            span,
            lost: core::mem::take(self.lost),
            uncertain,
        });
    }
}
