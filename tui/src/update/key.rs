//! Keys: what each action does where one is.

use ragterm_units::count;

use super::judging::Verdict;
use super::{asking, judging, picking, previewing, searching, sessions};
use crate::effect::Effect;
use crate::history::{self, Entry};
use crate::input::{InputLine, MAX_CHARACTERS};
use crate::keys::{Action, Press};
use crate::opening::{self, Place};
use crate::panels;
use crate::state::{Connection, Layout, Mode, Panel, PickerKind, State, Target};
use crate::text::Role;

/// A key.
pub fn press(state: &mut State, press: Press) -> Vec<Effect> {
    let action = state.keys.action(press);
    // These do the same everywhere.
    match action {
        Some(Action::Quit) => return quit(state),
        Some(Action::Suspend) => return vec![Effect::Suspend],
        Some(Action::Redraw) => return vec![Effect::Redraw],
        _ => {}
    }
    match state.panel {
        Some(Panel::Picker(_)) => picking::press(state, press),
        Some(Panel::Comment(_)) => judging::press(state, press, action),
        Some(Panel::Help(_) | Panel::Indexing(_)) => press_in_panel(state, press, action),
        None => press_at_input(state, press, action),
    }
}

/// Pasted text goes where typed text goes, as one.
pub fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    match &mut state.panel {
        Some(Panel::Picker(picker)) => return picking::paste(picker, text),
        Some(Panel::Comment(comment)) => {
            let has_room = comment.line.insert(text);
            say_if_full(state, has_room);
            return Vec::new();
        }
        Some(_) => return Vec::new(),
        None => {}
    }
    let has_room = state.input.insert(text);
    say_if_full(state, has_room);
    after_edit(state)
}

fn press_at_input(state: &mut State, press: Press, action: Option<Action>) -> Vec<Effect> {
    if press.character() == Some('?') && state.input.text().is_empty() {
        return show(state, Panel::Help(0));
    }
    if let Some(n) = alt_digit(press).filter(|_| state.mode == Mode::Ask) {
        return asking::jump(state, None, n);
    }
    match action {
        Some(action) => act(state, press, action),
        None => {
            let has_room = edit(&mut state.input, press, None);
            say_if_full(state, has_room);
            after_edit(state)
        }
    }
}

/// Says why what was typed or pasted is not there.
pub fn say_if_full(state: &mut State, has_room: bool) {
    if !has_room {
        let text = format!(
            "this is too long: at most {} characters are taken",
            count(MAX_CHARACTERS as u64)
        );
        state.say(Role::Warning, text);
    }
}

fn alt_digit(press: Press) -> Option<u32> {
    let crossterm::event::KeyCode::Char(character) = press.code else { return None };
    let is_alt = press.modifiers == crossterm::event::KeyModifiers::ALT;
    character.to_digit(10).filter(|n| is_alt && *n > 0)
}

fn act(state: &mut State, press: Press, action: Action) -> Vec<Effect> {
    let rows = usize::from(Layout::of(state).preview.height.max(2)).cast_signed();
    match action {
        Action::Accept => accept(state),
        Action::Switch => switch(state),
        Action::Back => back(state),
        Action::Up => step(state, -1),
        Action::Down => step(state, 1),
        Action::PageUp => page(state, -1),
        Action::PageDown => page(state, 1),
        Action::PreviewUp => previewing::scroll(state, -1),
        Action::PreviewDown => previewing::scroll(state, 1),
        Action::PreviewPageUp => previewing::scroll(state, 1 - rows),
        Action::PreviewPageDown => previewing::scroll(state, rows - 1),
        Action::CopyPath => copy_path(state),
        Action::CopyPassage => copy_passage(state),
        Action::FilterSpace => picking::open(state, PickerKind::Space),
        Action::FilterType => picking::open(state, PickerKind::Type),
        Action::FilterTime => picking::open(state, PickerKind::Time),
        Action::ClearFilters => picking::clear(state),
        Action::History => picking::open(state, PickerKind::History),
        Action::Sessions => picking::open(state, PickerKind::Sessions),
        Action::Older => recall(state, 1),
        Action::Newer => recall(state, -1),
        Action::NewSession => sessions::begin(state),
        Action::Helpful => judging::judge(state, Verdict::Helpful),
        Action::Unhelpful => judging::judge(state, Verdict::Unhelpful),
        Action::Indexing => show(state, Panel::Indexing(0)),
        Action::Help => show(state, Panel::Help(0)),
        other => {
            // These only take away, or move.
            let _has_room = edit(&mut state.input, press, Some(other));
            after_edit(state)
        }
    }
}

