//! Has Ollama fetch a model, with progress.

use serde_json::json;

use super::messages::Pulled;
use super::{Call, Fault, Ollama};
use crate::config;
use crate::error::{Error, Result};

/// A line of progress is at most this long.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// Without a word for this long, the server is given up.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// How far a pull is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullProgress {
    /// What is being done, in Ollama's words.
    pub status: String,
    /// Bytes of the file at hand that are here.
    pub done_bytes: u64,
    /// Bytes of the file at hand; 0 when it is no download.
    pub total_bytes: u64,
}

/// Fetches the configured model into Ollama and tells `progress` of each step.
///
/// `Unavailable` when Ollama does not answer, falls silent, or cannot fetch the model.
pub async fn pull(config: &config::Embedder, mut progress: impl FnMut(PullProgress)) -> Result<()> {
    let ollama = Ollama::new(config)?;
    let body = json!({ "model": config.model, "stream": true });
    let call = Call::about("/api/pull", Some(&body));
    let failed = |fault: Fault| failure(&ollama, &fault.message);
    let mut response = ollama.http.open(call).await.map_err(failed)?;
    let mut buffer = Vec::new();
    let mut is_done = false;
    loop {
        let piece = tokio::time::timeout(SILENCE, response.chunk())
            .await
            .map_err(|_| failure(&ollama, "it fell silent"))?
            .map_err(|error| failure(&ollama, &error.to_string()))?;
        let has_ended = piece.is_none();
        buffer.extend_from_slice(&piece.unwrap_or_default());
        if has_ended {
            buffer.push(b'\n');
        }
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            is_done |= step(&ollama, &line, &mut progress)?;
        }
        match (is_done, has_ended) {
            (true, _) => return Ok(()),
            (false, true) => return Err(failure(&ollama, "it ended before it was complete")),
            (false, false) if buffer.len() > MAX_LINE_BYTES => {
                return Err(failure(&ollama, "it answers with something else than progress"));
            }
            (false, false) => {}
        }
    }
}

/// Takes in one line; whether it was the last.
fn step(ollama: &Ollama, line: &[u8], progress: &mut impl FnMut(PullProgress)) -> Result<bool> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(false);
    }
    let pulled: Pulled = serde_json::from_slice(line)
        .map_err(|_| failure(ollama, "it answers with something else than progress"))?;
    if let Some(error) = pulled.error {
        return Err(failure(ollama, &error));
    }
    let is_done = pulled.status == "success";
    let Pulled { status, total, completed, .. } = pulled;
    progress(PullProgress { status, done_bytes: completed, total_bytes: total });
    Ok(is_done)
}

fn failure(ollama: &Ollama, why: &str) -> Error {
    let (server, model) = (ollama.http.name(), &ollama.model);
    let why = ollama.http.redacted(why.to_owned());
    Error::unavailable(format!("{server} cannot fetch `{model}`: {why}"))
        .hint("check the model's name, and that the server may reach the place of its models")
}
