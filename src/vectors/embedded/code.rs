//! A vector as 16-bit fixed point in two planes: the high bytes are scanned, the low bytes refine.

use crate::error::{Error, Result};
use crate::vectors::unit::unit;

/// The largest magnitude of a component's 16-bit code: its rounded high byte stays below 128.
const MAX_CODE: f32 = 32_639.0;

/// One vector of length 1, coded.
#[derive(Debug, Clone)]
pub(super) struct Code {
    /// `round(code / 256)` for each component.
    pub(super) high: Vec<i8>,
    /// `code - 256 * high` for each component.
    pub(super) low: Vec<i8>,
    /// What one step of the 16-bit code is worth.
    pub(super) step: f32,
    /// The length of what the high bytes alone leave out.
    pub(super) residual: f32,
}

impl Code {
    /// Codes `vector` after scaling it to length 1; refuses components that are not numbers.
    pub(super) fn new(vector: &[f32]) -> Result<Self> {
        let unit = unit(vector)
            .ok_or_else(|| Error::internal("a vector holds a component that is not finite"))?;
        let largest = unit.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        let step = if largest > 0.0 { largest / MAX_CODE } else { 1.0 };
        let codes = unit.iter().map(|value| (value / step).round() as i32);
        let (mut high, mut low) = (Vec::with_capacity(unit.len()), Vec::with_capacity(unit.len()));
        let mut residual = 0f64;
        for code in codes {
            let upper = (code + 128) >> 8;
            let lower = code - 256 * upper;
            residual += f64::from(lower) * f64::from(lower);
            high.push(upper as i8);
            low.push(lower as i8);
        }
        // Rounded up by more than what rounding to 16 bits adds, so that it stays a bound.
        let residual = (residual.sqrt() + (unit.len() as f64).sqrt()) as f32 * step;
        Ok(Self { high, low, step, residual })
    }
}

/// A query in both forms: 16-bit integers for the scan, floats for refining.
pub(super) struct Query {
    pub(super) unit: Vec<f32>,
    pub(super) codes: Vec<i16>,
    /// What a product of query code and high byte is worth, before the row's own step.
    pub(super) step: f32,
    /// The most that coding the query itself can change a score.
    pub(super) residual: f32,
}

impl Query {
    /// Codes a query; `None` when it has no direction (all zero, or a component is not a number).
    pub(super) fn new(vector: &[f32]) -> Option<Self> {
        let unit = unit(vector)?;
        let largest = unit.iter().fold(0f32, |largest, value| largest.max(value.abs()));
        let total: f64 = unit.iter().map(|value| f64::from(value.abs())).sum();
        if largest == 0.0 {
            return None;
        }
        // The sum of |code| * 128 must stay inside 31 bits, whatever the row holds.
        let room = (f64::from(i32::MAX) / 128.0 - unit.len() as f64) / total;
        let codes_per_unit = (32_000.0 / f64::from(largest)).min(room.max(1.0)) as f32;
        let codes: Vec<i16> = unit.iter().map(|value| (value * codes_per_unit) as i16).collect();
        // Each component is off by less than one code: the length of that for a row of length 1.
        let residual = (unit.len() as f32).sqrt() / codes_per_unit;
        Some(Self { unit, codes, step: 256.0 / codes_per_unit, residual })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_true_to_four_digits_and_bound_their_error() {
        let vector: Vec<f32> = (0..384).map(|at| ((at * 37 % 101) as f32 - 50.0) / 9.0).collect();
        let unit = unit(&vector).unwrap();
        let code = Code::new(&vector).unwrap();
        let mut left_out = 0f32;
        for ((high, low), exact) in code.high.iter().zip(&code.low).zip(&unit) {
            let rough = f32::from(*high) * 256.0 * code.step;
            assert!((rough + f32::from(*low) * code.step - exact).abs() < 1e-4);
            left_out += (rough - exact).powi(2);
        }
        assert!(left_out.sqrt() <= code.residual);
    }

    #[test]
    fn extremes_are_coded_and_numbers_that_are_none_refused() {
        for vector in [[0.0, 0.0], [f32::MAX, -f32::MAX], [f32::MIN_POSITIVE, 0.0], [-1.0, 1e-30]] {
            assert!(Code::new(&vector).is_ok(), "{vector:?}");
        }
        assert!(Code::new(&[f32::NAN]).is_err());
        assert!(Code::new(&[f32::INFINITY]).is_err());
        assert!(Query::new(&[0.0, 0.0]).is_none());
        assert!(Query::new(&[f32::NAN, 0.0]).is_none());
    }

    #[test]
    fn sums_of_query_codes_cannot_overflow() {
        for dimensions in [1, 384, 8192] {
            let query = Query::new(&vec![1.0; dimensions]).unwrap();
            let sum: i64 = query.codes.iter().map(|code| i64::from(*code).abs() * 128).sum();
            assert!(sum <= i64::from(i32::MAX));
        }
    }
}
