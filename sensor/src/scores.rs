//! How odd each act is, for researchers: a CSV file with a row for every judged act.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use gridtap_models::detector::Finding;
use gridtap_models::detectors::DETECTORS;
use gridtap_models::event::{Event, Stage};

use crate::alert::gravest;
use crate::sink::{Finished, SinkError, begin};
use crate::when::Moment;

/// The columns before those of the detectors.
const COLUMNS: [&str; 16] = [
    "time",
    "capture",
    "packet",
    "stage",
    "protocol",
    "client",
    "server",
    "unit",
    "intent",
    "function_code",
    "function",
    "score_bits",
    "severity",
    "detector",
    "kind",
    "hard",
];

/// A file of scores that is being written.
///
/// An act has a row when it is asked for, and another with its end if detectors find that odd; so
/// has what devices report unasked, and what is noticed of a conversation, if it is odd.
/// Bits are rounded to 0.1; those of a detector are of the oddest that it found, 0 if it found
/// nothing. `score_bits` to `hard` are of the gravest finding.
#[derive(Debug)]
pub struct Scores {
    path: PathBuf,
    /// Names of the captures, by index.
    captures: Vec<String>,
    file: csv::Writer<File>,
    finished: Finished,
    /// What went wrong first; nothing was written from there on.
    failed: Option<io::Error>,
}

impl Scores {
    /// Begins the file, which appears when it is [finished](Self::finish).
    ///
    /// # Errors
    ///
    /// If it cannot be created.
    pub fn begin(path: &Path, captures: Vec<String>) -> Result<Self, SinkError> {
        let failed = |source| SinkError { name: path.display().to_string(), source };
        let (file, finished) = begin(path).map_err(failed)?;
        let mut file = csv::Writer::from_writer(file);
        let of_detectors = DETECTORS.iter().map(|detector| format!("{}_bits", detector.name));
        let header = COLUMNS.iter().map(ToString::to_string).chain(of_detectors);
        file.write_record(header).map_err(|error| failed(error.into()))?;
        Ok(Self { path: path.to_owned(), captures, file, finished, failed: None })
    }

    /// Adds what was found about an event. What goes wrong is said in the end.
    pub fn add(&mut self, event: &Event, findings: &[Finding]) {
        let asked = event.stage == Stage::Requested;
        if self.failed.is_some() || (!asked && findings.is_empty()) {
            return;
        }
        self.failed = self.row(event, findings).err().map(io::Error::from);
    }

    fn row(&mut self, event: &Event, findings: &[Finding]) -> csv::Result<()> {
        let talk = &event.conversation;
        let capture = self.captures.get(usize::from(event.packet.capture));
        let stage = match event.stage {
            Stage::Requested => "requested",
            Stage::Ended { .. } => "ended",
            Stage::Reported => "reported",
            Stage::Noticed => "noticed",
            Stage::Attempted(_) => "attempted",
        };
        let all: Vec<&Finding> = findings.iter().collect();
        let gravest = gravest(event, &all);
        let found = gravest.map(|(_, finding)| finding);
        let file = &mut self.file;
        file.write_field(Moment(event.time_ns).to_string())?;
        file.write_field(capture.map_or("", String::as_str))?;
        file.write_field(event.packet.number.to_string())?;
        file.write_field(stage)?;
        file.write_field(talk.protocol.word())?;
        file.write_field(talk.client.to_string())?;
        file.write_field(talk.server.to_string())?;
        file.write_field(talk.unit.to_string())?;
        file.write_field(event.intent.word())?;
        file.write_field(event.function.code.to_string())?;
        file.write_field(event.function.name)?;
        file.write_field(bits(found.map(|finding| finding.surprise.0)))?;
        file.write_field(gravest.map_or("", |(severity, _)| severity.name()))?;
        file.write_field(found.map_or("", |finding| finding.detector))?;
        file.write_field(found.map_or("", |finding| finding.kind))?;
        file.write_field(found.is_some_and(|finding| finding.hard).to_string())?;
        for detector in DETECTORS {
            let its = findings.iter().filter(|finding| finding.detector == detector.name);
            file.write_field(bits(its.map(|finding| finding.surprise.0).reduce(f64::max)))?;
        }
        file.write_record(None::<&[u8]>)
    }

    /// Gives the file its name.
    ///
    /// # Errors
    ///
    /// What went wrong first since it was begun.
    pub fn finish(mut self) -> Result<(), SinkError> {
        let flushed = self.failed.map_or_else(|| self.file.flush(), Err);
        let done = flushed.and_then(|()| self.finished.commit());
        done.map_err(|source| SinkError { name: self.path.display().to_string(), source })
    }
}

fn bits(surprise: Option<f64>) -> String {
    format!("{:.1}", surprise.unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::alert::{act, finding};

    #[test]
    fn an_act_has_a_row_whatever_is_found_about_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.csv");
        let mut scores = Scores::begin(&path, vec!["a, b.pcap".to_owned()]).unwrap();
        let routine = act(5, 9, 1_000_000_007, 3);
        let ended = |event: &Event| Event {
            stage: Stage::Ended { outcome: gridtap_models::event::Outcome::Done, after_ns: 5 },
            ..event.clone()
        };
        scores.add(&routine, &[]);
        scores.add(&ended(&routine), &[]);
        let mut found =
            [finding("k1", 8.04, false), finding("k2", 3.0, true), finding("k3", 9.0, false)];
        found[0].detector = "point";
        found[2].detector = "point";
        scores.add(&routine, &found);
        scores.add(&ended(&routine), &found[1..2]);
        assert!(!path.exists());
        scores.finish().unwrap();
        let act = "1970-01-01T00:00:01.000000007Z,\"a, b.pcap\",3";
        let what = "modbus,10.0.0.5,10.0.0.9,1,write,6,write_single_register";
        let column = |name: &str| format!("{name}_bits");
        let bits: Vec<_> = DETECTORS.iter().map(|detector| column(detector.name)).collect();
        let bits = bits.join(",");
        let silent = vec!["0.0"; DETECTORS.len()].join(",");
        let point = DETECTORS.iter().map(|d| if d.name == "point" { "9.0" } else { "0.0" });
        let point = point.collect::<Vec<_>>().join(",");
        let expected = format!(
            "time,capture,packet,stage,protocol,client,server,unit,intent,function_code,function,\
             score_bits,severity,detector,kind,hard,{bits}\n\
             {act},requested,{what},0.0,,,,false,{silent}\n\
             {act},requested,{what},3.0,critical,d,k2,true,{point}\n\
             {act},ended,{what},3.0,critical,d,k2,true,{silent}\n"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }
}
