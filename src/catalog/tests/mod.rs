//! The promises of the catalog, each on every database that a catalog can lie in.

mod ground;
mod inside;
mod servers;
mod sessions;

use std::collections::HashSet;

use self::ground::Ground;
use self::inside::{
    a_document_is_as_old_as_it_says_and_compared_by_its_file,
    documents_inside_a_file_are_no_entries_and_known_by_it,
};
use self::sessions::{
    a_session_belongs_to_who_asked, a_thread_of_a_chat_is_one_session_of_its_place,
    a_token_is_found_by_its_key_until_it_is_revoked, only_so_many_turns_and_days_are_kept,
    sessions_are_searched_in_every_case_and_only_where_they_may_be_seen,
};
use super::*;
use crate::chunk::{Chunk, ChunkId};
use crate::config::SourceKind;
use crate::embed::ModelIdentity;
use crate::id::SourceId;

const SOURCE: SourceId = SourceId(1);

fn place(path: &str) -> Place {
    Place {
        path: path.into(),
        raw_path: Vec::new(),
        kind: kind_of(path),
        size: 10,
        modified_ns: 5,
        changed_ns: 6,
    }
}

fn chunks(texts: &[&str]) -> Vec<Chunk> {
    let chunk = |text: &&str| Chunk {
        id: ChunkId([0; 16]),
        heading: Vec::new(),
        lines: Some((1, 1)),
        page: None,
        text: (*text).into(),
        inner: Vec::new(),
    };
    texts.iter().map(chunk).collect()
}

fn read(id: DocumentId, path: &str, texts: &[&str]) -> Read {
    let reading = Reading::Indexed {
        title: String::new(),
        language: String::new(),
        metadata: Default::default(),
        stated_ns: 0,
        passages: EncodedPassages::encode("", chunks(texts)),
    };
    let hash = texts.concat().into_bytes();
    Read { id, source: SOURCE, container: None, place: place(path), hash, reading }
}

fn identity() -> ModelIdentity {
    ModelIdentity {
        provider: "test".into(),
        name: "two numbers".into(),
        fingerprint: "1".into(),
        dimensions: 2,
        max_tokens: 8,
    }
}

/// Runs each promise on SQLite, and on PostgreSQL where a server is named.
macro_rules! promises {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::Ground::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                let Some(ground) = super::Ground::postgres(stringify!($name)).await else { return };
                super::$name(&ground).await;
                ground.clear().await;
            })*
        }
    };
}

promises!(
    changes_come_in_order_and_each_document_once,
    a_batch_is_published_whole_or_not_at_all,
    a_time_of_change_is_learnt_once_and_publishes_nothing,
    a_path_that_is_taken_keeps_its_document,
    a_moved_document_keeps_its_passages_and_vectors,
    work_on_an_older_version_does_not_complete_a_document,
    the_next_model_has_a_queue_of_its_own_until_it_takes_over,
    a_successor_inherits_nothing_of_another_one,
    the_successor_is_given_what_changes_and_what_it_is_to_do_again,
    vectors_that_no_document_needs_are_kept_up_to_a_size,
    one_chunk_of_a_long_document_is_read_by_itself,
    everything_is_there_after_a_restart_and_ids_go_on,
    paths_below_a_directory_are_found_and_no_others,
    only_what_is_asked_for_and_there_is_read,
    documents_inside_a_file_are_no_entries_and_known_by_it,
    a_document_is_as_old_as_it_says_and_compared_by_its_file,
    a_session_belongs_to_who_asked,
    sessions_are_searched_in_every_case_and_only_where_they_may_be_seen,
    a_thread_of_a_chat_is_one_session_of_its_place,
    only_so_many_turns_and_days_are_kept,
    a_token_is_found_by_its_key_until_it_is_revoked,
);

