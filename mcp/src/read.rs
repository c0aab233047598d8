//! The tool `read`: the passages of a document, a part at a time.

use std::collections::BTreeMap;

use ragterm_proto::v1::{self as wire, ReadReply, ReadRequest};
use rmcp::model::CallToolResult;
use rmcp::schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Client;
use crate::answer::{Room, answer};
use crate::daemon::Daemon;
use crate::failure::Failure;
use crate::text::{NOTE, clean_block, clean_line, fit, position, quoted, time, trail};

/// The name that agents call.
pub const NAME: &str = "read";

/// The name that people see.
pub const TITLE: &str = "Read a document";

/// What the agent reads before it chooses.
pub const DESCRIPTION: &str = "\
Shows the passages of one document in reading order, with their headings and where they stand \
(lines or page). Use it after `search`, when a snippet is not enough: start at the hit's passage, \
or a few before it, with a small limit; start at 0 to read the document from its beginning.

The result says which passages it holds, of how many, and where to go on: call again with `from` \
set to `next`. Without `next` the document ends.";

/// Longer passages are cut, in bytes.
const MAX_PASSAGE_BYTES: usize = 24_000;

/// Entries of the metadata that are told.
const MAX_METADATA: usize = 12;

/// The arguments of a call.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
pub struct Arguments {
    /// The document, as a hit of `search` names it
    #[schemars(length(min = 1, max = 200))]
    document: String,
    /// The number of the first passage to show, from 0
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    from: u32,
    /// How many passages at the most; fewer are shown when they are long
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 200))]
    limit: u32,
}

/// The structured content.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub struct Report {
    /// How to take the text below
    note: &'static str,
    document: String,
    title: String,
    /// Within its source
    path: String,
    /// A link for citations; left out when it is too long
    #[serde(skip_serializing_if = "String::is_empty")]
    uri: String,
    space: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    /// When the document was changed, in UTC
    #[serde(skip_serializing_if = "String::is_empty")]
    modified: String,
    /// ISO 639-3; left out when it is not known
    #[serde(skip_serializing_if = "String::is_empty")]
    language: String,
    /// Author, labels and the like
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    /// Passages of the whole document
    total: u32,
    /// In reading order
    passages: Vec<Passage>,
    /// Where to go on; left out at the end of the document
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    next: Option<u32>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Passage {
    /// Its number within the document, from 0
    passage: u32,
    /// The headings above it
    heading: Vec<String>,
    /// Where it stands: lines 41-58, line 3, page 2
    #[serde(skip_serializing_if = "String::is_empty")]
    position: String,
    text: String,
    /// Whether its end is left out, because it is too long
    cut: bool,
}

/// Runs the tool.
pub async fn run(daemon: &Daemon, arguments: Arguments) -> Result<CallToolResult, Failure> {
    let Arguments { document, from, limit } = arguments;
    let request = ReadRequest { document, from, limit };
    let read = |mut client: Client| {
        let request = request.clone();
        async move { client.read(request).await }
    };
    let reply = daemon.call(read).await?;
    let total = reply.total;
    if from > 0 && from >= total {
        return Err(Failure::new(format!(
            "the document has {total} passages, none from {from} on"
        ))
        .hint("passages are counted from 0; leave `from` out to begin at the beginning"));
    }
    let mut room = Room::new();
    let passages: Vec<Passage> = reply
        .passages
        .iter()
        .take(limit as usize)
        .map(passage)
        .take_while(|passage| room.take(&render(passage), passage))
        .collect();
    let report = report(reply, passages);
    let text = heading(&report) + &room.into_text();
    answer(text, &report)
}

fn twenty() -> u32 {
    20
}

fn report(reply: ReadReply, passages: Vec<Passage>) -> Report {
    let next = passages.last().map_or(reply.total, |last| last.passage.saturating_add(1));
    let place = reply.place.unwrap_or_default();
    let mut metadata: Vec<_> = reply.metadata.into_iter().collect();
    metadata.sort();
    let uri = Some(place.uri).filter(|uri| uri.len() <= 2000).unwrap_or_default();
    Report {
        note: NOTE,
        document: clean_line(&place.document, 200),
        title: clean_line(&reply.title, 200),
        path: clean_line(&place.path, 1000),
        uri: clean_line(&uri, 2000),
        space: clean_line(&place.space, 200),
        source: clean_line(&place.source, 200),
        kind: clean_line(&reply.r#type, 20),
        modified: time(reply.modified_ms).unwrap_or_default(),
        language: clean_line(&reply.language, 20),
        metadata: metadata
            .into_iter()
            .take(MAX_METADATA)
            .map(|(key, value)| (clean_line(&key, 40), clean_line(&value, 100)))
            .collect(),
        total: reply.total,
        passages,
        next: (next < reply.total).then_some(next),
    }
}

fn passage(passage: &wire::Passage) -> Passage {
    let text = clean_block(&passage.text);
    let shown = fit(&text, MAX_PASSAGE_BYTES);
    let lines = passage.lines.map(|lines| (lines.first, lines.last));
    Passage {
        passage: passage.ordinal,
        heading: passage.heading.iter().take(8).map(|text| clean_line(text, 120)).collect(),
        position: position(lines, passage.page).unwrap_or_default(),
        cut: shown.len() < text.len(),
        text: shown.to_owned(),
    }
}

/// Title, place and date of the document, and which passages follow.
fn heading(report: &Report) -> String {
    let mut text = format!("{}\n{} · space {}", report.title, report.path, report.space);
    if !report.modified.is_empty() {
        text.push_str(&format!(" · changed {}", report.modified));
    }
    text.push_str(&format!("\ndocument {}", report.document));
    if !report.uri.is_empty() {
        text.push_str(&format!(" · {}", report.uri));
    }
    text.push('\n');
    for (key, value) in &report.metadata {
        text.push_str(&format!("> {key}: {value}\n"));
    }
    text + &extent(report) + "\n" + NOTE + "\n\n"
}

/// `passages 12-40 of 0-119; go on with from=41`.
fn extent(report: &Report) -> String {
    let (Some(first), Some(last)) = (report.passages.first(), report.passages.last()) else {
        return "the document has no text".to_owned();
    };
    let shown = match last.passage == first.passage {
        true => format!("passage {}", first.passage),
        false => format!("passages {}-{}", first.passage, last.passage),
    };
    let all = report.total.saturating_sub(1);
    match report.next {
        Some(next) => format!("{shown} of 0-{all}; go on with from={next}"),
        None => format!("{shown} of 0-{all}; the document ends here"),
    }
}

fn render(passage: &Passage) -> String {
    let mut text = format!("[passage {}", passage.passage);
    let trail = trail("", &passage.heading);
    for part in [&trail, &passage.position].into_iter().filter(|part| !part.is_empty()) {
        text.push_str(&format!(" · {part}"));
    }
    text.push_str("]\n");
    text.push_str(&quoted(&passage.text));
    if passage.cut {
        text.push_str("[cut: the passage goes on, and is too long to be shown whole]\n");
    }
    text + "\n"
}
