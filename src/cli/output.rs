//! What leaves the program: data on stdout, words for people on stderr, nothing that steers a
//! terminal unless it comes from us.

use std::io::{self, ErrorKind, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::units::{breaks_line, steers};
use crate::error::{Error, Result};
use crate::telemetry;

/// Headings and titles.
pub const BOLD: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();
/// What was searched for.
pub const MATCH: Style = AnsiColor::Yellow.on_default().bold();
/// All is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Odd, but no failure.
pub const WARNING: Style = AnsiColor::Yellow.on_default();
/// Failed.
pub const BAD: Style = AnsiColor::Red.on_default().bold();

/// Writes data for people or scripts to stdout; a reader that went away ends the program quietly.
pub fn data(text: &str) -> Result<()> {
    let mut stdout = anstream::stdout().lock();
    written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Writes a sequence of our own that steers the terminal.
pub fn control(sequence: &str) -> Result<()> {
    written(io::stdout().lock().write_all(sequence.as_bytes()))
}

/// Writes one JSON document and a line break to stdout.
pub fn json(value: &impl Serialize) -> Result<()> {
    let text = to_json(value)?;
    let mut stdout = io::stdout().lock();
    written(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// JSON on one line, safe to show on a terminal.
pub fn to_json(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(value)
        .map_err(|error| Error::internal("cannot write the answer as JSON").because(error))?;
    // JSON leaves these as they are, and they only occur inside of its strings.
    if !text.chars().any(steers) {
        return Ok(text);
    }
    Ok(text.chars().fold(String::new(), |mut safe, character| {
        match steers(character) {
            true => safe.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => safe.push(character),
        }
        safe
    }))
}

/// A remark for people on stderr.
pub fn note(text: &str) {
    line(&format!("{DIM}note:{DIM:#} {text}"));
}

/// A line for people on stderr.
pub fn line(text: &str) {
    // Among the lines of a log of JSON it would be none.
    if telemetry::remark(&anstream::adapter::strip_str(text).to_string()) {
        return;
    }
    // Nowhere is left to report to when stderr itself is gone.
    let _gone = writeln!(anstream::stderr(), "{text}");
}

/// An error and its next step on stderr.
pub fn error(error: &Error) {
    line(&format!("{BAD}error:{BAD:#} {}", clean_block(&error.to_string())));
    if let Some(hint) = error.next_step() {
        line(&format!("{BOLD}hint:{BOLD:#} {}", clean_block(hint)));
    }
}

/// Untrusted text on one line, character for character, with nothing that steers a terminal.
pub fn clean(text: &str) -> String {
    text.chars().map(cleaned).collect()
}

/// As [`clean`], but line breaks and tabs stay.
pub fn clean_block(text: &str) -> String {
    let keep = |character| match character {
        '\n' | '\t' => character,
        other => cleaned(other),
    };
    text.chars().map(keep).collect()
}

fn cleaned(character: char) -> char {
    match character {
        '\t' => ' ',
        other if breaks_line(other) => ' ',
        other if steers(other) => '\u{fffd}',
        other => other,
    }
}

fn written(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(Error::unavailable("cannot write to standard output").because(error)),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untrusted_text_cannot_steer_the_terminal() {
        let hostile = "a\u{1b}[31mred\u{9b}2J\u{7}\nline\u{202e}txt.exe";
        let safe = clean(hostile);
        assert!(!safe.chars().any(steers), "{safe:?}");
        // Offsets into the text stay right.
        assert_eq!(safe.chars().count(), hostile.chars().count());
        assert_eq!(clean_block("가\tb\nc"), "가\tb\nc");
    }

    #[test]
    fn json_on_a_terminal_is_as_safe_and_still_the_same_value() {
        let hostile = "a\u{1b}[31m\u{9b}2J\u{7f}\u{202e}규정";
        let text = to_json(&hostile).unwrap();
        assert!(!text.chars().any(steers), "{text:?}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }
}