async fn changes_come_in_order_and_each_document_once(ground: &Ground) {
    let catalog = ground.open().await;
    let [a, b, c] = [1, 2, 3].map(DocumentId);
    let first =
        [(a, "a"), (b, "b"), (c, "c")].map(|(id, path)| Publication::New(read(id, path, &["x"])));
    catalog.publish(&first).await.unwrap();
    catalog.publish(&[Publication::Changed(read(a, "a", &["y"]))]).await.unwrap();
    catalog.publish(&[Publication::Gone(b)]).await.unwrap();
    let changes = catalog.changes_after(0, 10).await.unwrap();
    let seqs: Vec<u64> = changes.iter().map(Change::seq).collect();
    assert_eq!(seqs, [3, 4, 5]);
    assert!(matches!(&changes[0], Change::Put(document) if document.id == c));
    assert!(matches!(&changes[1], Change::Put(document) if document.id == a));
    assert!(matches!(&changes[2], Change::Removed { id, .. } if *id == b));
    assert_eq!(catalog.changes_after(0, 2).await.unwrap().len(), 2);
    assert_eq!(catalog.changes_after(5, 10).await.unwrap().len(), 0);
}

async fn a_batch_is_published_whole_or_not_at_all(ground: &Ground) {
    let catalog = ground.open().await;
    let [a, b] = [1, 2].map(DocumentId);
    let new = [(a, "a"), (b, "b")].map(|(id, path)| Publication::New(read(id, path, &["x"])));
    catalog.publish(&new).await.unwrap();
    // The second cannot be where the first is.
    let batch = [Publication::Gone(a), Publication::New(read(a, "c", &["y"]))];
    let clash =
        [batch[0].clone(), batch[1].clone(), Publication::Moved { id: b, place: place("c") }];
    catalog.publish(&clash).await.unwrap_err();
    assert_eq!(catalog.seq(), 2);
    let known = catalog.known(SOURCE).await.unwrap();
    assert_eq!(known.iter().map(|known| known.path.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    catalog.publish(&batch).await.unwrap();
    assert_eq!(catalog.seq(), 4);
}

async fn a_time_of_change_is_learnt_once_and_publishes_nothing(ground: &Ground) {
    let catalog = ground.open().await;
    let [old, new] = [1, 2].map(DocumentId);
    let undated =
        Read { place: Place { changed_ns: 0, ..place("old") }, ..read(old, "old", &["x"]) };
    let both = [Publication::New(undated), Publication::New(read(new, "new", &["y"]))];
    catalog.publish(&both).await.unwrap();
    catalog.note_change_times(&[(old, 9), (new, 9)]).await.unwrap();
    let known = catalog.known(SOURCE).await.unwrap();
    let times: Vec<_> = known.iter().map(|known| (&*known.path, known.changed_ns)).collect();
    assert_eq!(times, [("new", 6), ("old", 9)]);
    assert_eq!(catalog.seq(), 2);
}

async fn a_path_that_is_taken_keeps_its_document(ground: &Ground) {
    let catalog = ground.open().await;
    let [a, b] = [1, 2].map(DocumentId);
    catalog.publish(&[Publication::New(read(a, "same", &["x"]))]).await.unwrap();
    catalog.publish(&[Publication::New(read(b, "same", &["y", "z"]))]).await.unwrap();
    assert!(catalog.document(b).await.unwrap().is_none());
    let texts = catalog.passages(a).await.unwrap().chunks;
    assert_eq!(texts.iter().map(|chunk| chunk.text.as_str()).collect::<Vec<_>>(), ["y", "z"]);
}

async fn a_moved_document_keeps_its_passages_and_vectors(ground: &Ground) {
    let catalog = ground.open().await;
    let model = catalog.use_model(&identity()).await.unwrap();
    let id = catalog.new_document_id();
    catalog.publish(&[Publication::New(read(id, "old/a.md", &["one", "two"]))]).await.unwrap();
    let pending = catalog.pending(ModelId(1), 100, &HashSet::new()).await.unwrap();
    assert_eq!(pending[0].passages.chunks.len(), 2);
    let vectors: Vec<_> =
        pending[0].passages.keys.iter().map(|key| (*key, vec![0.6, 0.8])).collect();
    let done = Embedded { id, seq: pending[0].seq, readable: 2 };
    catalog.store_vectors(model, &vectors, &[done]).await.unwrap();
    catalog.publish(&[Publication::Moved { id, place: place("new/a.txt") }]).await.unwrap();
    assert!(catalog.pending(ModelId(1), 100, &HashSet::new()).await.unwrap().is_empty());
    let document = catalog.document(id).await.unwrap().unwrap();
    assert_eq!((document.path.as_str(), document.kind.as_str()), ("new/a.txt", "txt"));
    assert_eq!(document.embedded, 2);
    let keys = catalog.passages(id).await.unwrap().keys;
    assert_eq!(
        catalog.vectors(model, &keys).await.unwrap(),
        [Some(vec![0.6, 0.8]), Some(vec![0.6, 0.8])]
    );
}

async fn work_on_an_older_version_does_not_complete_a_document(ground: &Ground) {
    let catalog = ground.open().await;
    let model = catalog.use_model(&identity()).await.unwrap();
    let id = catalog.new_document_id();
    catalog.publish(&[Publication::New(read(id, "a", &["one"]))]).await.unwrap();
    let seq = catalog.pending(ModelId(1), 1, &HashSet::new()).await.unwrap()[0].seq;
    catalog.publish(&[Publication::Changed(read(id, "a", &["other"]))]).await.unwrap();
    catalog.store_vectors(model, &[], &[Embedded { id, seq, readable: 1 }]).await.unwrap();
    assert_eq!(catalog.pending(ModelId(1), 1, &HashSet::new()).await.unwrap().len(), 1);
}

async fn the_next_model_has_a_queue_of_its_own_until_it_takes_over(ground: &Ground) {
    let catalog = ground.open().await;
    let model = catalog.use_model(&identity()).await.unwrap();
    let [a, b] = [1, 2].map(DocumentId);
    let new = [(a, "a"), (b, "b")].map(|(id, path)| Publication::New(read(id, path, &[path])));
    catalog.publish(&new).await.unwrap();
    let embedded = |id, seq| Embedded { id, seq, readable: 1 };
    catalog.store_vectors(model, &[], &[embedded(a, 1), embedded(b, 2)]).await.unwrap();
    assert_eq!(catalog.use_model(&identity()).await.unwrap(), model);
    let other = ModelIdentity { fingerprint: "2".into(), ..identity() };
    let next = catalog.use_model(&other).await.unwrap();
    assert_eq!(catalog.active_model(), Some(model));
    let waiting = async |model| {
        let waiting = catalog.pending(model, 10, &HashSet::new()).await.unwrap();
        waiting.iter().map(|pending| pending.id).collect::<Vec<_>>()
    };
    assert_eq!(waiting(next).await, [b, a]);
    catalog.store_vectors(next, &[], &[embedded(a, 1)]).await.unwrap();
    assert_eq!((waiting(next).await, waiting(model).await), (vec![b], vec![]));
    assert_eq!(catalog.successor_progress().await.unwrap(), (1, 2));
    catalog.switch_model(next).await.unwrap();
    assert_eq!((catalog.active_model(), waiting(next).await), (Some(next), vec![b]));
    assert_eq!(catalog.successor_progress().await.unwrap(), (0, 2));
    catalog.close().await;
    assert_eq!(ground.open().await.active_model(), Some(next));
}

async fn a_successor_inherits_nothing_of_another_one(ground: &Ground) {
    let catalog = ground.open().await;
    catalog.use_model(&identity()).await.unwrap();
    let ids = [1, 2, 3].map(DocumentId);
    let new = ids.map(|id| Publication::New(read(id, &id.0.to_string(), &["text"])));
    catalog.publish(&new).await.unwrap();
    let [second, third] =
        ["2", "3"].map(|name| ModelIdentity { fingerprint: name.into(), ..identity() });
    let second = catalog.use_model(&second).await.unwrap();
    let third = catalog.use_model(&third).await.unwrap();
    let waiting = async |model| {
        let waiting = catalog.pending(model, 10, &HashSet::new()).await.unwrap();
        waiting.iter().map(|pending| pending.id.0).collect::<Vec<_>>()
    };
    let done = |id: u64| Embedded { id: DocumentId(id), seq: id, readable: 1 };
    catalog.begin_successor(second).await.unwrap();
    assert_eq!(waiting(second).await, [3, 2, 1]);
    catalog.store_vectors(second, &[], &[done(3), done(2)]).await.unwrap();
    assert_eq!(waiting(second).await, [1]);
    catalog.begin_successor(second).await.unwrap();
    assert_eq!(waiting(second).await, [1]);
    catalog.begin_successor(third).await.unwrap();
    assert_eq!(waiting(third).await, [3, 2, 1]);
}

async fn the_successor_is_given_what_changes_and_what_it_is_to_do_again(ground: &Ground) {
    let catalog = ground.open().await;
    catalog.use_model(&identity()).await.unwrap();
    let next = ModelIdentity { fingerprint: "2".into(), ..identity() };
    let next = catalog.use_model(&next).await.unwrap();
    catalog.begin_successor(next).await.unwrap();
    let ids = [1, 2, 3, 4].map(DocumentId);
    let new = ids.map(|id| Publication::New(read(id, &id.0.to_string(), &["text"])));
    catalog.publish(&new).await.unwrap();
    let waiting = async |limit, except: &[u64]| {
        let except = except.iter().map(|id| DocumentId(*id)).collect();
        let waiting = catalog.pending(next, limit, &except).await.unwrap();
        waiting.iter().map(|pending| pending.id.0).collect::<Vec<_>>()
    };
    let done = |id: u64| Embedded { id: DocumentId(id), seq: id, readable: 1 };
    assert_eq!(waiting(1, &[]).await, [4]);
    assert_eq!(waiting(2, &[4]).await, [3, 2]);
    // The later round ends first.
    catalog.store_vectors(next, &[], &[done(3)]).await.unwrap();
    assert_eq!(waiting(9, &[4]).await, [2, 1]);
    assert_eq!(waiting(9, &[]).await, [4, 2, 1]);
    catalog.store_vectors(next, &[], &[done(4)]).await.unwrap();
    assert_eq!(waiting(9, &[]).await, [2, 1]);
    catalog.publish(&[Publication::Moved { id: ids[2], place: place("new") }]).await.unwrap();
    assert_eq!(waiting(9, &[]).await, [3, 2, 1]);
    catalog.embed_again(next, &[ids[3]]).await.unwrap();
    assert_eq!(waiting(9, &[]).await, [3, 4, 2, 1]);
}

async fn vectors_that_no_document_needs_are_kept_up_to_a_size(ground: &Ground) {
    let catalog = ground.open().await;
    let model = catalog.use_model(&identity()).await.unwrap();
    let id = DocumentId(1);
    catalog.publish(&[Publication::New(read(id, "a", &["needed"]))]).await.unwrap();
    let needed = catalog.passages(id).await.unwrap().keys[0];
    let vectors: Vec<_> =
        [needed, [1; 16], [2; 16], [3; 16]].map(|key| (key, vec![1.0, 0.0])).into();
    catalog.store_vectors(model, &vectors, &[]).await.unwrap();
    let present = async || {
        let keys: Vec<_> = vectors.iter().map(|(key, _)| *key).collect();
        let found = catalog.vectors(model, &keys).await.unwrap();
        (found[0].is_some(), found[1..].iter().flatten().count())
    };
    assert_eq!(catalog.prune_vectors(1 << 20).await.unwrap().0, 0);
    assert_eq!(catalog.surplus_vectors(17).await.unwrap(), (1, 8));
    assert_eq!(catalog.prune_vectors(17).await.unwrap(), (1, 8));
    assert_eq!(present().await, (true, 2));
    assert_eq!(catalog.prune_vectors(0).await.unwrap().0, 2);
    assert_eq!(present().await, (true, 0));
}

async fn one_chunk_of_a_long_document_is_read_by_itself(ground: &Ground) {
    let catalog = ground.open().await;
    let texts: Vec<String> = (0..200).map(|number| format!("text {number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let id = catalog.new_document_id();
    catalog.publish(&[Publication::New(read(id, "long", &texts))]).await.unwrap();
    let copy = catalog.new_document_id();
    catalog.publish(&[Publication::New(read(copy, "copy", &["one"]))]).await.unwrap();
    catalog
        .publish(&[Publication::New(read(catalog.new_document_id(), "b", &["one"]))])
        .await
        .unwrap();
    // It became shorter since a follower saw it: what it begins with is shown.
    let gone = DocumentId(7);
    let wanted =
        [(id, 199), (gone, 0), (id, 200), (id, 63), (gone, 9), (id, 64), (copy, 0), (id, 0)];
    let found = catalog.hits(&wanted).await.unwrap();
    let texts: Vec<_> = found.iter().flatten().map(|found| found.chunk.text.as_str()).collect();
    assert_eq!(texts, ["text 199", "text 0", "text 63", "text 64", "one", "text 0"]);
    assert!(found[1].is_none() && found[4].is_none());
    let copied: Vec<_> = found.iter().flatten().map(|found| found.has_copies).collect();
    assert_eq!(copied, [false, false, false, false, true, false]);
    assert!(catalog.hits(&[]).await.unwrap().is_empty());
    assert_eq!(catalog.passages(id).await.unwrap().chunks.len(), 200);
}

async fn everything_is_there_after_a_restart_and_ids_go_on(ground: &Ground) {
    let catalog = ground.open().await;
    let id = catalog.new_document_id();
    catalog.publish(&[Publication::New(read(id, "a", &["one"]))]).await.unwrap();
    catalog.publish(&[Publication::Gone(id)]).await.unwrap();
    let identity = catalog.identity().to_string();
    catalog.close().await;
    let catalog = ground.open().await;
    assert_eq!((catalog.seq(), catalog.identity()), (2, identity.as_str()));
    assert!(catalog.new_document_id() > id);
}

async fn paths_below_a_directory_are_found_and_no_others(ground: &Ground) {
    let catalog = ground.open().await;
    let paths = ["team", "team/a", "team/b/c", "team-b/a", "teams"];
    let new =
        (1..).zip(paths).map(|(id, path)| Publication::New(read(DocumentId(id), path, &[path])));
    catalog.publish(&new.collect::<Vec<_>>()).await.unwrap();
    let below = catalog.known_below(SOURCE, "team").await.unwrap();
    let below: Vec<&str> = below.iter().map(|known| known.path.as_str()).collect();
    assert_eq!(below, ["team", "team/a", "team/b/c"]);
}

async fn only_what_is_asked_for_and_there_is_read(ground: &Ground) {
    let catalog = ground.open().await;
    let ids: Vec<DocumentId> = (1..=1200).map(DocumentId).collect();
    let new: Vec<_> =
        ids.iter().map(|id| Publication::New(read(*id, &format!("{}", id.0), &["x"]))).collect();
    catalog.publish(&new).await.unwrap();
    catalog.publish(&[Publication::Gone(DocumentId(7))]).await.unwrap();
    let found = catalog.documents(&ids[..1100]).await.unwrap();
    assert_eq!(found.len(), 1099);
    assert!(!found.iter().any(|document| document.id == DocumentId(7)));
    assert!(catalog.documents(&[]).await.unwrap().is_empty());
    let named = |name: &str| NewSource {
        name: name.into(),
        kind: SourceKind::default(),
        space: "hr".into(),
        path: format!("/srv/{name}"),
        settings: Default::default(),
        origin: Origin::Command,
    };
    catalog.register_source(&named("one")).await.unwrap();
    let two = catalog.register_source(&named("two")).await.unwrap();
    assert_eq!(catalog.source(two.id).await.unwrap(), Some(two));
    assert_eq!(catalog.source(SourceId(99)).await.unwrap(), None);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("catalog.db");
    std::fs::write(&file, "this is no database".repeat(100)).unwrap();
    let error = Catalog::open_sqlite(&file).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("catalog.db"), "{error}");
    assert!(error.next_step().unwrap().contains("backup"), "{error}");
}
