//! The day that a page of an export states in words.

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// What months begin with in other languages that write them in letters of Latin.
const OTHER_MONTHS: [(&str, u32); 17] = [
    ("mär", 3),
    ("mrz", 3),
    ("mai", 5),
    ("okt", 10),
    ("dez", 12),
    ("fév", 2),
    ("avr", 4),
    ("juin", 6),
    ("juil", 7),
    ("aoû", 8),
    ("déc", 12),
    ("ene", 1),
    ("abr", 4),
    ("ago", 8),
    ("dic", 12),
    ("gen", 1),
    ("mag", 5),
];

/// The last day in a text (`on Jan 25, 2019`, `2019-01-25`, `2019년 1월 25일`) as `YYYY-MM-DD`.
pub(super) fn iso(text: &str) -> Option<String> {
    let words = words(text);
    let is_year = |word: &&str| word.len() == 4 && matches!(word.get(..2), Some("19" | "20"));
    let at = words.iter().rposition(|word| is_year(&word.as_str()))?;
    let number = |word: Option<&String>| word.and_then(|word| word.parse::<u32>().ok());
    let named_month = |word: Option<&String>| {
        let word = word?.to_lowercase();
        let is_name = |name: &str| word.starts_with(name) && word.len() < 12;
        let other = OTHER_MONTHS.iter().find(|(name, _)| is_name(name)).map(|(_, month)| *month);
        let english = MONTHS.iter().position(|name| is_name(name));
        other.or_else(|| u32::try_from(english? + 1).ok())
    };
    let month = |word: Option<&String>| named_month(word).or_else(|| number(word));
    let before = |back: usize| at.checked_sub(back).and_then(|at| words.get(at));
    let year = &words[at];
    let day_first = || Some((named_month(before(1))?, number(before(2))?));
    let month_first = || Some((month(before(2))?, number(before(1))?));
    let year_first = || Some((month(words.get(at + 1))?, number(words.get(at + 2))?));
    let is_valid = |(month, day): &(u32, u32)| (1..=12).contains(month) && (1..=31).contains(day);
    let found = day_first().filter(is_valid).or_else(|| month_first().filter(is_valid));
    let (month, day) = found.or_else(|| year_first().filter(is_valid))?;
    Some(format!("{year}-{month:02}-{day:02}"))
}

/// Runs of digits and runs of letters; the units of East Asian dates are none.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::<String>::new();
    let mut last = ' ';
    for char in text.chars() {
        let is_same = last.is_ascii_digit() == char.is_ascii_digit() && last.is_alphanumeric();
        let is_unit = matches!(char, '년' | '월' | '일' | '年' | '月' | '日');
        if char.is_alphanumeric() && !is_unit {
            match words.last_mut().filter(|_| is_same) {
                Some(word) => word.push(char),
                None => words.push(char.to_string()),
            }
        }
        last = if is_unit { ' ' } else { char };
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_found_in_many_spellings() {
        let spellings = [
            "last modified by Bo on Jan 25, 2019",
            "Created by Kim 2 on 25 January 2019 ",
            "on 2019-01-25",
            "님이 2019년 1월 25일에 변경",
            "1월 25, 2019",
            "1월 25일, 2019에",
            "zuletzt geändert von Bo am Jan. 25, 2019",
            "dernière modification le janv. 25, 2019",
        ];
        for text in spellings {
            assert_eq!(iso(text).as_deref(), Some("2019-01-25"), "{text}");
        }
        assert_eq!(iso("am 05. März 2026").as_deref(), Some("2026-03-05"));
        assert_eq!(iso("on Aug 1, 2024").as_deref(), Some("2024-08-01"));
        assert_eq!(iso("Created by Kim"), None);
    }
}
