//! The tool `status`: whether what is searched is complete, and why not.

use ragterm_proto::v1::{self as wire, StatusReply, StatusRequest};
use ragterm_units::{count, counted};
use rmcp::model::CallToolResult;
use rmcp::schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Client;
use crate::answer::answer;
use crate::daemon::Daemon;
use crate::failure::Failure;
use crate::text::clean_line;

/// The name that agents call.
pub const NAME: &str = "status";

/// The name that people see.
pub const TITLE: &str = "State of the index";

/// What the agent reads before it chooses.
pub const DESCRIPTION: &str = "\
Says how much is indexed, what is still being read or embedded, which files could not be read and \
why, and whether every part works. Use it when a search finds less than expected, or says that it \
is not complete.";

/// Entries of one list at the most.
const MAX_ENTRIES: usize = 20;

/// The arguments of a call: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
pub struct Arguments {}

/// The structured content.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub struct Report {
    /// Of the daemon
    version: String,
    /// Whether every change seen so far can be found by words
    idle: bool,
    /// Whether every change seen so far can be found by meaning as well
    settled: bool,
    documents: Documents,
    passages: Passages,
    sources: usize,
    /// What is under way
    jobs: Vec<String>,
    /// The newest files that could not be read, and why
    failures: Vec<String>,
    /// What does not work or should be known
    notices: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Documents {
    /// That can be found
    indexed: u64,
    /// Still to be read
    pending: u64,
    /// That could not be read
    failed: u64,
    /// Not read by intention: ignored, too large, of no known kind
    skipped: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Passages {
    total: u64,
    /// That can be found by meaning
    embedded: u64,
}

/// Runs the tool.
pub async fn run(daemon: &Daemon, _: Arguments) -> Result<CallToolResult, Failure> {
    let ask = |mut client: Client| async move { client.status(StatusRequest::default()).await };
    let report = report(&daemon.call(ask).await?);
    answer(render(&report), &report)
}

fn report(reply: &StatusReply) -> Report {
    let documents = reply.documents.unwrap_or_default();
    let chunks = reply.chunks.unwrap_or_default();
    let version = reply.daemon.as_ref().map_or("", |daemon| &daemon.version);
    let failure =
        |failure: &wire::Failure| clean_line(&format!("{}: {}", failure.path, failure.reason), 300);
    Report {
        version: clean_line(version, 40),
        idle: reply.idle,
        settled: reply.settled,
        documents: Documents {
            indexed: documents.indexed,
            pending: documents.pending,
            failed: documents.failed,
            skipped: documents.skipped,
        },
        passages: Passages { total: chunks.total, embedded: chunks.embedded },
        sources: reply.sources.len(),
        jobs: reply.jobs.iter().take(MAX_ENTRIES).map(job).collect(),
        failures: reply.failures.iter().take(MAX_ENTRIES).map(failure).collect(),
        notices: notices(reply),
    }
}

fn job(job: &wire::Job) -> String {
    let wire::Job { source, phase, done, total, .. } = job;
    clean_line(&format!("{source}: {phase}, {done} of {total}"), 300)
}

/// What the daemon wants known, and each part that does not work.
fn notices(reply: &StatusReply) -> Vec<String> {
    let embedder = reply.embedder.as_ref().filter(|part| !part.healthy);
    let store = reply.store.as_ref().filter(|part| !part.healthy);
    let catalog = reply.catalog.as_ref().filter(|part| !part.healthy);
    let parts = [
        embedder.map(|part| format!("the embedder does not answer: {}", part.detail)),
        store.map(|part| format!("the vector store does not answer: {}", part.detail)),
        catalog.map(|part| format!("the catalog does not answer: {}", part.detail)),
    ];
    let broken = parts.into_iter().flatten();
    broken
        .chain(reply.notices.iter().cloned())
        .take(MAX_ENTRIES)
        .map(|notice| clean_line(&notice, 500))
        .collect()
}

fn render(report: &Report) -> String {
    let Documents { indexed, pending, failed, skipped } = report.documents;
    let Passages { total, embedded } = report.passages;
    let state = match (report.idle, report.settled) {
        (_, true) => "everything is indexed",
        (true, false) => "everything can be found by words; search by meaning is catching up",
        (false, false) => "documents are still being read",
    };
    let mut text = format!(
        "{state}\n{} in {}: {} pending, {} failed, {} skipped\n\
         {} of {} can be found by meaning\n",
        counted(indexed, "document"),
        counted(report.sources as u64, "source"),
        count(pending),
        count(failed),
        count(skipped),
        count(embedded),
        counted(total, "passage"),
    );
    let lists =
        [("under way", &report.jobs), ("not read", &report.failures), ("notice", &report.notices)];
    for (name, entries) in lists {
        text.extend(entries.iter().map(|entry| format!("{name}: {entry}\n")));
    }
    text
}
