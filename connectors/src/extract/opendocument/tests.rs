//! OpenDocument packages in small.

use super::*;
use crate::document::Place;
use crate::extract::parts::tests::package;

fn read_body(body: &str) -> Document {
    let xml = format!("<office:document-content>{body}</office:document-content>");
    read(&package(&[("content.xml", &xml), ("META-INF/manifest.xml", "<m/>")])).unwrap().document
}

fn shown(document: &Document) -> String {
    let sections = document.sections.iter();
    let lines = sections.map(|it| format!("[{}] {}", it.heading.join(" > "), it.text));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn headings_lists_and_notes_are_read_in_order() {
    let document = read_body(
        r#"<text:list-style style:name="L1"><text:list-level-style-number text:level="1"
        style:num-format="1"/></text:list-style><office:text>
        <text:h text:outline-level="1">휴가 규정</text:h>
        <text:p>Ten<text:s text:c="2"/>days<text:note><text:note-citation>1</text:note-citation>
        <text:note-body><text:p>per year</text:p></text:note-body></text:note> a
        year<office:annotation><dc:creator>Kim</dc:creator><dc:date>2024</dc:date>
        <text:p>sure?</text:p></office:annotation></text:p>
        <text:list text:style-name="L1"><text:list-item><text:p>one</text:p></text:list-item>
        <text:list-item><text:p>two</text:p></text:list-item></text:list></office:text>"#,
    );
    let expected = "[휴가 규정] Ten  days a year\n\nper year\n\nKim:\nsure?\n1. one\n2. two";
    assert_eq!(shown(&document), expected);
    assert_eq!(document.title.as_deref(), Some("휴가 규정"));
}

#[test]
fn a_slide_keeps_its_number_title_and_notes() {
    let document = read_body(
        r#"<office:presentation><draw:page/><draw:page><draw:frame presentation:class="outline">
        <draw:text-box><text:p>Rent</text:p></draw:text-box></draw:frame>
        <draw:frame presentation:class="title"><draw:text-box><text:p>Budget</text:p>
        </draw:text-box></draw:frame><presentation:notes><draw:frame><draw:text-box>
        <text:p>Mention the deposit</text:p></draw:text-box></draw:frame></presentation:notes>
        </draw:page></office:presentation>"#,
    );
    assert_eq!(shown(&document), "[Budget] Rent\n[Budget > Notes] Mention the deposit");
    assert!(document.sections.iter().all(|section| section.place == Place::Page(2)));
}

fn sheet(rows: &str) -> Document {
    read_body(&format!(
        r#"<office:spreadsheet><table:table table:name="Plan">{rows}</table:table>
        </office:spreadsheet>"#
    ))
}

#[test]
fn cells_of_a_sheet_stand_behind_their_headers() {
    let document = sheet(
        r#"<table:table-row table:number-rows-repeated="2"><table:table-cell
        table:number-columns-repeated="16384"/></table:table-row>
        <table:table-row><table:table-cell><text:p>Day</text:p></table:table-cell>
        <table:table-cell><text:p>Hours</text:p></table:table-cell>
        <table:table-cell table:number-columns-repeated="16382"/></table:table-row>
        <table:table-row><table:table-cell office:value-type="date"
        office:date-value="2024-05-01T00:00:00"><text:p>1.5.24</text:p></table:table-cell>
        <table:table-cell office:value-type="float" office:value="7.5"/></table:table-row>"#,
    );
    assert_eq!(shown(&document), "[Plan] Day; Hours\nDay: 2024-05-01; Hours: 7.5");
    assert_eq!(document.sections[0].place, Place::Line(3));
}

#[test]
fn tall_and_wide_cells_keep_their_columns() {
    let cell = |attributes, text| {
        format!("<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>")
    };
    let row = |cells: &[String]| format!("<table:table-row>{}</table:table-row>", cells.concat());
    let covered = "<table:covered-table-cell/>".to_owned();
    let wide = r#"table:number-columns-spanned="2""#;
    let tall = r#"table:number-rows-spanned="2""#;
    let document = sheet(
        &[
            row(&[cell("", "Region"), cell("", "A"), cell("", "B"), cell("", "C")]),
            row(&[cell(tall, "North"), cell(wide, "1"), covered.clone(), cell("", "3")]),
            row(&[covered, cell("", "4"), cell("", "5"), cell("", "6")]),
        ]
        .concat(),
    );
    let expected = "[Plan] Region; A; B; C\nRegion: North; A: 1; C: 3\n\
        Region: North; A: 4; B: 5; C: 6";
    assert_eq!(shown(&document), expected);
}

#[test]
fn huge_repeats_cost_nothing() {
    let cell = r#"<table:table-cell table:number-columns-repeated="1048576"><text:p>word
        </text:p></table:table-cell>"#;
    let row = format!(
        r#"<table:table-row table:number-rows-repeated="4294967295">{}</table:table-row>"#,
        cell.repeat(50)
    );
    let document = sheet(&row.repeat(50));
    let size = document.sections.iter().map(|section| section.text.len()).sum::<usize>();
    assert!(size > 0 && size < 3 * 1024 * 1024, "{size}");
}

#[test]
fn what_is_protected_or_stands_on_masters_is_known() {
    let manifest = "<manifest:manifest><manifest:encryption-data/></manifest:manifest>";
    let protected = package(&[("META-INF/manifest.xml", manifest), ("content.xml", "x")]);
    assert_eq!(read(&protected).unwrap_err().to_string(), "protected by a password");
    let styles = "<s><style:master-page><style:footer><text:p>Secret</text:p><text:p>Page
        <text:page-number>1</text:page-number></text:p></style:footer></style:master-page></s>";
    let meta = r#"<office:document-meta><office:meta><dc:title>Plan</dc:title>
        <dc:creator>Lee</dc:creator><meta:initial-creator>Kim</meta:initial-creator>
        <meta:keyword>a</meta:keyword><meta:keyword>b</meta:keyword>
        <dc:date>2024-05-01T09:00:00.5</dc:date>
        <meta:document-statistic meta:page-count="4"/></office:meta></office:document-meta>"#;
    let parts = [("content.xml", "<x/>"), ("styles.xml", styles), ("meta.xml", meta)];
    let document = read(&package(&parts)).unwrap().document;
    assert_eq!(shown(&document), "[] Secret");
    assert_eq!(document.title.as_deref(), Some("Plan"));
    let metadata = document.metadata.iter().map(|(key, value)| format!("{key}={value}"));
    let expected = ["author=Kim", "keywords=a, b", "modified=2024-05-01", "pages=4"];
    assert_eq!(metadata.collect::<Vec<_>>(), expected);
}
