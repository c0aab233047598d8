//! A block of rows that only grows: codes, what they belong to, and how to score them.

use super::code::{Code, Query};
use super::scan;
use crate::id::DocumentId;

/// Small enough to copy within a tenth of a millisecond while a search still reads the old one.
pub(super) const SEGMENT_ROWS: usize = 1024;

/// Where a row belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) document: DocumentId,
    pub(super) ordinal: u32,
    /// The document's place in the table of documents.
    pub(super) slot: u32,
}

/// Up to [`SEGMENT_ROWS`] coded vectors.
#[derive(Debug)]
pub(super) struct Segment {
    dimensions: usize,
    high: Vec<i8>,
    low: Vec<i8>,
    steps: Vec<f32>,
    residuals: Vec<f32>,
    owners: Vec<Owner>,
}

impl Segment {
    pub(super) fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            high: Vec::with_capacity(SEGMENT_ROWS * dimensions),
            low: Vec::with_capacity(SEGMENT_ROWS * dimensions),
            steps: Vec::with_capacity(SEGMENT_ROWS),
            residuals: Vec::with_capacity(SEGMENT_ROWS),
            owners: Vec::with_capacity(SEGMENT_ROWS),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.owners.len() >= SEGMENT_ROWS
    }

    pub(super) fn owners(&self) -> &[Owner] {
        &self.owners
    }

    pub(super) fn push(&mut self, code: &Code, owner: Owner) {
        self.high.extend_from_slice(&code.high);
        self.low.extend_from_slice(&code.low);
        self.steps.push(code.step);
        self.residuals.push(code.residual);
        self.owners.push(owner);
    }

    /// Copies one row of another segment to the end of this one.
    pub(super) fn push_from(&mut self, other: &Self, row: usize) {
        let components = row * self.dimensions..(row + 1) * self.dimensions;
        self.high.extend_from_slice(&other.high[components.clone()]);
        self.low.extend_from_slice(&other.low[components]);
        self.steps.push(other.steps[row]);
        self.residuals.push(other.residuals[row]);
        self.owners.push(other.owners[row]);
    }

    /// Bounds of every row's score: writes the middle to `middles`; [`Self::margin`] is the rest.
    pub(super) fn middles(&self, query: &Query, products: &mut Vec<i32>, middles: &mut [f32]) {
        products.resize(self.owners.len(), 0);
        scan::products(&self.high, &query.codes, products);
        for ((middle, product), step) in middles.iter_mut().zip(products.iter()).zip(&self.steps) {
            *middle = *product as f32 * (step * query.step);
        }
    }

    /// How far the true score of a row may be from its middle.
    pub(super) fn margin(&self, query: &Query, row: usize) -> f32 {
        self.residuals[row] + query.residual
    }

    /// The cosine of a row and the query, true to four digits and more.
    pub(super) fn cosine(&self, query: &Query, row: usize) -> f32 {
        let components = row * self.dimensions..(row + 1) * self.dimensions;
        let (high, low) = (&self.high[components.clone()], &self.low[components]);
        scan::refined(high, low, &query.unit) * self.steps[row]
    }

    /// The rows of a slot with their ordinals, as far as the codes tell them.
    pub(super) fn vectors_of(&self, slot: u32) -> impl Iterator<Item = (u32, Vec<f32>)> {
        let rows = self.owners.iter().enumerate().filter(move |(_, owner)| owner.slot == slot);
        rows.map(|(row, owner)| (owner.ordinal, self.vector(row)))
    }

    fn vector(&self, row: usize) -> Vec<f32> {
        let components = row * self.dimensions..(row + 1) * self.dimensions;
        let planes = self.high[components.clone()].iter().zip(&self.low[components]);
        let code = |(high, low): (&i8, &i8)| i32::from(*high) * 256 + i32::from(*low);
        planes.map(|plane| code(plane) as f32 * self.steps[row]).collect()
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.high.capacity()
            + self.low.capacity()
            + 4 * (self.steps.capacity() + self.residuals.capacity())
            + size_of::<Owner>() * self.owners.capacity()
    }
}

/// Copies keep the full capacity, so that the copy can grow without moving.
impl Clone for Segment {
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.dimensions);
        copy.high.extend_from_slice(&self.high);
        copy.low.extend_from_slice(&self.low);
        copy.steps.extend_from_slice(&self.steps);
        copy.residuals.extend_from_slice(&self.residuals);
        copy.owners.extend_from_slice(&self.owners);
        copy
    }
}
