//! What the program says of what it does: a log on standard error, and traces for a collector.

mod line;
mod lines;
mod otlp;
mod seldom;
mod sink;

use std::io::IsTerminal;
use std::path::Path;
use std::sync::OnceLock;

use tracing::{Level, Subscriber};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

use crate::config::{Log, LogFormat, LogLevel};
use crate::error::{Error, Result};
use line::{Fields, Format, Head};
use lines::{Lines, now};
use otlp::Traces;
use sink::{Output, Sink};

pub use otlp::follow;
pub use seldom::Seldom;
pub use sink::{MAX_LOG_BYTES, open, put_aside};

/// The part of the program that says what belongs to none.
const TARGET: &str = "ragterm";

/// What runs for long and keeps a log: the daemon, a bot, the tools for agents.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    /// What it is called in traces.
    pub name: &'static str,
    /// Its own log file, which is kept bounded if standard error goes there.
    pub log_file: Option<&'a Path>,
}

/// What was started, once for the process.
#[derive(Debug)]
struct Running {
    format: Format,
    is_own_file: bool,
    sink: Sink,
    traces: Option<Traces>,
}

static RUNNING: OnceLock<Running> = OnceLock::new();

/// Begins the log of a service, and its traces if there is a collector; needs a runtime.
///
/// `Usage` when the level or the collector cannot be understood.
pub fn serve(service: Service<'_>, log: &Log) -> Result<()> {
    let filter = filter(directives(log.level))?;
    let output = Output::of_standard_error(service.log_file);
    let format = format_for(log.format, &output);
    let is_own_file = matches!(output, Output::Own(_));
    let sink = Sink::queued(
        output,
        match format {
            Format::Json => |lost| lost_line(Format::Json, lost),
            Format::Text | Format::Coloured => |lost| lost_line(Format::Text, lost),
        },
    )
    .map_err(|error| Error::internal("cannot start the thread of the log").because(error))?;
    let lines = Lines::new(format, sink.clone()).with_filter(filter);
    let traces = otlp::connect(log, service.name)?;
    let traced = traces.as_ref().map(Traces::layer);
    begin(Registry::default().with(lines).with(traced))?;
    tell_panics();
    // It was begun once, or `begin` had failed.
    let _first = RUNNING.set(Running { format, is_own_file, sink, traces });
    Ok(())
}

/// Begins to say in detail, for people, what a command does.
pub fn explain() -> Result<()> {
    let filter = filter(directives(LogLevel::Debug))?;
    let is_coloured = std::io::stderr().is_terminal() && !is_colourless();
    let format = if is_coloured { Format::Coloured } else { Format::Text };
    begin(Registry::default().with(Lines::new(format, Sink::Direct).with_filter(filter)))
}

/// Sends the last traces and writes the last lines; takes a second at the most, for each.
pub async fn close() {
    let Some(running) = RUNNING.get() else { return };
    if running.traces.is_some() {
        // The thread that sends them needs the runtime.
        let closing = tokio::task::spawn_blocking(|| {
            RUNNING.get().and_then(|running| running.traces.as_ref()).map(Traces::close)
        });
        // A collector that does not take them any more has been told of.
        let _closed = closing.await;
    }
    running.sink.flush();
}

/// Writes why a service ended into its log, as its lines are; `false` when there is no log, or
/// people read it at once, and somebody else must say it.
pub fn tell(error: &Error) -> bool {
    let Some(running) = RUNNING.get() else { return false };
    let hint = error.next_step();
    if running.format == Format::Json {
        tracing::error!(target: TARGET, event = "failed", hint, "{error}");
    } else if running.is_own_file {
        // What started the daemon looks for these words.
        running.sink.write(format!("error: {}\n", broken(&error.to_string())));
        if let Some(hint) = hint {
            running.sink.write(format!("hint: {}\n", broken(hint)));
        }
    }
    running.sink.flush();
    running.format == Format::Json || running.is_own_file
}

/// Writes a remark for people into the log of a service; `false` when there is none.
pub fn remark(text: &str) -> bool {
    let is_json = RUNNING.get().is_some_and(|running| running.format == Format::Json);
    if is_json {
        tracing::info!(target: TARGET, "{text}");
    }
    is_json
}

/// Lines of people's text stay lines, and steer nothing.
fn broken(text: &str) -> String {
    let safe = |character| match character {
        '\n' | '\t' => character,
        other if ragterm_units::steers(other) => '\u{fffd}',
        other => other,
    };
    text.chars().map(safe).collect()
}

fn begin(subscriber: impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync) -> Result<()> {
    subscriber.try_init().map_err(|error| Error::internal("cannot set up the log").because(error))
}

/// Text where people read it: on a terminal, and in the file of a daemon that a command started,
/// which reads it too. JSON for what collects the output of a service: a pipe, a journal.
fn format_for(configured: LogFormat, output: &Output) -> Format {
    let is_terminal = std::io::stderr().is_terminal();
    match (configured, output) {
        (LogFormat::Json, _) => Format::Json,
        (LogFormat::Text | LogFormat::Auto, _) if is_terminal && !is_colourless() => {
            Format::Coloured
        }
        (LogFormat::Text, _) | (LogFormat::Auto, Output::Own(_)) => Format::Text,
        (LogFormat::Auto, Output::StandardError) if is_terminal => Format::Text,
        (LogFormat::Auto, Output::StandardError) => Format::Json,
    }
}

fn is_colourless() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// What a level lets through: of others than ourselves less. serenity would warn of an event with
/// all that is in it.
fn directives(level: LogLevel) -> String {
    let (ours, others) = match level {
        LogLevel::Error => ("error", "error"),
        LogLevel::Warn => ("warn", "warn"),
        LogLevel::Info => ("info", "warn"),
        LogLevel::Debug => ("debug", "info"),
        LogLevel::Trace => ("trace", "info"),
    };
    format!("{others},ragterm={ours},serenity=error")
}

/// What RAGTERM_LOG chooses, else `directives`.
fn filter(directives: String) -> Result<EnvFilter> {
    let chosen = std::env::var("RAGTERM_LOG").unwrap_or_default();
    let directives = if chosen.is_empty() { directives } else { chosen };
    if let Some(word) = directives.split(',').map(str::trim).find(|word| is_misspelt(word)) {
        return Err(Error::usage(format!("RAGTERM_LOG has `{word}`, which is no level")).hint(
            "there are error, warn, info, debug and trace, and `ragterm=debug` for one part",
        ));
    }
    EnvFilter::try_new(directives).map_err(|error| {
        Error::usage("cannot understand RAGTERM_LOG").because(error).hint("try `debug`")
    })
}

/// Whether a directive is a word alone that is no level: as the name of a part that is not there it
/// would turn off the whole log.
fn is_misspelt(directive: &str) -> bool {
    let is_word = !directive.contains(['=', ':', '[']) && !directive.starts_with(TARGET);
    is_word && directive.parse::<tracing_subscriber::filter::LevelFilter>().is_err()
}

/// Has a panic be a line of the log. What it says may be of a document: only its place is told.
fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or_default();
        let said = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or_default();
        tracing::error!(target: TARGET, event = "panic", place, thread, said, "a task failed");
        if let Some(running) = RUNNING.get() {
            running.sink.flush();
        }
    }));
}

fn lost_line(format: Format, lost: u64) -> String {
    let message = format!("{lost} lines are missing: the log was not taken in time");
    let at = now();
    let head = Head { at: &at, level: Level::WARN, target: TARGET, request: None };
    Fields::saying(message).line(format, head)
}

#[cfg(test)]
mod tests;
