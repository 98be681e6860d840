//! A window on an input: octets are read in large pieces and lent until they are consumed.

use std::io::{self, Read};

use crate::source::input::Input;

/// Octets of the window at first: large enough that system calls do not show, small enough to
/// stay in a processor's cache.
const FIRST_OCTETS: usize = 256 * 1024;

/// Octets from somewhere in an input on.
#[derive(Debug)]
pub(super) struct Buffer {
    input: Input,
    octets: Vec<u8>,
    start: usize,
    end: usize,
    /// Octets consumed so far.
    offset: u64,
}

impl Buffer {
    /// A window on the start of `input`, with nothing read yet.
    pub(super) fn new(input: Input) -> Self {
        Self { input, octets: vec![0; FIRST_OCTETS], start: 0, end: 0, offset: 0 }
    }

    /// The input behind the window.
    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// The input behind the window, to be read to its end by somebody else.
    pub(super) fn input_mut(&mut self) -> &mut Input {
        &mut self.input
    }

    /// Where the window begins, in octets from the start of the input.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// All octets in the window.
    pub(super) fn window(&self) -> &[u8] {
        self.octets.get(self.start..self.end).unwrap_or_default()
    }

    /// The next `count` octets, or nothing if the input ends before.
    ///
    /// The window grows to hold them, but never beyond twice what has arrived: callers keep `count`
    /// within bounds of their own, and a lie about it costs no memory.
    #[inline]
    pub(super) fn peek(&mut self, count: usize) -> io::Result<Option<&[u8]>> {
        if self.window().len() < count {
            self.fill(count)?;
        }
        Ok(self.window().get(..count))
    }

    /// The next `N` octets, or nothing if the input ends before.
    #[inline]
    pub(super) fn peek_array<const N: usize>(&mut self) -> io::Result<Option<[u8; N]>> {
        Ok(self.peek(N)?.and_then(|octets| octets.first_chunk().copied()))
    }

    /// Lets go of the next `count` octets, which are in the window.
    #[inline]
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.window().len());
        self.start = self.start.saturating_add(count);
        self.offset = self.offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// Lets go of the next `count` octets, in the window or not; tells whether they were all there.
    /// Takes from `count` what it has let go of, so that it can go on after an error.
    pub(super) fn skip(&mut self, count: &mut usize) -> io::Result<bool> {
        while *count > 0 {
            self.peek(1)?;
            let next = self.window().len().min(*count);
            if next == 0 {
                return Ok(false);
            }
            self.consume(next);
            *count = count.saturating_sub(next);
        }
        Ok(true)
    }

    /// Reads until the window has `count` octets or the input ends.
    #[cold]
    fn fill(&mut self, count: usize) -> io::Result<()> {
        self.octets.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        while self.end < count {
            if self.end == self.octets.len() {
                self.octets.resize(self.octets.len().saturating_mul(2), 0);
            }
            let spare = self.octets.get_mut(self.end..).unwrap_or_default();
            match self.input.read(spare) {
                Ok(0) => break,
                Ok(read) => self.end = self.end.saturating_add(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
