//! `ragterm catalog migrate`: the catalog moves to a database server.

use std::path::PathBuf;

use ragterm_proto::v1::{CopyCatalogRequest, StatusRequest};

use super::Outcome;
use super::client::{self, Client, slow};
use super::context::Context;
use super::output;
use super::units::{count, counted};
use crate::config::Secret;
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm catalog migrate --to postgres://ragterm@db/ragterm
  ragterm catalog migrate --to-file /run/secrets/catalog-url   a URL with a password";

/// Move the catalog to another database
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Migrate(Migrate),
}

/// Copy the catalog into an empty PostgreSQL database, and compare the two
///
/// Search and indexing go on; the copy is of one moment, and what changes later is found by the
/// first scan. No text is embedded again.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Migrate {
    /// The database: postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL", required_unless_present = "to_file")]
    to: Option<String>,
    /// A file that holds the URL
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    to_file: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let Command::Migrate(migrate) = &args.command;
    let secret = match (&migrate.to, &migrate.to_file) {
        (Some(url), _) => Secret::Value(url.clone()),
        (None, Some(file)) => Secret::file("--to-file", file),
        (None, None) => Secret::Unset,
    };
    let url = secret.read()?.unwrap_or_default();
    if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(Error::usage("the database must be a URL that begins with `postgres://`"));
    }
    let status = |mut client: Client| async move { client.status(StatusRequest::default()).await };
    let (mut client, _) = client::first(context, status).await?;
    output::note("copying the catalog; search and indexing go on");
    let copied = slow(client.copy_catalog(CopyCatalogRequest { url })).await?;
    output::line(&format!(
        "{} and {} were copied and compared ({} rows)",
        counted(copied.documents, "document"),
        counted(copied.vectors, "vector"),
        count(copied.rows),
    ));
    output::line(
        "now set `catalog.url` (or `catalog.url_file`) in config.toml and run `ragterm stop`; \
         the next command starts the daemon on it",
    );
    Ok(Outcome::Done)
}
