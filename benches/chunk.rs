//! How fast documents become passages: estimating tokens, cutting, packing for the catalog.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ragterm::chunk::{ChunkSettings, chunk, decode, encode, estimate_tokens};
use ragterm::id::DocumentId;
use ragterm_connectors::document::{Document, Place, Section};

const ENGLISH: &str = "Unused vacation days may be carried over until the end of March. \
    Ask `Get-LeaveBalance -User $env:USER` how many there are, and plan them early.\n";
const KOREAN: &str =
    "사용하지 않은 휴가는 3월 말까지 이월할 수 있습니다. 남은 일수를 먼저 확인하세요.\n";

/// A hundred sections of growing length, some 500 kB.
fn document(line: &str) -> Document {
    let section = |number: usize| Section {
        heading: vec!["Handbook".to_owned(), format!("Rule {number}")],
        text: format!("{}\n", line.repeat(4)).repeat(1 + number / 6),
        place: Place::Line(number as u32 * 100),
    };
    Document { sections: (0..100).map(section).collect(), ..Document::default() }
}

fn chunking(criterion: &mut Criterion) {
    for (name, line) in [("english", ENGLISH), ("korean", KOREAN)] {
        let document = document(line);
        let settings = ChunkSettings::default();
        let bytes: usize = document.sections.iter().map(|section| section.text.len()).sum();
        let chunks = chunk(DocumentId(1), &document, &settings);
        let packed = encode(&chunks);
        let mut group = criterion.benchmark_group(format!("chunk/{name}"));
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function("estimate tokens", |bencher| {
            let texts = || document.sections.iter().map(|section| section.text.as_str());
            bencher.iter(|| texts().map(|text| estimate_tokens(black_box(text))).sum::<usize>());
        });
        group.bench_function("cut", |bencher| {
            bencher.iter(|| chunk(DocumentId(1), black_box(&document), &settings));
        });
        group.bench_function("encode", |bencher| bencher.iter(|| encode(black_box(&chunks))));
        group.bench_function("decode", |bencher| bencher.iter(|| decode(black_box(&packed))));
        group.finish();
    }
}

criterion_group!(benches, chunking);
criterion_main!(benches);
