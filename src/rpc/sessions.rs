//! Sessions and what was said in them, as the wire takes them.

use ragterm_proto::v1::{self, GiveFeedbackRequest, ReadSessionReply, TurnSource};

use super::convert;
use crate::catalog::{Feedback, Session, Turn, TurnOutcome};
use crate::engine::Engine;
use crate::error::Result;
use crate::id::DocumentId;

/// What is said of an answer.
pub fn feedback(request: &GiveFeedbackRequest) -> Feedback {
    if request.helpful { Feedback::Helpful } else { Feedback::Unhelpful }
}

/// A session as the wire takes it.
pub fn session(session: Session) -> v1::Session {
    v1::Session {
        id: session.id,
        title: session.title,
        turns: u32::try_from(session.turns).unwrap_or(u32::MAX),
        began_ms: session.began_ms,
        asked_ms: session.asked_ms,
    }
}

/// A session with its turns; sources that are gone since are left out.
pub async fn reply(engine: &Engine, found: Session, turns: Vec<Turn>) -> Result<ReadSessionReply> {
    let mut told = Vec::new();
    for turn in turns {
        told.push(wire(engine, turn).await?);
    }
    Ok(ReadSessionReply { session: Some(session(found)), turns: told })
}

async fn wire(engine: &Engine, turn: Turn) -> Result<v1::Turn> {
    let all = engine.catalog.sources().await?;
    let mut sources = Vec::new();
    for cited in turn.sources {
        let Ok(id) = cited.document.parse::<DocumentId>() else { continue };
        let Some(document) = engine.catalog.document(id).await? else { continue };
        let Some(source) = all.iter().find(|source| source.id == document.source) else { continue };
        let place = convert::place(&document, source);
        sources.push(TurnSource {
            n: cited.n,
            document: place.document,
            uri: place.uri,
            title: convert::title(&document),
            path: place.path,
            ordinal: cited.ordinal,
        });
    }
    Ok(v1::Turn {
        id: turn.id,
        question: turn.question,
        query: turn.query,
        answer: turn.answer,
        sources,
        refused: turn.outcome == TurnOutcome::Refused,
        partial: turn.outcome == TurnOutcome::Partial,
        model: turn.model,
        asked_ms: turn.asked_ms,
        helpful: match turn.feedback {
            Feedback::None => None,
            Feedback::Helpful => Some(true),
            Feedback::Unhelpful => Some(false),
        },
        comment: turn.comment,
    })
}
