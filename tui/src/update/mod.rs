//! The only place that changes the state: one message in, what is to be done outside out.

mod asking;
mod connecting;
mod judging;
mod key;
mod mouse;
mod picking;
mod previewing;
mod searching;
mod sessions;

use crate::effect::Effect;
use crate::message::Message;
use crate::state::{Layout, Panel, State};
use crate::text::Role;

/// What a client does first.
pub fn start() -> Vec<Effect> {
    vec![Effect::Recall, Effect::Connect(0)]
}

/// Changes the state by what happened; returns what is to be done outside.
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(press) => key::press(state, press),
        Message::Paste(text) => key::paste(state, &text),
        Message::Mouse(event) => mouse::point(state, event),
        Message::Resize(columns, rows) => resize(state, (columns, rows)),
        Message::Tick(now_ms) => tick(state, now_ms),
        Message::Connected => connecting::connected(state),
        Message::Unreachable(fault) => connecting::unreachable(state, fault),
        Message::Found(generation, outcome) => searching::found(state, generation, outcome),
        Message::Read(generation, outcome) => previewing::read(state, generation, outcome),
        Message::Asked(generation, progress) => asking::asked(state, generation, progress),
        Message::Status(outcome) => connecting::status(state, outcome),
        Message::Sessions(query, outcome) => sessions::listed(state, &query, outcome),
        Message::Session(outcome) => sessions::opened(state, outcome),
        Message::Deleted(outcome) => sessions::deleted(state, outcome),
        Message::Thanked(outcome) => judging::thanked(state, outcome),
        Message::Remembered(entries) => picking::remembered(state, entries),
        Message::Done(result) => {
            match result {
                Ok(text) => state.say(Role::Good, text),
                Err(text) => state.say(Role::Error, text),
            }
            Vec::new()
        }
    }
}

fn resize(state: &mut State, size: (u16, u16)) -> Vec<Effect> {
    state.size = size;
    arrange(state);
    previewing::more(state)
}

/// Wraps what is shown to the screen as it is now.
fn arrange(state: &mut State) {
    let layout = Layout::of(state);
    state.search.follow(layout.visible_hits());
    let columns = previewing::columns(&layout);
    if state.preview.columns != columns {
        state.preview.reflow(columns);
        state.preview.scroll_to_target(usize::from(layout.preview.height));
    }
    let columns = usize::from(layout.list.width.saturating_sub(1));
    if state.chat.columns != columns {
        state.chat.reflow(columns, 0);
    }
}

fn tick(state: &mut State, now_ms: i64) -> Vec<Effect> {
    state.now_ms = now_ms;
    if state.notice.as_ref().is_some_and(|notice| notice.until_ms <= now_ms) {
        state.notice = None;
    }
    let period_ms = match state.panel {
        Some(Panel::Indexing(_)) => 500,
        _ => 3000,
    };
    let is_due = now_ms.saturating_sub(state.status_asked_ms) >= period_ms;
    if !is_due || !state.is_connected() {
        return Vec::new();
    }
    state.status_asked_ms = now_ms;
    vec![Effect::Status]
}

#[cfg(test)]
pub mod tests;
