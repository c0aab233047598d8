//! Tables of pipes: each row a line of `header: value; header: value`, in the line where it stood.

use crate::extract::cells::{Cell, Grid};

/// The text with its tables spelled out; the number of lines is the same. `None` without tables.
pub(super) fn spelled_out(text: &str, budget: &mut usize) -> Option<String> {
    if !text.contains("--") && !text.contains("|-") {
        return None;
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let mut changed: Vec<(usize, String)> = Vec::new();
    let mut fence = None;
    let mut at = 0;
    while at < lines.len() {
        fence = match (fence, fence_of(lines[at])) {
            (None, found) => found,
            (Some(open), Some(found)) if open == found => None,
            (open, _) => open,
        };
        let is_table = fence.is_none()
            && lines.get(at + 1).is_some_and(|next| is_delimiter(next))
            && cells(lines[at]).len() == cells(lines[at + 1]).len();
        if !is_table {
            at += 1;
            continue;
        }
        let mut grid = Grid::default();
        changed.push((at, line(&cells(lines[at]), |cells| grid.header_row(cells, budget))));
        changed.push((at + 1, String::new()));
        at += 2;
        while let Some(row) = lines.get(at).filter(|row| row.contains('|')) {
            changed.push((at, line(&cells(row), |cells| grid.row(cells, budget))));
            at += 1;
        }
    }
    if changed.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
    changed.into_iter().for_each(|(at, line)| lines[at] = line);
    Some(lines.join("\n"))
}

fn line(texts: &[String], row: impl FnOnce(&[Cell<'_>]) -> String) -> String {
    let cells: Vec<Cell<'_>> = texts.iter().map(|text| Cell::new(text)).collect();
    row(&cells)
}

/// The sort of fence that a line opens or closes.
fn fence_of(line: &str) -> Option<char> {
    let line = line.trim_start();
    ['`', '~']
        .into_iter()
        .find(|mark| line.starts_with([*mark; 3].iter().collect::<String>().as_str()))
}

/// Whether a line is that between the headers and the rows: `|---|:-:|`.
fn is_delimiter(line: &str) -> bool {
    let line = line.trim();
    line.contains('|')
        && line.contains('-')
        && line.chars().all(|char| matches!(char, '|' | '-' | ':' | ' ' | '\t'))
        && cells(line).iter().all(|cell| cell.contains('-'))
}

/// The cells of a row; a pipe behind a backslash or in code is text.
fn cells(row: &str) -> Vec<String> {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let mut cells = vec![String::new()];
    let (mut is_code, mut is_escaped) = (false, false);
    for char in row.chars() {
        let cell = cells.last_mut().expect("there is always a cell");
        match char {
            '|' if is_escaped => {
                cell.pop();
                cell.push('|');
            }
            '|' if !is_code => cells.push(String::new()),
            '`' => {
                is_code = !is_code;
                cell.push('`');
            }
            char => cell.push(char),
        }
        is_escaped = char == '\\' && !is_escaped;
    }
    // The pipe at the end closes the last cell.
    if cells.len() > 1 && cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        cells.pop();
    }
    cells.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> String {
        spelled_out(text, &mut 10_000).unwrap_or_else(|| "no table".to_owned())
    }

    #[test]
    fn a_value_stands_behind_its_header_in_its_own_line() {
        let text = "Before\n\n| Part | Lead time |\n|------|:---------:|\n| P377 | 14 days |\n| P378 | |\n\nAfter";
        let expected =
            "Before\n\nPart; Lead time\n\nPart: P377; Lead time: 14 days\nPart: P378\n\nAfter";
        assert_eq!(spelled(text), expected);
        assert_eq!(
            spelled("부품|기간\n-|-\nP1|`a|b` 또는 c\\|d"),
            "부품; 기간\n\n부품: P1; 기간: `a|b` 또는 c|d"
        );
    }

    #[test]
    fn what_only_looks_like_a_table_stays() {
        for text in
            ["a | b\nc | d", "```\n| a | b |\n|---|---|\n```", "a\n---\nb", "| a |\n|---|---|"]
        {
            assert_eq!(spelled(text), "no table", "{text}");
        }
    }

    #[test]
    fn long_headers_cannot_blow_up_the_text() {
        let row = format!("|{}\n", "x|".repeat(1000));
        let header = format!("|{}\n", "a header of some length|".repeat(1000));
        let text = format!("{header}|{}\n{}", "-|".repeat(1000), row.repeat(50));
        let spelled = spelled_out(&text, &mut 5_000).unwrap();
        assert!(spelled.len() < text.len() * 2 + 50_000, "{}", spelled.len());
    }
}
