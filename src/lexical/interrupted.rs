//! What a process that was killed, or a commit that failed, leaves in the directory of the index.

use std::fs;
use std::ops::Range;
use std::path::Path;

use tantivy::IndexWriter;
use tantivy::indexer::NoMergePolicy;
use tantivy::schema::Term;

use super::writer::passage;
use super::*;
use crate::chunk::ChunkId;
use crate::id::SourceId;

fn text(text: String) -> Vec<Chunk> {
    let id = ChunkId([0; 16]);
    vec![Chunk { id, heading: Vec::new(), lines: None, page: None, text, inner: vec![] }]
}

/// A document of one passage.
fn document(id: u64, seq: u64, chunks: &[Chunk]) -> IndexedDocument<'_> {
    let attributes = Attributes { source: SourceId(1), kind: "md".into(), modified_ms: 0 };
    let id = DocumentId(id);
    IndexedDocument { id, seq, attributes, title: "", file_name: "", about: "", chunks }
}

fn put(index: &LexicalIndex, id: u64, seq: u64) {
    let chunks = text(format!("text {seq}"));
    index.apply(&[Change::Put(document(id, seq, &chunks))]).unwrap();
}

/// Makes each range of documents, published by changes of the same numbers, a segment; documents
/// of the last commit are then removed.
fn filled(directory: &Path, segments: &[Range<u64>], removed: &[u64]) {
    let index = LexicalIndex::open(directory).unwrap().index;
    let mut writer: IndexWriter = index.index.writer_with_num_threads(1, 15_000_000).unwrap();
    writer.set_merge_policy(Box::new(NoMergePolicy));
    for ids in segments {
        for id in ids.clone() {
            let chunks = text(format!("text {id}"));
            writer.add_document(passage(index.fields, &document(id, id, &chunks), 0)).unwrap();
        }
        writer.commit().unwrap();
    }
    for id in removed {
        writer.delete_term(Term::from_field_u64(index.fields.document, *id));
    }
    writer.commit().unwrap();
}

fn copy(from: &Path, to: &Path, is_wanted: impl Fn(&str) -> bool) {
    for entry in fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        if is_wanted(name.to_str().unwrap()) {
            fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
    }
}

/// The `seq` of each document's only passage.
fn versions(index: &LexicalIndex) -> Vec<(u64, u64)> {
    let documents = index.documents().unwrap().into_iter();
    documents
        .map(|(id, seq, passages)| {
            assert_eq!(passages, 1, "document {id} is there twice");
            (id.0, seq)
        })
        .collect()
}

#[test]
fn a_commit_that_was_cut_short_is_made_again() {
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    filled(whole.path(), &[1..5, 5..7], &[]);
    copy(whole.path(), killed.path(), |_| true);
    let changed = |directory: &Path| {
        let index = LexicalIndex::open(directory).unwrap().index;
        put(&index, 1, 7);
        index.commit(7).unwrap();
        index
    };
    drop(changed(whole.path()));
    // Killed after the last file was written, and before `meta.json`, which says what counts.
    copy(whole.path(), killed.path(), |name| name != "meta.json");
    let index = changed(killed.path());
    assert_eq!(versions(&index), [(1, 7), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6)]);
}

#[test]
fn the_first_change_after_a_start_survives_a_merge() {
    let directory = tempfile::tempdir().unwrap();
    filled(directory.path(), &[1..11, 11..16], &[14, 15]);
    let index = LexicalIndex::open(directory.path()).unwrap().index;
    put(&index, 11, 100);
    index.commit(100).unwrap();
    index.release_writer().unwrap();
    let expected = (1..14).map(|id| (id, if id == 11 { 100 } else { id }));
    assert_eq!(versions(&index), expected.collect::<Vec<_>>());
}
