//! A small plant: one control centre that polls Modbus servers and DNP3 outstations and, now and then, commands them.
//!
//! The same scene has the same packets on every machine, to the octet.

use core::net::Ipv4Addr;

use crate::capture::Capture;
use crate::dnp3::{
    Class, Crob, Iin, Station, analog_events, analog_inputs, binary_events, binary_inputs,
    binary_outputs, counters, fragment::function, request, response,
};
use crate::frame::{Endpoint, LinkType};
use crate::modbus;
use crate::session::Session;

/// How large a scene is.
///
/// A poll of both devices of a pair makes some six packets: 280 minutes at a poll a second make about 100,000 with one
/// pair. Commands are counted in polls, so that a faster scene has more of them in the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scene {
    /// When it begins, in nanoseconds since 1970 UTC.
    pub start_ns: u64,
    /// How long it lasts.
    pub minutes: u32,
    /// From one poll to the next, in milliseconds; less than 20 counts as 20.
    pub poll_every_ms: u32,
    /// How many pairs of a Modbus server (10.0.1.x) and a DNP3 outstation (10.0.2.x) the control centre (10.0.0.1)
    /// polls, each over a session of its own.
    pub pairs: u8,
}

impl Default for Scene {
    /// Ten minutes of one pair, polled every second, from 2023-11-14T22:13:20Z.
    fn default() -> Self {
        Self { start_ns: 1_700_000_000_000_000_000, minutes: 10, poll_every_ms: 1_000, pairs: 1 }
    }
}

/// Polls from one write of a Modbus setpoint to the next.
const SETPOINT_EVERY: u64 = 600;
/// Polls from one DNP3 breaker operation to the next.
const BREAKER_EVERY: u64 = 300;
/// Polls from one integrity poll to the next.
const INTEGRITY_EVERY: u64 = 60;
/// Polls from one unsolicited response to the next.
const UNSOLICITED_EVERY: u64 = 50;

impl Scene {
    /// Its packets, by time.
    #[must_use]
    pub fn capture(&self) -> Capture {
        (1..=self.pairs).fold(Capture::new(LinkType::ETHERNET), |capture, pair| {
            capture.with(self.modbus(pair)).with(self.dnp3(pair))
        })
    }

    /// The registers of a server are read at every poll; a setpoint is written at some.
    fn modbus(&self, pair: u8) -> Capture {
        let mut session = Session::new(centre(40_000, pair), device(1, pair, 502));
        session.open(self.start_ns);
        for poll in 1..=self.polls() {
            let mut exchange = |ms: u64, asked: &[u8], answered: &[u8]| {
                let transaction = low_word(poll);
                session.client_sends(self.at(poll, ms), &modbus::mbap(transaction, pair, asked));
                let answered = modbus::mbap(transaction, pair, answered);
                session.server_sends(self.at(poll, ms.saturating_add(2)), &answered);
                session.client_acks(self.at(poll, ms.saturating_add(3)));
            };
            let values = [0, 1, 2, 3].map(|point| level(pair, point, poll));
            exchange(
                0,
                &modbus::request::read_holding_registers(100, 4),
                &modbus::response::read_holding_registers(&values),
            );
            if poll.is_multiple_of(SETPOINT_EVERY) {
                let write = modbus::request::write_single_register(200, level(pair, 4, poll));
                exchange(8, &write, &write);
            }
        }
        session.close(self.at(self.polls().saturating_add(1), 0));
        session.into_capture()
    }

    /// An outstation is polled for events and sometimes for all, reports some unasked, and has its breaker operated.
    fn dnp3(&self, pair: u8) -> Capture {
        let mut line = Line::new(pair);
        line.session.open(self.start_ns);
        for poll in 1..=self.polls() {
            let (at, answered) = (self.at(poll, 0), self.at(poll, 4));
            let (value, now_ms) = (level(pair, 0, poll), at / 1_000_000);
            let sequence = line.next_sequence();
            if poll.is_multiple_of(INTEGRITY_EVERY) {
                let present = [
                    binary_inputs(0, &[true, false, true, true]),
                    binary_outputs(0, &[true, false]),
                    counters(0, &[u32::from(low_word(poll))]),
                    analog_inputs(0, &[value, level(pair, 1, poll)].map(i32::from)),
                ];
                line.master_sends(at, &request::integrity_poll(sequence));
                let answer = response::response(sequence, Iin::default(), &present);
                line.outstation_sends(answered, &answer);
                line.session.client_acks(self.at(poll, 5));
            } else {
                let events = [analog_events(&[(0, value.into(), now_ms)])];
                line.master_sends(
                    at,
                    &request::class_poll(sequence, &[Class::One, Class::Two, Class::Three]),
                );
                let answer = response::response_to_confirm(sequence, Iin::default(), &events);
                line.outstation_sends(answered, &answer);
                line.master_sends(self.at(poll, 5), &request::confirm(sequence));
            }
            if poll.is_multiple_of(BREAKER_EVERY) {
                let close = (poll / BREAKER_EVERY).is_multiple_of(2);
                self.operate(&mut line, poll, if close { Crob::CLOSE } else { Crob::TRIP });
            } else if poll.is_multiple_of(UNSOLICITED_EVERY) {
                let sequence = low_octet(poll / UNSOLICITED_EVERY);
                let event = [binary_events(&[(1, value % 2 == 0, now_ms)])];
                let report = response::unsolicited(sequence, Iin::CLASS_1_EVENTS, &event);
                line.outstation_sends(self.at(poll, 8), &report);
                line.master_sends(self.at(poll, 9), &request::confirm_unsolicited(sequence));
            }
        }
        line.session.close(self.at(self.polls().saturating_add(1), 0));
        line.session.into_capture()
    }

