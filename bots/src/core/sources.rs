//! What is told of a source: its title, place, age and link.

use jiff::Timestamp;
use ragterm_proto::v1::{CitedSource, Hit, TurnSource};

use super::words::Language;

/// The longest excerpt that is kept of a passage, in characters.
const MAX_EXCERPT_CHARS: usize = 1_200;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A document that an answer stands on, or a hit. All of its text comes from documents: neutralise it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Its number in the answer, or its rank.
    pub n: u32,
    /// Its title, or its file name.
    pub title: String,
    /// Path, heading, and lines or page, such as `hr/leave.md › Carry-over, lines 3–9`.
    pub place: String,
    /// The space that it belongs to; may be empty.
    pub space: String,
    /// When it was last changed, since the epoch; 0: not known.
    pub modified_ms: i64,
    /// Its address, if people can open it from a chat: http or https only.
    pub link: Option<String>,
    /// Part of its text; may be empty.
    pub excerpt: String,
}

impl Source {
    /// How long ago it was changed, or the day if that is long ago; empty if not known.
    pub fn age(&self, now_ms: i64, language: Language) -> String {
        if self.modified_ms <= 0 {
            return String::new();
        }
        let passed = now_ms.saturating_sub(self.modified_ms);
        if passed >= 30 * DAY_MS {
            return day(self.modified_ms);
        }
        let (count, unit) = match passed {
            ..MINUTE_MS => (0, Unit::Minute),
            MINUTE_MS..HOUR_MS => (passed / MINUTE_MS, Unit::Minute),
            HOUR_MS..DAY_MS => (passed / HOUR_MS, Unit::Hour),
            _ => (passed / DAY_MS, Unit::Day),
        };
        ago(count, unit, language)
    }
}

/// The present moment as [`Source::age`] takes it.
pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

#[derive(Clone, Copy)]
enum Unit {
    Minute,
    Hour,
    Day,
}

fn ago(count: i64, unit: Unit, language: Language) -> String {
    match (language, count) {
        (Language::English, 0) => "just now".to_owned(),
        (Language::Korean, 0) => "방금".to_owned(),
        (Language::English, _) => {
            let noun = match unit {
                Unit::Minute => "minute",
                Unit::Hour => "hour",
                Unit::Day => "day",
            };
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {noun}{plural} ago")
        }
        (Language::Korean, _) => {
            let noun = match unit {
                Unit::Minute => "분",
                Unit::Hour => "시간",
                Unit::Day => "일",
            };
            format!("{count}{noun} 전")
        }
    }
}

fn day(modified_ms: i64) -> String {
    // A time that no calendar holds is left out rather than shown wrong.
    Timestamp::from_millisecond(modified_ms)
        .map(|time| time.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

impl From<&Hit> for Source {
    fn from(hit: &Hit) -> Self {
        let lines = hit.lines.as_ref().map(|lines| (lines.first, lines.last));
        Self {
            n: hit.rank,
            title: title(&hit.title, &hit.path),
            place: place(&hit.path, &hit.heading, position(lines, hit.page)),
            space: hit.space.clone(),
            modified_ms: hit.modified_ms,
            link: link(&hit.uri),
            excerpt: excerpt(&hit.snippet),
        }
    }
}

impl From<&CitedSource> for Source {
    fn from(cited: &CitedSource) -> Self {
        let hit = cited.hit.as_ref().map(Self::from).unwrap_or_default();
        let passage = excerpt(&cited.passage);
        let excerpt = if passage.is_empty() { hit.excerpt } else { passage };
        Self { n: cited.n, excerpt, ..hit }
    }
}

impl From<&TurnSource> for Source {
    fn from(source: &TurnSource) -> Self {
        Self {
            n: source.n,
            title: title(&source.title, &source.path),
            place: one_line(&source.path),
            space: source.space.clone(),
            modified_ms: source.modified_ms,
            link: link(&source.uri),
            excerpt: String::new(),
        }
    }
}

fn title(title: &str, path: &str) -> String {
    let name =
        if title.trim().is_empty() { path.rsplit('/').next().unwrap_or(path) } else { title };
    one_line(name)
}

fn place(path: &str, heading: &[String], position: String) -> String {
    let mut place = one_line(path);
    if let Some(heading) = heading.last().filter(|heading| !heading.trim().is_empty()) {
        place.push_str(" › ");
        place.push_str(&one_line(heading));
    }
    place + &position
}

/// Digits only, so that it needs no language.
fn position(lines: Option<(u32, u32)>, page: Option<u32>) -> String {
    match (page, lines) {
        (Some(page), _) => format!(", p. {page}"),
        (None, Some((first, last))) if first == last => format!(":{first}"),
        (None, Some((first, last))) => format!(":{first}–{last}"),
        (None, None) => String::new(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn excerpt(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Addresses with anything that could end a link early are not made links.
fn link(uri: &str) -> Option<String> {
    let is_web = uri.starts_with("https://") || uri.starts_with("http://");
    let is_plain = uri.len() <= 2_000
        && uri.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '|' | '"' | '`'));
    (is_web && is_plain).then(|| uri.to_owned())
}
