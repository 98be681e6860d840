//! A TCP session between a host and a server, with what the protocols count in it.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::clock::{MS, US};
use super::labels::Mark;
use super::random::Random;
use super::wire::Wire;
use crate::dnp3::Station;
use crate::frame::{Endpoint, HOPS, Mac, Tcp, set_hops};
use crate::session::{Session, Side};

/// A session, open or to be opened.
pub(super) struct Channel {
    pub(super) session: Session,
    /// Hops that are left to what the client sends.
    pub(super) hops: u8,
    pub(super) is_open: bool,
    /// When the next thing may be sent.
    pub(super) free_at: u64,
    /// Transaction identifier of the last Modbus request.
    pub(super) transaction: u16,
    /// DNP3: what is counted with each outstation, by its link address.
    pub(super) lines: BTreeMap<u16, Line>,
    pub(super) chance: Random,
}

/// The port of the next session: none comes again soon. Intruders have ports of their own, so that one with the
/// addresses of the master is not mistaken for one of its sessions.
fn next_port(port: u16) -> u16 {
    match port {
        48_999 => FIRST_OF_INTRUDERS,
        u16::MAX => FIRST_PORT,
        _ => port.saturating_add(1),
    }
}

/// The first port of hosts that belong to the site.
pub(super) const FIRST_PORT: u16 = 49_152;
/// The first port of those that do not.
pub(super) const FIRST_OF_INTRUDERS: u16 = 33_000;

/// What shows in frames that somebody in the middle passes on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Middle {
    /// Its Ethernet address; none if it is hidden.
    pub(super) mac: Option<Mac>,
    /// The hops that are left; none if they are as before.
    pub(super) hops: Option<u8>,
}

/// A DNP3 master and an outstation.
pub(super) struct Line {
    pub(super) master: Station,
    pub(super) outstation: Station,
    /// Application sequence of the last request.
    pub(super) sequence: u8,
    /// Whether the master has begun with it.
    pub(super) greeted: bool,
}

impl Line {
    /// The application sequence of the next request.
    pub(super) fn next_sequence(&mut self) -> u8 {
        self.sequence = self.sequence.wrapping_add(1) & 0x0f;
        self.sequence
    }
}

impl Channel {
    pub(super) fn new(client: Endpoint, server: Endpoint, hops: u8, mut chance: Random) -> Self {
        let session = Session::new(client, server).numbered(chance.long(), chance.long());
        Self {
            session,
            hops,
            is_open: false,
            free_at: 0,
            transaction: chance.word(),
            lines: BTreeMap::new(),
            chance,
        }
    }

    /// What is counted with an outstation.
    pub(super) fn line(&mut self, master: u16, outstation: u16) -> &mut Line {
        self.lines.entry(outstation).or_insert_with(|| Line {
            master: Station::master(master, outstation),
            outstation: Station::outstation(outstation, master),
            sequence: 0,
            greeted: false,
        })
    }

    /// Opens it.
    pub(super) fn open(&mut self, at: u64) {
        self.session.open(at);
        self.is_open = true;
        self.free_at = at.saturating_add(self.chance.between(2, 20).saturating_mul(MS));
    }

    /// The client sends, and sends again what is lost on the way. When it arrives.
    pub(super) fn client_sends(&mut self, at: u64, octets: &[u8], lost_ppm: u64) -> u64 {
        /// The shortest time after which TCP sends again.
        const AGAIN: u64 = 210 * MS;
        let header = Tcp { flags: Tcp::ACK | Tcp::PSH, ..self.session.next(Side::Client) };
        self.session.client_sends(at, octets);
        if lost_ppm > 0 && self.chance.chance(lost_ppm) {
            let again = at.saturating_add(AGAIN);
            self.session.push(Side::Client, again, &header, octets);
            return again;
        }
        at
    }

    /// Puts on the wire what was sent since the last time.
    pub(super) fn flush(
        &mut self,
        wire: &mut Wire,
        mark: Option<&Rc<Mark>>,
        middle: Option<Middle>,
    ) {
        let server = self.session.end_of(Side::Server);
        let middle = middle.unwrap_or_default();
        for mut packet in self.session.take_packets() {
            let from_device = packet.octets.get(6..12) == Some(&server.mac);
            if let Some(mac) = middle.mac {
                let place = if from_device { 6..12 } else { 0..6 };
                if let Some(field) = packet.octets.get_mut(place) {
                    field.copy_from_slice(&mac);
                }
            }
            let usual = if from_device { HOPS } else { self.hops };
            let hops = middle.hops.unwrap_or(usual);
            if hops != HOPS {
                set_hops(&mut packet.octets, hops);
            }
            wire.put(packet, from_device, mark);
        }
    }

    /// The session is over; the next has another port.
    pub(super) fn anew(&mut self) {
        let mut client = self.session.end_of(Side::Client);
        let server = self.session.end_of(Side::Server);
        client.port = next_port(client.port);
        let fresh = Self::new(client, server, self.hops, self.chance.clone());
        *self = Self { free_at: self.free_at, ..fresh };
    }

    /// A time on the way between two hosts.
    pub(super) fn way(&mut self, delay_us: u64, jitter_us: u64) -> u64 {
        delay_us.saturating_add(self.chance.below(jitter_us.saturating_add(1))).saturating_mul(US)
    }
}
