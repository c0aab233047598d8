//! The daemon comes and goes.

use ragterm_proto::v1::{CatalogStatus, StatusReply};

use crate::effect::Effect;
use crate::fault::Fault;
use crate::message::{Message, Progress};
use crate::state::{Connection, Phase, State};
use crate::testing::{connected, found, hit, painted, press, reply, typed};
use crate::update::update;

#[test]
fn what_is_typed_before_the_daemon_answers_is_searched_once_it_does() {
    let mut state = State::new((120, 30));
    assert_eq!(typed(&mut state, "leave"), []);
    let effects = update(&mut state, Message::Connected);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Search(_, request) if request.query == "leave"))
    );
}

#[test]
fn nothing_is_waited_for_in_vain_after_switching_while_the_daemon_was_away() {
    let mut state = State::new((120, 30));
    typed(&mut state, "leave");
    press(&mut state, &["tab"]);
    update(&mut state, Message::Connected);
    assert!(!state.is_busy());
    let effects = press(&mut state, &["tab"]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Search(..))));
}

#[test]
fn a_question_asked_before_the_daemon_answers_is_asked_once_it_does() {
    let mut state = State::new((120, 30));
    press(&mut state, &["tab"]);
    typed(&mut state, "How long?");
    assert!(!press(&mut state, &["enter"]).iter().any(|effect| matches!(effect, Effect::Ask(..))));
    let effects = update(&mut state, Message::Connected);
    let asked = effects.iter().filter(|effect| matches!(effect, Effect::Ask(..))).count();
    assert_eq!(asked, 1);
}

#[test]
fn a_daemon_that_went_away_is_tried_again_and_its_return_is_told() {
    let mut state = found("leave", vec![hit(1)]);
    let lost = Fault::lost("the connection to the daemon broke");
    let effects = update(&mut state, Message::Status(Err(lost.clone())));
    assert_eq!(effects, [Effect::Connect(0)]);
    let mut waits = Vec::new();
    for _ in 0..8 {
        for effect in update(&mut state, Message::Unreachable(lost.clone())) {
            let Effect::Connect(wait_ms) = effect else { panic!("{effect:?}") };
            waits.push(wait_ms);
        }
    }
    assert!(waits.is_sorted() && waits.last() == Some(&2000), "{waits:?}");
    assert!(painted(&state).contains("no daemon answers"));
    assert_eq!(state.search.hits, [hit(1)], "what was found stays");
    let effects = update(&mut state, Message::Connected);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Search(..))));
    assert!(painted(&state).contains("connected to the daemon again"));
}

#[test]
fn hits_that_are_looked_at_follow_the_documents() {
    let status = |keyword_seq| {
        let catalog = CatalogStatus { keyword_seq, ..CatalogStatus::default() };
        Message::Status(Ok(Box::new(StatusReply {
            catalog: Some(catalog),
            ..StatusReply::default()
        })))
    };
    let mut state = found("leave", vec![hit(1), hit(2)]);
    press(&mut state, &["down"]);
    assert_eq!(update(&mut state, status(7)), []);
    assert_eq!(update(&mut state, status(7)), []);
    let effects = update(&mut state, status(8));
    let [Effect::Search(generation, _)] = &effects[..] else { panic!("{effects:?}") };
    let hits = vec![hit(3), hit(1), hit(2)];
    update(&mut state, Message::Found(*generation, Ok(reply("leave", hits))));
    assert_eq!(state.search.selected, 2, "the selected hit stays selected");
}

#[test]
fn several_faults_of_one_loss_connect_once() {
    let mut state = found("leave", vec![hit(1)]);
    typed(&mut state, "s");
    let lost = Fault::lost("the connection to the daemon broke");
    let generation = state.search.asked;
    let first = update(&mut state, Message::Found(generation, Err(lost.clone())));
    let second = update(&mut state, Message::Status(Err(lost)));
    assert_eq!((first, second), (vec![Effect::Connect(0)], vec![]));
}

#[test]
fn a_daemon_that_dies_in_the_middle_of_an_answer_leaves_the_answer_marked() {
    let mut state = connected();
    press(&mut state, &["tab"]);
    typed(&mut state, "How long?");
    press(&mut state, &["enter"]);
    let generation = state.chat.running.unwrap();
    update(&mut state, Message::Asked(generation, Progress::Text("Five days".into())));
    let lost = Fault::lost("the connection to the daemon broke");
    let effects = update(&mut state, Message::Asked(generation, Progress::Broke(lost)));
    assert!(effects.contains(&Effect::Connect(0)));
    assert!(matches!(state.chat.turns[0].phase, Phase::Broken(_)));
    let screen = painted(&state);
    assert!(screen.contains("Five days") && screen.contains("the answer ends here"), "{screen}");
    update(&mut state, Message::Connected);
    assert_eq!(state.connection, Connection::Ready);
    assert_eq!(state.chat.turns[0].answer, "Five days");
}

#[test]
fn the_daemon_is_asked_how_it_is_often_only_while_somebody_looks() {
    let mut state = connected();
    let start_ms = state.now_ms;
    let asked = |state: &mut State| {
        (1..=60)
            .flat_map(|_| update(state, Message::Tick(state.now_ms.max(start_ms) + 100)))
            .filter(|effect| *effect == Effect::Status)
            .count()
    };
    assert_eq!(asked(&mut state), 2);
    press(&mut state, &["f2"]);
    assert_eq!(asked(&mut state), 12);
}
