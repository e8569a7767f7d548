//! A limit on what stands between two records.

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
    rc::Rc,
};

use super::weight::{self, Scale};

/// Weight since the last reset, and the last byte that was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Rc<Cell<usize>>, Rc<Cell<u8>>);

impl Meter {
    /// Resets the weight at the begin of a record.
    pub(super) fn reset(&self) {
        self.0.set(0);
    }

    /// Whether what was read so far ends with a line.
    pub(super) fn ends_a_line(&self) -> bool {
        matches!(self.1.get(), b'\n' | b'\r')
    }
}

/// An input that fails once a record, or the text before one, is too heavy. Otherwise a text without end would be held
/// whole.
#[derive(Debug)]
pub(super) struct Guard<R> {
    inner: R,
    meter: Meter,
    most: usize,
    scale: Scale,
}

impl<R> Guard<R> {
    pub(super) fn new(inner: R, meter: Meter, most: usize, scale: Scale) -> Self {
        Self { inner, meter, most, scale }
    }
}

impl<R: BufRead> Read for Guard<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Guard<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.meter.0.get() > self.most {
            return Err(io::Error::other(format!(
                "a record, or the text before one, would take more than {} MiB of memory",
                self.most >> 20
            )));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed was filled in before, so this reads nothing and cannot fail.
        let filled = self.inner.fill_buf().unwrap_or_default();
        let weight = weight::of(filled.get(..amount).unwrap_or(filled), self.scale);
        self.meter.0.set(self.meter.0.get().saturating_add(weight));
        if let Some(last) = filled.get(..amount).and_then(|read| read.last()) {
            self.meter.1.set(*last);
        }
        self.inner.consume(amount);
    }
}
