//! `ragterm completions`: completion of commands and flags for a shell.

use clap_complete::Shell;

use super::Outcome;
use super::output;
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  ragterm completions bash > ~/.local/share/bash-completion/completions/ragterm
  ragterm completions fish > ~/.config/fish/completions/ragterm.fish
  ragterm completions zsh > \"${fpath[1]}/_ragterm\"";

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script for the shell.
pub fn run(args: &Args, command: &mut clap::Command) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "ragterm", &mut script);
    output::data(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Done)
}
