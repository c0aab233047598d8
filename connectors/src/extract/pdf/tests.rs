//! What reading a PDF promises.

use super::fixture::Pdf;
use super::*;
use crate::extract::Attachment;

fn extraction(bytes: &[u8]) -> Result<Extraction, Reason> {
    read(&Input::new("file.pdf", bytes))
}

fn document(pdf: Pdf) -> Document {
    extraction(&pdf.build()).unwrap().document
}

fn text(pdf: Pdf) -> String {
    let texts = document(pdf).sections.into_iter().map(|section| section.text);
    texts.collect::<Vec<_>>().join("\n----\n")
}

fn reason(bytes: &[u8]) -> Reason {
    extraction(bytes).unwrap_err()
}

fn failed(reason: &str) -> Reason {
    Reason::Failed(reason.to_owned())
}

const PROSE: [&str; 6] = [
    "The annual leave of every member of the staff is twenty five working days in a year,",
    "and what is left of it at the end of the year may be carried over to the next year if",
    "the head of the department agrees to it before the first day of December in writing.",
    "Days that were carried over have to be taken before the end of March, or else they are",
    "lost without any payment, as the agreement with the council of the workers puts it and",
    "as the law allows it.",
];

#[test]
fn each_page_is_a_section_with_its_number() {
    let document = document(Pdf::default().lines(&["one"]).lines(&["two"]).lines(&["three"]));
    let sections = document.sections.iter().map(|it| (it.text.as_str(), it.place));
    let expected = [("one", Place::Page(1)), ("two", Place::Page(2)), ("three", Place::Page(3))];
    assert_eq!(sections.collect::<Vec<_>>(), expected);
    assert_eq!(document.metadata["pages"], "3");
}

#[test]
fn lines_of_a_paragraph_are_one_line() {
    let mut lines = vec!["Leave"];
    lines.extend(PROSE);
    assert_eq!(text(Pdf::default().lines(&lines)), format!("Leave\n{}", PROSE.join(" ")));
}

#[test]
fn a_hyphen_at_the_end_of_a_line_is_undone() {
    let lines = [
        "What is left of the leave at the end of the year is carried over to the depart-",
        "ment that a member of the staff belongs to and is well-known to everyone there.",
    ];
    let text = text(Pdf::default().lines(&lines));
    assert!(text.contains("the department that") && text.contains("well-known"), "{text}");
}

#[test]
fn columns_are_read_one_after_the_other() {
    let left = |index: usize| (72.0, 700.0 - 12.0 * index as f32, 10.0);
    let mut texts = vec![(200.0, 740.0, 16.0, "A title above both of the columns")];
    let words =
        ["alpha beta gamma delta epsilon zeta eta", "one two three four five six seven eight"];
    for (x, words) in [(0.0, words[0]), (250.0, words[1])] {
        for index in 0..8 {
            let (left, top, size) = left(index);
            texts.push((left + x, top, size, words));
        }
    }
    let text = text(Pdf::default().page(&texts));
    assert!(text.rfind("alpha").unwrap() < text.find("one two").unwrap(), "{text}");
    assert!(text.starts_with("A title above both of the columns\n"), "{text}");
}

#[test]
fn a_cell_stands_beside_the_label_of_its_row() {
    let rows =
        [["Product", "Stock", "Price"], ["Bolt M6", "120", "0.40"], ["Nut M6", "75", "0.10"]];
    let mut texts = Vec::new();
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            texts.push((72.0 + 120.0 * column as f32, 700.0 - 15.0 * row as f32, 10.0, *cell));
        }
    }
    let by_rows = text(Pdf::default().page(&texts));
    assert!(by_rows.contains("Nut M6  75  0.10"), "{by_rows}");
    texts.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(text(Pdf::default().page(&texts)), by_rows);
}

#[test]
fn korean_words_are_not_torn() {
    let line = "연차 휴가는 다음 해 삼월까지 이월할 수 있으며 부서장의 승인이 필요하다";
    let glyphs = line.chars().enumerate().filter(|(_, c)| *c != ' ');
    let glyphs = glyphs.map(|(index, c)| (40.0 + 11.0 * index as f32, c.to_string()));
    let glyphs = glyphs.collect::<Vec<_>>();
    let texts = glyphs.iter().map(|(x, c)| (*x, 700.0, 11.0, c.as_str())).collect::<Vec<_>>();
    assert_eq!(text(Pdf::default().page(&texts)), line);
    assert_eq!(text(Pdf::default().lines(&[line])), line);
}

#[test]
fn bookmarks_are_the_headings_of_what_follows_them() {
    let pdf = Pdf::default()
        .lines(&["Preface", "text before", "1 Leave", "text of leave"])
        .lines(&["still leave", "1.1 Carry-over", "text of carry-over"])
        .lines(&["2 Travel", "text of travel"])
        .bookmark(1, "Leave", 0)
        .bookmark(2, "Carry-over", 1)
        .bookmark(1, "Travel", 2);
    let sections = document(pdf).sections.into_iter();
    let sections = sections.map(|it| (it.heading.join(" > "), it.text, it.place));
    let expected = [
        ("", "Preface\ntext before", 1),
        ("Leave", "text of leave", 1),
        ("Leave", "still leave", 2),
        ("Leave > Carry-over", "text of carry-over", 2),
        ("Travel", "text of travel", 3),
    ];
    let expected = expected
        .map(|(heading, text, page)| (heading.to_owned(), text.to_owned(), Place::Page(page)));
    assert_eq!(sections.collect::<Vec<_>>(), expected);
}

