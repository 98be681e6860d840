//! A request and its answer, on the wire and in the device.

use std::rc::Rc;

use super::channel::{Channel, Middle};
use super::clock::{MS, SECOND, US, times};
use super::device::{Device, Lens};
use super::labels::Mark;
use super::place::{Place, Space};
use super::record::Sent;
use super::tamper::{Tamper, What};
use super::world::World;
use super::{modbus, outstation as dnp3};
use crate::frame::Tcp;
use crate::modbus::mbap;
use crate::session::Side;

/// A request of either protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Modbus(modbus::Ask),
    Dnp3(dnp3::Ask),
}

/// How much of an exchange is part of an act.
#[derive(Clone, Debug, Default)]
pub(super) enum Part {
    /// Nothing.
    #[default]
    None,
    /// The request: somebody commands.
    Request(usize),
    /// All of it: an attack.
    All(usize),
}

impl Part {
    fn act(&self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::Request(act) | Self::All(act) => Some(*act),
        }
    }
}

/// When an exchange was over, and whether there was an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Over {
    pub(super) at: u64,
    pub(super) answered: bool,
}

/// How long a master waits for an answer.
const PATIENCE: u64 = 2 * SECOND;
/// A master that is so far behind leaves a poll out.
const BEHIND: u64 = 3 * SECOND;

impl Ask {
    /// The points it writes or operates.
    pub(super) fn touches(&self) -> Vec<Place> {
        match self {
            Self::Modbus(modbus::Ask::Mask { address, .. }) => {
                vec![Place { space: Space::HoldingRegister, address: *address }]
            }
            Self::Modbus(ask) => ask.writes().into_iter().map(|(place, _)| place).collect(),
            Self::Dnp3(ask) => ask.commanded(),
        }
    }
}

impl World {
    /// A host asks a device, in the session it has with it or a new one.
    pub(super) fn ask(&mut self, host: usize, device: usize, ask: &Ask, part: &Part) -> Over {
        let nothing = Over { at: self.now, answered: false };
        let Some(server) = self.devices.get(device).map(|device| device.server) else {
            return nothing;
        };
        let Some(mut channel) = self.take_channel(host, server) else { return nothing };
        let start = self.now.max(channel.free_at);
        let over = if matches!(part, Part::None) && start.saturating_sub(self.now) > BEHIND {
            Over { at: start, answered: false }
        } else {
            self.exchange(&mut channel, host, device, start, ask, part)
        };
        self.channels.insert((host, server), channel);
        over
    }

    fn exchange(
        &mut self,
        channel: &mut Channel,
        host: usize,
        device: usize,
        start: u64,
        ask: &Ask,
        part: &Part,
    ) -> Over {
        let mark = part.act().map(|act| self.mark(act, device, ask.touches()));
        let all = if matches!(part, Part::All(_)) { mark.clone() } else { None };
        let away = self.devices.get(device).is_some_and(|device| start < device.away_until);
        if !channel.is_open {
            if away {
                self.knocks(channel, start, all.as_ref());
                return Over { at: channel.free_at, answered: false };
            }
            channel.open(start);
            channel.flush(&mut self.wire, all.as_ref(), None);
        }
        if self.hosts.get(host).is_some_and(|host| host.takes_reports) {
            self.greet(channel, host, device);
        }
        let start = start.max(channel.free_at);
        let round = Round { host, device, start, away, request: mark, all };
        match ask {
            Ask::Modbus(ask) => self.modbus(channel, &round, ask),
            Ask::Dnp3(ask) => self.dnp3(channel, &round, ask),
        }
    }

    /// Tries to open a session with somebody who is away.
    fn knocks(&mut self, channel: &mut Channel, at: u64, mark: Option<&Rc<Mark>>) {
        let header = channel.session.next(Side::Client);
        let syn =
            Tcp { flags: Tcp::SYN, acknowledgement: 0, largest_segment: Some(1460), ..header };
        channel.session.push(Side::Client, at, &syn, &[]);
        channel.flush(&mut self.wire, mark, None);
        channel.free_at = at.saturating_add(SECOND);
        // The next attempt has another port, so that it is none of TCP's own repetitions.
        channel.anew();
    }

