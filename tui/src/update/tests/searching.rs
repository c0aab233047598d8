//! Search as you type.

use ragterm_proto::v1::SearchRequest;

use crate::effect::Effect;
use crate::fault::{Fault, FaultKind};
use crate::message::Message;
use crate::testing::{connected, document, found, hit, press, reply, typed};
use crate::update::update;

fn searches(effects: &[Effect]) -> Vec<&SearchRequest> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Search(_, request) => Some(request),
            _ => None,
        })
        .collect()
}

#[test]
fn each_key_searches_for_what_is_typed_by_then() {
    let mut state = connected();
    let effects = typed(&mut state, "연차 a");
    let queries: Vec<&str> =
        searches(&effects).iter().map(|request| request.query.as_str()).collect();
    assert_eq!(queries, ["연", "연차", "연차 a"], "a space alone changes nothing");
    assert!(searches(&press(&mut state, &["left", "home", "end"])).is_empty());
}

#[test]
fn hits_of_an_older_search_never_replace_newer_ones() {
    let mut state = connected();
    typed(&mut state, "ab");
    let newest = state.search.asked;
    update(&mut state, Message::Found(newest, Ok(reply("ab", vec![hit(2)]))));
    update(&mut state, Message::Found(newest - 1, Ok(reply("a", vec![hit(1)]))));
    assert_eq!(state.search.hits, [hit(2)]);
    assert!(!state.search.is_pending());
}

#[test]
fn hits_of_the_key_before_are_shown_until_newer_ones_come() {
    let mut state = connected();
    typed(&mut state, "ab");
    let newest = state.search.asked;
    update(&mut state, Message::Found(newest - 1, Ok(reply("a", vec![hit(1)]))));
    assert_eq!(state.search.hits, [hit(1)]);
    assert!(state.search.is_pending());
}

#[test]
fn an_emptied_input_forgets_the_hits_and_what_was_asked() {
    let mut state = found("ab", vec![hit(1)]);
    let effects = press(&mut state, &["ctrl-u"]);
    assert_eq!(effects, [Effect::StopSearch]);
    assert!(state.search.hits.is_empty() && state.preview.target.is_none());
    let late = state.search.asked - 1;
    update(&mut state, Message::Found(late, Ok(reply("ab", vec![hit(1)]))));
    assert!(state.search.hits.is_empty());
}

#[test]
fn the_document_of_the_selected_hit_is_read_around_its_passage() {
    let mut state = found("a", vec![hit(1), hit(2)]);
    let effects = press(&mut state, &["down"]);
    let Some(Effect::Read(generation, request)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!((request.document.as_str(), request.from), ("d2", 4));
    update(&mut state, Message::Read(generation - 1, Ok(document(0..3))));
    assert_eq!(state.preview.total, 0, "the document of the hit before comes too late");
    update(&mut state, Message::Read(*generation, Ok(document(4..24))));
    assert_eq!(state.preview.total, 100);
    assert!(state.preview.passage().unwrap().contains("Rule 10"));
}

#[test]
fn scrolling_the_document_reads_on_in_both_directions() {
    let mut state = found("a", vec![hit(1)]);
    let generation = state.preview.asked;
    let mut effects = update(&mut state, Message::Read(generation, Ok(document(4..24))));
    let mut asked = Vec::new();
    for _ in 0..200 {
        for effect in std::mem::take(&mut effects) {
            let Effect::Read(generation, request) = effect else { continue };
            asked.push((request.from, request.limit));
            let part = document(request.from..(request.from + request.limit).min(100));
            effects.extend(update(&mut state, Message::Read(generation, Ok(part))));
        }
        effects.extend(press(&mut state, &["alt-down"]));
    }
    assert_eq!(state.preview.passages.first().unwrap().ordinal, 0);
    assert_eq!(state.preview.passages.last().unwrap().ordinal, 99);
    assert_eq!(asked.len(), asked.iter().collect::<std::collections::BTreeSet<_>>().len());
}

#[test]
fn near_the_end_of_the_list_more_hits_are_asked_for_and_the_place_is_kept() {
    let hits: Vec<_> = (0..8).map(hit).collect();
    let mut state = found("a", hits.clone());
    let limit = state.search.asked_for.1;
    let hits: Vec<_> = (0..limit).map(hit).collect();
    let effects = press(&mut state, &["alt-x"]);
    let Some(Effect::Search(generation, _)) = effects.first() else { panic!("{effects:?}") };
    update(&mut state, Message::Found(*generation, Ok(reply("a", hits))));
    let effects = press(&mut state, &["page-down", "page-down", "page-down"]);
    assert_eq!(
        searches(&effects).iter().map(|request| request.limit).collect::<Vec<_>>(),
        [limit * 3]
    );
    let selected = state.search.current().unwrap().document.clone();
    let more: Vec<_> = (0..limit * 2).map(hit).collect();
    let generation = state.search.asked;
    update(&mut state, Message::Found(generation, Ok(reply("a", more))));
    assert_eq!(state.search.current().unwrap().document, selected);
}

#[test]
fn a_search_that_is_refused_says_why() {
    let mut state = connected();
    typed(&mut state, "a");
    let fault = Fault {
        sentence: "the query is too long".into(),
        hint: "shorten it".into(),
        kind: FaultKind::Refused,
    };
    let generation = state.search.asked;
    update(&mut state, Message::Found(generation, Err(fault)));
    assert_eq!(state.search.trouble.as_deref(), Some("the query is too long: shorten it"));
    assert!(state.is_connected());
}

#[test]
fn a_daemon_that_cannot_read_leaves_the_excerpt() {
    let mut state = found("a", vec![hit(1)]);
    let fault = Fault { kind: FaultKind::Unsupported, ..Fault::lost("too old") };
    let generation = state.preview.asked;
    update(&mut state, Message::Read(generation, Err(fault)));
    assert_eq!(state.preview.passage(), Some(hit(1).snippet.as_str()));
    assert_eq!(state.preview.trouble, None);
}
