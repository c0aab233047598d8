//! How far back a search looks, as an agent writes it.

use crate::failure::Failure;

/// The seconds that `30d`, `12h` or `30` (days) stand for; `None` for an empty text.
pub fn seconds(text: &str) -> Result<Option<u64>, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refused = || {
        Failure::new("`since` must be a number with a unit, like `12h`, `30d`, `2w` or `1y`")
            .hint("a number alone is taken for days")
    };
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit_s = match text[digits.len()..].trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "" | "d" => 86_400,
        "w" => 7 * 86_400,
        "y" => 365 * 86_400,
        _ => return Err(refused()),
    };
    let number: u64 = digits.parse().map_err(|_| refused())?;
    number.checked_mul(unit_s).map(Some).ok_or_else(refused)
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
