//! Headers, footers and page numbers that repeat from page to page: kept once, then dropped.

use std::collections::{HashMap, HashSet};

use super::paragraphs::Line;

/// How many lines at the top and at the bottom of a page may be running ones.
const EDGE_LINES: usize = 3;

/// A line runs when it stands on at least so many pages, and on this part of them: the heads of
/// left and right pages differ.
const LEAST_PAGES: usize = 4;
const LEAST_SHARE: f32 = 0.4;

const MAX_LINE_CHARS: usize = 200;

/// What makes two lines the same: the text, but for a number that counts with the pages.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    text: String,
    /// The number less the page's; `None` for a text that does not change at all.
    ahead: Option<i64>,
}

/// Drops what repeats; the first page that has it keeps it, unless it is a mere number.
pub(super) fn drop_repeated(pages: &mut [Vec<Line>]) {
    let mut counts: HashMap<Key, usize> = HashMap::new();
    let mut filled = 0;
    for (number, lines) in pages.iter().enumerate() {
        filled += usize::from(!lines.is_empty());
        let edges = edges(lines).into_iter();
        let keys = edges.flat_map(|index| keys(&lines[index].text, number));
        for key in keys.collect::<HashSet<_>>() {
            *counts.entry(key).or_default() += 1;
        }
    }
    let least = LEAST_PAGES.max((filled as f32 * LEAST_SHARE).ceil() as usize);
    counts.retain(|_, count| *count >= least);
    let mut kept = HashSet::new();
    for (number, lines) in pages.iter_mut().enumerate() {
        let repeated = edges(lines).into_iter().filter(|index| {
            let key = keys(&lines[*index].text, number).into_iter();
            let Some(key) = key.into_iter().find(|key| counts.contains_key(key)) else {
                return false;
            };
            !key.text.chars().any(char::is_alphabetic) || !kept.insert(key)
        });
        let repeated = repeated.collect::<HashSet<_>>();
        let mut index = 0;
        lines.retain(|_| {
            index += 1;
            !repeated.contains(&(index - 1))
        });
    }
}

/// The lines that stand highest and lowest on the page, whatever their order of reading.
fn edges(lines: &[Line]) -> Vec<usize> {
    let mut order = (0..lines.len()).collect::<Vec<_>>();
    order.sort_by(|a, b| lines[*b].top.total_cmp(&lines[*a].top));
    let below = order.len().saturating_sub(EDGE_LINES).max(EDGE_LINES.min(order.len()));
    let mut edges = order[..EDGE_LINES.min(order.len())].to_vec();
    edges.extend(&order[below..]);
    edges
}

/// The text as it is, then with each of its numbers taken for that of the page.
fn keys(text: &str, page: usize) -> Vec<Key> {
    if text.chars().count() > MAX_LINE_CHARS {
        return Vec::new();
    }
    let mut keys = Vec::new();
    // A text without a letter that does not change may be a cell of a table.
    if text.chars().any(char::is_alphabetic) {
        keys.push(Key { text: text.to_owned(), ahead: None });
    }
    for (start, end) in numbers(text) {
        if let Ok(number) = text[start..end].parse::<i64>() {
            let text = format!("{}#{}", &text[..start], &text[end..]);
            keys.push(Key { text, ahead: Some(number - page as i64) });
        }
    }
    keys
}

/// Where the first and the last few whole numbers stand.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (index, byte) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        debug_assert!(byte.is_ascii_digit());
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

    fn page(lines: &[&str]) -> Vec<Line> {
        let height = |index: usize| 800.0 - 20.0 * index as f32;
        let line = |(index, text): (usize, &&str)| Line {
            text: (*text).to_owned(),
            top: height(index),
            begins: false,
        };
        lines.iter().enumerate().map(line).collect()
    }

    fn texts(pages: &[Vec<Line>]) -> Vec<String> {
        let join = |lines: &Vec<Line>| lines.iter().map(|it| &*it.text).collect::<Vec<_>>().join("|");
        pages.iter().map(join).collect()
    }

    #[test]
    fn heads_and_page_numbers_are_dropped_after_the_first_page() {
        let body = |n: usize| format!("body {}", "x".repeat(n + 1));
        let mut pages = (0..6)
            .map(|n| page(&["ACME report", &body(n), "b", "c", "d", "e", &format!("{}", n + 3)]))
            .collect::<Vec<_>>();
        drop_repeated(&mut pages);
        assert_eq!(texts(&pages)[0], "ACME report|body x|b|c|d|e");
        assert_eq!(texts(&pages)[5], "body xxxxxx|c|d");
    }

    #[test]
    fn numbers_that_differ_from_the_count_of_pages_stay() {
        let numbers = ["4711", "4690", "5001", "5002", "4001", "3999"];
        let mut pages = numbers.map(|number| page(&[&format!("Invoice {number}"), "x y"])).to_vec();
        for (index, page) in pages.iter_mut().enumerate() {
            page[1].text = format!("line {}", "y".repeat(index + 1));
        }
        let before = texts(&pages);
        drop_repeated(&mut pages);
        assert_eq!(texts(&pages), before);
    }

    #[test]
    fn few_pages_keep_everything() {
        let mut pages = vec![page(&["head", "a"]), page(&["head", "b"])];
        drop_repeated(&mut pages);
        assert_eq!(texts(&pages), ["head|a", "head|b"]);
    }
}
