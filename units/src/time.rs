//! Lengths of time, ages and moments.

use std::time::Duration;

const DAY_S: i64 = 86_400;

/// The units of an age, the largest first: seconds, the word, and the letters for a column.
const UNITS: [(i64, &str, &str); 6] = [
    (365 * DAY_S, "year", "y"),
    (30 * DAY_S, "month", "mo"),
    (7 * DAY_S, "week", "w"),
    (DAY_S, "day", "d"),
    (3600, "hour", "h"),
    (60, "minute", "min"),
];

/// A length of time in its largest unit: `0.3 s`, `42 s`, `2 min`, `5 h`, `8 days`.
pub fn seconds(length_s: f64) -> String {
    match length_s.max(0.0) {
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 99.5 => format!("{s:.0} s"),
        s if s < 99.5 * 60.0 => format!("{:.0} min", s / 60.0),
        s if s < 48.0 * 3600.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

/// How long something took that is over soon: `230 ms`, `1.9 s`.
pub fn latency(length_ms: f64) -> String {
    match length_ms.max(0.0) {
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms => seconds(ms / 1000.0),
    }
}

/// How long ago something was, both in milliseconds since the epoch: `5 minutes ago`.
pub fn age(then_ms: i64, now_ms: i64) -> String {
    match passed(then_ms, now_ms) {
        None => String::from("just now"),
        Some((number, name, _)) => format!("{} ago", super::counted(number, name)),
    }
}

/// The same, short enough for a column: `5 min`, `3 d`, `2 y`.
pub fn short_age(then_ms: i64, now_ms: i64) -> String {
    match passed(then_ms, now_ms) {
        None => String::from("now"),
        Some((number, _, letters)) => format!("{number} {letters}"),
    }
}

fn passed(then_ms: i64, now_ms: i64) -> Option<(u64, &'static str, &'static str)> {
    let passed_s = now_ms.saturating_sub(then_ms) / 1000;
    let (unit_s, name, letters) = UNITS.into_iter().find(|(unit_s, ..)| passed_s >= *unit_s)?;
    Some(((passed_s / unit_s).unsigned_abs(), name, letters))
}

/// Milliseconds since the epoch, now.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// `2026-03-01T09:12:44Z`; `None` for a time that no calendar has.
pub fn rfc3339(time_ms: i64) -> Option<String> {
    let time = jiff::Timestamp::from_second(time_ms.div_euclid(1000)).ok()?;
    Some(time.to_string())
}

/// Reads `90s`, `30m`, `12h`, `7d`, `2w` or `1y`; the error says so.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let refused = || "give a number and a unit: 30m, 12h, 7d, 2w or 1y".to_owned();
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit_s = match text[digits.len()..].trim_start() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        "y" => 365 * 86_400,
        _ => return Err(refused()),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(refused());
    }
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_s));
    number.map(Duration::from_secs).ok_or_else(|| "is too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_their_largest_unit() {
        let told = [0.21, 42.0, 600.0, 7200.0, 8.0 * 86_400.0, -1.0, f64::NAN].map(seconds);
        assert_eq!(told, ["0.2 s", "42 s", "10 min", "2 h", "8 days", "0.0 s", "0.0 s"]);
        assert_eq!([0.4, 230.0, 999.9, 1900.0].map(latency), ["0 ms", "230 ms", "1.0 s", "1.9 s"]);
    }

    #[test]
    fn ages_are_told_in_one_unit() {
        let ages = [0, 59, 61, DAY_S, 8 * DAY_S, 400 * DAY_S].map(|ago_s| -ago_s * 1000);
        let told = ages.map(|then_ms| age(then_ms, 0));
        assert_eq!(
            told,
            ["just now", "just now", "1 minute ago", "1 day ago", "1 week ago", "1 year ago"]
        );
        let told = ages.map(|then_ms| short_age(then_ms, 0));
        assert_eq!(told, ["now", "now", "1 min", "1 d", "1 w", "1 y"]);
        assert_eq!(age(i64::MAX, i64::MIN), "just now");
        assert_eq!(short_age(i64::MIN, i64::MAX), "292471208 y");
    }

    #[test]
    fn times_are_utc_seconds() {
        assert_eq!(rfc3339(1_772_356_364_999).unwrap(), "2026-03-01T09:12:44Z");
        assert_eq!(rfc3339(-1).unwrap(), "1969-12-31T23:59:59Z");
        assert_eq!(rfc3339(i64::MAX), None);
    }

    #[test]
    fn durations_have_a_number_and_a_unit() {
        assert_eq!(parse_duration("7d").unwrap(), Duration::from_secs(604_800));
        assert_eq!(parse_duration(" 90 s ").unwrap(), Duration::from_secs(90));
        for wrong in ["", "d", "7", "7 지", "-7d", "1.5h", "７d", "+7d", "7dd", "7 d d"] {
            assert!(parse_duration(wrong).unwrap_err().contains("unit"), "{wrong}");
        }
        assert_eq!(parse_duration("99999999999999999999d").unwrap_err(), "is too long");
        assert_eq!(parse_duration("999999999999999999y").unwrap_err(), "is too long");
    }
}
