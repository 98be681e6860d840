//! DNP3 (IEEE 1815-2012) on TCP and UDP: link frames, transport segments, application fragments.
//!
//! The standard's text was not at hand: facts come from public implementations, checked against
//! each other.

mod application;
#[cfg(feature = "arbitrary")]
mod arbitrary;
mod attribute;
mod auth;
#[cfg(test)]
mod build;
mod control;
mod crc;
mod dissector;
mod extent;
mod file;
mod fragments;
mod frame;
mod frames;
mod function;
mod iin;
pub mod link;
mod objects;
mod points;
#[cfg(test)]
mod properties;
mod qualifier;
mod table;
mod transport;
mod value;

pub use application::{Control, Fragment, fragment};
pub use attribute::Attribute;
pub use auth::Auth;
pub use control::{Crob, Operation, Status, TripClose};
pub use file::{File, FileMode, FileStatus};
pub use frame::{Frame, frame};
pub use function::FunctionCode;
pub use iin::Iin;
pub use objects::{Headers, ObjectHeader, Objects};
pub use points::Points;
pub use qualifier::Range;
pub use table::{Object, object};
pub use transport::{MAX_ASSEMBLIES, MAX_FRAGMENT_OCTETS};
pub use value::{DoubleBit, Point, Value};

use crate::protocol::{Direction, Protocol};

/// DNP3's row in the table of protocols.
pub const PROTOCOL: Protocol = Protocol {
    name: "dnp3",
    ports: &[20_000],
    secure_ports: &[19_999],
    probe: frame::probe,
    make: |_server| Box::new(dissector::Dissector::default()),
};

/// An application fragment, or a link frame that carries none that could be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Message<'a> {
    /// A frame without user data, or with some of which no fragment came.
    Link(link::Header),
    /// A fragment, whole.
    Fragment(Fragment<'a>),
}

impl Message<'_> {
    /// Who it is meant for.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        match self {
            Self::Link(_) => Direction::Link,
            Self::Fragment(fragment) => fragment.direction(),
        }
    }

    /// The link header: of a fragment, that of its first frame.
    #[must_use]
    pub const fn link(&self) -> &link::Header {
        match self {
            Self::Link(header) => header,
            Self::Fragment(fragment) => &fragment.link,
        }
    }
}
