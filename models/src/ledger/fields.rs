//! One line of the baseline file, taken apart from left to right.

use core::str::FromStr;

use super::provenance::Digest;
use super::records::is_plain;
use super::spread::Spread;
use super::tally::{SEGMENT_NS, Segments, Stretch, Tally};
use super::time::Time;
use super::values::{Exact, Number, Values};
use crate::event::Switch;
use crate::limits::{BINS, NAME_OCTETS, SEGMENT_RANGES, VALUES_A_POINT};

/// What was read, or why it could not be.
pub(crate) type Read<T> = Result<T, String>;

/// What is left of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a str);

impl<'a> Fields<'a> {
    /// The next word.
    pub(crate) fn next(&mut self, what: &str) -> Read<&'a str> {
        let (word, rest) = self.0.split_once(' ').unwrap_or((self.0, ""));
        self.0 = rest;
        if word.is_empty() { Err(format!("want {what}, found nothing")) } else { Ok(word) }
    }

    /// This word and no other.
    pub(crate) fn word(&mut self, word: &str) -> Read<()> {
        let found = self.next(&format!("`{word}`"))?;
        if found == word { Ok(()) } else { Err(format!("want `{word}`, found `{found}`")) }
    }

    /// Whether the next word is this one; taken if it is.
    pub(crate) fn has(&mut self, word: &str) -> bool {
        let mut ahead = *self;
        let has = ahead.word(word).is_ok();
        if has {
            *self = ahead;
        }
        has
    }

    /// A word that stands for something.
    pub(crate) fn known<T>(&mut self, what: &str, known: fn(&str) -> Option<T>) -> Read<T> {
        let word = self.next(what)?;
        known(word).ok_or_else(|| format!("`{word}` is no {what}"))
    }

    /// A number, an address.
    pub(crate) fn number<T: FromStr>(&mut self, what: &str) -> Read<T> {
        number(self.next(what)?, what)
    }

    pub(crate) fn time(&mut self) -> Read<Time> {
        time(self.next("a time")?)
    }

    pub(crate) fn digest(&mut self) -> Read<Digest> {
        let word = self.next("a digest")?;
        let digest = word.strip_prefix("sha256:").and_then(|hex| hex.parse().ok());
        digest.ok_or_else(|| format!("`{word}` is no SHA-256 digest"))
    }

    /// A name between quotes.
    pub(crate) fn name(&mut self) -> Read<&'a str> {
        self.quoted(NAME_OCTETS)
    }

    /// At most so many letters between quotes.
    pub(crate) fn quoted(&mut self, most: usize) -> Read<&'a str> {
        let quoted = self.0.strip_prefix('"').and_then(|rest| rest.split_once('"'));
        let (text, rest) = quoted.ok_or("want a name between quotes")?;
        if text.len() > most || !text.chars().all(is_plain) {
            return Err(format!("a name is at most {most} letters of printable ASCII"));
        }
        self.0 = rest.strip_prefix(' ').unwrap_or(rest);
        Ok(text)
    }

    pub(crate) fn tally(&mut self) -> Read<Tally> {
        self.word("acts")?;
        let count = self.number("a count")?;
        self.word("first")?;
        let Time(first_ns) = self.time()?;
        self.word("last")?;
        let Time(last_ns) = self.time()?;
        self.word("segments")?;
        let segments = segments(self.next("segments")?, count)?;
        if count == 0 || first_ns > last_ns {
            return Err("want at least one act, and the first not after the last".to_owned());
        }
        let (first, last) = (Segments::at(first_ns), Segments::at(last_ns));
        let starts = segments
            .ranges
            .first()
            .is_some_and(|it| if segments.earlier { it.first > first } else { it.first == first });
        if !starts || segments.ranges.last().is_none_or(|range| range.last != last) {
            return Err("the segments do not reach from the first act to the last".to_owned());
        }
        Ok(Tally { count, first_ns, last_ns, segments })
    }

    pub(crate) fn values(&mut self) -> Read<Values> {
        let mut values = Values::default();
        if self.has("none") {
            return Ok(values);
        }
        if self.has("many") {
            values.many = true;
            values.numbers = self.number("a count")?;
            if self.has("from") {
                let least = Number::new(self.number("a number")?);
                self.word("to")?;
                let greatest = Number::new(self.number("a number")?);
                if least > greatest {
                    return Err("the least value is above the greatest".to_owned());
                }
                values.range = Some((least, greatest));
            }
            self.word("spread")?;
            values.spread = self.spread()?;
            return Ok(values);
        }
        for pair in self.next("values")?.split(',') {
            let (value, count) = pair.split_once(':').ok_or("want value:count")?;
            add_value(&mut values, exact(value)?, number(count, "a count")?)?;
        }
        Ok(values)
    }

    pub(crate) fn spread(&mut self) -> Read<Spread> {
        let mut spread = Spread::default();
        if self.has("none") {
            return Ok(spread);
        }
        spread.coarse = self.number("bits not looked at")?;
        for pair in self.next("bins")?.split(',') {
            let (bin, count) = pair.split_once(':').ok_or("want bin:count")?;
            let (bin, count) = (number(bin, "a bin")?, number(count, "a count")?);
            if spread.bins.last().is_some_and(|(last, _)| *last >= bin) || count == 0 {
                return Err(format!("bin {bin} is empty, a duplicate or not sorted"));
            }
            spread.bins.push((bin, count));
        }
        if spread.bins.len() > BINS || !spread.is_possible() {
            return Err("the bins are not those that their numbers would have".to_owned());
        }
        Ok(spread)
    }

    /// Nothing more.
    pub(crate) fn end(self) -> Read<()> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("`{}` is too much", self.0)) }
    }
}

