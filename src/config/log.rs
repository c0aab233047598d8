//! `[log]`: what daemon, bots and the tools for agents say of what they do, and to whom.

use super::parse::choice;
use super::reader::Section;
use super::secret::Secret;
use super::sections::is_local;
use super::servers::web_address;

/// `[log]`: the log on standard error, and traces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// What is worth a line; the variable `RAGTERM_LOG` wins.
    pub level: LogLevel,
    /// The OTLP collector that takes traces over gRPC; empty means that none are made.
    pub otlp: String,
    /// What the collector asks for as `authorization`.
    pub otlp_token: Secret,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// As text where people read it, else as JSON.
    Auto,
    /// As text.
    Text,
    /// As one JSON object.
    Json,
}

/// What is worth a line; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What an operator must act on.
    Error,
    /// What is odd, but handled.
    Warn,
    /// What is done.
    Info,
    /// What is done in detail.
    Debug,
    /// Everything.
    Trace,
}

impl Log {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let formats =
            [("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)];
        let levels = [
            ("error", LogLevel::Error),
            ("warn", LogLevel::Warn),
            ("info", LogLevel::Info),
            ("debug", LogLevel::Debug),
            ("trace", LogLevel::Trace),
        ];
        let log = Self {
            format: section.take("format", "auto", choice(&formats)),
            level: section.take("level", "info", choice(&levels)),
            otlp: section.take("otlp", "", web_address),
            otlp_token: section.secret("otlp_token", ""),
        };
        let is_open = log.otlp.starts_with("http://") && !is_local(&log.otlp);
        if is_open && log.otlp_token != Secret::Unset {
            section
                .reject("otlp", "must begin with `https://`: a token would be sent in the clear");
        }
        log
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Inputs};

    fn load(text: &str) -> Result<Config, String> {
        let inputs = Inputs { text: format!("[log]\n{text}"), ..Inputs::default() };
        Config::load(&inputs).map(|loaded| loaded.config).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_for_the_collector_does_not_leave_the_machine_in_the_clear() {
        let token = "otlp_token = 'sesame'\n";
        let error = load(&format!("{token}otlp = 'http://collector:4317'")).unwrap_err();
        assert!(error.contains("`log.otlp`: must begin with `https://`"), "{error}");
        assert!(!error.contains("sesame"), "{error}");
        for fine in ["http://127.0.0.1:4317", "http://localhost:4317", "https://collector:4317", ""]
        {
            load(&format!("{token}otlp = '{fine}'")).unwrap();
        }
        load("otlp = 'http://collector:4317'").unwrap();
    }

    #[test]
    fn what_is_no_format_level_or_address_is_refused_with_what_it_may_be() {
        let error = load("format = 'xml'\nlevel = 'loud'\notlp = 'collector:4317'").unwrap_err();
        for told in ["`log.format`", "json", "`log.level`", "debug", "`log.otlp`", "http://"] {
            assert!(error.contains(told), "no {told} in {error}");
        }
    }
}
