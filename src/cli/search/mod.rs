//! `ragterm search`: ranked documents with their best passage.

mod json;
mod render;
mod words;

use std::time::Duration;

use ragterm_proto::v1::{Mode as WireMode, SearchReply, SearchRequest, StatusReply, StatusRequest};

use super::Outcome;
use super::client::{self, Client, quick};
use super::context::Context;
use super::output;
use super::units::{count, counted, now_ms, parse_duration, percent};
use crate::error::Result;

pub use render::position;
pub use words::exclusions_behind_dashes;

const EXAMPLES: &str = "\
Examples:
  ragterm search vacation carry over
  ragterm search '\"carry over\"' -draft     a phrase, and without the word draft
  ragterm search 연차 이월 --space hr --since 2w
  ragterm search retention --type md,html --path 'policies/**' --json

Words after `--` are never taken for options: ragterm search -- --json

Exit code 1 when nothing is found.";

/// Find documents by their words and by their meaning
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to look for; "a phrase" in quotes, -word to exclude
    #[arg(required = true)]
    query: Vec<String>,
    /// Only in these spaces
    #[arg(long = "space", value_name = "NAME", value_delimiter = ',')]
    spaces: Vec<String>,
    /// How many documents at the most; by default as configured (`search.limit`)
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: Option<u32>,
    /// Search by words and meaning, by words alone, or by meaning alone
    #[arg(long, value_enum, default_value_t = Mode::Hybrid)]
    mode: Mode,
    /// Only files with these extensions
    #[arg(long = "type", value_name = "EXT", value_delimiter = ',')]
    types: Vec<String>,
    /// Only paths that match, within their source
    #[arg(long, value_name = "GLOB")]
    path: Option<String>,
    /// Only what was changed within this time: 30m, 12h, 7d, 2w, 1y
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    since: Option<Duration>,
    /// Show how each score came about
    #[arg(long)]
    explain: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Which of the two searches is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Mode {
    /// By words and meaning.
    Hybrid,
    /// By words alone.
    Keyword,
    /// By meaning alone.
    Semantic,
}

impl Mode {
    /// The word of the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Keyword => "keyword",
            Self::Semantic => "semantic",
        }
    }
}

impl From<Mode> for WireMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Hybrid => Self::Hybrid,
            Mode::Keyword => Self::Keyword,
            Mode::Semantic => Self::Semantic,
        }
    }
}

/// Runs the command; the outcome is negative when nothing is found.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let search = |mut client: Client| async move { client.search(request(args)).await };
    let (mut client, reply) = client::first(context, search).await?;
    match args.json {
        true => output::json(&json::report(&reply, args.mode))?,
        false => output::data(&render::render(&reply, now_ms()))?,
    }
    for remark in remarks(&reply, args.mode) {
        output::note(&output::clean(&remark));
    }
    if !reply.hits.is_empty() {
        return Ok(Outcome::Done);
    }
    output::line(&output::clean(&format!("nothing found for `{}`", shortened(&reply.query))));
    if let Some(advice) = advice(args, &mut client).await {
        output::line(&advice);
    }
    Ok(Outcome::Negative)
}

fn request(args: &Args) -> SearchRequest {
    let extension = |text: &String| text.trim().trim_start_matches('.').to_lowercase();
    SearchRequest {
        query: args.query.join(" "),
        spaces: args.spaces.clone(),
        limit: args.limit.unwrap_or_default(),
        mode: WireMode::from(args.mode).into(),
        types: args.types.iter().map(extension).filter(|text| !text.is_empty()).collect(),
        path_glob: args.path.clone(),
        since_s: args.since.map(|since| since.as_secs()),
        explain: args.explain,
    }
}

/// What the reader must know to judge the hits.
fn remarks(reply: &SearchReply, mode: Mode) -> Vec<String> {
    let mut remarks: Vec<String> = reply.degraded.iter().cloned().collect();
    if mode != Mode::Keyword
        && reply.embedded_share < 1.0
        && reply.embedded_share > 0.0
        && reply.degraded.is_none()
    {
        let share = percent(reply.embedded_share);
        remarks.push(format!("meaning search covers {share} of the passages so far"));
    }
    remarks
}

