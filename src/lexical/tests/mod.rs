//! The promises of the keyword index, tried on small indexes in temporary directories.

mod damaged;

use std::collections::HashSet;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::chunk::ChunkId;
use crate::error::ErrorKind;
use crate::filter::Filter;
use crate::id::SourceId;

struct Fixture {
    index: LexicalIndex,
    directory: TempDir,
    seq: u64,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let opened = LexicalIndex::open(directory.path()).unwrap();
    Fixture { index: opened.index, directory, seq: 0 }
}

fn chunk(text: &str) -> Chunk {
    let id = ChunkId([0; 16]);
    Chunk { id, heading: Vec::new(), lines: None, page: None, text: text.to_owned(), inner: vec![] }
}

fn attributes(source: u32, kind: &str, modified_ms: i64) -> Attributes {
    Attributes { source: SourceId(source), kind: kind.to_owned(), modified_ms }
}

fn everywhere() -> Filter {
    Filter { sources: [SourceId(1), SourceId(2)].into(), ..Filter::default() }
}

impl Fixture {
    fn put(&mut self, id: u64, texts: &[&str]) -> &mut Self {
        self.put_with(id, texts, attributes(1, "md", 0))
    }

    fn put_with(&mut self, id: u64, texts: &[&str], attributes: Attributes) -> &mut Self {
        let chunks: Vec<Chunk> = texts.iter().map(|text| chunk(text)).collect();
        self.seq += 1;
        let document = IndexedDocument {
            id: DocumentId(id),
            seq: self.seq,
            attributes,
            title: "",
            file_name: "",
            about: "",
            chunks: &chunks,
        };
        self.index.apply(&[Change::Put(document)]).unwrap();
        self
    }

    fn commit(&mut self) -> &mut Self {
        self.index.commit(self.seq).unwrap();
        self
    }

    fn find(&self, query: &str) -> Vec<u64> {
        self.find_with(query, &everywhere())
    }

    fn find_with(&self, query: &str, filter: &Filter) -> Vec<u64> {
        let passages = self.index.search(&Query::parse(query).unwrap(), filter, 10).unwrap();
        assert!(passages.is_sorted_by(|a, b| a.score >= b.score));
        let mut seen = HashSet::new();
        let documents = passages.into_iter().map(|passage| passage.document.0);
        documents.filter(|id| seen.insert(*id)).collect()
    }

    fn reopen(self) -> (Fixture, Option<String>) {
        let Fixture { index, directory, seq } = self;
        drop(index);
        let opened = LexicalIndex::open(directory.path()).unwrap();
        (Fixture { index: opened.index, directory, seq }, opened.rebuilt)
    }
}

#[test]
fn a_committed_document_is_found_at_once_and_its_seq_is_kept() {
    let mut fixture = fixture();
    fixture.put(7, &["annual leave policy"]).commit();
    assert_eq!(fixture.find("leave"), [7]);
    let (fixture, rebuilt) = fixture.reopen();
    assert_eq!((rebuilt, fixture.index.applied_seq()), (None, 1));
    assert_eq!(fixture.find("leave"), [7]);
}

#[test]
fn what_was_not_committed_is_gone_after_a_restart() {
    let mut fixture = fixture();
    fixture.put(1, &["first text"]).commit().put(2, &["second text"]);
    let (fixture, _) = fixture.reopen();
    assert_eq!(fixture.index.applied_seq(), 1);
    assert_eq!(fixture.find("text"), [1]);
}

#[test]
fn put_replaces_all_passages_and_remove_removes_them() {
    let mut fixture = fixture();
    fixture.put(1, &["alpha", "beta", "gamma"]).put(2, &["delta"]).commit();
    fixture.put(1, &["epsilon"]).commit();
    assert!(fixture.find("beta").is_empty());
    assert_eq!(fixture.index.documents().unwrap(), [(DocumentId(1), 3, 1), (DocumentId(2), 2, 1)]);
    fixture.index.apply(&[Change::Remove(DocumentId(1))]).unwrap();
    fixture.commit();
    assert!(fixture.find("epsilon").is_empty());
    assert_eq!(fixture.find("delta"), [2]);
}

#[test]
fn the_last_put_of_one_commit_wins() {
    let mut fixture = fixture();
    fixture.put(1, &["old words"]).put(1, &["new words"]).commit();
    assert!(fixture.find("old").is_empty());
    assert_eq!(fixture.find("new"), [1]);
}

#[test]
fn a_released_writer_comes_back_with_the_next_change() {
    let mut fixture = fixture();
    fixture.put(1, &["one"]).commit();
    fixture.index.release_writer().unwrap();
    fixture.put(2, &["two"]);
    fixture.index.release_writer().unwrap();
    fixture.commit();
    assert_eq!(fixture.find("two"), [2]);
}

