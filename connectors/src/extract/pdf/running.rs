//! Headers, footers and page numbers that repeat from page to page: kept once, then dropped.

use std::collections::{HashMap, HashSet};

use super::columns::Block;
use super::pages::Page;

/// How many rows at the top and at the bottom of a page may be running ones.
const EDGE_ROWS: usize = 2;

/// A row of so many cells is rather the head of a table, which each page needs.
const TABLE_CELLS: usize = 4;

/// A line runs when it stands on at least so many pages, and on this part of them: the heads of
/// left and right pages differ.
const LEAST_PAGES: usize = 4;
const LEAST_SHARE: f32 = 0.4;

const MAX_LINE_CHARS: usize = 200;

/// Words that stand with the number of a page.
const LABELS: [&str; 14] = [
    "page",
    "pages",
    "p",
    "pg",
    "seite",
    "s",
    "página",
    "pagina",
    "стр",
    "of",
    "von",
    "sur",
    "쪽",
    "페이지",
];

/// Covers and tables of contents are not counted; so many pages they have at most.
const MOST_BEHIND: i64 = -100;

/// What makes two lines the same: the text, but for a number that counts with the pages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    text: String,
    /// The number less the page's; `None` for a text that does not change at all.
    ahead: Option<i64>,
}

/// Drops what repeats; the first page that has it keeps it, unless it is a mere number.
pub(super) fn drop_repeated(pages: &mut [Page]) {
    let mut counts: HashMap<Key, usize> = HashMap::new();
    let mut filled = 0;
    for (number, page) in pages.iter().enumerate() {
        let edges = edges(&page.blocks);
        filled += usize::from(!edges.is_empty());
        let texts = edges.iter().map(|(block, row)| &page.blocks[*block].rows[*row].text);
        for key in texts.flat_map(|text| keys(text, number)).collect::<HashSet<_>>() {
            *counts.entry(key).or_default() += 1;
        }
    }
    let least = LEAST_PAGES.max((filled as f32 * LEAST_SHARE).ceil() as usize);
    counts.retain(|_, count| *count >= least);
    let mut kept = HashSet::new();
    for (number, page) in pages.iter_mut().enumerate() {
        for (block, row) in edges(&page.blocks) {
            let text = &mut page.blocks[block].rows[row].text;
            let key = keys(text, number).into_iter().find(|key| counts.contains_key(key));
            if let Some(key) = key
                && (!key.text.chars().any(char::is_alphabetic) || !kept.insert(key))
            {
                text.clear();
            }
        }
        page.blocks.iter_mut().for_each(|block| block.rows.retain(|row| !row.text.is_empty()));
    }
}

/// The rows that stand highest and lowest on the page, whatever their order of reading.
fn edges(blocks: &[Block]) -> Vec<(usize, usize)> {
    let mut order = Vec::new();
    for (block, rows) in blocks.iter().map(|block| &block.rows).enumerate() {
        order.extend(rows.iter().enumerate().map(|(row, it)| (block, row, it.baseline)));
    }
    order.sort_by(|a, b| b.2.total_cmp(&a.2));
    let last = order.len().saturating_sub(EDGE_ROWS).max(EDGE_ROWS.min(order.len()));
    let order = order.iter().map(|(block, row, _)| (*block, *row)).collect::<Vec<_>>();
    let mut edges = order[..EDGE_ROWS.min(order.len())].to_vec();
    edges.extend(&order[last..]);
    edges
}

/// The text as it is, then with each of its numbers taken for that of the page.
fn keys(text: &str, page: usize) -> Vec<Key> {
    if text.chars().count() > MAX_LINE_CHARS || text.split("  ").count() >= TABLE_CELLS {
        return Vec::new();
    }
    let mut keys = Vec::new();
    // A text without a letter that does not change may be a cell of a table.
    if text.chars().any(char::is_alphabetic) {
        keys.push(Key { text: text.to_owned(), ahead: None });
    }
    for (start, end) in numbers(text) {
        let counts = |number: &i64| counts_pages((text, start, end), number - page as i64);
        if let Some(number) = text[start..end].parse::<i64>().ok().filter(counts) {
            keys.push(Key {
                text: format!("{}#{}", &text[..start], &text[end..]),
                ahead: Some(number - page as i64),
            });
        }
    }
    keys
}

/// Whether a number is that of the page: an invoice on each page, numbered as the pages are, is
/// known by its number alone.
fn counts_pages((text, start, end): (&str, usize, usize), ahead: i64) -> bool {
    let (before, after) = (&text[..start], &text[end..]);
    let is_label = |word: &str| LABELS.contains(&word.to_lowercase().as_str());
    let words = |text: &str| {
        let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let (words_before, words_after) = (words(before), words(after));
    if words_before.iter().chain(&words_after).all(|word| is_label(word)) {
        return true;
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '-';
    if before.ends_with(is_part) || after.starts_with(is_part) || is_padded(&text[start..end]) {
        return false;
    }
    let is_behind_label = before.ends_with(|c: char| c.is_whitespace() || c == '.')
        && words_before.last().is_some_and(|word| is_label(word))
        && !before.ends_with(|c: char| c.is_ascii_digit());
    // `3 of 8` and `3/8` end a line as `3` does.
    let ends = words_after.iter().all(|word| is_label(word));
    let stands_apart = (before.is_empty() && begins_apart(after)) || (ends && ends_apart(before));
    is_behind_label || (stands_apart && (MOST_BEHIND..=1).contains(&ahead))
}

fn is_padded(number: &str) -> bool {
    number.len() > 1 && number.starts_with('0')
}

fn begins_apart(text: &str) -> bool {
    let spaced = text.strip_prefix(char::is_whitespace);
    spaced.is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || is_divider(c)))
}

