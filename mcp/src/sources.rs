//! The tool `list_sources`: what there is to search.

use ragterm_proto::v1::{self as wire, ListSourcesRequest};
use ragterm_units::counted;
use rmcp::model::CallToolResult;
use rmcp::schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Client;
use crate::answer::{Room, answer};
use crate::daemon::Daemon;
use crate::failure::Failure;
use crate::text::{clean_line, time};

/// The name that agents call.
pub const NAME: &str = "list_sources";

/// The name that people see.
pub const TITLE: &str = "List sources";

/// What the agent reads before it chooses.
pub const DESCRIPTION: &str = "\
Lists the sources whose documents `search` looks through: folders, wikis, mail and exports, with \
the space each belongs to, its path, its state and how many documents it has. Use it to learn which \
spaces can be searched, or why something is not found.";

/// The arguments of a call: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
pub struct Arguments {}

/// The structured content.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub struct Report {
    sources: Vec<Source>,
    /// Sources that are not told, because the result would be too large
    left_out: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Source {
    name: String,
    /// folder, drop, confluence, mediawiki, mail and so on
    kind: String,
    /// For the argument `spaces` of `search`
    space: String,
    path: String,
    /// ready, indexing, unavailable, held or paused
    state: String,
    /// Why it is in that state
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// That can be found
    documents: u64,
    /// That could not be read
    failed: u64,
    /// When it was compared with the index, in UTC
    #[serde(skip_serializing_if = "String::is_empty")]
    last_scan: String,
}

/// Runs the tool.
pub async fn run(daemon: &Daemon, _: Arguments) -> Result<CallToolResult, Failure> {
    let list = |mut client: Client| async move { client.list_sources(ListSourcesRequest {}).await };
    let found = daemon.call(list).await?.sources;
    let count = found.len();
    let mut room = Room::new();
    let sources: Vec<Source> =
        found.iter().map(source).take_while(|source| room.take(&render(source), source)).collect();
    let left_out = count - sources.len();
    let mut text = match count {
        0 => "nothing is indexed: the user can add a folder with `ragterm add PATH`\n".to_owned(),
        _ => format!("{}\n", counted(count as u64, "source")),
    };
    text.push_str(&room.into_text());
    if left_out > 0 {
        text.push_str(&format!("{left_out} more left out\n"));
    }
    answer(text, &Report { sources, left_out })
}

fn source(source: &wire::Source) -> Source {
    Source {
        name: clean_line(&source.name, 200),
        kind: clean_line(&source.kind, 40),
        space: clean_line(&source.space, 200),
        path: clean_line(&source.path, 1000),
        state: clean_line(&source.state, 40),
        reason: clean_line(&source.state_reason, 500),
        documents: source.documents,
        failed: source.failed,
        last_scan: source.last_scan_ms.and_then(time).unwrap_or_default(),
    }
}

/// A source on one line.
fn render(source: &Source) -> String {
    let mut text = format!(
        "- {} ({}) · space {} · {} · {}",
        source.name,
        source.kind,
        source.space,
        counted(source.documents, "document"),
        source.state
    );
    if !source.reason.is_empty() {
        text.push_str(&format!(": {}", source.reason));
    }
    if source.failed > 0 {
        text.push_str(&format!(" · {} failed", source.failed));
    }
    text + " · " + &source.path + "\n"
}
