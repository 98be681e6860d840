//! The packets of an alert, with what the same hosts said around them, cut out of captures.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::alert::Alert;
use crate::decode;
use crate::sink::Pcapng;
use crate::source::{CaptureFile, Merged, Packet, Source, SourceError, Step, Warning};

/// How far the times of an alert's packets may lie outside of the alert's: those of one message need
/// not be in order.
const SLACK_NS: u64 = 1_000_000_000;

/// Why an alert's packets cannot be cut out of captures.
#[derive(Debug, Error)]
pub enum ExtractError {
    /// The alert does not say where it came from.
    #[error("the alert names no packets")]
    NoPackets,
    /// A capture that the alert names is not among those given.
    #[error("the alert has packets in `{0}`, which is not among the captures given")]
    NotGiven(String),
    /// Several of the captures given may be the one that the alert names.
    #[error("the alert has packets in `{0}`: several of the captures given have that name")]
    Ambiguous(String),
    /// A capture does not have the alert's packets.
    #[error("{}: {what}: it is not the capture that the alert came from", path.display())]
    OtherCapture {
        /// The capture.
        path: PathBuf,
        /// What tells it.
        what: String,
    },
    /// A capture cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The output cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// What was cut out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Packets in all.
    pub packets: u64,
    /// Packets of the alert among them.
    pub of_the_alert: u64,
    /// What of the captures could not be read.
    pub warnings: Vec<Warning>,
}

/// What is to be cut out of which captures.
#[derive(Debug)]
pub struct Plan<'a> {
    alert: &'a Alert,
    captures: &'a [PathBuf],
    /// The alert's packets in each capture.
    packets: Vec<BTreeSet<u64>>,
    /// When which hosts are listened to, between times in nanoseconds.
    windows: HashMap<Pair, Vec<(u64, u64)>>,
}

/// Two hosts, the lesser first.
type Pair = (IpAddr, IpAddr);

impl<'a> Plan<'a> {
    /// Finds an alert's packets in captures, and who spoke then.
    ///
    /// A capture is the one that the alert names if it is given with the same name, or else has the
    /// same file name, compressed or not; if there is one only, it is that whatever its name. What is
    /// given besides may add packets from around the alert's.
    ///
    /// # Errors
    ///
    /// Any of [`ExtractError`] but [`ExtractError::Output`].
    pub fn new(
        alert: &'a Alert,
        captures: &'a [PathBuf],
        context_ns: u64,
    ) -> Result<Self, ExtractError> {
        let mut plan = Self {
            alert,
            captures,
            packets: vec![BTreeSet::new(); captures.len()],
            windows: HashMap::new(),
        };
        for (name, packets) in named(alert)? {
            let place = plan.place(name)?;
            if let Some(wanted) = plan.packets.get_mut(place) {
                wanted.extend(packets);
            }
        }
        for (path, wanted) in captures.iter().zip(&plan.packets) {
            if !wanted.is_empty() {
                look(path, wanted, alert, context_ns, &mut plan.windows)?;
            }
        }
        plan.windows.values_mut().for_each(|windows| windows.sort_unstable());
        Ok(plan)
    }

    /// Cuts out what was planned: a pcapng file, in which each packet of the alert has a comment.
    ///
    /// # Errors
    ///
    /// [`ExtractError::Source`] and [`ExtractError::Output`].
    pub fn cut(&self, out: impl Write) -> Result<Extracted, ExtractError> {
        let mut files = Vec::with_capacity(self.captures.len());
        for (index, path) in (0..).zip(self.captures) {
            files.push(CaptureFile::open(path, index)?);
        }
        let names = self.captures.iter().map(|path| path.display().to_string()).collect();
        let alert = self.alert;
        let about =
            format!("gridtap alert {}: {}\nbecause {}", alert.id, alert.what, alert.because);
        let mark = format!("gridtap alert {}", alert.id);
        let mut written = Pcapng::begin(out, names, &about)?;
        let mut extracted = Extracted::default();
        let mut source = Merged::new(files);
        while source.advance() == Step::Packet {
            let packet = source.packet();
            let wanted = self.packets.get(usize::from(packet.capture));
            let of_the_alert = wanted.is_some_and(|wanted| wanted.contains(&packet.number));
            if of_the_alert {
                extracted.of_the_alert = extracted.of_the_alert.saturating_add(1);
            } else if !self.is_near(packet.time_ns, || pair(&packet)) {
                continue;
            }
            extracted.packets = extracted.packets.saturating_add(1);
            written.packet(&packet, if of_the_alert { &mark } else { "" })?;
        }
        written.into_inner().flush()?;
        extracted.warnings = source.warnings().cloned().collect();
        Ok(extracted)
    }

