//! The mouse.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::asking::answered;
use crate::effect::Effect;
use crate::message::Message;
use crate::state::{Layout, State};
use crate::testing::{found, hit, painted, press};
use crate::update::update;

fn point(state: &mut State, kind: MouseEventKind, place: (u16, u16)) -> Vec<Effect> {
    let (column, row) = place;
    update(state, Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

/// Where a text is on the screen.
fn place_of(state: &State, text: &str) -> (u16, u16) {
    let screen = painted(state);
    for (row, line) in (0u16..).zip(screen.lines()) {
        if let Some(index) = line.find(text) {
            return (crate::text::width(&line[..index]) as u16, row);
        }
    }
    panic!("{text} is not on the screen:\n{screen}")
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let mut state = found("leave", (1..9).map(hit).collect());
    let place = place_of(&state, "Leave policy 3");
    let effects = point(&mut state, CLICK, place);
    assert!(matches!(&effects[..], [Effect::Read(_, request)] if request.document == "d3"));
    let effects = point(&mut state, CLICK, place);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Open(_))));
}

#[test]
fn the_wheel_scrolls_what_is_under_it() {
    let mut state = found("leave", (1..9).map(hit).collect());
    let generation = state.preview.asked;
    update(&mut state, Message::Read(generation, Ok(crate::testing::document(4..24))));
    let (top, selected) = (state.preview.top, state.search.selected);
    let preview = Layout::of(&state).preview;
    point(&mut state, MouseEventKind::ScrollDown, (preview.x + 2, preview.y + 2));
    assert_eq!((state.preview.top, state.search.selected), (top + 3, selected));
    point(&mut state, MouseEventKind::ScrollDown, (2, 4));
    assert_eq!((state.preview.top == top + 3, state.search.selected), (false, selected + 1));
}

#[test]
fn a_click_on_a_citation_or_a_source_shows_its_passage() {
    let mut state = answered();
    let (column, row) = place_of(&state, "[1][3]");
    point(&mut state, CLICK, (column + 4, row));
    assert_eq!(state.preview.target.as_ref().unwrap().document, "d3");
    let place = place_of(&state, "[1] Leave");
    point(&mut state, CLICK, place);
    assert_eq!(state.preview.target.as_ref().unwrap().document, "d1");
}

#[test]
fn a_click_takes_a_row_of_a_list_and_one_outside_closes_it() {
    let mut state = found("leave", vec![hit(1)]);
    press(&mut state, &["f4"]);
    let place = place_of(&state, "pptx");
    point(&mut state, CLICK, place);
    assert_eq!((state.filters.types.as_slice(), &state.panel), (&["pptx".to_owned()][..], &None));
    press(&mut state, &["f1"]);
    point(&mut state, CLICK, (0, 0));
    assert_eq!(state.panel, None);
}
