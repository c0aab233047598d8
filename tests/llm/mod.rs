//! Models that answer, each against a fake that speaks its protocol, and one against a real server.

mod answers;
mod doctor;
mod faults;
mod real;
mod requests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use ragterm::config::{self, LlmProvider, Secret};
use ragterm::error::{Error, Result};
use ragterm::llm::{self, End, Llm, Message, Piece, Prompt, Role};

use crate::fakes::chat::{Chat, MODEL, Protocol};

/// The configuration for a server at `url`.
fn configured(provider: LlmProvider, url: &str) -> config::Llm {
    config::Llm {
        provider,
        model: MODEL.into(),
        url: url.into(),
        api_key: Secret::Unset,
        context_tokens: None,
        max_output_tokens: 200,
        temperature: 0.2,
        timeout: Duration::from_secs(30),
        idle_timeout: Duration::from_secs(30),
        keep_alive: "5m".into(),
        prices: None,
    }
}

fn config_for(chat: &Chat) -> config::Llm {
    configured(provider(chat.protocol), &chat.url)
}

fn provider(protocol: Protocol) -> LlmProvider {
    match protocol {
        Protocol::Ollama => LlmProvider::Ollama,
        Protocol::OpenAi => LlmProvider::OpenAi,
        Protocol::Anthropic => LlmProvider::Anthropic,
    }
}

fn connected(chat: &Chat) -> Arc<dyn Llm> {
    llm::connect(&config_for(chat)).unwrap().unwrap()
}

fn prompt(question: &str) -> Prompt {
    Prompt {
        system: "You are terse.".into(),
        messages: vec![Message { role: Role::User, text: question.into() }],
        prompt_tokens: 100,
        max_output_tokens: 200,
        temperature: 0.2,
    }
}

/// Everything that came, and what it ended with.
#[derive(Debug)]
struct Heard {
    pieces: Vec<String>,
    ended: Result<End>,
}

impl Heard {
    fn text(&self) -> String {
        self.pieces.concat()
    }

    #[track_caller]
    fn end(&self) -> &End {
        self.ended.as_ref().unwrap()
    }

    #[track_caller]
    fn error(&self) -> &Error {
        self.ended.as_ref().unwrap_err()
    }
}

/// Listens to the end; nothing may come after it.
async fn heard(llm: &dyn Llm, prompt: &Prompt) -> Heard {
    let mut pieces = Vec::new();
    let mut stream = match llm.answer(prompt).await {
        Ok(stream) => stream,
        Err(error) => return Heard { pieces, ended: Err(error) },
    };
    loop {
        let ended = match stream.next().await.expect("a stream ends with an end or an error") {
            Ok(Piece::Text(text)) => {
                assert!(!text.is_empty());
                pieces.push(text);
                continue;
            }
            Ok(Piece::End(end)) => Ok(end),
            Err(error) => Err(error),
        };
        assert!(stream.next().await.is_none());
        return Heard { pieces, ended };
    }
}

/// Asks a server one question.
async fn ask(chat: &Chat) -> Heard {
    heard(&*connected(chat), &prompt("What is up?")).await
}