fn number<T: FromStr>(word: &str, what: &str) -> Read<T> {
    word.parse().map_err(|_| format!("`{word}` is not {what}, or out of range"))
}

fn time(word: &str) -> Read<Time> {
    Time::read(word).ok_or_else(|| format!("`{word}` is no time in UTC from 1970 to 2554"))
}

fn exact(word: &str) -> Read<Exact> {
    match Switch::from_word(word) {
        Some(switch) => Ok(Exact::Switch(switch)),
        None => Ok(Exact::Number(Number::new(number(word, "a value")?))),
    }
}

fn add_value(values: &mut Values, value: Exact, count: u64) -> Read<()> {
    if count == 0 {
        return Err(format!("value {value} was never commanded"));
    }
    if values.exact.last().is_some_and(|(last, _)| *last >= value) {
        return Err(format!("value {value} is a duplicate or not sorted"));
    }
    if values.exact.len() >= VALUES_A_POINT {
        return Err(format!("more than {VALUES_A_POINT} values"));
    }
    values.add_exact(value, count);
    Ok(())
}

/// The segments of so many acts.
fn segments(word: &str, acts: u64) -> Read<Segments> {
    let (earlier, ranges) = match word.strip_prefix("more,") {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let ranges = ranges.split(',').map(range).collect::<Read<Vec<_>>>()?;
    if ranges.len() > SEGMENT_RANGES {
        return Err(format!("more than {SEGMENT_RANGES} ranges of segments"));
    }
    let apart = |pair: &[(Stretch, bool)]| match pair {
        [(before, _), (after, _)] => before.last.saturating_add(1) < after.first,
        _ => true,
    };
    if !ranges.windows(2).all(apart) {
        return Err("the segments are not sorted, or touch".to_owned());
    }
    let counted = ranges.iter().filter(|(_, counted)| *counted).count();
    let all = counted == ranges.len();
    let ranges: Vec<Stretch> = ranges.into_iter().map(|(range, _)| range).collect();
    let mut segments = Segments { ranges, earlier };
    if counted == 0 {
        segments.spread(acts);
    }
    let sum = segments.acts();
    if (counted > 0 && !all) || sum > acts || (sum < acts && !earlier) {
        return Err("want the acts of each range of segments, or of none".to_owned());
    }
    Ok(segments)
}

/// A range, and whether it says how often it happened in it.
fn range(word: &str) -> Read<(Stretch, bool)> {
    let (start, counts) = word.split_once('/').ok_or("want segments as start/count")?;
    let (count, acts) = match counts.split_once('x') {
        Some((count, acts)) => (count, Some(number(acts, "a count")?)),
        None => (counts, None),
    };
    let Time(start) = time(start)?;
    let count: u32 = number(count, "a count")?;
    let first = Segments::at(start);
    let last = count.checked_sub(1).and_then(|more| first.checked_add(more));
    let last = last.filter(|_| start.is_multiple_of(SEGMENT_NS));
    let range = last.map(|last| Stretch { first, last, acts: acts.unwrap_or(0) });
    let range = range.ok_or_else(|| format!("`{word}` is no range of segments"))?;
    Ok((range, acts.is_some()))
}
