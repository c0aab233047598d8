//! `ragterm gc`: deletes what nobody needs any more.

use ragterm_proto::v1::{CollectGarbageReply, CollectGarbageRequest, StatusRequest};
use serde::Serialize;

use super::Outcome;
use super::client::{self, Client, slow};
use super::context::Context;
use super::output;
use super::units::{bytes, count};
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  ragterm gc --dry-run                  what there is
  ragterm gc                            delete what is beyond its limit, as the daemon does by itself
  ragterm gc --all --dry-run            what there is if every limit were zero
  ragterm gc --all                      delete all that no document needs, and give disk space back

No document, and nothing that a search finds, is deleted. What a restore or an upgrade put aside
(before-restore-… and before-migration-… in the data directory, the schemas ragterm_before_… on
PostgreSQL) is deleted by --all alone; without it, its number and size are told.";

/// Delete what nobody needs any more: old sessions, spare vectors, indexes of other catalogs
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only count it
    #[arg(long)]
    dry_run: bool,
    /// Also what is within its limit, such as the embedding cache, and the states of the catalog that a
    /// restore or an upgrade put aside; the catalog is written anew
    #[arg(long)]
    all: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    deleted: bool,
    garbage: Vec<Named<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Named<'a> {
    /// Never changes; `what` goes with the number.
    kind: &'a str,
    what: &'a str,
    number: u64,
    bytes: u64,
}

/// Runs the command.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let status = |mut client: Client| async move { client.status(StatusRequest::default()).await };
    let (mut client, _) = client::first(context, status).await?;
    let request = CollectGarbageRequest { dry_run: args.dry_run, all: args.all };
    let collected = slow(client.collect_garbage(request)).await?;
    if args.json {
        output::json(&document(args, &collected))?;
        return Ok(Outcome::Done);
    }
    for garbage in &collected.garbage {
        let what = output::clean(&garbage.what);
        let taken = match garbage.bytes {
            0 => String::new(),
            number => format!(" ({})", bytes(number)),
        };
        let done = match (args.dry_run, garbage.number) {
            (true, 1) => "there is",
            (true, _) => "there are",
            (false, _) => "deleted",
        };
        output::line(&format!("{done} {} {what}{taken}", count(garbage.number)));
    }
    if collected.garbage.is_empty() {
        output::line("there is nothing that nobody needs");
    }
    collected.notes.iter().for_each(|note| output::note(note));
    Ok(Outcome::Done)
}

fn document<'a>(args: &Args, collected: &'a CollectGarbageReply) -> Document<'a> {
    let garbage = collected.garbage.iter().map(|garbage| Named {
        kind: &garbage.kind,
        what: &garbage.what,
        number: garbage.number,
        bytes: garbage.bytes,
    });
    Document { deleted: !args.dry_run, garbage: garbage.collect(), notes: &collected.notes }
}
