//! How much memory a reader may take.

use std::sync::{Mutex, PoisonError};

use peak_alloc::PeakAlloc;

/// Counts the memory of every program that is linked with this crate.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// One measurement at a time: the count is the whole program's.
static ONE: Mutex<()> = Mutex::new(());

/// What a parser may take whatever the input, in octets: buffers that keep a size once they have one.
pub const PARSER_OCTETS: usize = 16 * 1_024;

/// How many octets may be taken for each octet of input.
pub const TIMES_INPUT: usize = 8;

/// Runs `work`, which reads `input` octets, and returns what it returns.
///
/// # Panics
///
/// If at any moment it held more than `fixed` octets and [`TIMES_INPUT`] times its input.
pub fn bounded<T>(fixed: usize, input: usize, work: impl FnOnce() -> T) -> T {
    let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let out = work();
    let taken = HEAP.peak_usage().saturating_sub(before);
    drop(one);
    let bound = TIMES_INPUT.saturating_mul(input).saturating_add(fixed);
    assert!(taken <= bound, "{taken} octets of memory for {input} octets of input");
    out
}
