//! `ragterm status`: what is indexed, embedded, pending and failed, and why.

mod json;
mod render;

use std::io::IsTerminal;
use std::time::Duration;

use ragterm_proto::v1::{StatusReply, StatusRequest};

use super::Outcome;
use super::client::{self, Client, RESTART, quick};
use super::context::Context;
use super::output;
use super::units::now_ms;
use crate::error::{Error, Result};

pub use json::source;
pub use render::embedder_events;

/// The time between two looks of `--watch`.
const PERIOD: Duration = Duration::from_secs(1);

/// To the upper left corner, and everything below erased.
const REDRAW: &str = "\u{1b}[H\u{1b}[2J";

const EXAMPLES: &str = "\
Examples:
  ragterm status
  ragterm status --watch                until Ctrl-C
  ragterm status --failures             every file that is not indexed, and why
  ragterm status --json                 `idle`: all found by words; `settled`: by meaning too";

/// Show what is indexed, embedded, pending and failed, and why
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Show it again each second
    #[arg(long)]
    watch: bool,
    /// List every file that failed or was skipped, with its reason
    #[arg(long, conflicts_with = "watch")]
    failures: bool,
    /// Print JSON; with --watch or --failures one document on each line
    #[arg(long)]
    json: bool,
}

/// Files that are asked for at once.
const PART: u32 = 500;

/// Runs the command.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let status = |mut client: Client| async move { client.status(StatusRequest::default()).await };
    let (mut client, mut reply) = client::first(context, status).await?;
    if args.failures {
        return failures(&mut client, args.json).await;
    }
    // One for the whole loop: a new one would miss what comes between two.
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    let redraws = args.watch && !args.json && std::io::stdout().is_terminal();
    loop {
        if let Some(outdated) = client::outdated(context, &reply) {
            reply.notices.push(format!("{outdated}: {RESTART}"));
        }
        if redraws {
            output::control(REDRAW)?;
        }
        show(args, &reply)?;
        if !args.watch {
            return Ok(Outcome::Done);
        }
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            interrupted = &mut interrupt => {
                return interrupted
                    .map(|()| Outcome::Done)
                    .map_err(|error| Error::internal("cannot wait for Ctrl-C").because(error));
            }
        }
        reply = quick(client.status(StatusRequest::default())).await?;
    }
}

/// Lists all that is not indexed, a part at a time.
async fn failures(client: &mut Client, as_json: bool) -> Result<Outcome> {
    let mut from = 0;
    loop {
        let request = StatusRequest { failures: PART, failures_from: from };
        let reply = quick(client.status(request)).await?;
        if reply.failures.is_empty() {
            return Ok(Outcome::Done);
        }
        for failure in &reply.failures {
            match as_json {
                true => output::json(&json::failure(failure))?,
                false => output::data(&render::failure(failure))?,
            }
        }
        from += PART;
    }
}

fn show(args: &Args, reply: &StatusReply) -> Result<()> {
    match args.json {
        true => output::json(&json::report(reply)),
        false => output::data(&render::render(reply, now_ms())),
    }
}
