//! How far back a search looks, as an agent writes it.

use ragterm_units::parse_duration;

use crate::failure::Failure;

/// The seconds that `30d`, `12h` or `30` (days) stand for; `None` for an empty text.
pub fn seconds(text: &str) -> Result<Option<u64>, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let days = format!("{text}d");
    parse_duration(if is_number { &days } else { text })
        .map(|length| Some(length.as_secs()))
        .map_err(|_| {
            Failure::new("`since` must be a number with a unit, like `12h`, `30d`, `2w` or `1y`")
                .hint("a number alone is taken for days")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_alone_is_days() {
        assert_eq!(seconds("30").unwrap(), seconds("30d").unwrap());
        assert_eq!(seconds(" 2 w ").unwrap(), Some(1_209_600));
        assert_eq!(seconds("  ").unwrap(), None);
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for wrong in ["d", "-7d", "1.5h", "last week", "7 지", "2026-01-01", "99999999999999999y"]
        {
            let failure = seconds(wrong).unwrap_err().to_string();
            assert!(failure.contains("`30d`"), "{wrong}: {failure}");
        }
    }
}
