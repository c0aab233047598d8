//! Numbers and times in words for people, short enough for a column.

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

/// `43 %`; never 100 % while something is missing.
pub fn percent(done: u64, total: u64) -> String {
    match total {
        0 => String::from("0 %"),
        total => format!("{} %", u128::from(done.min(total)) * 100 / u128::from(total)),
    }
}

/// A length of time in its largest unit: `3 s`, `2 min`, `5 h`, `8 days`.
pub fn seconds(length_s: f64) -> String {
    match length_s.max(0.0) {
        s if s < 99.5 => format!("{s:.0} s"),
        s if s < 99.5 * 60.0 => format!("{:.0} min", s / 60.0),
        s if s < 48.0 * 3600.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

/// How long ago something was, both in milliseconds since the epoch: `5 min`, `3 d`, `2 y`.
pub fn age(then_ms: i64, now_ms: i64) -> String {
    const UNITS: [(i64, &str); 6] = [
        (365 * 86_400, "y"),
        (30 * 86_400, "mo"),
        (7 * 86_400, "w"),
        (86_400, "d"),
        (3600, "h"),
        (60, "min"),
    ];
    let passed_s = now_ms.saturating_sub(then_ms) / 1000;
    UNITS.iter().find(|(unit_s, _)| passed_s >= *unit_s).map_or_else(
        || String::from("now"),
        |(unit_s, name)| format!("{} {name}", passed_s / unit_s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        let told = [0, 59, 60, 7200, 86_400 * 3, 86_400 * 8, 86_400 * 800];
        let told = told.map(|passed_s| age(-passed_s * 1000, 0));
        assert_eq!(told, ["now", "now", "1 min", "2 h", "3 d", "1 w", "2 y"]);
        assert_eq!(age(i64::MAX, i64::MIN), "now");
        assert_eq!(age(i64::MIN, i64::MAX), "292471208 y");
    }

    #[test]
    fn a_percentage_is_full_only_at_the_end() {
        assert_eq!(percent(0, 0), "0 %");
        assert_eq!(percent(999, 1000), "99 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100 %");
        assert_eq!(count(1_234_567), "1,234,567");
    }
}
