//! What stands between brackets: the numbers of a citation, in the ways models write them.

use unicode_normalization::UnicodeNormalization;

/// Words that models put before a number.
const WORDS: [&str; 22] = [
    "passage",
    "passages",
    "source",
    "sources",
    "ref",
    "refs",
    "reference",
    "citation",
    "cite",
    "doc",
    "docs",
    "document",
    "documents",
    "see",
    "no",
    "nr",
    "quelle",
    "문서",
    "출처",
    "구절",
    "자료",
    "참고",
];

/// Passages in one marker at the most; a range beyond is nobody's citation.
const MAX_NUMBERS: usize = 32;

/// What models put between numbers.
const BETWEEN: [&str; 9] = [" and ", " or ", " und ", " et ", " 및 ", "와 ", "과 ", "&", "/"];

/// The numbers of a marker, in order; `None` when the text between the brackets is no marker.
pub fn numbers(inside: &str) -> Option<Vec<u32>> {
    // Some models add where it stands behind a dagger.
    let inside = inside.split('†').next().unwrap_or_default();
    let mut folded = folded(inside);
    for word in BETWEEN {
        folded = folded.replace(word, ",");
    }
    let mut numbers = Vec::new();
    let mut met = false;
    for part in folded.split([',', ';', '，', '、', '·', '+']) {
        let part = without_word(part.trim().trim_start_matches('^'));
        if part.is_empty() {
            continue;
        }
        // `[1, p. 3]`, `[1, Leave policy]`: where in it does not matter.
        let Some(range) = range(part) else {
            let is_place = met && part.starts_with(char::is_alphabetic);
            if is_place {
                continue;
            } else {
                return None;
            };
        };
        met = true;
        match range {
            (first, last) if first <= last && last - first < MAX_NUMBERS as u64 => {
                numbers.extend((first..=last).map(clamp));
            }
            (first, last) => numbers.extend([clamp(first), clamp(last)]),
        }
        if numbers.len() > MAX_NUMBERS {
            numbers.truncate(MAX_NUMBERS);
        }
    }
    met.then_some(numbers)
}

/// A number with a sign: it is no marker, but looks like one.
pub fn signed(inside: &str) -> Option<String> {
    let folded = folded(inside);
    let folded = folded.trim();
    let digits = folded.strip_prefix(['-', '−', '+'])?;
    number(digits.trim()).map(|_| folded.to_owned())
}

/// Whether a character can stand in a marker at all.
pub fn may_be_inside(c: char) -> bool {
    let is_space = c.is_whitespace() && c != '\n';
    c.is_alphanumeric() || is_space || ",;-–—~^#.:，、·№†_/*&+".contains(c)
}

/// Whether readers take a character for a digit, in whatever script or shape.
pub fn is_digit(c: char) -> bool {
    c.is_numeric()
}

/// One way of writing for all ways of writing digits, and none of what stresses them.
fn folded(inside: &str) -> String {
    let usual = inside.nfkc().filter(|c| !matches!(c, '*' | '_'));
    usual.map(ascii_digit).collect::<String>().to_lowercase()
}

fn without_word(part: &str) -> &str {
    let bare = part.trim_start_matches(['#', '№']);
    let rest =
        WORDS.iter().filter_map(|word| bare.strip_prefix(word)).min_by_key(|rest| rest.len());
    rest.map_or(bare, |rest| rest.trim_start_matches([' ', ':', '.', '#']))
}

fn range(part: &str) -> Option<(u64, u64)> {
    let mut ends = part.splitn(2, ['-', '–', '—', '~']);
    let first = number(ends.next()?.trim())?;
    let last = match ends.next() {
        Some(last) => number(without_word(last.trim()))?,
        None => first,
    };
    Some((first, last))
}

/// A number of any length; one that is too large, or in no digits that are known, was not given.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.chars().all(is_digit);
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

fn clamp(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Where the ten digits of a script begin.
const ZEROS: [char; 26] = [
    '\u{660}', '\u{6F0}', '\u{7C0}', '\u{966}', '\u{9E6}', '\u{A66}', '\u{AE6}', '\u{B66}',
    '\u{BE6}', '\u{C66}', '\u{CE6}', '\u{D66}', '\u{DE6}', '\u{E50}', '\u{ED0}', '\u{F20}',
    '\u{1040}', '\u{1090}', '\u{17E0}', '\u{1810}', '\u{1946}', '\u{19D0}', '\u{1B50}', '\u{A620}',
    '\u{A8D0}', '\u{ABF0}',
];

/// Digits of other scripts as ASCII ones.
fn ascii_digit(c: char) -> char {
    let digit = ZEROS.iter().find_map(|zero| {
        let value = (c as u32).checked_sub(*zero as u32).filter(|value| *value < 10)?;
        char::from_digit(value, 10)
    });
    digit.unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_of_writing_a_citation_are_read() {
        for (inside, expected) in [
            ("1", vec![1]),
            (" 2 ", vec![2]),
            ("1, 3", vec![1, 3]),
            ("1;2", vec![1, 2]),
            ("1-3", vec![1, 2, 3]),
            ("2–3", vec![2, 3]),
            ("^4", vec![4]),
            ("Passage 5", vec![5]),
            ("source: 2", vec![2]),
            ("출처 3", vec![3]),
            ("passage 1, passage 2", vec![1, 2]),
            ("１２", vec![12]),
            ("①", vec![1]),
            ("#7", vec![7]),
            ("007", vec![7]),
            ("1 and 3", vec![1, 3]),
            ("1/9", vec![1, 9]),
            ("1과 2", vec![1, 2]),
            ("**9**", vec![9]),
            ("\t9\u{a0}", vec![9]),
            ("۹", vec![9]),
            ("९, २", vec![9, 2]),
            ("⑩", vec![10]),
            ("❾", vec![u32::MAX]),
            ("doc 9", vec![9]),
            ("see 9", vec![9]),
            ("1, p. 3", vec![1]),
            ("9, Leave policy", vec![9]),
            ("𝟗𝟗", vec![99]),
            ("99999999999999999999999", vec![u32::MAX]),
            ("9-2", vec![9, 2]),
            ("1-99999999", vec![1, 99_999_999]),
        ] {
            assert_eq!(numbers(inside), Some(expected), "{inside}");
        }
    }

    #[test]
    fn other_brackets_are_left_alone() {
        for inside in [
            "",
            "a",
            "1a",
            "see it 1",
            "x",
            "note",
            "-",
            "p. 9",
            "-1",
            "1.5",
            "2024-05-06",
            "^",
            ",",
        ] {
            assert_eq!(numbers(inside), None, "{inside}");
        }
    }
}
