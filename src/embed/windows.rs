//! Long texts: cut into windows that the model can read, their vectors averaged.

use super::network::MAX_TOKENS;

/// Tokens of text in one window: two places go to the special tokens.
const WINDOW_TOKENS: usize = MAX_TOKENS - 2;

/// How many tokens of text fit into this many windows.
pub(super) const fn capacity(windows: usize) -> usize {
    windows * WINDOW_TOKENS
}

/// Cuts tokens into the fewest windows, of nearly equal length; one empty window for no tokens.
pub(super) fn split(ids: &[u32]) -> Vec<&[u32]> {
    let count = ids.len().div_ceil(WINDOW_TOKENS).max(1);
    (0..count)
        .map(|window| &ids[window * ids.len() / count..(window + 1) * ids.len() / count])
        .collect()
}

/// The unit vector of the mean, each vector weighing as much as its number of tokens.
pub(super) fn mean(vectors: &[(Vec<f32>, usize)]) -> Vec<f32> {
    let dimensions = vectors.first().map_or(0, |(vector, _)| vector.len());
    let mut sum = vec![0.0; dimensions];
    for (vector, tokens) in vectors {
        for (total, value) in sum.iter_mut().zip(vector) {
            *total += value * *tokens as f32;
        }
    }
    unit(sum)
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_in_exactly_one_window() {
        for length in [0, 1, WINDOW_TOKENS, WINDOW_TOKENS + 1, 1_000, 12_345] {
            let ids: Vec<u32> = (0..length as u32).collect();
            let windows = split(&ids);
            assert_eq!(windows.concat(), ids);
            assert_eq!(windows.len(), length.div_ceil(WINDOW_TOKENS).max(1));
            assert!(windows.iter().all(|window| window.len() <= WINDOW_TOKENS));
        }
    }

    #[test]
    fn windows_are_of_nearly_equal_length() {
        let ids = vec![7; WINDOW_TOKENS + 2];
        assert_eq!(split(&ids).iter().map(|window| window.len()).collect::<Vec<_>>(), [128, 128]);
    }

    #[test]
    fn the_mean_leans_to_the_longer_window_and_has_unit_length() {
        let mean = mean(&[(vec![1.0, 0.0], 3), (vec![0.0, 1.0], 4)]);
        assert!((mean[0] - 0.6).abs() < 1e-6 && (mean[1] - 0.8).abs() < 1e-6, "{mean:?}");
    }

    #[test]
    fn opposite_vectors_give_no_nan() {
        assert_eq!(mean(&[(vec![1.0], 1), (vec![-1.0], 1)]), [0.0]);
    }
}
