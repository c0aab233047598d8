//! `ragterm init`: writes a deployment that one command starts, and says what stands in its way.

mod ask;
mod checks;
mod choices;
mod docker;
mod files;
mod image;
mod paths;
mod plan;
mod program;
mod servers;
mod settings;
mod words;

use serde::Serialize;

use super::Outcome;
use super::context::Context;
use super::doctor::{Check, Level, render};
use super::output::{self, BOLD, clean};
use super::units::{bytes, counted};
use crate::error::Result;
use ask::{Asker, Manner};
use choices::Choices;
use plan::{Listed, Plan};

const EXAMPLES: &str = "\
Examples:
  ragterm init                                         asks, checks, writes
  ragterm init --yes --folder /srv/share/handbook      the defaults: the full stack in ./ragterm
  ragterm init --kind local --yes --folder ~/Documents
  ragterm init --yes --dry-run                         shows what would be written

The last line is the command that starts it. No file is ever overwritten. A check that fails is told,
with what to do, and stops nothing.";

/// Make a deployment that one command starts: settings, secrets and compose files
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where it shall live [default: ./ragterm; for `local` the usual place of the configuration]
    #[arg(long, value_name = "DIR")]
    directory: Option<String>,
    /// What runs: `compose` is the daemon with PostgreSQL, Qdrant and Ollama; `compose-embedded` the
    /// daemon alone in a container; `local` a configuration for this machine [default: compose]
    #[arg(long, value_parser = choices::KINDS)]
    kind: Option<String>,
    /// A folder to watch; may be repeated; `none` for none [default: DIR/documents; for `local` none]
    #[arg(long, value_name = "PATH")]
    folder: Vec<String>,
    /// The model that embeds: its name in Ollama, `builtin` (reads English only) or `none`
    /// [default: bge-m3; without Ollama `builtin`]
    #[arg(long, value_name = "MODEL")]
    embedding_model: Option<String>,
    /// The model that answers: its name in Ollama, or `none` [default: qwen3:8b; without Ollama `none`]
    #[arg(long, value_name = "MODEL")]
    answering_model: Option<String>,
    /// Where Ollama is, for `local` [default: http://127.0.0.1:11434]
    #[arg(long, value_name = "URL")]
    ollama: Option<String>,
    /// A bot to run: `slack`, `discord` or `none`; may be repeated [default: none]
    #[arg(long, value_name = "BOT", value_delimiter = ',')]
    bot: Vec<String>,
    /// The address and port that other machines reach the daemon at, such as 0.0.0.0:7450; `none` for
    /// this machine alone [default: none]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The certificate for it: a file in PEM
    #[arg(long, value_name = "FILE", requires = "listen")]
    tls_cert: Option<String>,
    /// The key of the certificate: a file in PEM
    #[arg(long, value_name = "FILE", requires = "listen")]
    tls_key: Option<String>,
    /// The image in a registry, for a container; without it one is made of this very program
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// Whether Ollama's container is given the NVIDIA GPU [default: yes where it can be]
    #[arg(long, value_parser = ["yes", "no"])]
    gpu: Option<String>,
    /// Take the default for everything that no flag says
    #[arg(long)]
    yes: bool,
    /// Check and show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON document; asks nothing
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    written: bool,
    kind: &'static str,
    directory: &'a str,
    checks: &'a [Check],
    files: Vec<Listed>,
    next: &'a [String],
    start: &'a str,
}

/// Asks, checks and writes; problems that are found are told and stop nothing.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let mut asker = Asker::new(Manner::of(args.yes, args.json));
    let gpu = servers::Gpu::find().await;
    let choices = Choices::make(args, &mut asker, (context, &gpu))?;
    let plan = Plan::make(&choices)?;
    plan.check_absent()?;
    let checks = checks::check(&choices, &plan, &gpu).await;
    if !args.json {
        output::data(&render(&checks))?;
        output::data(&listing(&plan))?;
    }
    let is_written = !args.dry_run;
    if is_written && !asker.confirms("Write these files?")? {
        output::note("nothing was written");
        return Ok(Outcome::Done);
    }
    if is_written {
        plan.write()?;
    }
    match args.json {
        true => output::json(&report(&plan, &checks, is_written))?,
        false => output::data(&closing(&plan, &checks, is_written))?,
    }
    Ok(Outcome::Done)
}

fn listing(plan: &Plan) -> String {
    let mut text = format!("\n{BOLD}{}{BOLD:#}\n", clean(&plan.directory));
    for file in plan.listed() {
        let name = file.path.strip_prefix(&plan.directory).unwrap_or(&file.path);
        let name = clean(name.trim_start_matches('/'));
        text.push_str(&format!("  {name:<28}  {:>8}  {}\n", bytes(file.bytes), file.mode));
    }
    text
}

fn report<'a>(plan: &'a Plan, checks: &'a [Check], is_written: bool) -> Report<'a> {
    Report {
        written: is_written,
        kind: plan.kind.name(),
        directory: &plan.directory,
        checks,
        files: plan.listed(),
        next: &plan.next,
        start: &plan.start,
    }
}

fn closing(plan: &Plan, checks: &[Check], is_written: bool) -> String {
    let problems = checks.iter().filter(|check| check.state == Level::Fail).count() as u64;
    let written = if is_written { "written" } else { "nothing was written" };
    let mut text = match problems {
        0 => format!("\n{written}\n"),
        some => format!("\n{written}; {} to be mended, see above\n", counted(some, "problem")),
    };
    for step in &plan.next {
        text.push_str(&format!("- {}\n", clean(step)));
    }
    text.push_str(&format!("Start it with:\n{}\n", clean(&plan.start)));
    text
}
