//! Ctrl-C and SIGTERM end a run as it should end: with everything written.

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
    let failed = |source| SinkError { name: "signals".to_owned(), source };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    let (mut interrupt, mut terminate) = runtime
        .block_on(async {
            Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
        })
        .map_err(failed)?;
    let stop = Arc::clone(stop);
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
            stop.store(true, Ordering::Relaxed);
        })
        .map_err(failed)?;
    Ok(())
}
