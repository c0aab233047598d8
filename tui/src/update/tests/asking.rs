//! Questions and answers.

use ragterm_proto::v1::{
    Answered, CitedSource, Consulted, GiveFeedbackRequest, Highlight, ReadSessionReply, Session,
    Turn, TurnSource,
};

use crate::effect::Effect;
use crate::fault::{Fault, FaultKind};
use crate::message::{Message, Progress};
use crate::state::{Mode, Phase, State};
use crate::testing::{connected, hit, painted, press, typed};
use crate::update::update;

fn source(n: u32) -> CitedSource {
    CitedSource { n, hit: Some(hit(n)), passage: format!("The whole passage {n}.") }
}

fn asked() -> (State, u64) {
    let mut state = connected();
    press(&mut state, &["tab"]);
    typed(&mut state, "How many days?");
    let effects = press(&mut state, &["enter"]);
    let generation = effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Ask(generation, _) => Some(*generation),
            _ => None,
        })
        .unwrap();
    (state, generation)
}

pub fn answered() -> State {
    let (mut state, generation) = asked();
    let consulted = Consulted {
        session: "s1".into(),
        query: "How many days?".into(),
        sources: vec![source(1), source(2), source(3)],
        model: "small".into(),
        degraded: None,
    };
    update(&mut state, Message::Asked(generation, Progress::Consulted(Box::new(consulted))));
    for text in ["Five days", " may be carried", " over [1][3]."] {
        update(&mut state, Message::Asked(generation, Progress::Text(text.into())));
    }
    let answered = Answered {
        answer: "Five days may be carried over [1][3]. Ask your manager.".into(),
        sources: vec![source(1), source(3)],
        session: "s1".into(),
        turn: "t1".into(),
        model: "small".into(),
        first_token_ms: Some(230.0),
        took_ms: 1900.0,
        unsupported: vec![Highlight { start: 38, end: 55 }],
        ..Answered::default()
    };
    update(&mut state, Message::Asked(generation, Progress::Answered(Box::new(answered))));
    state
}

#[test]
fn an_answer_is_shown_as_it_comes() {
    let (mut state, generation) = asked();
    assert!(painted(&state).contains("searches …"));
    update(&mut state, Message::Asked(generation, Progress::Text("Five da".into())));
    assert!(painted(&state).contains("Five da"));
    update(&mut state, Message::Asked(generation + 1, Progress::Text("nonsense".into())));
    assert!(!painted(&state).contains("nonsense"));
}

#[test]
fn a_number_alone_names_the_passage_of_a_citation_and_begins_a_question_otherwise() {
    let mut state = answered();
    assert_eq!(state.preview.target.as_ref().unwrap().document, "d1");
    let effects = press(&mut state, &["3", "enter"]);
    assert!(matches!(&effects[..], [Effect::Read(_, request)] if request.document == "d3"));
    assert_eq!(state.preview.passage(), Some("The whole passage 3."));
    assert_eq!(state.input.text(), "");
    press(&mut state, &["alt-1"]);
    assert_eq!(state.preview.target.as_ref().unwrap().document, "d1");
    typed(&mut state, "3 days or 5?");
    assert_eq!(state.input.text(), "3 days or 5?");
    let asks =
        |effects: Vec<Effect>| effects.iter().any(|effect| matches!(effect, Effect::Ask(..)));
    assert!(asks(press(&mut state, &["enter"])));
    let mut state = answered();
    assert!(asks(press(&mut state, &["2", "enter"])), "no source has this number");
}

