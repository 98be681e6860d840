//! Sinks: where alerts go. They run on tokio, on a thread of their own, off the packet path.

mod file;
mod text;

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use thiserror::Error;
use tokio::io::{AsyncWrite, AsyncWriteExt, BufWriter};
use tokio::sync::mpsc;

use crate::alert::Alert;

pub use file::{Finished, write_whole};
pub use text::{paragraph, table};

/// Alerts that wait for the sinks before the judge has to.
const QUEUE: usize = 1_024;

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
    thread: Option<JoinHandle<Result<(), SinkError>>>,
    reader_gone: Arc<AtomicBool>,
    /// Whether somebody else than the reader of standard output wants the alerts.
    kept: bool,
}

impl Sinks {
    /// Opens `targets` and starts to serve them.
    ///
    /// # Errors
    ///
    /// The first target that cannot be opened.
    pub fn start(targets: &[Target]) -> Result<Self, SinkError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|source| SinkError { name: "sinks".to_owned(), source })?;
        let mut sinks = Vec::new();
        for target in targets {
            sinks.push(runtime.block_on(Sink::open(target))?);
        }
        let (queue, alerts) = mpsc::channel(QUEUE);
        let reader_gone = Arc::new(AtomicBool::new(false));
        let gone = Arc::clone(&reader_gone);
        let thread = thread::Builder::new()
            .name("sinks".to_owned())
            .spawn(move || runtime.block_on(serve(sinks, alerts, &gone)))
            .map_err(|source| SinkError { name: "sinks".to_owned(), source })?;
        let kept = targets.iter().any(|to| matches!(to, Target::File(_) | Target::Append(_)));
        Ok(Self { queue: Some(queue), thread: Some(thread), reader_gone, kept })
    }

    /// Hands an alert on; waits while the queue is full.
    pub fn send(&self, alert: Alert) {
        if let Some(queue) = &self.queue {
            // Fails only when the thread ended; `finish` then says why.
            let _ = queue.blocking_send(alert);
        }
    }

    /// Whether whoever read standard output is gone.
    #[must_use]
    pub fn reader_gone(&self) -> bool {
        self.reader_gone.load(Ordering::Relaxed)
    }

    /// Whether nobody wants any more alerts.
    #[must_use]
    pub fn unread(&self) -> bool {
        self.reader_gone() && !self.kept
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    ///
    /// The first output that could not be written.
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

async fn serve(
    mut sinks: Vec<Sink>,
    mut alerts: mpsc::Receiver<Alert>,
    reader_gone: &AtomicBool,
) -> Result<(), SinkError> {
    while let Some(alert) = alerts.recv().await {
        for sink in &mut sinks {
            sink.write(&alert, reader_gone).await?;
        }
        // Whoever waits for a line gets it now; a burst is written in one go.
        if alerts.is_empty() {
            for sink in &mut sinks {
                sink.flush(reader_gone).await?;
            }
        }
    }
    for sink in sinks {
        sink.finish(reader_gone).await?;
    }
    Ok(())
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
                let (file, finish) = file::begin(path).map_err(failed)?;
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

    async fn write(&mut self, alert: &Alert, reader_gone: &AtomicBool) -> Result<(), SinkError> {
        let line = if let Some(colours) = self.text {
            paragraph(alert, colours)
        } else {
            let mut line = serde_json::to_string(alert)
                .map_err(|error| self.failed(io::Error::other(error)))?;
            line.push('\n');
            line
        };
        let written = self.writer.write_all(line.as_bytes()).await;
        self.unless_gone(written, reader_gone)
    }

    async fn flush(&mut self, reader_gone: &AtomicBool) -> Result<(), SinkError> {
        let flushed = self.writer.flush().await;
        self.unless_gone(flushed, reader_gone)
    }

    async fn finish(mut self, reader_gone: &AtomicBool) -> Result<(), SinkError> {
        self.flush(reader_gone).await?;
        let finished = self.finished.take().map_or(Ok(()), Finished::commit);
        finished.map_err(|source| self.failed(source))
    }

    /// A closed pipe behind standard output is no failure: nobody wants the rest.
    fn unless_gone(&self, result: io::Result<()>, gone: &AtomicBool) -> Result<(), SinkError> {
        match result {
            Err(error) if self.stdout && error.kind() == ErrorKind::BrokenPipe => {
                gone.store(true, Ordering::Relaxed);
                Ok(())
            }
            other => other.map_err(|source| self.failed(source)),
        }
    }

    fn failed(&self, source: io::Error) -> SinkError {
        SinkError { name: self.name.clone(), source }
    }
}
