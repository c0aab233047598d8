//! One line of the log, as text or as JSON: bounded, and always one line, whatever is in its fields.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use ragterm_units::{breaks_line, steers};
use tracing::Level;
use tracing::field::{Field, Visit};

/// A value is cut here, in bytes…
const MAX_VALUE: usize = 2_000;

/// …and all values of a line together here.
const MAX_LINE: usize = 12_000;

/// Names that each line has; a field of the same name gets a `_` behind it.
const RESERVED: [&str; 4] = ["ts", "level", "target", "request"];

/// What an event is called that names itself nothing.
const UNNAMED: &str = "log";

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// The same with colours.
    Coloured,
    /// For programs.
    Json,
}

/// What a line says, besides its fields.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// When, as RFC 3339 has it, in UTC.
    pub at: &'a str,
    /// How bad it is.
    pub level: Level,
    /// The part of the program that says it.
    pub target: &'a str,
    /// The request that it belongs to.
    pub request: Option<&'a str>,
}

/// The fields of an event, each no longer than a line can hold.
#[derive(Debug)]
pub struct Fields {
    event: Option<String>,
    message: String,
    /// That of the event itself.
    request: Option<String>,
    others: Vec<(&'static str, Value)>,
    room: usize,
}

#[derive(Debug)]
enum Value {
    Text(String),
    /// As JSON has it: a number or a truth.
    Plain(String),
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            event: None,
            message: String::new(),
            request: None,
            others: Vec::new(),
            room: MAX_LINE,
        }
    }
}

impl Fields {
    /// A message alone.
    pub fn saying(message: String) -> Self {
        Self { message, ..Self::default() }
    }

    /// The line with its break.
    pub fn line(&self, format: Format, head: Head<'_>) -> String {
        let mut line = String::with_capacity(256);
        let request = self.request.as_deref().or(head.request);
        let head = Head { request, ..head };
        // Writing to a string cannot fail.
        let _written = match format {
            Format::Json => self.json(&mut line, head),
            Format::Text => self.text(&mut line, head, Style::new()),
            Format::Coloured => self.text(&mut line, head, colour(head.level)),
        };
        line.push('\n');
        line
    }

    fn json(&self, line: &mut String, head: Head<'_>) -> fmt::Result {
        let event = self.event.as_deref().unwrap_or(UNNAMED);
        write!(line, "{{\"ts\":\"{}\",\"level\":\"{}\"", head.at, name(head.level))?;
        for (key, text) in
            [("target", head.target), ("event", event), ("message", self.message.as_str())]
        {
            write!(line, ",\"{key}\":{}", Quoted(text))?;
        }
        if let Some(request) = head.request {
            write!(line, ",\"request\":{}", Quoted(request))?;
        }
        for (key, value) in &self.others {
            let behind = if RESERVED.contains(key) { "_" } else { "" };
            match value {
                Value::Text(text) => write!(line, ",\"{key}{behind}\":{}", Quoted(text))?,
                Value::Plain(text) => write!(line, ",\"{key}{behind}\":{text}")?,
            }
        }
        line.write_char('}')
    }

    fn text(&self, line: &mut String, head: Head<'_>, style: Style) -> fmt::Result {
        let level = name(head.level).to_uppercase();
        write!(line, "{} {style}{level:>5}{style:#} {}", head.at, head.target)?;
        write!(line, ": {}", Escaped(&self.message))?;
        if let Some(event) = &self.event {
            write!(line, " event={}", Bare(event))?;
        }
        for (key, value) in &self.others {
            match value {
                Value::Text(text) => write!(line, " {key}={}", Bare(text))?,
                Value::Plain(text) => write!(line, " {key}={text}")?,
            }
        }
        match head.request {
            Some(request) => write!(line, " request={}", Bare(request)),
            None => Ok(()),
        }
    }

    fn plain(&mut self, field: &Field, text: String) {
        self.keep(field, Value::Plain(text));
    }

    fn keep(&mut self, field: &Field, value: Value) {
        let size = field.name().len()
            + match &value {
                Value::Text(text) | Value::Plain(text) => text.len(),
            };
        if let Some(room) = self.room.checked_sub(size) {
            self.room = room;
            self.others.push((field.name(), value));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = bounded(value);
        match field.name() {
            "message" => self.message = text,
            "event" => self.event = Some(text),
            "request" => self.request = Some(text),
            _ => self.keep(field, Value::Text(text)),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value.to_string());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value.to_string());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value.to_string());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no other numbers.
        let text = if value.is_finite() { value.to_string() } else { "null".to_owned() };
        self.plain(field, text);
    }
}

/// A value as text; what is longer is not even made.
pub fn bounded(value: &dyn fmt::Debug) -> String {
    let mut text = Bounded(String::new());
    if write!(text, "{value:?}").is_err() {
        text.0.push('…');
    }
    text.0
}

struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_VALUE - self.0.len();
        if text.len() > room {
            self.0.push_str(&text[..text.floor_char_boundary(room)]);
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

fn colour(level: Level) -> Style {
    match level {
        Level::ERROR => AnsiColor::Red.on_default().bold(),
        Level::WARN => AnsiColor::Yellow.on_default(),
        Level::INFO => AnsiColor::Green.on_default(),
        _ => Style::new().dimmed(),
    }
}

/// Text with nothing that ends a line or steers a terminal; the same escapes are JSON's.
struct Escaped<'a>(&'a str);

/// The same in quotes: a string of JSON.
struct Quoted<'a>(&'a str);

/// A value of a text line: in quotes only where it could be taken for more than one.
struct Bare<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match needs_escape(character) {
            true => escape(f, character),
            false => f.write_char(character),
        })
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                other if needs_escape(other) => escape(f, other)?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

impl fmt::Display for Bare<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_odd = |character: char| {
            character.is_whitespace()
                || needs_escape(character)
                || matches!(character, '"' | '=' | '\\')
        };
        match self.0.is_empty() || self.0.chars().any(is_odd) {
            true => Quoted(self.0).fmt(f),
            false => f.write_str(self.0),
        }
    }
}

fn needs_escape(character: char) -> bool {
    steers(character) || breaks_line(character)
}

fn escape(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        // None of them lies beyond the first plane.
        other => write!(f, "\\u{:04x}", u32::from(other)),
    }
}
