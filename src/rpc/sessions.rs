//! Sessions and what was said in them, as the wire takes them.

use std::collections::{BTreeSet, HashMap};

use ragterm_proto::v1::{self, GiveFeedbackRequest, Place, ReadSessionReply, TurnSource};

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
    let cited = turns.iter().flat_map(|turn| &turn.sources);
    let ids: BTreeSet<DocumentId> = cited.filter_map(|cited| cited.document.parse().ok()).collect();
    let ids: Vec<DocumentId> = ids.into_iter().collect();
    let documents = engine.catalog.documents(&ids).await?;
    let sources = engine.catalog.sources().await?;
    let known: HashMap<String, (String, Place)> = documents
        .iter()
        .filter_map(|document| {
            let source = sources.iter().find(|source| source.id == document.source)?;
            let place = convert::place(document, source);
            Some((place.document.clone(), (convert::title(document), place)))
        })
        .collect();
    let turns = turns.into_iter().map(|turn| wire(turn, &known)).collect();
    Ok(ReadSessionReply { session: Some(session(found)), turns })
}

/// A turn, with the titles and places of those documents that are known.
fn wire(turn: Turn, known: &HashMap<String, (String, Place)>) -> v1::Turn {
    let cited = turn.sources.iter().filter_map(|cited| {
        let (title, place) = known.get(&cited.document)?;
        Some(TurnSource {
            n: cited.n,
            document: cited.document.clone(),
            uri: place.uri.clone(),
            title: title.clone(),
            path: place.path.clone(),
            ordinal: cited.ordinal,
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
