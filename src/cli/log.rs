//! The log on stderr; the environment chooses what is in it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::error::{Error, Result};

/// What a daemon or a bot logs. serenity would warn of an event with all that is in it.
pub const NORMAL: &str =
    "warn,ragterm=info,ragterm_bots=info,ragterm_connectors=info,serenity=error";

/// What is logged with `--verbose`.
pub const VERBOSE: &str =
    "info,ragterm=debug,ragterm_bots=debug,ragterm_connectors=debug,serenity=error";

/// Begins to log what `directives` choose, unless RAGTERM_LOG chooses otherwise.
pub fn start(directives: &str) -> Result<()> {
    let chosen = std::env::var("RAGTERM_LOG").unwrap_or_default();
    let directives = if chosen.is_empty() { directives } else { &chosen };
    let filter = EnvFilter::try_new(directives).map_err(|error| {
        Error::usage("cannot understand RAGTERM_LOG").because(error).hint("try `debug`")
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init()
        .map_err(|error| Error::internal("cannot set up the log").because(error))
}
