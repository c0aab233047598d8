//! The command line: one file per command; all reach the engine through its socket alone.

mod add;
mod ask;
mod background;
mod backup;
mod bots;
mod catalog;
mod client;
mod completions;
mod config;
mod context;
mod daemon;
mod doctor;
mod eval;
mod extract;
mod failure;
mod feedback;
mod gc;
mod health;
mod hit;
mod init;
mod interrupt;
mod man;
mod mcp;
mod output;
mod part;
mod progress;
mod reindex;
mod restore;
mod search;
mod sessions;
mod sink;
mod sources;
mod status;
mod stop;
mod store;
mod summary;
mod table;
mod terminal;
mod token;
mod units;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::{Error, ErrorKind, Result};
use crate::telemetry;
use context::{Context, Global};

const EXAMPLES: &str = "\
Without a command: the terminal client, to search and ask all day.

Examples:
  ragterm add ~/Documents                 index a folder and keep it fresh
  ragterm search vacation carry over      find documents by words and by meaning
  ragterm ask 'how much leave is carried over?'   an answer with its sources
  ragterm status                          what is indexed, and what is not, and why

Exit codes: 0 done; 1 nothing found, or a check failed; 2 wrong usage or configuration;
3 the daemon or a back-end cannot be reached; 4 not permitted.";

/// Finds and answers from your own documents, without sending them anywhere.
#[derive(Debug, Parser)]
#[command(name = "ragterm", version, after_help = EXAMPLES)]
#[command(disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(add::Args),
    Search(search::Args),
    Ask(ask::Args),
    Status(status::Args),
    Sources(sources::Args),
    Extract(extract::Args),
    Daemon(daemon::Args),
    Stop(stop::Args),
    Doctor(doctor::Args),
    Health(health::Args),
    Verify(verify::Args),
    Gc(gc::Args),
    Reindex(reindex::Args),
    Sessions(sessions::Args),
    Token(token::Args),
    Mcp(mcp::Args),
    Slack(bots::SlackArgs),
    Discord(bots::DiscordArgs),
    Feedback(feedback::Args),
    Catalog(catalog::Args),
    Store(store::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Eval(eval::Args),
    Config(config::Args),
    Init(init::Args),
    Man(man::Args),
    Completions(completions::Args),
    /// Reads documents for the daemon.
    #[command(hide = true)]
    Worker,
}

impl Command {
    /// Whether it keeps a log of its own.
    fn is_service(&self) -> bool {
        matches!(self, Self::Daemon(_) | Self::Slack(_) | Self::Discord(_) | Self::Mcp(_))
    }
}

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It did what it was asked to.
    Done,
    /// Nothing was found, or a check failed.
    Negative,
    /// The user stopped it.
    Interrupted,
}

/// Runs the program with the arguments of this process; returns its exit code.
pub fn run() -> ExitCode {
    let command = Cli::command();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let arguments = search::exclusions_behind_dashes(arguments, &command);
    let parsed = command.try_get_matches_from(arguments);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    match execute(cli) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Negative) => ExitCode::from(1),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(error) => {
            if !telemetry::tell(&error) {
                output::error(&error);
            }
            ExitCode::from(exit_code(error.kind()))
        }
    }
}

/// Help goes to stdout with 0, wrong usage to stderr with 2.
fn refuse(error: &clap::Error) -> ExitCode {
    // Nowhere is left to report to when the terminal itself is gone.
    let _gone = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Usage | ErrorKind::NotFound => 2,
        ErrorKind::Denied => 4,
        ErrorKind::Unavailable
        | ErrorKind::Corrupt
        | ErrorKind::Exhausted
        | ErrorKind::Internal => 3,
    }
}

fn execute(cli: Cli) -> Result<Outcome> {
    // These need neither configuration nor runtime.
    match cli.command {
        Some(Command::Worker) => return serve_as_worker(),
        Some(Command::Completions(args)) => return completions::run(&args, &mut Cli::command()),
        Some(Command::Man(args)) => return man::run(&args, Cli::command()),
        _ => {}
    }
    let context = Context::new(cli.global)?;
    if let Some(Command::Daemon(args)) = cli.command {
        return daemon::run(&args, &context);
    }
    if context.verbose && !cli.command.as_ref().is_some_and(Command::is_service) {
        telemetry::explain()?;
    }
    // One thread is enough to wait for answers, and starts faster.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal("cannot start the runtime").because(error))?;
    let outcome = runtime.block_on(async {
        let outcome = converse(cli.command, &context).await;
        telemetry::close().await;
        outcome
    });
    // A thread that reads from a pipe in which nothing comes is not waited for.
    runtime.shutdown_background();
    outcome
}

async fn converse(command: Option<Command>, context: &Context) -> Result<Outcome> {
    let Some(command) = command else { return terminal::run(context).await };
    match command {
        Command::Add(args) => add::run(&args, context).await,
        Command::Search(args) => search::run(&args, context).await,
        Command::Ask(args) => ask::run(&args, context).await,
        Command::Status(args) => status::run(&args, context).await,
        Command::Sources(args) => sources::run(&args, context).await,
        Command::Extract(args) => extract::run(&args, context).await,
        Command::Stop(args) => stop::run(&args, context).await,
        Command::Doctor(args) => doctor::run(&args, context).await,
        Command::Health(args) => health::run(&args, context).await,
        Command::Verify(args) => verify::run(&args, context).await,
        Command::Gc(args) => gc::run(&args, context).await,
        Command::Reindex(args) => reindex::run(&args, context).await,
        Command::Token(args) => token::run(args, context).await,
        Command::Sessions(args) => sessions::run(&args, context).await,
        Command::Slack(_) => bots::run_slack(context).await,
        Command::Discord(_) => bots::run_discord(context).await,
        Command::Mcp(args) => mcp::run(&args, context).await,
        Command::Feedback(args) => feedback::run(&args, context).await,
        Command::Catalog(args) => catalog::run(&args, context).await,
        Command::Store(args) => store::run(&args, context).await,
        Command::Backup(args) => backup::run(&args, context).await,
        Command::Restore(args) => restore::run(&args, context).await,
        Command::Eval(args) => eval::run(&args, context).await,
        Command::Config(args) => config::run(&args, context),
        Command::Init(args) => init::run(&args, context).await,
        Command::Daemon(_) | Command::Completions(_) | Command::Man(_) | Command::Worker => {
            Ok(Outcome::Done)
        }
    }
}

fn serve_as_worker() -> Result<Outcome> {
    ragterm_connectors::worker::serve()
        .map_err(|error| Error::usage("the daemon alone starts workers").because(error))?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let help = command.clone().render_help().to_string();
            assert!(help.contains("Example"), "{} has no example", command.get_name());
        }
    }

    #[test]
    fn without_a_command_it_is_the_terminal_client() {
        assert!(Cli::try_parse_from(["ragterm"]).unwrap().command.is_none());
    }
}
