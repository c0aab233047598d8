//! The document beside the list: read around its passage, and further as one scrolls.

use ragterm_proto::v1::{ReadReply, ReadRequest};

use super::connecting;
use crate::effect::Effect;
use crate::fault::FaultKind;
use crate::message::Outcome;
use crate::state::{Layout, Mode, State, Target};

/// So many passages before the one that was found are read with it.
const BEFORE: u32 = 6;

/// So many passages are read at once.
const PART: u32 = 20;

/// The columns that the document is wrapped to: one stays for the mark of the passage.
pub fn columns(layout: &Layout) -> usize {
    usize::from(layout.preview.width.saturating_sub(2))
}

/// Shows the document of the hit or source that is selected.
pub fn follow_selection(state: &mut State) -> Vec<Effect> {
    let target = match state.mode {
        Mode::Search => state.search.current().map(Target::of_hit),
        Mode::Ask => state.chat.focused().map(|cited| cited.target.clone()),
    };
    match target {
        Some(target) if state.preview.target.as_ref() == Some(&target) => Vec::new(),
        Some(target) => show(state, target),
        None => {
            state.preview.clear();
            Vec::new()
        }
    }
}

fn show(state: &mut State, target: Target) -> Vec<Effect> {
    let layout = Layout::of(state);
    state.preview.columns = columns(&layout);
    let from = target.ordinal.saturating_sub(BEFORE);
    state.preview.show(target, usize::from(layout.preview.height));
    match state.preview.total {
        0 => read_from(state, from, PART),
        _ => more(state),
    }
}

/// Reads anew what could not be read while the daemon was away.
pub fn again(state: &mut State) -> Vec<Effect> {
    match &state.preview.target {
        Some(target) if state.preview.total == 0 => {
            let from = target.ordinal.saturating_sub(BEFORE);
            read_from(state, from, PART)
        }
        _ => Vec::new(),
    }
}

fn read_from(state: &mut State, from: u32, limit: u32) -> Vec<Effect> {
    let generation = state.next_generation();
    let Some(target) = state.preview.target.as_ref().filter(|target| !target.document.is_empty())
    else {
        return Vec::new();
    };
    let request = ReadRequest { document: target.document.clone(), from, limit };
    state.preview.asked = generation;
    if !state.is_connected() {
        return Vec::new();
    }
    state.preview.is_reading = true;
    vec![Effect::Read(generation, request)]
}

/// A part of the document arrived.
pub fn read(state: &mut State, generation: u64, outcome: Outcome<ReadReply>) -> Vec<Effect> {
    if generation != state.preview.asked {
        return Vec::new();
    }
    state.preview.is_reading = false;
    match outcome {
        Ok(reply) => take(state, reply),
        Err(fault) => {
            // The excerpt stays; a daemon that cannot read says so only here.
            state.preview.trouble =
                (matches!(fault.kind, FaultKind::Refused | FaultKind::Gone)).then(|| fault.told());
            connecting::after_fault(state, &fault)
        }
    }
}

fn take(state: &mut State, reply: ReadReply) -> Vec<Effect> {
    let rows = usize::from(Layout::of(state).preview.height);
    let is_first = state.preview.total == 0;
    if let Some(target) = state.preview.target.as_mut().filter(|target| target.kind.is_empty()) {
        target.kind.clone_from(&reply.r#type);
    }
    let has_nothing = reply.passages.is_empty();
    state.preview.take(reply.passages, reply.total);
    if is_first {
        state.preview.scroll_to_target(rows);
    }
    if has_nothing { Vec::new() } else { more(state) }
}

/// Scrolls the document by so many rows.
pub fn scroll(state: &mut State, by: isize) -> Vec<Effect> {
    let rows = usize::from(Layout::of(state).preview.height);
    state.preview.scroll(by, rows);
    more(state)
}

/// Reads on, when the end of what is known comes near.
pub fn more(state: &mut State) -> Vec<Effect> {
    let rows = usize::from(Layout::of(state).preview.height);
    let preview = &state.preview;
    let (Some(first), Some(last)) = (preview.passages.first(), preview.passages.last()) else {
        return Vec::new();
    };
    if preview.is_reading || preview.total == 0 || rows == 0 {
        return Vec::new();
    }
    let next = last.ordinal.saturating_add(1);
    let first = first.ordinal;
    if preview.top + 2 * rows >= preview.rows.len() && next < preview.total {
        return read_from(state, next, PART);
    }
    if preview.top < rows && first > 0 {
        let from = first.saturating_sub(PART);
        return read_from(state, from, first - from);
    }
    Vec::new()
}