#[test]
fn clear_forgets_everything() {
    let mut fixture = fixture();
    fixture.put(1, &["one"]).commit();
    fixture.index.clear().unwrap();
    assert!(fixture.find("one").is_empty());
    assert_eq!(fixture.index.applied_seq(), 0);
    let (fixture, rebuilt) = fixture.reopen();
    assert_eq!((rebuilt, fixture.index.applied_seq()), (None, 0));
}

#[test]
fn a_filter_without_sources_shows_nothing() {
    let mut fixture = fixture();
    fixture.put(1, &["one"]).commit();
    assert!(fixture.find_with("one", &Filter::default()).is_empty());
}

#[test]
fn filters_apply_inside_the_search() {
    let mut fixture = fixture();
    for id in 0..200 {
        fixture.put_with(id, &["needle needle needle"], attributes(1, "md", 10));
    }
    fixture.put_with(500, &["one needle in much hay"], attributes(2, "pdf", 99)).commit();
    let by = |change: &dyn Fn(&mut Filter)| {
        let mut filter = everywhere();
        change(&mut filter);
        filter
    };
    let filters = [
        by(&|filter| filter.sources = [SourceId(2)].into()),
        by(&|filter| filter.types = vec!["pdf".to_owned(), "never".to_owned()]),
        by(&|filter| filter.modified_since_ms = Some(99)),
        by(&|filter| filter.documents = Some(Arc::new([DocumentId(500)].into()))),
    ];
    for filter in filters {
        assert_eq!(fixture.find_with("needle", &filter), [500], "{filter:?}");
    }
}

#[test]
fn one_document_of_many_passages_does_not_push_out_the_others() {
    let mut fixture = fixture();
    fixture.put(1, &["leave"; 500]);
    for id in 2..8 {
        fixture.put(id, &["a longer sentence that mentions leave only once"]);
    }
    fixture.commit();
    assert_eq!(fixture.find("leave").len(), 7);
    let query = Query::parse("leave").unwrap();
    let passages = fixture.index.search(&query, &everywhere(), 5).unwrap();
    let documents: HashSet<_> = passages.iter().map(|passage| passage.document).collect();
    assert_eq!(documents.len(), 5);
}

#[test]
fn identifiers_are_found_whole_and_by_their_parts() {
    let mut fixture = fixture();
    fixture.put(1, &["run Get-ChildItem to list files"]).put(2, &["get the child of an item"]);
    fixture.put(3, &["set max_retry_count in app.config"]).put(4, &["host 192.168.0.1 is up"]);
    fixture.put(5, &["written in C++ and C#"]).put(6, &["written in C"]).commit();
    assert_eq!(fixture.find("Get-ChildItem "), [1, 2]);
    assert_eq!(fixture.find("childitem "), [1]);
    assert_eq!(fixture.find("child item ").len(), 2);
    assert_eq!(fixture.find("max_retry_count"), [3]);
    assert_eq!(fixture.find("retry "), [3]);
    assert_eq!(fixture.find("192.168.0.1"), [4]);
    assert_eq!(fixture.find("C++ ")[0], 5);
    assert_eq!(fixture.find("c# ")[0], 5);
}

#[test]
fn a_word_with_digits_is_found_by_all_of_it_not_by_a_part() {
    let mut fixture = fixture();
    fixture.put(1, &["ERR4711: the disk is gone"]).put(2, &["err on the safe side"]);
    fixture.put(3, &["room 4711"]).put(4, &["the code is ERR-4711"]).put(5, &["4711 err"]);
    fixture.put(6, &["encoded as utf8"]).put(7, &["encoded as UTF-8"]).put(8, &["utf 16"]);
    fixture.commit();
    for query in ["ERR4711", "ERR4711 ", "err4711 "] {
        assert_eq!(fixture.find(query), [1, 4], "{query}");
    }
    assert_eq!(fixture.find("utf8"), [6, 7]);
    assert_eq!(fixture.find("utf-8 ")[..2], [7, 6]);
    assert_eq!(fixture.find("ERR4711 room ")[0], 3, "it excludes nothing");
    assert_eq!(fixture.find("err ").len(), 4);
}

#[test]
fn korean_words_are_found_with_and_without_particles() {
    let mut fixture = fixture();
    fixture
        .put(1, &["연차휴가는 입사 후 1년이 지나면 발생한다"])
        .put(2, &["출장비를 정산한다"])
        .commit();
    assert_eq!(fixture.find("휴가"), [1]);
    assert_eq!(fixture.find("연차 휴가를"), [1]);
    assert_eq!(fixture.find("출장비"), [2]);
    assert_eq!(fixture.find("연 "), Vec::<u64>::new());
    assert_eq!(fixture.find("연차 휴"), [1]);
}

