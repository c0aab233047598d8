//! What a question took: the time of its parts, and the tokens of the model.

use std::time::{Duration, Instant};

use super::Answered;
use super::asking::Asking;
use crate::catalog::TurnOutcome;
use crate::config;
use crate::llm::End;
use crate::metrics::{Stage, Stages, Usage};

/// How a question ended, for those who count.
#[derive(Debug, Clone)]
pub struct Asked {
    /// How it ended.
    pub outcome: TurnOutcome,
    /// Passages that are named as sources.
    pub sources: usize,
    /// Whether it is not all that it could be.
    pub is_degraded: bool,
    /// Whether it was answered before.
    pub cached: bool,
    /// From the question to the end.
    pub took: Duration,
    /// How long its parts took.
    pub stages: Stages,
    /// What the model took.
    pub usage: Usage,
}

/// What was taken up so far.
#[derive(Debug, Default)]
pub struct Spent {
    pub stages: Stages,
    prompt_tokens: u64,
    answer_tokens: u64,
    is_asked: bool,
}

impl Spent {
    /// A model was asked at `begin`, and came to its end.
    pub fn generated(&mut self, begin: Instant, end: Option<&End>) {
        self.stages.since(Stage::Generate, begin);
        self.is_asked = true;
        let Some(end) = end else { return };
        self.prompt_tokens += end.prompt_tokens.unwrap_or_default();
        self.answer_tokens += end.output_tokens.unwrap_or_default();
    }

    fn usage(&self, model: String, config: &config::Llm) -> Usage {
        if !self.is_asked {
            return Usage::default();
        }
        let (prompt_tokens, answer_tokens) = (self.prompt_tokens, self.answer_tokens);
        let prices = config.prices.as_ref();
        let cost =
            prices.map(|prices| (prices.of(prompt_tokens, answer_tokens), prices.currency.clone()));
        Usage { model, prompt_tokens, answer_tokens, cost }
    }
}

impl Asking<'_> {
    /// Notes what something took.
    pub fn spend(&self, note: impl FnOnce(&mut Spent)) {
        note(&mut self.spent.lock().unwrap_or_else(|poison| poison.into_inner()));
    }

    /// How the question ended.
    pub fn asked(&self, answered: &Answered) -> Asked {
        let spent = self.spent.lock().unwrap_or_else(|poison| poison.into_inner());
        let mut stages = spent.stages;
        if let Some(first_token) = answered.first_token {
            stages.add(Stage::FirstToken, first_token);
        }
        Asked {
            outcome: answered.turn.outcome,
            sources: answered.sources.len(),
            is_degraded: answered.degraded.is_some(),
            cached: answered.cached,
            took: answered.took,
            stages,
            usage: spent.usage(self.answerer.model_name(), &self.answerer.llm),
        }
    }
}
