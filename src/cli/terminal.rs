//! `ragterm` without a command: the terminal client.

use std::io::{IsTerminal, stdin, stdout};
use std::path::PathBuf;
use std::sync::Arc;

use ragterm_tui::{Colour, Keys, Options, Unreachable};

use super::Outcome;
use super::client;
use super::context::Context;
use crate::error::{Error, Result};

/// Names a file for the times from key to screen, for measurements.
const TRACE: &str = "RAGTERM_TEST_TUI_TRACE";

/// Runs the client until the user leaves it.
pub async fn run(context: &Context) -> Result<Outcome> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(Error::usage("the terminal client needs a terminal").hint(
            "`ragterm search` and `ragterm ask` work anywhere; `ragterm --help` lists all commands",
        ));
    }
    let config = context.load()?.config;
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let keys = Keys::new(&config.tui.keys).map_err(|problems| {
        let told: Vec<String> = problems
            .iter()
            .map(|(name, problem)| format!("`tui.keys.{name}`: {problem}"))
            .collect();
        Error::usage(told.join("\n"))
    })?;
    let reached = context.clone();
    let options = Options {
        theme: config.tui.theme,
        colour: Colour::detect(variable),
        keys,
        editor: variable("VISUAL").or_else(|| variable("EDITOR")),
        history: Some(context.paths.log_file.with_file_name("queries")),
        trace: variable(TRACE).map(PathBuf::from),
        ..Options::new(Arc::new(move || {
            let context = reached.clone();
            Box::pin(async move { client::reach(&context).await.map_err(|error| told(&error)) })
        }))
    };
    ragterm_tui::run(options).await.map_err(|error| {
        let hint = error.hint().to_owned();
        let failed = Error::unavailable(error.to_string());
        if hint.is_empty() { failed } else { failed.hint(hint) }
    })?;
    Ok(Outcome::Done)
}

fn told(error: &Error) -> Unreachable {
    Unreachable {
        sentence: error.to_string(),
        hint: error.next_step().unwrap_or_default().to_owned(),
    }
}
