//! Dates as programs and people write them, as RFC 3339 or `YYYY-MM-DD`.

use mail_parser::DateTime;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Later seconds since the epoch are milliseconds: the year 5138.
const MAX_SECONDS: i64 = 100_000_000_000;

const NANOSECONDS: i64 = 1_000_000_000;

/// `2026-03-01T09:00:00Z`, `2026-03-01`, `March 1, 2026 9:00 AM`, `2026년 3월 1일` in a sortable
/// form; the time of day is kept only with its zone.
pub(super) fn normalised(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('@');
    if text.len() > 80 {
        return None;
    }
    if let Some(time) = zoned(text) {
        return Some(time.to_rfc3339());
    }
    let (year, month, day) = in_numbers(text).or_else(|| in_words(text))?;
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// Nanoseconds since the epoch; a date alone is its first moment, UTC.
pub(super) fn nanoseconds(text: &str) -> Option<i64> {
    let normal = normalised(text)?;
    let full = if normal.len() == 10 { format!("{normal}T00:00:00Z") } else { normal };
    DateTime::parse_rfc3339(&full)?.to_timestamp().checked_mul(NANOSECONDS)
}

/// A number of seconds or milliseconds since the epoch as nanoseconds.
pub(super) fn nanoseconds_of(number: f64) -> Option<i64> {
    if !number.is_finite() || number.abs() > 9e15 {
        return None;
    }
    let milliseconds =
        if number.abs() < MAX_SECONDS as f64 { (number * 1000.0) as i64 } else { number as i64 };
    milliseconds.checked_mul(NANOSECONDS / 1000)
}

/// RFC 3339 of a moment.
pub(super) fn rfc3339(nanoseconds: i64) -> String {
    DateTime::from_timestamp(nanoseconds.div_euclid(NANOSECONDS)).to_rfc3339()
}

fn zoned(text: &str) -> Option<DateTime> {
    let is_zoned =
        text.ends_with(['Z', 'z']) || text.get(19..).is_some_and(|zone| zone.contains(['+', '-']));
    let text = text.replacen(' ', "T", 1);
    (text.len() >= 20 && text.as_bytes()[10] == b'T' && is_zoned)
        .then(|| DateTime::parse_rfc3339(&text))
        .flatten()
        .filter(DateTime::is_valid)
}

/// Year, month and day in this order, in numbers.
fn in_numbers(text: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = text.split(|char: char| !char.is_ascii_digit()).filter(|it| !it.is_empty());
    let year = text.starts_with(|char: char| char.is_ascii_digit()).then(|| numbers.next())??;
    let separator = text[year.len()..].chars().next()?;
    let is_date = year.len() == 4 && ['-', '/', '.', '년', '年'].contains(&separator);
    let (month, day) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    valid(year.parse().ok().filter(|_| is_date)?, month, day)
}

/// `March 1, 2026` or `1 March 2026`.
fn in_words(text: &str) -> Option<(u32, u32, u32)> {
    let words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.take(3).collect();
    let [first, second, third] = words[..] else { return None };
    let (name, day) =
        if first.starts_with(char::is_alphabetic) { (first, second) } else { (second, first) };
    let name = name.to_lowercase();
    let month = MONTHS.iter().position(|month| name.starts_with(month))?;
    let is_year = third.len() == 4;
    valid(
        third.parse().ok().filter(|_| is_year)?,
        u32::try_from(month + 1).ok()?,
        day.parse().ok()?,
    )
}

fn valid(year: u32, month: u32, day: u32) -> Option<(u32, u32, u32)> {
    let is_valid =
        (1000..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    is_valid.then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_sortable() {
        for (text, date) in [
            ("2026-03-01", "2026-03-01"),
            ("2026/3/1 9:00", "2026-03-01"),
            ("December 4, 2024 8:45 AM", "2024-12-04"),
            ("@4 Dec 2024", "2024-12-04"),
            ("2024년 12월 4일 오전 8:45", "2024-12-04"),
            ("2026-03-01T09:00:00", "2026-03-01"),
            ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z"),
            ("2026-03-01 09:00:00.5+09:00", "2026-03-01T09:00:00+09:00"),
        ] {
            assert_eq!(normalised(text).as_deref(), Some(date), "{text}");
        }
        for other in ["soon", "2026", "01/02/2026", "2026-13-01", "12", "", "Mayor of 2026"] {
            assert_eq!(normalised(other), None, "{other}");
        }
    }

    #[test]
    fn moments_are_nanoseconds() {
        let second = Some(1_700_000_000 * NANOSECONDS);
        assert_eq!(nanoseconds("2023-11-14T22:13:20Z"), second);
        assert_eq!(nanoseconds("2023-11-15T07:13:20+09:00"), second);
        assert_eq!((nanoseconds_of(1.7e9), nanoseconds_of(1.7e12)), (second, second));
        assert_eq!(nanoseconds("1970-01-02"), Some(86_400 * NANOSECONDS));
        assert_eq!(nanoseconds_of(f64::NAN), None);
        assert_eq!(rfc3339(1_700_000_000 * NANOSECONDS), "2023-11-14T22:13:20Z");
    }
}
