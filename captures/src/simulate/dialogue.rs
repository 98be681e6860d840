//! DNP3 between a master and an outstation: what follows what.

use std::rc::Rc;

use super::channel::Channel;
use super::clock::{MS, SECOND, US, as_ms, times};
use super::device::Device;
use super::exchange::{Ask, Over, Round, delay, indicated, lens, middle, rewrite};
use super::labels::Mark;
use super::outstation::{self as dnp3, Answer, RESTART_S, class};
use super::proof::downgraded;
use super::record::Sent;
use super::site::Protocol;
use super::tamper::What;
use super::world::World;
use crate::dnp3::{Class, request};
use crate::session::Side;

impl World {
    /// A request to an outstation, its answer, and the confirmation that this may want.
    pub(super) fn dnp3(&mut self, channel: &mut Channel, round: &Round, ask: &dnp3::Ask) -> Over {
        let Some(host) = self.hosts.get(round.host) else { return round.unanswered() };
        let Some(device) = self.devices.get(round.device) else { return round.unanswered() };
        let (address, seed, link) = (device.address, device.seed, host.link_address);
        let authenticates = device.proofs.is_some();
        let tampers = self.tampers_with(round.device);
        let site = Rc::clone(&self.site);
        let network = &site.network;

        let sequence = channel.line(link, address).next_sequence();
        let frames = channel.line(link, address).master.frames(&ask.fragment(sequence));
        if round.is_command() {
            let (ask, octets) = (Ask::Dnp3(ask.clone()), frames.clone());
            self.record(round.device, Sent { ask, number: sequence.into(), octets });
        }
        self.counts.dnp3 = self.counts.dnp3.saturating_add(1);
        let arrives = channel.client_sends(round.start, &frames, network.lost_ppm);
        let command = matches!(ask, dnp3::Ask::Command { .. });
        let middle = middle(&tampers);
        let blocked = self.mark_of(&tampers, round.device, |what| {
            matches!(what, What::DropAnswers) || command && matches!(what, What::DropCommands)
        });
        channel.flush(&mut self.wire, blocked.as_ref().or(round.request.as_ref()), middle);
        if round.away || blocked.is_some() {
            return self.gives_up(channel, round, arrives, blocked.as_ref());
        }
        let pace = times(seed % 12, MS).saturating_add(times(channel.chance.below(9_000), US));
        let served = arrives
            .saturating_add(channel.way(network.delay_us, network.jitter_us))
            .saturating_add(times(4, MS))
            .saturating_add(pace);
        let served = if authenticates && ask.is_critical() && !downgraded(&tampers) {
            match self.prove(channel, round, sequence, served) {
                Ok(proven) => proven,
                Err(over) => return over,
            }
        } else {
            served
        };
        if matches!(ask, dnp3::Ask::Enable(_)) {
            self.reports_to.insert(round.device, round.host);
        } else if matches!(ask, dnp3::Ask::Restart { .. }) {
            let (device, away) = (round.device, times(u64::from(RESTART_S), SECOND));
            self.at(served.saturating_add(SECOND), move |world| {
                world.restart(device, away, Some(Side::Server));
            });
        }
        let lens = lens(&tampers, served);
        let Some(device) = self.devices.get_mut(round.device) else { return round.unanswered() };
        device.outstation.also = indicated(&tampers);
        let answer = ask.answered_by(device, sequence, served, &lens);
        let Some(answer) = answer else {
            channel.session.server_acks(served);
            channel.flush(&mut self.wire, round.all.as_ref(), middle);
            channel.free_at = served.saturating_add(times(50, MS));
            return Over { at: channel.free_at, answered: false };
        };
        rewrite(&tampers, device, &ask.settings(), served);
        let answers = served
            .saturating_add(delay(&tampers))
            .saturating_add(channel.way(network.delay_us, network.jitter_us));
        let reads = matches!(ask, dnp3::Ask::Classes(_) | dnp3::Ask::Range { .. });
        let whole = matches!(ask, dnp3::Ask::Classes(classes) if classes.contains(&Class::Zero));
        let bent = self.mark_of(&tampers, round.device, |what| {
            matches!(what, What::Delay { .. } | What::Indicate(_))
                || command && matches!(what, What::Rewrite { .. } | What::Downgrade)
                || reads && matches!(what, What::Freeze { .. } | What::Replay { .. })
                || (whole || reads && answer.confirm) && matches!(what, What::Bend(_))
        });
        let frames = channel.line(link, address).outstation.frames(&answer.fragment);
        self.counts.dnp3 = self.counts.dnp3.saturating_add(1);
        channel.session.server_sends(answers, &frames);
        channel.flush(&mut self.wire, round.all.as_ref().or(bent.as_ref()), middle);
        let mut over = answers.saturating_add(times(channel.chance.between(300, 2_000), US));
        if answer.confirm {
            let frames = channel.line(link, address).master.frames(&request::confirm(sequence));
            self.counts.dnp3 = self.counts.dnp3.saturating_add(1);
            channel.session.client_sends(over, &frames);
            over = over.saturating_add(times(channel.chance.between(500, 2_000), US));
            channel.session.server_acks(over);
        } else {
            channel.session.client_acks(over);
        }
        channel.flush(&mut self.wire, round.all.as_ref(), middle);
        channel.free_at = over.saturating_add(times(200, US));
        Over { at: over, answered: true }
    }

