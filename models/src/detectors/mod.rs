//! The detectors that ship: one file each, one row each.

mod alike;
mod authentication;
pub(crate) mod conformance;
mod conversation;
pub(crate) mod danger;
mod delay;
mod events;
mod fanout;
mod function;
mod identity;
mod lasting;
mod link;
mod point;
mod readback;
mod reading;
mod repetition;
mod room;
mod run;
mod selection;
mod session;
mod setpoint;
mod silence;
pub(crate) mod structure;
mod unanswered;
mod value;
pub(crate) mod verb;
mod volume;

use crate::detector::Detector;

/// Capture time after which what goes on is reported again: five minutes, a third of what ends an episode
/// unless it is set otherwise, so that what goes on stays one. Sooner it would be told of each act, and
/// later it would be a new episode each time.
const GOES_ON_NS: u64 = 300 * 1_000_000_000;

/// A detector's place in the table below.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name in the configuration and in alerts.
    pub name: &'static str,
    /// One of it, with nothing in its running state.
    pub make: fn() -> Box<dyn Detector>,
}

/// The detectors that ship, in the order they are asked.
pub const DETECTORS: &[Entry] = &[
    Entry { name: conformance::NAME, make: || Box::new(conformance::Conformance::default()) },
    Entry { name: danger::NAME, make: || Box::new(danger::Danger::default()) },
    Entry { name: structure::NAME, make: || Box::new(structure::Structure::default()) },
    Entry { name: conversation::NAME, make: || Box::new(conversation::NewConversation::default()) },
    Entry { name: link::NAME, make: || Box::new(link::NewLink::default()) },
    Entry { name: function::NAME, make: || Box::new(function::NewFunction) },
    Entry { name: point::NAME, make: || Box::new(point::NewPoint::default()) },
    Entry { name: verb::NAME, make: || Box::new(verb::NewVerb::default()) },
    Entry { name: unanswered::NAME, make: || Box::new(unanswered::Unanswered::default()) },
    Entry { name: selection::NAME, make: || Box::new(selection::Unoperated::default()) },
    Entry {
        name: authentication::NAME,
        make: || Box::new(authentication::WithoutProof::default()),
    },
    Entry { name: readback::NAME, make: || Box::new(readback::Readback::default()) },
    Entry { name: reading::NAME, make: || Box::new(reading::OddReading::default()) },
    Entry { name: repetition::NAME, make: || Box::new(repetition::Repetition::default()) },
    Entry { name: events::NAME, make: || Box::new(events::EventStream::default()) },
    Entry { name: setpoint::NAME, make: || Box::new(setpoint::OddSetpoint::default()) },
    Entry { name: value::NAME, make: || Box::new(value::OddValue) },
    Entry { name: identity::NAME, make: || Box::new(identity::ChangedHost::default()) },
    Entry { name: session::NAME, make: || Box::new(session::Sessions::default()) },
    Entry { name: fanout::NAME, make: || Box::new(fanout::Scans::default()) },
    Entry { name: volume::NAME, make: || Box::new(volume::Floods::default()) },
    Entry { name: silence::NAME, make: || Box::new(silence::Silence::default()) },
    Entry { name: delay::NAME, make: || Box::new(delay::SlowAnswers::default()) },
];
