//! `ragterm backup`: a backup of the running daemon into a file, or whether one is good.

use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use ragterm_proto::v1::{BackupPart, BackupRequest, StatusRequest};
use serde::Serialize;
use tonic::Streaming;

use super::Outcome;
use super::client::{self, Client, quick};
use super::context::Context;
use super::failure::from_status;
use super::interrupt::unless_interrupted;
use super::output::{self, BAD, GOOD, clean};
use super::part::parent;
use super::sink::{Sink, There};
use super::units::{self, counted};
use crate::backup::{self, Checked, Header};
use crate::daemon::check_owner;
use crate::error::{Error, ErrorKind, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm backup ragterm.backup         while indexing and searching go on
  ragterm backup - | ssh vault 'cat > ragterm.backup'
  ragterm backup --verify ragterm.backup

It holds the text of all documents, questions and answers, but no secret of the configuration.
`ragterm restore` puts it back.";

/// Take a backup of everything that cannot be made again, or check one
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file of the backup; `-` is standard output, or standard input with --verify
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Read a backup, and say whether all of it is good; exit code 1 when it is not. Its catalog is
    /// unpacked meanwhile: in the data directory, beside the file, or where TMPDIR says
    #[arg(long, conflicts_with_all = ["force", "portable"])]
    verify: bool,
    /// Replace a regular file that exists
    #[arg(long)]
    force: bool,
    /// Of a catalog on PostgreSQL: rows that can be restored anywhere, not a dump of `pg_dump`
    #[arg(long)]
    portable: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Report<'r> {
    ok: bool,
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(flatten)]
    header: Option<&'r Header>,
    catalog_bytes: u64,
    took_s: f64,
}

const COPYING: &str = "{spinner} copying the catalog";
const PACKING: &str = "{spinner} packing: {bar:30} {bytes}/{total_bytes} {msg}";

/// The time between two frames of the spinner.
const TICK: Duration = Duration::from_millis(120);

/// Runs the command.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    if args.verify {
        return verify(args, context).await;
    }
    let begin = Instant::now();
    let there = if args.force { There::Goes } else { There::Stays };
    let mut sink = Sink::open(&args.file, there)?;
    let status = |mut client: Client| async move { client.status(StatusRequest::default()).await };
    let (mut client, _) = client::first(context, status).await?;
    let stream = quick(client.backup(BackupRequest { portable: args.portable })).await?;
    let bar = bar();
    let received = unless_interrupted(receive(stream, &mut sink, &bar)).await;
    bar.finish_and_clear();
    let Some(checked) = received else {
        output::note("no backup was written");
        return Ok(Outcome::Interrupted);
    };
    let checked = checked?;
    sink.complete()?;
    tell(args, &checked, begin)?;
    Ok(Outcome::Done)
}

fn tell(args: &Args, checked: &Checked, begin: Instant) -> Result<()> {
    let took = begin.elapsed().as_secs_f64();
    let is_data = args.file.as_os_str() == "-" && !args.verify;
    if args.json {
        let report = Report {
            ok: true,
            file: args.file.display().to_string(),
            problem: None,
            header: Some(&checked.header),
            catalog_bytes: checked.catalog_bytes,
            took_s: took,
        };
        if !is_data {
            return output::json(&report);
        }
        output::line(&output::to_json(&report)?);
        return Ok(());
    }
    let done = if args.verify { "is good" } else { "written and checked" };
    let (file, took) = (clean(&args.file.display().to_string()), units::seconds(took));
    output::line(&format!("{GOOD}{file}{GOOD:#} {done} in {took}: {}", summary(&checked.header)));
    Ok(())
}

/// `14 documents with 1,200 passages and 1,200 vectors of 2 sources, of 2026-11-26T05:00:00Z`.
pub(super) fn summary(header: &Header) -> String {
    let contents = &header.contents;
    format!(
        "{} with {} and {} of {}, of {}",
        counted(contents.documents, "document"),
        counted(contents.chunks, "passage"),
        counted(contents.vectors, "vector"),
        counted(contents.sources, "source"),
        clean(&header.created)
    )
}

async fn verify(args: &Args, context: &Context) -> Result<Outcome> {
    let begin = Instant::now();
    let (input, places) = (open(&args.file)?, places(&args.file, context));
    let error = match unless_interrupted(backup::verify(input, &places)).await {
        None => return Ok(Outcome::Interrupted),
        Some(Ok(checked)) => {
            tell(args, &checked, begin)?;
            return Ok(Outcome::Done);
        }
        Some(Err(error)) if error.kind() == ErrorKind::Exhausted => {
            return Err(error.hint("free some disk space there, or name another place by TMPDIR"));
        }
        Some(Err(error)) => error,
    };
    // That it cannot be read, or unpacked here, says nothing about it.
    if !matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Usage) {
        return Err(error);
    }
    let file = args.file.display().to_string();
    if args.json {
        output::json(&Report {
            ok: false,
            file,
            problem: Some(error.to_string()),
            header: None,
            catalog_bytes: 0,
            took_s: begin.elapsed().as_secs_f64(),
        })?;
    } else {
        output::line(&format!("{BAD}{}{BAD:#} is not good", clean(&file)));
        output::error(&error);
    }
    Ok(Outcome::Negative)
}

/// Where the catalog of a backup may be unpacked, the first that may be written first: where TMPDIR
/// says, or where there should be room for a catalog; what else is temporary may lie in memory.
fn places(file: &Path, context: &Context) -> Vec<PathBuf> {
    let data_dir = &context.paths.data_dir;
    // What we left in it could not be removed by its owner.
    let own = check_owner(data_dir).is_ok().then(|| data_dir.clone());
    let is_file = file.as_os_str() != "-";
    let beside = is_file.then(|| parent(file).to_owned());
    let named = std::env::var_os("TMPDIR").map(PathBuf::from);
    [named, own, beside, Some(std::env::temp_dir())].into_iter().flatten().collect()
}

/// A backup to be read; `-` is standard input.
pub(super) fn open(file: &Path) -> Result<Box<dyn std::io::Read + Send>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin()));
    }
    let opened = File::open(file).map_err(|error| {
        Error::usage(format!("the backup {} cannot be read", file.display())).because(error)
    })?;
    Ok(Box::new(opened))
}

/// Takes the parts to the end, and checks them on the way.
async fn receive(
    mut stream: Streaming<BackupPart>,
    sink: &mut Sink,
    bar: &ProgressBar,
) -> Result<Checked> {
    let feed = backup::feed()?;
    while let Some(message) = stream.message().await.map_err(|status| from_status(&status))? {
        show(bar, &message);
        if message.data.is_empty() {
            continue;
        }
        sink.write(&message.data).await?;
        if !feed.take(message.data) {
            break;
        }
    }
    feed.verdict()
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    bar.enable_steady_tick(TICK);
    bar
}

fn show(bar: &ProgressBar, part: &BackupPart) {
    let template = if part.total == 0 { COPYING } else { PACKING };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_length(part.total);
    bar.set_position(part.done);
}
