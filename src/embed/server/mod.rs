//! An embedder behind a server: prefixes, long texts in parts, and a check of every vector.

mod cut;
mod limits;
mod parts;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::known::Known;
use super::{Counts, Embedder, ModelIdentity, Pace, Purpose, Server, language, windows};
use crate::error::{Error, Result};
use crate::http::{Fault, FaultKind, Http, Patience, is_too_long, is_too_many};
use limits::Limits;
use parts::Part;

/// What is embedded to learn about the server, never about a document.
pub(super) const PROBE: &str = "ragterm";

/// One kind of server.
#[async_trait]
pub(super) trait Wire: std::fmt::Debug + Send + Sync {
    /// The connection.
    fn http(&self) -> &Http;

    /// Asks for the vectors of texts that have their prefixes.
    async fn embed(&self, texts: &[String], patience: Patience) -> Result<Answer, Fault>;

    /// A fault of [`embed`](Self::embed) in words, for those that only this kind of server knows.
    fn explain(&self, fault: &Fault) -> Option<Error>;
}

/// What a server answers.
#[derive(Debug)]
pub(super) struct Answer {
    /// In the order of the texts; what is no number is NaN.
    pub(super) vectors: Vec<Vec<f32>>,
    /// The tokens of all texts together, if the server counts them.
    pub(super) tokens: Option<usize>,
}

/// An [`Embedder`] that asks a server.
#[derive(Debug)]
pub(super) struct ServerEmbedder {
    wire: Arc<dyn Wire>,
    identity: ModelIdentity,
    known: Known,
    server: Server,
    pace: Pace,
    limits: Limits,
    divided: AtomicU64,
    warming: Mutex<Option<AbortHandle>>,
    /// An answer had other dimensions.
    other: Notify,
}

/// The vectors of a call, as they come in.
struct Gathered {
    /// For each text its parts' vectors with their weights.
    texts: Vec<Vec<(Vec<f32>, usize)>>,
}

impl ServerEmbedder {
    pub(super) fn new(
        wire: Arc<dyn Wire>,
        identity: ModelIdentity,
        known: Known,
        (server, pace): (Server, Pace),
    ) -> Self {
        let limits = Limits::new(identity.max_tokens, pace.batch);
        let (divided, warming, other) = (AtomicU64::new(0), Mutex::default(), Notify::new());
        Self { wire, identity, known, server, pace, limits, divided, warming, other }
    }

    /// Sends all parts, dividing what is refused or was cut, until every text is complete.
    async fn gather(&self, texts: Vec<String>, purpose: Purpose) -> Result<Gathered> {
        let mut gathered = Gathered { texts: vec![Vec::new(); texts.len()] };
        let mut waiting = self.requests(texts);
        while let Some(parts) = waiting.pop() {
            match self.ask(&parts, purpose).await {
                Ok(answer) => {
                    match self.cut(&parts, &answer, purpose).await? {
                        Some(again) => waiting.extend(self.grouped(again)),
                        None => gathered.add(parts, answer.vectors),
                    };
                }
                Err(fault) if is_too_large(&fault) => {
                    waiting.extend(self.divided(parts, &fault)?);
                }
                Err(fault) => return Err(self.error(&fault, purpose).await),
            }
        }
        for parts in &gathered.texts {
            self.divided.fetch_add(u64::from(parts.len() > 1), Ordering::Relaxed);
        }
        Ok(gathered)
    }

    /// The texts in requests that the server is known to take.
    fn requests(&self, texts: Vec<String>) -> Vec<Vec<Part>> {
        let mut parts = Vec::with_capacity(texts.len());
        for (index, words) in texts.into_iter().enumerate() {
            // Some servers refuse nothing at all as an input.
            let words = if words.is_empty() { " ".to_owned() } else { words };
            Part::new(index, words).within(self.limits.whole(), &mut parts);
        }
        self.grouped(parts)
    }

