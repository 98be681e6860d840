//! Sinks: where alerts go. They run on tokio, on a thread of their own, off the packet path.

mod file;
mod full;
mod pcapng;
mod text;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use thiserror::Error;
use tokio::io::{AsyncWrite, AsyncWriteExt, BufWriter};
use tokio::sync::mpsc;

use crate::alert::Alert;

pub(crate) use file::begin;
pub use file::{Finished, write_whole};
pub use full::full;
pub use pcapng::Pcapng;
pub use text::{paragraph, table};

/// A place that alerts go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output, a JSON object a line.
    StdoutJsonLines,
    /// Standard output, a paragraph an alert.
    StdoutText {
        /// Whether with colours.
        colours: bool,
    },
    /// A file that appears whole when all alerts are written, a JSON object a line.
    File(PathBuf),
    /// A file that lines are added to as they come.
    Append(PathBuf),
}

/// An output that could not be written.
#[derive(Debug, Error)]
#[error("{name}: {source}")]
pub struct SinkError {
    /// The file, or standard output.
    pub name: String,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// The running sinks.
#[derive(Debug)]
pub struct Sinks {
    queue: Option<mpsc::Sender<Alert>>,
    parts: Vec<PathBuf>,
    thread: Option<JoinHandle<Result<(), SinkError>>>,
    state: Arc<State>,
}

/// What became of the sinks, for those who feed them.
#[derive(Debug, Default)]
struct State {
    /// Whoever read standard output is gone.
    reader_gone: AtomicBool,
    /// None of the sinks takes anything any more.
    all_closed: AtomicBool,
}

impl Sinks {
    /// Opens `targets` and starts to serve them; `queue` alerts, at least one, wait for them at most.
    ///
    /// # Errors
    ///
    /// The first target that cannot be opened.
    pub fn start(targets: &[Target], queue: usize) -> Result<Self, SinkError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|source| SinkError { name: "sinks".to_owned(), source })?;
        let mut sinks = Vec::new();
        for target in targets {
            sinks.push(runtime.block_on(Sink::open(target))?);
        }
        let part =
            |sink: &Sink| sink.finished.as_ref().and_then(Finished::part).map(Path::to_owned);
        let parts = sinks.iter().filter_map(part).collect();
        let (queue, alerts) = mpsc::channel(queue.max(1));
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let thread = thread::Builder::new()
            .name("sinks".to_owned())
            .spawn(move || runtime.block_on(serve(sinks, alerts, &shared)))
            .map_err(|source| SinkError { name: "sinks".to_owned(), source })?;
        Ok(Self { queue: Some(queue), parts, thread: Some(thread), state })
    }

    /// Hands an alert on; waits while the queue is full.
    pub fn send(&self, alert: Alert) {
        if let Some(queue) = &self.queue {
            // Fails only when the thread panicked; `finish` then says so.
            let _ = queue.blocking_send(alert);
        }
    }

    /// The files that have not got their names yet: to be removed by whoever ends the program at once.
    #[must_use]
    pub fn parts(&self) -> &[PathBuf] {
        &self.parts
    }

    /// Whether whoever read standard output is gone.
    #[must_use]
    pub fn reader_gone(&self) -> bool {
        self.state.reader_gone.load(Ordering::Relaxed)
    }

    /// Whether alerts go nowhere any more: there is no use in going on.
    #[must_use]
    pub fn all_closed(&self) -> bool {
        self.state.all_closed.load(Ordering::Relaxed)
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    ///
    /// The first output that could not be written. The others were.
    pub fn finish(mut self) -> Result<(), SinkError> {
        self.queue = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(SinkError {
                name: "sinks".to_owned(),
                source: io::Error::other("the thread panicked"),
            }),
            None => Ok(()),
        }
    }
}

