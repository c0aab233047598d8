//! One question from beginning to end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tracing::{Instrument, debug_span, warn};

use super::gather::{Given, gather};
use super::generate::{self, Generated};
use super::prompt::{self, Manner};
use super::relevance::{Evidence, is_relevant};
use super::spent::{Asked, Spent};
use super::standing::{Standing, session_of};
use super::wording::{check, searched, types_of};
use super::{Answered, Answerer, Consulted, Event, Question, gone, support};
use crate::catalog::{Feedback, InSession, Turn, TurnOutcome, TurnSource, new_name, now_ms};
use crate::config::Pipeline;
use crate::error::{Error, Result};
use crate::lexical::Query;
use crate::search::{self, Hit, Mode, Ranking, Request};

/// Passages that are searched for, beyond those that are given, so that weak ones can be left out.
const SPARE: usize = 4;

/// How long the end of an answer waits until it is kept.
const KEEPING: Duration = Duration::from_secs(10);

/// Answers a question and keeps the turn.
pub async fn ask(
    answerer: &Answerer,
    question: Question,
    out: &mpsc::Sender<Event>,
) -> Result<Asked> {
    let session = session_of(answerer, &question).await?;
    let asking = Asking {
        answerer,
        pipeline: answerer.pipeline(&question).await?,
        session: session.clone().unwrap_or_else(new_name),
        is_new: session.is_none(),
        asked_ms: now_ms(),
        began: Instant::now(),
        question: &question,
        out,
        spent: Mutex::default(),
    };
    let mut answered = asking.run().await?;
    answerer.counters.count(answered.turn.outcome);
    asking.keep(&mut answered).await;
    let asked = asking.asked(&answered);
    asking.tell(Event::Answered(Box::new(answered))).await?;
    Ok(asked)
}

/// What stays the same while a question is answered.
pub struct Asking<'a> {
    pub answerer: &'a Answerer,
    pub question: &'a Question,
    pub pipeline: &'a Pipeline,
    pub session: String,
    pub began: Instant,
    pub out: &'a mpsc::Sender<Event>,
    pub is_new: bool,
    asked_ms: i64,
    /// What was taken up so far.
    pub spent: Mutex<Spent>,
}

/// What was found for a question.
struct Found {
    hits: Vec<Hit>,
    /// Why the search is not all that it could be.
    degraded: Option<String>,
    is_relevant: bool,
}

/// The room that the model's window leaves, in tokens.
struct Room {
    passages: usize,
    answer: u32,
    /// Why no model is asked, if none is; empty where none is wanted.
    why_not: Option<String>,
}