/// The next step after nothing was found; `None` when the daemon is gone meanwhile.
async fn advice(args: &Args, client: &mut Client) -> Option<String> {
    let status = quick(client.status(StatusRequest::default())).await.ok()?;
    Some(next_step(args, &status))
}

fn next_step(args: &Args, status: &StatusReply) -> String {
    let documents = status.documents.unwrap_or_default();
    if status.sources.is_empty() {
        return "nothing is indexed yet: add a folder with `ragterm add PATH`".to_owned();
    }
    if !status.idle {
        let pending = documents.pending;
        let what = match pending {
            0 => "documents are".to_owned(),
            1 => "1 document is".to_owned(),
            _ => format!("{} documents are", count(pending)),
        };
        return format!("{what} still being read: try again, or look at `ragterm status`");
    }
    if documents.indexed == 0 {
        return "no document is indexed: `ragterm status` says why".to_owned();
    }
    let indexed = counted(documents.indexed, "document");
    if is_filtered(args) {
        return format!("{indexed} indexed: try without --space, --type, --path or --since");
    }
    format!("{indexed} indexed: try fewer or other words")
}

fn is_filtered(args: &Args) -> bool {
    let anywhere = args.spaces.is_empty() && args.types.is_empty();
    !anywhere || args.path.is_some() || args.since.is_some()
}

/// The beginning of a long query.
fn shortened(query: &str) -> String {
    const LONGEST: usize = 100;
    match query.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &query[..end]),
        None => query.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use ragterm_proto::v1::{DocumentCounts, Source};

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &[&str]) -> Args {
        Command::try_parse_from(["search"].iter().chain(words)).unwrap().args
    }

    #[test]
    fn filters_become_a_request() {
        let words =
            ["휴가", "이월", "--type", ".MD,html", "--type=csv", "--since", "7d", "-n", "3"];
        let request = request(&args(&words));
        assert_eq!(request.query, "휴가 이월");
        assert_eq!(request.types, ["md", "html", "csv"]);
        assert_eq!((request.since_s, request.limit), (Some(604_800), 3));
        assert_eq!(request.mode, i32::from(WireMode::Hybrid));
    }

    #[test]
    fn wrong_values_are_refused_before_the_daemon_is_asked() {
        for wrong in [&["a", "--since", "soon"][..], &["a", "--limit", "0"], &["--json"]] {
            let error = Command::try_parse_from(["search"].iter().chain(wrong)).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{wrong:?}");
        }
    }

    #[test]
    fn finding_nothing_leads_to_a_next_step_that_fits() {
        let source = Source::default();
        let counts = DocumentCounts { indexed: 3, pending: 2, ..DocumentCounts::default() };
        let empty = StatusReply { idle: true, ..StatusReply::default() };
        let busy = StatusReply {
            sources: vec![source.clone()],
            documents: Some(counts),
            ..StatusReply::default()
        };
        let done = StatusReply { idle: true, ..busy.clone() };
        let steps = [
            next_step(&args(&["a"]), &empty),
            next_step(&args(&["a"]), &busy),
            next_step(&args(&["a"]), &done),
            next_step(&args(&["a", "--type", "md"]), &done),
        ];
        insta::assert_snapshot!(steps.join("\n"), @r"
        nothing is indexed yet: add a folder with `ragterm add PATH`
        2 documents are still being read: try again, or look at `ragterm status`
        3 documents indexed: try fewer or other words
        3 documents indexed: try without --space, --type, --path or --since
        ");
    }

    #[test]
    fn incomplete_meaning_is_said_where_it_matters() {
        let reply = SearchReply { embedded_share: 0.434, ..SearchReply::default() };
        assert_eq!(
            remarks(&reply, Mode::Hybrid),
            ["meaning search covers 43 % of the passages so far"]
        );
        assert!(remarks(&reply, Mode::Keyword).is_empty());
    }
}
