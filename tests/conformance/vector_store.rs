//! What every vector store promises (the documentation of `VectorStore`), one test each.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use ragterm::error::ErrorKind;
use ragterm::filter::Filter;
use ragterm::id::DocumentId;
use ragterm::vectors::{DocumentVectors, Ensured};

use super::stores::{Fresh, Subject, attributes, of_sources};

/// A test of each promise for each store; without a server it says that it was skipped.
macro_rules! promises {
    ($($promise:ident($dimensions:literal),)*) => {
        mod embedded { $(promises!(@one Embedded $promise $dimensions);)* }
        mod milvus { $(promises!(@one Milvus $promise $dimensions);)* }
        mod qdrant { $(promises!(@one Qdrant $promise $dimensions);)* }
        mod fake_qdrant { $(promises!(@one FakeQdrant $promise $dimensions);)* }
    };
    (@one $subject:ident $promise:ident $dimensions:literal) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $promise() {
            use crate::conformance::stores::{Fresh, Subject};
            let Some(fresh) = Fresh::new(Subject::$subject, $dimensions).await else { return };
            super::$promise(&fresh, Subject::$subject).await;
            fresh.store.drop_collection().await.unwrap();
        }
    };
}

promises! {
    a_put_replaces_what_the_document_had(2),
    what_is_removed_or_put_without_vectors_is_gone(2),
    every_key_of_a_filter_acts_inside_the_search(2),
    any_text_can_be_a_type(2),
    the_best_passage_stands_for_its_document(2),
    a_document_of_many_passages_hides_no_other(2),
    ties_are_in_the_order_of_documents(2),
    ten_thousand_documents_can_be_asked_for(2),
    documents_and_vectors_can_be_read_back(3),
    a_whole_large_collection_can_be_listed(4),
    a_collection_is_made_once_and_kept(2),
    what_was_dropped_is_not_found_and_can_be_made_again(2),
    vectors_of_other_dimensions_are_refused(2),
    collections_of_other_catalogs_and_models_are_left_alone(2),
    the_same_is_found_as_by_looking_at_everything(8),
}

async fn a_put_replaces_what_the_document_had(fresh: &Fresh, _: Subject) {
    fresh.put(1, &[(0, &[1.0, 0.0]), (1, &[0.0, 1.0]), (7, &[1.0, 1.0])]).await;
    fresh.put(2, &[(0, &[-1.0, 0.0])]).await;
    fresh.put(1, &[(1, &[1.0, 0.0])]).await;
    assert_eq!(fresh.find(&[1.0, 0.0], &of_sources(&[1]), 9).await, [(1, 1), (2, 0)]);
    assert_eq!(fresh.store.count().await.unwrap(), 2);
    fresh.put_as(1, attributes(2, "pdf", 5), &[(1, &[1.0, 0.0])]).await;
    assert_eq!(fresh.select(&of_sources(&[1])).await, [2]);
    assert_eq!(fresh.select(&of_sources(&[2])).await, [1]);
}

async fn what_is_removed_or_put_without_vectors_is_gone(fresh: &Fresh, _: Subject) {
    for id in 1..=4 {
        fresh.put(id, &[(0, &[1.0, 0.0]), (1, &[0.0, 1.0])]).await;
    }
    fresh.store.remove(&[DocumentId(1), DocumentId(99)]).await.unwrap();
    fresh.put(3, &[]).await;
    fresh.put(98, &[]).await;
    fresh.store.remove(&[]).await.unwrap();
    fresh.store.put(&[]).await.unwrap();
    assert_eq!(fresh.select(&of_sources(&[1])).await, [2, 4]);
    assert_eq!(fresh.store.count().await.unwrap(), 4);
    fresh.put(1, &[(0, &[1.0, 0.0])]).await;
    assert_eq!(fresh.select(&of_sources(&[1])).await, [1, 2, 4]);
}