#[test]
fn spelling_in_unicode_does_not_matter() {
    let mut fixture = fixture();
    fixture.put(1, &["\u{1112}\u{1172}\u{1100}\u{1161} 신청"]).put(2, &["ＰｏｗｅｒＳｈｅｌｌ"]);
    fixture.put(3, &["cafe\u{301} STRASSE"]).commit();
    assert_eq!(fixture.find("휴가"), [1]);
    assert_eq!(fixture.find("powershell"), [2]);
    assert_eq!(fixture.find("café"), [3]);
    assert_eq!(fixture.find("straße"), [3]);
}

#[test]
fn phrases_must_stand_in_order() {
    let mut fixture = fixture();
    fixture.put(1, &["days may be carried over to March"]).put(2, &["over the days we carry"]);
    fixture.put(3, &["연차휴가 규정"]).put(4, &["휴가 중 연차"]).commit();
    assert_eq!(fixture.find("\"carry over\""), [1]);
    assert_eq!(fixture.find("\"over the days\""), [2]);
    assert_eq!(fixture.find("\"연차 휴가\""), [3]);
    assert_eq!(fixture.find("\"연차휴가 규정\""), [3]);
    assert!(fixture.find("\"March carried\"").is_empty());
}

#[test]
fn excluded_words_and_phrases_are_left_out() {
    let mut fixture = fixture();
    fixture.put(1, &["leave policy draft"]).put(2, &["leave policy"]).put(3, &["leave old rules"]);
    fixture.put(4, &["휴가 초안 문서"]).put(5, &["휴가 문서"]).commit();
    assert_eq!(fixture.find("leave -draft -\"old rules\""), [2]);
    assert_eq!(fixture.find("휴가 -초안"), [5]);
}

#[test]
fn the_last_word_is_a_prefix_until_a_space_follows() {
    let mut fixture = fixture();
    fixture.put(1, &["the configuration file"]).put(2, &["a confi a day"]).commit();
    assert_eq!(fixture.find("confi"), [2, 1]);
    assert_eq!(fixture.find("confi "), [2]);
    for typed in 5.."configuration".len() {
        let found = fixture.find(&"configuration"[..typed]);
        assert!(found.contains(&1), "{}", &"configuration"[..typed]);
    }
}

#[test]
fn stop_words_count_when_there_is_nothing_else() {
    let mut fixture = fixture();
    fixture.put(1, &["to be or not to be"]).put(2, &["The Who played"]).commit();
    assert_eq!(fixture.find("to be or not to be"), [1]);
    assert_eq!(fixture.find("The Who")[0], 2);
    assert_eq!(fixture.find("\"to be or not to be\""), [1]);
}

#[test]
fn what_a_document_is_about_counts_for_all_its_passages() {
    let mut fixture = fixture();
    let dividend = "the dividend of the last quarter was raised";
    let acorn = ["Acorn report", "Acorn sold more", "Acorn hired", dividend];
    fixture.put(1, &["Birch report", "Birch sold less", "Birch closed", dividend]);
    fixture.put(2, &acorn).commit();
    let query = Query::parse("dividend of Acorn in the last quarter ").unwrap();
    let best = fixture.index.search(&query, &everywhere(), 5).unwrap()[0];
    assert_eq!((best.document.0, best.ordinal), (2, 3));
}

#[test]
fn explanations_add_up_to_the_score() {
    let mut fixture = fixture();
    fixture.put(1, &["other", "carry over annual leave"]).put(2, &["leave"]).commit();
    let query = Query::parse("annual leave \"carry over\" l").unwrap();
    let best = fixture.index.search(&query, &everywhere(), 1).unwrap()[0];
    let parts =
        fixture.index.explain(&query, &everywhere(), (best.document, best.ordinal)).unwrap();
    let sum: f32 = parts.iter().map(|part| part.score).sum();
    assert!((sum - best.score).abs() < 1e-4, "{parts:?} {best:?}");
    assert_eq!(best.ordinal, 1);
}

#[test]
fn an_index_of_another_schema_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let mut builder = tantivy::schema::Schema::builder();
    builder.add_text_field("body", tantivy::schema::TEXT);
    tantivy::Index::create_in_dir(directory.path(), builder.build()).unwrap();
    let opened = LexicalIndex::open(directory.path()).unwrap();
    assert!(opened.rebuilt.unwrap().contains("another version"));
    assert_eq!(opened.index.applied_seq(), 0);
}

#[test]
fn a_second_writer_on_one_directory_is_refused() {
    let mut fixture = fixture();
    fixture.put(1, &["one"]);
    let other = LexicalIndex::open(fixture.directory.path()).unwrap().index;
    let error = other.apply(&[Change::Remove(DocumentId(1))]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
