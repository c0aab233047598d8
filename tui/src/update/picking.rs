//! Choosing from a list: filters, history, sessions.

use std::collections::BTreeSet;

use super::{key, searching, sessions};
use crate::effect::Effect;
use crate::history::{self, Entry};
use crate::keys::{Action, Press};
use crate::state::{Item, Layout, Mode, Panel, Picker, PickerKind, State, TIMES};
use crate::text::Role;

/// Types that are offered even before any was seen.
const TYPES: [&str; 12] =
    ["csv", "docx", "eml", "html", "hwp", "json", "md", "pdf", "pptx", "txt", "xlsx", "zip"];

/// Opens a list.
pub fn open(state: &mut State, kind: PickerKind) -> Vec<Effect> {
    let items = match kind {
        PickerKind::Space => spaces(state),
        PickerKind::Type => types(state),
        PickerKind::Time => times(state),
        PickerKind::History => recalled(state),
        PickerKind::Sessions => return sessions::open_list(state),
    };
    state.panel = Some(Panel::Picker(Picker::new(kind, items)));
    Vec::new()
}

fn spaces(state: &State) -> Vec<Item> {
    let sources = state.status.iter().flat_map(|status| &status.sources);
    let names: BTreeSet<&String> =
        sources.map(|source| &source.space).chain(&state.filters.spaces).collect();
    let chosen = &state.filters.spaces;
    names
        .into_iter()
        .map(|name| Item { chosen: chosen.contains(name), ..Item::new(name) })
        .collect()
}

fn types(state: &State) -> Vec<Item> {
    let seen = state.search.hits.iter().map(|hit| hit.r#type.as_str());
    let names: BTreeSet<&str> = seen
        .chain(state.filters.types.iter().map(String::as_str))
        .chain(TYPES)
        .filter(|name| !name.is_empty())
        .collect();
    let is_chosen = |name: &str| state.filters.types.iter().any(|chosen| chosen == name);
    names.into_iter().map(|name| Item { chosen: is_chosen(name), ..Item::new(name) }).collect()
}

fn times(state: &State) -> Vec<Item> {
    let any = Item {
        chosen: state.filters.since_s.is_none(),
        value: String::new(),
        ..Item::new("any time")
    };
    let choices = TIMES.iter().map(|(name, seconds)| Item {
        chosen: state.filters.since_s == Some(*seconds),
        value: seconds.to_string(),
        ..Item::new(name)
    });
    std::iter::once(any).chain(choices).collect()
}

/// The history was read; a list of it that is open already shows it.
pub fn remembered(state: &mut State, entries: Vec<Entry>) -> Vec<Effect> {
    // What was typed while the file was read is newer.
    let newer = std::mem::replace(&mut state.history, entries);
    newer.into_iter().for_each(|entry| history::add(&mut state.history, entry));
    let items = recalled(state);
    if let Some(Panel::Picker(picker)) = &mut state.panel
        && picker.kind == PickerKind::History
    {
        picker.items = items;
    }
    Vec::new()
}

fn recalled(state: &State) -> Vec<Item> {
    let newest_first = state.history.iter().rev();
    newest_first
        .map(|entry| {
            let detail = match entry.mode {
                Mode::Search => "searched",
                Mode::Ask => "asked",
            };
            Item { detail: detail.into(), ..Item::new(&entry.text) }
        })
        .collect()
}

/// A key while a list is open.
pub fn press(state: &mut State, press: Press) -> Vec<Effect> {
    let action = state.keys.action(press);
    let page = usize::from(Layout::of(state).panel.height.saturating_sub(4)).max(1);
    let Some(Panel::Picker(picker)) = &mut state.panel else { return Vec::new() };
    let selected = picker.selected;
    match action {
        Some(Action::Back) => state.panel = None,
        Some(Action::Accept) => return accept(state),
        Some(Action::Switch) if picker.kind.takes_several() => return toggle(state),
        Some(Action::Up) => picker.select(selected.saturating_sub(1)),
        Some(Action::Down) => picker.select(selected + 1),
        Some(Action::PageUp) => picker.select(selected.saturating_sub(page)),
        Some(Action::PageDown) => picker.select(selected + page),
        Some(Action::Delete) if picker.kind == PickerKind::Sessions => {
            return sessions::delete(state);
        }
        other => {
            let before = picker.filter.clone();
            // Nobody searches a list with so many characters.
            let _has_room = key::edit(&mut picker.filter, press, other);
            return narrowed(picker, before.text());
        }
    }
    Vec::new()
}

/// What follows when the list may have been narrowed.
fn narrowed(picker: &mut Picker, before: &str) -> Vec<Effect> {
    if picker.filter.text() == before {
        return Vec::new();
    }
    picker.select(0);
    match picker.kind {
        PickerKind::Sessions => vec![Effect::ListSessions(picker.filter.text().to_owned())],
        _ => Vec::new(),
    }
}

/// Pasted text narrows the list too.
pub fn paste(picker: &mut Picker, text: &str) -> Vec<Effect> {
    let before = picker.filter.clone();
    let _has_room = picker.filter.insert(text);
    narrowed(picker, before.text())
}

/// Marks or unmarks the selected row; the list stays open.
fn toggle(state: &mut State) -> Vec<Effect> {
    let Some(Panel::Picker(picker)) = &mut state.panel else { return Vec::new() };
    let kind = picker.kind;
    let Some(value) = picker.current().map(|item| item.value.clone()) else { return Vec::new() };
    for item in picker.items.iter_mut().filter(|item| item.value == value) {
        item.chosen = !item.chosen;
    }
    let chosen: Vec<String> =
        picker.items.iter().filter(|item| item.chosen).map(|item| item.value.clone()).collect();
    let next = picker.selected + 1;
    picker.select(next);
    match kind {
        PickerKind::Space => state.filters.spaces = chosen,
        _ => state.filters.types = chosen,
    }
    changed(state)
}

/// Takes the selected row and closes the list.
pub fn accept(state: &mut State) -> Vec<Effect> {
    let Some(Panel::Picker(picker)) = state.panel.take() else { return Vec::new() };
    let Some(item) = picker.current().cloned() else { return Vec::new() };
    let only = |item: &Item| match item.chosen {
        // What is chosen already is let go.
        true => Vec::new(),
        false => vec![item.value.clone()],
    };
    match picker.kind {
        PickerKind::Space => state.filters.spaces = only(&item),
        PickerKind::Type => state.filters.types = only(&item),
        PickerKind::Time => state.filters.since_s = item.value.parse().ok(),
        PickerKind::Sessions => return vec![Effect::ReadSession(item.value)],
        PickerKind::History => {
            let mode = if item.detail == "asked" { Mode::Ask } else { Mode::Search };
            return key::put(state, mode, &item.value);
        }
    }
    changed(state)
}

/// Drops all filters.
pub fn clear(state: &mut State) -> Vec<Effect> {
    state.filters = crate::state::Filters::default();
    state.say(Role::Good, "no filters");
    changed(state)
}

fn changed(state: &mut State) -> Vec<Effect> {
    match state.mode {
        Mode::Search => searching::again(state),
        // The next question obeys them; the next search has to be a new one.
        Mode::Ask => {
            searching::give_up(state);
            Vec::new()
        }
    }
}
