//! The tool `search`: documents with their best passage.

use std::fmt::Write as _;

use ragterm_proto::v1::{self as wire, SearchReply, SearchRequest};
use ragterm_units::counted;
use rmcp::model::CallToolResult;
use rmcp::schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::{Room, answer};
use crate::daemon::Daemon;
use crate::failure::Failure;
use crate::text::{NOTE, clean_block, clean_line, fit, position, quoted, time, trail};
use crate::{Client, since};

/// The name that agents call.
pub const NAME: &str = "search";

/// The name that people see.
pub const TITLE: &str = "Search documents";

/// What the agent reads before it chooses.
pub const DESCRIPTION: &str = "\
Finds documents among the user's own files, mail, wikis and exports, by words and by meaning, best \
first, each with its best passage and where it stands. Use it before answering from memory whenever \
the user's or their company's documents may know: policies, notes, contracts, manuals, decisions, \
code, mail.

Query: plain words or a question, in any language (Korean works as well as English; use the \
language of the documents). \"words in quotes\" must stand together; -word or -\"a phrase\" must not \
occur. There are no other operators: no AND, OR or wildcards; the last word may be unfinished.

The snippet is a part of the passage. To read on, call `read` with the hit's `document` and `from` \
set to its `passage` (or a little before).";

/// Longer snippets are cut, in bytes.
const MAX_SNIPPET_BYTES: usize = 1500;

/// Copies of a document that are named.
const MAX_COPIES: usize = 5;

/// The arguments of a call.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "rmcp::schemars")]
pub struct Arguments {
    /// What to look for: words, a question, "a phrase" in quotes, -word to exclude
    #[schemars(length(min = 1, max = 2000))]
    query: String,
    /// Only in these spaces, as `list_sources` names them; left out: everywhere
    #[serde(default)]
    #[schemars(length(max = 20), inner(length(min = 1, max = 200)))]
    spaces: Vec<String>,
    /// Only files with these extensions, such as pdf, md, docx, eml; left out: all
    #[serde(default)]
    #[schemars(length(max = 20), inner(length(min = 1, max = 20)))]
    types: Vec<String>,
    /// Only paths that match, within their source, such as policies/**/*.md
    #[serde(default)]
    #[schemars(length(max = 500))]
    path_glob: String,
    /// Only what was changed within this time: 12h, 30d, 2w, 1y; a number alone is days
    #[serde(default)]
    #[schemars(length(max = 20))]
    since: String,
    /// How many documents at the most
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 50))]
    limit: u32,
    /// By words and meaning (hybrid), by words alone (keyword), by meaning alone (semantic)
    #[serde(default)]
    mode: Mode,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "rmcp::schemars")]
enum Mode {
    #[default]
    Hybrid,
    Keyword,
    Semantic,
}

/// The structured content.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
pub struct Report {
    /// How to take the text below
    note: &'static str,
    /// Why the result is not all that it could be; left out when it is
    #[serde(skip_serializing_if = "String::is_empty")]
    degraded: String,
    /// Best first
    hits: Vec<Hit>,
    /// Hits that were found and not told, because the result would be too large
    left_out: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "rmcp::schemars")]
struct Hit {
    rank: u32,
    /// Names the document for `read`
    document: String,
    /// The number of the best passage within the document, from 0
    passage: u32,
    title: String,
    /// The headings above the passage
    heading: Vec<String>,
    /// Within its source
    path: String,
    /// A link for citations; left out when it is too long
    #[serde(skip_serializing_if = "String::is_empty")]
    uri: String,
    /// Where the passage stands: lines 41-58, line 3, page 2
    #[serde(skip_serializing_if = "String::is_empty")]
    position: String,
    space: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    /// When the document was changed, in UTC
    #[serde(skip_serializing_if = "String::is_empty")]
    modified: String,
    /// Higher is better; comparable within one search only
    score: f32,
    /// A part of the passage, around the words searched for
    snippet: String,
    /// Paths of other documents with the same content
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_at: Vec<String>,
}

/// Runs the tool.
pub async fn run(daemon: &Daemon, arguments: Arguments) -> Result<CallToolResult, Failure> {
    let query = clean_line(&arguments.query, 200);
    let request = request(arguments)?;
    let search = |mut client: Client| {
        let request = request.clone();
        async move { client.search(request).await }
    };
    let reply = daemon.call(search).await?;
    let (text, report) = report(&query, reply);
    answer(text, &report)
}

fn ten() -> u32 {
    10
}

