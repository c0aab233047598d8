//! Questions, and answers as they come.

use ragterm_proto::v1::{Answered, AskRequest, Consulted};
use ragterm_units::latency;

use super::{connecting, key, previewing};
use crate::effect::Effect;
use crate::fault::FaultKind;
use crate::message::Progress;
use crate::state::{Cited, Phase, State, Turn};
use crate::text::Role;

/// An answer is not kept beyond so many bytes: a model may repeat itself for ever.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Asks what is typed.
pub fn ask(state: &mut State) -> Vec<Effect> {
    if state.chat.running.is_some() || state.chat.turns.last().is_some_and(Turn::is_open) {
        state.say(Role::Warning, "one answer at a time: `esc` stops this one");
        return Vec::new();
    }
    let question = state.input.text().trim().to_owned();
    let mut effects = key::remember(state);
    state.input.set("");
    state.recalled = None;
    state.chat.turns.push(Turn::new(&question));
    state.chat.top = None;
    state.chat.focus = None;
    state.preview.clear();
    effects.extend(ask_what_waits(state));
    reflow_last(state);
    effects
}

/// Asks the question that waits for the daemon, if one does.
pub fn ask_what_waits(state: &mut State) -> Vec<Effect> {
    if !state.is_connected() || state.chat.running.is_some() {
        return Vec::new();
    }
    let generation = state.next_generation();
    let Some(turn) = state.chat.turns.last_mut().filter(|turn| turn.phase == Phase::Waiting) else {
        return Vec::new();
    };
    turn.phase = Phase::Searching;
    let request = AskRequest {
        question: turn.question.clone(),
        session: state.chat.session.clone(),
        spaces: state.filters.spaces.clone(),
        types: state.filters.types.clone(),
        since_s: state.filters.since_s,
        ..AskRequest::default()
    };
    state.chat.running = Some(generation);
    reflow_last(state);
    vec![Effect::Ask(generation, request)]
}

/// The answer got on.
pub fn asked(state: &mut State, generation: u64, progress: Progress) -> Vec<Effect> {
    if state.chat.running != Some(generation) {
        return Vec::new();
    }
    let Some(turn) = state.chat.turns.last_mut() else { return Vec::new() };
    let mut effects = Vec::new();
    match progress {
        Progress::Consulted(consulted) => consult(turn, &mut state.chat.session, *consulted),
        Progress::Text(text) => {
            turn.phase = Phase::Answering;
            if turn.answer.len() + text.len() <= MAX_ANSWER_BYTES {
                turn.answer.push_str(&text);
            } else {
                effects = stop(state, "it is longer than 1 MiB");
            }
        }
        Progress::Answered(answered) => {
            finish(turn, &mut state.chat.session, *answered);
            state.chat.running = None;
            effects = focus_first(state);
        }
        // The one before was stopped before it was kept, or the session was deleted elsewhere.
        Progress::Broke(fault)
            if fault.kind == FaultKind::Gone && !state.chat.session.is_empty() =>
        {
            turn.phase = Phase::Waiting;
            state.chat.session.clear();
            state.chat.running = None;
            state.say(Role::Warning, "the session is not there any more: a new one begins");
            effects = ask_what_waits(state);
        }
        Progress::Broke(fault) => {
            turn.phase = Phase::Broken(fault.told());
            state.chat.running = None;
            effects = connecting::after_fault(state, &fault);
            effects.extend(focus_first(state));
        }
    }
    reflow_last(state);
    effects
}

fn consult(turn: &mut Turn, session: &mut String, consulted: Consulted) {
    *session = consulted.session;
    turn.query = consulted.query;
    turn.sources = consulted.sources.into_iter().map(Cited::from).collect();
    turn.phase = Phase::Answering;
    turn.notes.extend(consulted.degraded);
}

fn finish(turn: &mut Turn, session: &mut String, answered: Answered) {
    *session = answered.session;
    turn.id = answered.turn;
    turn.answer = match answered.answer.is_empty() {
        true => std::mem::take(&mut turn.answer),
        false => answered.answer,
    };
    turn.sources = answered.sources.into_iter().map(Cited::from).collect();
    turn.unsupported = answered.unsupported.iter().map(|range| (range.start, range.end)).collect();
    turn.notes = answered.degraded.iter().filter(|_| !answered.partial).cloned().collect();
    if answered.refused && turn.answer.is_empty() {
        turn.answer = "Nothing relevant was found.".into();
    }
    if !turn.unsupported.is_empty() {
        turn.notes.push("what is marked has no source".into());
    }
    let why = answered.degraded.unwrap_or_else(|| "the model ended early".into());
    turn.phase = if answered.partial { Phase::Broken(why) } else { Phase::Done };
    turn.signature = signature(&answered.model, answered.first_token_ms, answered.took_ms);
    if answered.cached {
        turn.signature.push_str(" · from the cache");
    }
}

