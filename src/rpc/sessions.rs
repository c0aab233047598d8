//! Sessions and what was said in them, as the wire takes them.

use ragterm_proto::v1::{
    self, DeleteSessionsRequest, GiveFeedbackRequest, ReadSessionReply, TurnSource,
};

use super::convert;
use crate::access::Caller;
use crate::catalog::{Feedback, Session, Turn, TurnOutcome};
use crate::error::{Error, Result};
use crate::gate::Gate;
use crate::id::DocumentId;

/// What is said of an answer.
pub fn feedback(request: &GiveFeedbackRequest) -> Feedback {
    if request.helpful { Feedback::Helpful } else { Feedback::Unhelpful }
}

/// The session that is to be forgotten; `None` is all of them, which must be said.
pub fn doomed(request: &DeleteSessionsRequest) -> Result<Option<&str>> {
    match (request.all, request.session.as_str()) {
        (true, "") => Ok(None),
        (true, _) => Err(Error::usage("either one session is deleted, or all of them")),
        (false, "") => Err(Error::usage("the session to be deleted is not named")
            .hint("name one, or say that all are meant: `ragterm sessions delete --all`")),
        (false, session) => Ok(Some(session)),
    }
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
pub async fn reply(
    gate: &Gate,
    caller: &Caller,
    (found, turns): (Session, Vec<Turn>),
) -> Result<ReadSessionReply> {
    let mut told = Vec::new();
    for kept in turns {
        told.push(turn(gate, caller, kept).await?);
    }
    Ok(ReadSessionReply { session: Some(session(found)), turns: told })
}

/// A turn with those of its sources that are still there for the caller.
pub async fn turn(gate: &Gate, caller: &Caller, turn: Turn) -> Result<v1::Turn> {
    let mut sources = Vec::new();
    for cited in &turn.sources {
        let Ok(id) = cited.document.parse::<DocumentId>() else { continue };
        let Some((document, source)) = gate.document(caller, id).await? else { continue };
        let place = convert::place(&document, &source);
        sources.push(TurnSource {
            n: cited.n,
            document: place.document,
            uri: place.uri,
            title: convert::title(&document),
            path: place.path,
            ordinal: cited.ordinal,
            modified_ms: document.modified_ns / 1_000_000,
            space: place.space,
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
