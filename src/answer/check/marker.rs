//! What stands between brackets: the numbers of a citation, in the ways models write them.

/// Words that models put before a number.
const WORDS: [&str; 9] =
    ["passage", "passages", "source", "sources", "ref", "citation", "문서", "출처", "구절"];

/// Passages in one marker at the most; a range beyond is nobody's citation.
const MAX_NUMBERS: usize = 32;

/// The numbers of a marker, in order; `None` when the text between the brackets is no marker.
pub fn numbers(inside: &str) -> Option<Vec<u32>> {
    // Some models add where it stands behind a dagger.
    let inside = inside.split('†').next().unwrap_or_default();
    let folded: String = inside.chars().map(ascii_digit).collect::<String>().to_lowercase();
    let mut numbers = Vec::new();
    let mut met = false;
    for part in folded.split([',', ';', '，', '、', '·']) {
        let part = without_word(part.trim().trim_start_matches('^'));
        if part.is_empty() {
            continue;
        }
        met = true;
        match range(part)? {
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

/// Whether a character can stand in a marker at all.
pub fn may_be_inside(c: char) -> bool {
    c.is_alphanumeric() || " ,;-–—~^#.:，、·№†_/".contains(c)
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

/// A number of any length; one that is too large is none that was given.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

fn clamp(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Digits of other scripts and shapes as ASCII ones.
fn ascii_digit(c: char) -> char {
    match c {
        '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
        '①'..='⑨' => char::from(b'1' + (c as u32 - '①' as u32) as u8),
        '²' => '2',
        '³' => '3',
        '¹' => '1',
        '⁰' => '0',
        '⁴'..='⁹' => char::from(b'4' + (c as u32 - '⁴' as u32) as u8),
        '٠'..='٩' => char::from(b'0' + (c as u32 - '٠' as u32) as u8),
        other => other,
    }
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
            ("99999999999999999999999", vec![u32::MAX]),
            ("9-2", vec![9, 2]),
            ("1-99999999", vec![1, 99_999_999]),
        ] {
            assert_eq!(numbers(inside), Some(expected), "{inside}");
        }
    }

    #[test]
    fn other_brackets_are_left_alone() {
        for inside in ["", "a", "1a", "see 1", "x", "note", "-", "1.5", "2024-05-06", "^", ","] {
            assert_eq!(numbers(inside), None, "{inside}");
        }
    }
}