fn request(arguments: Arguments) -> Result<SearchRequest, Failure> {
    let extension = |text: &String| text.trim().trim_start_matches('.').to_lowercase();
    let mode = match arguments.mode {
        Mode::Hybrid => wire::Mode::Hybrid,
        Mode::Keyword => wire::Mode::Keyword,
        Mode::Semantic => wire::Mode::Semantic,
    };
    Ok(SearchRequest {
        query: arguments.query,
        spaces: arguments.spaces,
        limit: arguments.limit,
        mode: mode.into(),
        types: arguments.types.iter().map(extension).filter(|text| !text.is_empty()).collect(),
        path_glob: Some(arguments.path_glob).filter(|glob| !glob.is_empty()),
        since_s: since::seconds(&arguments.since)?,
        explain: false,
    })
}

/// Both forms of the answer.
fn report(query: &str, reply: SearchReply) -> (String, Report) {
    let degraded = degraded(&reply);
    let found = reply.hits.len();
    let mut room = Room::new();
    let hits: Vec<Hit> =
        reply.hits.into_iter().map(hit).take_while(|hit| room.take(&render(hit), hit)).collect();
    let left_out = found - hits.len();
    let mut text = match found {
        0 => format!(
            "nothing found for: {query}\ntry other words, the language of the documents, or fewer \
             filters; `list_sources` shows what there is to search\n"
        ),
        _ => format!("{} for: {query}\n", counted(found as u64, "document")),
    };
    if !degraded.is_empty() {
        writeln!(text, "not complete: {degraded}").expect("a string takes all");
    }
    if found > 0 {
        write!(text, "{NOTE}\n\n").expect("a string takes all");
    }
    text.push_str(&room.into_text());
    if left_out > 0 {
        let hits = counted(left_out as u64, "further hit");
        writeln!(text, "{hits} left out to keep this short: narrow the search to see them")
            .expect("a string takes all");
    }
    (text, Report { note: NOTE, degraded, hits, left_out })
}

/// What the reader must know to judge the hits.
fn degraded(reply: &SearchReply) -> String {
    let covered = reply.embedded_share > 0.0 && reply.embedded_share < 1.0;
    match &reply.degraded {
        Some(reason) => clean_line(reason, 500),
        None if covered && reply.mode() != wire::Mode::Keyword => {
            let percent = (reply.embedded_share * 100.0) as u32;
            format!("search by meaning covers {percent} % of the passages so far")
        }
        None => String::new(),
    }
}

fn hit(hit: wire::Hit) -> Hit {
    const MAX_URI_BYTES: usize = 2000;
    let lines = hit.lines.map(|lines| (lines.first, lines.last));
    let copies = hit.also_at.iter().take(MAX_COPIES);
    Hit {
        rank: hit.rank,
        document: clean_line(&hit.document, 200),
        passage: hit.ordinal,
        title: clean_line(&hit.title, 200),
        heading: hit.heading.iter().take(8).map(|text| clean_line(text, 120)).collect(),
        path: clean_line(&hit.path, 1000),
        uri: if hit.uri.len() <= MAX_URI_BYTES {
            clean_line(&hit.uri, MAX_URI_BYTES)
        } else {
            String::new()
        },
        position: position(lines, hit.page).unwrap_or_default(),
        space: clean_line(&hit.space, 200),
        source: clean_line(&hit.source, 200),
        kind: clean_line(&hit.r#type, 20),
        modified: time(hit.modified_ms).unwrap_or_default(),
        score: (hit.score * 1000.0).round() as f32 / 1000.0,
        snippet: fit(&clean_block(&hit.snippet), MAX_SNIPPET_BYTES).to_owned(),
        also_at: copies.map(|place| clean_line(&place.path, 300)).collect(),
    }
}

/// A hit as text: title, place and date; what `read` needs; the snippet.
fn render(hit: &Hit) -> String {
    let mut text = format!("{}. {}\n   {}", hit.rank, trail(&hit.title, &hit.heading), hit.path);
    let space = format!("space {}", hit.space);
    let modified = match hit.modified.as_str() {
        "" => String::new(),
        time => format!("changed {time}"),
    };
    for part in [&hit.position, &space, &modified].into_iter().filter(|part| !part.is_empty()) {
        text.push_str(&format!(" · {part}"));
    }
    text.push_str(&format!("\n   document {} passage {}", hit.document, hit.passage));
    if !hit.uri.is_empty() {
        text.push_str(&format!(" · {}", hit.uri));
    }
    text.push('\n');
    for path in &hit.also_at {
        text.push_str(&format!("   also at {path}\n"));
    }
    text + &quoted(&hit.snippet) + "\n"
}