impl Asking<'_> {
    async fn run(&self) -> Result<Answered> {
        check(&self.question.text)?;
        let mut notes = Vec::new();
        let mut standing = self.stand_alone(&mut notes).await?;
        let mut found = self.find(&standing.query).await?;
        if !found.is_relevant && standing.query != self.question.text {
            let as_asked = self.find(&self.question.text).await?;
            if as_asked.is_relevant {
                notes.push("nothing was found for the question as the model rewrote it".into());
                standing = Standing { query: self.question.text.clone(), spaces: Vec::new() };
                found = as_asked;
            }
        }
        notes.extend(found.degraded.clone());
        if !found.is_relevant {
            self.consulted(&standing.query, &[], found.degraded).await?;
            return Ok(self.ended(standing, Vec::new(), notes, Ending::Refused));
        }
        let room = self.room(&standing.query, &mut notes).await?;
        let mut hits = found.hits;
        hits.truncate(self.passages());
        let given = gather(&self.answerer.catalog, hits, room.passages).await?;
        self.consulted(&standing.query, &given, found.degraded).await?;
        if let Some(why_not) = room.why_not {
            notes.extend((!why_not.is_empty()).then_some(why_not));
            return Ok(self.ended(standing, given, notes, Ending::Passages));
        }
        let manner = Manner { max_output_tokens: room.answer, ..self.manner() };
        let generated = generate::generate(self, (&standing.query, &manner), &given)
            .instrument(debug_span!("generate"))
            .await?;
        Ok(self.ended(standing, given, notes, Ending::Generated(generated)))
    }

    async fn find(&self, query: &str) -> Result<Found> {
        let searched = searched(query);
        let found = self.answerer.retriever.search(&self.request(&searched)?).await?;
        let is_relevant = is_relevant(&evidence(&searched, &found.hits)?);
        self.spend(|spent| spent.stages = spent.stages.and(found.stages));
        Ok(Found { hits: found.hits, degraded: found.degraded, is_relevant })
    }

    /// Keeps the turn; an answer that cannot be kept is given all the same.
    async fn keep(&self, answered: &mut Answered) {
        if !self.is_kept() {
            answered.turn.id.clear();
            return;
        }
        let (principal, thread) = (&self.question.caller.principal, self.question.thread.as_str());
        let id = self.session.as_str();
        let session = match self.is_new {
            true => InSession::New { id, thread },
            false => InSession::Known(id),
        };
        let keeping = self.answerer.catalog.keep_turn(principal, session, &answered.turn);
        let kept = tokio::time::timeout(KEEPING, keeping).await.unwrap_or_else(|_| {
            let message = format!("the catalog was busy for {} s", KEEPING.as_secs());
            Err(Error::unavailable(message))
        });
        if let Err(error) = kept {
            warn!(%error, "an answer cannot be kept");
            answered.turn.id.clear();
            if self.is_new {
                answered.session.clear();
            }
            let note = format!("the answer is not in the history: {error}");
            answered.degraded = Some(match answered.degraded.take() {
                Some(before) => format!("{before}; {note}"),
                None => note,
            });
        }
    }

    /// Whether there is a history.
    fn is_kept(&self) -> bool {
        self.answerer.settings.history_days > 0
    }

    /// The name by which a follow-up can refer to this one; empty when nothing is kept.
    fn session_name(&self) -> String {
        if self.is_kept() { self.session.clone() } else { String::new() }
    }

    fn request(&self, query: &str) -> Result<Request> {
        let (question, pipeline) = (self.question, self.pipeline);
        Ok(Request {
            text: query.to_owned(),
            grants: Arc::clone(&question.caller.grants),
            spaces: question.spaces.clone(),
            limit: self.passages() + SPARE,
            mode: Mode::Hybrid,
            types: types_of(&question.types, pipeline)?,
            path_glob: question.path_glob.clone(),
            paths: pipeline.paths.clone(),
            since: question.since,
            explain: false,
            ranking: Some(Ranking {
                weights: pipeline.weights,
                candidates: pipeline.candidates,
                rerank: pipeline.rerank,
            }),
        })
    }

    fn passages(&self) -> usize {
        match self.question.limit {
            0 => self.pipeline.passages as usize,
            limit => limit.min(search::MAX_LIMIT),
        }
    }

    /// The room for passages and answer beside the question as it is put to the model.
    async fn room(&self, query: &str, notes: &mut Vec<String>) -> Result<Room> {
        // Without a model the passages are for people.
        let for_people = |why_not| Room { passages: 8_000, answer: 0, why_not: Some(why_not) };
        if !self.pipeline.generate {
            return Ok(for_people(String::new()));
        }
        let llm = match self.answerer.usable() {
            Ok(llm) => llm,
            Err(reason) => return Ok(for_people(reason)),
        };
        let window = match llm.context_tokens().await {
            Ok(window) => window,
            Err(error) => return Ok(for_people(passages_only(&error))),
        };
        let wanted = self.answerer.llm.max_output_tokens;
        let answer = wanted.min(window / 2);
        let bare = prompt::answering(query, &[], &self.manner());
        let taken = bare.prompt_tokens.saturating_add(answer);
        if taken >= window {
            return Err(Error::usage(format!(
                "the question does not fit into the model's window: it and its answer take about \
                 {taken} tokens, the window has {window}"
            ))
            .hint("ask a shorter question, or raise `llm.context_tokens` if the model has more"));
        }
        if answer < wanted {
            notes.push(format!(
                "the model's window of {window} tokens leaves {answer} for the answer"
            ));
        }
        Ok(Room { passages: (window - taken) as usize, answer, why_not: None })
    }

    /// How the pipeline wants answers.
    pub fn manner(&self) -> Manner<'_> {
        Manner {
            words: &self.pipeline.prompt,
            language: &self.pipeline.language,
            max_output_tokens: self.answerer.llm.max_output_tokens,
            temperature: self.answerer.llm.temperature,
        }
    }

    async fn consulted(
        &self,
        query: &str,
        given: &[Given],
        degraded: Option<String>,
    ) -> Result<()> {
        let is_asked = self.pipeline.generate && !given.is_empty();
        let model = if is_asked { self.answerer.model_name() } else { String::new() };
        self.tell(Event::Consulted(Consulted {
            session: self.session_name(),
            query: query.to_owned(),
            given: given.to_vec(),
            model,
            degraded,
        }))
        .await
    }

    /// Passes an event on; fails when nobody listens any more, or the daemon ends while whoever
    /// listens is slow.
    pub async fn tell(&self, event: Event) -> Result<()> {
        tokio::select! {
            biased;
            sent = self.out.send(event) => sent.map_err(|_| gone()),
            () = self.answerer.stop.cancelled() => Err(generate::ending()),
        }
    }

    fn ended(
        &self,
        Standing { query, mut spaces }: Standing,
        given: Vec<Given>,
        mut notes: Vec<String>,
        ending: Ending,
    ) -> Answered {
        let outcome = ending.outcome();
        let Generated { answer, cited, note, first_token, cached, .. } = match ending {
            Ending::Generated(generated) => generated,
            Ending::Refused | Ending::Passages => Generated::default(),
        };
        notes.extend(note);
        if outcome == TurnOutcome::Answered && cited.is_empty() && states_something(&answer) {
            notes.push("the answer names no passage: it may not come from the documents".into());
        }
        spaces.extend(given.iter().map(|given| given.hit.source.registered.space.clone()));
        spaces.sort_unstable();
        spaces.dedup();
        let is_cited = |given: &Given| outcome == TurnOutcome::Passages || cited.contains(&given.n);
        let sources: Vec<Given> = given.into_iter().filter(is_cited).collect();
        let unsupported = match self.pipeline.require_citations {
            true => support::unsupported(&answer),
            false => Vec::new(),
        };
        let is_asked = matches!(outcome, TurnOutcome::Answered | TurnOutcome::Partial);
        Answered {
            session: self.session_name(),
            turn: Turn {
                id: new_name(),
                question: self.question.text.clone(),
                query,
                answer,
                sources: sources.iter().map(kept).collect(),
                outcome,
                model: if is_asked { self.answerer.model_name() } else { String::new() },
                asked_ms: self.asked_ms,
                feedback: Feedback::None,
                comment: String::new(),
                spaces,
            },
            sources,
            degraded: (!notes.is_empty()).then(|| notes.join("; ")),
            first_token,
            took: self.began.elapsed(),
            unsupported,
            cached,
        }
    }
}

