//! llama.cpp's real server with a small model.

use std::time::Duration;

use ragterm::config::{self, LlmProvider};
use ragterm::error::ErrorKind;
use ragterm::llm::{self, Finish, Prompt};

use super::{configured, heard, prompt};
use crate::support::skipped;

/// The server that the environment names: `scripts/test-servers/llama.sh` runs one.
fn real() -> Option<config::Llm> {
    let [url, model] =
        ["URL", "MODEL"].map(|name| std::env::var(format!("RAGTERM_TEST_CHAT_{name}")));
    let (Ok(url), Ok(model)) = (url, model) else {
        skipped("RAGTERM_TEST_CHAT_URL names no server with a model for chats");
        return None;
    };
    // A busy machine reads a prompt slowly.
    let [timeout, idle_timeout] = [Duration::from_secs(300); 2];
    let config = configured(LlmProvider::OpenAi, &url);
    Some(config::Llm { model, timeout, idle_timeout, ..config })
}

#[tokio::test]
async fn a_real_model_answers_in_pieces_with_counts() {
    let Some(config) = real() else { return };
    let llm = llm::connect(&config).unwrap().unwrap();
    let question = Prompt {
        max_output_tokens: 24,
        temperature: 0.0,
        ..prompt("Which city is the capital of France? Answer in one sentence.")
    };
    let heard = heard(&*llm, &question).await;
    assert!(heard.text().contains("Paris"), "{heard:?}");
    assert!(heard.pieces.len() > 3, "{heard:?}");
    let end = heard.end();
    assert!(end.prompt_tokens.unwrap() > 10 && end.output_tokens.unwrap() > 3, "{end:?}");
}

#[tokio::test]
async fn a_real_model_stops_at_the_longest_answer() {
    let Some(config) = real() else { return };
    let llm = llm::connect(&config).unwrap().unwrap();
    let question = Prompt { max_output_tokens: 5, ..prompt("Tell me a long story.") };
    let heard = heard(&*llm, &question).await;
    assert_eq!((&heard.end().reason, heard.end().output_tokens), (&Finish::Length, Some(5)));
}

#[tokio::test]
async fn a_question_longer_than_a_real_models_window_is_refused_with_the_reason() {
    let Some(config) = real() else { return };
    let llm = llm::connect(&config).unwrap().unwrap();
    let window = llm.context_tokens().await.unwrap();
    let long = Prompt { max_output_tokens: 5, ..prompt(&"word ".repeat(window as usize + 50)) };
    let heard = heard(&*llm, &long).await;
    assert_eq!(heard.error().kind(), ErrorKind::Exhausted, "{}", heard.error());
    assert!(llm.look().await.unwrap().contains(&format!("a window of {window} tokens")));
}