async fn every_key_of_a_filter_acts_inside_the_search(fresh: &Fresh, _: Subject) {
    let near: &[(u32, &[f32])] = &[(0, &[1.0, 0.0])];
    let far: &[(u32, &[f32])] = &[(0, &[0.1, 1.0])];
    fresh.put_as(1, attributes(1, "md", 100), near).await;
    fresh.put_as(2, attributes(2, "md", 200), near).await;
    fresh.put_as(3, attributes(1, "pdf", 300), near).await;
    fresh.put_as(4, attributes(1, "", -50), far).await;
    let only = |ids: &[u64]| Some(Arc::new(ids.iter().copied().map(DocumentId).collect()));
    let all = || of_sources(&[1, 2]);
    let types = |types: &[&str]| types.iter().map(ToString::to_string).collect::<Vec<_>>();
    let cases = [
        (all(), vec![1, 2, 3, 4]),
        (Filter::default(), vec![]),
        (of_sources(&[1]), vec![1, 3, 4]),
        (of_sources(&[3]), vec![]),
        (Filter { types: types(&["md", "txt"]), ..all() }, vec![1, 2]),
        (Filter { types: types(&[""]), ..all() }, vec![4]),
        (Filter { modified_since_ms: Some(200), ..all() }, vec![2, 3]),
        (Filter { modified_since_ms: Some(-50), ..all() }, vec![1, 2, 3, 4]),
        (Filter { documents: only(&[2, 4, 77]), ..all() }, vec![2, 4]),
        (Filter { documents: only(&[]), ..all() }, vec![]),
        (
            Filter { documents: only(&[1, 2, 4]), types: types(&["md"]), ..of_sources(&[1]) },
            vec![1],
        ),
        (Filter { types: types(&["md"]), modified_since_ms: Some(150), ..all() }, vec![2]),
    ];
    for (filter, expected) in cases {
        assert_eq!(fresh.select(&filter).await, expected, "{filter:?}");
    }
    // The near ones are not chosen first and filtered afterwards.
    let rare = Filter { types: types(&[""]), ..all() };
    assert_eq!(fresh.find(&[1.0, 0.0], &rare, 1).await, [(4, 0)]);
}

async fn any_text_can_be_a_type(fresh: &Fresh, _: Subject) {
    let kinds = ["md", "p\"df", "a\\b", "한글", "it's", "a\nb", "] or 1 == 1 or kind in [\"", "%_"];
    for (id, kind) in (1..).zip(kinds) {
        fresh.put_as(id, attributes(1, kind, 0), &[(0, &[1.0, 0.0])]).await;
    }
    for (id, kind) in (1..).zip(kinds) {
        let filter = Filter { types: vec![kind.into()], ..of_sources(&[1]) };
        assert_eq!(fresh.select(&filter).await, [id], "{kind:?}");
    }
}

async fn the_best_passage_stands_for_its_document(fresh: &Fresh, _: Subject) {
    fresh.put(1, &[(0, &[0.0, 1.0]), (3, &[1.0, 0.2]), (9, &[1.0, 0.9])]).await;
    fresh.put(2, &[(5, &[1.0, 0.1]), (6, &[-1.0, 0.0])]).await;
    let found = fresh.store.nearest(&[2.0, 0.0], &of_sources(&[1]), 10).await.unwrap();
    let places: Vec<_> = found.iter().map(|one| (one.document.0, one.ordinal)).collect();
    assert_eq!(places, [(2, 5), (1, 3)]);
    let cosine = |x: f32, y: f32| x / (x * x + y * y).sqrt();
    assert!((found[0].score - cosine(1.0, 0.1)).abs() < 1e-3, "{found:?}");
    assert!((found[1].score - cosine(1.0, 0.2)).abs() < 1e-3, "{found:?}");
    assert_eq!(fresh.find(&[2.0, 0.0], &of_sources(&[1]), 1).await, [(2, 5)]);
    assert_eq!(fresh.find(&[2.0, 0.0], &of_sources(&[1]), 0).await, []);
    assert_eq!(fresh.find(&[0.0, 0.0], &of_sources(&[1]), 5).await, []);
}