#[test]
fn a_session_that_is_gone_is_followed_by_a_new_one() {
    let mut state = answered();
    typed(&mut state, "And then?");
    press(&mut state, &["enter"]);
    let generation = state.chat.running.unwrap();
    let gone = Fault { kind: FaultKind::Gone, ..Fault::lost("there is no session `s1` of yours") };
    let effects = update(&mut state, Message::Asked(generation, Progress::Broke(gone.clone())));
    let [Effect::Ask(next, request)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((request.session.as_str(), request.question.as_str()), ("", "And then?"));
    assert!(painted(&state).contains("a new one begins"));
    update(&mut state, Message::Asked(*next, Progress::Broke(gone)));
    assert!(painted(&state).contains("no answer: there is no session"), "it is tried once");
}

#[test]
fn what_is_too_long_is_not_taken_and_said() {
    let mut state = answered();
    update(&mut state, Message::Paste("x".repeat(9_100)));
    assert_eq!(state.input.text(), "");
    assert!(painted(&state).contains("at most 8,000 characters are taken"));
    update(&mut state, Message::Paste("x".repeat(8_000)));
    press(&mut state, &["y"]);
    assert!(!state.input.text().contains('y'));
    assert!(painted(&state).contains("too long"));
}

#[test]
fn what_is_asked_next_belongs_to_the_same_session_until_a_new_one_begins() {
    let mut state = answered();
    let session = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::Ask(_, request) => Some(request.session),
            _ => None,
        })
    };
    typed(&mut state, "And then?");
    assert_eq!(session(press(&mut state, &["enter"])), Some("s1".into()));
    typed(&mut state, "Too early");
    assert_eq!(session(press(&mut state, &["enter"])), None, "one at a time");
    press(&mut state, &["esc", "alt-n"]);
    assert_eq!(session(press(&mut state, &["enter"])), Some(String::new()));
}

#[test]
fn a_stopped_answer_stays_and_says_so() {
    let (mut state, generation) = asked();
    update(&mut state, Message::Asked(generation, Progress::Text("Five".into())));
    assert_eq!(press(&mut state, &["esc"]), [Effect::StopAsk]);
    update(&mut state, Message::Asked(generation, Progress::Text(" and more".into())));
    assert_eq!(state.chat.turns[0].answer, "Five");
    assert!(painted(&state).contains("the answer ends here: stopped"));
}

#[test]
fn an_answer_without_end_is_stopped() {
    let (mut state, generation) = asked();
    let text = "again and ".repeat(7000);
    let mut effects = Vec::new();
    for _ in 0..20 {
        effects
            .extend(update(&mut state, Message::Asked(generation, Progress::Text(text.clone()))));
    }
    assert!(effects.contains(&Effect::StopAsk));
    assert!(state.chat.turns[0].answer.len() <= 1 << 20);
}

#[test]
fn a_partial_answer_of_the_model_is_marked_with_the_reason() {
    let (mut state, generation) = asked();
    let answered = Answered {
        answer: "Five".into(),
        partial: true,
        degraded: Some("the model stopped answering".into()),
        ..Answered::default()
    };
    update(&mut state, Message::Asked(generation, Progress::Answered(Box::new(answered))));
    assert_eq!(state.chat.turns[0].phase, Phase::Broken("the model stopped answering".into()));
}

#[test]
fn without_a_model_the_best_passages_are_shown_with_the_reason() {
    let (mut state, generation) = asked();
    let answered = Answered {
        sources: vec![source(1)],
        degraded: Some("no model is configured".into()),
        ..Answered::default()
    };
    update(&mut state, Message::Asked(generation, Progress::Answered(Box::new(answered))));
    let screen = painted(&state);
    assert!(screen.contains("no model is configured") && screen.contains("[1] Leave policy 1"));
}

fn feedback(helpful: bool, comment: &str) -> Effect {
    Effect::Feedback(GiveFeedbackRequest { turn: "t1".into(), helpful, comment: comment.into() })
}

#[test]
fn feedback_names_the_answer_and_needs_no_comment() {
    let mut state = answered();
    assert_eq!(press(&mut state, &["f9"]), [feedback(true, "")]);
    assert!(painted(&state).contains("· helpful"));
    assert_eq!(press(&mut state, &["esc"]), []);
    assert_eq!(press(&mut state, &["alt-d", "esc"]), [feedback(false, "")]);
    let (mut early, _) = asked();
    assert_eq!(press(&mut early, &["f9"]), []);
    press(&mut state, &["tab"]);
    assert_eq!(press(&mut state, &["f9"]), [], "no answer is shown there");
}

