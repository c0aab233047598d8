//! `ragterm restore`: puts a backup in place, whole or not at all.

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::backup::{open, summary};
use super::context::Context;
use super::interrupt::unless_interrupted;
use super::output::{self, GOOD};
use super::{Outcome, client, units};
use crate::backup::{self, Commit, Configured, Header, Occupied, Restored, Target};
use crate::config::Config;
use crate::daemon::{DataLock, check_owner};
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm restore ragterm.backup        into an empty data directory
  ragterm stop && ragterm restore --force ragterm.backup
  ssh vault 'cat ragterm.backup' | ragterm restore -

The catalog goes where `catalog.url` says, whatever it was kept in before. The next command starts
the daemon, which fills the keyword index and the vectors from it; nothing is embedded again.";

/// Put a backup back in place, after all of it was checked
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file of the backup; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Also where a catalog is: a file is put aside, a database is emptied
    #[arg(long)]
    force: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What is said when the database was asked to commit, and nobody heard what it answered.
const IN_DOUBT: &str = "the catalog may be restored: the database was about to put it in place. \
    `ragterm status` tells what it holds; `ragterm restore --force` restores it again";

#[derive(Debug, Serialize)]
struct Report<'r> {
    #[serde(flatten)]
    header: &'r Header,
    before: Option<String>,
    configuration: &'static str,
    took_s: f64,
}

/// Runs the command.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let begin = Instant::now();
    let config = context.load_or_variables()?.config;
    let input = open(&args.file)?;
    check_owner(&context.paths.data_dir)?;
    // What is written is nobody else's to read.
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o077));
    let lock = DataLock::acquire(&context.paths.data_dir).map_err(|error| {
        match error.to_string().contains("already runs") {
            true => {
                Error::usage(error.to_string()).hint("end it with `ragterm stop`, and restore then")
            }
            false => error,
        }
    })?;
    let occupied = if args.force { Occupied::Replaced } else { Occupied::Refused };
    let commit = Commit::default();
    let target = Target { paths: &context.paths, config: &config, occupied, commit: &commit };
    let Some(restored) = unless_interrupted(backup::restore(input, target)).await else {
        output::note(match commit.has_begun() {
            false => "nothing was restored",
            true => IN_DOUBT,
        });
        return Ok(Outcome::Interrupted);
    };
    let restored = restored?;
    drop(lock);
    let took_s = begin.elapsed().as_secs_f64();
    match args.json {
        true => output::json(&report(&restored, took_s))?,
        false => tell(&restored, context, &config, took_s),
    }
    Ok(Outcome::Done)
}

fn report(restored: &Restored, took_s: f64) -> Report<'_> {
    Report {
        header: &restored.header,
        before: restored.before.as_ref().map(|path| path.display().to_string()),
        configuration: match restored.configured {
            Configured::Written => "written",
            Configured::Kept => "kept",
            Configured::Failed(_) => "failed",
        },
        took_s,
    }
}

fn tell(restored: &Restored, context: &Context, config: &Config, took_s: f64) {
    let (summary, took) = (summary(&restored.header), units::seconds(took_s));
    output::line(&format!("{GOOD}restored{GOOD:#} in {took}: {summary}"));
    if let Some(before) = &restored.before {
        output::line(&format!("the former catalog was moved to {}", before.display()));
    }
    let file = context.paths.config_file.display();
    output::line(&match &restored.configured {
        Configured::Written => {
            format!("{file} was written from the backup; secrets have to be set again in it")
        }
        Configured::Kept => format!("{file} is there and was not touched"),
        Configured::Failed(reason) => {
            format!("{file} could not be written from the backup: {reason}")
        }
    });
    let next = match client::starts_by_itself(config) {
        true => "`ragterm status` starts the daemon, which fills its indexes from the catalog",
        false => "start the daemon again: it fills its indexes from the catalog",
    };
    output::line(next);
}