async fn a_document_of_many_passages_hides_no_other(fresh: &Fresh, _: Subject) {
    let near: Vec<[f32; 2]> = (0..3_000).map(|n| [1.0, n as f32 / 100_000.0]).collect();
    let near: Vec<(u32, &[f32])> = (0..).zip(near.iter().map(<[f32; 2]>::as_slice)).collect();
    fresh.put(1, &near).await;
    for id in 2..=6 {
        fresh.put(id, &[(id as u32, &[1.0, id as f32])]).await;
    }
    let expected = [(1, 0), (2, 2), (3, 3), (4, 4), (5, 5)];
    assert_eq!(fresh.find(&[1.0, 0.0], &of_sources(&[1]), 5).await, expected);
    fresh.put(1, &near[..1]).await;
    assert_eq!(fresh.store.count().await.unwrap(), 6);
}

async fn ties_are_in_the_order_of_documents(fresh: &Fresh, _: Subject) {
    for id in [5, 3, 9, 1] {
        fresh.put(id, &[(2, &[0.6, 0.8]), (1, &[0.6, 0.8])]).await;
    }
    let expected = [(1, 1), (3, 1), (5, 1), (9, 1)];
    assert_eq!(fresh.find(&[0.6, 0.8], &of_sources(&[1]), 9).await, expected);
}

async fn ten_thousand_documents_can_be_asked_for(fresh: &Fresh, _: Subject) {
    for id in [1, 4_000, 9_999, 10_001] {
        fresh.put(id, &[(0, &[1.0, id as f32 / 20_000.0])]).await;
    }
    let documents: HashSet<_> = (0..10_000).map(DocumentId).collect();
    let filter = Filter { documents: Some(Arc::new(documents)), ..of_sources(&[1]) };
    let expected = [(1, 0), (4_000, 0), (9_999, 0)];
    assert_eq!(fresh.find(&[1.0, 0.0], &filter, 10).await, expected);
    assert_eq!(fresh.find(&[1.0, 0.0], &filter, 2).await, expected[..2]);
}

async fn documents_and_vectors_can_be_read_back(fresh: &Fresh, _: Subject) {
    let late = (1_790_000_000_000 << 16) + 3;
    fresh.put(late, &[(4, &[0.0, 3.0, 4.0]), (2, &[-1.0, 0.0, 0.0])]).await;
    fresh.put(1, &[(0, &[0.5, 0.5, 0.5])]).await;
    let documents = fresh.store.documents().await.unwrap();
    assert_eq!(documents, [(DocumentId(1), 1), (DocumentId(late), 2)]);
    let vectors = fresh.store.vectors(DocumentId(late)).await.unwrap();
    let ordinals: Vec<_> = vectors.iter().map(|(ordinal, _)| *ordinal).collect();
    assert_eq!(ordinals, [2, 4]);
    for (stored, given) in vectors.iter().zip([[-1.0, 0.0, 0.0], [0.0, 0.6, 0.8]]) {
        let difference = stored.1.iter().zip(given).map(|(one, other): (&f32, f32)| one - other);
        assert!(difference.map(f32::abs).all(|off| off < 1e-3), "{stored:?}");
    }
    assert_eq!(fresh.store.vectors(DocumentId(5)).await.unwrap(), []);
}

