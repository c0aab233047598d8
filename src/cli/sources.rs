//! `ragterm sources`: the places that documents come from.

use ragterm_proto::v1::{
    ConfirmSourceRequest, ListSourcesRequest, RemoveSourceRequest, RescanSourceRequest, Source,
};
use serde_json::json;

use super::client::{self, Client, quick, slow};
use super::context::Context;
use super::output::{self, BOLD, clean};
use super::progress::{Followed, follow};
use super::table::Table;
use super::units::{age, count, counted, now_ms};
use super::{Outcome, status, summary};
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm sources                       list them
  ragterm sources rescan handbook       compare one with the index now
  ragterm sources confirm handbook      let removals take effect that were held back
  ragterm sources remove handbook       forget it; the files stay untouched";

const NO_SOURCES: &str = "no sources yet: add a folder with `ragterm add PATH`";

/// List the places that documents come from, rescan or remove them
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List all sources
    List,
    /// Show everything about one source
    Show {
        /// Its name
        name: String,
    },
    /// Compare sources with the index now
    Rescan {
        /// Its name; every source without one
        name: Option<String>,
    },
    /// Let removals take effect that were held back
    Confirm {
        /// Its name
        name: String,
    },
    /// Forget a source and its documents; the files stay untouched
    Remove {
        /// Its name
        name: String,
    },
}

/// Runs the command; the outcome is negative when a rescanned source is unavailable.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let list_sources =
        |mut client: Client| async move { client.list_sources(ListSourcesRequest {}).await };
    let (mut client, reply) = client::first(context, list_sources).await?;
    let sources = reply.sources;
    match args.action.as_ref().unwrap_or(&Action::List) {
        Action::List => list(args, &sources),
        Action::Show { name } => show(args, &sources, name),
        Action::Rescan { name: None } if sources.is_empty() => {
            output::line(NO_SOURCES);
            Ok(Outcome::Done)
        }
        Action::Rescan { name } => rescan(args, &mut client, name.as_deref()).await,
        Action::Confirm { name } => confirm(args, &mut client, name).await,
        Action::Remove { name } => remove(args, &mut client, name).await,
    }
}

fn list(args: &Args, sources: &[Source]) -> Result<Outcome> {
    if args.json {
        output::json(&sources.iter().map(status::source).collect::<Vec<_>>())?;
    } else if sources.is_empty() {
        output::line(NO_SOURCES);
    } else {
        output::data(&table(sources, now_ms()))?;
    }
    Ok(Outcome::Done)
}

/// The sources, one on each line; times are relative to `now_ms`.
pub fn table(sources: &[Source], now_ms: i64) -> String {
    let headings =
        ["name", "space", "state", ">documents", ">skipped", ">failed", "scanned", "path"];
    let mut table = Table::new(&headings);
    for source in sources {
        let scanned = source.last_scan_ms.map_or("never".to_owned(), |time| age(time, now_ms));
        table.row(&[
            source.name.clone(),
            source.space.clone(),
            source.state.clone(),
            count(source.documents),
            count(source.skipped),
            count(source.failed),
            scanned,
            source.path.clone(),
        ]);
    }
    table.render("")
}

fn show(args: &Args, sources: &[Source], name: &str) -> Result<Outcome> {
    let Some(source) = sources.iter().find(|source| source.name == name) else {
        return Err(unknown(name, sources));
    };
    match args.json {
        true => output::json(&status::source(source))?,
        false => output::data(&describe(source, now_ms()))?,
    }
    Ok(Outcome::Done)
}

fn unknown(name: &str, sources: &[Source]) -> Error {
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    let error = Error::not_found(format!("there is no source `{name}`"));
    match names.is_empty() {
        true => error.hint("there is none at all; add a folder with `ragterm add PATH`"),
        false => error.hint(format!("there are: {}", names.join(", "))),
    }
}

