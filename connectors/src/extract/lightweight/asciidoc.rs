//! AsciiDoc: `= Title`, `== Section`, and the attributes below the title.

use super::{Found, lines};

/// What stands around a block that has no headings.
const FENCES: [&str; 8] = ["----", "....", "++++", "////", "====", "****", "____", "```"];

pub(super) fn read(text: &str) -> Found {
    let mut found = Found::default();
    let mut fence = None;
    let mut is_head = true;
    for (range, line) in lines(text) {
        if let Some(open) = fence {
            fence = (line != open).then_some(open);
            continue;
        }
        if is_fence(line) {
            fence = Some(line);
            continue;
        }
        if let Some((level, title)) = heading(line) {
            // What follows the title is the head of the document.
            is_head &= level == 1;
            found.add(level, title, range);
        } else if is_head && let Some((name, value)) = attribute(line) {
            found.keep(name, value);
        } else if is_head && is_author(line) && found.headings.len() == 1 {
            found.keep("author", line);
        } else if line.is_empty() && !found.headings.is_empty() {
            is_head = false;
        }
    }
    found
}

fn is_fence(line: &str) -> bool {
    FENCES.iter().any(|fence| {
        let sign = &fence[..1];
        line.starts_with(fence) && line.trim_start_matches(sign).is_empty()
    }) || line == "|==="
        || line == "--"
}

/// Some write `#` as in Markdown.
fn heading(line: &str) -> Option<(usize, &str)> {
    let sign = line.chars().next().filter(|sign| "=#".contains(*sign))?;
    let title = line.trim_start_matches(sign);
    let level = line.len() - title.len();
    let title = title.strip_prefix(' ')?;
    let title = title.strip_suffix(&line[..level]).map_or(title, str::trim_end);
    (level <= 6).then_some((level, title))
}

/// `:name: value`
fn attribute(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix(':')?.split_once(':')?;
    (!name.is_empty() && !name.contains(' ')).then(|| (name, value.trim()))
}

/// `Kim Lee <kim@example.com>`
fn is_author(line: &str) -> bool {
    line.starts_with(char::is_alphabetic) && line.ends_with('>') && line.contains(" <")
}
