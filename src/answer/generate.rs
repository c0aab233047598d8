//! Having the model answer: its text checked and passed on piece by piece, whatever it does.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tracing::debug;

use super::asking::{Asking, passages_only};
use super::cache::{CacheKey, Rights};
use super::check::{Addresses, Checker};
use super::gather::Given;
use super::prompt::{self, Manner, Shown};
use super::{Event, gone};
use crate::error::{Error, ErrorKind, Result};
use crate::llm::{End, Finish, Llm, Piece, Prompt, Stream};

/// An answer is cut here, in bytes, whatever the server sends.
const MAX_ANSWER: usize = 256 * 1024;

/// What a model makes of a question is not read beyond this, in bytes.
const MAX_REWRITTEN: usize = 4_096;

/// What ends the thoughts of a model whose server does not take them out; where the prompt's
/// template begins them, nothing tells before.
const THOUGHTS_END: &str = "</think>";

/// What is said of such a server.
const THOUGHTS: &str = "the server sends the model's thoughts as part of the answer; have it parse \
                        them (`--reasoning-parser` of vLLM, `--reasoning-format` of llama.cpp)";

/// What the model said, checked.
#[derive(Debug, Clone, Default)]
pub struct Generated {
    /// All of it.
    pub answer: String,
    /// The passages that it names.
    pub cited: BTreeSet<u32>,
    /// Why it is not all that it could be.
    pub note: Option<String>,
    /// Whether it ended before its end.
    pub is_partial: bool,
    /// Whether nobody waited for its end.
    pub was_left: bool,
    /// From the question to the first piece.
    pub first_token: Option<Duration>,
    /// Whether it was answered before.
    pub cached: bool,
}

