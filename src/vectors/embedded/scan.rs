//! The two inner loops, compiled for the best instructions that the machine has.

use multiversion::multiversion;

/// Writes the dot product of `query` with each row of `rows` to `products`.
///
/// The caller keeps the sum of `|query| * 128` within 31 bits.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512vl+avx512dq+avx2+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
pub(super) fn products(rows: &[i8], query: &[i16], products: &mut [i32]) {
    for (row, product) in rows.chunks_exact(query.len()).zip(products) {
        *product = row.iter().zip(query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
    }
}

/// The lanes of the sum below: fixed, so that every machine rounds alike.
const LANES: usize = 16;

/// The dot product of a query with a row of both planes, in steps of the row.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512vl+avx512dq+avx2+fma",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
pub(super) fn refined(high: &[i8], low: &[i8], query: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    let mut add = |high: &[i8], low: &[i8], query: &[f32]| {
        for (((sum, high), low), query) in sums.iter_mut().zip(high).zip(low).zip(query) {
            let code = i32::from(*high) * 256 + i32::from(*low);
            *sum += code as f32 * query;
        }
    };
    let whole = query.len() / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        let lanes = at..at + LANES;
        add(&high[lanes.clone()], &low[lanes.clone()], &query[lanes]);
    }
    add(&high[whole..], &low[whole..], &query[whole..]);
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_loops_agree_with_plain_ones() {
        for dimensions in [1usize, 15, 16, 384, 1000] {
            let code = |at: usize| (at * 7919 % 255) as i32 - 127;
            let high: Vec<i8> = (0..dimensions).map(|at| code(at) as i8).collect();
            let low: Vec<i8> = (0..dimensions).map(|at| code(at + 5) as i8).collect();
            let query: Vec<i16> = (0..dimensions).map(|at| code(at + 9) as i16 * 30).collect();
            let floats: Vec<f32> = query.iter().map(|value| f32::from(*value) / 4000.0).collect();
            let mut found = [0];
            products(&high, &query, &mut found);
            let pairs = || high.iter().zip(&low).zip(&query);
            let expected: i32 = pairs().map(|((a, _), q)| i32::from(*a) * i32::from(*q)).sum();
            assert_eq!(found[0], expected);
            let exact: f64 = pairs()
                .map(|((a, b), q)| (f64::from(*a) * 256.0 + f64::from(*b)) * f64::from(*q) / 4000.0)
                .sum();
            let error = f64::from(refined(&high, &low, &floats)) - exact;
            assert!(error.abs() < 2.0, "{dimensions}: {error}");
        }
    }
}
