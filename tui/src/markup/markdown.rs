//! Markdown, line by line: a passage is a fragment, so nothing may depend on what came before it.

use super::code::{self, Language};
use crate::text::{Piece, Role, Row};

/// The lines of Markdown in roles.
pub fn coloured(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        let Some(language) = fence(line) else {
            rows.push(line_of(line));
            continue;
        };
        rows.push(vec![Piece::new(Role::Dim, line)]);
        for inside in lines.by_ref() {
            if fence(inside).is_some() {
                rows.push(vec![Piece::new(Role::Dim, inside)]);
                break;
            }
            rows.push(match Language::of(language) {
                Some(language) => code::line(inside, language),
                None => vec![Piece::new(Role::Code, inside)],
            });
        }
    }
    rows
}

/// The language of a line that begins or ends code, if it does.
fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.strip_prefix("```").or_else(|| line.strip_prefix("~~~"))?;
    let rest = rest.trim_start_matches(['`', '~']);
    Some(rest.split(|c: char| !c.is_alphanumeric() && c != '+' && c != '#').next().unwrap_or(rest))
}

fn line_of(line: &str) -> Row {
    let trimmed = line.trim_start();
    let level = trimmed.chars().take_while(|character| *character == '#').count();
    if (1..=6).contains(&level) && trimmed[level..].starts_with(' ') {
        return vec![Piece::new(Role::Heading, line)];
    }
    if trimmed.starts_with('>') {
        return vec![Piece::new(Role::Comment, line)];
    }
    let marker = list_marker(trimmed);
    let (before, rest) = line.split_at(line.len() - trimmed.len() + marker);
    let mut row = Row::new();
    if !before.is_empty() {
        row.push(Piece::new(Role::Accent, before));
    }
    row.extend(inline(rest));
    row
}

/// How many bytes the mark of a list item takes: `- `, `* `, `12. `.
fn list_marker(trimmed: &str) -> usize {
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let mark = match (digits, trimmed[digits..].chars().next()) {
        (0, Some('-' | '*' | '+')) => 1,
        (1..=4, Some('.' | ')')) => digits + 1,
        _ => return 0,
    };
    if trimmed[mark..].starts_with(' ') { mark + 1 } else { 0 }
}

/// Code, emphasis and links inside a line.
fn inline(text: &str) -> Row {
    let mut row = Row::new();
    let mut plain = 0;
    let mut position = 0;
    while let Some(character) = text[position..].chars().next() {
        let rest = &text[position..];
        let found = match character {
            '`' => enclosed(rest, "`", Role::Code),
            '*' if rest.starts_with("**") => enclosed(rest, "**", Role::Strong),
            '[' => link(rest),
            'h' if rest.starts_with("http://") || rest.starts_with("https://") => {
                let end = rest.find([' ', ')', '>', '"', '<']).unwrap_or(rest.len());
                Some((end, Role::Link))
            }
            _ => None,
        };
        let Some((length, role)) = found else {
            position += character.len_utf8();
            continue;
        };
        if plain < position {
            row.push(Piece::new(Role::Text, &text[plain..position]));
        }
        row.push(Piece::new(role, &rest[..length]));
        position += length;
        plain = position;
    }
    if plain < text.len() || row.is_empty() {
        row.push(Piece::new(Role::Text, &text[plain..]));
    }
    row
}

fn enclosed(rest: &str, mark: &str, role: Role) -> Option<(usize, Role)> {
    let inside = rest.get(mark.len()..)?;
    let end = inside.find(mark).filter(|end| *end > 0)?;
    Some((mark.len() + end + mark.len(), role))
}

/// `[text](address)` or `[[page]]`.
fn link(rest: &str) -> Option<(usize, Role)> {
    if rest.starts_with("[[") {
        return rest.find("]]").map(|end| (end + 2, Role::Link));
    }
    let middle = rest.find("](")?;
    // Brackets far apart belong to different things.
    if middle > 200 || rest[..middle].contains("[[") {
        return None;
    }
    let end = rest[middle..].find(')')?;
    Some((middle + end + 1, Role::Link))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(text: &str) -> String {
        let rows = coloured(text);
        let lines: Vec<String> = rows
            .iter()
            .map(|row| {
                row.iter().map(|piece| format!("{:?}({})", piece.role, piece.text)).collect()
            })
            .collect();
        lines.join("\n")
    }

    #[test]
    fn headings_lists_code_and_links_have_roles() {
        let text = "# Leave **x**\n\n- take `n` days, **soon**, see [rules](a.md)\n  12. https://x.y z\n> said\n\
                    ```sh\necho \"hi\" # say\n```\nafter [1] [[page]]\n~~~\nopen";
        insta::assert_snapshot!(spelt(text));
    }

    #[test]
    fn no_character_is_lost() {
        let text = "a ** b ` c [d](e [[f\n```\n** ``\n연차 **휴가** 👍🏽\n\n#no\n####### x";
        let back: Vec<String> = coloured(text)
            .iter()
            .map(|row| row.iter().map(|piece| piece.text.as_str()).collect())
            .collect();
        assert_eq!(back.join("\n"), text);
    }
}