/// Has the question answered from what is given; what fails is said in the answer.
pub async fn generate(
    asking: &Asking<'_>,
    (query, manner): (&str, &Manner<'_>),
    given: &[Given],
) -> Result<Generated> {
    let llm = match asking.answerer.usable() {
        Ok(llm) => llm,
        Err(reason) => return Ok(Generated { note: Some(reason), ..Generated::default() }),
    };
    let found = given.len();
    let mut given = given;
    loop {
        let prompt = prompt_of((query, manner), given);
        let key = key_of(asking, &prompt, given);
        if let Some(answer) = key.as_ref().and_then(|key| asking.answerer.cache.get(key)) {
            return repeated(asking, answer, given).await;
        }
        let begin = Instant::now();
        let opened = tokio::select! {
            () = asking.answerer.stop.cancelled() => Err(ending()),
            () = asking.out.closed() => return Ok(Generated::left()),
            opened = llm.answer(&prompt) => opened,
        };
        match opened {
            Ok(stream) => {
                let (mut generated, end) = take(asking, stream, given).await;
                asking.spend(|spent| spent.generated(begin, end.as_ref().ok()));
                if let Some(key) = key.filter(|_| generated.is_whole()) {
                    asking.answerer.cache.put(key, &generated.answer);
                }
                if given.len() < found {
                    let fewer = format!(
                        "only {} of {found} passages fitted into the model's window",
                        given.len()
                    );
                    let note = generated.note.take();
                    generated.note =
                        Some(note.map_or(fewer.clone(), |it| format!("{fewer}; {it}")));
                }
                return Ok(generated);
            }
            // The estimate was too low for this model.
            Err(error) if error.kind() == ErrorKind::Exhausted && given.len() > 1 => {
                debug!(passages = given.len(), "the prompt did not fit");
                given = &given[..given.len().div_ceil(2)];
            }
            Err(error) => {
                return Ok(Generated { note: Some(passages_only(&error)), ..Generated::default() });
            }
        }
    }
}

impl Generated {
    /// Nobody waited for the first word.
    fn left() -> Self {
        Self { is_partial: true, was_left: true, ..Self::default() }
    }

    /// Whether it can be given again as it is.
    fn is_whole(&self) -> bool {
        !self.is_partial && self.note.is_none() && !self.answer.trim().is_empty()
    }
}

/// The whole of a short answer, and how it ended; fails when the model does not come to its end.
pub async fn whole(llm: &dyn Llm, prompt: &Prompt) -> Result<(String, End)> {
    let mut stream = llm.answer(prompt).await?;
    let mut said = String::new();
    while let Some(piece) = stream.next().await {
        match piece? {
            Piece::Text(text) => said.push_str(&text),
            Piece::End(end) if end.reason == Finish::Complete => return Ok((said, end)),
            Piece::End(_) => break,
        }
        if said.len() > MAX_REWRITTEN {
            break;
        }
    }
    Err(Error::unavailable("the model did not come to an end with it"))
}

fn prompt_of((query, manner): (&str, &Manner<'_>), given: &[Given]) -> Prompt {
    let shown: Vec<Shown<'_>> = given
        .iter()
        .map(|given| Shown {
            n: given.n,
            title: &given.hit.document.title,
            heading: &given.hit.heading,
            text: &given.text,
        })
        .collect();
    prompt::answering(query, &shown, manner)
}

fn key_of(asking: &Asking<'_>, prompt: &Prompt, given: &[Given]) -> Option<CacheKey> {
    let answerer = asking.answerer;
    let question = asking.question;
    let rights = Rights {
        principal: &question.caller.principal,
        grants: &question.caller.grants.fingerprint(),
        spaces: &question.spaces,
    };
    let model = format!("{} {}", answerer.model_name(), answerer.llm.url);
    answerer.settings.cache.then(|| CacheKey::new(&model, rights, prompt, given))
}

/// An answer from memory, which was checked when it was given first.
async fn repeated(asking: &Asking<'_>, answer: String, given: &[Given]) -> Result<Generated> {
    let mut checker = checker(asking, given);
    let _same = checker.push(&answer) + &checker.finish();
    let first_token = Some(asking.began.elapsed());
    asking.tell(Event::Text(answer.clone())).await?;
    let cited = checker.cited().clone();
    Ok(Generated { answer, cited, first_token, cached: true, ..Generated::default() })
}

fn checker(asking: &Asking<'_>, given: &[Given]) -> Checker {
    let texts = given.iter().map(|given| given.text.as_str());
    let addresses = Addresses::of(texts.chain([asking.question.text.as_str()]));
    Checker::new(u32::try_from(given.len()).unwrap_or_default(), addresses)
}

/// Passes the model's answer on until it ends, breaks off, or nobody listens.
async fn take(
    asking: &Asking<'_>,
    mut stream: Stream,
    given: &[Given],
) -> (Generated, Result<End>) {
    let mut checker = checker(asking, given);
    let mut generated = Generated::default();
    let end = loop {
        let piece = tokio::select! {
            () = asking.answerer.stop.cancelled() => break Err(ending()),
            () = asking.out.closed() => break Err(gone()),
            piece = stream.next() => piece,
        };
        match piece {
            Some(Ok(Piece::Text(text))) => {
                generated.first_token.get_or_insert_with(|| asking.began.elapsed());
                let text = checker.push(&text);
                if let Err(error) = pass_on(asking, &mut generated, text).await {
                    break Err(error);
                }
                if generated.answer.len() > MAX_ANSWER {
                    break Ok(End { reason: Finish::Length, ..End::default() });
                }
            }
            Some(Ok(Piece::End(end))) => break Ok(end),
            Some(Err(error)) => break Err(error),
            None => break Err(Error::unavailable("the model's answer broke off")),
        }
    };
    drop(stream);
    let rest = checker.finish();
    // Who does not listen any more misses nothing.
    let _gone = pass_on(asking, &mut generated, rest).await;
    generated.cited = checker.cited().clone();
    if checker.removed() > 0 {
        debug!(removed = checker.removed(), "citations of nothing were taken out");
    }
    let thoughts = generated.answer.rfind(THOUGHTS_END).map(|at| at + THOUGHTS_END.len());
    if let Some(end) = thoughts {
        let rest = generated.answer.split_off(end);
        let mut checker = self::checker(asking, given);
        generated.answer = checker.push(rest.trim_start()) + &checker.finish();
        generated.cited = checker.cited().clone();
    }
    generated.was_left = asking.out.is_closed();
    let note = note(&end, generated.answer.trim().is_empty());
    generated.note = note.or_else(|| thoughts.map(|_| THOUGHTS.into()));
    generated.is_partial = match &end {
        Ok(end) => end.reason != Finish::Complete,
        Err(_) => true,
    };
    (generated, end)
}

async fn pass_on(asking: &Asking<'_>, generated: &mut Generated, text: String) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    generated.answer.push_str(&text);
    asking.tell(Event::Text(text)).await
}

/// What is to be said of how an answer ended.
fn note(end: &Result<End>, is_empty: bool) -> Option<String> {
    let end = match end {
        Ok(end) => end,
        Err(error) if is_empty => return Some(passages_only(error)),
        Err(error) => return Some(format!("the answer is not whole: {error}")),
    };
    match &end.reason {
        Finish::Complete if is_empty => Some("the model said nothing".into()),
        Finish::Complete if end.prompt_was_cut => Some(
            "the server left out a part of the passages: `llm.context_tokens` is too high".into(),
        ),
        Finish::Complete => None,
        Finish::Length => Some(
            "the answer is not whole: the model came to the longest answer \
             (`llm.max_output_tokens`) or the end of its window"
                .into(),
        ),
        Finish::Withheld => Some("the provider withholds the answer".into()),
        Finish::Other(word) => Some(format!("the answer is not whole: the server says `{word}`")),
    }
}

/// Why nothing more is waited for.
pub fn ending() -> Error {
    Error::unavailable("the daemon is ending").hint("ask again; the next command starts it")
}
