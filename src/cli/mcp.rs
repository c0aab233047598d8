//! `ragterm mcp`: the tools for agents, on standard input and output.

use ragterm_mcp::Failure;

use super::Outcome;
use super::client::reach;
use super::context::Context;
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Example, in the file where an agent keeps its servers:
  { \"mcpServers\": { \"ragterm\": { \"command\": \"ragterm\", \"args\": [\"mcp\"] } } }

The agent starts it by itself, and ends it by closing its input.";

/// Serve agents and assistants over the Model Context Protocol, on standard input and output
///
/// The tools only read: `search`, `read`, `list_sources` and `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the command until the input ends; the daemon is started when a tool first needs it.
pub async fn run(_: &Args, context: &Context) -> Result<Outcome> {
    // Without a configuration there is no log; the first tool that is called tells the agent why.
    let _unlogged = context.begin_service("ragterm-mcp");
    let context = context.clone();
    let reach = move || {
        let context = context.clone();
        async move { reach(&context).await.map_err(|error| failure(&error)) }
    };
    ragterm_mcp::serve(reach).await.map_err(|error| {
        Error::usage("cannot talk to the agent")
            .because(error)
            .hint("an agent starts this command; see `ragterm mcp --help`")
    })?;
    Ok(Outcome::Done)
}

/// Why no daemon was reached, in words for the agent.
fn failure(error: &Error) -> Failure {
    let failure = Failure::new(error.to_string());
    match error.next_step() {
        Some(step) => failure.hint(step),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agent_hears_the_reason_and_the_next_step() {
        let error = Error::unavailable("no daemon answers").hint("start it with `ragterm daemon`");
        assert_eq!(
            failure(&error).to_string(),
            "no daemon answers\nhint: start it with `ragterm daemon`"
        );
    }
}