/// How a question comes to its end.
enum Ending {
    Refused,
    Passages,
    Generated(Generated),
}

impl Ending {
    fn outcome(&self) -> TurnOutcome {
        match self {
            Self::Refused => TurnOutcome::Refused,
            Self::Passages => TurnOutcome::Passages,
            // Nobody waits for passages in its place.
            Self::Generated(generated) if generated.was_left => TurnOutcome::Partial,
            Self::Generated(generated) if generated.answer.trim().is_empty() => {
                TurnOutcome::Passages
            }
            Self::Generated(generated) if generated.is_partial => TurnOutcome::Partial,
            Self::Generated(_) => TurnOutcome::Answered,
        }
    }
}

/// Why passages stand in the place of an answer.
pub fn passages_only(error: &Error) -> String {
    let step = error.next_step().map_or(String::new(), |step| format!("; {step}"));
    format!("the model did not answer: {error}{step}")
}

/// Whether an answer says more than that it does not know.
fn states_something(answer: &str) -> bool {
    !answer.trim_start().to_lowercase().starts_with("i don't know")
}

fn evidence(query: &str, hits: &[Hit]) -> Result<Vec<Evidence>> {
    let query = Query::parse(query)?;
    let words = query.words();
    let of = |hit: &Hit| {
        let text = format!("{}\n{}\n{}", hit.document.title, hit.heading.join("\n"), hit.text);
        let mut matched: Vec<u32> = query.highlights(&text).iter().map(|it| it.word).collect();
        matched.sort_unstable();
        matched.dedup();
        Evidence { words, matched: matched.len(), cosine: hit.fused.dense }
    };
    Ok(hits.iter().map(of).collect())
}

fn kept(given: &Given) -> TurnSource {
    TurnSource {
        n: given.n,
        document: given.hit.document.id.to_string(),
        ordinal: given.hit.fused.ordinal,
    }
}