    /// What a master does first with an outstation.
    pub(super) fn greet(&mut self, channel: &mut Channel, host: usize, device: usize) {
        let Some(it) = self.devices.get(device) else { return };
        let Some(link) = self.hosts.get(host).map(|host| host.link_address) else { return };
        if it.protocol == Protocol::Modbus || channel.line(link, it.address).greeted {
            return;
        }
        let (restarted, reports) = (it.outstation.restarted, !it.outstation.unsolicited.is_empty());
        let classes: Vec<Class> = it.outstation.unsolicited.iter().map(|it| class(*it)).collect();
        let all = || [1, 2, 3, 0].map(class).to_vec();
        let address = it.address;
        channel.line(link, address).greeted = true;
        let mut asks = Vec::new();
        if reports {
            self.says(channel, host, device, |device| Some(device.announces_itself()), None);
        }
        asks.extend(self.new_keys(device));
        if reports {
            asks.push(dnp3::Ask::Disable(classes.clone()));
        }
        if restarted {
            asks.push(dnp3::Ask::ClearRestart);
        }
        asks.push(dnp3::Ask::Classes(all()));
        if reports {
            asks.push(dnp3::Ask::Enable(classes));
        }
        if restarted {
            asks.extend([dnp3::Ask::DelayMeasure, dnp3::Ask::WriteTime(as_ms(channel.free_at))]);
        }
        for ask in asks {
            let start = channel.free_at.saturating_add(times(3, MS));
            let round = Round { host, device, start, away: false, request: None, all: None };
            self.dnp3(channel, &round, &ask);
        }
    }

    /// An outstation says something unasked, if it has something to say, and is confirmed.
    pub(super) fn says(
        &mut self,
        channel: &mut Channel,
        host: usize,
        device: usize,
        what: impl FnOnce(&mut Device) -> Option<Answer>,
        mark: Option<&Rc<Mark>>,
    ) {
        let at = self.now.max(channel.free_at).saturating_add(times(2, MS));
        let Some(link) = self.hosts.get(host).map(|host| host.link_address) else { return };
        let Some(device) = self.devices.get_mut(device) else { return };
        let address = device.address;
        let Some(answer) = what(device) else { return };
        let frames = channel.line(link, address).outstation.frames(&answer.fragment);
        self.counts.dnp3 = self.counts.dnp3.saturating_add(1);
        channel.session.server_sends(at, &frames);
        channel.flush(&mut self.wire, mark, None);
        let mut over = at.saturating_add(times(channel.chance.between(300, 2_000), US));
        if answer.confirm {
            let sequence = answer.fragment.first().copied().unwrap_or(0) & 0x0f;
            let confirm = request::confirm_unsolicited(sequence);
            let frames = channel.line(link, address).master.frames(&confirm);
            self.counts.dnp3 = self.counts.dnp3.saturating_add(1);
            channel.session.client_sends(over, &frames);
            over = over.saturating_add(times(channel.chance.between(500, 2_000), US));
            channel.session.server_acks(over);
        } else {
            channel.session.client_acks(over);
        }
        channel.flush(&mut self.wire, mark, None);
        channel.free_at = over.saturating_add(times(200, US));
    }
}
