//! From a raw value to a typed one, or a sentence that says what is expected.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use unicode_normalization::UnicodeNormalization;

use super::access::{EVERY_SPACE, SpaceRole};
use super::problem::brief;
use super::value::{Node, Value};
use crate::error::{Error, Result};

/// What a wrong value is answered with.
type Parsed<T> = std::result::Result<T, String>;

/// Longest name of a space or a source, in characters.
const NAME_LENGTH: usize = 64;

const SIZES: &[(&str, f64)] = &[
    ("", 1.0),
    ("b", 1.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("tb", 1e12),
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("tib", 1_099_511_627_776.0),
];

const TIMES: &[(&str, f64)] = &[
    ("", 1.0),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("min", 60.0),
    ("h", 3_600.0),
    ("d", 86_400.0),
];

/// The name of a space or a source in Unicode NFC: 1 to 64 letters, digits, `-`, `_` and `.`,
/// beginning with a letter or a digit.
pub fn check_name(text: &str) -> Result<String> {
    let allowed = |character: char| character.is_alphanumeric() || "-_.".contains(character);
    let name: String = text.nfc().take(NAME_LENGTH + 1).collect();
    let begins_well = name.chars().next().is_some_and(char::is_alphanumeric);
    if begins_well && name.chars().all(allowed) && name.chars().count() <= NAME_LENGTH {
        return Ok(name);
    }
    Err(Error::usage(format!(
        "`{}` is not a valid name; use 1 to {NAME_LENGTH} letters, digits, `-`, `_` or `.`, \
         beginning with a letter or a digit",
        brief(text)
    )))
}

/// See [`check_name`].
pub(super) fn valid_name(value: &Value) -> Parsed<String> {
    check_name(&text(value)?).map_err(|error| error.to_string())
}

/// Names of languages as `tesseract` has them, joined by `+`: `kor+eng`.
pub(super) fn ocr_languages(value: &Value) -> Parsed<String> {
    let text = text(value)?;
    let is_language = |name: &str| {
        !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
    };
    if text.split('+').all(is_language) {
        return Ok(text);
    }
    Err(wrong(value, "names of languages such as \"kor+eng\""))
}

/// The address of a web site, or nothing.
pub(super) fn web_address(value: &Value) -> Parsed<String> {
    let text = text(value)?;
    if text.is_empty() || text.starts_with("https://") || text.starts_with("http://") {
        return Ok(text);
    }
    Err(wrong(value, "an address such as \"https://wiki.example.com\""))
}

/// `true` or `false`.
pub(super) fn boolean(value: &Value) -> Parsed<bool> {
    match value {
        Value::Boolean(flag) => Ok(*flag),
        _ => Err(wrong(value, "`true` or `false`")),
    }
}

/// Any text.
pub(super) fn text(value: &Value) -> Parsed<String> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        _ => Err(wrong(value, "text in quotes")),
    }
}

/// A whole number.
pub(super) fn integer(range: RangeInclusive<u32>) -> impl Fn(&Value) -> Parsed<u32> {
    move |value| {
        let number = match value {
            Value::Integer(number) => u32::try_from(*number).ok(),
            _ => None,
        };
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            wrong(value, &format!("a whole number from {} to {}", range.start(), range.end()))
        })
    }
}

/// A number of threads, 1 to 64; `None` for `0` or `"auto"`: one for each core.
pub(super) fn workers(value: &Value) -> Parsed<Option<usize>> {
    let number = match value {
        Value::Integer(number) => usize::try_from(*number).ok(),
        Value::Text(text) if text == "auto" => Some(0),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(0) => Ok(None),
        Some(number @ 1..=64) => Ok(Some(number)),
        _ => {
            Err(wrong(value, "a whole number from 1 to 64, or \"auto\" or 0 for one for each core"))
        }
    }
}

/// A number from 0 to 1.
pub(super) fn fraction(value: &Value) -> Parsed<f64> {
    number(0..=1)(value)
}

/// A number with or without a fraction, between whole limits.
pub(super) fn number(range: RangeInclusive<u32>) -> impl Fn(&Value) -> Parsed<f64> {
    move |value| {
        let number = match value {
            Value::Float(number) => Some(*number),
            Value::Integer(number) => u32::try_from(*number).ok().map(f64::from),
            _ => None,
        };
        let (least, most) = (*range.start(), *range.end());
        number
            .filter(|number| (f64::from(least)..=f64::from(most)).contains(number))
            .ok_or_else(|| wrong(value, &format!("a number from {least} to {most}")))
    }
}

/// A number of bytes, such as `1048576`, `"50MB"` or `"1.5 GiB"`.
pub(super) fn bytes(range: RangeInclusive<u64>) -> impl Fn(&Value) -> Parsed<u64> {
    move |value| {
        // Rounding only starts at 8 PB, far above every limit.
        let number = scaled(value, SIZES).map(|number| number as u64);
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            let (least, most) = (in_units(*range.start()), in_units(*range.end()));
            wrong(value, &format!("a size such as \"50MB\", from {least} to {most}"))
        })
    }
}

fn in_units(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    match bytes {
        whole if whole.is_multiple_of(1024 * MIB) => format!("{} GiB", whole / (1024 * MIB)),
        whole if whole.is_multiple_of(MIB) => format!("{} MiB", whole / MIB),
        other => format!("{other} B"),
    }
}

/// A duration in seconds, such as `30`, `0.5`, `"30s"` or `"15m"`.
pub(super) fn duration(range_s: RangeInclusive<f64>) -> impl Fn(&Value) -> Parsed<Duration> {
    move |value| {
        let seconds = scaled(value, TIMES).filter(|seconds| range_s.contains(seconds));
        seconds.map(Duration::from_secs_f64).ok_or_else(|| {
            let (least, most) = (range_s.start(), range_s.end());
            wrong(value, &format!("seconds from {least} to {most}, or text such as \"15m\""))
        })
    }
}

