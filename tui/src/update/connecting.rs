//! The daemon comes and goes.

use ragterm_proto::v1::StatusReply;

use super::{asking, previewing, searching};
use crate::effect::Effect;
use crate::fault::{Fault, FaultKind};
use crate::message::Outcome;
use crate::state::{Connection, Mode, State};
use crate::text::Role;

/// The longest time between two attempts, in milliseconds.
const LONGEST_WAIT_MS: u64 = 2000;

/// The daemon answers: what was waiting for it is asked now.
pub fn connected(state: &mut State) -> Vec<Effect> {
    if state.was_connected {
        state.say(Role::Good, "connected to the daemon again");
    }
    state.connection = Connection::Ready;
    state.was_connected = true;
    state.status_asked_ms = state.now_ms;
    let mut effects = vec![Effect::Status];
    match state.mode {
        Mode::Search if !state.input.is_blank() => effects.extend(searching::again(state)),
        Mode::Search => {}
        // What waited for the daemon is searched for once somebody looks at it again.
        Mode::Ask => searching::give_up(state),
    }
    effects.extend(previewing::again(state));
    effects.extend(asking::ask_what_waits(state));
    effects
}

/// The daemon does not answer: it is tried again, less and less often.
pub fn unreachable(state: &mut State, fault: Fault) -> Vec<Effect> {
    let tries = match state.connection {
        Connection::Lost(_, tries) => tries.saturating_add(1),
        _ => 1,
    };
    let wait_ms = (50u64 << tries.min(10)).min(LONGEST_WAIT_MS);
    state.connection = Connection::Lost(fault, tries);
    vec![Effect::Connect(wait_ms)]
}

/// A request ended in a fault; returns what follows when that means that the daemon went away.
pub fn after_fault(state: &mut State, fault: &Fault) -> Vec<Effect> {
    if fault.kind != FaultKind::Lost || !state.is_connected() {
        return Vec::new();
    }
    state.connection = Connection::Lost(fault.clone(), 0);
    vec![Effect::Connect(0)]
}

/// What the daemon is at.
pub fn status(state: &mut State, outcome: Outcome<Box<StatusReply>>) -> Vec<Effect> {
    match outcome {
        Ok(reply) => {
            let seq =
                |reply: &StatusReply| reply.catalog.as_ref().map(|catalog| catalog.keyword_seq);
            let before = state.status.as_deref().and_then(seq);
            let has_changed = before.is_some() && before != seq(&reply);
            state.status = Some(reply);
            // Hits that one looks at are not to be of yesterday.
            if has_changed { searching::refresh(state) } else { Vec::new() }
        }
        Err(fault) => after_fault(state, &fault),
    }
}
