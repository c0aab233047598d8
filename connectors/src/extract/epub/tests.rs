//! Books of our own making, and what must be read in them.

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::document::Document;

const CONTAINER_XML: &str = "<container><rootfiles>\
    <rootfile full-path='OPS/book.opf'/></rootfiles></container>";

const PACKAGE: &str = "<package xmlns:dc='x'><metadata><dc:title>The &amp; Book</dc:title>\
    <dc:creator>Kim</dc:creator><dc:creator>Lee</dc:creator><dc:language>ko-KR</dc:language>\
    <dc:date>2020-01-02</dc:date></metadata><manifest>\
    <item id='a' href='text/one.xhtml'/><item id='b' href='text/two%20b.xhtml'/>\
    <item id='n' href='nav.xhtml' properties='nav'/></manifest>\
    <spine><itemref idref='b'/><itemref idref='gone'/><itemref idref='n'/><itemref idref='a'/>\
    </spine></package>";

const NAVIGATION: &str = "<html><nav epub:type='toc'><ol><li><span>Part I</span><ol>\
    <li><a href='text/two%20b.xhtml'>Second <b>first</b></a></li></ol></li>\
    <li><a href='text/one.xhtml'>One</a></li></ol></nav>\
    <nav epub:type='landmarks'><ol><li><a href='text/one.xhtml'>Start</a></li></ol></nav></html>";

fn book(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn files() -> Vec<(&'static str, &'static str)> {
    vec![
        (CONTAINER, CONTAINER_XML),
        ("OPS/book.opf", PACKAGE),
        ("OPS/nav.xhtml", NAVIGATION),
        (
            "OPS/text/one.xhtml",
            "<html><body><h1>One</h1><h2>Sub</h2><p>first file</p></body></html>",
        ),
        ("OPS/text/two b.xhtml", "<html><body><p>second file</p></body></html>"),
    ]
}

fn outline(document: &Document) -> Vec<(String, &str)> {
    let sections = document.sections.iter();
    sections.map(|section| (section.heading.join(" > "), section.text.as_str())).collect()
}

#[test]
fn chapters_come_in_the_order_of_the_spine_under_their_titles() {
    let document = read(&book(&files())).unwrap().document;
    let expected = [
        ("Part I > Second first".to_owned(), "second file"),
        ("One > Sub".to_owned(), "first file"),
    ];
    assert_eq!(outline(&document), expected);
}

#[test]
fn the_package_says_what_the_book_is() {
    let document = read(&book(&files())).unwrap().document;
    assert_eq!(document.title.as_deref(), Some("The & Book"));
    assert_eq!(document.language.as_deref(), Some("kor"));
    assert_eq!(document.metadata["author"], "Kim, Lee");
    assert_eq!(document.metadata["created"], "2020-01-02");
}

#[test]
fn the_titles_of_an_older_book_are_found() {
    let ncx = "<ncx><navMap><navPoint><navLabel><text>First</text></navLabel>\
        <content src='text/one.xhtml#x'/></navPoint></navMap></ncx>";
    let package =
        PACKAGE.replace("id='n' href='nav.xhtml' properties='nav'", "id='n' href='t.ncx'");
    let mut files = files();
    (files[1].1, files[2]) = (package.as_str(), ("OPS/t.ncx", ncx));
    let document = read(&book(&files)).unwrap().document;
    assert_eq!(outline(&document)[1].0, "First > One > Sub");
}

#[test]
fn a_chapter_goes_on_in_the_next_file() {
    let mut files = files();
    let goes_on = "<html><body><p>more</p><h1>One</h1><p>first</p></body></html>";
    files[3].1 = goes_on;
    let document = read(&book(&files)).unwrap().document;
    assert_eq!(outline(&document)[1], ("Part I > Second first".to_owned(), "more"));
    assert_eq!(outline(&document)[2], ("One".to_owned(), "first"));
}

#[test]
fn a_book_without_a_usable_package_is_still_read() {
    for package in ["", "<package><manifest><item id='a'", "<package/>"] {
        let mut files = files();
        files[1].1 = package;
        let document = read(&book(&files)).unwrap().document;
        assert!(document.sections.iter().any(|section| section.text == "first file"), "{package}");
    }
    assert!(read(&book(&files()[2..])).is_ok());
}

#[test]
fn a_locked_book_says_so_but_locked_fonts_do_not_matter() {
    let lock = |method: &str, path: &str| {
        format!(
            "<encryption><enc:EncryptedData><enc:EncryptionMethod Algorithm='{method}'/>\
             <enc:CipherData><enc:CipherReference URI='{path}'/></enc:CipherData>\
             </enc:EncryptedData></encryption>"
        )
    };
    let aes = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
    let locked = lock(aes, "OPS/text/one.xhtml");
    let mut all = files();
    all.push((ENCRYPTION, &locked));
    let reason = Reason::Failed("protected by digital rights management".to_owned());
    assert_eq!(read(&book(&all)).unwrap_err(), reason);
    let font = lock("http://www.idpf.org/2008/embedding", "OPS/a.otf");
    let mut all = files();
    all.push((ENCRYPTION, &font));
    assert!(read(&book(&all)).is_ok());
}

#[test]
fn a_bomb_is_not_unpacked() {
    let spaces = " ".repeat(33 * 1024 * 1024);
    let mut files = files();
    files[3].1 = &spaces;
    let reason = Reason::Failed("too large: unpacks to too much text".to_owned());
    assert_eq!(read(&book(&files)).unwrap_err(), reason);
}

#[test]
fn a_cut_off_book_fails_with_a_reason() {
    let whole = book(&files());
    for length in [5, whole.len() / 2, whole.len() - 30] {
        let reason = read(&whole[..length]).unwrap_err();
        assert!(matches!(&reason, Reason::Failed(text) if text.starts_with("damaged: ")));
    }
}

#[test]
fn a_damaged_chapter_does_not_hide_the_others() {
    let files = files();
    let mut bytes = book(&files);
    let (name, _) = files.iter().find(|(name, _)| name.ends_with("one.xhtml")).unwrap();
    let place = bytes.windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
    let content = place + name.len();
    bytes[content..content + 8].fill(0xff);
    let extraction = read(&bytes).unwrap();
    assert!(!extraction.document.sections.is_empty());
    let lost = extraction.attachments[0].content.as_ref().unwrap_err().to_string();
    assert!(lost.starts_with("damaged: 1 of "), "{lost}");
}
