//! How much comes out of a packed stream, and when that is too much.

use std::cell::Cell;
use std::io::{self, Read};

use super::Limits;
use crate::extract::damage::Limit;

/// Below so much, a file may be as compressible as it likes.
const FREE_RATIO_BYTES: u64 = 16 * 1024 * 1024;

/// Counts both ends of a stream that is unpacked, and breaks it off at the limits of the walk.
pub(super) struct Meter {
    limits: Limits,
    before: u64,
    packed: Cell<u64>,
    unpacked: Cell<u64>,
}

/// One end of a stream.
pub(super) struct Metered<'m, R> {
    inner: R,
    count: &'m Cell<u64>,
    /// At the end where bytes come out.
    meter: Option<&'m Meter>,
}

impl Meter {
    /// For a walk that has seen so many bytes before.
    pub(super) fn new(before: u64, limits: Limits) -> Self {
        Self { limits, before, packed: Cell::new(0), unpacked: Cell::new(0) }
    }

    /// The end where packed bytes go in.
    pub(super) fn packing<R>(&self, inner: R) -> Metered<'_, R> {
        Metered { inner, count: &self.packed, meter: None }
    }

    /// The end where bytes come out; fails at the limits.
    pub(super) fn reading<R>(&self, inner: R) -> Metered<'_, R> {
        Metered { inner, count: &self.unpacked, meter: Some(self) }
    }

    /// How much came out.
    pub(super) fn unpacked(&self) -> u64 {
        self.unpacked.get()
    }

    /// The same, with what the walk had seen before.
    pub(super) fn total(&self) -> u64 {
        self.before.saturating_add(self.unpacked.get())
    }

    /// Whether more came out than any honest file has.
    pub(super) fn bomb(&self) -> Result<(), String> {
        ratio(self.unpacked.get(), self.packed.get(), self.limits.ratio)
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.count.set(self.count.get().saturating_add(length as u64));
        let Some(meter) = self.meter else { return Ok(length) };
        if meter.total() > meter.limits.total_bytes {
            return Err(Limit::error("too much comes out of it"));
        }
        meter.bomb().map_err(Limit::error)?;
        Ok(length)
    }
}

/// Fails for a file that grows beyond measure when it is unpacked.
pub(super) fn ratio(size: u64, packed: u64, most: u64) -> Result<(), String> {
    if packed == 0 || size <= FREE_RATIO_BYTES || size / packed <= most {
        return Ok(());
    }
    let (size, packed) = (in_words(size), in_words(packed));
    Err(format!("{packed} become {size} and more; looks like a decompression bomb"))
}

/// A number of bytes for people.
pub(super) fn in_words(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{bytes} bytes"),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
