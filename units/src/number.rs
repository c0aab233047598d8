//! Counts, shares and sizes.

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

/// `43 %` of a share between 0 and 1; never 100 % while something is missing.
pub fn percent(share: f64) -> String {
    format!("{} %", (share.clamp(0.0, 1.0) * 100.0) as u64)
}

/// `43 %`, of whole numbers; never 100 % while something is missing, and 0 % of nothing.
pub fn percent_of(done: u64, total: u64) -> String {
    match total {
        0 => String::from("0 %"),
        total => format!("{} %", u128::from(done.min(total)) * 100 / u128::from(total)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        let counts = [0, 999, 1000, 1_234_567].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 1000].map(|n| counted(n, "hit")), ["0 hits", "1 hit", "1,000 hits"]);
        let sizes = [0, 999, 1500, 63_999_999, u64::MAX].map(bytes);
        assert_eq!(sizes, ["0 bytes", "999 bytes", "1.5 kB", "64 MB", "18 EB"]);
    }

    #[test]
    fn a_percentage_is_full_only_at_the_end() {
        assert_eq!([0.999_9, 1.0, f64::NAN].map(percent), ["99 %", "100 %", "0 %"]);
        assert_eq!(percent_of(0, 0), "0 %");
        assert_eq!(percent_of(999, 1000), "99 %");
        assert_eq!(percent_of(u64::MAX, u64::MAX), "100 %");
    }
}
