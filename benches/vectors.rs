//! How fast the embedded vector index takes documents and finds the nearest ones.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ragterm::filter::{Attributes, Filter};
use ragterm::id::{DocumentId, SourceId};
use ragterm::vectors::{DocumentVectors, EmbeddedIndex};

const DIMENSIONS: usize = 384;
const DOCUMENTS: u64 = 5_000;
const PASSAGES: u32 = 12;

/// Numbers that look random and are the same in every run.
fn vector(seed: u64) -> Vec<f32> {
    let component = |at: usize| {
        let mixed = (seed * 1000 + at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f32 / 8e6 - 1.0
    };
    (0..DIMENSIONS).map(component).collect()
}

fn put(index: &EmbeddedIndex, document: u64) {
    let vectors: Vec<Vec<f32>> =
        (0..PASSAGES).map(|ordinal| vector(document * 100 + u64::from(ordinal))).collect();
    let vectors: Vec<(u32, &[f32])> = (0..).zip(vectors.iter().map(Vec::as_slice)).collect();
    let source = SourceId((document % 10) as u32);
    let attributes = Attributes { source, kind: "md".to_owned(), modified_ms: 0 };
    let document =
        DocumentVectors { document: DocumentId(document), attributes, vectors: &vectors };
    index.put(&[document]).expect("the vectors have the right dimensions");
}

fn vectors(criterion: &mut Criterion) {
    let index = EmbeddedIndex::new(DIMENSIONS);
    (0..DOCUMENTS).for_each(|document| put(&index, document));
    let all = Filter { sources: (0..10).map(SourceId).collect(), ..Filter::default() };
    let tenth = Filter { sources: [SourceId(3)].into(), ..Filter::default() };
    let query = vector(7);
    let mut group = criterion.benchmark_group("vectors/60000 rows");
    for (name, filter) in [("all", &all), ("a tenth", &tenth)] {
        for limit in [10, 100] {
            group.bench_function(format!("nearest {limit} of {name}"), |bencher| {
                bencher.iter(|| index.nearest(black_box(&query), filter, limit));
            });
        }
    }
    let mut turn = 0;
    group.bench_function("replace a document", |bencher| {
        bencher.iter(|| {
            turn = (turn + 1) % DOCUMENTS;
            put(&index, turn);
        });
    });
    group.finish();
}

criterion_group!(benches, vectors);
criterion_main!(benches);
