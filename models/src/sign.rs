//! What the way a flow runs shows, whatever is said in it.

use std::net::{IpAddr, SocketAddr};

use crate::event::{PacketRef, Place, Protocol, Unseen};

/// Something that a flow shows of itself: not an act of anybody, but a hint at who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// Order among all signs and events.
    pub place: Place,
    /// Capture time of the packet that showed it, in nanoseconds since 1970 UTC.
    pub time_ns: u64,
    /// The packets that show it together, in order; the last one is the one it was seen at.
    pub packets: Vec<PacketRef>,
    /// What the flow carries.
    pub protocol: Protocol,
    /// Who asks in it.
    pub client: SocketAddr,
    /// Who answers.
    pub server: SocketAddr,
    /// MAC address of the client, where the link layer has one.
    pub client_mac: Option<[u8; 6]>,
    /// MAC address of the server, where the link layer has one.
    pub server_mac: Option<[u8; 6]>,
    /// In whose name the packets were sent.
    pub sender: Sender,
    /// What it is.
    pub shown: Shown,
    /// What the sensor missed around it.
    pub unseen: Unseen,
}

/// One of the two ends of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sender {
    /// The one that asks.
    Client,
    /// The one that answers.
    Server,
}

/// What a flow can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shown {
    /// Other octets came for a place of a stream than before.
    ConflictingSegment {
        /// How many of them differ, 1 or more.
        octets: u64,
    },
}

impl Sign {
    /// The end in whose name the packets were sent.
    #[must_use]
    pub const fn source(&self) -> SocketAddr {
        match self.sender {
            Sender::Client => self.client,
            Sender::Server => self.server,
        }
    }

    /// The other end.
    #[must_use]
    pub const fn destination(&self) -> SocketAddr {
        match self.sender {
            Sender::Client => self.server,
            Sender::Server => self.client,
        }
    }

    /// The address in whose name the packets were sent.
    #[must_use]
    pub const fn actor(&self) -> IpAddr {
        self.source().ip()
    }

    /// A number for what was shown, the same on every machine, for identifiers that do not depend on
    /// packet numbers.
    #[must_use]
    pub const fn digest(&self) -> u64 {
        match self.shown {
            Shown::ConflictingSegment { octets } => octets,
        }
    }
}