fn describe(source: &Source, now_ms: i64) -> String {
    let scanned = source.last_scan_ms.map_or("never".to_owned(), |time| age(time, now_ms));
    let state = match source.state_reason.as_str() {
        "" => source.state.clone(),
        reason => format!("{}: {reason}", source.state),
    };
    let documents = format!(
        "{} indexed, {} skipped, {} failed",
        count(source.documents),
        count(source.skipped),
        count(source.failed)
    );
    let lines = [
        ("path", source.path.clone()),
        ("kind", source.kind.clone()),
        ("space", source.space.clone()),
        ("state", state),
        ("documents", documents),
        ("watching", source.watching.clone()),
        ("scanned", scanned),
        ("held", counted(source.held, "removal")),
    ];
    let line = |(name, value): &(&str, String)| format!("  {name:<10} {}\n", clean(value));
    let body: String = lines.iter().map(line).collect();
    format!("{BOLD}{}{BOLD:#}\n{body}", clean(&source.name))
}

async fn rescan(args: &Args, client: &mut Client, name: Option<&str>) -> Result<Outcome> {
    let request = RescanSourceRequest { name: name.unwrap_or_default().to_owned(), reread: false };
    let stream = quick(client.rescan_source(request)).await?;
    let Followed::Finished(summaries) = follow(stream).await? else {
        return Ok(Outcome::Interrupted);
    };
    for (source, done) in &summaries {
        match args.json {
            true => output::json(&summary::report(source, done))?,
            false => output::data(&summary::render(source, done, summary::NOTHING))?,
        }
    }
    let reached = summaries.iter().all(|(_, done)| done.state != "unavailable");
    Ok(if reached { Outcome::Done } else { Outcome::Negative })
}

async fn confirm(args: &Args, client: &mut Client, name: &str) -> Result<Outcome> {
    let request = ConfirmSourceRequest { name: name.to_owned() };
    let removed = slow(client.confirm_source(request)).await?.removed;
    if args.json {
        output::json(&json!({ "source": name, "removed": removed }))?;
    } else if removed == 0 {
        output::data(&format!("{}: no removals were held back\n", clean(name)))?;
    } else {
        let documents = counted(removed, "document");
        output::data(&format!("{}: {documents} removed from the index\n", clean(name)))?;
    }
    Ok(Outcome::Done)
}

async fn remove(args: &Args, client: &mut Client, name: &str) -> Result<Outcome> {
    let request = RemoveSourceRequest { name: name.to_owned() };
    let documents = slow(client.remove_source(request)).await?.documents;
    if args.json {
        output::json(&json!({ "source": name, "documents": documents }))?;
    } else {
        let documents = counted(documents, "document");
        output::data(&format!("{}: forgotten with {documents}\n", clean(name)))?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        Source {
            name: "규정".into(),
            kind: "folder".into(),
            space: "hr".into(),
            path: "/srv/hr".into(),
            state: "unavailable".into(),
            state_reason: "the folder is not there".into(),
            documents: 1200,
            failed: 2,
            skipped: 13,
            last_scan_ms: Some(0),
            watching: "waiting for the folder".into(),
            held: 0,
        }
    }

    #[test]
    fn a_source_is_listed_on_one_line() {
        let text = anstream::adapter::strip_str(&table(&[source()], 120_000)).to_string();
        insta::assert_snapshot!(text, @r"
        name  space  state        documents  skipped  failed  scanned        path
        규정  hr     unavailable      1,200       13       2  2 minutes ago  /srv/hr
        ");
    }

    #[test]
    fn a_source_is_shown_with_the_reason_of_its_state() {
        let text = anstream::adapter::strip_str(&describe(&source(), 0)).to_string();
        insta::assert_snapshot!(text, @r"
        규정
          path       /srv/hr
          kind       folder
          space      hr
          state      unavailable: the folder is not there
          documents  1,200 indexed, 13 skipped, 2 failed
          watching   waiting for the folder
          scanned    just now
          held       0 removals
        ");
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = unknown("x", &[source()]);
        assert_eq!(error.next_step(), Some("there are: 규정"));
    }
}