/// A number of anything, with or without one of the units.
fn scaled(value: &Value, units: &[(&str, f64)]) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Text(text) => {
            let text = text.trim();
            let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
            let (number, unit) = text.split_at(digits);
            let (_, scale) =
                units.iter().find(|(name, _)| unit.trim().eq_ignore_ascii_case(name))?;
            Some(number.parse::<f64>().ok()? * scale)
        }
        _ => None,
    }
}

/// One of a closed set of words.
pub(super) fn choice<T: Copy>(choices: &[(&str, T)]) -> impl Fn(&Value) -> Parsed<T> {
    move |value| {
        let text = text(value)?;
        let found = choices.iter().find(|(word, _)| *word == text);
        found.map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<String> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            let plural = if words.len() > 1 { "one of " } else { "" };
            let text = brief(&text);
            format!("`{text}` is not supported by this version; use {plural}{}", words.join(", "))
        })
    }
}

/// A list of path patterns.
pub(super) fn globs(value: &Value) -> Parsed<Vec<String>> {
    let Value::List(items) = value else {
        return Err(wrong(value, "a list such as [\"*.tmp\", \"drafts/**\"]"));
    };
    items.iter().map(|item| glob(&item.value)).collect()
}

/// Extensions of files.
pub(super) fn extensions(value: &Value) -> Parsed<Vec<String>> {
    let Value::List(items) = value else {
        return Err(wrong(value, "a list such as [\"md\", \"pdf\"]"));
    };
    let extension = |item: &Value| {
        let text = text(item)?;
        let bare = text.trim_start_matches('.');
        match !bare.is_empty() && bare.chars().all(char::is_alphanumeric) {
            true => Ok(text),
            false => Err(wrong(item, "an extension such as \"md\"")),
        }
    };
    items.iter().map(|item| extension(&item.value)).collect()
}

/// Any texts.
pub(super) fn texts(value: &Value) -> Parsed<Vec<String>> {
    let Value::List(items) = value else {
        return Err(wrong(value, "a list such as [\"ctrl-y\", \"f2\"]"));
    };
    items.iter().map(|item| text(&item.value)).collect()
}

/// What somebody may do in a space.
pub(super) fn role_name(value: &Value) -> Parsed<SpaceRole> {
    choice(&SpaceRole::NAMES)(value)
}

/// Names of spaces, at least one; [`EVERY_SPACE`] stands for all.
pub(super) fn space_names(value: &Value) -> Parsed<Vec<String>> {
    let Value::List(items) = value else {
        return Err(wrong(value, "a list such as [\"hr\"], or [\"*\"] for every space"));
    };
    if items.is_empty() {
        return Err(String::from("must name a space, or [\"*\"] for every space"));
    }
    let name = |item: &Node| match text(&item.value)?.as_str() {
        EVERY_SPACE => Ok(EVERY_SPACE.to_owned()),
        _ => valid_name(&item.value),
    };
    items.iter().map(name).collect()
}

/// Absolute paths; `~` stands for `home`.
pub(super) fn paths(home: Option<&Path>) -> impl Fn(&Value) -> Parsed<Vec<PathBuf>> {
    move |value| {
        let Value::List(items) = value else {
            return Err(wrong(value, "a list such as [\"/srv/share\"]"));
        };
        items.iter().map(|item| path(home)(&item.value)).collect()
    }
}

/// An address to listen on, or nothing.
pub(super) fn listen_address(value: &Value) -> Parsed<Option<SocketAddr>> {
    let text = text(value)?;
    match text.parse() {
        Ok(address) => Ok(Some(address)),
        Err(_) if text.is_empty() => Ok(None),
        Err(_) => Err(wrong(value, "an address such as \"127.0.0.1:7450\" or \"[::]:7450\"")),
    }
}

/// Ids as Discord makes them: whole numbers, in quotes since TOML's own are too small.
pub(super) fn snowflakes(value: &Value) -> Parsed<Vec<u64>> {
    let wrong = |text: &String| {
        format!("`{}` is no id of a guild, such as \"81384788765712384\"", brief(text))
    };
    texts(value)?.iter().map(|text| text.parse().map_err(|_| wrong(text))).collect()
}

fn glob(value: &Value) -> Parsed<String> {
    let pattern = text(value)?;
    match globset::Glob::new(&pattern) {
        Ok(_) if !pattern.is_empty() => Ok(pattern),
        Ok(_) => Err(String::from("a pattern must not be empty")),
        Err(error) => Err(format!("`{}` is not a pattern: {}", brief(&pattern), error.kind())),
    }
}

/// An absolute path; `~/` stands for the home directory.
pub(super) fn path(home: Option<&Path>) -> impl Fn(&Value) -> Parsed<PathBuf> {
    move |value| {
        let text = text(value)?;
        let path = match (home, text.strip_prefix('~')) {
            (Some(home), Some("")) => home.to_owned(),
            (Some(home), Some(rest)) if rest.starts_with('/') => home.join(rest.trim_matches('/')),
            _ => PathBuf::from(&text),
        };
        // The daemon runs in another directory than the person who wrote the path.
        if path.is_absolute() && !text.contains('\0') {
            return Ok(path);
        }
        Err(format!("`{}` must be an absolute path, or begin with `~/`", brief(&text)))
    }
}

fn wrong(value: &Value, expected: &str) -> String {
    match value {
        Value::Table(_) => format!("must be {expected}, not a section"),
        Value::List(_) => format!("must be {expected}, not a list"),
        _ => format!("must be {expected}, not `{}`", brief(&value.to_string())),
    }
}
