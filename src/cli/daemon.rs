//! `ragterm daemon`: the daemon in the foreground.

use super::Outcome;
use super::context::Context;
use crate::error::{Error, Result};
use crate::telemetry;

const EXAMPLES: &str = "\
Examples:
  ragterm daemon                        run until Ctrl-C or `ragterm stop`
  RAGTERM_LOG=debug ragterm daemon      say everything

Other commands start it in the background when they need it (`daemon.autostart`).";

/// Run the daemon in the foreground; it logs to stderr (`[log]`)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the daemon until a signal or `ragterm stop` ends it.
pub fn run(_: &Args, context: &Context) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("ragterm")
        .build()
        .map_err(|error| Error::internal("cannot start the runtime").because(error))?;
    let result = runtime.block_on(async {
        let config = context.begin_service("ragterm")?;
        let result = crate::daemon::run(config, context.paths.clone()).await;
        telemetry::close().await;
        result
    });
    // The daemon has waited for its tasks and named the late ones.
    runtime.shutdown_background();
    result.map(|()| Outcome::Done)
}
