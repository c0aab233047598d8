//! What the user says of an answer: whether it helped, and a comment if they want.

use ragterm_proto::v1::GiveFeedbackRequest;

use super::{asking, connecting, key};
use crate::effect::Effect;
use crate::keys::{Action, Press};
use crate::message::Outcome;
use crate::state::{Comment, Mode, Panel, State, Turn};
use crate::text::Role;

/// What the user says of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It helped.
    Helpful,
    /// It did not.
    Unhelpful,
}

/// Says whether the answer in question helped, and offers to say why.
///
/// The verdict is sent at once: who leaves the comment out, or the program, has said it.
pub fn judge(state: &mut State, verdict: Verdict) -> Vec<Effect> {
    let helpful = verdict == Verdict::Helpful;
    let index = asking::turn_in_question(state);
    let is_shown = state.mode == Mode::Ask;
    let turn = state.chat.turns.get_mut(index).filter(|turn| is_shown && !turn.id.is_empty());
    let Some(turn) = turn else {
        state.say(Role::Warning, "there is no answer to judge here");
        return Vec::new();
    };
    if turn.helpful.is_some_and(|before| before != helpful) {
        // What was said for one verdict is not said for the other.
        turn.comment.clear();
    }
    turn.helpful = Some(helpful);
    let mut comment = Comment { turn: turn.id.clone(), helpful, line: Default::default() };
    comment.line.set(&turn.comment);
    let request = said(turn);
    state.notice = None;
    state.panel = Some(Panel::Comment(comment));
    state.chat.reflow(state.chat.columns, index);
    vec![Effect::Feedback(request)]
}

/// A key while a comment is typed.
pub fn press(state: &mut State, press: Press, action: Option<Action>) -> Vec<Effect> {
    let Some(Panel::Comment(comment)) = &mut state.panel else { return Vec::new() };
    match action {
        Some(Action::Back) => {
            state.panel = None;
            Vec::new()
        }
        Some(Action::Accept) => send(state),
        Some(Action::Helpful) => change(state, true),
        Some(Action::Unhelpful) => change(state, false),
        other => {
            let has_room = key::edit(&mut comment.line, press, other);
            key::say_if_full(state, has_room);
            Vec::new()
        }
    }
}

/// The other verdict; what is typed stays.
fn change(state: &mut State, helpful: bool) -> Vec<Effect> {
    let Some(Panel::Comment(comment)) = &mut state.panel else { return Vec::new() };
    if std::mem::replace(&mut comment.helpful, helpful) == helpful {
        return Vec::new();
    }
    let id = comment.turn.clone();
    tell(state, &id, |turn| turn.helpful = Some(helpful))
}

fn send(state: &mut State) -> Vec<Effect> {
    let Some(Panel::Comment(comment)) = state.panel.take() else { return Vec::new() };
    let text = comment.line.text().trim().to_owned();
    tell(state, &comment.turn, |turn| turn.comment = text)
}

/// Changes what is said of an answer, and sends it; nothing when the answer is not shown any more.
fn tell(state: &mut State, id: &str, change: impl FnOnce(&mut Turn)) -> Vec<Effect> {
    let Some(index) = state.chat.turns.iter().position(|turn| turn.id == id) else {
        return Vec::new();
    };
    let turn = &mut state.chat.turns[index];
    change(turn);
    let request = said(turn);
    state.chat.reflow(state.chat.columns, index);
    vec![Effect::Feedback(request)]
}

fn said(turn: &Turn) -> GiveFeedbackRequest {
    GiveFeedbackRequest {
        turn: turn.id.clone(),
        helpful: turn.helpful.unwrap_or_default(),
        comment: turn.comment.clone(),
    }
}

/// The feedback was taken, or not.
pub fn thanked(state: &mut State, outcome: Outcome<()>) -> Vec<Effect> {
    match outcome {
        Ok(()) => {
            // While a comment is typed, its keys stand where this would.
            if !matches!(state.panel, Some(Panel::Comment(_))) {
                state.say(Role::Good, "noted, thank you");
            }
            Vec::new()
        }
        Err(fault) => {
            state.say(Role::Error, format!("the feedback was not taken: {}", fault.told()));
            connecting::after_fault(state, &fault)
        }
    }
}