    /// Long parts alone, so that the tokens that the server counted are theirs.
    fn grouped(&self, parts: Vec<Part>) -> Vec<Vec<Part>> {
        let (long, short): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|part| self.limits.goes_alone(part.tokens));
        let mut requests: Vec<_> = long.into_iter().map(|part| vec![part]).collect();
        requests.extend(short.chunks(self.limits.batch().max(1)).map(<[Part]>::to_vec));
        requests
    }

    /// One request; the answer has one vector per part, each of the right length.
    async fn ask(&self, parts: &[Part], purpose: Purpose) -> Result<Answer, Fault> {
        let prefix = self.known.prefix(purpose);
        let texts: Vec<_> = parts.iter().map(|part| format!("{prefix}{}", part.words)).collect();
        let answer = self.wire.embed(&texts, purpose.into()).await?;
        let (expected, got) = (texts.len(), answer.vectors.len());
        if got != expected {
            return Err(Fault::garbled(format!("answers with {got} vectors for {expected} texts")));
        }
        let expected = self.identity.dimensions;
        match answer.vectors.iter().map(Vec::len).find(|dimensions| *dimensions != expected) {
            Some(0) => Err(Fault::garbled("answers with an empty vector")),
            Some(got) => {
                self.other.notify_one();
                let name = &self.identity.name;
                let message = format!("answers with {got} dimensions, but `{name}` had {expected}");
                Err(Fault::garbled(message))
            }
            None => Ok(answer),
        }
    }

    /// What to send instead of parts that were too long or too many.
    fn divided(&self, mut parts: Vec<Part>, fault: &Fault) -> Result<Vec<Vec<Part>>> {
        if parts.len() > 1 {
            if is_too_many(&fault.message) || !is_too_long(&fault.message) {
                self.limits.too_many(parts.len());
            }
            // The long ones together, so that the others are soon out of it.
            parts.sort_by_key(|part| part.tokens);
            let long = parts.split_off(parts.len() / 2);
            return Ok(vec![long, parts]);
        }
        let refused = parts.pop().unwrap_or_else(|| Part::new(0, String::new()));
        self.limits.refused(refused.tokens);
        let halves = refused.halves().ok_or_else(|| {
            let (server, length) = (self.wire.http().name(), refused.words.chars().count());
            let why = &fault.message;
            Error::exhausted(format!("{server} refuses a text of {length} characters: {why}"))
        })?;
        Ok(vec![halves.to_vec()])
    }

    /// The fault in words; what fails at one text only is told from what fails at all.
    async fn error(&self, fault: &Fault, purpose: Purpose) -> Error {
        if let Some(error) = self.wire.explain(fault) {
            return error;
        }
        let error = self.wire.http().error(fault);
        let may_be_the_text = matches!(fault.kind, FaultKind::Server(_) | FaultKind::Unreadable);
        match purpose {
            Purpose::Query => {
                if fault.kind == FaultKind::Slow {
                    self.warm_up();
                }
                error
            }
            Purpose::Document if may_be_the_text && self.is_well().await => {
                Error::internal(error.to_string())
            }
            Purpose::Document => error,
        }
    }

    /// Whether the server embeds another text.
    async fn is_well(&self) -> bool {
        let probe = vec![PROBE.to_owned()];
        self.wire.embed(&probe, self.wire.http().once()).await.is_ok()
    }

    /// Has the server load its model, which a question does not wait for; once at a time.
    fn warm_up(&self) {
        let mut warming = self.warming.lock().unwrap_or_else(PoisonError::into_inner);
        if warming.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let wire = Arc::clone(&self.wire);
        let task = tokio::spawn(async move {
            // What it comes to shows at the next question.
            let _warm = wire.embed(&[PROBE.to_owned()], wire.http().once()).await;
        });
        *warming = Some(task.abort_handle());
    }
}

impl Drop for ServerEmbedder {
    fn drop(&mut self) {
        let warming = self.warming.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = warming.take() {
            task.abort();
        }
    }
}

#[async_trait]
impl Embedder for ServerEmbedder {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn reads(&self, text: &str) -> bool {
        !self.known.english_only || language::reads(text)
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn counts(&self) -> Counts {
        let divided = self.divided.load(Ordering::Relaxed);
        Counts { divided, cut: 0, retried: self.wire.http().retried() }
    }

    fn server(&self) -> Option<&Server> {
        Some(&self.server)
    }

    async fn answered_as_another(&self) {
        self.other.notified().await;
    }

    /// A text that is too long for the server gets the mean of its parts' vectors, each weighing
    /// as much as its tokens.
    async fn embed(&self, texts: Vec<String>, purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        let gathered = self.gather(texts, purpose).await?;
        let vectors = gathered.texts.into_iter().map(|parts| windows::mean(&parts));
        vectors.map(|vector| self.checked(vector)).collect()
    }
}

impl ServerEmbedder {
    fn checked(&self, vector: Vec<f32>) -> Result<Vec<f32>> {
        let is_good = vector.iter().all(|value| value.is_finite())
            && vector.iter().any(|value| *value != 0.0);
        is_good.then_some(vector).ok_or_else(|| {
            let server = self.wire.http().name();
            Error::internal(format!("{server} answers with a vector that has no numbers (NaN)"))
        })
    }
}

impl Gathered {
    fn add(&mut self, parts: Vec<Part>, vectors: Vec<Vec<f32>>) {
        for (part, vector) in parts.into_iter().zip(vectors) {
            self.texts[part.text].push((vector, part.tokens.max(1)));
        }
    }
}

/// Whether a smaller request may be taken.
fn is_too_large(fault: &Fault) -> bool {
    let is_refused = matches!(fault.kind, FaultKind::Refused(_));
    let says_so = is_too_long(&fault.message) || is_too_many(&fault.message);
    is_refused && (fault.status() == Some(413) || says_so)
}
