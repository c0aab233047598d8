//! `ragterm reindex`: another embedding model, or everything read again.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ragterm_proto::v1::reindex_request::Action;
use ragterm_proto::v1::{ReindexReply, ReindexRequest, RescanSourceRequest, StatusRequest};

use super::Outcome;
use super::client::{self, Client, quick};
use super::context::Context;
use super::units::{count, seconds};
use super::{output, progress};
use crate::error::Result;

/// The time between two looks.
const PERIOD: Duration = Duration::from_millis(500);

const EXAMPLES: &str = "\
Examples:
  ragterm reindex --embedder ollama:bge-m3   search goes on with the old model meanwhile
  ragterm reindex --cancel                   keep the model that answers now
  ragterm reindex --rollback                 back to the one before, without embedding again
  ragterm reindex                            read every document again";

/// Change the embedding model, or read every document again
///
/// The vectors of the new model are made beside the old ones, which answer until the new ones are
/// complete; then the new model takes over in one step. It goes on after a restart.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The new model: `builtin`, `ollama:MODEL` or `openai:MODEL`
    #[arg(long, value_name = "PROVIDER:MODEL", conflicts_with_all = ["cancel", "rollback"])]
    embedder: Option<String>,
    /// Stop a change that is under way
    #[arg(long, conflicts_with = "rollback")]
    cancel: bool,
    /// Return to the model that was active before
    #[arg(long)]
    rollback: bool,
    /// Do not wait until it is done
    #[arg(long)]
    detach: bool,
}

/// Runs the command; it ends when the new model answers, or at once with `--detach`.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let status = |mut client: Client| async move { client.status(StatusRequest::default()).await };
    let (mut client, _) = client::first(context, status).await?;
    let (action, embedder) = match &args.embedder {
        Some(embedder) => (Action::Change, embedder.clone()),
        None if args.cancel => (Action::Cancel, String::new()),
        None if args.rollback => (Action::Back, String::new()),
        None => return reread(client, args).await,
    };
    let request = ReindexRequest { action: action.into(), embedder };
    let reply = quick(client.reindex(request)).await?;
    if reply.complete {
        output::line(&format!("{} answers", output::clean(&reply.embedder)));
        return Ok(Outcome::Done);
    }
    if args.detach {
        output::line(&format!("changing to {} in the background", output::clean(&reply.embedder)));
        return Ok(Outcome::Done);
    }
    tokio::select! {
        done = wait(&mut client) => done,
        _interrupted = tokio::signal::ctrl_c() => {
            output::note("it goes on in the background; `ragterm reindex --cancel` stops it");
            Ok(Outcome::Done)
        }
    }
}

/// Shows how far it is until the new model answers.
async fn wait(client: &mut Client) -> Result<Outcome> {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{bar:24} {percent:>3} %  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut told = String::new();
    loop {
        let look = ReindexRequest { action: Action::Look.into(), embedder: String::new() };
        let reply = quick(client.reindex(look)).await?;
        if reply.complete {
            bar.finish_and_clear();
            output::line(&format!("{} answers now", output::clean(&reply.embedder)));
            return Ok(Outcome::Done);
        }
        if reply.fault != told {
            told.clone_from(&reply.fault);
            if !told.is_empty() {
                bar.suspend(|| output::note(&output::clean(&told)));
            }
        }
        bar.set_length(reply.total);
        bar.set_position(reply.done);
        bar.set_message(pace(&reply));
        tokio::time::sleep(PERIOD).await;
    }
}

fn pace(reply: &ReindexReply) -> String {
    let passages = format!("{} of {} passages", count(reply.done), count(reply.total));
    match reply.eta_s {
        Some(eta_s) => {
            format!("{passages}, {:.0}/s, {} left", reply.rate_per_s, seconds(eta_s))
        }
        None => passages,
    }
}

async fn reread(mut client: Client, args: &Args) -> Result<Outcome> {
    let request = RescanSourceRequest { name: String::new(), reread: true };
    let stream = quick(client.rescan_source(request)).await?;
    if args.detach {
        output::line("every document is read again in the background");
        return Ok(Outcome::Done);
    }
    progress::follow(stream).await?;
    output::line("every document was read again");
    Ok(Outcome::Done)
}
