//! Exports are known by what is in them, whatever they are called.

use super::*;
use crate::container::{recognise, recognise_folder};

fn known(name: &str, bytes: &[u8]) -> Option<Dialect> {
    recognise(name, &mut Cursor::new(bytes)).unwrap()
}

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    archives::zip(files, zip::CompressionMethod::Deflated)
}

const DUMP: &[u8] = b"<mediawiki xmlns=\"http://www.mediawiki.org/xml/export-0.10/\"></mediawiki>";
const MAILBOX: &[u8] = b"From a Mon Jun 1 04:28:28 2009\nSubject: One\n\nfirst\n";

#[test]
fn each_export_is_recognised() {
    let fixture = include_bytes!("../../../tests-data/fixtures/confluence/html.zip");
    assert_eq!(known("HR.zip", fixture), Some(Dialect::Confluence));
    let fixture = include_bytes!("../../../tests-data/fixtures/confluence/space.zip");
    assert_eq!(known("HR.zip", fixture), Some(Dialect::Confluence));
    let entities = include_bytes!("../../../tests-data/fixtures/confluence/entities.xml");
    assert_eq!(known("entities.xml", entities), Some(Dialect::Confluence));
    let fixture = include_bytes!("../../../tests-data/fixtures/notion/export.zip");
    assert_eq!(known("a.zip", fixture), Some(Dialect::Notion));
    let fixture = include_bytes!("../../../tests-data/fixtures/mediawiki/dump.xml.bz2");
    assert_eq!(known("dump.xml.bz2", fixture), Some(Dialect::MediaWiki));
    let pages = (0..200_000).flat_map(|number: u32| {
        blake3::hash(&number.to_le_bytes()).to_hex().to_string().into_bytes()
    });
    let large = [DUMP, &pages.take(3_000_000).collect::<Vec<_>>()].concat();
    assert_eq!(known("dump.bz2", &streams::bzip2(&large)), Some(Dialect::MediaWiki));
    for (name, bytes) in [("wiki.xml", DUMP), ("wiki", DUMP)] {
        assert_eq!(known(name, bytes), Some(Dialect::MediaWiki), "{name}");
    }
    for name in ["all.mbox", "Inbox"] {
        assert_eq!(known(name, MAILBOX), Some(Dialect::Mail), "{name}");
    }
    assert_eq!(known("a.jsonl", b"{\"text\":\"a\"}\n"), Some(Dialect::JsonLines));
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(100_000));
    assert_eq!(known("a.jsonl", long.as_bytes()), Some(Dialect::JsonLines));
}

#[test]
fn what_an_archive_holds_alone_decides() {
    assert_eq!(known("a.zip", &packed(&[("pages.xml", DUMP)])), Some(Dialect::MediaWiki));
    assert_eq!(known("a.zip", &packed(&[("All mail.mbox", MAILBOX)])), Some(Dialect::Mail));
    let bytes = archives::seven_zip(&[("pages.xml", DUMP)]);
    assert_eq!(known("pages.xml.7z", &bytes), Some(Dialect::MediaWiki));
    let files: [(&str, &[u8]); 2] = [("a.txt", b"a"), ("pages.xml", DUMP)];
    assert_eq!(known("a.zip", &packed(&files)), Some(Dialect::Any));
}

#[test]
fn a_document_is_no_export_and_a_damaged_archive_is_one_of_any_files() {
    let word = include_bytes!("../../../tests-data/fixtures/folder/word.docx");
    assert_eq!(known("word.docx", word), None);
    assert_eq!(known("a.md", b"From here on, words.\n\nMore: words"), None);
    assert_eq!(known("a.jsonl", b"words"), None);
    assert_eq!(known("a.zip", b""), None);
    let bytes = packed(&[("a.txt", b"a"), ("b.txt", b"b")]);
    assert_eq!(known("a.zip", &bytes[..60]), Some(Dialect::Any));
}

#[test]
fn an_archive_behind_a_program_is_opened() {
    let bytes = [b"MZ a program that unpacks".as_slice(), &packed(&[("a.txt", b"words")])].concat();
    for name in ["setup.exe", "files.zip"] {
        let (collected, outcome) = opened(name, &bytes, Limits::default());
        assert_eq!(outcome, Ok(()), "{name}");
        assert_eq!(collected.text("a.txt"), "words");
    }
    let mut program = Cursor::new(b"MZ and no archive");
    assert_eq!(Shape::of("setup.exe", Dialect::Any, &mut program).unwrap(), None);
}

#[test]
fn an_unpacked_export_or_wiki_is_known_by_its_names() {
    let known = |paths: &[&str]| {
        recognise_folder(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>())
    };
    let identifier = "0123456789abcdef0123456789abcdef";
    let page = format!("Home {identifier}.md");
    assert_eq!(known(&["entities.xml", "exportDescriptor.properties"]), Some(Dialect::Confluence));
    let site = ["index.html", "styles/", "styles/site.css", "Leave_12.html"];
    assert_eq!(known(&site), Some(Dialect::Confluence));
    assert_eq!(
        known(&["data/", "data/pages/", "data/meta/", "data/attic/"]),
        Some(Dialect::DokuWiki)
    );
    assert_eq!(known(&["pages/", "meta/", "attic/", "pages/a.txt"]), Some(Dialect::DokuWiki));
    assert_eq!(known(&[&page]), Some(Dialect::Notion));
    for other in [&["pages/", "media/"][..], &["a.md", "index.html", "x/entities.xml"], &[]] {
        assert_eq!(known(other), None, "{other:?}");
    }
}
