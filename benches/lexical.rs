//! The hot paths of the keyword index: analysis, parsing, searching, highlights, a small commit.

use std::collections::HashSet;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ragterm::chunk::{Chunk, ChunkId};
use ragterm::filter::{Attributes, Filter};
use ragterm::id::{DocumentId, SourceId};
use ragterm::lexical::{Analyzer, Change, IndexedDocument, LexicalIndex, Query};

const ENGLISH: &str = "Unused vacation days may be carried over until the end of March. \
    Run Get-LeaveBalance -Year 2026 to see what is left, or ask the people team by mail. ";
const KOREAN: &str = "사용하지 않은 연차휴가는 다음 해 3월 말까지 이월할 수 있습니다. \
    남은 일수는 인사팀 누리집에서 확인하거나 담당자에게 문의하시기 바랍니다. ";

/// Words that differ from passage to passage, so that terms have different frequencies.
fn passage(number: u64) -> String {
    let rare = number % 997;
    let common = number % 7;
    format!("{}{}topic{rare} group{common} 주제{rare}번", ENGLISH.repeat(2), KOREAN.repeat(2))
}

fn chunk(text: String) -> Chunk {
    Chunk {
        id: ChunkId([0; 16]),
        heading: Vec::new(),
        lines: None,
        page: None,
        text,
        inner: vec![],
    }
}

fn put(index: &LexicalIndex, id: u64) {
    let chunks = [chunk(passage(id))];
    let attributes = Attributes { source: SourceId(1), kind: "md".to_owned(), modified_ms: 0 };
    let document = IndexedDocument {
        id: DocumentId(id),
        seq: id,
        attributes,
        title: "Leave policy",
        file_name: "leave.md",
        about: "",
        chunks: &chunks,
    };
    index.apply(&[Change::Put(document)]).expect("the directory is writable");
}

fn analysis(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("analyze");
    for (name, text) in [("english", ENGLISH), ("korean", KOREAN)] {
        let text = text.repeat(20);
        group.throughput(Throughput::Bytes(text.len() as u64));
        let mut analyzer = Analyzer::new();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut bytes = 0;
                analyzer.tokens(&text, &mut |token| bytes += token.term.len());
                bytes
            });
        });
    }
    group.finish();
}

fn queries(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let index = LexicalIndex::open(directory.path()).expect("an empty index").index;
    (0..20_000).for_each(|id| put(&index, id));
    index.commit(1).expect("the directory is writable");
    let filter = Filter { sources: HashSet::from([SourceId(1)]), ..Filter::default() };
    let mut group = criterion.benchmark_group("search 20,000 passages");
    let texts = [
        ("two words", "topic12 group3 "),
        ("prefix", "vacation topic1"),
        ("phrase", "\"end of March\" topic12 "),
        ("korean", "연차휴가 이월 주제12번 "),
    ];
    for (name, text) in texts {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let query = Query::parse(black_box(text)).expect("the query has words");
                index.search(&query, &filter, 30).expect("the index is whole")
            });
        });
    }
    group.bench_function("commit of one document", |bencher| {
        bencher.iter(|| {
            put(&index, 7);
            index.commit(2).expect("the directory is writable");
        });
    });
    group.finish();
}

fn highlights(criterion: &mut Criterion) {
    let text = passage(1);
    let query = Query::parse("carry over 연차휴가 mail ").expect("the query has words");
    criterion.bench_function("highlights", |bencher| {
        bencher.iter(|| query.highlights(black_box(&text)));
    });
}

criterion_group!(benches, analysis, queries, highlights);
criterion_main!(benches);