/// Changes a line by a key; whether there was room for what it writes.
pub fn edit(line: &mut InputLine, press: Press, action: Option<Action>) -> bool {
    match action {
        Some(Action::Left) => line.left(),
        Some(Action::Right) => line.right(),
        Some(Action::WordLeft) => line.word_left(),
        Some(Action::WordRight) => line.word_right(),
        Some(Action::Start) => line.start(),
        Some(Action::End) => line.end(),
        Some(Action::DeleteBack) => line.delete_back(),
        Some(Action::Delete) => line.delete(),
        Some(Action::DeleteWord) => line.delete_word(),
        Some(Action::DeleteToStart) => line.delete_to_start(),
        Some(Action::DeleteToEnd) => line.delete_to_end(),
        Some(_) => {}
        None => {
            if let Some(character) = press.character() {
                return line.insert(character.encode_utf8(&mut [0; 4]));
            }
        }
    }
    true
}

fn after_edit(state: &mut State) -> Vec<Effect> {
    match state.mode {
        Mode::Search => searching::follow_input(state),
        Mode::Ask => Vec::new(),
    }
}

/// Puts a text into the input, in a mode.
pub fn put(state: &mut State, mode: Mode, text: &str) -> Vec<Effect> {
    state.input.set(text);
    enter_mode(state, mode)
}

fn switch(state: &mut State) -> Vec<Effect> {
    let mode = match state.mode {
        Mode::Search => Mode::Ask,
        Mode::Ask => Mode::Search,
    };
    enter_mode(state, mode)
}

fn enter_mode(state: &mut State, mode: Mode) -> Vec<Effect> {
    state.mode = mode;
    super::arrange(state);
    let mut effects = previewing::follow_selection(state);
    effects.extend(after_edit(state));
    effects
}

fn accept(state: &mut State) -> Vec<Effect> {
    match (state.mode, asking::source_typed(state)) {
        (Mode::Ask, Some(n)) => {
            state.input.set("");
            asking::jump(state, None, n)
        }
        (Mode::Ask, None) if !state.input.is_blank() => asking::ask(state),
        _ => open(state),
    }
}

/// Opens the document of what is selected.
pub fn open(state: &mut State) -> Vec<Effect> {
    let Some(target) = selected(state) else { return Vec::new() };
    let place = Place { uri: &target.uri, kind: &target.kind, line: target.line };
    match opening::plan(place, state.editor.as_deref()) {
        Ok(opening) => {
            let mut effects = remember(state);
            effects.push(Effect::Open(opening));
            effects
        }
        Err(sentence) => {
            state.say(Role::Error, sentence);
            Vec::new()
        }
    }
}

fn selected(state: &State) -> Option<Target> {
    match state.mode {
        Mode::Search => state.search.current().map(Target::of_hit),
        Mode::Ask => state.chat.focused().map(|cited| cited.target.clone()),
    }
}

fn copy_path(state: &mut State) -> Vec<Effect> {
    let Some(target) = selected(state) else { return Vec::new() };
    let path = opening::local_path(&target.uri).map(|path| path.display().to_string());
    let mut effects = remember(state);
    effects.push(Effect::Copy(path.unwrap_or(target.uri)));
    effects
}

fn copy_passage(state: &mut State) -> Vec<Effect> {
    let answer = state.chat.turns.last().map(|turn| turn.answer.clone());
    let text = match state.mode {
        Mode::Ask => answer.filter(|answer| !answer.is_empty()),
        Mode::Search => state.preview.passage().map(str::to_owned),
    };
    let mut effects = remember(state);
    effects.extend(text.map(Effect::Copy));
    effects
}

