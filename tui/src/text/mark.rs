//! Marking what was searched for.

use ragterm_proto::v1::Highlight;

use super::{Piece, Role, Row};

/// So many terms are looked for; more would cost time at each key.
const MAX_TERMS: usize = 24;

/// The cleaned text with its ranges marked; they count characters, and wrong ones mark nothing.
pub fn mark_ranges(text: &str, ranges: &[Highlight], role: Role) -> Row {
    let characters: Vec<char> = text.chars().collect();
    let mut roles = vec![role; characters.len()];
    for range in ranges {
        let end = (range.end as usize).min(roles.len());
        let start = (range.start as usize).min(end);
        roles[start..end].fill(Role::Match);
    }
    joined(&characters, &roles)
}

/// The row with each occurrence of one of the terms marked, whatever its case.
pub fn mark_terms(row: &[Piece], terms: &[String]) -> Row {
    let mut characters = Vec::new();
    let mut roles = Vec::new();
    for piece in row {
        for character in piece.text.chars() {
            characters.push(character);
            roles.push(piece.role);
        }
    }
    let folded: Vec<char> = characters.iter().map(|character| fold(*character)).collect();
    for term in terms.iter().take(MAX_TERMS) {
        let term: Vec<char> = term.chars().map(fold).collect();
        mark_one(&folded, &term, &mut roles);
    }
    joined(&characters, &roles)
}

fn mark_one(folded: &[char], term: &[char], roles: &mut [Role]) {
    if term.is_empty() {
        return;
    }
    for (start, window) in folded.windows(term.len()).enumerate() {
        if window == term {
            roles[start..start + term.len()].fill(Role::Match);
        }
    }
}

fn fold(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

fn joined(characters: &[char], roles: &[Role]) -> Row {
    let mut row: Row = Vec::new();
    for (character, role) in characters.iter().zip(roles) {
        match row.last_mut() {
            Some(piece) if piece.role == *role => piece.text.push(*character),
            _ => row.push(Piece::new(*role, *character)),
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(row: &[Piece]) -> String {
        row.iter()
            .map(|piece| match piece.role {
                Role::Match => format!("[{}]", piece.text),
                _ => piece.text.clone(),
            })
            .collect()
    }

    #[test]
    fn ranges_count_characters_and_wrong_ones_mark_nothing() {
        let ranges =
            [(0, 2), (9, 3), (7, 5), (6, u32::MAX)].map(|(start, end)| Highlight { start, end });
        assert_eq!(spelt(&mark_ranges("연차를 쓴다", &ranges, Role::Text)), "[연차]를 쓴다");
        assert_eq!(spelt(&mark_ranges("", &ranges, Role::Text)), "");
    }

    #[test]
    fn terms_are_found_whatever_their_case() {
        let row = [Piece::new(Role::Text, "Leave, LEAVE and 연차")];
        let terms = ["leave".to_owned(), "연차".to_owned(), String::new()];
        assert_eq!(spelt(&mark_terms(&row, &terms)), "[Leave], [LEAVE] and [연차]");
    }
}
