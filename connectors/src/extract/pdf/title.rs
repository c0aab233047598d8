//! A title for a document without one: what its first page prints largest.

use super::pages::Page;
use super::rows::Printed;
use crate::extract::outline::one_line;

/// How much larger than the text a title is printed.
const LARGER: f32 = 1.3;

/// Lines of a title may differ by this much.
const SAME: f32 = 0.9;

const MAX_LINES: usize = 3;
const MAX_CHARS: usize = 160;
const LEAST_LETTERS: usize = 4;

/// The largest text of the first page, if it stands above the rest and reads like a title.
pub(super) fn printed(pages: &[Page]) -> Option<String> {
    let first = pages.first().filter(|page| page.fault.is_none())?;
    let rows = first.blocks.iter().flat_map(|block| &block.rows).collect::<Vec<_>>();
    let usual = usual_size(&rows)?;
    let is_word = |row: &&&Printed| row.text.chars().filter(|c| c.is_alphabetic()).count() > 1;
    let words = || rows.iter().filter(is_word);
    let largest = words().map(|row| row.size).fold(0.0, f32::max);
    if largest < usual * LARGER {
        return None;
    }
    let start = rows.iter().position(|row| row.size >= largest * SAME && is_word(&row))?;
    // A title stands above the text.
    if start * 3 > rows.len() || rows[start].text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut lines = rows[start..].iter();
    let title = lines.by_ref().take_while(|row| row.size >= largest * SAME);
    let title = title.take(MAX_LINES + 1).collect::<Vec<_>>();
    let text = title.iter().map(|row| one_line(&row.text)).collect::<Vec<_>>().join(" ");
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let is_title = title.len() <= MAX_LINES
        && letters >= LEAST_LETTERS
        && letters * 2 > text.chars().count()
        && text.chars().count() <= MAX_CHARS;
    is_title.then_some(text)
}

/// The size of most of the text; `None` for a page with hardly any.
fn usual_size(rows: &[&Printed]) -> Option<f32> {
    let mut sizes = rows.iter().map(|row| (row.size, row.text.len())).collect::<Vec<_>>();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total = sizes.iter().map(|(_, length)| length).sum::<usize>();
    let mut passed = 0;
    sizes.into_iter().find_map(|(size, length)| {
        passed += length;
        (total > 200 && passed * 2 >= total).then_some(size)
    })
}
