//! What was an attack, what an operator did: the truth beside the packets.

use core::fmt::{self, Write as _};

use super::clock::US;
use super::place::Place;

/// Something that somebody did: an attack, a look-alike of one, or a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Whether it is an attack.
    pub attack: bool,
    /// The name of the attack or look-alike; empty for what operators do.
    pub name: String,
    /// Address of who did it.
    pub actor: String,
    /// Address of whom it was done to; several with a space between.
    pub target: String,
    /// Points it touched.
    pub points: Vec<Place>,
    /// Its beginning, in nanoseconds since 1970 UTC.
    pub start_ns: u64,
    /// Its end.
    pub end_ns: u64,
}

/// What is known of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The act it is part of: its place in [`Simulation::acts`](super::Simulation::acts).
    pub act: usize,
    /// Address of whom it concerns.
    pub target: String,
    /// Points it writes or changes.
    pub points: Vec<Place>,
}

/// The first line of the labels of packets.
pub const PACKET_HEADER: &str = "packet,label,attack,actor,target,points\n";
/// The first line of the labels of windows.
pub const WINDOW_HEADER: &str = "start,end,attack,actor,target,points\n";

/// Points that a label names at most.
const NAMED: usize = 64;

/// The line of a packet, which counts from 1.
#[must_use]
pub fn packet_line(packet: u64, act: &Act, mark: &Mark) -> String {
    let label = u8::from(act.attack);
    let points = Points(&mark.points);
    format!("{packet},{label},{},{},{},{points}\n", act.name, act.actor, mark.target)
}

/// The line of an attack: Unix seconds with nine decimals.
#[must_use]
pub fn window_line(act: &Act) -> String {
    let Act { name, actor, target, .. } = act;
    let (start, end) = (Seconds(act.start_ns), Seconds(act.end_ns));
    format!("{start},{end},{name},{actor},{target},{}\n", Points(&act.points))
}

struct Points<'a>(&'a [Place]);

impl fmt::Display for Points<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, place) in self.0.iter().take(NAMED).enumerate() {
            if number > 0 {
                f.write_char(' ')?;
            }
            write!(f, "{place}")?;
        }
        Ok(())
    }
}

struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

impl Act {
    /// Lasts as long as this packet, also where captures tell microseconds alone.
    pub(super) fn covers(&mut self, at_ns: u64) {
        let before = at_ns.saturating_sub(at_ns % US);
        self.start_ns = self.start_ns.min(before);
        self.end_ns = self.end_ns.max(at_ns);
    }

    /// Counts a packet in.
    pub(super) fn take_in(&mut self, at_ns: u64, mark: &Mark) {
        self.start_ns = self.start_ns.min(at_ns);
        self.end_ns = self.end_ns.max(at_ns);
        self.concerns(&mark.target, &mark.points);
    }

    /// Counts a target and points in.
    pub(super) fn concerns(&mut self, target: &str, points: &[Place]) {
        if !target.is_empty() && !self.target.split(' ').any(|known| known == target) {
            if !self.target.is_empty() {
                self.target.push(' ');
            }
            self.target.push_str(target);
        }
        for point in points {
            if self.points.len() < NAMED && !self.points.contains(point) {
                self.points.push(*point);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::place::Space;

    #[test]
    fn lines_have_the_columns_of_their_headers() {
        let place = |address| Place { space: Space::Coil, address };
        let mut act = Act {
            attack: true,
            name: "rogue-write".to_owned(),
            actor: "10.0.0.66".to_owned(),
            target: String::new(),
            points: Vec::new(),
            start_ns: 2_000_000_001,
            end_ns: 2_000_000_001,
        };
        let mark = Mark { act: 0, target: "10.0.0.9".to_owned(), points: vec![place(1), place(2)] };
        act.take_in(1_500_000_000, &mark);
        act.take_in(3_000_000_000, &mark);
        let packet = "7,1,rogue-write,10.0.0.66,10.0.0.9,coil:1 coil:2\n";
        assert_eq!(packet_line(7, &act, &mark), packet);
        let window = "1.500000000,3.000000000,rogue-write,10.0.0.66,10.0.0.9,coil:1 coil:2\n";
        assert_eq!(window_line(&act), window);
        let columns = |line: &str| line.matches(',').count();
        assert_eq!(columns(PACKET_HEADER), columns(packet));
        assert_eq!(columns(WINDOW_HEADER), columns(window));
    }
}
