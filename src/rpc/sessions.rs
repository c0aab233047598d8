//! Sessions and what was said in them, as the wire takes them.

use std::collections::{BTreeSet, HashMap};

use ragterm_proto::v1::{
    self, DeleteSessionsRequest, GiveFeedbackRequest, LineRange, Place, ReadSessionReply,
    TurnSource,
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
    let known = known(gate, caller, &turns).await?;
    let turns = turns.into_iter().map(|turn| wire(turn, &known)).collect();
    Ok(ReadSessionReply { session: Some(session(found)), turns })
}

/// A turn with those of its sources that are still there for the caller.
pub async fn turn(gate: &Gate, caller: &Caller, turn: Turn) -> Result<v1::Turn> {
    let turns = [turn];
    let known = known(gate, caller, &turns).await?;
    let [turn] = turns;
    let mut turn = wire(turn, &known);
    for source in &mut turn.sources {
        let Ok(id) = source.document.parse::<DocumentId>() else { continue };
        // A passage that is gone since has no place any more.
        let Some(passage) = gate.passage(caller, id, source.ordinal).await else { continue };
        source.heading = passage.heading;
        source.lines = passage.lines.map(|(first, last)| LineRange { first, last });
        source.page = passage.page;
    }
    Ok(turn)
}

/// What is known of a cited document.
struct Cited {
    title: String,
    place: Place,
    modified_ms: i64,
}

async fn known(gate: &Gate, caller: &Caller, turns: &[Turn]) -> Result<HashMap<String, Cited>> {
    let cited = turns.iter().flat_map(|turn| &turn.sources);
    let ids: BTreeSet<DocumentId> = cited.filter_map(|cited| cited.document.parse().ok()).collect();
    let ids: Vec<DocumentId> = ids.into_iter().collect();
    let documents = gate.documents(caller, &ids).await?;
    let known = documents.iter().map(|(document, source)| {
        let place = convert::place(document, source);
        let title = convert::title(document);
        let modified_ms = document.modified_ns / 1_000_000;
        (place.document.clone(), Cited { title, place, modified_ms })
    });
    Ok(known.collect())
}

/// A turn, with the titles and places of those documents that are known.
fn wire(turn: Turn, known: &HashMap<String, Cited>) -> v1::Turn {
    let cited = turn.sources.iter().filter_map(|cited| {
        let Cited { title, place, modified_ms } = known.get(&cited.document)?;
        Some(TurnSource {
            n: cited.n,
            document: cited.document.clone(),
            uri: place.uri.clone(),
            title: title.clone(),
            path: place.path.clone(),
            ordinal: cited.ordinal,
            modified_ms: *modified_ms,
            space: place.space.clone(),
            ..TurnSource::default()
        })
    });
    let sources = cited.collect();
    v1::Turn {
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
    }
}
