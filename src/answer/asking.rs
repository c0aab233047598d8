//! One question from beginning to end.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::gather::{Given, gather};
use super::generate::{self, Generated};
use super::prompt::{self, Exchange, Manner};
use super::relevance::{Evidence, is_relevant};
use super::{Answered, Answerer, Consulted, Event, Question, gone, support};
use crate::catalog::{
    Feedback, InSession, Turn, TurnOutcome, TurnSource, new_name, now_ms, unknown_session,
};
use crate::config::Pipeline;
use crate::error::{Error, Result};
use crate::lexical::{MAX_QUERY_BYTES, Query};
use crate::search::{self, Hit, Mode, Ranking, Request};

/// A longer question is refused, in characters.
const MAX_QUESTION: usize = 8_000;

/// Earlier questions that a follow-up can refer to.
const RECALLED: u32 = 4;

/// Passages that are searched for, beyond those that are given, so that weak ones can be left out.
const SPARE: usize = 4;

/// Answers a question and keeps the turn.
pub async fn ask(answerer: &Answerer, question: Question, out: &mpsc::Sender<Event>) -> Result<()> {
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
    };
    let answered = asking.run().await?;
    answerer.counters.count(answered.turn.outcome);
    if answerer.settings.history_days > 0 {
        let (principal, thread) = (&question.caller.principal, question.thread.as_str());
        let id = answered.session.as_str();
        let session = match asking.is_new {
            true => InSession::New { id, thread },
            false => InSession::Known(id),
        };
        answerer.catalog.keep_turn(principal, session, &answered.turn).await?;
    }
    asking.tell(Event::Answered(Box::new(answered))).await
}

/// What stays the same while a question is answered.
pub struct Asking<'a> {
    pub answerer: &'a Answerer,
    pub question: &'a Question,
    pub pipeline: &'a Pipeline,
    pub session: String,
    pub began: Instant,
    pub out: &'a mpsc::Sender<Event>,
    is_new: bool,
    asked_ms: i64,
}

/// The session that a question goes on with; `NotFound` when it names one that is not the
/// asker's.
async fn session_of(answerer: &Answerer, question: &Question) -> Result<Option<String>> {
    let (catalog, principal) = (&answerer.catalog, &question.caller.principal);
    match &question.session {
        Some(session) if catalog.session(principal, session).await?.is_none() => {
            Err(unknown_session(session))
        }
        Some(session) => Ok(Some(session.clone())),
        None if question.thread.is_empty() => Ok(None),
        None => catalog.session_of_thread(principal, &question.thread).await,
    }
}

/// What a question becomes when it stands alone.
struct Standing {
    query: String,
    /// The spaces of what it was made from, besides the question.
    spaces: Vec<String>,
}

