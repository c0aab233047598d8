//! Promises of lines: one each, bounded, and the same fields in both looks.

use serde_json::Value;
use tracing::{error_span, info, warn};

use super::*;
use sink::open;

/// Everything that hurts logs, terminals and readers.
const HOSTILE: &str = "a\nts=1 level=ERROR forged\r\u{1b}[31mred\u{9b}2J\u{7}\u{0}\u{202e}\u{2028}\u{85}\"\\}, {\"x\":1";

/// What is logged while `work` runs.
fn logged(format: Format, work: impl FnOnce()) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let output = Output::at(&path, open(&path).unwrap());
    let sink = Sink::queued(output, |_| String::new()).unwrap();
    let lines = Lines::new(format, sink.clone());
    tracing::subscriber::with_default(Registry::default().with(lines), work);
    sink.flush_within(std::time::Duration::from_secs(60));
    std::fs::read_to_string(&path).unwrap()
}

fn object(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn a_line_of_json_is_one_flat_object_with_stable_names() {
    let log = logged(Format::Json, || {
        error_span!("call", rpc = "Search", request = "abc-1").in_scope(|| {
            info!(event = "search", hits = 3, took_ms = 1.5, cached = false, path = %"규정.md", "searched");
        });
    });
    let mut line = object(&log);
    let at = line["ts"].as_str().unwrap().to_owned();
    assert!(at.len() == "2026-11-26T03:00:00.123Z".len() && at.ends_with('Z'), "{at}");
    at.parse::<jiff::Timestamp>().unwrap();
    line.as_object_mut().unwrap().remove("ts");
    let expected = serde_json::json!({
        "level": "info", "target": module_path!(), "event": "search", "message": "searched",
        "request": "abc-1", "hits": 3, "took_ms": 1.5, "cached": false, "path": "규정.md",
    });
    assert_eq!(line, expected);
}

#[test]
fn hostile_text_stays_one_line_and_steers_nothing() {
    for format in [Format::Json, Format::Text] {
        let log = logged(format, || {
            error_span!("call", request = HOSTILE).in_scope(|| {
                warn!(event = HOSTILE, document = %HOSTILE, name = HOSTILE, "{HOSTILE}");
            });
        });
        assert_eq!(log.matches('\n').count(), 1, "{log:?}");
        let line = log.strip_suffix('\n').unwrap();
        let harmful = |c: &char| ragterm_units::steers(*c) || ragterm_units::breaks_line(*c);
        assert_eq!(line.chars().find(harmful), None, "{line:?}");
        if format == Format::Json {
            let line = object(line);
            for key in ["message", "event", "request", "document", "name"] {
                assert_eq!(line[key], HOSTILE, "{key}");
            }
        } else {
            // What is in quotes is one value, and nothing of it is outside.
            let document = line.split("document=\"").nth(1).unwrap();
            assert!(document.starts_with("a\\nts=1 level=ERROR forged\\r\\u001b"), "{line}");
        }
    }
}

#[test]
fn a_megabyte_is_cut() {
    let huge = "\u{1}é".repeat(1 << 19);
    for format in [Format::Json, Format::Text] {
        let log = logged(format, || {
            info!(a = %huge, b = ?huge, c = huge, d = %huge, e = %huge, f = %huge, "{huge}");
            info!(a = %huge, g = %huge, h = %huge, i = %huge, j = %huge, k = %huge, "second");
        });
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines.len(), 2);
        for line in lines {
            assert!(line.len() < 64 << 10, "{} bytes", line.len());
            if format == Format::Json {
                assert!(object(line)["a"].as_str().unwrap().ends_with('…'));
            }
        }
    }
}

#[test]
fn a_field_does_not_take_the_place_of_what_each_line_has() {
    let log = logged(Format::Json, || {
        info!(ts = "never", level = "none", target = 7, request = "mine", share = f64::NAN, "x");
    });
    let line = object(&log);
    assert_eq!((&line["level"], &line["request"]), (&"info".into(), &"mine".into()));
    assert_eq!(
        (&line["ts_"], &line["level_"], &line["target_"]),
        (&"never".into(), &"none".into(), &7.into())
    );
    assert_eq!((&line["event"], &line["share"]), (&"log".into(), &Value::Null));
    let keys = log.matches("\":").count();
    assert_eq!(keys, line.as_object().unwrap().len(), "{log}");
}

#[test]
fn the_innermost_request_counts_and_none_outside_of_any() {
    let log = logged(Format::Json, || {
        error_span!("chat", request = "outer").in_scope(|| {
            tracing::info_span!("stage").in_scope(|| info!("one"));
            error_span!("call", request = "inner").in_scope(|| info!("two"));
        });
        info!("three");
    });
    let requests: Vec<Value> = log.lines().map(|line| object(line)["request"].clone()).collect();
    assert_eq!(requests, ["outer".into(), "inner".into(), Value::Null]);
}

#[test]
fn text_says_what_json_says() {
    let log = logged(Format::Text, || {
        error_span!("call", request = "abc").in_scope(|| {
            info!(event = "index", source = "hr", ms = 12, path = "a b", empty = "", "read a\\b");
        });
    });
    let (_, rest) = log.split_once(' ').unwrap();
    let target = module_path!();
    let expected = format!(
        " INFO {target}: read a\\b event=index source=hr ms=12 path=\"a b\" empty=\"\" request=abc\n"
    );
    assert_eq!(rest, expected);
}

#[test]
fn a_level_lets_through_what_it_says_and_less_of_others() {
    let shown = |level, target: &str, wanted: Level| {
        let filter = EnvFilter::try_new(directives(level)).unwrap();
        let text = filter.to_string();
        let of = |name: &str| {
            let found = text.split(',').find_map(|one| one.strip_prefix(&format!("{name}=")));
            found.map(str::to_owned)
        };
        let level = of(target)
            .or_else(|| text.split(',').find(|one| !one.contains('=')).map(str::to_owned));
        level.unwrap().parse::<Level>().unwrap() >= wanted
    };
    assert!(shown(LogLevel::Info, "ragterm", Level::INFO));
    assert!(!shown(LogLevel::Info, "hyper", Level::INFO));
    assert!(!shown(LogLevel::Trace, "serenity", Level::WARN));
    assert!(shown(LogLevel::Debug, "ragterm", Level::DEBUG));
    assert!(!shown(LogLevel::Error, "ragterm", Level::WARN));
}

#[test]
fn a_collector_must_be_an_address_and_a_token_a_header() {
    let log = |otlp: &str, token: &str| Log {
        otlp: otlp.to_owned(),
        otlp_token: crate::config::Secret::Value(token.to_owned()),
        ..crate::config::Config::default().log
    };
    assert!(otlp::connect(&log("", "x"), "test").unwrap().is_none());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let error = otlp::connect(&log("http://127.0.0.1:1", "a\nb"), "test").unwrap_err();
    assert!(error.to_string().contains("log.otlp_token"), "{error}");
    assert!(!error.to_string().contains("a\nb"));
    let error = otlp::connect(&log("http://[", "x"), "test").unwrap_err();
    assert!(error.to_string().contains("log.otlp"), "{error}");
}

#[test]
fn a_misspelt_level_is_refused_instead_of_turning_off_the_log() {
    for wrong in ["wran", "garbage", "in\nfo", "info,vebrose"] {
        assert!(wrong.split(',').any(is_misspelt), "{wrong}");
    }
    for right in ["debug", "WARN", "off", "ragterm=debug", "ragterm::index", "info,hyper=warn"] {
        assert!(!right.split(',').any(is_misspelt), "{right}");
    }
}
