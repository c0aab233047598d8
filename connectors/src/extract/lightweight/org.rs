//! Org: `* Heading` with its state and tags, and `#+TITLE:` and the like.

use super::{Found, lines};

const STATES: [&str; 8] =
    ["CANCELED", "CANCELLED", "DONE", "HOLD", "NEXT", "STARTED", "TODO", "WAITING"];

pub(super) fn read(text: &str) -> Found {
    let mut found = Found::default();
    let mut is_block = false;
    for (range, line) in lines(text) {
        if let Some(keyword) = line.trim_start().strip_prefix("#+") {
            let name = keyword.split([' ', '_', ':']).next().unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "begin" => is_block = true,
                "end" => is_block = false,
                _ => {
                    if let Some((name, value)) = keyword.split_once(':') {
                        found.keep(name, value);
                    }
                }
            }
            continue;
        }
        let title = line.trim_start_matches('*');
        let level = line.len() - title.len();
        if level > 0 && title.starts_with(' ') {
            // No block goes on below a heading.
            is_block = false;
        }
        if level > 0 && !is_block && title.starts_with(' ') {
            found.add(level, plain(title), range);
        }
    }
    found
}

/// A heading without `TODO`, `[#A]` and `:tags:`.
fn plain(title: &str) -> &str {
    let title = title.trim();
    let title = match title.split_once(' ') {
        Some((state, rest)) if STATES.contains(&state) => rest.trim_start(),
        _ => title,
    };
    let title = match title.strip_prefix("[#").and_then(|rest| rest.split_once("] ")) {
        Some((priority, rest)) if priority.len() == 1 => rest,
        _ => title,
    };
    match title.rsplit_once(' ') {
        Some((rest, tags)) if tags.len() > 2 && tags.starts_with(':') && tags.ends_with(':') => {
            rest
        }
        _ => title,
    }
}
