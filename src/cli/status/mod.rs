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
  ragterm status --json                 `idle`: all found by words; `settled`: by meaning too";

/// Show what is indexed, embedded, pending and failed, and why
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Show it again each second
    #[arg(long)]
    watch: bool,
    /// Print JSON; with --watch one document on each line
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let status = |mut client: Client| async move { client.status(StatusRequest {}).await };
    let (mut client, mut reply) = client::first(context, status).await?;
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
        reply = quick(client.status(StatusRequest {})).await?;
    }
}

fn show(args: &Args, reply: &StatusReply) -> Result<()> {
    match args.json {
        true => output::json(&json::report(reply)),
        false => output::data(&render::render(reply, now_ms())),
    }
}
