//! `ragterm config`: where the configuration is, what is in force, and a first file.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;

use serde::Serialize;

use super::Outcome;
use super::context::Context;
use super::output::{self, DIM, clean};
use crate::config::{self, Origin, Setting};
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm config path                   the file that is read
  ragterm config show                   every value in force, and where it came from
  ragterm config init                   write a file that explains every key";

/// Names of keys whose values are never shown end with one of these.
const SECRETS: [&str; 4] = ["api_key", "token", "password", "secret"];

/// Show the configuration, or write a first one
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the path of the configuration file
    Path,
    /// Print every value in force and where it came from
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a file that explains every key; an existing one stays as it is
    Init,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    key: &'a str,
    value: &'a str,
    origin: String,
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> Result<Outcome> {
    match args.action.as_ref().unwrap_or(&Action::Show { json: false }) {
        Action::Path => print_path(context)?,
        Action::Show { json } => {
            let settings = context.load()?.settings;
            match json {
                true => output::json(&settings.iter().map(shown).collect::<Vec<_>>())?,
                false => output::data(&settings.iter().map(render).collect::<String>())?,
            }
        }
        Action::Init => init(context)?,
    }
    Ok(Outcome::Done)
}

/// The bytes of the path as they are, so that scripts can use any.
fn print_path(context: &Context) -> Result<()> {
    let mut line = context.paths.config_file.as_os_str().as_bytes().to_vec();
    line.push(b'\n');
    Ok(std::io::stdout().lock().write_all(&line)?)
}

fn render(setting: &Setting) -> String {
    let line = match is_secret(setting) {
        true => format!("{} = \"…\"", setting.key),
        false => setting.to_string(),
    };
    match &setting.origin {
        Origin::Default => format!("{DIM}{}{DIM:#}\n", clean(&line)),
        origin => format!("{}  {DIM}# {}{DIM:#}\n", clean(&line), clean(&origin.to_string())),
    }
}

fn shown(setting: &Setting) -> Shown<'_> {
    let value = if is_secret(setting) { "\"…\"" } else { &setting.value };
    Shown { key: &setting.key, value, origin: setting.origin.to_string() }
}

/// A secret that is not set is no secret.
fn is_secret(setting: &Setting) -> bool {
    SECRETS.iter().any(|ending| setting.key.ends_with(ending)) && setting.value != "\"\""
}

fn init(context: &Context) -> Result<()> {
    let path = &context.paths.config_file;
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::usage(format!("{} exists and was not touched", path.display()))
                .hint("change it, or move it away first")
        }
        _ => Error::usage(format!("cannot write {}", path.display())).because(error),
    };
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    file.write_all(config::example().as_bytes()).map_err(failed)?;
    output::line(&format!("wrote {}", path.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::context::Global;
    use super::*;

    #[test]
    fn init_never_overwrites() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/config.toml");
        let global = Global { config: Some(path.clone()), ..Global::default() };
        let context = Context::new(global).unwrap();
        init(&context).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), config::example());
        assert_eq!(init(&context).unwrap_err().kind(), crate::error::ErrorKind::Usage);
    }

    #[test]
    fn secrets_are_never_shown() {
        let secret = Setting {
            key: "embedder.api_key".into(),
            value: "\"sk-1\"".into(),
            origin: Origin::Flag,
        };
        assert!(!render(&secret).contains("sk-1"));
        assert!(!output::to_json(&shown(&secret)).unwrap().contains("sk-1"));
        let open = Setting { key: "search.limit".into(), value: "5".into(), origin: Origin::Flag };
        let text = anstream::adapter::strip_str(&render(&open)).to_string();
        assert_eq!(text, "search.limit = 5  # command line\n");
    }
}