async fn a_whole_large_collection_can_be_listed(fresh: &Fresh, _: Subject) {
    let vectors: Vec<[f32; 4]> = (0..5_000).map(|n| [1.0, n as f32, 0.5, -1.0]).collect();
    let vectors: Vec<(u32, &[f32])> = (0..).zip(vectors.iter().map(<[f32; 4]>::as_slice)).collect();
    let id = |number: u64| DocumentId((1_790_000_000_000 + number * 977) << 16);
    let of = |number: u64| match number {
        0 => vectors.as_slice(),
        _ => &vectors[..number as usize % 40],
    };
    let document = |number| DocumentVectors {
        document: id(number),
        attributes: attributes(1, "md", 0),
        vectors: of(number),
    };
    let all: Vec<_> = (0..900).map(document).collect();
    for some in all.chunks(300) {
        fresh.store.put(some).await.unwrap();
    }
    let expected: Vec<_> =
        (0..900).map(|n| (id(n), of(n).len() as u64)).filter(|(_, rows)| *rows > 0).collect();
    assert_eq!(fresh.store.documents().await.unwrap(), expected);
    let total = expected.iter().map(|(_, rows)| rows).sum::<u64>();
    assert!(total > 20_000);
    assert_eq!(fresh.store.count().await.unwrap(), total);
    assert_eq!(fresh.store.vectors(id(0)).await.unwrap().len(), 5_000);
}

async fn a_collection_is_made_once_and_kept(fresh: &Fresh, subject: Subject) {
    fresh.put(1, &[(0, &[1.0, 0.0])]).await;
    assert_eq!(fresh.store.ensure().await.unwrap(), Ensured::Existing);
    assert_eq!(fresh.store.count().await.unwrap(), 1);
    if subject == Subject::Embedded {
        assert_eq!(fresh.store.place(), None);
        return;
    }
    let again = fresh.again(2);
    assert_eq!(again.place(), fresh.store.place());
    assert_eq!(again.ensure().await.unwrap(), Ensured::Existing);
    assert_eq!(again.count().await.unwrap(), 1);
    let server = again.server().unwrap();
    assert!(server.version.is_some_and(|version| version.contains('.')), "{:?}", server.url);
}

async fn what_was_dropped_is_not_found_and_can_be_made_again(fresh: &Fresh, subject: Subject) {
    fresh.put(1, &[(0, &[1.0, 0.0])]).await;
    fresh.store.drop_collection().await.unwrap();
    fresh.store.drop_collection().await.unwrap();
    if subject == Subject::Embedded {
        assert_eq!(fresh.store.count().await.unwrap(), 0);
        return;
    }
    let vector: &[(u32, &[f32])] = &[(0, &[1.0, 0.0])];
    let attributes = attributes(1, "md", 0);
    let one = DocumentVectors { document: DocumentId(2), attributes, vectors: vector };
    let kinds = [
        fresh.store.nearest(&[1.0, 0.0], &of_sources(&[1]), 3).await.unwrap_err().kind(),
        fresh.store.put(&[one]).await.unwrap_err().kind(),
        fresh.store.count().await.unwrap_err().kind(),
        fresh.store.remove(&[DocumentId(1)]).await.unwrap_err().kind(),
    ];
    assert_eq!(kinds, [ErrorKind::NotFound; 4]);
    assert_eq!(fresh.store.ensure().await.unwrap(), Ensured::Created);
    assert_eq!(fresh.store.count().await.unwrap(), 0);
    fresh.put(3, vector).await;
    assert_eq!(fresh.select(&of_sources(&[1])).await, [3]);
}

async fn vectors_of_other_dimensions_are_refused(fresh: &Fresh, subject: Subject) {
    fresh.put(1, &[(0, &[1.0, 0.0])]).await;
    for wrong in [&[1.0, 0.0, 0.0][..], &[f32::NAN, 1.0]] {
        let vectors: &[(u32, &[f32])] = &[(0, &[0.0, 1.0]), (1, wrong)];
        let attributes = attributes(1, "md", 0);
        let one = DocumentVectors { document: DocumentId(1), attributes, vectors };
        assert!(fresh.store.put(&[one]).await.is_err());
    }
    assert_eq!(fresh.find(&[1.0, 0.0], &of_sources(&[1]), 3).await, [(1, 0)]);
    assert_eq!(fresh.find(&[1.0, 0.0, 0.0], &of_sources(&[1]), 3).await, []);
    if subject != Subject::Embedded {
        let error = fresh.again(3).ensure().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains("2 dimensions, not 3"), "{error}");
        assert!(error.next_step().is_some_and(|hint| hint.contains("store.collection")));
    }
}