/// Serves the sinks until no more alerts come. One that fails does not cost the others.
async fn serve(
    sinks: Vec<Sink>,
    mut alerts: mpsc::Receiver<Alert>,
    state: &State,
) -> Result<(), SinkError> {
    let some = !sinks.is_empty();
    let mut open = sinks;
    let mut first_error = Ok(());
    while let Some(alert) = alerts.recv().await {
        // Whoever waits for a line gets it now; a burst is written in one go.
        let flush = alerts.is_empty();
        let mut still_open = Vec::with_capacity(open.len());
        let mut failed = Vec::new();
        for mut sink in open {
            match sink.write(&alert, flush).await {
                Ok(()) => still_open.push(sink),
                Err(error) => failed.extend(sink.close(error, state).err()),
            }
        }
        open = still_open;
        for error in failed {
            // A run that goes on may do so for years; one that ends says it with its status.
            if !open.is_empty() {
                tracing::error!(output = %error.name, error = %error.source, "no more alerts go there");
            }
            first_error = first_error.and(Err(error));
        }
        state.all_closed.store(some && open.is_empty(), Ordering::Relaxed);
    }
    for mut sink in open {
        if let Err(error) = sink.finish().await {
            first_error = first_error.and(sink.close(error, state));
        }
    }
    first_error
}

/// A target that is open.
struct Sink {
    name: String,
    /// Whether lines are for people, and then whether in colour; JSON otherwise.
    text: Option<bool>,
    stdout: bool,
    writer: BufWriter<Box<dyn AsyncWrite + Unpin + Send>>,
    finished: Option<Finished>,
}

impl Sink {
    async fn open(target: &Target) -> Result<Self, SinkError> {
        let (name, text, stdout) = match target {
            Target::StdoutJsonLines => ("standard output".to_owned(), None, true),
            Target::StdoutText { colours } => ("standard output".to_owned(), Some(*colours), true),
            Target::File(path) | Target::Append(path) => (path.display().to_string(), None, false),
        };
        let failed = |source| SinkError { name: name.clone(), source };
        let mut finished = None;
        let writer: Box<dyn AsyncWrite + Unpin + Send> = match target {
            Target::StdoutJsonLines | Target::StdoutText { .. } => Box::new(tokio::io::stdout()),
            Target::File(path) => {
                let (file, finish) = begin(path).map_err(failed)?;
                finished = Some(finish);
                Box::new(tokio::fs::File::from_std(file))
            }
            Target::Append(path) => Box::new(
                tokio::fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .await
                    .map_err(failed)?,
            ),
        };
        Ok(Self { name, text, stdout, writer: BufWriter::new(writer), finished })
    }

    async fn write(&mut self, alert: &Alert, flush: bool) -> io::Result<()> {
        let line = if let Some(colours) = self.text {
            paragraph(alert, colours)
        } else {
            let mut line = serde_json::to_string(alert).map_err(io::Error::other)?;
            line.push('\n');
            line
        };
        self.writer.write_all(line.as_bytes()).await?;
        if flush { self.writer.flush().await } else { Ok(()) }
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.writer.flush().await?;
        self.finished.take().map_or(Ok(()), Finished::commit)
    }

    /// Gives the sink up after an error.
    ///
    /// A closed pipe behind standard output is no failure: nobody wants the rest.
    fn close(self, source: io::Error, state: &State) -> Result<(), SinkError> {
        if self.stdout && source.kind() == ErrorKind::BrokenPipe {
            state.reader_gone.store(true, Ordering::Relaxed);
            return Ok(());
        }
        Err(SinkError { name: self.name, source })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::alert::sample;

    #[test]
    fn an_output_that_fails_does_not_cost_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alerts");
        let full = PathBuf::from("/dev/full");
        let sinks = Sinks::start(&[Target::Append(full), Target::File(file.clone())], 1).unwrap();
        for _ in 0..3 {
            sinks.send(sample());
        }
        let error = sinks.finish().unwrap_err();
        assert_eq!(error.name, "/dev/full");
        assert_eq!(fs::read_to_string(file).unwrap().lines().count(), 3);
    }

    #[test]
    fn when_the_last_output_has_failed_the_run_may_end() {
        let sinks = Sinks::start(&[Target::Append(PathBuf::from("/dev/full"))], 1).unwrap();
        assert!(!sinks.all_closed());
        // Until the thread had its turn; each alert is one more chance to notice.
        while !sinks.all_closed() {
            sinks.send(sample());
        }
        assert!(sinks.finish().is_err());
    }
}
