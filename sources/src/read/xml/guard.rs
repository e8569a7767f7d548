//! A limit on the bytes between two records.

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
    rc::Rc,
};

/// Bytes since the last reset.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Rc<Cell<usize>>);

impl Meter {
    /// Resets the count at the begin of a record.
    pub(super) fn reset(&self) {
        self.0.set(0);
    }
}

/// An input that fails after `most` bytes without the begin of a record. Otherwise a text without end would be held
/// whole.
#[derive(Debug)]
pub(super) struct Guard<R> {
    inner: R,
    meter: Meter,
    most: usize,
}

impl<R> Guard<R> {
    pub(super) fn new(inner: R, meter: Meter, most: usize) -> Self {
        Self { inner, meter, most }
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
                "a record, or the text before one, has more than {} bytes",
                self.most
            )));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.meter.0.set(self.meter.0.get().saturating_add(amount));
        self.inner.consume(amount);
    }
}
