//! Hangul documents of our own making, and what must be read in them.

use std::io::{Cursor, Write};

use cfb::CompoundFile;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::document::Section;

const DISTRIBUTION: u32 = 1 << 2;

fn outline(document: &Document) -> Vec<(String, &str)> {
    let join = |section: &Section| section.heading.join(" > ");
    let sections = document.sections.iter();
    sections.map(|section| (join(section), section.text.as_str())).collect()
}

fn text(document: &Document) -> &str {
    document.sections.first().map_or("", |section| section.text.as_str())
}

fn record(tag: u32, level: u32, data: &[u8]) -> Vec<u8> {
    let size = u32::try_from(data.len()).unwrap();
    let header = tag | (level << 10) | (size.min(0xfff) << 20);
    let long = if size >= 0xfff { size.to_le_bytes().to_vec() } else { Vec::new() };
    [header.to_le_bytes().to_vec(), long, data.to_vec()].concat()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A paragraph of a list at this level.
fn paragraph(level: u32, text: &str) -> Vec<u8> {
    [record(66, level, &[0; 24]), record(67, level + 1, &utf16(text))].concat()
}

fn control(level: u32, name: &str, data: &[u8]) -> Vec<u8> {
    let name = name.bytes().rev().collect::<Vec<_>>();
    record(71, level, &[name.as_slice(), data].concat())
}

/// A character that stands for a control in the text.
fn mark(code: char) -> String {
    format!("{code}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}{code}")
}

fn cell(level: u32, place: [u16; 4], text: &str) -> Vec<u8> {
    let mut header = vec![0; 8];
    header.extend(place.iter().flat_map(|number| number.to_le_bytes()));
    [record(72, level, &header), paragraph(level, text)].concat()
}

fn binary(flags: u32, streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    let mut header = vec![0; 256];
    header[..17].copy_from_slice(b"HWP Document File");
    header[32..36].copy_from_slice(&[0, 0, 0, 5]);
    header[36..40].copy_from_slice(&flags.to_le_bytes());
    for storage in ["/BodyText", "/ViewText"] {
        file.create_storage(storage).unwrap();
    }
    let all = [("/FileHeader", header.as_slice()), ("/DocInfo", b"")];
    for (name, content) in all.iter().chain(streams) {
        file.create_stream(name).unwrap().write_all(content).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn body(records: &[Vec<u8>]) -> Vec<u8> {
    binary(0, &[("/BodyText/Section0", &records.concat())])
}

#[test]
fn a_note_follows_its_paragraph() {
    let file = body(&[
        paragraph(0, &format!("문장{}이 계속된다.", mark('\u{11}'))),
        control(1, "fn  ", &[0; 16]),
        record(72, 2, &[0; 16]),
        paragraph(2, "각주"),
        paragraph(0, "다음"),
    ]);
    assert_eq!(text(&read(&file).unwrap()), "문장이 계속된다.\n\n각주\n\n다음");
}

#[test]
fn a_caption_keeps_its_number() {
    let mut number = vec![0; 4];
    number.extend(7_u16.to_le_bytes());
    let file =
        body(&[paragraph(0, &format!("표 {} 예산", mark('\u{12}'))), control(1, "atno", &number)]);
    assert_eq!(text(&read(&file).unwrap()), "표 7 예산");
}

#[test]
fn a_cell_keeps_its_header_in_a_merged_table() {
    let mut table = vec![0; 14];
    (table[4], table[6]) = (3, 3);
    let file = body(&[
        paragraph(0, &mark('\u{b}')),
        control(1, "tbl ", &[]),
        record(77, 2, &table),
        cell(2, [0, 0, 1, 2], "이름"),
        cell(2, [1, 0, 2, 1], "점수"),
        cell(2, [1, 1, 1, 1], "5월"),
        cell(2, [2, 1, 1, 1], "6월"),
        cell(2, [0, 2, 1, 1], "김"),
        cell(2, [1, 2, 1, 1], "3"),
        cell(2, [2, 2, 1, 1], "4"),
        paragraph(0, "끝"),
    ]);
    assert_eq!(text(&read(&file).unwrap()), "이름: 김; 점수 5월: 3; 점수 6월: 4\n\n끝");
}

#[test]
fn a_protected_document_says_so() {
    let file = binary(2, &[("/BodyText/Section0", b"")]);
    let reason = Reason::Failed("protected by a password".to_owned());
    assert_eq!(read(&file).unwrap_err(), reason);
}

#[test]
fn a_distribution_document_is_read() {
    let stream = distribution::tests::scrambled(&paragraph(0, "배포용"));
    let streams = [
        ("/BodyText/Section0", paragraph(0, "이 문서는 상위 버전")),
        ("/ViewText/Section0", stream),
    ];
    let streams = streams.each_ref().map(|(name, content)| (*name, content.as_slice()));
    assert_eq!(text(&read(&binary(DISTRIBUTION, &streams)).unwrap()), "배포용");
}

#[test]
fn a_damaged_document_is_a_reason() {
    let whole = body(&[paragraph(0, "글")]);
    for file in [&whole[..600], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice()] {
        assert!(matches!(read(file), Err(Reason::Failed(_))));
    }
    let cut = record(67, 1, &utf16("글자"));
    assert!(read(&body(&[record(66, 0, &[0; 24]), cut[..6].to_vec()])).is_err());
}

#[test]
fn a_document_of_shapes_has_no_text() {
    let file = body(&[paragraph(0, &mark('\u{b}')), control(1, "gso ", &[0; 40])]);
    assert_eq!(read(&file).unwrap().sections, []);
}

#[test]
fn deep_levels_are_harmless() {
    let records = (0..1000).map(|level| paragraph(level, "x")).collect::<Vec<_>>();
    let words = text(&read(&body(&records)).unwrap()).matches('x').count();
    assert_eq!(words, 1000);
}

fn package(section: &str) -> Vec<u8> {
    let manifest = "<opf:package><opf:metadata><opf:title>제목 &amp; 부제</opf:title>\
        <opf:meta name='creator' content='text'>김</opf:meta>\
        <opf:meta name='CreatedDate' content='text'>2023-02-07T10:20:23Z</opf:meta>\
        </opf:metadata><opf:manifest><opf:item id='s' href='Contents/section0.xml'/>\
        </opf:manifest><opf:spine><opf:itemref idref='s'/></opf:spine></opf:package>";
    let header = "<hh:head><hh:paraPr id='1'><hh:heading type='OUTLINE' idRef='0' level='0'/>\
        </hh:paraPr></hh:head>";
    let section = format!("<hs:sec>{section}</hs:sec>");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("Contents/content.hpf", manifest),
        ("Contents/header.xml", header),
        ("Contents/section0.xml", &section),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn run(content: &str) -> String {
    format!("<hp:p paraPrIDRef='0'><hp:run>{content}</hp:run></hp:p>")
}

#[test]
fn headings_notes_and_boxes_of_a_package_are_read() {
    let heading = "<hp:p paraPrIDRef='1'><hp:run><hp:t>개요</hp:t></hp:run></hp:p>";
    let note =
        format!("<hp:footNote><hp:subList>{}</hp:subList></hp:footNote>", run("<hp:t>각주</hp:t>"));
    let frame =
        format!("<hp:rect><hp:drawText>{}</hp:drawText></hp:rect>", run("<hp:t>상자</hp:t>"));
    let body = format!("<hp:t>앞 &lt;</hp:t><hp:ctrl>{note}</hp:ctrl>{frame}<hp:t>뒤</hp:t>");
    let document = read_xml(&package(&format!("{heading}{}", run(&body)))).unwrap();
    assert_eq!(outline(&document), [("개요".to_owned(), "앞 <뒤\n\n각주\n\n상자")]);
    assert_eq!(document.title.as_deref(), Some("제목 & 부제"));
    assert_eq!(document.metadata["author"], "김");
    assert_eq!(document.metadata["created"], "2023-02-07T10:20:23Z");
}

#[test]
fn a_cell_of_a_package_keeps_its_header() {
    let cell = |text: &str, rows: u8| {
        let text = run(&format!("<hp:t>{text}</hp:t>"));
        format!(
            "<hp:tc><hp:subList>{text}</hp:subList><hp:cellSpan colSpan='1' rowSpan='{rows}'/></hp:tc>"
        )
    };
    let rows = [
        format!("<hp:tr>{}{}</hp:tr>", cell("이름", 1), cell("도시", 1)),
        format!("<hp:tr>{}{}</hp:tr>", cell("김", 2), cell("서울", 1)),
        format!("<hp:tr>{}</hp:tr>", cell("부산", 1)),
    ];
    let table = format!("<hp:tbl>{}</hp:tbl>", rows.concat());
    let document = read_xml(&package(&run(&table))).unwrap();
    assert_eq!(text(&document), "이름: 김; 도시: 서울\n이름: 김; 도시: 부산");
}

#[test]
fn what_was_deleted_is_not_read() {
    let content = "<hp:t>하나<hp:deleteBegin Id='1'/>둘<hp:deleteEnd Id='1'/>셋</hp:t>";
    assert_eq!(text(&read_xml(&package(&run(content))).unwrap()), "하나셋");
}

#[test]
fn a_broken_package_is_a_reason() {
    assert!(matches!(read_xml(b"PK\x03\x04"), Err(Reason::Failed(_))));
    assert!(matches!(read_xml(&package("<hp:p><hp:run></hp:p>")), Err(Reason::Failed(_))));
}

#[test]
fn deep_nesting_in_a_package_is_harmless() {
    let open = "<hp:p><hp:run><hp:tbl><hp:tr><hp:tc><hp:subList>".repeat(400);
    let close = "</hp:subList></hp:tc></hp:tr></hp:tbl></hp:run></hp:p>".repeat(400);
    let document = read_xml(&package(&format!("{open}{}{close}", run("<hp:t>x</hp:t>")))).unwrap();
    assert!(text(&document).contains('x'));
}
