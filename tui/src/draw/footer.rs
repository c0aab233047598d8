//! The last line: what was just said, or the keys; and what the daemon is at.

use ragterm_units::{count, counted, percent_of};

use super::Canvas;
use crate::keys::Action;
use crate::state::{Connection, Layout, Mode, Panel, PickerKind, State};
use crate::text::{Piece, Role, Row, clean_line, cut_row, row_width};

/// Paints the line.
pub fn draw(state: &State, layout: &Layout, canvas: &mut Canvas<'_>) {
    let area = layout.footer;
    if area.is_empty() {
        return;
    }
    let columns = usize::from(area.width);
    let right = daemon(state);
    let is_wide = columns > row_width(&right) + 24;
    let room = if is_wide { columns - row_width(&right) - 1 } else { columns };
    let left = match &state.notice {
        Some(notice) => vec![Piece::new(notice.role, format!(" {}", clean_line(&notice.text)))],
        None if !is_wide && !state.is_connected() => right.clone(),
        None => hints(state),
    };
    canvas.put(area, &cut_row(&left, room));
    if is_wide {
        canvas.put_right(area, &right);
    }
}

fn hints(state: &State) -> Row {
    let actions: &[(Action, &str)] = match (&state.panel, state.mode) {
        (Some(Panel::Picker(picker)), _) if picker.kind.takes_several() => {
            &[(Action::Accept, "only this"), (Action::Switch, "mark"), (Action::Back, "close")]
        }
        (Some(Panel::Picker(picker)), _) if picker.kind == PickerKind::Sessions => {
            &[(Action::Accept, "open"), (Action::Delete, "delete"), (Action::Back, "close")]
        }
        (Some(Panel::Picker(_)), _) => &[(Action::Accept, "take"), (Action::Back, "close")],
        (Some(Panel::Comment(_)), _) => &[(Action::Accept, "send"), (Action::Back, "no comment")],
        (Some(_), _) => &[(Action::Back, "close"), (Action::Down, "scroll")],
        (None, Mode::Search) => &[
            (Action::Accept, "open"),
            (Action::Switch, "ask"),
            (Action::CopyPath, "copy path"),
            (Action::FilterSpace, "filter"),
            (Action::Help, "help"),
        ],
        (None, Mode::Ask) if state.chat.running.is_some() => {
            &[(Action::Back, "stop"), (Action::Help, "help")]
        }
        (None, Mode::Ask) => &[
            (Action::Accept, "ask"),
            (Action::Switch, "search"),
            (Action::NewSession, "new session"),
            (Action::Helpful, "helpful"),
            (Action::Unhelpful, "not"),
            (Action::Help, "help"),
        ],
    };
    let mut row = vec![Piece::new(Role::Bar, " ")];
    for (action, text) in actions {
        if let Some(key) = state.keys.of(*action).first() {
            row.push(Piece::new(Role::Accent, key.clone()));
            row.push(Piece::new(Role::Bar, format!(" {text}  ")));
        }
    }
    row
}

/// What the daemon is at, in a few words.
fn daemon(state: &State) -> Row {
    let told = |role, text: String| vec![Piece::new(role, text)];
    match &state.connection {
        Connection::Connecting => return told(Role::Dim, "connects … ".into()),
        Connection::Lost(fault, 0) => {
            return told(Role::Warning, format!("{} ", clean_line(&fault.sentence)));
        }
        Connection::Lost(..) => {
            return told(Role::Error, "no daemon answers; tries again … ".into());
        }
        Connection::Ready => {}
    }
    let Some(status) = &state.status else { return Row::new() };
    if let Some(job) = status.jobs.first() {
        let share = percent_of(job.done, job.total);
        return told(Role::Accent, format!("{} {share} ", clean_line(&job.source)));
    }
    let documents = status.documents.unwrap_or_default();
    let mut row = told(Role::Dim, format!("{} ", counted(documents.indexed, "document")));
    if documents.failed > 0 {
        row.push(Piece::new(Role::Error, format!("{} failed ", count(documents.failed))));
    }
    row
}