#[test]
fn the_information_dictionary_is_the_metadata() {
    let pdf = Pdf::default()
        .info("Title", "휴가 규정")
        .info("Author", "Kim")
        .info("Keywords", "leave, vacation")
        .info("CreationDate", "D:20240102030405+09'00'")
        .lines(&["text"]);
    let document = document(pdf);
    assert_eq!(document.title.as_deref(), Some("휴가 규정"));
    assert_eq!(document.metadata["author"], "Kim");
    assert_eq!(document.metadata["keywords"], "leave, vacation");
    assert_eq!(document.metadata["created"], "2024-01-02T03:04:05+09:00");
}

#[test]
fn what_is_printed_largest_is_the_title_of_a_document_without_one() {
    let mut texts = vec![(72.0, 740.0, 20.0, "Leave policy")];
    let places = PROSE.iter().enumerate();
    texts.extend(places.map(|(index, line)| (72.0, 700.0 - 12.0 * index as f32, 10.0, *line)));
    let pdf = Pdf::default().info("Title", "file").page(&texts);
    assert_eq!(document(pdf).title.as_deref(), Some("Leave policy"));
}

#[test]
fn files_in_a_pdf_are_its_attachments() {
    let pdf = Pdf::default().lines(&["see the file"]).file("표 1.csv", b"a,b\n1,2\n");
    let attachments = extraction(&pdf.build()).unwrap().attachments;
    let expected = Attachment::new("표 1.csv", b"a,b\n1,2\n".to_vec());
    assert_eq!(attachments, [expected]);
}

#[test]
fn what_was_filled_into_a_form_is_read() {
    let pdf = Pdf::default().lines(&["Application for leave"]).field("Name", "Kim Min-su");
    let section = document(pdf).sections.pop().unwrap();
    assert_eq!((section.text.as_str(), section.place), ("Name: Kim Min-su", Place::Unknown));
}

#[test]
fn pages_that_are_images_need_ocr() {
    let scan = |pdf: Pdf| pdf.image_page(300, 300, vec![255; 300 * 300]);
    let hint = "needs OCR: its pages are images (set index.ocr = true)";
    assert_eq!(reason(&scan(Pdf::default()).build()), Reason::Skipped(hint.to_owned()));
    let document = document(scan(Pdf::default().lines(&["a page with text"])));
    assert_eq!(document.metadata["pages_without_text"], "1");
    assert_eq!(document.sections.len(), 1);
}

#[test]
fn a_page_without_anything_is_no_scan() {
    let empty = "it has no text: its pages are empty or drawn";
    assert_eq!(reason(&Pdf::default().lines(&[]).build()), Reason::Skipped(empty.to_owned()));
}

#[test]
fn a_file_that_was_cut_off_fails() {
    let file = Pdf::default().lines(&PROSE).lines(&PROSE).build();
    for length in [20, file.len() / 2, file.len() - 40] {
        assert_eq!(reason(&file[..length]), failed("damaged: its end is missing"), "{length}");
    }
}

#[test]
fn a_linearized_file_that_was_cut_off_fails() {
    let file = String::from_utf8_lossy(&Pdf::default().lines(&PROSE).build()).into_owned();
    let head = "%PDF-1.7\n99 0 obj\n<</Linearized 1/L 99999/H[1 2]/O 3>>\nendobj\n";
    let cut = file.replacen("%PDF-1.7\n", head, 1);
    assert_eq!(reason(cut.as_bytes()), failed("damaged: its end is missing"));
}

#[test]
fn a_damaged_table_of_objects_is_mended_or_named() {
    let file = String::from_utf8_lossy(&Pdf::default().lines(&["still here"]).build()).into_owned();
    let mended = file.replace("startxref\n", "startxref\n9");
    assert_eq!(extraction(mended.as_bytes()).unwrap().document.sections[0].text, "still here");
    assert!(matches!(reason(b"%PDF-1.7\nstartxref\n0\n%%EOF"), Reason::Failed(_)));
}

#[test]
fn bookmarks_that_lead_in_a_circle_end() {
    let pdf = Pdf::default().lines(&["text"]).bookmark(1, "First", 0).bookmark(1, "Second", 0);
    let file = String::from_utf8_lossy(&pdf.build()).into_owned();
    let (start, _) = file.split_once("/Next ").expect("the first leads to the second");
    let own = start.rsplit_once(" 0 obj").expect("it is an object").0.rsplit('\n').next().unwrap();
    let next = own.parse::<usize>().unwrap() + 1;
    let circle = file.replace(&format!("/Next {next} 0 R"), &format!("/Next {own} 0 R"));
    assert_ne!(circle, file);
    let sections = extraction(circle.as_bytes()).unwrap().document.sections;
    assert_eq!(sections[0].heading, ["First"]);
}

#[test]
fn running_heads_and_page_numbers_are_kept_once() {
    let mut pdf = Pdf::default();
    for page in 1..=6 {
        let lines = [
            "ACME handbook",
            &format!("body of {}", "x".repeat(page)),
            "b",
            "c",
            "d",
            "e",
            &format!("Page {page} of 6"),
        ];
        pdf = pdf.lines(&lines);
    }
    let text = text(pdf);
    assert_eq!(text.matches("ACME handbook").count(), 1, "{text}");
    assert_eq!(text.matches("Page ").count(), 1, "{text}");
    assert_eq!(text.matches("body of").count(), 6, "{text}");
}