impl Asking<'_> {
    async fn run(&self) -> Result<Answered> {
        check(&self.question.text)?;
        let mut notes = Vec::new();
        let Standing { query, spaces } = self.stand_alone(&mut notes).await?;
        let searched = searched(&query);
        let found = self.answerer.retriever.search(&self.request(&searched)).await?;
        notes.extend(found.degraded.clone());
        let evidence = evidence(&searched, &found.hits)?;
        if !is_relevant(&evidence) {
            self.consulted(&query, &[], found.degraded).await?;
            let standing = Standing { query, spaces };
            return Ok(self.ended(standing, Vec::new(), notes, Ending::Refused));
        }
        let (budget, why_not) = self.budget(&mut notes).await?;
        let mut hits = found.hits;
        hits.truncate(self.passages());
        let given = gather(&self.answerer.catalog, hits, budget).await?;
        self.consulted(&query, &given, found.degraded).await?;
        if let Some(why_not) = why_not {
            notes.extend((!why_not.is_empty()).then_some(why_not));
            return Ok(self.ended(Standing { query, spaces }, given, notes, Ending::Passages));
        }
        let generated = generate::generate(self, &query, &given).await?;
        Ok(self.ended(Standing { query, spaces }, given, notes, Ending::Generated(generated)))
    }

    /// The question as it can be searched for: a follow-up takes in what it refers to.
    async fn stand_alone(&self, notes: &mut Vec<String>) -> Result<Standing> {
        let alone = Standing { query: self.question.text.clone(), spaces: Vec::new() };
        let answerer = self.answerer;
        let Ok(llm) = answerer.usable() else { return Ok(alone) };
        if self.is_new || !self.pipeline.rewrite || !self.pipeline.generate {
            return Ok(alone);
        }
        let caller = &self.question.caller;
        let turns = answerer.visible_turns(caller, &self.session, RECALLED).await?;
        if turns.is_empty() {
            return Ok(alone);
        }
        let earlier: Vec<Exchange<'_>> = turns
            .iter()
            .map(|turn| Exchange { question: &turn.question, answer: &turn.answer })
            .collect();
        let prompt = prompt::rewriting(&self.question.text, &earlier, &self.manner());
        match generate::whole(llm.as_ref(), &prompt).await {
            Ok(said) => {
                let query = prompt::rewritten(&said).unwrap_or(alone.query);
                let spaces = turns.into_iter().flat_map(|turn| turn.spaces).collect();
                Ok(Standing { query, spaces })
            }
            Err(error) => {
                notes.push(format!("the question was searched for as it stands: {error}"));
                Ok(alone)
            }
        }
    }

    fn request(&self, query: &str) -> Request {
        let (question, pipeline) = (self.question, self.pipeline);
        let types = match question.types.is_empty() {
            true => pipeline.types.clone(),
            false => question.types.clone(),
        };
        Request {
            text: query.to_owned(),
            grants: Arc::clone(&question.caller.grants),
            spaces: question.spaces.clone(),
            limit: self.passages() + SPARE,
            mode: Mode::Hybrid,
            types,
            path_glob: question.path_glob.clone(),
            paths: pipeline.paths.clone(),
            since: question.since,
            explain: false,
            ranking: Some(Ranking {
                weights: pipeline.weights,
                candidates: pipeline.candidates,
                rerank: pipeline.rerank,
            }),
        }
    }

    fn passages(&self) -> usize {
        match self.question.limit {
            0 => self.pipeline.passages as usize,
            limit => limit.min(search::MAX_LIMIT),
        }
    }

    /// The tokens that passages may take, and why no model is asked, if none is.
    async fn budget(&self, notes: &mut Vec<String>) -> Result<(usize, Option<String>)> {
        // Without a model the passages are for people.
        const FOR_PEOPLE: usize = 8_000;
        if !self.pipeline.generate {
            return Ok((FOR_PEOPLE, Some(String::new())));
        }
        let llm = match self.answerer.usable() {
            Ok(llm) => llm,
            Err(reason) => return Ok((FOR_PEOPLE, Some(reason))),
        };
        let window = match llm.context_tokens().await {
            Ok(window) => window as usize,
            Err(error) => return Ok((FOR_PEOPLE, Some(passages_only(&error)))),
        };
        let output = (self.answerer.llm.max_output_tokens as usize).min(window / 2);
        let bare = prompt::answering(&self.question.text, &[], &self.manner());
        let taken = bare.prompt_tokens as usize + output;
        if taken >= window {
            return Err(Error::usage(format!(
                "the question does not fit into the model's window: it and its answer take about \
                 {taken} tokens, the window has {window}"
            ))
            .hint("ask a shorter question, or raise `llm.context_tokens` if the model has more"));
        }
        if output < self.answerer.llm.max_output_tokens as usize {
            notes.push(format!(
                "the model's window of {window} tokens leaves {output} for the answer"
            ));
        }
        Ok((window - taken, None))
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
            session: self.session.clone(),
            query: query.to_owned(),
            given: given.to_vec(),
            model,
            degraded,
        }))
        .await
    }

    /// Passes an event on; fails when nobody listens any more.
    pub async fn tell(&self, event: Event) -> Result<()> {
        self.out.send(event).await.map_err(|_| gone())
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
            session: self.session.clone(),
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

fn check(question: &str) -> Result<()> {
    let length = question.chars().count();
    if question.trim().is_empty() {
        return Err(Error::usage("the question is empty").hint("ask something"));
    }
    if length > MAX_QUESTION {
        return Err(Error::usage(format!(
            "the question has {length} characters; at most {MAX_QUESTION} are taken"
        ))
        .hint("add the text as a document, and ask about it"));
    }
    Ok(())
}

/// A question without what the search would take for operators.
fn searched(question: &str) -> String {
    let mut words = String::with_capacity(question.len());
    for word in question.split_whitespace() {
        let word = word.trim_start_matches('-');
        words.extend(word.chars().map(|c| if matches!(c, '"' | '“' | '”') { ' ' } else { c }));
        words.push(' ');
    }
    let end = words.floor_char_boundary(MAX_QUERY_BYTES);
    words[..end].trim_end().to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_searched_without_operators() {
        assert_eq!(searched("What does \"-v\" do in -x?"), "What does  -v  do in x?");
        assert_eq!(searched("연차는  며칠?"), "연차는 며칠?");
    }

    #[test]
    fn a_question_must_ask_something() {
        assert!(check("  ").is_err());
        assert!(check(&"a".repeat(MAX_QUESTION + 1)).is_err());
        assert!(check("Why?").is_ok());
    }
}
