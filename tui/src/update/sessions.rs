//! Earlier sessions: listed, opened, deleted.

use ragterm_proto::v1::{ReadSessionReply, Session};
use ragterm_units::{counted, short_age};

use super::connecting;
use crate::effect::Effect;
use crate::message::Outcome;
use crate::state::{Chat, Cited, Item, Mode, Panel, Phase, Picker, PickerKind, State, Turn};
use crate::text::{Role, clean_line};

/// Opens the list of sessions.
pub fn open_list(state: &mut State) -> Vec<Effect> {
    let mut picker = Picker::new(PickerKind::Sessions, Vec::new());
    picker.note = "asks the daemon …".into();
    state.panel = Some(Panel::Picker(picker));
    vec![Effect::ListSessions(String::new())]
}

/// Begins a new session.
pub fn begin(state: &mut State) -> Vec<Effect> {
    if state.chat.turns.last().is_some_and(Turn::is_open) {
        state.say(Role::Warning, "an answer is coming: `esc` stops it");
        return Vec::new();
    }
    state.chat = Chat { columns: state.chat.columns, ..Chat::default() };
    state.mode = Mode::Ask;
    state.preview.clear();
    state.say(Role::Good, "a new session");
    Vec::new()
}

/// The list arrived.
pub fn listed(state: &mut State, query: &str, outcome: Outcome<Vec<Session>>) -> Vec<Effect> {
    let now_ms = state.now_ms;
    let Some(Panel::Picker(picker)) = &mut state.panel else { return Vec::new() };
    // The answer to what was typed before comes too late.
    if picker.kind != PickerKind::Sessions || picker.filter.text() != query {
        return Vec::new();
    }
    match outcome {
        Ok(sessions) => {
            picker.items = sessions.iter().map(|session| item(session, now_ms)).collect();
            picker.note = "no session".into();
            let selected = picker.selected;
            picker.select(selected);
            Vec::new()
        }
        Err(fault) => {
            picker.items.clear();
            picker.note = clean_line(&fault.told());
            connecting::after_fault(state, &fault)
        }
    }
}

fn item(session: &Session, now_ms: i64) -> Item {
    let questions = counted(session.turns.into(), "question");
    Item {
        label: clean_line(&session.title),
        detail: format!("{questions} · {}", short_age(session.asked_ms, now_ms)),
        value: session.id.clone(),
        chosen: false,
    }
}

/// A session arrived: it goes on from here.
pub fn opened(state: &mut State, outcome: Outcome<ReadSessionReply>) -> Vec<Effect> {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(fault) => {
            state.say(Role::Error, fault.told());
            return connecting::after_fault(state, &fault);
        }
    };
    if state.chat.turns.last().is_some_and(Turn::is_open) {
        state.say(Role::Warning, "an answer is coming: `esc` stops it");
        return Vec::new();
    }
    let columns = state.chat.columns;
    let session = reply.session.map(|session| session.id).unwrap_or_default();
    let turns = reply.turns.into_iter().map(turn).collect();
    state.chat = Chat { session, turns, columns, ..Chat::default() };
    state.chat.reflow(columns, 0);
    state.mode = Mode::Ask;
    state.preview.clear();
    super::arrange(state);
    super::asking::step(state, 0)
}

fn turn(turn: ragterm_proto::v1::Turn) -> Turn {
    Turn {
        id: turn.id,
        query: turn.query,
        phase: match turn.partial {
            true => Phase::Broken("it was not finished".into()),
            false => Phase::Done,
        },
        answer: match turn.refused && turn.answer.is_empty() {
            true => "Nothing relevant was found.".into(),
            false => turn.answer,
        },
        sources: turn.sources.into_iter().map(Cited::from).collect(),
        signature: turn.model,
        helpful: turn.helpful,
        comment: turn.comment,
        ..Turn::new(&turn.question)
    }
}

/// Deletes the selected session, when the key comes for the second time.
pub fn delete(state: &mut State) -> Vec<Effect> {
    let Some(Panel::Picker(picker)) = &mut state.panel else { return Vec::new() };
    let Some(value) = picker.current().map(|item| item.value.clone()) else { return Vec::new() };
    if picker.doomed.as_ref() != Some(&value) {
        picker.doomed = Some(value);
        state.say(Role::Warning, "the same key again deletes this session");
        return Vec::new();
    }
    picker.doomed = None;
    if state.chat.session == value && !state.chat.turns.last().is_some_and(Turn::is_open) {
        state.chat = Chat { columns: state.chat.columns, ..Chat::default() };
        if state.mode == Mode::Ask {
            state.preview.clear();
        }
    }
    vec![Effect::DeleteSession(value)]
}

/// A session was deleted: the list is asked for anew.
pub fn deleted(state: &mut State, outcome: Outcome<u64>) -> Vec<Effect> {
    match outcome {
        Ok(_) => state.say(Role::Good, "the session is deleted"),
        Err(fault) => {
            state.say(Role::Error, format!("the session was not deleted: {}", fault.told()));
            return connecting::after_fault(state, &fault);
        }
    }
    match &state.panel {
        Some(Panel::Picker(picker)) if picker.kind == PickerKind::Sessions => {
            vec![Effect::ListSessions(picker.filter.text().to_owned())]
        }
        _ => Vec::new(),
    }
}
