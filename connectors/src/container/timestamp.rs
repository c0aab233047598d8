//! Times as wikis write them.

/// `2024-04-22 16:35:21.231` or `2001-01-15T13:15:00Z` as RFC 3339 in UTC, to the second.
pub(super) fn rfc_3339(text: &str) -> Option<String> {
    let [year, month, day, hour, minute, second] = fields(text)?;
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// The same in nanoseconds since the epoch.
pub(super) fn nanoseconds(text: &str) -> Option<i64> {
    let [year, month, day, hour, minute, second] = fields(text)?;
    // Days since the epoch in years that begin in March (Howard Hinnant's algorithm).
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    (((days * 24 + hour) * 60 + minute) * 60 + second).checked_mul(1_000_000_000)
}

fn fields(text: &str) -> Option<[i64; 6]> {
    let (date, time) = text.trim().split_once(['T', ' '])?;
    let mut fields = [0; 6];
    let mut numbers = date.splitn(3, '-').chain(time.splitn(3, ':'));
    for field in &mut fields {
        let number = numbers.next()?;
        let digits = number.find(|char: char| !char.is_ascii_digit()).unwrap_or(number.len());
        *field = number[..digits].parse().ok()?;
    }
    let [year, month, day, hour, minute, second] = fields;
    let is_valid = (1900..2200).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    is_valid.then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_both_wikis_are_understood() {
        assert_eq!(rfc_3339("2001-01-15T13:15:00Z").as_deref(), Some("2001-01-15T13:15:00Z"));
        assert_eq!(rfc_3339("2024-04-22 16:35:21.231").as_deref(), Some("2024-04-22T16:35:21Z"));
        assert_eq!(nanoseconds("2001-09-09T01:46:40Z"), Some(1_000_000_000_000_000_000));
        assert_eq!(nanoseconds("2024-02-29 00:00:00"), Some(1_709_164_800_000_000_000));
        assert_eq!(nanoseconds("9999-99-99T00:00:00Z"), None);
        assert_eq!(nanoseconds("soon"), None);
    }
}