fn ends_apart(text: &str) -> bool {
    let spaced = text.strip_suffix(char::is_whitespace);
    spaced.is_some_and(|rest| rest.ends_with(|c: char| c.is_whitespace() || is_divider(c)))
}

fn is_divider(c: char) -> bool {
    matches!(c, '|' | '·' | '•' | '–' | '—' | '-' | '/')
}

/// Where the first and the last few whole numbers stand.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (index, _) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        match found.last_mut() {
            Some((_, end)) if *end == index => *end = index + 1,
            _ => found.push((index, index + 1)),
        }
    }
    found.retain(|(start, end)| end - start <= 5);
    if found.len() > 4 {
        found.drain(2..found.len() - 2);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::pdf::rows::Printed;

    fn page(lines: &[&str]) -> Page {
        let row = |(index, text): (usize, &&str)| Printed {
            text: (*text).to_owned(),
            baseline: 800.0 - 20.0 * index as f32,
            ..Printed::default()
        };
        let rows = lines.iter().enumerate().map(row).collect();
        Page { blocks: vec![Block { rows, is_table: false }], ..Page::default() }
    }

    fn texts(pages: &[Page]) -> Vec<String> {
        let texts = |page: &Page| {
            page.blocks[0].rows.iter().map(|row| row.text.clone()).collect::<Vec<_>>().join("|")
        };
        pages.iter().map(texts).collect()
    }

    #[test]
    fn heads_and_page_numbers_are_dropped_after_the_first_page() {
        let body = |n: usize| format!("body {}", "x".repeat(n + 1));
        let mut pages = (0..6)
            .map(|n| page(&["ACME report", &body(n), "b", &body(n), &format!("{}", n + 3)]))
            .collect::<Vec<_>>();
        drop_repeated(&mut pages);
        assert_eq!(texts(&pages)[0], "ACME report|body x|b|body x");
        assert_eq!(texts(&pages)[5], "body xxxxxx|b|body xxxxxx");
    }

    #[test]
    fn numbers_that_differ_from_the_count_of_pages_stay() {
        let numbers = ["4711", "4690", "5001", "5002", "4001", "3999"];
        let mut pages = numbers
            .map(|number| page(&[&format!("Invoice {number}"), &format!("line of {number}")]))
            .to_vec();
        let before = texts(&pages);
        drop_repeated(&mut pages);
        assert_eq!(texts(&pages), before);
    }

    #[test]
    fn numbers_that_count_with_the_pages_stay_where_they_name_something() {
        let heads = |n: usize| {
            [
                format!("Invoice No. 2024-{n:04}"),
                format!("Client{n} GmbH"),
                format!("Ticket {}", 8800 + n),
                format!("Payslip {n} of 6"),
                format!("leaf {n}"),
                format!("Room  {}", 112 + n),
            ]
        };
        for head in 0..6 {
            let one = |n: usize| page(&[&heads(n)[head], &"x".repeat(n), &"y".repeat(n)]);
            let mut pages = (1..7).map(one).collect::<Vec<_>>();
            let before = texts(&pages);
            drop_repeated(&mut pages);
            assert_eq!(texts(&pages), before);
        }
    }

    #[test]
    fn numbers_of_pages_are_dropped_in_any_dress() {
        let feet = |n: usize| {
            [
                format!("Page {n} of 6"),
                format!("ACME report, page {n}"),
                format!("{n} / 6"),
                format!("Apple Inc. | Q3 2023 Form 10-Q | {n}"),
                format!("{n}  The annual report"),
                format!("- {n} -"),
                format!("{n}쪽"),
            ]
        };
        for foot in 0..7 {
            let one = |n: usize| page(&[&"x".repeat(n), &"y".repeat(n), &feet(n)[foot]]);
            let mut pages = (1..7).map(one).collect::<Vec<_>>();
            drop_repeated(&mut pages);
            assert_eq!(texts(&pages)[5], "xxxxxx|yyyyyy", "{}", feet(6)[foot]);
        }
    }

    #[test]
    fn the_head_of_a_table_stays_on_each_page() {
        let mut pages = vec![page(&["Name  Team  City  Cups", "x"]); 5];
        drop_repeated(&mut pages);
        assert_eq!(texts(&pages)[4], "Name  Team  City  Cups");
    }

    #[test]
    fn few_pages_keep_everything() {
        let mut pages = vec![page(&["head", "a"]), page(&["head", "b"])];
        drop_repeated(&mut pages);
        assert_eq!(texts(&pages), ["head|a", "head|b"]);
    }
}
