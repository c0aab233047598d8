//! `ragterm eval`: how good the search is on labelled questions, in a throw-away index.

mod beir;
mod corpus;
mod measure;
mod metrics;
mod private;
mod report;
mod strangers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use ragterm_proto::v1::StatusReply;
use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;
use super::client::Client;
use super::context::Context;
use super::output;
use super::search::Mode;
use super::units::count;
use crate::config::EmbedderProvider;
use crate::error::{Error, Result};
use beir::Questions;
use corpus::Corpus;
use private::{PrivateDaemon, Readiness};
use report::Evaluation;

const EXAMPLES: &str = "\
Examples:
  ragterm eval --corpus sets/cranfield
  ragterm eval --corpus corpus.jsonl --queries queries.jsonl --qrels qrels.tsv --json
  ragterm eval --corpus ~/handbook --queries q.jsonl --qrels q.tsv --mode keyword

The layout is that of BEIR: corpus.jsonl (_id, title, text), queries.jsonl (_id, text) and
qrels.tsv (query-id, corpus-id, score). A corpus may also be a folder of documents, which the
judgements name by their paths or file names. The index is thrown away at the end.";

const TEMPLATE: &str = "{spinner} {prefix} {bar:30} {pos}/{len} {msg}";

/// Measure the search on labelled questions: nDCG@10, recall and MRR
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The documents: corpus.jsonl, the directory that it is in, or a folder of documents
    #[arg(long, value_name = "PATH")]
    corpus: PathBuf,
    /// The questions: queries.jsonl; by default beside the corpus
    #[arg(long, value_name = "PATH")]
    queries: Option<PathBuf>,
    /// The judgements: qrels.tsv; by default beside the corpus
    #[arg(long, value_name = "PATH")]
    qrels: Option<PathBuf>,
    /// Only these modes; by default all that the embedder allows
    #[arg(long = "mode", value_enum, value_name = "MODE", value_delimiter = ',')]
    modes: Vec<Mode>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What is to be measured.
#[derive(Debug)]
struct Plan {
    corpus: PathBuf,
    questions: Questions,
    modes: Vec<Mode>,
}

/// Runs the command; whatever ends it, daemon and index are gone afterwards.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let corpus = args.corpus.clone();
    let plan = Plan { corpus, questions: read_questions(args)?, modes: modes(args, context)? };
    let scratch = tempfile::Builder::new().prefix("ragterm-eval-").tempdir().map_err(|error| {
        Error::unavailable("cannot make a temporary directory")
            .because(error)
            .hint("TMPDIR names another place for it")
    })?;
    let evaluation = tokio::select! {
        evaluation = evaluate(context, &plan, scratch.path()) => evaluation?,
        interrupted = interruption() => return interrupted.map(|()| Outcome::Interrupted),
    };
    // A reader that went away ends the program at the first word of output.
    drop(scratch);
    for remark in evaluation.remarks() {
        output::note(&remark);
    }
    match args.json {
        true => output::json(&evaluation.report())?,
        false => output::data(&evaluation.render())?,
    }
    Ok(Outcome::Done)
}

fn read_questions(args: &Args) -> Result<Questions> {
    let beside = match args.corpus.is_dir() {
        true => args.corpus.as_path(),
        false => args.corpus.parent().unwrap_or(Path::new("")),
    };
    let beside = if beside.as_os_str().is_empty() { Path::new(".") } else { beside };
    let queries = args.queries.as_deref().unwrap_or(beside);
    let qrels = args.qrels.as_deref().unwrap_or(beside);
    let queries = beir::locate(queries, &["queries.jsonl"])?;
    let qrels = beir::locate(qrels, &["qrels.tsv", "qrels/test.tsv", "test.tsv"])?;
    beir::read_questions(&queries, &qrels)
}

/// The modes that were asked for, or else those that the configuration allows.
fn modes(args: &Args, context: &Context) -> Result<Vec<Mode>> {
    let provider = context.load()?.config.embedder.provider;
    let has_meaning = provider != EmbedderProvider::None;
    if args.modes.is_empty() {
        return Ok(match has_meaning {
            true => vec![Mode::Hybrid, Mode::Keyword, Mode::Semantic],
            false => vec![Mode::Keyword],
        });
    }
    if !has_meaning && args.modes.contains(&Mode::Semantic) {
        return Err(Error::usage("cannot search by meaning: `embedder.provider` is `none`")
            .hint("set another embedder, or use --mode keyword"));
    }
    Ok(args.modes.clone())
}

async fn evaluate(context: &Context, plan: &Plan, scratch: &Path) -> Result<Evaluation> {
    let readiness = match plan.modes.iter().all(|mode| *mode == Mode::Keyword) {
        true => Readiness::Words,
        false => Readiness::Meaning,
    };
    let corpus = Corpus::prepare(&plan.corpus, &scratch.join("corpus")).await?;
    for warning in strangers::check(&plan.questions, &corpus)? {
        output::note(&output::clean(&warning));
    }
    let mut daemon = PrivateDaemon::spawn(context, &scratch.join("data"), readiness)?;
    let mut client = daemon.connect().await?;
    let bar = bar("indexing");
    let status = private::index(&mut client, &corpus.folder, readiness, &bar).await?;
    bar.finish_and_clear();
    warn_of_missing(&corpus, &status);
    let measured = measure_all(&client, &corpus, plan).await?;
    let embedder = status.embedder.unwrap_or_default();
    Ok(Evaluation {
        corpus: plan.corpus.display().to_string(),
        documents: status.documents.unwrap_or_default().indexed,
        queries: plan.questions.asked.len(),
        embedder: format!("{} {}", embedder.provider, embedder.model).trim_end().to_owned(),
        modes: measured,
    })
}

async fn measure_all(
    client: &Client,
    corpus: &Corpus,
    plan: &Plan,
) -> Result<BTreeMap<Mode, measure::Measured>> {
    let mut measured = BTreeMap::new();
    let questions = &plan.questions.asked;
    for mode in &plan.modes {
        let bar = bar(mode.name());
        bar.set_length(questions.len() as u64);
        bar.set_message("questions");
        measured.insert(*mode, measure::measure(client, corpus, questions, *mode, &bar).await?);
        bar.finish_and_clear();
    }
    Ok(measured)
}

/// Documents that are not indexed cannot be found, which is no fault of the search.
fn warn_of_missing(corpus: &Corpus, status: &StatusReply) {
    let indexed = status.documents.unwrap_or_default().indexed;
    let Some(expected) = corpus.documents.map(|documents| documents as u64) else { return };
    if indexed < expected {
        let reason = status.failures.first().map_or("", |failure| failure.reason.as_str());
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        let missing = count(expected - indexed);
        let reason = output::clean(&reason);
        output::note(&format!(
            "{missing} of {} documents are not indexed{reason}",
            count(expected)
        ));
    }
}

/// A bar on stderr; nothing where that is no terminal.
fn bar(name: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(TEMPLATE);
    let bar = ProgressBar::new(0).with_prefix(name);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

async fn interruption() -> Result<()> {
    let failed = |error| Error::internal("cannot wait for signals").because(error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}
