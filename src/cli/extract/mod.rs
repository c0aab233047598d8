//! `ragterm extract`: what is read in one file, through the workers of the daemon.

mod json;
mod render;

use std::path::{Path, PathBuf};

use ragterm_connectors::container::Member;
use ragterm_connectors::worker::{Extracted, Job, Origin, Pool};
use tokio::sync::mpsc;

use super::Outcome;
use super::context::Context;
use super::output::{self, clean};
use crate::config::SourceKind;
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm extract handbook/leave.md
  ragterm extract page.html --json      title, sections and their places as JSON
  ragterm extract export.zip            each document in an archive or an export
  ragterm extract records.jsonl --kind jsonl

Exit code 1 when the file cannot be read; the reason is on stderr.";

/// More documents inside one file are counted, not shown.
const MAX_MEMBERS: usize = 10_000;

/// Show what ragterm reads in a file, section by section; needs no daemon
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file
    file: PathBuf,
    /// What wrote the file, as for `ragterm add`
    #[arg(long, default_value = "folder", value_parser = SourceKind::NAMES.map(|(name, _)| name))]
    kind: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Everything that is read in a file.
#[derive(Debug)]
struct Reading {
    /// The file itself.
    file: Extracted,
    /// The documents inside it, in their order.
    members: Vec<Member>,
    /// How many more there are.
    left_out: u64,
}

/// Runs the command; the outcome is negative when the file yields no document.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let path = resolve(&args.file)?;
    let kind = SourceKind::named(&args.kind).unwrap_or_default();
    let reading = read(path, kind, context).await?;
    if args.json {
        output::json(&json::report(&args.file, &reading))?;
    } else {
        output::data(&render::render(&reading))?;
    }
    if let Err(reason) = &reading.file.outcome {
        let (file, reason) = (clean(&args.file.to_string_lossy()), reason.to_string());
        output::line(&format!("{file}: {}", clean(&reason)));
    }
    Ok(if reading.is_read() { Outcome::Done } else { Outcome::Negative })
}

impl Reading {
    /// Whether the file, or anything in it, was read.
    fn is_read(&self) -> bool {
        let is_lost = |member: &Member| member.outcome.is_err();
        let all_lost = !self.members.is_empty() && self.members.iter().all(is_lost);
        self.file.outcome.is_ok() && !(self.file.is_container && all_lost)
    }
}

fn resolve(file: &Path) -> Result<PathBuf> {
    let refused = |error: std::io::Error| {
        Error::usage(format!("cannot read `{}`", file.display())).because(error)
    };
    let path = std::fs::canonicalize(file).map_err(refused)?;
    if path.is_dir() {
        return Err(Error::usage(format!("cannot read `{}`: it is a folder", file.display()))
            .hint("name a file, or index the folder with `ragterm add`"));
    }
    Ok(path)
}

async fn read(path: PathBuf, kind: SourceKind, context: &Context) -> Result<Reading> {
    let limits = context.load()?.config.index.extraction_limits();
    let program = std::env::current_exe()
        .map_err(|error| Error::internal("cannot find this program's file").because(error))?;
    let pool = Pool::new(program, 1, limits);
    // Links have been followed on the way to here, and it is no folder.
    let root = path.parent().unwrap_or(Path::new("/")).to_owned();
    let raw = PathBuf::from(path.file_name().unwrap_or_default());
    let job = Job {
        path: raw.to_string_lossy().into_owned(),
        dialect: kind.dialect(),
        size: 0,
        known: None,
        origin: Origin::File { root, raw },
    };
    let (sender, mut receiver) = mpsc::channel(4);
    let extract = async {
        let extracted = pool.extract(job, &sender).await;
        drop(sender);
        extracted
    };
    let collect = async {
        let (mut members, mut left_out) = (Vec::new(), 0);
        while let Some(member) = receiver.recv().await {
            if members.len() < MAX_MEMBERS {
                members.push(member);
            } else {
                left_out += 1;
            }
        }
        (members, left_out)
    };
    let (file, (members, left_out)) = tokio::join!(extract, collect);
    pool.close().await;
    let file = file.map_err(|error| Error::unavailable("cannot read documents").because(error))?;
    Ok(Reading { file, members, left_out })
}
