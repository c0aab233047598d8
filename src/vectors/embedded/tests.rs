//! The index against a naive one, under any order of writes.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::filter::Attributes;
use crate::id::SourceId;

const DIMENSIONS: usize = 24;

fn attributes(source: u32, kind: &str, modified_ms: i64) -> Attributes {
    Attributes { source: SourceId(source), kind: kind.to_owned(), modified_ms }
}

fn all() -> Filter {
    Filter { sources: (0..10).map(SourceId).collect(), ..Filter::default() }
}

/// A vector that depends on the seed alone, near one of a few centres as real ones are.
fn vector(seed: u64) -> Vec<f32> {
    let component = |seed: u64, at: usize| {
        let mixed = (seed * 1000 + at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f32 / 8e6 - 1.0
    };
    (0..DIMENSIONS).map(|at| component(seed % 7, at) + 0.3 * component(seed + 100, at)).collect()
}

fn put(index: &EmbeddedIndex, document: u64, attributes: Attributes, seeds: &[u64]) {
    let vectors: Vec<Vec<f32>> = seeds.iter().map(|seed| vector(*seed)).collect();
    let vectors: Vec<(u32, &[f32])> =
        vectors.iter().enumerate().map(|(at, vector)| (at as u32, vector.as_slice())).collect();
    let document = DocumentId(document);
    index.put(&[DocumentVectors { document, attributes, vectors: &vectors }]).unwrap();
}

fn found(index: &EmbeddedIndex, filter: &Filter) -> Vec<u64> {
    let mut found: Vec<u64> =
        index.nearest(&vector(1), filter, 100).iter().map(|one| one.document.0).collect();
    found.sort_unstable();
    found
}

#[derive(Debug, Clone)]
enum Step {
    Put(u64, u32, Vec<u64>),
    Remove(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let document = 0..12u64;
    let seeds = prop::collection::vec(0..500u64, 0..90);
    prop::collection::vec(
        prop_oneof![
            4 => (document.clone(), 0..3u32, seeds).prop_map(|(a, b, c)| Step::Put(a, b, c)),
            1 => document.prop_map(Step::Remove),
        ],
        0..60,
    )
}

type Model = BTreeMap<u64, (u32, Vec<u64>)>;

fn apply(index: &EmbeddedIndex, model: &mut Model, step: &Step) {
    match step {
        Step::Put(document, source, seeds) => {
            put(index, *document, attributes(*source, "md", 0), seeds);
            model.remove(document);
            if !seeds.is_empty() {
                model.insert(*document, (*source, seeds.clone()));
            }
        }
        Step::Remove(document) => {
            index.remove(&[DocumentId(*document)]);
            model.remove(document);
        }
    }
}

/// The best score of each document, by plain arithmetic.
fn naive(model: &Model, query: &[f32], sources: &HashSet<SourceId>) -> Vec<(u64, f64)> {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let cosine = |seed: &u64| {
        let row = vector(*seed);
        dot(&row, query) / (dot(&row, &row) * dot(query, query)).sqrt()
    };
    let mut scores: Vec<(u64, f64)> = model
        .iter()
        .filter(|(_, (source, _))| sources.contains(&SourceId(*source)))
        .map(|(id, (_, seeds))| (*id, seeds.iter().map(cosine).fold(-1.0, f64::max)))
        .collect();
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    scores
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_history_finds_what_a_naive_index_finds(steps in steps(), seed in 500..600u64) {
        let index = EmbeddedIndex::new(DIMENSIONS);
        let mut model = Model::new();
        steps.iter().for_each(|step| apply(&index, &mut model, step));
        let filter = Filter { sources: [SourceId(0), SourceId(2)].into(), ..Filter::default() };
        let expected = naive(&model, &vector(seed), &filter.sources);
        let found = index.nearest(&vector(seed), &filter, 4);
        prop_assert_eq!(found.len(), expected.len().min(4));
        for (found, expected) in found.iter().zip(&expected) {
            prop_assert!((f64::from(found.score) - expected.1).abs() < 1e-4);
        }
        prop_assert_eq!(index.len(), model.values().map(|(_, seeds)| seeds.len()).sum::<usize>());
    }

    #[test]
    fn results_do_not_depend_on_the_history(steps in steps(), seed in 500..600u64) {
        let index = EmbeddedIndex::new(DIMENSIONS);
        let mut model = Model::new();
        steps.iter().for_each(|step| apply(&index, &mut model, step));
        let fresh = EmbeddedIndex::new(DIMENSIONS);
        for (document, (source, seeds)) in model.iter().rev() {
            put(&fresh, *document, attributes(*source, "md", 0), seeds);
        }
        let query = vector(seed);
        prop_assert_eq!(index.nearest(&query, &all(), 5), fresh.nearest(&query, &all(), 5));
        prop_assert_eq!(index.documents(), fresh.documents());
    }
}

#[test]
fn filters_apply_before_the_top_is_chosen() {
    let index = EmbeddedIndex::new(DIMENSIONS);
    for document in 0..200 {
        put(&index, document, attributes(1, "md", 10), &[1]);
    }
    put(&index, 900, attributes(2, "pdf", 20), &[3]);
    put(&index, 901, attributes(1, "pdf", 5), &[4]);
    let only = |change: fn(&mut Filter)| {
        let mut filter = all();
        change(&mut filter);
        found(&index, &filter)
    };
    assert_eq!(only(|filter| filter.sources = [SourceId(2)].into()), [900]);
    assert_eq!(only(|filter| filter.types = vec!["pdf".into()]), [900, 901]);
    assert_eq!(only(|filter| filter.modified_since_ms = Some(11)), [900]);
    let chosen: HashSet<_> = [DocumentId(901), DocumentId(5000)].into();
    let filter = Filter { documents: Some(Arc::new(chosen)), ..all() };
    assert_eq!(found(&index, &filter), [901]);
    assert!(found(&index, &Filter::default()).is_empty(), "no source is granted");
}

#[test]
fn a_moved_document_is_found_by_its_new_attributes() {
    let index = EmbeddedIndex::new(DIMENSIONS);
    put(&index, 1, attributes(1, "md", 10), &[1, 2]);
    put(&index, 1, attributes(2, "txt", 30), &[1, 2]);
    let filter = |source| Filter { sources: [SourceId(source)].into(), ..Filter::default() };
    assert!(found(&index, &filter(1)).is_empty());
    assert_eq!(found(&index, &filter(2)), [1]);
}

#[test]
fn vectors_come_back_as_they_were_put() {
    let index = EmbeddedIndex::new(DIMENSIONS);
    put(&index, 1, attributes(1, "md", 0), &[5, 6]);
    put(&index, 1, attributes(1, "md", 0), &[7, 8]);
    let stored = index.vectors(DocumentId(1));
    assert_eq!(stored.iter().map(|(ordinal, _)| *ordinal).collect::<Vec<_>>(), [0, 1]);
    for ((_, stored), seed) in stored.iter().zip([7, 8]) {
        let given = vector(seed);
        let length = given.iter().map(|value| value * value).sum::<f32>().sqrt();
        let off = stored.iter().zip(&given).map(|(one, other)| (one - other / length).abs());
        assert!(off.fold(0.0, f32::max) < 1e-4);
    }
    assert!(index.vectors(DocumentId(2)).is_empty());
}

#[test]
fn each_document_comes_once_with_its_best_passage() {
    let index = EmbeddedIndex::new(DIMENSIONS);
    put(&index, 1, attributes(1, "md", 0), &[8, 15, 1, 22]);
    put(&index, 2, attributes(1, "md", 0), &[8]);
    let found = index.nearest(&vector(1), &all(), 2);
    assert_eq!((found[0].document, found[0].ordinal), (DocumentId(1), 2));
    assert!((found[0].score - 1.0).abs() < 1e-4);
    assert_eq!(found[1].document, DocumentId(2));
}

#[test]
fn a_wrong_vector_changes_nothing() {
    let index = EmbeddedIndex::new(DIMENSIONS);
    put(&index, 1, attributes(1, "md", 0), &[1]);
    let (good, short, bad) = (vector(5), vec![1.0; 3], vec![f32::NAN; DIMENSIONS]);
    for wrong in [&short, &bad] {
        let vectors = [(0, good.as_slice()), (1, wrong.as_slice())];
        let document = DocumentVectors {
            document: DocumentId(1),
            attributes: attributes(1, "md", 0),
            vectors: &vectors,
        };
        assert!(index.put(&[document]).is_err());
    }
    assert_eq!(index.documents(), [(DocumentId(1), 1)]);
    assert!(index.nearest(&short, &all(), 5).is_empty());
    assert!(index.nearest(&bad, &all(), 5).is_empty());
    assert!(index.nearest(&good, &all(), 0).is_empty());
    assert_eq!(index.nearest(&good, &all(), usize::MAX).len(), 1);
}

#[test]
fn memory_follows_the_live_rows() {
    let index = EmbeddedIndex::new(DIMENSIONS);
    let seeds: Vec<u64> = (0..100).collect();
    for round in 0..20 {
        for document in 0..50 {
            put(&index, document, attributes(round % 3, "md", 0), &seeds);
        }
    }
    let row_bytes = 2 * DIMENSIONS + 24;
    assert!(index.heap_bytes() < 5000 * row_bytes * 2, "{}", index.heap_bytes());
    index.remove(&(0..50).map(DocumentId).collect::<Vec<_>>());
    assert!(index.is_empty());
    assert!(index.heap_bytes() < 1100 * row_bytes, "{}", index.heap_bytes());
}

#[test]
fn a_search_sees_a_replaced_document_whole() {
    let index = EmbeddedIndex::new(DIMENSIONS);
    let seeds: Vec<u64> = (0..700).collect();
    put(&index, 1, attributes(1, "md", 0), &seeds);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..30 {
                put(&index, 1, attributes(1, "md", 0), &seeds);
            }
        });
        while !writer.is_finished() {
            let best = index.nearest(&vector(699), &all(), 3);
            assert_eq!((best.len(), best[0].ordinal), (1, 699));
        }
    });
}