fn signature(model: &str, first_token_ms: Option<f64>, took_ms: f64) -> String {
    let mut parts = Vec::new();
    if !model.is_empty() {
        parts.push(model.to_owned());
    }
    if let Some(first_token_ms) = first_token_ms {
        parts.push(format!("first word after {}", latency(first_token_ms)));
    }
    parts.push(latency(took_ms));
    parts.join(" · ")
}

/// Stops the answer that comes, and keeps what there is.
pub fn stop(state: &mut State, why: &str) -> Vec<Effect> {
    state.chat.running = None;
    let Some(turn) = state.chat.turns.last_mut().filter(|turn| turn.is_open()) else {
        return Vec::new();
    };
    turn.phase = Phase::Broken(why.into());
    reflow_last(state);
    let mut effects = vec![Effect::StopAsk];
    effects.extend(focus_first(state));
    effects
}

fn focus_first(state: &mut State) -> Vec<Effect> {
    let last = state.chat.turns.len().saturating_sub(1);
    let has_sources = state.chat.turns.last().is_some_and(|turn| !turn.sources.is_empty());
    if has_sources { focus(state, (last, 0)) } else { Vec::new() }
}

/// Gives the focus to a source: its passage is shown.
pub fn focus(state: &mut State, place: (usize, usize)) -> Vec<Effect> {
    state.chat.focus = Some(place);
    previewing::follow_selection(state)
}

/// The source that is meant when nothing but its number is typed.
pub fn source_typed(state: &State) -> Option<u32> {
    let n = state.input.text().trim().parse().ok()?;
    source_of(state, turn_in_question(state), n).map(|_| n)
}

/// The turn of the source that has the focus, else the last one.
pub fn turn_in_question(state: &State) -> usize {
    state.chat.focus.map_or(state.chat.turns.len().saturating_sub(1), |(turn, _)| turn)
}

fn source_of(state: &State, turn: usize, n: u32) -> Option<usize> {
    state.chat.turns.get(turn)?.sources.iter().position(|source| source.n == n)
}

/// Gives the focus to the source of a number in a turn, or in the one in question.
pub fn jump(state: &mut State, turn: Option<usize>, n: u32) -> Vec<Effect> {
    let turn = turn.unwrap_or_else(|| turn_in_question(state));
    match source_of(state, turn, n) {
        Some(position) => focus(state, (turn, position)),
        None => {
            state.say(Role::Warning, format!("no source has the number {n}"));
            Vec::new()
        }
    }
}

/// Moves the focus to the next or previous source.
pub fn step(state: &mut State, by: isize) -> Vec<Effect> {
    let places: Vec<(usize, usize)> = state
        .chat
        .turns
        .iter()
        .enumerate()
        .flat_map(|(turn, shown)| (0..shown.sources.len()).map(move |source| (turn, source)))
        .collect();
    if places.is_empty() {
        return Vec::new();
    }
    let now = places.iter().position(|place| Some(*place) == state.chat.focus);
    let next = now.map_or(places.len() - 1, |now| now.saturating_add_signed(by));
    let next = places[next.min(places.len() - 1)];
    let effects = focus(state, next);
    scroll_to_focus(state);
    effects
}

fn scroll_to_focus(state: &mut State) {
    let rows = usize::from(crate::state::Layout::of(state).list.height);
    let Some((turn, source)) = state.chat.focus else { return };
    let own = |row: &crate::state::ChatRow| row.turn == turn && row.source == Some(source);
    let Some(row) = state.chat.rows.iter().position(own) else { return };
    let top = state.chat.first_row(rows);
    if row < top || row >= top + rows {
        state.chat.top = Some(row.saturating_sub(rows / 2));
    }
}

/// Wraps the last turn anew.
fn reflow_last(state: &mut State) {
    let last = state.chat.turns.len().saturating_sub(1);
    let columns = usize::from(crate::state::Layout::of(state).list.width.saturating_sub(1));
    state.chat.reflow(columns, last);
}
