//! `gridtap replay`: learn from the first part of captures, raise alerts on the rest.

use super::inputs::{Inputs, refuse_unknown_third};
use super::judged::{Judged, Raised};
#[cfg(unix)]
use super::leave_no_part;
use super::{Ended, Failure, Terminal, baseline, config};
use crate::alert::Raiser;
use crate::cli::{self, Format};
use crate::judge::{Judge, Mode};
use crate::names::Names;
use crate::pipeline::{Gauges, OnFull};
use crate::scores::Scores;
use crate::sink::{Sinks, Target};
use crate::source::span;
use crate::summary;
use crate::when::{Moment, Span};

/// Runs it.
///
/// # Errors
///
/// See [`Failure`].
pub fn replay(args: &cli::Replay, terminal: Terminal) -> Result<Ended, Failure> {
    let config = config(&args.common)?;
    let format = terminal.format(&args.common);
    // Everything that can be refused is, before an output is begun.
    let names = Names::read(args.names.as_deref())?;
    let ledger = args.baseline.as_deref().map(baseline::read).transpose()?;
    refuse_unknown_third(&args.captures, ledger.is_some() || args.learn_for.is_some())?;
    let mut inputs = Inputs::open(&args.captures, args.common.filter.as_deref(), false, terminal)?;
    let mut targets = Vec::new();
    targets.extend(args.alerts.clone().map(Target::File));
    if format == Format::Jsonl {
        targets.push(Target::StdoutJsonLines);
    }
    let scores = args.scores.as_deref().map(|path| Scores::begin(path, inputs.names()));
    let scores = scores.transpose()?;
    let sinks = Sinks::start(&targets, config.limits.queue_alerts)?;
    #[cfg(unix)]
    leave_no_part(sinks.parts().to_vec(), terminal)?;
    let mode = match (&ledger, args.learn_for) {
        (Some(_), _) => Mode::Judge,
        (None, Some(duration)) => Mode::Learn { for_ns: duration.as_ns() },
        (None, None) => Mode::Learn { for_ns: third_of(&inputs, terminal)? },
    };

    let raiser = Raiser::new(config.alerts.clone(), inputs.names());
    let mut judged = Judged {
        judge: Judge::new(mode, ledger.unwrap_or_default(), raiser),
        raised: Raised::keeping(Raised::SHOWN),
        gauges: Gauges::default(),
        names,
    };
    judged.judge.set_scores(scores);
    let progress = inputs.progress(terminal);
    let counters = judged.run(&mut inputs.source, &config, OnFull::Wait, &sinks, |source, n| {
        progress.show(source.progress().octets_read, n);
    });
    progress.finish();
    let reader_gone = sinks.reader_gone();
    let written = judged.judge.take_scores().map_or(Ok(()), Scores::finish);
    sinks.finish()?;
    written?;
    if reader_gone {
        return Ok(Ended::Well);
    }

    let all_read = inputs.all_read(&counters, terminal);
    let mut text = summary::text(&counters);
    text.push_str(&judged.judge.text());
    if judged.judge.acts().1 == 0 {
        text.push_str("Nothing was judged: the captures end before the learning does.\n");
    }
    if format == Format::Text {
        if terminal.quiet {
            text.clear();
        }
        text.push_str(&judged.raised.text(terminal));
        terminal.print(&text)?;
    } else if !terminal.quiet {
        terminal.say(format_args!("{}", text.trim_end()));
    }
    Ok(if !all_read {
        Ended::InputsMissing
    } else if judged.raised.reaches(args.fail_on) {
        Ended::Alerted
    } else {
        Ended::Well
    })
}

/// A third of the time that the captures cover, in nanoseconds.
pub(super) fn third_of(inputs: &Inputs, terminal: Terminal) -> Result<u64, Failure> {
    let Some(covered) = span(&inputs.paths)? else { return Ok(0) };
    let whole_ns = covered.last_ns.saturating_sub(covered.first_ns);
    let third_ns = whole_ns / 3;
    if !terminal.quiet {
        terminal.say(format_args!(
            "Learning from the first {} of {} (a third; --learn-for changes it), until {}.",
            Span::from_ns(third_ns),
            Span::from_ns(whole_ns),
            Moment(covered.first_ns.saturating_add(third_ns)),
        ));
    }
    Ok(third_ns)
}
