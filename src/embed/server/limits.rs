//! What a server's real limits turn out to be, beside those that it states.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Longer texts go alone, so that the tokens that the server counted are those of one text.
const ALONE_TOKENS: usize = 1_024;

/// Fewer counted than estimated tokens than this, in thousandths, make a batch suspicious.
const SUSPICIOUS: usize = 500;

/// Fewer tokens than this say nothing.
const FEW_TOKENS: usize = 48;

/// Servers cut at a power of two, some of them with the special tokens counted apart.
const ROUND_SLACK: usize = 2;

/// What was learnt of a server since the start; tokens are estimated unless said otherwise.
#[derive(Debug)]
pub(super) struct Limits {
    /// The most that a text may have, in the model's own tokens.
    context: AtomicUsize,
    /// Texts of more estimated tokens are divided before they are sent.
    whole: AtomicUsize,
    /// The longest text that was taken whole.
    accepted: AtomicUsize,
    /// The share of counted in estimated tokens that is normal here, in thousandths.
    normal: AtomicUsize,
    /// The most texts in a request.
    batch: AtomicUsize,
}

impl Limits {
    /// With a context of so many tokens as stated; 0 when it is not known.
    pub(super) fn new(context: usize, batch: usize) -> Self {
        let context = if context == 0 { usize::MAX } else { context };
        Self {
            context: context.into(),
            whole: context.into(),
            accepted: 0.into(),
            normal: SUSPICIOUS.into(),
            batch: batch.into(),
        }
    }

    /// The most estimated tokens of a text that is sent whole.
    pub(super) fn whole(&self) -> usize {
        self.whole.load(Ordering::Relaxed)
    }

    /// The most texts in a request.
    pub(super) fn batch(&self) -> usize {
        self.batch.load(Ordering::Relaxed)
    }

    /// Whether a text is so long that it is sent alone.
    pub(super) fn goes_alone(&self, tokens: usize) -> bool {
        tokens >= (self.context.load(Ordering::Relaxed) / 4 * 3).min(ALONE_TOKENS)
    }

    /// A request of so many texts was refused for their number.
    pub(super) fn too_many(&self, texts: usize) {
        self.batch.fetch_min((texts / 2).max(1), Ordering::Relaxed);
    }

    /// A text of so many tokens was refused.
    pub(super) fn refused(&self, tokens: usize) {
        // A dense text says nothing about longer ones that were taken.
        let least = self.accepted.load(Ordering::Relaxed);
        self.whole.fetch_min((tokens - tokens.min(1)).max(least), Ordering::Relaxed);
    }

    /// A text of so many tokens was taken whole.
    pub(super) fn accepted(&self, tokens: usize) {
        self.accepted.fetch_max(tokens, Ordering::Relaxed);
    }

    /// A text was cut after `counted` of the model's tokens, which stand for `estimated` ones.
    pub(super) fn cut(&self, counted: usize, estimated: usize) {
        self.context.fetch_min(counted, Ordering::Relaxed);
        let whole = (estimated / 20 * 19).max(1);
        self.whole.fetch_min(whole, Ordering::Relaxed);
        // Being taken meant nothing.
        self.accepted.fetch_min(whole, Ordering::Relaxed);
    }

    /// Whether a text sent alone for which so many tokens were counted was surely cut, or was so
    /// long that it cannot be told.
    pub(super) fn is_at_context(&self, counted: usize) -> bool {
        counted >= self.context.load(Ordering::Relaxed)
    }

    /// Whether texts may have been cut, going by the tokens that were counted and estimated.
    pub(super) fn is_suspicious(&self, counted: usize, estimated: usize, texts: usize) -> bool {
        let share = self.normal.load(Ordering::Relaxed);
        let is_round = texts == 1 && counted > FEW_TOKENS && is_round(counted);
        is_round || (estimated > FEW_TOKENS && counted * 1_000 < estimated * share)
    }

    /// A suspicion turned out wrong: so few tokens are normal here.
    pub(super) fn normal(&self, counted: usize, estimated: usize) {
        let share = counted * 800 / estimated.max(1);
        self.normal.fetch_min(share, Ordering::Relaxed);
    }
}

fn is_round(tokens: usize) -> bool {
    let near = tokens.saturating_sub(ROUND_SLACK)..=tokens + ROUND_SLACK;
    near.into_iter().any(usize::is_power_of_two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_length_is_learnt_but_not_below_what_was_taken() {
        let limits = Limits::new(0, 32);
        limits.refused(3_000);
        assert_eq!(limits.whole(), 2_999);
        limits.accepted(1_900);
        limits.refused(500);
        assert_eq!(limits.whole(), 1_900);
    }

    #[test]
    fn a_stated_context_is_where_texts_are_divided() {
        let limits = Limits::new(512, 32);
        assert_eq!(limits.whole(), 512);
        assert!(limits.goes_alone(384) && !limits.goes_alone(300));
        assert!(limits.is_at_context(512) && !limits.is_at_context(511));
    }

    #[test]
    fn a_cut_is_learnt_even_where_texts_seemed_to_be_taken() {
        let limits = Limits::new(8_192, 32);
        limits.accepted(4_000);
        limits.cut(2_048, 2_000);
        assert_eq!(limits.whole(), 1_900);
        assert!(limits.is_at_context(2_048));
    }

    #[test]
    fn round_counts_and_low_counts_are_suspicious_until_they_turn_out_normal() {
        let limits = Limits::new(8_192, 32);
        for counted in [512, 2_046, 2_048, 2_050] {
            assert!(limits.is_suspicious(counted, counted, 1), "{counted}");
            assert!(!limits.is_suspicious(counted, counted, 2), "{counted}");
        }
        assert!(limits.is_suspicious(400, 1_000, 8));
        limits.normal(400, 1_000);
        assert!(!limits.is_suspicious(400, 1_000, 8));
        assert!(limits.is_suspicious(300, 1_000, 8));
    }
}
