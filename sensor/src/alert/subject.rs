//! What a finding is about: an act, or a sign of a flow.

use std::net::IpAddr;

use gridtap_models::event::{Event, Function, PacketRef, Protocol, Unseen};
use gridtap_models::sign::{Sender, Sign};

use super::record::PointRecord;
use super::severity::Consequence;
use super::wording;

/// What a finding is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'s> {
    /// An act.
    Act(&'s Event),
    /// A sign.
    Sign(&'s Sign),
}

/// What an alert says of the first act or sign of its episode.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) time_ns: u64,
    /// Index of the capture that it was seen in.
    pub(super) capture: u16,
    pub(super) protocol: Protocol,
    pub(super) client: IpAddr,
    pub(super) server: IpAddr,
    pub(super) client_mac: Option<[u8; 6]>,
    pub(super) server_mac: Option<[u8; 6]>,
    pub(super) unit: Option<u16>,
    pub(super) client_unit: Option<u16>,
    pub(super) function: Option<Function>,
    pub(super) points: Vec<PointRecord>,
}

impl Subject<'_> {
    /// What an alert says of it if it is the first, with so many points at most.
    pub(super) fn opening(self, points: usize) -> Opening {
        match self {
            Self::Act(event) => Opening {
                time_ns: event.time_ns,
                capture: event.packet.capture,
                protocol: event.conversation.protocol,
                client: event.conversation.client,
                server: event.conversation.server,
                client_mac: event.client_mac,
                server_mac: event.server_mac,
                unit: Some(event.conversation.unit),
                client_unit: event.conversation.client_unit,
                function: Some(event.function),
                points: wording::points(event, points),
            },
            Self::Sign(sign) => Opening {
                time_ns: sign.time_ns,
                capture: sign.packets.last().map_or(0, |packet| packet.capture),
                protocol: sign.protocol,
                client: sign.client.ip(),
                server: sign.server.ip(),
                client_mac: sign.client_mac,
                server_mac: sign.server_mac,
                unit: None,
                client_unit: None,
                function: None,
                points: Vec::new(),
            },
        }
    }

    pub(super) fn time_ns(self) -> u64 {
        match self {
            Self::Act(event) => event.time_ns,
            Self::Sign(sign) => sign.time_ns,
        }
    }

    /// The packets to look at.
    pub(super) fn packets(&self) -> &[PacketRef] {
        match self {
            Self::Act(event) => core::slice::from_ref(&event.packet),
            Self::Sign(sign) => &sign.packets,
        }
    }

    pub(super) fn client(self) -> IpAddr {
        match self {
            Self::Act(event) => event.conversation.client,
            Self::Sign(sign) => sign.client.ip(),
        }
    }

    /// The server, and the unit behind its address where that is known.
    pub(super) fn target(self) -> (IpAddr, Option<u16>) {
        match self {
            Self::Act(event) => (event.conversation.server, Some(event.conversation.unit)),
            Self::Sign(sign) => (sign.server.ip(), None),
        }
    }

    pub(super) fn unseen(self) -> Unseen {
        match self {
            Self::Act(event) => event.unseen,
            Self::Sign(sign) => sign.unseen,
        }
    }

    pub(super) fn digest(self) -> u64 {
        match self {
            Self::Act(event) => event.digest,
            Self::Sign(sign) => sign.digest(),
        }
    }

    /// What it can do to the process. Of a sign it is not known what was said with it.
    pub(super) fn consequence(self) -> Consequence {
        match self {
            Self::Act(event) => Consequence::of(event.intent),
            Self::Sign(_) => Consequence::Adjusts,
        }
    }

    /// What the table of techniques has it under, besides the kind of finding.
    pub(super) fn technique_key(self) -> (&'static str, &'static str) {
        match self {
            Self::Act(event) => ("intent", event.intent.word()),
            Self::Sign(sign) => match sign.sender {
                Sender::Client => ("sign", "client"),
                Sender::Server => ("sign", "server"),
            },
        }
    }

    /// One sentence: what happened.
    pub(super) fn what(self) -> String {
        match self {
            Self::Act(event) => wording::what(event),
            Self::Sign(sign) => wording::shown(sign),
        }
    }
}
