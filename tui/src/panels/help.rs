//! The help: each action with its keys, as they are configured.

use crate::keys::{ACTIONS, Action};
use crate::state::State;
use crate::text::{Piece, Role, Row, width, wrap};

/// The headings of the help, each before an action.
const GROUPS: [(Action, &str); 6] = [
    (Action::Accept, "Everywhere"),
    (Action::Up, "Moving"),
    (Action::CopyPath, "Copying and filtering"),
    (Action::History, "History and sessions"),
    (Action::Indexing, "Panels"),
    (Action::Left, "Editing"),
];

/// The rows of the help in so many columns.
pub fn rows(state: &State, columns: usize) -> Vec<Row> {
    let keys: Vec<String> =
        ACTIONS.iter().map(|described| state.keys.of(described.action).join(", ")).collect();
    let longest = keys.iter().map(|keys| width(keys)).max().unwrap_or(0);
    let left = longest.min(columns / 2);
    let mut rows = Vec::new();
    for (described, keys) in ACTIONS.iter().zip(keys) {
        if let Some((_, title)) = GROUPS.iter().find(|(action, _)| *action == described.action) {
            if !rows.is_empty() {
                rows.push(Row::new());
            }
            rows.push(vec![Piece::new(Role::Heading, *title)]);
        }
        if !keys.is_empty() {
            rows.extend(line(&keys, described.help, (left, columns)));
        }
    }
    rows.push(Row::new());
    rows.push(vec![Piece::new(Role::Heading, "Answers")]);
    rows.extend(line("a number, enter", "the passage of a citation", (left, columns)));
    rows.extend(line("alt-1 … alt-9", "the same at once", (left, columns)));
    rows.push(Row::new());
    rows.push(vec![Piece::new(Role::Heading, "Mouse")]);
    rows.extend(line(
        "click",
        "select a hit, a source or a citation; again: open it",
        (left, columns),
    ));
    rows.extend(line("wheel", "scroll what is under it", (left, columns)));
    rows
}

fn line(keys: &str, help: &str, columns: (usize, usize)) -> Vec<Row> {
    let (left, all) = columns;
    let right = all.saturating_sub(left + 2);
    let mut rows = Vec::new();
    let mut keys = wrap(&[Piece::new(Role::Accent, keys)], left).into_iter();
    let mut helps = wrap(&[Piece::new(Role::Text, help)], right).into_iter();
    loop {
        let (key, help) = (keys.next(), helps.next());
        if key.is_none() && help.is_none() {
            return rows;
        }
        let mut row = key.unwrap_or_default();
        let used: usize = row.iter().map(|piece| width(&piece.text)).sum();
        row.push(Piece::new(Role::Text, " ".repeat((left + 2).saturating_sub(used))));
        row.extend(help.unwrap_or_default());
        rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::keys::Keys;

    #[test]
    fn the_help_shows_every_action_with_the_keys_of_the_configuration() {
        let mut state = State::new((100, 40));
        let chosen = BTreeMap::from([("copy-path".to_owned(), vec!["alt-p".to_owned()])]);
        state.keys = Keys::new(&chosen).unwrap();
        let text: String = rows(&state, 90)
            .iter()
            .map(|row| row.iter().map(|piece| piece.text.as_str()).collect::<String>() + "\n")
            .collect();
        for described in &ACTIONS {
            assert!(text.contains(described.help.split(' ').next().unwrap()), "{}", described.name);
        }
        assert!(text.contains("alt-p  ") && !text.contains("ctrl-y"));
    }
}
