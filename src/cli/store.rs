//! `ragterm store migrate`: moves the vectors to another store while search goes on.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ragterm_proto::v1::{MigrateStoreRequest, Migrated, MigrationProgress, StatusRequest};
use serde::Serialize;
use tonic::Streaming;

use super::Outcome;
use super::client::{self, Client, quick};
use super::context::Context;
use super::failure::from_status;
use super::interrupt::unless_interrupted;
use super::output::{self, clean};
use super::units::{self, count, counted};
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm store migrate --to qdrant --url http://qdrant:6334
  ragterm store migrate --to milvus --url https://milvus:19530 --api-key-file /run/secrets/milvus
  ragterm store migrate --to embedded";

/// Manage where the vectors are kept
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Migrate(Migrate),
}

/// Copy all vectors to another store, compare them, and go on with that one
///
/// Nothing is embedded again, and search goes on with the old store until the new one is complete.
/// Ctrl-C leaves the old one in force; the next attempt goes on where this one stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Migrate {
    /// The store
    #[arg(long, value_name = "STORE", value_parser = ["embedded", "qdrant", "milvus"])]
    to: String,
    /// Where its server is; by default the address in the configuration, or the usual one
    #[arg(long)]
    url: Option<String>,
    /// A file with the key, token or `user:password` that the server asks for
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Print the result as one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    backend: &'a str,
    url: &'a str,
    documents: u64,
    vectors: u64,
    sampled: u64,
    took_s: f64,
}

const TEMPLATE: &str = "{spinner} {prefix}: {bar:30} {pos}/{len} {msg}";

/// The time between two frames of the spinner.
const TICK: Duration = Duration::from_millis(120);

/// Runs the command.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let Command::Migrate(args) = &args.command;
    let status = |mut client: Client| async move { client.status(StatusRequest::default()).await };
    let (mut client, _) = client::first(context, status).await?;
    let stream = quick(client.migrate_store(args.request()?)).await?;
    let bar = bar();
    let followed = unless_interrupted(follow(stream, &bar)).await;
    bar.finish_and_clear();
    let Some(migrated) = followed else {
        output::note("the old store stays in force; the same command goes on from here");
        return Ok(Outcome::Interrupted);
    };
    let migrated = migrated?;
    match args.json {
        true => output::json(&report(&migrated))?,
        false => output::data(&render(&migrated))?,
    }
    Ok(Outcome::Done)
}

impl Migrate {
    fn request(&self) -> Result<MigrateStoreRequest> {
        let api_key_file = match &self.api_key_file {
            None => String::new(),
            // The daemon may run in another directory.
            Some(file) => std::path::absolute(file)
                .ok()
                .and_then(|file| file.into_os_string().into_string().ok())
                .ok_or_else(|| Error::usage("the path of --api-key-file is not UTF-8"))?,
        };
        let url = self.url.clone().unwrap_or_default();
        Ok(MigrateStoreRequest { backend: self.to.clone(), url, api_key_file })
    }
}

/// Shows the progress until the end.
async fn follow(mut stream: Streaming<MigrationProgress>, bar: &ProgressBar) -> Result<Migrated> {
    while let Some(message) = stream.message().await.map_err(|status| from_status(&status))? {
        if let Some(migrated) = message.migrated {
            return Ok(migrated);
        }
        show(bar, &message);
    }
    Err(Error::unavailable("the daemon ended before the vectors were moved")
        .hint("the old store stays in force; the same command goes on from here"))
}

fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.enable_steady_tick(TICK);
    bar
}

fn show(bar: &ProgressBar, progress: &MigrationProgress) {
    let phase = match progress.phase.as_str() {
        "check" => "comparing",
        _ => "copying vectors",
    };
    bar.set_prefix(phase);
    bar.set_length(progress.total);
    bar.set_position(progress.done);
    bar.set_message(match progress.eta_s {
        Some(eta_s) => format!("{:.0}/s, {} left", progress.rate_per_s, units::seconds(eta_s)),
        None => String::new(),
    });
}

fn report(migrated: &Migrated) -> Report<'_> {
    Report {
        backend: &migrated.backend,
        url: &migrated.url,
        documents: migrated.documents,
        vectors: migrated.vectors,
        sampled: migrated.sampled,
        took_s: migrated.took_s,
    }
}

fn render(migrated: &Migrated) -> String {
    let Migrated { backend, url, documents, vectors, sampled, took_s } = migrated;
    let vectors = counted(*vectors, "vector");
    let documents = counted(*documents, "document");
    let took = units::seconds(*took_s);
    let mut text = format!(
        "{vectors} of {documents} moved to {backend} in {took}; {} compared one by one\n\
         The daemon uses {backend} from now on. Say so in config.toml too:\n\n\
         [store]\nbackend = \"{backend}\"\n",
        count(*sampled)
    );
    if !url.is_empty() {
        text.push_str(&format!("url = \"{}\"\n", clean(url)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_told_what_to_write_into_the_configuration() {
        let migrated = Migrated {
            backend: "qdrant".into(),
            url: "http://qdrant:6334".into(),
            documents: 14,
            vectors: 1_200,
            sampled: 14,
            took_s: 2.5,
        };
        insta::assert_snapshot!(render(&migrated), @r#"
        1,200 vectors of 14 documents moved to qdrant in 2.5 s; 14 compared one by one
        The daemon uses qdrant from now on. Say so in config.toml too:

        [store]
        backend = "qdrant"
        url = "http://qdrant:6334"
        "#);
    }
}
