//! How odd it is that a command does not show, or that something changes without one.

use super::{NAME, Seen};
use crate::detector::Finding;
use crate::event::{Device, Event, Intent, Space, Value};
use crate::ledger::{Command, Ledger};
use crate::surprise::{self, Context};
use crate::words::counted;

/// A command that was not shown: by how the point's commands fared, and by how many of the device's
/// points ever ignored one.
pub(super) fn no_effect(ledger: &Ledger, device: Device, seen: &Seen) -> Option<Finding> {
    let Seen { point, now, order, .. } = seen;
    let order = order.as_ref()?;
    let record = ledger.record(&device)?;
    let effects = record.point(*point)?.effects();
    let given = effects.followed.saturating_add(effects.ignored);
    if given == 0 {
        return None;
    }
    let (commanded, ignoring) = record.commanded_points();
    let parent = Context { events: commanded, distinct: 1 + u64::from(ignoring > 0) };
    let here = Context { events: given, distinct: 1 + u64::from(effects.ignored > 0) };
    let surprise = surprise::bits(here.share(effects.ignored, parent.share(ignoring, 1.0)));
    Some(Finding {
        detector: NAME,
        kind: "no-effect",
        surprise,
        hard: false,
        actor: Some(device.server),
        about: Some(Box::new(Event::clone(&order.event))),
        because: format!(
            "{device} accepted {} for {point} from {} and ten seconds later, or more, reports {}; in the \
             baseline {} of {} to it showed, and {ignoring} of {} ever ignored one",
            Value::Number(order.value),
            order.event.conversation.asker(),
            Value::Number(*now),
            effects.followed,
            counted(given, "command"),
            counted(commanded, "commanded point"),
        ),
        normal_if: format!("baseline counts commands to {point} of {device} that were ignored"),
    })
}

/// A change that nobody commanded, of a point that is commanded, or that never changed.
pub(super) fn unexplained(ledger: &Ledger, event: &Event, seen: &Seen) -> Option<Finding> {
    let device = event.conversation.device();
    let Seen { point, was, now, .. } = seen;
    let record = ledger.record(&device)?.point(*point)?;
    let sum = ledger.device(&device)?;
    let by = |intent| Command { intent, space: point.space, address: point.address };
    let given = [Intent::Write, Intent::Operate].map(|intent| sum.command(by(intent)));
    let given = given.into_iter().flatten().fold(0, |acts: u64, sum| acts.saturating_add(sum.acts));
    let values = record.values();
    let still = values.distinct() == Some(1);
    // Back to the one value that it always had: what was odd was leaving it.
    let back = still && values.count(Value::Number(*now)).is_some_and(|count| count > 0);
    if back || (given == 0 && !still) {
        return None;
    }
    let reports = values.total();
    let times = record.effects().unexplained;
    let (context, known) = if times > 0 {
        let changes = record.steps().total().saturating_sub(record.steps().count(0.0)).max(times);
        (
            Context { events: changes, distinct: 2 },
            format!("{times} of {}", counted(changes, "change")),
        )
    } else if given > 0 || point.space != Space::HoldingRegister {
        (
            Context { events: reports, distinct: 1 },
            format!("none in {}", counted(reports, "report")),
        )
    } else {
        // It may be a measurement that rests: reports that follow each other say the same thing.
        let segments = ledger.segments(&event.conversation);
        let known = format!("none in {} of ten minutes", counted(segments, "segment"));
        (Context { events: segments, distinct: 1 }, known)
    };
    let commands = match given {
        0 => "never commanded".to_owned(),
        given => format!("commanded {}", counted(given, "time")),
    };
    Some(Finding {
        detector: NAME,
        kind: "unexplained-change",
        surprise: surprise::bits(context.share(times, 1.0)),
        hard: false,
        actor: Some(device.server),
        about: None,
        because: format!(
            "{point} of {device} went from {} to {} and no command for it was seen; in the baseline it \
             was {commands}, and changes without a command: {known}",
            Value::Number(*was),
            Value::Number(*now),
        ),
        normal_if: format!("baseline counts changes of {point} of {device} without a command"),
    })
}
