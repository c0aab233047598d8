//! ZIP and 7z archives, whole and damaged.

use std::io::{Cursor, Write};

use sevenz_rust2::{ArchiveEntry, ArchiveWriter};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

pub(super) fn zip(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let time = zip::DateTime::from_date_and_time(2023, 11, 14, 22, 13, 20).unwrap();
    let options = SimpleFileOptions::default().compression_method(method).last_modified_time(time);
    for (name, bytes) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn seven_zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    for (name, bytes) in files {
        writer.push_archive_entry(ArchiveEntry::new_file(name), Some(*bytes)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const STORED: CompressionMethod = CompressionMethod::Stored;
const DEFLATED: CompressionMethod = CompressionMethod::Deflated;

/// Changes one place in an archive.
fn replaced(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect::<Vec<_>>();
    assert!(!places.is_empty());
    for place in places {
        bytes[place..place + to.len()].copy_from_slice(to);
    }
    bytes
}

#[test]
fn files_are_read_in_the_order_of_the_archive_with_their_times() {
    let files: [(&str, &[u8]); 5] = [
        ("b.txt", b"second comes first"),
        ("__MACOSX/._b.txt", b"junk"),
        ("a/.DS_Store", b"junk"),
        ("a/plan.md", b"# Plan\ntext"),
        ("a/empty/", b""),
    ];
    let (collected, outcome) = opened("x.zip", &zip(&files, DEFLATED), Limits::default());
    assert_eq!(outcome, Ok(()));
    assert_eq!(collected.paths(), ["b.txt", "a/plan.md"]);
    assert_eq!(collected.members[0].modified_ns, Some(1_700_000_000_000_000_000));
}

#[test]
fn names_without_a_mark_are_read_in_the_encoding_of_all_of_them() {
    let bytes = zip(&[("xxxxxxxxxxxxxxxxx.txt", b"text")], STORED);
    let (name, _, _) = encoding_rs::EUC_KR.encode("회의록 예산 결산");
    let (collected, _) = opened("x.zip", &replaced(bytes, &[b'x'; 17], &name), Limits::default());
    assert_eq!(collected.paths()[0].trim_end_matches("x.txt"), "회의록 예산 결산");
}

#[test]
fn a_file_that_is_damaged_or_locked_does_not_stop_the_others() {
    let files: [(&str, &[u8]); 3] =
        [("a.txt", b"right words"), ("b.txt", b"other words"), ("c.txt", b"third words")];
    let bytes = replaced(zip(&files, STORED), b"right", b"wrong");
    // The flag of encryption, in the local header and in the directory.
    let mut bytes = bytes;
    let heads = (0..bytes.len() - 4).filter(|at| &bytes[*at..*at + 2] == b"PK").collect::<Vec<_>>();
    for head in heads {
        let (flags, name) = match bytes[head + 2] {
            3 => (head + 6, head + 30),
            1 => (head + 8, head + 46),
            _ => continue,
        };
        if bytes[name] == b'b' {
            bytes[flags] |= 1;
        }
    }
    let (collected, outcome) = opened("x.zip", &bytes, Limits::default());
    assert_eq!(outcome, Ok(()));
    assert!(collected.fault("a.txt").starts_with("damaged: "));
    assert_eq!(collected.fault("b.txt"), "protected by a password");
    assert_eq!(collected.text("c.txt"), "third words");
}

#[test]
fn an_archive_without_its_end_keeps_what_can_be_read_and_fails_in_words() {
    let bytes = zip(&[("a.txt", b"text"), (".b", b"hidden"), ("c.txt", &[b'c'; 90])], STORED);
    let (collected, outcome) = opened("x.zip", &bytes[..150], Limits::default());
    let reason = "damaged: it ends too early, the directory at its end is missing".to_owned();
    assert_eq!(outcome, Err(Reason::Failed(reason)));
    assert_eq!(collected.paths(), ["a.txt", "c.txt"]);
    assert_eq!(collected.text("a.txt"), "text");
    assert!(collected.fault("c.txt").starts_with("damaged"));
}

#[test]
fn a_file_that_is_longer_than_allowed_is_left_out_whatever_it_says() {
    let limits = Limits { file_bytes: 10, ..Limits::default() };
    let bytes = zip(&[("a.txt", &[b'a'; 11]), ("b.txt", b"short")], DEFLATED);
    let (collected, outcome) = opened("x.zip", &bytes, limits);
    assert_eq!(outcome, Ok(()));
    assert_eq!(collected.fault("a.txt"), "11 bytes is over the limit of 10 bytes");
    assert_eq!(collected.text("b.txt"), "short");
}

#[test]
fn archives_inside_each_other_end_at_the_limit() {
    let mut bytes = zip(&[("a.txt", b"deep")], STORED);
    for _ in 0..9 {
        bytes = zip(&[("x.zip", &bytes), ("a.txt", b"text")], STORED);
    }
    let (collected, outcome) = opened("x.zip", &bytes, Limits::default());
    assert_eq!(outcome, Ok(()));
    assert_eq!(collected.members.len(), 8);
    let deepest = ["x.zip"; 7].join("/");
    assert_eq!(collected.fault(&deepest), "more than 6 containers inside each other");
}

#[test]
fn a_large_archive_that_is_stored_in_another_one_is_not_held() {
    let inner = zip(&[("a.txt", b"text"), ("b.txt", b"more")], STORED);
    let limits = Limits { file_bytes: 20, ..Limits::default() };
    let (collected, outcome) = opened("x.zip", &zip(&[("y.zip", &inner)], STORED), limits);
    assert_eq!(outcome, Ok(()));
    assert_eq!(collected.paths(), ["y.zip/a.txt", "y.zip/b.txt"]);
}

#[test]
fn the_parts_of_an_export_of_notion_are_one() {
    let page = format!("Export-1-2/Team/Page {}.md", "0a".repeat(16));
    let part = zip(&[(&page, b"# Page\ntext")], DEFLATED);
    let export = zip(&[("Export-1-2-Part-1.zip", &part)], STORED);
    let mut collected = Collected::default();
    let mut walk = Walk::new(&mut collected, Limits::default());
    walk.file(Entry::at("notion.zip"), &export).unwrap();
    assert_eq!(collected.members.len(), 1);
    assert!(collected.paths()[0].starts_with("notion.zip/Team/Page"));
}

#[test]
fn files_of_a_7z_archive_are_read() {
    let bytes = seven_zip(&[("a.txt", b"text"), (".b", b"hidden"), ("dir/c.md", b"# C\nwords")]);
    let (collected, outcome) = opened("x.7z", &bytes, Limits::default());
    assert_eq!(outcome, Ok(()));
    assert_eq!(collected.paths(), ["a.txt", "dir/c.md"]);
    assert_eq!(collected.text("dir/c.md"), "words");
}

#[test]
fn a_7z_archive_that_is_cut_off_or_changed_fails_in_words() {
    let words = b"words that are packed ".repeat(50);
    let bytes = seven_zip(&[("a.txt", &words), ("b.txt", b"text")]);
    let (_, outcome) = opened("x.7z", &bytes[..bytes.len() / 2], Limits::default());
    assert!(matches!(outcome, Err(Reason::Failed(reason)) if reason.starts_with("damaged")));
    let mut changed = bytes;
    changed[40] ^= 0x55;
    let (collected, outcome) = opened("x.7z", &changed, Limits::default());
    assert_eq!(outcome, Ok(()));
    assert!(collected.fault("a.txt").starts_with("damaged"));
    assert_eq!(collected.text("b.txt"), "text");
}

#[test]
fn a_mailbox_too_large_to_be_held_is_streamed_out_of_its_archive() {
    let mailbox = "From a\nSubject: One\n\nwords\n\nFrom a\nSubject: Two\n\nwords\n\n".repeat(9);
    let limits = Limits { file_bytes: 100, ..Limits::default() };
    for bytes in [
        zip(&[("m.mbox", mailbox.as_bytes())], DEFLATED),
        seven_zip(&[("m.mbox", mailbox.as_bytes())]),
    ] {
        let (collected, outcome) = opened("x", &bytes, limits);
        assert_eq!(outcome, Ok(()));
        assert_eq!(collected.members.len(), 18);
        assert_eq!(collected.paths()[0], "m.mbox/One.eml");
    }
}

#[test]
fn of_two_files_of_one_name_the_later_counts_and_the_other_is_told() {
    let files: [(&str, &[u8]); 3] = [("a.txt", b"old"), ("b.txt", b"b"), ("c.txt", b"new")];
    let bytes = replaced(zip(&files, STORED), b"c.txt", b"a.txt");
    let (collected, outcome) = opened("x.zip", &bytes, Limits::default());
    assert_eq!(outcome, Ok(()));
    assert_eq!(collected.text("a.txt"), "new");
    let told = "an earlier file has the name of a later one, which was read";
    assert_eq!(collected.fault("replaced files"), told);
}

#[test]
fn an_export_of_notion_without_its_end_has_no_ids_in_its_paths() {
    let whole = include_bytes!("../../../tests-data/fixtures/notion/export.zip");
    let (complete, _) = opened("x.zip", whole, Limits::default());
    let (collected, outcome) = opened("x.zip", &whole[..whole.len() * 9 / 10], Limits::default());
    assert!(outcome.is_err());
    assert_eq!(collected.paths(), complete.paths());
}

#[test]
fn names_that_the_settings_ignore_are_left_out_of_archives_but_not_of_wikis() {
    let globs = ["node_modules", "*.tmp"].map(str::to_owned);
    let paths = |name: &str, bytes: &[u8]| {
        let mut collected = Collected::default();
        let mut walk = Walk::new(&mut collected, Limits::default()).ignoring(&globs);
        let content = Cursor::new(bytes);
        let shape = Shape::of(name, Dialect::Any, &mut content.clone()).unwrap().unwrap();
        let opened = Opened { path: name, dialect: Dialect::Any, content, beside: None };
        opened.walk(shape, &mut walk).unwrap();
        collected.members.into_iter().map(|member| member.path).collect::<Vec<_>>()
    };
    let files: [(&str, &[u8]); 4] = [
        ("a/node_modules/b/c.md", b"words"),
        ("node_modules.md", b"words"),
        ("x.tmp", b"words"),
        ("empty.tmp", b""),
    ];
    let packed = zip(&files, DEFLATED);
    assert_eq!(paths("x.zip", &packed), ["node_modules.md"]);
    assert_eq!(paths("x.7z", &seven_zip(&files)), ["node_modules.md"]);
    assert_eq!(paths("x.tar", &streams::tape(&files)), ["node_modules.md"]);
    assert_eq!(paths("y.zip", &zip(&[("x.zip", &packed)], STORED)), ["x.zip/node_modules.md"]);
    let page = "Home 0123456789abcdef0123456789abcdef.md";
    let wiki = zip(&[(page, b"words"), ("node_modules/a.txt", b"words")], DEFLATED);
    assert_eq!(paths("x.zip", &wiki), ["Home.md", "node_modules/a.txt"]);
}
