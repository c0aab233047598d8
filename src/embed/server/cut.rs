//! Finds out when a server cut a text without saying so.

use super::{Answer, Part, Purpose, ServerEmbedder};
use crate::chunk::estimate_tokens;
use crate::error::Result;
use crate::http::Patience;

/// Tokens that a model puts around each text, at the most.
const SPECIAL_TOKENS: usize = 4;

impl ServerEmbedder {
    /// The parts to send instead, when the tokens that the server counted show that something was
    /// cut; `None` when all is well, or the server does not count.
    pub(super) async fn cut(
        &self,
        parts: &[Part],
        answer: &Answer,
        purpose: Purpose,
    ) -> Result<Option<Vec<Part>>> {
        let Some(counted) = answer.tokens.filter(|counted| *counted > 0) else { return Ok(None) };
        let prefix = estimate_tokens(self.known.prefix(purpose));
        let estimated = parts.iter().map(|part| part.tokens + prefix).sum();
        if let [one] = parts
            && self.limits.is_at_context(counted)
            && let Some(halves) = one.halves()
        {
            tracing::debug!(tokens = counted, "a text fills the model's context; it is divided");
            return Ok(Some(halves.to_vec()));
        }
        if self.limits.is_suspicious(counted, estimated, parts.len()) {
            if let Some(again) = self.examined(parts, counted, purpose).await? {
                return Ok(Some(again));
            }
            self.limits.normal(counted, estimated);
        }
        let longest = parts.iter().map(|part| part.tokens).max();
        self.limits.accepted(longest.unwrap_or(0));
        Ok(None)
    }

    /// Compares the longest part with its halves, which have as many tokens unless it was cut.
    async fn examined(
        &self,
        parts: &[Part],
        counted: usize,
        purpose: Purpose,
    ) -> Result<Option<Vec<Part>>> {
        let longest = parts.iter().max_by_key(|part| part.tokens);
        let Some((longest, halves)) = longest.and_then(|part| Some((part, part.halves()?))) else {
            return Ok(None);
        };
        let whole = match parts.len() {
            1 => Some(counted),
            _ => self.count(std::slice::from_ref(longest), purpose).await?,
        };
        let (Some(whole), Some(halved)) = (whole, self.count(&halves, purpose).await?) else {
            return Ok(None);
        };
        let prefix = estimate_tokens(self.known.prefix(purpose));
        // Each half has its own prefix and special tokens, and a divided word may have one more.
        if halved <= whole + 2 * (prefix + SPECIAL_TOKENS) {
            return Ok(None);
        }
        let server = self.wire.http().name();
        tracing::warn!(%server, tokens = whole, "the server cuts long texts; they are divided");
        let [half, _] = halves;
        self.limits.cut(whole, self.estimate_of(whole, half, purpose).await?);
        let mut again = Vec::new();
        for part in parts {
            part.clone().within(self.limits.whole(), &mut again);
        }
        // Without progress it would be asked the same for ever.
        Ok((again.len() > parts.len()).then_some(again))
    }

    /// How many estimated tokens stand for so many counted ones, by a part that is not cut.
    async fn estimate_of(&self, limit: usize, mut part: Part, purpose: Purpose) -> Result<usize> {
        loop {
            let counted = self.count(std::slice::from_ref(&part), purpose).await?;
            let counted = counted.unwrap_or(limit).max(1);
            match part.halves() {
                Some([half, _]) if counted + SPECIAL_TOKENS >= limit => part = half,
                _ => return Ok(part.tokens * limit / counted),
            }
        }
    }

    async fn count(&self, parts: &[Part], purpose: Purpose) -> Result<Option<usize>> {
        let patience: Patience = purpose.into();
        let prefix = self.known.prefix(purpose);
        let texts: Vec<_> = parts.iter().map(|part| format!("{prefix}{}", part.words)).collect();
        match self.wire.embed(&texts, patience).await {
            Ok(answer) => Ok(answer.tokens),
            Err(fault) => Err(self.error(&fault, purpose).await),
        }
    }
}
