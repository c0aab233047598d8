//! The calls that have one reply: search, who am I, feedback, sharing.

use std::time::Instant;

use ragterm_proto::v1::{Asker, GiveFeedbackRequest, SearchRequest, Turn, WhoAmIReply};
use tonic::{Code, Status};

use super::daemon::Daemon;
use super::patience::Patience;
use super::question::{Answer, Found, MAX_QUESTION_BYTES, Search, Verdict};
use super::sources::Source;
use super::trouble::Trouble;
use super::{Core, Shareable};

pub(super) async fn search(core: &Core, search: &Search) -> Result<Found, Trouble> {
    let began = Instant::now();
    let found = find(core, search).await;
    let trouble = found.as_ref().err().map(Trouble::name);
    let hits = found.as_ref().map_or(0, |found| found.hits.len());
    let (platform, took_ms) = (&search.asker.platform, began.elapsed().as_millis() as u64);
    tracing::info!(event = "search", platform, hits, trouble, took_ms, "a search was answered");
    found
}

async fn find(core: &Core, search: &Search) -> Result<Found, Trouble> {
    check_text(&search.text)?;
    let mut patience = Patience::new(&core.limits);
    patience.tried(&quietly, || permitted(&core.daemon, &search.asker)).await??;
    let request = || SearchRequest {
        query: search.text.trim().to_owned(),
        spaces: search.spaces.clone(),
        limit: search.limit,
        ..SearchRequest::default()
    };
    let reply = patience.tried(&quietly, || core.daemon.search(&search.asker, request())).await?;
    Ok(Found { hits: reply.hits.iter().map(Source::from).collect(), degraded: reply.degraded })
}

pub(super) async fn who_am_i(core: &Core, asker: &Asker) -> Result<WhoAmIReply, Trouble> {
    core.daemon.who_am_i(asker).await.map_err(|status| match refuses(&status) {
        true => Trouble::BotRefused,
        false => Trouble::from(&status),
    })
}

pub(super) async fn feedback(
    core: &Core,
    asker: &Asker,
    turn: &str,
    verdict: Verdict,
) -> Result<(), Trouble> {
    let request = || GiveFeedbackRequest {
        turn: turn.to_owned(),
        helpful: verdict == Verdict::Helpful,
        comment: String::new(),
    };
    let mut patience = Patience::new(&core.limits);
    patience.tried(&quietly, || core.daemon.give_feedback(asker, request())).await
}

pub(super) async fn share(core: &Core, asker: &Asker, turn: &str) -> Result<Shareable, Trouble> {
    let mut patience = Patience::new(&core.limits);
    patience.tried(&quietly, || core.daemon.share_answer(asker, turn)).await.map(Shareable::from)
}

/// Whether `asker` may ask where it asks, and sees anything there; the outer error is of the call.
pub(super) async fn permitted(
    daemon: &Daemon,
    asker: &Asker,
) -> Result<Result<(), Trouble>, Status> {
    let reply = match daemon.who_am_i(asker).await {
        Err(status) if refuses(&status) => {
            tracing::warn!(reason = status.message(), "the daemon does not accept the bot's token");
            return Ok(Err(Trouble::BotRefused));
        }
        reply => reply?,
    };
    Ok(if !reply.may_ask {
        Err(Trouble::MayNotAsk)
    } else if reply.spaces.is_empty() && !reply.everything {
        Err(Trouble::no_spaces(asker))
    } else {
        Ok(())
    })
}

/// Who the asker is, every holder of a good token may know.
fn refuses(status: &Status) -> bool {
    matches!(status.code(), Code::PermissionDenied | Code::Unauthenticated)
}

pub(super) fn check_text(text: &str) -> Result<(), Trouble> {
    match text.trim().len() {
        0 => Err(Trouble::Empty),
        bytes if bytes > MAX_QUESTION_BYTES => Err(Trouble::TooLong),
        _ => Ok(()),
    }
}

/// These calls have nowhere to tell that they are tried again.
async fn quietly() {}

impl From<Turn> for Shareable {
    fn from(turn: Turn) -> Self {
        let sources = turn.sources.iter().map(Source::from).collect();
        Self {
            question: turn.question,
            answer: Answer {
                text: turn.answer,
                sources,
                turn: turn.id,
                refused: turn.refused,
                partial: turn.partial,
                ..Answer::default()
            },
        }
    }
}
