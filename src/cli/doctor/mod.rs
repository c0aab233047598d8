//! `ragterm doctor`: what works here, what does not, and how to mend it.

mod answers;
mod limits;
mod places;
mod server;
mod service;

use ragterm_connectors::extract::Dialect;
use ragterm_connectors::worker::{Job, Limits, Origin, Pool};
use ragterm_proto::v1::StatusReply;
use serde::Serialize;
use tokio::sync::mpsc;

use super::Outcome;
use super::context::Context;
use super::output::{self, BAD, GOOD, WARNING, clean, clean_block};
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  ragterm doctor
  ragterm doctor --json
  ragterm doctor --fix                  fetch the embedding model into Ollama if it is missing

Without --fix it changes nothing. It starts no daemon. Exit code 1 when a check fails.";

/// Check configuration, daemon, index, models and limits, and say how to mend them
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Fetch a missing embedding model into Ollama, with progress
    #[arg(long)]
    fix: bool,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub state: Level,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// All is well.
    Ok,
    /// Odd, but no failure.
    Warn,
    /// Something will not work.
    Fail,
}

impl Check {
    /// All is well.
    pub fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, state: Level::Ok, detail: detail.into(), remedy: None }
    }

    /// Odd, but no failure.
    pub fn warn(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: Level::Warn, detail: detail.into(), remedy: Some(remedy.into()) }
    }

    /// Something will not work.
    pub fn fail(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: Level::Fail, detail: detail.into(), remedy: Some(remedy.into()) }
    }
}

/// What is done about faults that can be mended from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedies {
    Named,
    Applied,
}

impl Remedies {
    fn of(args: &Args) -> Self {
        if args.fix { Self::Applied } else { Self::Named }
    }
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    ok: bool,
    checks: &'a [Check],
}

/// Runs all checks; the outcome is negative when one fails.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let mut checks = vec![configuration(context)];
    checks.extend(places::check(context));
    checks.push(worker().await);
    checks.extend(server::check(context, Remedies::of(args)).await);
    checks.extend(answers::check(context).await);
    let (found, status) = service::check(context).await;
    checks.extend(found);
    checks.extend(limits::check(status.as_ref()));
    let ok = checks.iter().all(|check| check.state != Level::Fail);
    match args.json {
        true => output::json(&Report { ok, checks: &checks })?,
        false => output::data(&render(&checks))?,
    }
    Ok(if ok { Outcome::Done } else { Outcome::Negative })
}

fn configuration(context: &Context) -> Check {
    const NAME: &str = "configuration";
    let file = context.paths.config_file.display();
    match context.load() {
        Ok(_) if context.paths.config_file.exists() => Check::ok(NAME, file.to_string()),
        Ok(_) => Check::ok(NAME, format!("defaults; {file} does not exist")),
        Err(error) => {
            let remedy = error.next_step().unwrap_or("correct the file or the variable");
            Check::fail(NAME, error.to_string(), remedy)
        }
    }
}

/// Starts a worker and has it read a text.
async fn worker() -> Check {
    const NAME: &str = "worker";
    let remedy = "check that this program may start itself, and the limits on processes and memory";
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return Check::fail(NAME, error.to_string(), remedy),
    };
    let pool = Pool::new(program, 1, Limits::default());
    let job = Job {
        path: "probe.txt".to_owned(),
        dialect: Dialect::Any,
        size: 0,
        known: None,
        origin: Origin::Bytes(b"a short text".to_vec()),
    };
    // A text has nothing inside.
    let (members, _none) = mpsc::channel(1);
    let extracted = pool.extract(job, &members).await;
    pool.close().await;
    match extracted {
        Ok(extracted) => match extracted.outcome {
            Ok(_) => Check::ok(NAME, "reads documents in a process of its own"),
            Err(reason) => Check::fail(NAME, format!("cannot read a text: {reason}"), remedy),
        },
        Err(error) => Check::fail(NAME, error.to_string(), remedy),
    }
}

/// A line for each check, and one for what to do about it.
pub fn render(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let (style, word) = match check.state {
            Level::Ok => (GOOD, "ok  "),
            Level::Warn => (WARNING, "warn"),
            Level::Fail => (BAD, "fail"),
        };
        let detail = clean_block(&check.detail).replace('\n', "\n                      ");
        text.push_str(&format!("{style}{word}{style:#}  {:<14}  {detail}\n", check.name));
        if let Some(remedy) = &check.remedy {
            text.push_str(&format!("{:20}  → {}\n", "", clean(remedy)));
        }
    }
    text
}

/// The daemon's answer, when there is one.
type Status = Option<StatusReply>;

#[cfg(test)]
mod tests {
    use super::super::context::Global;
    use super::*;

    #[test]
    fn each_line_says_what_and_how_to_mend_it() {
        let checks = [
            Check::ok("configuration", "defaults"),
            Check::warn("disk", "300 MB free", "make room"),
            Check::fail("daemon", "two\nlines", "restart it"),
        ];
        let text = anstream::adapter::strip_str(&render(&checks)).to_string();
        insta::assert_snapshot!(text, @r"
        ok    configuration   defaults
        warn  disk            300 MB free
                              → make room
        fail  daemon          two
                              lines
                              → restart it
        ");
        let json = output::to_json(&Report { ok: false, checks: &checks[1..2] }).unwrap();
        insta::assert_snapshot!(json, @r#"{"ok":false,"checks":[{"name":"disk","state":"warn","detail":"300 MB free","remedy":"make room"}]}"#);
    }

    #[test]
    fn a_broken_configuration_is_found_with_all_its_problems() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.toml");
        std::fs::write(&file, "[serch]\nlimit = 3\n[index]\nworkers = -1\n").unwrap();
        let global = Global { config: Some(file), ..Global::default() };
        let check = configuration(&Context::new(global).unwrap());
        assert_eq!(check.state, Level::Fail);
        assert!(check.detail.contains("serch") && check.detail.contains("workers"), "{check:?}");
    }
}
