//! Whether the embedding server answers and has the model; fetches the model if asked to.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Check, Remedies};
use crate::cli::context::Context;
use crate::cli::output::{self, clean};
use crate::cli::units::{bytes, count};
use crate::config::{self, EmbedderProvider};
use crate::embed::{self, Embedder, PullProgress};
use crate::error::{Error, ErrorKind, Result};

const NAME: &str = "model";

const FETCHING: &str = "{spinner} {prefix} {bar:30} {bytes}/{total_bytes} {eta}";

/// Asks the embedding server itself; nothing when the model is built in.
pub async fn check(context: &Context, remedies: Remedies) -> Option<Check> {
    // A wrong configuration is a check of its own.
    let config = context.load().ok()?.config.embedder;
    let is_server = matches!(config.provider, EmbedderProvider::Ollama | EmbedderProvider::OpenAi);
    if !is_server {
        return None;
    }
    let outcome = match embed::connect(&config).await {
        Err(error) if is_mendable(&config, &error) && remedies == Remedies::Applied => {
            fetch_and_connect(&config).await
        }
        outcome => outcome,
    };
    Some(match outcome {
        Ok(embedder) => Check::ok(NAME, embedder.map(|embedder| words(&*embedder))?),
        Err(error) => {
            let remedy = error.next_step().unwrap_or("the server's own log says more");
            Check::fail(NAME, error.to_string(), remedy)
        }
    })
}

fn is_mendable(config: &config::Embedder, error: &Error) -> bool {
    config.provider == EmbedderProvider::Ollama && error.kind() == ErrorKind::NotFound
}

fn words(embedder: &dyn Embedder) -> String {
    let (identity, server) = (embedder.identity(), embedder.server().cloned().unwrap_or_default());
    let version = match server.version.as_str() {
        "" => String::new(),
        version => format!(" (version {version})"),
    };
    let context = match identity.max_tokens {
        0 => String::new(),
        tokens => format!(", up to {} tokens", count(tokens as u64)),
    };
    let (url, model) = (&server.url, &identity.name);
    format!("{url}{version} has {model}: {} dimensions{context}", identity.dimensions)
}

async fn fetch_and_connect(
    config: &config::Embedder,
) -> Result<Option<std::sync::Arc<dyn Embedder>>> {
    let mut display = Display::new(&config.model);
    let pulled = embed::pull(config, |progress| display.show(&progress)).await;
    display.bar.finish_and_clear();
    pulled?;
    embed::connect(config).await
}

/// A bar on a terminal; elsewhere one line per step.
struct Display {
    bar: ProgressBar,
    is_terminal: bool,
    said: String,
}

impl Display {
    fn new(model: &str) -> Self {
        output::note(&format!("fetching `{}` into Ollama", clean(model)));
        let is_terminal = std::io::stderr().is_terminal();
        let bar = match is_terminal {
            true => ProgressBar::new(0),
            false => ProgressBar::hidden(),
        };
        if let Ok(style) = ProgressStyle::with_template(FETCHING) {
            bar.set_style(style);
        }
        Self { bar, is_terminal, said: String::new() }
    }

    fn show(&mut self, progress: &PullProgress) {
        let status = clean(&progress.status);
        self.bar.set_length(progress.total_bytes);
        self.bar.set_position(progress.done_bytes);
        self.bar.set_prefix(status.clone());
        if !self.is_terminal && self.said != status {
            let size = match progress.total_bytes {
                0 => String::new(),
                total => format!(" ({})", bytes(total)),
            };
            output::line(&format!("{status}{size}"));
            self.said = status;
        }
    }
}
