//! What chunking promises, on whole documents.

use std::collections::HashSet;

use ragterm_connectors::document::{Document, Place, Section};

use super::*;

fn section(heading: &[&str], text: &str, place: Place) -> Section {
    let heading = heading.iter().map(|heading| (*heading).to_owned()).collect();
    Section { heading, text: text.to_owned(), place }
}

fn document(sections: Vec<Section>) -> Document {
    Document { sections, ..Document::default() }
}

fn chunks(sections: Vec<Section>) -> Vec<Chunk> {
    chunk(DocumentId(7), &document(sections), &ChunkSettings::default())
}

/// A text of about `words` tokens, on lines of ten words.
fn prose(words: usize) -> String {
    let words: Vec<&str> = ["alpha", "beta", "delta"].into_iter().cycle().take(words).collect();
    words.chunks(10).map(|line| line.join(" ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_same_document_gives_the_same_chunks() {
    let sections = || vec![section(&["A"], &prose(900), Place::Line(3))];
    assert_eq!(chunks(sections()), chunks(sections()));
    assert!(chunks(sections()).len() > 3);
}

#[test]
fn passages_never_cross_large_sections() {
    let first = section(&["A"], &prose(100), Place::Line(2));
    let second = section(&["B"], &prose(100), Place::Line(14));
    let found = chunks(vec![first, second]);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].heading, ["A"]);
    assert_eq!(found[1].heading, ["B"]);
    assert_eq!((found[0].lines, found[1].lines), (Some((2, 11)), Some((14, 23))));
}

#[test]
fn every_passage_names_the_lines_that_it_stands_on() {
    let text = prose(2000);
    let lines: Vec<&str> = text.lines().collect();
    for chunk in chunks(vec![section(&[], &text, Place::Line(11))]) {
        let (first, last) = chunk.lines.unwrap();
        let (first, last) = (first as usize - 11, last as usize - 11);
        assert!(lines[first].contains(chunk.text.lines().next().unwrap().trim()));
        assert!(lines[last].contains(chunk.text.lines().last().unwrap().trim()));
    }
}

#[test]
fn tiny_neighbours_share_a_passage_with_their_headings_and_lines() {
    let found = chunks(vec![
        section(&["Numbers"], "All our numbers.", Place::Line(2)),
        section(&["Numbers", "Fax"], "555-1234", Place::Line(5)),
        section(&["Numbers", "Phone"], "555-4321\nask for Kim", Place::Line(8)),
    ]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].heading, ["Numbers"]);
    assert_eq!(found[0].lines, Some((2, 9)));
    let text = "All our numbers.\n\nFax\n555-1234\n\nPhone\n555-4321\nask for Kim";
    assert_eq!(found[0].text, text);
}

#[test]
fn pages_are_never_joined() {
    let page = |number| section(&[], "a short slide", Place::Page(number));
    let found = chunks(vec![page(1), page(2)]);
    assert_eq!(found.iter().map(|chunk| chunk.page).collect::<Vec<_>>(), [Some(1), Some(2)]);
}

#[test]
fn an_unchanged_passage_keeps_its_id_when_its_neighbours_change() {
    let stays = section(&["B"], &prose(100), Place::Line(14));
    let one = chunks(vec![section(&["A"], &prose(150), Place::Line(2)), stays.clone()]);
    let two = chunks(vec![section(&["A"], &prose(120), Place::Line(2)), stays]);
    assert_ne!(one[0].id, two[0].id);
    assert_eq!(one[1].id, two[1].id);
}

#[test]
fn equal_passages_have_different_ids() {
    let same = || section(&["A"], &prose(100), Place::Unknown);
    let found = chunks(vec![same(), same(), same()]);
    assert_eq!(found.iter().map(|chunk| chunk.id).collect::<HashSet<_>>().len(), 3);
    assert_eq!(found[0].id.to_string().len(), 32);
}

