//! Files of an index that are damaged or missing.

use std::path::Path;

use tantivy::IndexWriter;
use tantivy::indexer::NoMergePolicy;
use tantivy::schema::Term;

use super::super::writer::passage;
use super::*;

type Damage = fn(&Path);

const DAMAGES: [Damage; 4] = [
    |file| fs_err::write(file, b"garbage that is no index").unwrap(),
    |file| fs_err::write(file, b"").unwrap(),
    |file| fs_err::remove_file(file).unwrap(),
    |file| {
        let bytes = fs_err::read(file).unwrap();
        fs_err::write(file, &bytes[..bytes.len() / 2]).unwrap();
    },
];

/// An index of one segment with a deletion in it, at rest: a merge that goes on beside would change
/// its files while they are copied.
fn at_rest() -> Fixture {
    let Fixture { index, directory, .. } = fixture();
    let mut writer: IndexWriter = index.index.writer_with_num_threads(1, 15_000_000).unwrap();
    writer.set_merge_policy(Box::new(NoMergePolicy));
    let chunks = [chunk("some words of a text")];
    for seq in 1..=2 {
        let document = IndexedDocument {
            id: DocumentId(seq),
            seq,
            attributes: attributes(1, "md", 0),
            title: "",
            file_name: "",
            about: "",
            chunks: &chunks,
        };
        writer.add_document(passage(index.fields, &document, 0)).unwrap();
    }
    writer.commit().unwrap();
    writer.delete_term(Term::from_field_u64(index.fields.document, 2));
    let mut prepared = writer.prepare_commit().unwrap();
    prepared.set_payload("3");
    prepared.commit().unwrap();
    drop(writer);
    Fixture { index, directory, seq: 3 }
}

#[test]
fn any_damaged_file_leads_to_a_usable_index_and_never_to_a_panic() {
    let whole = at_rest();
    let files: Vec<_> = fs_err::read_dir(whole.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| !name.to_string_lossy().ends_with(".lock"))
        .collect();
    assert!(files.len() > 6 && files.iter().any(|name| name.to_string_lossy().ends_with(".del")));
    for damage in DAMAGES {
        for damaged in &files {
            let directory = tempfile::tempdir().unwrap();
            for file in &files {
                let from = whole.directory.path().join(file);
                fs_err::copy(from, directory.path().join(file)).unwrap();
            }
            damage(&directory.path().join(damaged));
            let opened = LexicalIndex::open(directory.path()).unwrap();
            let seq = if opened.rebuilt.is_some() { 0 } else { whole.seq };
            assert_eq!(opened.index.applied_seq(), seq, "{damaged:?}");
            let mut fixture = Fixture { index: opened.index, directory, seq };
            fixture.put(3, &["fresh words"]).commit();
            assert!(fixture.find("fresh").contains(&3), "{damaged:?}");
        }
    }
}

#[test]
fn damage_inside_a_file_is_an_error_of_kind_corrupt() {
    let mut fixture = fixture();
    fixture.put(1, &["some words of a text"]).commit();
    for entry in fs_err::read_dir(fixture.directory.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "idx") {
            let mut bytes = fs_err::read(&path).unwrap();
            bytes[0] ^= 0xff;
            fs_err::write(&path, bytes).unwrap();
        }
    }
    let error = fixture.index.documents().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}
