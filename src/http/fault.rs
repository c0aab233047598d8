//! What can go wrong with a call, in words for people.

use std::error::Error as StdError;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

/// A server's own words are shown up to so many characters.
const MAX_WORDS: usize = 300;

/// The longest wait that a server can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// HTTP's dates are those of mails; a wrong day of the week does no harm.
const HTTP_DATE: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

/// Why a call has no answer that can be used.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// What kind it is.
    pub kind: FaultKind,
    /// The server's words, or why there are none.
    pub message: String,
}

/// What can be done about a [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The server is not reached, or the connection broke.
    Network,
    /// The answer did not come in time.
    Slow,
    /// Nothing was sent, because the server has not answered for a while.
    Down,
    /// The server asks to be left alone for a while (429, 503, 529).
    Busy(Option<Duration>),
    /// Something before the server does not reach it (502, 504).
    Gateway(u16),
    /// The server failed (500 and others).
    Server(u16),
    /// The request is wrong, says the server; the same one will never be right.
    Refused(u16),
    /// The answer is no JSON of the right shape.
    Unreadable,
    /// The answer is not what was asked for.
    Garbled,
}

impl Fault {
    /// The fault that a status and the text below it stand for.
    pub(crate) fn of_status(status: u16, headers: &HeaderMap, text: &str) -> Self {
        let message = server_words(text);
        let kind = match status {
            _ if is_about_the_text(&message) => FaultKind::Refused(status),
            429 | 503 | 529 => FaultKind::Busy(retry_after(headers)),
            502 | 504 => FaultKind::Gateway(status),
            500.. => FaultKind::Server(status),
            _ => FaultKind::Refused(status),
        };
        Self { kind, message }
    }

    pub(crate) fn of_transport(error: &reqwest::Error, timeout: Duration) -> Self {
        if error.is_timeout() && !error.is_connect() {
            let message = format!("no answer within {} s", timeout.as_secs_f32());
            return Self { kind: FaultKind::Slow, message };
        }
        Self { kind: FaultKind::Network, message: innermost(error) }
    }

    pub(crate) fn garbled(message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Garbled, message: message.into() }
    }

    /// Whether the same call may succeed a moment later.
    pub(crate) fn is_worth_retrying(&self) -> bool {
        use FaultKind::{Busy, Gateway, Network, Server};
        matches!(self.kind, Network | Busy(_) | Gateway(_) | Server(500))
    }

    /// Whether it speaks against the server being there.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self.kind, FaultKind::Network | FaultKind::Slow | FaultKind::Gateway(_))
    }

    /// The HTTP status, if the server gave one.
    pub(crate) fn status(&self) -> Option<u16> {
        match self.kind {
            FaultKind::Gateway(status) | FaultKind::Server(status) | FaultKind::Refused(status) => {
                Some(status)
            }
            _ => None,
        }
    }
}

/// Whether an error text says that one input, or all of them together, are too long.
pub(crate) fn is_too_long(message: &str) -> bool {
    const SIGNS: [&str; 10] = [
        "context length",
        "context limit",
        "context size",
        "context window",
        "too long",
        "too large to process",
        "must have less than",
        "maximum input length",
        "token limit",
        "tokens per request",
    ];
    let message = message.to_lowercase();
    SIGNS.iter().any(|sign| message.contains(sign))
}

/// Whether an error text says that a request holds too many inputs.
pub(crate) fn is_too_many(message: &str) -> bool {
    const SIGNS: [&str; 4] =
        ["maximum allowed batch size", "tokens per request", "too many inputs", "array too long"];
    let message = message.to_lowercase();
    SIGNS.iter().any(|sign| message.contains(sign))
}

/// Some servers answer 500 to what is wrong with a text: llama.cpp when it is too long, Ollama
/// when its vector has no numbers.
fn is_about_the_text(message: &str) -> bool {
    is_too_long(message) || message.contains("unsupported value")
}

/// The wait that the server asks for: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => {
            let date = HTTP_DATE.parse_timestamp(text).ok()?;
            Duration::try_from(date.duration_since(Timestamp::now())).unwrap_or_default()
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// The sentence in an error document, in one of the shapes that servers use; or the text itself.
fn server_words(text: &str) -> String {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let places = ["/error/message", "/error", "/message", "/detail"];
    let said = places.iter().find_map(|place| document.pointer(place)?.as_str());
    let words: String = said.unwrap_or(text).chars().filter(|c| !c.is_control()).collect();
    match words.char_indices().nth(MAX_WORDS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

/// The last cause says it best: `connection refused`.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_is_found_in_every_servers_shape() {
        for text in [
            r#"{"error":"no such model"}"#,
            r#"{"error":{"message":"no such model","code":404}}"#,
            r#"{"object":"error","message":"no such model"}"#,
            r#"{"detail":"no such model"}"#,
            "no such\u{1b} model",
        ] {
            assert_eq!(server_words(text), "no such model", "{text}");
        }
        assert_eq!(server_words(&"x".repeat(900)).chars().count(), MAX_WORDS + 1);
    }

    #[test]
    fn a_wait_may_be_given_in_seconds_or_as_a_date_and_is_bounded() {
        let wait = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(wait("2"), Some(Duration::from_secs(2)));
        assert_eq!(wait("86400"), Some(MAX_RETRY_AFTER));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("Wed, 21 Oct 2199 07:28:00 GMT"), Some(MAX_RETRY_AFTER));
        assert_eq!((wait("soon"), wait("-3")), (None, None));
    }

    #[test]
    fn servers_say_in_many_ways_that_a_text_is_too_long() {
        for text in [
            "the input length exceeds the context length",
            "input exceeds maximum context length",
            "This model's maximum context length is 8192 tokens, however you requested 10000",
            "input is too large to process. increase the physical batch size",
            "the request exceeds the available context size, try increasing it",
            "input length and `max_tokens` exceed context limit: 198000 + 8000 > 200000",
            "`inputs` must have less than 512 tokens. Given: 700",
        ] {
            assert!(is_too_long(text), "{text}");
            let fault = Fault::of_status(500, &HeaderMap::new(), text);
            assert_eq!(fault.kind, FaultKind::Refused(500));
        }
        assert!(is_too_many("batch size 64 > maximum allowed batch size 32"));
        assert!(!is_too_long("model failed to load, this may be due to resource limitations"));
    }
}
