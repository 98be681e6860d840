//! What people ruled: what is normal whatever was learned, what never is, and when work is done.

use core::fmt;
use std::net::IpAddr;

use super::records::is_plain;
use super::store::{Facts, Ledger};
use super::time::Time;
use crate::detector::Finding;
use crate::event::Event;
use crate::limits::RULINGS;

/// Octets that the text of a ruling may have.
pub(crate) const TEXT_OCTETS: usize = 256;

/// What somebody ruled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ruling {
    /// Findings that say `normal_if` with this text are not raised.
    Normal(String),
    /// An act that is described by this text ([`Event::acts`]) is raised, whatever was learned.
    Never(String),
    /// In this time, nothing that this actor does is raised.
    Window {
        /// From then on, in nanoseconds since 1970 UTC.
        from_ns: u64,
        /// Until then.
        to_ns: u64,
        /// Whose acts.
        actor: IpAddr,
    },
}

/// Who ruled, and when.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ruled {
    /// When, in nanoseconds since 1970 UTC.
    pub at_ns: u64,
    /// A name, as given.
    pub by: String,
}

/// A ruling that cannot be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadRuling {
    /// The text or the name is empty, too long, or has letters beyond printable ASCII, or quotes.
    Text,
    /// The window ends before it begins.
    Window,
    /// There are too many already.
    Full,
}

impl fmt::Display for BadRuling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => {
                write!(f, "want 1 to {TEXT_OCTETS} letters of printable ASCII without quotes")
            }
            Self::Window => f.write_str("the window ends before it begins"),
            Self::Full => write!(f, "more than {RULINGS} rulings"),
        }
    }
}

impl core::error::Error for BadRuling {}

impl Ruling {
    pub(crate) fn check(&self) -> Result<(), BadRuling> {
        match self {
            Self::Normal(text) | Self::Never(text) => check_text(text),
            Self::Window { from_ns, to_ns, .. } if from_ns > to_ns => Err(BadRuling::Window),
            Self::Window { .. } => Ok(()),
        }
    }
}

pub(crate) fn check_text(text: &str) -> Result<(), BadRuling> {
    let fits = (1..=TEXT_OCTETS).contains(&text.len()) && text.chars().all(is_plain);
    if fits { Ok(()) } else { Err(BadRuling::Text) }
}

impl Ledger {
    /// Notes a ruling, or changes who gave it and when.
    ///
    /// # Errors
    ///
    /// [`BadRuling`]; then nothing has changed.
    pub fn rule(&mut self, ruling: Ruling, ruled: Ruled) -> Result<(), BadRuling> {
        ruling.check()?;
        check_text(&ruled.by)?;
        if self.facts.rulings.len() >= RULINGS && !self.facts.rulings.contains_key(&ruling) {
            return Err(BadRuling::Full);
        }
        self.facts.rulings.insert(ruling, ruled);
        Ok(())
    }

    /// Takes a ruling back; says whether it was there.
    pub fn unrule(&mut self, ruling: &Ruling) -> bool {
        self.facts.rulings.remove(ruling).is_some()
    }

    /// All rulings, sorted.
    pub fn rulings(&self) -> impl Iterator<Item = (&Ruling, &Ruled)> {
        self.facts.rulings.iter()
    }

    /// Whether this sentence was ruled normal.
    #[must_use]
    pub fn is_ruled_normal(&self, normal_if: &str) -> bool {
        !self.facts.rulings.is_empty()
            && self.facts.rulings.contains_key(&Ruling::Normal(normal_if.to_owned()))
    }

    /// Whether a finding about `event` was ruled normal, or falls into a window of its actor.
    #[must_use]
    pub fn excuses(&self, finding: &Finding, event: &Event) -> bool {
        if self.facts.rulings.is_empty() {
            return false;
        }
        let about = finding.about.as_deref().unwrap_or(event);
        let who = finding.actor.unwrap_or(about.conversation.client);
        let within = |ruling: &Ruling| match ruling {
            Ruling::Window { from_ns, to_ns, actor } => {
                *actor == who && (*from_ns..=*to_ns).contains(&event.time_ns)
            }
            Ruling::Normal(_) | Ruling::Never(_) => false,
        };
        self.is_ruled_normal(&finding.normal_if) || self.facts.rulings.keys().any(within)
    }

    /// The first of the event's acts that was ruled never to be normal.
    #[must_use]
    pub fn forbidden(&self, event: &Event) -> Option<(String, &Ruled)> {
        let never = |ruling: &Ruling| matches!(ruling, Ruling::Never(_));
        if !self.facts.rulings.keys().any(never) {
            return None;
        }
        event.acts().find_map(|act| {
            let ruled = self.facts.rulings.get(&Ruling::Never(act.clone()))?;
            Some((act, ruled))
        })
    }
}

impl Facts {
    /// Adds what was ruled elsewhere. Of one ruling given twice, the later stays.
    pub(crate) fn add_rulings(&mut self, other: &Self) {
        for (ruling, theirs) in &other.rulings {
            let ours = self.rulings.entry(ruling.clone()).or_insert_with(|| theirs.clone());
            if theirs > ours {
                ours.clone_from(theirs);
            }
        }
    }
}

