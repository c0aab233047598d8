//! Numbers, sizes and times in words for people, and back.

use std::time::Duration;

/// `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 document`, `2 documents`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `12.3 MB`, in powers of 1000.
pub fn bytes(number: u64) -> String {
    let mut amount = number as f64;
    let mut unit = "bytes";
    for next in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        if amount < 999.5 {
            break;
        }
        (amount, unit) = (amount / 1000.0, next);
    }
    let digits = usize::from(amount < 9.95 && unit != "bytes");
    format!("{amount:.digits$} {unit}")
}

/// `43 %`; never 100 % while something is missing.
pub fn percent(share: f64) -> String {
    format!("{} %", (share.clamp(0.0, 1.0) * 100.0) as u64)
}

/// A length of time in its largest unit: `3 s`, `2 min`, `5 h`, `8 days`.
pub fn seconds(length_s: f64) -> String {
    let length_s = length_s.max(0.0);
    match length_s {
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 99.5 => format!("{s:.0} s"),
        s if s < 99.5 * 60.0 => format!("{:.0} min", s / 60.0),
        s if s < 48.0 * 3600.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

/// How long ago something was, both in milliseconds since the epoch: `5 minutes ago`.
pub fn age(then_ms: i64, now_ms: i64) -> String {
    const UNITS: [(i64, &str); 6] = [
        (365 * 86_400, "year"),
        (30 * 86_400, "month"),
        (7 * 86_400, "week"),
        (86_400, "day"),
        (3600, "hour"),
        (60, "minute"),
    ];
    let length_s = now_ms.saturating_sub(then_ms) / 1000;
    let unit = UNITS.into_iter().find(|(unit_s, _)| length_s >= *unit_s);
    unit.map_or_else(
        || "just now".to_owned(),
        |(unit_s, name)| format!("{} ago", counted((length_s / unit_s).unsigned_abs(), name)),
    )
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
    let unit = text.chars().next_back().ok_or_else(refused)?;
    let number: u64 = text[..text.len() - unit.len_utf8()].trim().parse().map_err(|_| refused())?;
    let unit_s = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'y' => 365 * 86_400,
        _ => return Err(refused()),
    };
    number.checked_mul(unit_s).map(Duration::from_secs).ok_or_else(|| "is too long".to_owned())
}

/// `qdrant 1.12.4 at http://qdrant:6334`, or `embedded`.
pub fn place_of_store(store: &ragterm_proto::v1::StoreStatus) -> String {
    let mut place = store.backend.clone();
    if !store.version.is_empty() {
        place.push_str(&format!(" {}", store.version));
    }
    if !store.url.is_empty() {
        place.push_str(&format!(" at {}", store.url));
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)].join(" "), {
            "0 999 1,000 1,234,567"
        });
        assert_eq!(counted(1, "document"), "1 document");
        assert_eq!([bytes(0), bytes(999), bytes(1500), bytes(63_999_999)].join(", "), {
            "0 bytes, 999 bytes, 1.5 kB, 64 MB"
        });
        assert_eq!(bytes(u64::MAX), "18 EB");
        assert_eq!([percent(0.999_9), percent(1.0), percent(f64::NAN)].join(" "), "99 % 100 % 0 %");
        assert_eq!(
            [seconds(0.21), seconds(42.0), seconds(600.0)].join(", "),
            "0.2 s, 42 s, 10 min"
        );
    }

    #[test]
    fn the_age_is_told_in_one_unit() {
        const DAY_MS: i64 = 86_400_000;
        let ages = [0, 61_000, DAY_MS, 8 * DAY_MS, 400 * DAY_MS].map(|ago| age(-ago, 0));
        insta::assert_snapshot!(
            ages.join(", "),
            @"just now, 1 minute ago, 1 day ago, 1 week ago, 1 year ago"
        );
        assert_eq!(age(i64::MAX, i64::MIN), "just now");
        assert!(age(i64::MIN, i64::MAX).ends_with("years ago"));
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
        for wrong in ["", "d", "7", "7 지", "-7d", "1.5h", "７d"] {
            assert!(parse_duration(wrong).unwrap_err().contains("unit"), "{wrong}");
        }
        assert!(parse_duration("99999999999999999999d").is_err());
        assert_eq!(parse_duration("999999999999999999y").unwrap_err(), "is too long");
    }
}
