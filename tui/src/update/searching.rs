//! Search as you type.

use ragterm_proto::v1::{SearchReply, SearchRequest};

use super::{connecting, previewing};
use crate::effect::Effect;
use crate::message::Outcome;
use crate::state::search::{FIRST_LIMIT, LEAST_LIMIT, MAX_LIMIT};
use crate::state::{Layout, Mode, State};

/// Searches for what is typed now, unless that is what was asked last.
pub fn follow_input(state: &mut State) -> Vec<Effect> {
    let query = state.input.text().trim().to_owned();
    if query == state.search.asked_for.0 && !query.is_empty() {
        return Vec::new();
    }
    let limit = first_limit(state);
    search(state, query, limit)
}

/// What fits on the screen, and a little more; scrolling asks for the rest.
fn first_limit(state: &State) -> u32 {
    let visible = Layout::of(state).visible_hits();
    (visible + 2).clamp(LEAST_LIMIT, FIRST_LIMIT) as u32
}

/// Searches anew for what is typed, because something else changed.
pub fn again(state: &mut State) -> Vec<Effect> {
    let query = state.input.text().trim().to_owned();
    let limit = state.search.asked_for.1.max(first_limit(state));
    search(state, query, limit)
}

fn search(state: &mut State, query: String, limit: u32) -> Vec<Effect> {
    let generation = state.next_generation();
    if query.is_empty() {
        state.search.clear(generation);
        state.preview.clear();
        return vec![Effect::StopSearch];
    }
    state.search.asked = generation;
    state.search.asked_for = (query.clone(), limit);
    if !state.is_connected() {
        return Vec::new();
    }
    let request = SearchRequest {
        query,
        limit,
        spaces: state.filters.spaces.clone(),
        types: state.filters.types.clone(),
        since_s: state.filters.since_s,
        ..SearchRequest::default()
    };
    vec![Effect::Search(generation, request)]
}

/// Searches anew because documents changed, unless a key does that anyway.
pub fn refresh(state: &mut State) -> Vec<Effect> {
    let is_shown = state.mode == Mode::Search && !state.input.is_blank();
    if is_shown && !state.search.is_pending() { again(state) } else { Vec::new() }
}

/// Waits for no search any more; the next look at the hits begins a new one.
pub fn give_up(state: &mut State) {
    state.search.shown = state.search.asked;
    state.search.asked_for.0.clear();
}

/// Hits arrived; those of an older search than the one on the screen are dropped.
pub fn found(state: &mut State, generation: u64, outcome: Outcome<SearchReply>) -> Vec<Effect> {
    if generation <= state.search.shown || generation > state.search.asked {
        return Vec::new();
    }
    let reply = match outcome {
        Ok(reply) => reply,
        Err(fault) => {
            let effects = connecting::after_fault(state, &fault);
            if effects.is_empty() {
                state.search.shown = generation;
                state.search.trouble = Some(fault.told());
                state.search.hits.clear();
            }
            return effects;
        }
    };
    show(state, generation, reply);
    previewing::follow_selection(state)
}

fn show(state: &mut State, generation: u64, reply: SearchReply) {
    let is_same_query = reply.query == state.search.query;
    let selected = state.search.current().map(|hit| hit.document.clone()).filter(|_| is_same_query);
    let search = &mut state.search;
    search.shown = generation;
    search.query = reply.query;
    search.hits = reply.hits;
    search.took_ms = reply.took_ms;
    search.degraded = reply.degraded;
    search.trouble = None;
    // A list that only grew or was refreshed keeps its place.
    let position =
        selected.and_then(|document| search.hits.iter().position(|hit| hit.document == document));
    search.selected = position.unwrap_or(0);
    if position.is_none() {
        search.top = 0;
    }
    let visible = Layout::of(state).visible_hits();
    state.search.follow(visible);
}

/// Moves the selection by so many hits; at the end of the list, more are asked for.
pub fn select(state: &mut State, by: isize) -> Vec<Effect> {
    let position = state.search.selected.saturating_add_signed(by);
    select_at(state, position)
}

/// Selects the hit at a position.
pub fn select_at(state: &mut State, position: usize) -> Vec<Effect> {
    let visible = Layout::of(state).visible_hits();
    state.search.selected = position;
    state.search.follow(visible);
    let mut effects = previewing::follow_selection(state);
    let search = &state.search;
    let is_at_end = search.selected + 2 >= search.hits.len();
    let was_cut = search.hits.len() as u64 >= u64::from(search.asked_for.1);
    if is_at_end && was_cut && !search.is_pending() && search.asked_for.1 < MAX_LIMIT {
        let (query, limit) = search.asked_for.clone();
        effects.extend(self::search(state, query, (limit * 3).min(MAX_LIMIT)));
    }
    effects
}