    /// Whether the hosts of a packet are listened to at its time.
    fn is_near(&self, time_ns: u64, pair: impl FnOnce() -> Option<Pair>) -> bool {
        let within = |&(from, to): &(u64, u64)| (from..=to).contains(&time_ns);
        // Most packets are from another time: then it does not matter whose they are.
        self.windows.values().flatten().any(within)
            && pair()
                .and_then(|pair| self.windows.get(&pair))
                .is_some_and(|windows| windows.iter().any(within))
    }

    /// Which of the captures given is the one that the alert calls `name`.
    fn place(&self, name: &str) -> Result<usize, ExtractError> {
        let of = |same: &dyn Fn(&Path) -> bool| -> Vec<usize> {
            let places = self.captures.iter().enumerate();
            places.filter(|(_, path)| same(path)).map(|(place, _)| place).collect()
        };
        let exact = of(&|path| path == Path::new(name));
        let found = if exact.is_empty() {
            of(&|path| plain_name(path) == plain_name(Path::new(name)))
        } else {
            exact
        };
        match found[..] {
            [place] => Ok(place),
            [] if self.captures.len() == 1 && self.alert.further_packets.is_empty() => Ok(0),
            [] => Err(ExtractError::NotGiven(name.to_owned())),
            _ => Err(ExtractError::Ambiguous(name.to_owned())),
        }
    }
}

/// The captures that an alert names, and its packets in them.
fn named(alert: &Alert) -> Result<Vec<(&str, &Vec<u64>)>, ExtractError> {
    let first = alert.capture.as_deref().map(|capture| (capture, &alert.packets));
    let further = alert.further_packets.iter().map(|more| (more.capture.as_str(), &more.packets));
    let named: Vec<_> =
        first.into_iter().chain(further).filter(|(_, packets)| !packets.is_empty()).collect();
    if named.is_empty() { Err(ExtractError::NoPackets) } else { Ok(named) }
}

/// A file's name, without what tells its compression.
fn plain_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst"));
    plain.unwrap_or(&name).to_owned()
}

/// Finds the packets that are `wanted` in a capture, and notes when to listen to their hosts.
fn look(
    path: &Path,
    wanted: &BTreeSet<u64>,
    alert: &Alert,
    context_ns: u64,
    windows: &mut HashMap<Pair, Vec<(u64, u64)>>,
) -> Result<(), ExtractError> {
    let other = |what| ExtractError::OtherCapture { path: path.to_owned(), what };
    let from_ns = alert.time.0.saturating_sub(SLACK_NS);
    let to_ns = alert.last_time.0.saturating_add(SLACK_NS);
    let mut file = CaptureFile::open(path, 0)?;
    let (mut left, mut from_its_time) = (wanted.clone(), false);
    while !left.is_empty() && file.advance() == Step::Packet {
        let packet = file.packet();
        if !left.remove(&packet.number) {
            continue;
        }
        from_its_time |= (from_ns..=to_ns).contains(&packet.time_ns);
        if let Some(pair) = pair(&packet) {
            let (from, to) = (
                packet.time_ns.saturating_sub(context_ns),
                packet.time_ns.saturating_add(context_ns),
            );
            windows.entry(pair).or_default().push((from, to));
        }
    }
    if let Some(missing) = left.first() {
        let read = file.progress().packets;
        return Err(other(format!("it has {read} packets, and the alert has packet {missing}")));
    }
    if !from_its_time {
        return Err(other("its packets of these numbers are from another time".to_owned()));
    }
    Ok(())
}

/// The hosts that a packet goes between.
fn pair(packet: &Packet<'_>) -> Option<Pair> {
    decode::ends(packet).map(|(one, other)| (one.min(other), one.max(other)))
}
