//! What ends only when it is told to: interfaces, and a folder that is followed.

use std::path::Path;
use std::sync::Arc;

use super::{Failure, Terminal};
use crate::counters::Counters;
use crate::decode;
use crate::pipeline::{Gauges, OnFull};
use crate::source::{CaptureNames, Follow, FollowOptions, FollowStats, Packet, Source, Step};
#[cfg(feature = "pcap")]
use crate::source::{Live, LiveOptions, SourceError};

/// Packets from one of them.
#[derive(Debug)]
pub(super) enum Endless {
    #[cfg(feature = "pcap")]
    Live(Live),
    Folder(Box<Follow>),
}

impl Endless {
    /// Opens `folder`, or `interfaces` if there is none.
    pub(super) fn open(
        interfaces: &[String],
        folder: Option<&Path>,
        filter: Option<&str>,
        gauges: &Gauges,
    ) -> Result<Self, Failure> {
        let Some(folder) = folder else { return Self::listen(interfaces, filter, gauges) };
        let options = FollowOptions { filter: filter.map(str::to_owned), reads: decode::reads };
        let follow = Follow::open(folder, &options, Arc::clone(&gauges.stop))?;
        Ok(Self::Folder(Box::new(follow)))
    }

    #[cfg(feature = "pcap")]
    fn listen(
        interfaces: &[String],
        filter: Option<&str>,
        gauges: &Gauges,
    ) -> Result<Self, Failure> {
        let options = LiveOptions { filter: filter.map(str::to_owned), ..LiveOptions::default() };
        let live = Live::open(interfaces, &options, Arc::clone(&gauges.stop))?;
        if let Some((name, link)) = live.links().find(|(_, link)| !decode::reads(*link)) {
            let what = format!("packets of link type {} are not read", link.0);
            return Err(SourceError::Interface { name: name.to_owned(), what }.into());
        }
        Ok(Self::Live(live))
    }

    #[cfg(not(feature = "pcap"))]
    fn listen(_: &[String], _: Option<&str>, _: &Gauges) -> Result<Self, Failure> {
        Err(Failure::no_live_capture())
    }

    /// What alerts call it, or the files in it.
    pub(super) fn names(&self) -> CaptureNames {
        match self {
            #[cfg(feature = "pcap")]
            Self::Live(live) => {
                live.links().map(|(name, _)| name.to_owned()).collect::<Vec<_>>().into()
            }
            Self::Folder(folder) => folder.names(),
        }
    }

    /// What happens when a queue is full: files can wait.
    pub(super) fn on_full(&self) -> OnFull {
        match self {
            #[cfg(feature = "pcap")]
            Self::Live(_) => OnFull::Drop,
            Self::Folder(_) => OnFull::Wait,
        }
    }

    /// Notes and says what is to be known while it runs.
    pub(super) fn look(&mut self, gauges: &Gauges, terminal: Terminal) {
        match self {
            #[cfg(feature = "pcap")]
            Self::Live(live) => gauges.set_kernel_dropped(live.stats().dropped),
            Self::Folder(folder) => {
                let _ = gauges;
                for remark in folder.remarks() {
                    terminal.say(format_args!("gridtap: warning: {remark}"));
                }
            }
        }
    }

    /// Says what was seen of what came, also when asked to be quiet; and whether all of it was open to
    /// the end.
    pub(super) fn close(&mut self, counters: &Counters, terminal: Terminal) -> bool {
        match self {
            #[cfg(feature = "pcap")]
            Self::Live(live) => {
                let stats = live.stats();
                terminal.say(format_args!(
                    "Received {} packets; dropped: {} by the kernel, {} by the interface, {} by queues.",
                    stats.received,
                    stats.dropped,
                    stats.interface_dropped,
                    counters.queue_dropped,
                ));
                for warning in live.warnings() {
                    terminal.say(format_args!("gridtap: warning: {warning}"));
                }
                live.warnings().len() < live.links().count()
            }
            Self::Folder(folder) => {
                let _ = counters;
                terminal.say(format_args!("{}", followed(&folder.stats())));
                true
            }
        }
    }
}

fn followed(stats: &FollowStats) -> String {
    let figures = [
        ("damaged", stats.damaged),
        ("not readable", stats.unreadable),
        ("begun anew while read", stats.begun_anew),
        ("gone before they were read", stats.deleted),
        ("growing when done with", stats.grown),
        ("not begun yet", stats.waiting),
    ];
    let lost: Vec<String> = (figures.iter().filter(|(_, files)| *files > 0))
        .map(|(what, files)| format!("{files} {what}"))
        .collect();
    let lost = if lost.is_empty() { "nothing lost".to_owned() } else { lost.join(", ") };
    format!("Read {} files; {lost}.", stats.files)
}

impl Source for Endless {
    fn advance(&mut self) -> Step {
        match self {
            #[cfg(feature = "pcap")]
            Self::Live(live) => live.advance(),
            Self::Folder(folder) => folder.advance(),
        }
    }

    fn packet(&self) -> Packet<'_> {
        match self {
            #[cfg(feature = "pcap")]
            Self::Live(live) => live.packet(),
            Self::Folder(folder) => folder.packet(),
        }
    }
}