    fn modbus(&mut self, channel: &mut Channel, round: &Round, ask: &modbus::Ask) -> Over {
        let Some(device) = self.devices.get(round.device) else { return round.unanswered() };
        let (unit, seed) = (super::random::low_octet(u64::from(device.address)), device.seed);
        let gateway = self.servers.get(device.server).is_some_and(|server| server.is_gateway);
        channel.transaction = channel.transaction.wrapping_add(1);
        let transaction = channel.transaction;
        let tampers = self.tampers_with(round.device);
        let site = Rc::clone(&self.site);
        let network = &site.network;

        let adu = mbap(transaction, unit, &ask.pdu());
        if round.is_command() {
            let (ask, octets) = (Ask::Modbus(ask.clone()), adu.clone());
            self.record(round.device, Sent { ask, number: transaction, octets });
        }
        self.counts.modbus = self.counts.modbus.saturating_add(1);
        let arrives = channel.client_sends(round.start, &adu, network.lost_ppm);
        let command = !ask.writes().is_empty();
        let middle = middle(&tampers);
        let blocked = self.mark_of(&tampers, round.device, |what| {
            matches!(what, What::DropAnswers) || command && matches!(what, What::DropCommands)
        });
        channel.flush(&mut self.wire, blocked.as_ref().or(round.request.as_ref()), middle);
        if round.away || blocked.is_some() {
            return self.gives_up(channel, round, arrives, blocked.as_ref());
        }
        // A serial line takes 20 ms and more; each device has a pace of its own.
        let slow = if gateway { times(20, MS) } else { times(1, MS) };
        let pace = times(seed % 4, MS).saturating_add(times(channel.chance.below(2_500), US));
        let served = arrives
            .saturating_add(channel.way(network.delay_us, network.jitter_us))
            .saturating_add(slow)
            .saturating_add(pace);
        let mut lens = lens(&tampers, served);
        let Some(device) = self.devices.get_mut(round.device) else { return round.unanswered() };
        if let modbus::Ask::Read { space, start, count } = ask {
            lens.at = device.recorded((*space, *start, *count), served, lens.at);
        }
        let Some(pdu) = ask.answered_by(device, served, &lens) else {
            channel.session.server_acks(served);
            channel.flush(&mut self.wire, round.all.as_ref(), middle);
            channel.free_at = arrives.saturating_add(PATIENCE);
            return Over { at: channel.free_at, answered: false };
        };
        rewrite(&tampers, device, &ask.writes(), served);
        let answers = served
            .saturating_add(delay(&tampers))
            .saturating_add(channel.way(network.delay_us, network.jitter_us));
        self.counts.modbus = self.counts.modbus.saturating_add(1);
        let read = matches!(ask, modbus::Ask::Read { .. } | modbus::Ask::ReadWrite { .. });
        let bent = self.mark_of(&tampers, round.device, |what| {
            matches!(what, What::Delay { .. })
                || command && matches!(what, What::Rewrite { .. })
                || read && matches!(what, What::Freeze { .. } | What::Replay { .. })
                || matches!(what, What::Bend(bends) if bends.iter().any(|it| ask.reads(it.place)))
        });
        channel.session.server_sends(answers, &mbap(transaction, unit, &pdu));
        channel.flush(&mut self.wire, round.all.as_ref().or(bent.as_ref()), middle);
        let over = answers.saturating_add(times(channel.chance.between(100, 900), US));
        channel.session.client_acks(over);
        channel.flush(&mut self.wire, round.all.as_ref(), middle);
        channel.free_at = over.saturating_add(times(200, US));
        Over { at: over, answered: true }
    }

    /// The request was for nothing: the session is broken off, and begun anew with the next.
    pub(super) fn gives_up(
        &mut self,
        channel: &mut Channel,
        round: &Round,
        asked: u64,
        mark: Option<&Rc<Mark>>,
    ) -> Over {
        let until = asked.saturating_add(PATIENCE);
        if mark.is_some() {
            // Somebody in the middle has acknowledged it all the same.
            channel.session.server_acks(asked.saturating_add(times(700, US)));
            channel.flush(&mut self.wire, mark, None);
        } else {
            channel.session.client_resets(until);
            channel.flush(&mut self.wire, round.all.as_ref(), None);
            channel.anew();
        }
        channel.free_at = until;
        Over { at: until, answered: false }
    }

    /// The mark of the first tamper that does such a thing.
    pub(super) fn mark_of(
        &mut self,
        tampers: &[Tamper],
        device: usize,
        does: impl Fn(&What) -> bool,
    ) -> Option<Rc<Mark>> {
        let tamper = tampers.iter().find(|tamper| does(&tamper.what))?;
        let points = if let What::Bend(bends) = &tamper.what {
            bends.iter().map(|bend| bend.place).collect()
        } else {
            Vec::new()
        };
        Some(self.mark(tamper.act, device, points))
    }
}

/// What an exchange is about besides the request.
pub(super) struct Round {
    pub(super) host: usize,
    pub(super) device: usize,
    pub(super) start: u64,
    pub(super) away: bool,
    pub(super) request: Option<Rc<Mark>>,
    pub(super) all: Option<Rc<Mark>>,
}

impl Round {
    /// Whether somebody commands who may.
    pub(super) fn is_command(&self) -> bool {
        self.request.is_some() && self.all.is_none()
    }

    pub(super) fn unanswered(&self) -> Over {
        Over { at: self.start, answered: false }
    }
}

pub(super) fn lens(tampers: &[Tamper], at: u64) -> Lens {
    let mut lens = Lens::clear(at);
    for tamper in tampers {
        tamper.what.through(&mut lens);
    }
    lens
}

pub(super) fn delay(tampers: &[Tamper]) -> u64 {
    let of = |tamper: &Tamper| if let What::Delay { ns } = tamper.what { ns } else { 0 };
    tampers.iter().map(of).max().unwrap_or(0)
}

/// Changes what was just set.
pub(super) fn rewrite(tampers: &[Tamper], device: &mut Device, set: &[(Place, i64)], now: u64) {
    for tamper in tampers {
        if let What::Rewrite { add } = tamper.what {
            for (place, value) in set.iter().filter(|(place, _)| !place.space.is_binary()) {
                device.set(*place, value.saturating_add(add), now);
            }
        }
    }
}

pub(super) fn middle(tampers: &[Tamper]) -> Option<Middle> {
    tampers.first().map(|tamper| tamper.middle)
}

pub(super) fn indicated(tampers: &[Tamper]) -> crate::dnp3::Iin {
    let none = crate::dnp3::Iin::default();
    tampers.iter().fold(
        none,
        |iin, tamper| {
            if let What::Indicate(more) = tamper.what { iin | more } else { iin }
        },
    )
}
