//! The model that answers: a prompt in, an answer out as a stream of pieces.

mod anthropic;
mod connection;
mod events;
mod feed;
mod lines;
mod ollama;
mod openai;
mod refused;
mod thought;

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

use crate::config::{self, LlmProvider};
use crate::error::Result;

/// An answer while it is made. The last item is the only [`Piece::End`], or the only error; what
/// came before an error is a part of the answer. Dropping it ends the work of the server.
pub type Stream = Pin<Box<dyn futures_util::Stream<Item = Result<Piece>> + Send>>;

/// A model that answers.
#[async_trait]
pub trait Llm: std::fmt::Debug + Send + Sync {
    /// Provider and model, for people: `ollama:qwen3:8b`.
    fn name(&self) -> String;

    /// The tokens that prompt and answer may take together: what is configured, else what the
    /// server says, else what is usual. `Unavailable` when the server must be asked and does not
    /// answer.
    async fn context_tokens(&self) -> Result<u32>;

    /// Has the prompt answered; gives the stream as soon as the server takes the prompt.
    ///
    /// `Unavailable`: the server cannot be reached, is busy, too slow or broken. `NotFound`: it
    /// lacks the model. `Exhausted`: the prompt does not fit into the model. `Usage`: the set-up
    /// is wrong. In the stream, `Unavailable` when the answer breaks off.
    async fn answer(&self, prompt: &Prompt) -> Result<Stream>;

    /// Where the server is and what it says about the model, in one line for people; asks it.
    async fn look(&self) -> Result<String> {
        let (name, window) = (self.name(), self.context_tokens().await?);
        Ok(format!("{name}, up to {window} tokens"))
    }
}

/// What a model is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// What the model is to do, apart from what anybody says to it; may be empty.
    pub system: String,
    /// The conversation so far; the last one is the question.
    pub messages: Vec<Message>,
    /// The tokens of all of that, estimated and not too low.
    pub prompt_tokens: u32,
    /// The longest answer, in tokens.
    pub max_output_tokens: u32,
    /// How freely the model chooses its words, from 0 to 2.
    pub temperature: f64,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Who asks.
    User,
    /// The model.
    Assistant,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The next characters; never empty.
    Text(String),
    /// The answer is over.
    End(End),
}

/// How an answer ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct End {
    /// Why there is no more.
    pub reason: Finish,
    /// Tokens of the prompt, if the server counts them.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer, thoughts included, if the server counts them.
    pub output_tokens: Option<u64>,
    /// Whether the counts show that the server left out a part of the prompt.
    pub prompt_was_cut: bool,
}

/// Why an answer ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Finish {
    /// The model had no more to say.
    #[default]
    Complete,
    /// It reached the longest answer, or the end of the model's window.
    Length,
    /// The provider keeps the model from answering.
    Withheld,
    /// Something else, in the server's word.
    Other(String),
}

/// The model that the configuration names; `None` for provider `none`. Asks nobody yet.
///
/// `Usage` when the key cannot be read or the address not used.
pub fn connect(config: &config::Llm) -> Result<Option<Arc<dyn Llm>>> {
    Ok(match config.provider {
        LlmProvider::None => None,
        LlmProvider::OpenAi => Some(Arc::new(openai::OpenAi::new(config)?)),
        LlmProvider::Ollama => Some(Arc::new(ollama::Ollama::new(config)?)),
        LlmProvider::Anthropic => Some(Arc::new(anthropic::Anthropic::new(config)?)),
    })
}

impl Role {
    /// The word that all protocols have for it.
    fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl Prompt {
    /// The conversation as all protocols write it.
    fn turns(&self) -> Vec<serde_json::Value> {
        let turn = |message: &Message| serde_json::json!({ "role": message.role.word(), "content": message.text });
        self.messages.iter().map(turn).collect()
    }
}
