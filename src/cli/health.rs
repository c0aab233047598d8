//! `ragterm health`: whether the daemon can answer; for containers and for those who watch.

use ragterm_proto::v1::{HealthReply, HealthRequest};
use serde::Serialize;

use super::Outcome;
use super::client::{connect_running, not_running, quick};
use super::context::Context;
use super::output::{self, BAD, GOOD, WARNING, clean};
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  ragterm health                        each back-end in a line
  ragterm health --json

  ragterm health --alive                for a liveness probe: whether the daemon answers at all

It starts no daemon. Exit codes: 0 questions can be answered, also if something is missing; 1 they
cannot, such as while a catalog on a server is waited for; 3 no daemon answers.";

/// Say whether the daemon can answer, and which back-end is missing
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// End with 0 also if questions cannot be answered, as long as the daemon says so itself
    #[arg(long)]
    alive: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    ready: bool,
    checks: Vec<Named<'a>>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    state: &'a str,
    detail: Option<&'a str>,
}

/// Runs the command.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let Some(mut client) = connect_running(context).await? else {
        return Err(not_running(context));
    };
    let health = quick(client.health(HealthRequest {})).await?;
    match args.json {
        true => output::json(&document(&health))?,
        false => output::data(&render(&health))?,
    }
    Ok(if health.ready || args.alive { Outcome::Done } else { Outcome::Negative })
}

fn document(health: &HealthReply) -> Document<'_> {
    let checks = health.checks.iter().map(|check| Named {
        name: &check.name,
        state: &check.state,
        detail: (!check.detail.is_empty()).then_some(check.detail.as_str()),
    });
    Document { ready: health.ready, checks: checks.collect() }
}

fn render(health: &HealthReply) -> String {
    let line = |name: &str, state: &str, detail: &str| {
        let style = match state {
            "ok" | "ready" | "off" => GOOD,
            "degraded" => WARNING,
            _ => BAD,
        };
        let detail = if detail.is_empty() { String::new() } else { format!("  {}", clean(detail)) };
        format!("{:<9} {style}{}{style:#}{detail}\n", clean(name), clean(state))
    };
    let checks = health.checks.iter().map(|check| line(&check.name, &check.state, &check.detail));
    let whole = line("daemon", if health.ready { "ready" } else { "not ready" }, "");
    std::iter::once(whole).chain(checks).collect()
}