#[test]
fn what_is_embedded_fits_the_model() {
    let heading = "a heading of quite some words, said at length ".repeat(3);
    let sections = vec![section(&[heading.as_str(); 5], &prose(3000), Place::Unknown)];
    let document = Document { title: Some(heading.clone()), ..document(sections) };
    let settings = ChunkSettings { max_tokens: 100 };
    for chunk in chunk(DocumentId(1), &document, &settings) {
        let text = embedding_text(document.title.as_deref(), &chunk);
        // The header's own bound is absolute, so the smallest budgets are exceeded by a little.
        assert!(estimate_tokens(&text) <= 100 + 64, "{text}");
    }
}

#[test]
fn blank_documents_have_no_passages() {
    assert!(chunks(vec![]).is_empty());
    assert!(chunks(vec![section(&[], " \n\t\n", Place::Line(1))]).is_empty());
}

#[test]
fn a_heading_without_text_can_still_be_found() {
    let found = chunks(vec![
        section(&["Parent"], "", Place::Line(1)),
        section(&["Parent", "Lone heading"], "", Place::Line(2)),
        section(&["Other"], &prose(100), Place::Line(3)),
    ]);
    assert_eq!(found[0].heading, ["Parent"]);
    assert_eq!(found[0].text, "Lone heading");
    assert_eq!(found.len(), 2);
}

#[test]
fn overlong_and_overdeep_headings_become_text_once() {
    let long = "가나다 라마바 ".repeat(100);
    let mut path = vec![long.as_str()];
    path.extend(std::iter::repeat_n("deeper", 100_000));
    let place = Place::Line(4);
    let found = chunks(vec![section(&path, &prose(50), place), section(&path, &prose(60), place)]);
    assert!(found.iter().all(|chunk| chunk.heading.len() <= 8));
    assert!(found.iter().flat_map(|chunk| &chunk.heading).all(|one| one.len() <= 200));
    let text: String = found.iter().map(|chunk| chunk.text.as_str()).collect();
    let count = |text: &str, what| text.matches(what).count();
    assert_eq!(count(&text, "가나다"), 100);
    assert_eq!(count(&text, "deeper"), 100_000 - 7);
}

#[test]
fn a_million_tiny_sections_are_packed() {
    let row = |number: u32| section(&["Table"], "1;2;3", Place::Line(number + 2));
    let found = chunks((0..100_000).map(row).collect());
    assert!(found.len() < 100_000 / 20, "{}", found.len());
    assert_eq!(found.last().unwrap().lines.unwrap().1, 100_001);
}

#[test]
fn a_budget_of_nothing_still_ends() {
    let sections = vec![section(&["A"], &prose(50), Place::Unknown)];
    let found = chunk(DocumentId(1), &document(sections), &ChunkSettings { max_tokens: 0 });
    assert!(!found.is_empty());
}

#[test]
fn a_joined_passage_knows_where_each_of_its_sections_begins() {
    let found = chunks(vec![
        section(&["Contract"], "Between two parties.", Place::Line(2)),
        section(&["Contract", "Delivery"], "Within five days.", Place::Line(4)),
        section(&["Contract", "Penalties"], "A late crate\ncosts ten.", Place::Line(6)),
    ]);
    let [passage] = &found[..] else { panic!("{found:?}") };
    let inner = |word: &str| passage.inner_at(passage.text.find(word).unwrap()).unwrap();
    assert!(inner("parties").heading.is_empty());
    assert_eq!(inner("Delivery").heading, ["Delivery"]);
    assert_eq!(
        (&inner("five").heading[0], inner("five").lines),
        (&"Delivery".to_owned(), Some((4, 4)))
    );
    assert_eq!(
        (&inner("ten").heading[0], inner("ten").lines),
        (&"Penalties".to_owned(), Some((6, 7)))
    );
    assert_eq!(
        (passage.heading.clone(), passage.lines),
        (vec!["Contract".to_owned()], Some((2, 7)))
    );
}