impl Event {
    /// The act in words that stay the same: for each point it commands one, for others the
    /// function. A ruling names an act by them.
    pub fn acts(&self) -> impl Iterator<Item = String> {
        let talk = self.conversation;
        let mut points = self.commands().map(move |(command, _)| format!("{talk}: {command}"));
        let first = points.next();
        let function = first.is_none().then(|| format!("{talk}: {}", self.function_key()));
        first.into_iter().chain(points).chain(function)
    }
}

/// As it stands in the baseline file and as people read it.
impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal(text) => write!(f, "normal \"{text}\""),
            Self::Never(text) => write!(f, "never \"{text}\""),
            Self::Window { from_ns, to_ns, actor } => {
                write!(f, "window {:.9} to {:.9} actor {actor}", Time(*from_ns), Time(*to_ns))
            }
        }
    }
}

impl fmt::Display for Ruled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "by \"{}\" at {:.9}", self.by, Time(self.at_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Value;
    use crate::samples::{START_NS, judged, learned, request, write};

    fn ruled() -> Ruled {
        Ruled { at_ns: START_NS, by: "Ada".to_owned() }
    }

    /// A site, an act that is odd there, and the finding about it.
    fn odd() -> (Ledger, Event, Finding) {
        let ledger = learned((0..1_000).map(|_| request(5, 21)));
        let event = write(&request(5, 21), 40, Value::Number(1.0));
        let finding = judged("function", &ledger, &event).remove(0);
        (ledger, event, finding)
    }

    #[test]
    fn what_was_ruled_normal_is_excused_until_it_is_taken_back() {
        let (mut ledger, event, finding) = odd();
        assert!(!ledger.excuses(&finding, &event));
        let ruling = Ruling::Normal(finding.normal_if.clone());
        ledger.rule(ruling.clone(), ruled()).unwrap();
        assert!(ledger.excuses(&finding, &event));
        let other = Finding { normal_if: "something else".to_owned(), ..finding.clone() };
        assert!(!ledger.excuses(&other, &event));
        assert!(ledger.unrule(&ruling) && !ledger.unrule(&ruling));
        assert!(!ledger.excuses(&finding, &event));
    }

    #[test]
    fn a_window_excuses_its_actor_while_it_lasts() {
        let (mut ledger, event, finding) = odd();
        let window = |actor: [u8; 4], to_ns| Ruling::Window {
            from_ns: START_NS,
            to_ns,
            actor: actor.into(),
        };
        ledger.rule(window([10, 0, 0, 6], START_NS), ruled()).unwrap();
        assert!(!ledger.excuses(&finding, &event));
        ledger.rule(window([10, 0, 0, 5], START_NS), ruled()).unwrap();
        assert!(ledger.excuses(&finding, &event));
        let later = Event { time_ns: START_NS + 1, ..event };
        assert!(!ledger.excuses(&finding, &later));
        assert_eq!(ledger.rule(window([10, 0, 0, 5], 0), ruled()), Err(BadRuling::Window));
    }

    #[test]
    fn what_must_never_be_is_found_by_any_of_its_points() {
        let (mut ledger, event, _) = odd();
        assert_eq!(ledger.forbidden(&event), None);
        let act = "modbus 10.0.0.5 -> 10.0.0.21 unit 1: write holding-register 40";
        ledger.rule(Ruling::Never(act.to_owned()), ruled()).unwrap();
        assert_eq!(ledger.forbidden(&event), Some((act.to_owned(), &ruled())));
        assert_eq!(ledger.forbidden(&request(5, 21)), None);
        let poll: Vec<_> = request(5, 21).acts().collect();
        assert_eq!(poll, ["modbus 10.0.0.5 -> 10.0.0.21 unit 1: read 3"]);
    }

    #[test]
    fn rulings_are_kept_in_the_file_and_merged() {
        let (mut ours, _, finding) = odd();
        let mut theirs = Ledger::default();
        let ruling = Ruling::Normal(finding.normal_if);
        ours.rule(ruling.clone(), ruled()).unwrap();
        let later = Ruled { at_ns: START_NS + 1, by: "Bob".to_owned() };
        theirs.rule(ruling.clone(), later.clone()).unwrap();
        theirs
            .rule(Ruling::Window { from_ns: 0, to_ns: 5, actor: [10, 0, 0, 5].into() }, ruled())
            .unwrap();
        assert_eq!(Ledger::from_text(&ours.to_text()), Ok(ours.clone()));
        assert_eq!(Ledger::from_text(&theirs.to_text()), Ok(theirs.clone()));
        ours.merge(&theirs).unwrap();
        assert_eq!(ours.rulings().count(), 2);
        assert_eq!(ours.rulings().next(), Some((&ruling, &later)));
    }

    #[test]
    fn a_text_that_the_file_cannot_hold_is_refused() {
        let mut ledger = Ledger::default();
        for text in ["", "a \"quote\"", "líne", "a\nb", &"x".repeat(TEXT_OCTETS + 1)] {
            let ruling = Ruling::Normal(text.to_owned());
            assert_eq!(ledger.rule(ruling, ruled()), Err(BadRuling::Text), "{text}");
        }
    }
}