#[test]
fn a_comment_is_typed_in_place_of_the_input_and_sent_by_enter() {
    let mut state = answered();
    typed(&mut state, "And then");
    press(&mut state, &["f10"]);
    assert!(painted(&state).starts_with(" not helpful › a comment, or none"));
    typed(&mut state, "wrong 규정 1?");
    update(&mut state, Message::Paste("\nreally".into()));
    assert!(painted(&state).starts_with(" not helpful › wrong 규정 1? really"));
    assert_eq!(press(&mut state, &["enter"]), [feedback(false, "wrong 규정 1? really")]);
    update(&mut state, Message::Thanked(Ok(())));
    let screen = painted(&state);
    assert!(screen.starts_with(" ask › And then") && screen.contains("“wrong 규정 1? really”"));
    assert!(screen.contains("noted, thank you"));
}

#[test]
fn a_comment_goes_with_its_verdict_and_can_be_taken_back() {
    let mut state = answered();
    press(&mut state, &["f9"]);
    typed(&mut state, "too long");
    assert_eq!(press(&mut state, &["f9"]), [], "it was said already");
    assert_eq!(press(&mut state, &["f10"]), [feedback(false, "")]);
    assert_eq!(press(&mut state, &["enter"]), [feedback(false, "too long")]);
    assert_eq!(press(&mut state, &["f9"]), [feedback(true, "")]);
    typed(&mut state, "good now");
    assert_eq!(press(&mut state, &["enter"]), [feedback(true, "good now")]);
    assert_eq!(press(&mut state, &["f9"]), [feedback(true, "good now")]);
    assert_eq!(press(&mut state, &["ctrl-u", "enter"]), [feedback(true, "")]);
}

#[test]
fn a_comment_on_an_answer_that_is_not_shown_any_more_goes_nowhere() {
    let mut state = answered();
    press(&mut state, &["f9"]);
    typed(&mut state, "late");
    update(&mut state, Message::Session(Ok(ReadSessionReply::default())));
    assert_eq!(press(&mut state, &["enter"]), []);
}

#[test]
fn a_source_that_has_the_focus_is_opened_and_copied() {
    let mut state = answered();
    state.editor = Some("vim".into());
    let effects = press(&mut state, &["down", "enter"]);
    let opened = format!("{effects:?}");
    assert!(opened.contains("+41") && opened.contains("leave3.md"), "{opened}");
    let effects = press(&mut state, &["ctrl-y", "alt-y"]);
    assert_eq!(
        effects,
        [
            Effect::Copy("/srv/share/hr/leave3.md".into()),
            Effect::Copy("Five days may be carried over [1][3]. Ask your manager.".into())
        ]
    );
}

#[test]
fn an_earlier_session_is_chosen_and_goes_on() {
    let mut state = connected();
    assert_eq!(press(&mut state, &["f6"]), [Effect::ListSessions(String::new())]);
    let session =
        Session { id: "s9".into(), title: "Days?".into(), turns: 1, ..Session::default() };
    update(&mut state, Message::Sessions(String::new(), Ok(vec![session.clone()])));
    assert_eq!(typed(&mut state, "da").last(), Some(&Effect::ListSessions("da".into())));
    update(&mut state, Message::Sessions("d".into(), Ok(Vec::new())));
    assert_eq!(press(&mut state, &["enter"]), [Effect::ReadSession("s9".into())]);
    let source = TurnSource { n: 1, document: "d1".into(), ordinal: 3, ..TurnSource::default() };
    let turn = Turn {
        id: "t9".into(),
        question: "Days?".into(),
        answer: "Five [1].".into(),
        sources: vec![source],
        ..Turn::default()
    };
    let reply = ReadSessionReply { session: Some(session), turns: vec![turn] };
    let effects = update(&mut state, Message::Session(Ok(reply)));
    assert!(matches!(&effects[..], [Effect::Read(_, request)] if request.document == "d1"));
    assert_eq!((state.mode, state.chat.session.as_str()), (Mode::Ask, "s9"));
}

#[test]
fn a_session_is_deleted_by_the_second_key_only() {
    let mut state = connected();
    press(&mut state, &["f6"]);
    let sessions = ["s1", "s2"].map(|id| Session { id: id.into(), ..Session::default() });
    update(&mut state, Message::Sessions(String::new(), Ok(sessions.to_vec())));
    assert_eq!(press(&mut state, &["delete", "down", "delete"]), []);
    assert_eq!(press(&mut state, &["delete"]), [Effect::DeleteSession("s2".into())]);
    let effects = update(&mut state, Message::Deleted(Ok(1)));
    assert_eq!(effects, [Effect::ListSessions(String::new())]);
}