async fn collections_of_other_catalogs_and_models_are_left_alone(fresh: &Fresh, _: Subject) {
    let other = fresh.beside(2).await;
    fresh.put(1, &[(0, &[1.0, 0.0])]).await;
    other.put(2, &[(0, &[1.0, 0.0])]).await;
    other.store.remove(&[DocumentId(1)]).await.unwrap();
    assert_eq!(fresh.select(&of_sources(&[1])).await, [1]);
    other.store.drop_collection().await.unwrap();
    assert_eq!(fresh.select(&of_sources(&[1])).await, [1]);
}

/// Reproducible numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn vector(&mut self) -> Vec<f32> {
        (0..8).map(|_| self.below(2_001) as f32 / 1_000.0 - 1.0).collect()
    }
}

type Naive = BTreeMap<u64, (u32, Vec<(u32, Vec<f32>)>)>;

async fn the_same_is_found_as_by_looking_at_everything(fresh: &Fresh, _: Subject) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut naive = Naive::new();
    for round in 0..12 {
        for _ in 0..6 {
            change(fresh, &mut naive, &mut random).await;
        }
        let rows: u64 = naive.values().map(|(_, vectors)| vectors.len() as u64).sum();
        assert_eq!(fresh.store.count().await.unwrap(), rows, "round {round}");
        let sources: Vec<u32> = (0..3).filter(|_| random.below(3) > 0).collect();
        let (query, limit) = (random.vector(), 1 + random.below(12) as usize);
        let found = fresh.store.nearest(&query, &of_sources(&sources), limit).await.unwrap();
        let expected = look_at_everything(&naive, &query, &sources, limit);
        assert_eq!(found.len(), expected.len(), "round {round}");
        for (found, expected) in found.iter().zip(&expected) {
            let is_near = (found.score - expected.2).abs() < 2e-3;
            assert!(is_near, "round {round}: {found:?} {expected:?}");
        }
    }
    let listed: Vec<_> =
        fresh.store.documents().await.unwrap().iter().map(|(id, _)| id.0).collect();
    let known: Vec<_> =
        naive.iter().filter(|(_, (_, rows))| !rows.is_empty()).map(|(id, _)| *id).collect();
    assert_eq!(listed, known);
}

async fn change(fresh: &Fresh, naive: &mut Naive, random: &mut Random) {
    let id = random.below(20);
    if random.below(5) == 0 {
        naive.remove(&id);
        fresh.store.remove(&[DocumentId(id)]).await.unwrap();
        return;
    }
    let source = random.below(3) as u32;
    let passages = random.below(6) as u32;
    let vectors: Vec<_> = (0..passages).map(|ordinal| (ordinal * 3, random.vector())).collect();
    let given: Vec<_> = vectors.iter().map(|(n, vector)| (*n, vector.as_slice())).collect();
    fresh.put_as(id, attributes(source, "md", 0), &given).await;
    naive.insert(id, (source, vectors));
}

fn look_at_everything(
    naive: &Naive,
    query: &[f32],
    sources: &[u32],
    limit: usize,
) -> Vec<(u64, u32, f32)> {
    let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
    let cosine = |v: &[f32]| {
        let product: f32 = v.iter().zip(query).map(|(one, other)| one * other).sum();
        product / length(v) / length(query)
    };
    let wanted = naive.iter().filter(|(_, (source, _))| sources.contains(source));
    let best = wanted.filter_map(|(id, (_, vectors))| {
        let scores = vectors.iter().map(|(ordinal, vector)| (*id, *ordinal, cosine(vector)));
        scores.max_by(|one, other| one.2.total_cmp(&other.2))
    });
    let mut best: Vec<_> = best.collect();
    best.sort_by(|one, other| other.2.total_cmp(&one.2));
    best.truncate(limit);
    best
}
