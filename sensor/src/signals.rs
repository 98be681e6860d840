//! Ctrl-C and SIGTERM end a run as it should end: a live one with everything written, a replay with
//! nothing left behind.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use crate::sink::SinkError;

/// Sets `stop` on the first Ctrl-C or SIGTERM.
///
/// # Errors
///
/// If the system does not let signals be caught.
pub fn stop_on(stop: &Arc<AtomicBool>) -> Result<(), SinkError> {
    let stop = Arc::clone(stop);
    on_signal(move |_| stop.store(true, Ordering::Relaxed))
}

/// On the first Ctrl-C or SIGTERM, does what `clear_away` does and ends the program at once with the
/// status that shells expect: 128 and the signal. A replay may wait for a pipe that nobody writes
/// to, and so cannot be asked to stop.
///
/// # Errors
///
/// If the system does not let signals be caught.
pub fn end_on(clear_away: impl FnOnce() + Send + 'static) -> Result<(), SinkError> {
    on_signal(move |signal| {
        clear_away();
        process::exit(signal.as_raw_value().saturating_add(128));
    })
}

fn on_signal(then: impl FnOnce(SignalKind) + Send + 'static) -> Result<(), SinkError> {
    let failed = |source| SinkError { name: "signals".to_owned(), source };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    let (mut interrupt, mut terminate) = runtime
        .block_on(async {
            Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
        })
        .map_err(failed)?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            then(runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => SignalKind::interrupt(),
                    _ = terminate.recv() => SignalKind::terminate(),
                }
            }));
        })
        .map_err(failed)?;
    Ok(())
}