fn back(state: &mut State) -> Vec<Effect> {
    if state.chat.turns.last().is_some_and(|turn| turn.is_open()) && state.mode == Mode::Ask {
        return asking::stop(state, "stopped");
    }
    if state.input.text().is_empty() {
        return quit(state);
    }
    let mut effects = remember(state);
    state.input.set("");
    state.recalled = None;
    effects.extend(after_edit(state));
    effects
}

fn quit(state: &mut State) -> Vec<Effect> {
    let mut effects = match state.mode {
        Mode::Search => remember(state),
        Mode::Ask => Vec::new(),
    };
    effects.push(Effect::Quit);
    effects
}

fn step(state: &mut State, by: isize) -> Vec<Effect> {
    match state.mode {
        Mode::Search => searching::select(state, by),
        Mode::Ask => asking::step(state, by),
    }
}

fn page(state: &mut State, pages: isize) -> Vec<Effect> {
    let layout = Layout::of(state);
    match state.mode {
        Mode::Search => searching::select(state, pages * layout.visible_hits().cast_signed()),
        Mode::Ask => {
            let rows = usize::from(layout.list.height);
            state.chat.scroll(pages * rows.saturating_sub(1).cast_signed(), rows);
            Vec::new()
        }
    }
}

/// Notes what is typed in the history.
pub fn remember(state: &mut State) -> Vec<Effect> {
    let text = state.input.text().trim().to_owned();
    if text.is_empty() {
        return Vec::new();
    }
    let entry = Entry { mode: state.mode, text };
    if state.history.last() == Some(&entry) {
        return Vec::new();
    }
    history::add(&mut state.history, entry.clone());
    vec![Effect::Remember(entry)]
}

fn recall(state: &mut State, by: isize) -> Vec<Effect> {
    let before = state.recalled.map_or(-1, usize::cast_signed);
    let Ok(position) = usize::try_from(before.saturating_add(by)) else {
        state.recalled = None;
        return Vec::new();
    };
    let Some(index) = state.history.len().checked_sub(position + 1) else { return Vec::new() };
    let entry = state.history[index].clone();
    state.recalled = Some(position);
    put(state, entry.mode, &entry.text)
}

fn show(state: &mut State, panel: Panel) -> Vec<Effect> {
    let is_status_needed = matches!(panel, Panel::Indexing(_)) && state.is_connected();
    state.panel = Some(panel);
    if let Connection::Lost(fault, _) = &state.connection {
        let told = fault.told();
        state.say(Role::Error, told);
    }
    if is_status_needed { vec![Effect::Status] } else { Vec::new() }
}

fn press_in_panel(state: &mut State, press: Press, action: Option<Action>) -> Vec<Effect> {
    let page = usize::from(Layout::of(state).panel.height.saturating_sub(3)).max(1);
    let (Some(Panel::Help(top)) | Some(Panel::Indexing(top))) = &mut state.panel else {
        return Vec::new();
    };
    match action {
        Some(Action::Up | Action::PreviewUp) => *top = top.saturating_sub(1),
        Some(Action::Down | Action::PreviewDown) => *top += 1,
        Some(Action::PageUp) => *top = top.saturating_sub(page),
        Some(Action::PageDown) => *top += page,
        Some(Action::Back | Action::Accept) => state.panel = None,
        Some(Action::Help) if matches!(state.panel, Some(Panel::Help(_))) => state.panel = None,
        Some(Action::Indexing) if matches!(state.panel, Some(Panel::Indexing(_))) => {
            state.panel = None;
        }
        Some(Action::Help) => return show(state, Panel::Help(0)),
        Some(Action::Indexing) => return show(state, Panel::Indexing(0)),
        _ if matches!(press.character(), Some('?' | 'q')) => state.panel = None,
        _ => {}
    }
    bound_panel(state);
    Vec::new()
}

/// Keeps a panel from being scrolled beyond its end.
pub fn bound_panel(state: &mut State) {
    let rows = usize::from(Layout::of(state).panel.height.saturating_sub(2));
    let length = panels::rows(state).len();
    if let Some(Panel::Help(top) | Panel::Indexing(top)) = &mut state.panel {
        *top = (*top).min(length.saturating_sub(rows));
    }
}
