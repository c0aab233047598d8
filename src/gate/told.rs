//! A line of the log for each search, each question and each refusal: how it went, never what was
//! asked or who asked.

use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::Gate;
use crate::access::{Caller, Credentials};
use crate::answer::Asked;
use crate::catalog::TurnOutcome;
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::{Stage, Stages};
use crate::search::{Answer, Mode, Request};

impl Gate {
    /// Tells how a search went.
    pub(super) fn tell_search(
        &self,
        caller: &Caller,
        request: &Request,
        (began, answer): (Instant, &Result<Answer>),
    ) {
        let outcome = match answer {
            Ok(answer) if answer.hits.is_empty() => "nothing",
            Ok(_) => "found",
            Err(error) => failure(error.kind()),
        };
        let answer = answer.as_ref().ok();
        let stages = answer.map(|answer| answer.stages).unwrap_or_default();
        info!(
            event = "search",
            principal = caller.kind(),
            who = self.auditor.hash_of_person(caller),
            question = self.auditor.hash(&request.text),
            mode = mode(request.mode),
            spaces = request.spaces.len(),
            hits = answer.map_or(0, |answer| answer.hits.len()),
            degraded = answer.is_some_and(|answer| answer.degraded.is_some()),
            embed_ms = took(&stages, Stage::Embed),
            dense_ms = took(&stages, Stage::Dense),
            sparse_ms = took(&stages, Stage::Sparse),
            fuse_ms = took(&stages, Stage::Fuse),
            hydrate_ms = took(&stages, Stage::Hydrate),
            rerank_ms = took(&stages, Stage::Rerank),
            took_ms = milliseconds(began.elapsed()),
            outcome,
            "a search was answered"
        );
    }

    /// Tells how a question went.
    pub(super) fn tell_ask(
        &self,
        caller: &Caller,
        (question, spaces): (&str, usize),
        (began, asked): (Instant, &Result<Asked>),
    ) {
        let outcome = match asked {
            Ok(asked) => outcome(asked.outcome),
            Err(error) => failure(error.kind()),
        };
        let asked = asked.as_ref().ok();
        let stages = asked.map(|asked| asked.stages).unwrap_or_default();
        let usage = asked.map(|asked| &asked.usage).filter(|usage| !usage.model.is_empty());
        let cost = usage.and_then(|usage| usage.cost.as_ref());
        info!(
            event = "ask",
            principal = caller.kind(),
            who = self.auditor.hash_of_person(caller),
            question = self.auditor.hash(question),
            spaces,
            hits = asked.map_or(0, |asked| asked.sources),
            degraded = asked.is_some_and(|asked| asked.is_degraded),
            cached = asked.is_some_and(|asked| asked.cached),
            embed_ms = took(&stages, Stage::Embed),
            dense_ms = took(&stages, Stage::Dense),
            sparse_ms = took(&stages, Stage::Sparse),
            fuse_ms = took(&stages, Stage::Fuse),
            hydrate_ms = took(&stages, Stage::Hydrate),
            rerank_ms = took(&stages, Stage::Rerank),
            first_token_ms = took(&stages, Stage::FirstToken),
            generate_ms = took(&stages, Stage::Generate),
            model = usage.map(|usage| usage.model.as_str()),
            prompt_tokens = usage.map(|usage| usage.prompt_tokens),
            answer_tokens = usage.map(|usage| usage.answer_tokens),
            cost = cost.map(|(amount, _)| *amount),
            currency = cost.map(|(_, currency)| currency.as_str()),
            took_ms = milliseconds(began.elapsed()),
            outcome,
            "a question was answered"
        );
    }

    /// Tells of a call that was refused, but not of each in a flood.
    pub(super) fn tell_refusal(&self, credentials: &Credentials, error: &Error) {
        if let Some(withheld) = self.refusals.pass() {
            let uid = credentials.peer.map(|peer| peer.uid);
            let token = credentials.token.is_some();
            warn!(event = "auth", uid, token, withheld, %error, "a call was refused");
        }
    }

    /// Tells of a call that its caller may not make, but not of each in a flood.
    pub(super) fn tell_denied(&self, caller: &Caller, call: &'static str) {
        if let Some(withheld) = self.refusals.pass() {
            let who = self.auditor.hash_of_person(caller);
            let principal = caller.kind();
            warn!(event = "auth", principal, who, call, withheld, "a call was not permitted");
        }
    }
}

/// To a hundredth, which is as exact as it is true.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

/// How long a part took, if it happened.
fn took(stages: &Stages, stage: Stage) -> Option<f64> {
    stages.iter().find(|(other, _)| *other == stage).map(|(_, took)| milliseconds(took))
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Hybrid => "hybrid",
        Mode::Keyword => "keyword",
        Mode::Semantic => "semantic",
    }
}

fn outcome(outcome: TurnOutcome) -> &'static str {
    match outcome {
        TurnOutcome::Answered => "answered",
        TurnOutcome::Partial => "partial",
        TurnOutcome::Passages => "passages",
        TurnOutcome::Refused => "refused",
    }
}

fn failure(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Usage => "usage",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Denied => "denied",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::Exhausted => "exhausted",
        ErrorKind::Internal => "internal",
    }
}
