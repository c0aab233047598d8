//! The stream of an answer: what was consulted, its text, and how it ended.

use std::pin::Pin;
use std::time::Duration;

use ragterm_proto::v1::ask_event::Event as WireEvent;
use ragterm_proto::v1::{self, AskEvent, AskRequest, CitedSource, Highlight};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::convert;
use crate::access::Caller;
use crate::answer::{Answered, Consulted, Event, Given, Question};
use crate::catalog::TurnOutcome;
use crate::gate::Gate;

/// Events that wait for a slow reader.
const AHEAD: usize = 64;

pub type AskStream = Pin<Box<dyn Stream<Item = Result<AskEvent, Status>> + Send>>;

/// What is asked, as the engine takes it.
pub fn question(caller: Caller, request: AskRequest) -> Question {
    Question {
        text: request.question,
        caller,
        session: (!request.session.is_empty()).then_some(request.session),
        thread: request.thread,
        spaces: request.spaces,
        limit: request.limit as usize,
        types: request.types,
        path_glob: request.path_glob,
        since: request.since_s.map(Duration::from_secs),
    }
}

/// Begins to answer; ends when nobody reads the stream any more.
pub fn start(gate: Gate, question: Question) -> AskStream {
    let (events, mut received) = mpsc::channel(AHEAD);
    let (sender, receiver) = mpsc::channel(AHEAD);
    gate.clone().spawn_asking(async move {
        let asking = async {
            let outcome = gate.ask(question, &events).await;
            drop(events);
            outcome
        };
        let telling = async {
            loop {
                // Also while the model is silent: what asks hears that nobody listens.
                let event = tokio::select! {
                    () = sender.closed() => return received.close(),
                    event = received.recv() => event,
                };
                let Some(event) = event else { return };
                if sender.send(Ok(wire(event))).await.is_err() {
                    return received.close();
                }
            }
        };
        let (outcome, ()) = tokio::join!(asking, telling);
        if let Err(error) = outcome {
            let _gone = sender.send(Err(super::status(&error))).await;
        }
    });
    Box::pin(ReceiverStream::new(receiver))
}

fn wire(event: Event) -> AskEvent {
    let event = match event {
        Event::Consulted(consulted) => WireEvent::Consulted(consulted_wire(consulted)),
        Event::Text(text) => WireEvent::Text(text),
        Event::Answered(answered) => WireEvent::Answered(answered_wire(*answered)),
    };
    AskEvent { event: Some(event) }
}

fn consulted_wire(consulted: Consulted) -> v1::Consulted {
    v1::Consulted {
        session: consulted.session,
        query: consulted.query,
        sources: consulted.given.into_iter().map(source).collect(),
        model: consulted.model,
        degraded: consulted.degraded,
    }
}

fn answered_wire(answered: Answered) -> v1::Answered {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    v1::Answered {
        answer: answered.turn.answer,
        refused: answered.turn.outcome == TurnOutcome::Refused,
        sources: answered.sources.into_iter().map(source).collect(),
        degraded: answered.degraded,
        session: answered.session,
        turn: answered.turn.id,
        model: answered.turn.model,
        first_token_ms: answered.first_token.map(milliseconds),
        took_ms: milliseconds(answered.took),
        partial: answered.turn.outcome == TurnOutcome::Partial,
        unsupported: answered
            .unsupported
            .into_iter()
            .map(|(start, end)| Highlight { start, end })
            .collect(),
        cached: answered.cached,
    }
}

fn source(given: Given) -> CitedSource {
    CitedSource { n: given.n, hit: Some(convert::hit(given.n, given.hit)), passage: given.text }
}