    /// Select, then operate.
    fn operate(&self, line: &mut Line, poll: u64, command: Crob) {
        let commands = [command.to(0)];
        for (ms, function) in [(8, function::SELECT), (12, function::OPERATE)] {
            let sequence = line.next_sequence();
            line.master_sends(self.at(poll, ms), &request::request(sequence, function, &commands));
            let echo = response::response(sequence, Iin::default(), &commands);
            line.outstation_sends(self.at(poll, ms.saturating_add(2)), &echo);
        }
        line.session.client_acks(self.at(poll, 15));
    }

    fn polls(&self) -> u64 {
        let lasts_ms = u64::from(self.minutes).saturating_mul(60_000);
        lasts_ms.checked_div(self.poll_ms()).unwrap_or(0)
    }

    fn poll_ms(&self) -> u64 {
        u64::from(self.poll_every_ms.max(20))
    }

    /// `ms` after the poll of this number, which counts from 1.
    fn at(&self, poll: u64, ms: u64) -> u64 {
        let since_start = poll.saturating_mul(self.poll_ms()).saturating_add(ms);
        self.start_ns.saturating_add(since_start.saturating_mul(1_000_000))
    }
}

/// A DNP3 master and its outstation over TCP.
struct Line {
    session: Session,
    master: Station,
    outstation: Station,
    sequence: u8,
}

impl Line {
    fn new(pair: u8) -> Self {
        let address = u16::from(pair).saturating_add(9);
        Self {
            session: Session::new(centre(50_000, pair), device(2, pair, 20_000)),
            master: Station::master(1, address),
            outstation: Station::outstation(address, 1),
            sequence: 0,
        }
    }

    fn next_sequence(&mut self) -> u8 {
        self.sequence = self.sequence.wrapping_add(1) & 0x0f;
        self.sequence
    }

    fn master_sends(&mut self, at_ns: u64, fragment: &[u8]) {
        self.session.client_sends(at_ns, &self.master.frames(fragment));
    }

    fn outstation_sends(&mut self, at_ns: u64, fragment: &[u8]) {
        self.session.server_sends(at_ns, &self.outstation.frames(fragment));
    }
}

fn centre(first_port: u16, pair: u8) -> Endpoint {
    Endpoint::v4(1, first_port.saturating_add(u16::from(pair)))
}

fn device(net: u8, pair: u8, port: u16) -> Endpoint {
    let ip = Ipv4Addr::new(10, 0, net, pair).into();
    Endpoint { mac: [2, 0, 0, 0, net, pair], ip, port }
}

/// A measured value at a poll: 1,000 to 1,063, as if by chance, from splitmix64.
fn level(pair: u8, point: u8, poll: u64) -> u16 {
    let seed = u64::from_be_bytes([0, 0, 0, 0, 0, 0, pair, point]) << 48 | poll & 0xffff_ffff_ffff;
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    low_word((mixed ^ mixed >> 31) & 0x3f).saturating_add(1_000)
}

fn low_word(number: u64) -> u16 {
    let [low, high, ..] = number.to_le_bytes();
    u16::from_le_bytes([low, high])
}

fn low_octet(number: u64) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scene_is_in_order_and_the_same_every_time() {
        let scene = Scene { minutes: 6, pairs: 2, ..Scene::default() };
        let capture = scene.capture();
        assert!(capture.packets.is_sorted_by_key(|packet| packet.time_ns));
        assert_eq!(capture, scene.capture());
        // Per pair: two sessions opened and closed; 360 polls of six packets; one breaker operation (five packets);
        // an unsolicited response and its confirmation at six of seven times, the breaker having the seventh.
        assert_eq!(capture.packets.len(), 2 * (2 * 6 + 360 * 6 + 5 + 6 * 2));
    }

    #[test]
    fn a_hundred_thousand_packets_take_280_minutes_or_a_faster_poll() {
        let slow = Scene { minutes: 280, ..Scene::default() };
        let fast = Scene { minutes: 7, poll_every_ms: 25, ..Scene::default() };
        for scene in [slow, fast] {
            let packets = scene.capture().packets.len();
            assert!((100_000..105_000).contains(&packets), "{packets}");
        }
    }

    #[test]
    fn no_minutes_are_two_sessions_without_polls() {
        let scene = Scene { minutes: 0, ..Scene::default() };
        assert_eq!(scene.capture().packets.len(), 12);
    }
}
