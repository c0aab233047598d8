//! A daemon of its own in a directory that is thrown away.

use std::path::Path;
use std::time::Duration;

use indicatif::ProgressBar;
use ragterm_proto::v1::{AddSourceRequest, StatusReply, StatusRequest};

use crate::cli::background::Starting;
use crate::cli::client::{Client, quick};
use crate::cli::context::Context;
use crate::cli::failure::from_status;
use crate::error::{Error, Result};

/// The time between two looks at what the daemon does.
const PERIOD: Duration = Duration::from_millis(200);

/// An embedder that fails for so many looks in a row is given up.
const PATIENCE: u32 = 150;

/// Sources of the user are not indexed, and what the user ignores may be in a corpus.
const OWN: [(&str, &str); 3] =
    [("RAGTERM_SOURCES", "[]"), ("RAGTERM_SPACES", "[]"), ("RAGTERM_INDEX__IGNORE", "[]")];

/// What has to be done before questions are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Everything is found by its words.
    Words,
    /// Everything is found by its meaning too.
    Meaning,
}

/// A running daemon that ends with this value.
#[derive(Debug)]
pub struct PrivateDaemon {
    starting: Starting,
    context: Context,
}

impl PrivateDaemon {
    /// Starts a daemon with the user's configuration and no sources; what it makes is in `data`.
    pub fn spawn(context: &Context, data: &Path, readiness: Readiness) -> Result<Self> {
        let mut variables = OWN.to_vec();
        if readiness == Readiness::Words {
            variables.push(("RAGTERM_EMBEDDER__PROVIDER", "none"));
        }
        let context = context.isolated(data, &variables)?;
        Ok(Self { starting: Starting::spawn(&context)?, context })
    }

    /// A connection to it.
    pub async fn connect(&mut self) -> Result<Client> {
        self.starting.answer(&self.context).await
    }
}

impl Drop for PrivateDaemon {
    fn drop(&mut self) {
        // It may have ended by itself; nothing that it has written is needed.
        let _ended = self.starting.child.kill();
        let _collected = self.starting.child.wait();
    }
}

/// Indexes a folder, and waits until nothing is left to do.
pub async fn index(
    client: &mut Client,
    folder: &Path,
    readiness: Readiness,
    bar: &ProgressBar,
) -> Result<StatusReply> {
    let path = folder
        .to_str()
        .ok_or_else(|| Error::usage(format!("the path {} is not UTF-8", folder.display())))?;
    let request = AddSourceRequest {
        path: path.into(),
        name: "corpus".into(),
        ..AddSourceRequest::default()
    };
    let mut stream = quick(client.add_source(request)).await?;
    while let Some(progress) = stream.message().await.map_err(|status| from_status(&status))? {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    }
    let mut failed = 0;
    loop {
        let status = quick(client.status(StatusRequest::default())).await?;
        match readiness {
            Readiness::Words if status.idle => return Ok(status),
            Readiness::Meaning if status.settled => return Ok(status),
            _ => {}
        }
        failed = if is_stuck(&status) { failed + 1 } else { 0 };
        if failed > PATIENCE {
            return Err(stuck(&status));
        }
        let chunks = status.chunks.unwrap_or_default();
        bar.set_length(chunks.total.saturating_sub(chunks.unreadable));
        bar.set_position(chunks.embedded);
        bar.set_message("passages read for meaning");
        tokio::time::sleep(PERIOD).await;
    }
}

fn is_stuck(status: &StatusReply) -> bool {
    status.embedder.as_ref().is_some_and(|embedder| !embedder.healthy)
        || status
            .sources
            .iter()
            .any(|source| matches!(source.state.as_str(), "unavailable" | "paused"))
}

fn stuck(status: &StatusReply) -> Error {
    let embedder = status.embedder.as_ref().map(|embedder| embedder.detail.as_str());
    let sources = status.sources.iter().map(|source| source.state_reason.as_str());
    let mut reasons = embedder.into_iter().chain(sources).filter(|reason| !reason.is_empty());
    let reason = reasons.next().unwrap_or("the daemon does not say why");
    Error::unavailable(format!("the corpus cannot be indexed: {reason}"))
        .hint("`--mode keyword` needs no embedder")
}
