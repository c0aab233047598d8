//! Workbooks in small.

use super::*;
use crate::document::Place;
use crate::extract::parts::tests::package;

const RELATIONS: &str = r#"<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>
    </Relationships>"#;
const PACKAGE_RELATIONS: &str = r#"<Relationships><Relationship Id="r1" Target="xl/workbook.xml"
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
    </Relationships>"#;
const BOOK: &str = r#"<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>
    <sheet name="휴가" sheetId="1" state="hidden" r:id="r1"/></sheets></workbook>"#;
const STYLES: &str = r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>
    <xf numFmtId="9"/></cellXfs></styleSheet>"#;

fn book(sheet: &str, others: &[(&str, &str)]) -> Result<Document, Reason> {
    let sheet = format!("<worksheet>{sheet}</worksheet>");
    let parts = [
        &[
            ("[Content_Types].xml", "<Types/>"),
            ("_rels/.rels", PACKAGE_RELATIONS),
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", RELATIONS),
            ("xl/styles.xml", STYLES),
            ("xl/worksheets/sheet1.xml", &*sheet),
        ],
        others,
    ]
    .concat();
    read(&package(&parts)).map(|extraction| extraction.document)
}

#[test]
fn a_sheet_that_breaks_off_keeps_its_rows_and_is_named() {
    let rows =
        format!("<sheetData><row r=\"1\">{}</row><row r=\"2\"><c r=</row>", text("A1", "kept"));
    let parts = [
        ("[Content_Types].xml", "<Types/>"),
        ("_rels/.rels", PACKAGE_RELATIONS),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/worksheets/sheet1.xml", &*format!("<worksheet>{rows}</worksheet>")),
    ];
    let extraction = read(&package(&parts)).unwrap();
    assert_eq!(extraction.document.sections[0].text, "kept");
    let lost = extraction.attachments[0].content.as_ref().unwrap_err().to_string();
    assert_eq!(lost, "damaged: the sheet 휴가 cannot be read");
}

fn text(cell: &str, text: &str) -> String {
    format!(r#"<c r="{cell}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

fn value(cell: &str, style: u8, value: &str) -> String {
    format!(r#"<c r="{cell}" s="{style}"><v>{value}</v></c>"#)
}

#[test]
fn a_hidden_sheet_is_read_with_dates_and_shares_as_people_see_them() {
    let sheet = format!(
        "<sheetData><row>{}{}{}</row><row>{}{}{}</row></sheetData>",
        text("B2", "이름"),
        text("C2", "날짜"),
        text("D2", "비율"),
        text("B3", "김"),
        value("C3", 1, "45413"),
        value("D3", 2, "0.15000000000000002"),
    );
    let document = book(&sheet, &[]).unwrap();
    let section = &document.sections[0];
    assert_eq!(section.text, "이름; 날짜; 비율\n이름: 김; 날짜: 2024-05-01; 비율: 15%");
    assert_eq!((&*section.heading, section.place), (&["휴가".to_owned()][..], Place::Line(2)));
}

#[test]
fn comments_and_text_boxes_belong_to_their_sheet() {
    let relations = r#"<Relationships>
        <Relationship Id="a" Type="x/comments" Target="../comments1.xml"/>
        <Relationship Id="b" Type="x/drawing" Target="../drawings/drawing1.xml"/>
        </Relationships>"#;
    let comments = r#"<comments><commentList><comment ref="C7"><text><t>sure?</t></text></comment>
        </commentList></comments>"#;
    let drawing = "<d><a:p><a:r><a:t>In a box</a:t></a:r></a:p></d>";
    let document = book(
        "<sheetData/>",
        &[
            ("xl/worksheets/_rels/sheet1.xml.rels", relations),
            ("xl/comments1.xml", comments),
            ("xl/drawings/drawing1.xml", drawing),
        ],
    )
    .unwrap();
    let sections = document.sections.iter().map(|it| (it.heading.join(">"), &*it.text, it.place));
    assert_eq!(
        sections.collect::<Vec<_>>(),
        [
            ("휴가".to_owned(), "In a box", Place::Unknown),
            ("휴가>Comments".to_owned(), "C7: sure?", Place::Line(7)),
        ]
    );
}

#[test]
fn far_cells_and_false_counts_cost_no_memory() {
    let sheet = format!(
        "<sheetData><row>{}</row><row>{}</row></sheetData>",
        value("A1", 0, "1"),
        value("XFD1048576", 0, "2")
    );
    assert_eq!(book(&sheet, &[]).unwrap().sections.len(), 2);
    let strings = r#"<sst count="1" uniqueCount="4294967295"><si><t>a</t></si></sst>"#;
    let failure = book("<sheetData/>", &[("xl/sharedStrings.xml", strings)]).unwrap_err();
    assert_eq!(failure.to_string(), "damaged: it announces more texts than it has");
}

#[test]
fn a_truncated_sheet_fails() {
    let bytes = book("<sheetData><row>", &[]);
    assert!(matches!(bytes, Err(Reason::Failed(reason)) if reason.starts_with("damaged: ")));
}
