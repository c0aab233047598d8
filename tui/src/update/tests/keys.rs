//! Keys: opening, copying, filters, history, panels.

use std::collections::BTreeMap;

use crate::effect::Effect;
use crate::history::Entry;
use crate::keys::{ACTIONS, Keys};
use crate::message::Message;
use crate::opening::Opening;
use crate::state::{Mode, Panel, State};
use crate::testing::{connected, found, hit, painted, press, typed};
use crate::update::update;

fn request(effects: &[Effect]) -> &ragterm_proto::v1::SearchRequest {
    effects
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::Search(_, request) => Some(request),
            _ => None,
        })
        .expect("a search")
}

#[test]
fn enter_opens_the_hit_at_its_line_and_remembers_the_query() {
    let mut state = found("leave", vec![hit(1)]);
    state.editor = Some("nvim".into());
    let words = ["nvim", "+41", "/srv/share/hr/leave1.md"].map(String::from).to_vec();
    assert_eq!(
        press(&mut state, &["enter"]),
        [
            Effect::Remember(Entry { mode: Mode::Search, text: "leave".into() }),
            Effect::Open(Opening::Editor(words))
        ]
    );
}

#[test]
fn the_path_and_the_passage_are_copied() {
    let mut state = found("leave", vec![hit(1)]);
    let effects = press(&mut state, &["ctrl-y", "alt-y"]);
    assert!(effects.contains(&Effect::Copy("/srv/share/hr/leave1.md".into())));
    assert!(effects.contains(&Effect::Copy(hit(1).snippet)));
}

#[test]
fn filters_are_chosen_and_dropped_and_searched_with_at_once() {
    let mut state = found("leave", vec![hit(1)]);
    press(&mut state, &["f4"]);
    let effects = press(&mut state, &["p", "d", "f", "enter"]);
    assert_eq!(request(&effects).types, ["pdf"]);
    press(&mut state, &["f4"]);
    let effects = press(&mut state, &["tab", "tab"]);
    assert_eq!(request(&effects).types, ["csv", "docx", "pdf"], "marked one after the other");
    press(&mut state, &["esc", "f5"]);
    let effects = press(&mut state, &["down", "down", "enter"]);
    assert_eq!(request(&effects).since_s, Some(86_400));
    assert!(painted(&state).contains("type csv, docx, pdf · last 1 day"));
    let effects = press(&mut state, &["alt-x"]);
    assert_eq!((request(&effects).types.len(), request(&effects).since_s), (0, None));
}

#[test]
fn filters_hold_for_questions_and_for_the_search_after_them() {
    let mut state = found("leave", vec![hit(1)]);
    press(&mut state, &["tab", "f4"]);
    press(&mut state, &["m", "d", "enter"]);
    let effects = press(&mut state, &["tab"]);
    assert_eq!(request(&effects).types, ["md"]);
    press(&mut state, &["tab"]);
    let effects = press(&mut state, &["enter"]);
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Ask(_, ask) if ask.types == ["md"]))
    );
}

#[test]
fn a_question_mark_is_help_only_while_nothing_is_typed() {
    let mut state = connected();
    press(&mut state, &["?"]);
    assert_eq!(state.panel, Some(Panel::Help(0)));
    press(&mut state, &["esc"]);
    typed(&mut state, "why?");
    assert_eq!((state.input.text(), &state.panel), ("why?", &None));
}

#[test]
fn the_history_is_walked_and_chosen_from() {
    let mut state = connected();
    let entry = |mode, text: &str| Entry { mode, text: text.into() };
    let entries =
        vec![entry(Mode::Search, "one"), entry(Mode::Ask, "two?"), entry(Mode::Search, "three")];
    update(&mut state, Message::Remembered(entries));
    press(&mut state, &["ctrl-p"]);
    assert_eq!((state.input.text(), state.mode), ("three", Mode::Search));
    press(&mut state, &["ctrl-p"]);
    assert_eq!((state.input.text(), state.mode), ("two?", Mode::Ask));
    press(&mut state, &["ctrl-p", "ctrl-p", "ctrl-p"]);
    assert_eq!(state.input.text(), "one");
    press(&mut state, &["ctrl-n", "ctrl-n"]);
    assert_eq!(state.input.text(), "three");
    press(&mut state, &["ctrl-r", "t", "w"]);
    press(&mut state, &["enter"]);
    assert_eq!((state.input.text(), state.mode, &state.panel), ("two?", Mode::Ask, &None));
}

#[test]
fn a_list_of_the_history_that_is_open_too_early_fills() {
    let mut state = connected();
    press(&mut state, &["ctrl-r"]);
    let entry = Entry { mode: Mode::Search, text: "before".into() };
    update(&mut state, Message::Remembered(vec![entry]));
    press(&mut state, &["enter"]);
    assert_eq!(state.input.text(), "before");
}

#[test]
fn quitting_works_from_everywhere() {
    for open in ["f1", "f2", "f3", "f4", "f5", "f6", "f7"] {
        let mut state = connected();
        press(&mut state, &[open]);
        assert!(state.panel.is_some(), "{open}");
        assert_eq!(press(&mut state, &["ctrl-c"]), [Effect::Quit]);
    }
    let mut state = super::asking::answered();
    assert!(press(&mut state, &["f9", "ctrl-c"]).contains(&Effect::Quit));
    let mut state = found("leave", vec![hit(1)]);
    assert!(!press(&mut state, &["esc"]).contains(&Effect::Quit), "the input is emptied first");
    assert!(press(&mut state, &["esc"]).contains(&Effect::Quit));
}

#[test]
fn every_key_of_the_help_does_something() {
    for described in &ACTIONS {
        for key in described.keys {
            let mut state = busy();
            let before = format!("{state:?}");
            let effects = press(&mut state, &[key]);
            assert!(
                !effects.is_empty() || format!("{state:?}") != before,
                "{key} ({})",
                described.name
            );
        }
    }
}

/// A state in which each action has something to act on.
fn busy() -> State {
    let hits: Vec<_> = (0..10).map(hit).collect();
    let mut state = found("one two three", hits);
    let entries = vec![Entry { mode: Mode::Search, text: "before".into() }; 3];
    update(&mut state, Message::Remembered(entries));
    let generation = state.preview.asked;
    update(&mut state, Message::Read(generation, Ok(crate::testing::document(0..100))));
    press(&mut state, &["down", "ctrl-left", "ctrl-p", "ctrl-p"]);
    state.input.set("one two three");
    state.input.word_left();
    state.preview.top = 20;
    state.search.selected = 5;
    state
}

#[test]
fn pasted_text_is_searched_for_as_one() {
    let mut state = connected();
    let effects = update(&mut state, Message::Paste("연차\n휴가\u{1b}[31m".into()));
    assert_eq!(effects.len(), 1);
    assert_eq!(request(&effects).query, "연차 휴가�[31m");
}

#[test]
fn keys_of_the_configuration_are_obeyed() {
    let mut state = connected();
    let chosen = BTreeMap::from([("help".to_owned(), vec!["alt-h".to_owned()])]);
    state.keys = Keys::new(&chosen).unwrap();
    press(&mut state, &["f1"]);
    assert_eq!(state.panel, None);
    press(&mut state, &["alt-h"]);
    assert_eq!(state.panel, Some(Panel::Help(0)));
}
