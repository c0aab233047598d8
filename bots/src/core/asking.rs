//! The way of one question to the daemon and back.

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ragterm_proto::v1::ask_event::Event as Piece;
use ragterm_proto::v1::{Answered, AskEvent, AskRequest, CitedSource};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tonic::{Status, Streaming};

use super::calls::{check_text, permitted};
use super::patience::Patience;
use super::question::{Answer, Event, MAX_ANSWER_BYTES, Question, Waiting};
use super::sources::Source;
use super::trouble::{ENDED, Trouble};
use super::{Core, cited};

/// Takes `question` to its end, and sends the last event whatever happens.
pub(super) async fn run(core: &Core, question: &Question, events: &mpsc::Sender<Event>) {
    let so_far = SoFar::default();
    let began = Instant::now();
    let outcome = tokio::select! {
        () = core.stop.cancelled() => Err(Trouble::Stopping),
        // Nobody waits for this any more.
        () = events.closed() => return,
        never = tell_if_slow(core, &so_far, events) => match never {},
        outcome = tokio::time::timeout(core.limits.overall, answer(core, question, &so_far, events)) => {
            outcome.unwrap_or(Err(Trouble::TookTooLong))
        }
    };
    let last = match outcome {
        Ok(answer) => Event::Finished(Box::new(answer)),
        Err(trouble) => so_far.ending(trouble),
    };
    log(question, began, &last);
    // A receiver that is gone wants nothing more.
    let _ = events.send(last).await;
}

/// One line for each question: how it ended, not what was asked, nor by whom.
fn log(question: &Question, began: Instant, last: &Event) {
    let (outcome, trouble) = match last {
        Event::Finished(answer) if answer.refused => ("refused", None),
        Event::Finished(answer) if answer.partial => {
            ("partial", answer.cut.as_ref().map(Trouble::name))
        }
        Event::Finished(_) => ("answered", None),
        Event::Failed(trouble) => ("failed", Some(trouble.name())),
        Event::Working | Event::Waiting(_) | Event::Text(_) => return,
    };
    let took_ms = began.elapsed().as_millis() as u64;
    let platform = &question.asker.platform;
    tracing::info!(event = "ask", platform, outcome, trouble, took_ms, "a question was answered");
}

/// What the daemon has told of an answer.
#[derive(Debug, Default)]
struct SoFar {
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    text: String,
    session: String,
    consulted: Vec<CitedSource>,
}

impl SoFar {
    fn told(&self) -> MutexGuard<'_, Told> {
        // It holds plain values only, whole at any time.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_empty(&self) -> bool {
        self.told().text.is_empty()
    }

    /// The last event when the answer did not come to its end: the text that is there is kept.
    fn ending(&self, trouble: Trouble) -> Event {
        let told = self.told();
        if told.text.is_empty() {
            return Event::Failed(trouble);
        }
        let sources = told.consulted.iter().filter(|source| cited(&told.text, source.n));
        Event::Finished(Box::new(Answer {
            text: told.text.clone(),
            sources: sources.map(Source::from).collect(),
            session: told.session.clone(),
            partial: true,
            cut: Some(trouble),
            ..Answer::default()
        }))
    }
}

/// Tells once that it takes long, if nothing of the answer is there by then.
async fn tell_if_slow(core: &Core, so_far: &SoFar, events: &mpsc::Sender<Event>) -> Infallible {
    tokio::time::sleep(core.limits.slow).await;
    if so_far.is_empty() {
        tell(events, Event::Waiting(Waiting::Slow)).await;
    }
    std::future::pending().await
}

async fn tell(events: &mpsc::Sender<Event>, event: Event) {
    // A receiver that is gone ends the question elsewhere.
    let _ = events.send(event).await;
}

async fn answer(
    core: &Core,
    question: &Question,
    so_far: &SoFar,
    events: &mpsc::Sender<Event>,
) -> Result<Answer, Trouble> {
    check_text(&question.text)?;
    let _here = core.waiting.clone().try_acquire_owned().map_err(|_| Trouble::Busy)?;
    let _running = turn_in_line(core, events).await?;
    let told = || tell(events, Event::Waiting(Waiting::Daemon));
    let mut patience = Patience::new(&core.limits);
    patience.tried(&told, || permitted(&core.daemon, &question.asker)).await??;
    loop {
        match stream(core, question, so_far, events).await {
            Ok(Some(answered)) => return Ok(Answer::from(answered)),
            Ok(None) => return Err(Trouble::Endless),
            Err(status) if !so_far.is_empty() => return Err(Trouble::from(&status)),
            Err(status) => patience.after(&status, &told).await?,
        }
    }
}

async fn turn_in_line(
    core: &Core,
    events: &mpsc::Sender<Event>,
) -> Result<OwnedSemaphorePermit, Trouble> {
    if let Ok(permit) = core.running.clone().try_acquire_owned() {
        return Ok(permit);
    }
    tell(events, Event::Waiting(Waiting::Queued)).await;
    // The semaphore is closed by nobody, but the end of the bot would be the reason.
    core.running.clone().acquire_owned().await.map_err(|_| Trouble::Stopping)
}

/// One try: asks, and passes on what comes until the answer is whole; `None` if it has no end.
async fn stream(
    core: &Core,
    question: &Question,
    so_far: &SoFar,
    events: &mpsc::Sender<Event>,
) -> Result<Option<Answered>, Status> {
    let request = AskRequest {
        question: question.text.trim().to_owned(),
        spaces: question.spaces.clone(),
        thread: question.thread.clone().unwrap_or_default(),
        ..AskRequest::default()
    };
    let mut pieces = core.daemon.ask(&question.asker, request).await?;
    tell(events, Event::Working).await;
    while let Some(piece) = next(&mut pieces).await? {
        match piece {
            Piece::Consulted(consulted) => {
                let mut told = so_far.told();
                told.session = consulted.session;
                told.consulted = consulted.sources;
            }
            Piece::Text(text) => {
                if so_far.told().text.len() + text.len() > MAX_ANSWER_BYTES {
                    return Ok(None);
                }
                so_far.told().text.push_str(&text);
                tell(events, Event::Text(text)).await;
            }
            Piece::Answered(answered) => return Ok(Some(answered)),
        }
    }
    Err(Status::unavailable(ENDED))
}

/// The next event that says something; an empty one is of a newer daemon.
async fn next(pieces: &mut Streaming<AskEvent>) -> Result<Option<Piece>, Status> {
    while let Some(event) = pieces.message().await? {
        if event.event.is_some() {
            return Ok(event.event);
        }
    }
    Ok(None)
}
