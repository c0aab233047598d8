//! Packages of Word and PowerPoint as they are written, in small.

use super::*;
use crate::document::Place;
use crate::extract::Attachment;
use crate::extract::parts::tests::package;

const WORD: &str = "word/document.xml";

fn word(body: &str, others: &[(&str, &str)]) -> Extraction {
    let xml = format!("<w:document><w:body>{body}</w:body></w:document>");
    let parts = [&[(WORD, &*xml)], others].concat();
    read_xml(&package(&parts)).unwrap()
}

fn paragraph(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn relations(of: &[(&str, &str, &str)]) -> String {
    let one = |(id, kind, target): &(&str, &str, &str)| {
        format!(r#"<Relationship Id="{id}" Type="http://x/{kind}" Target="{target}"/>"#)
    };
    format!("<Relationships>{}</Relationships>", of.iter().map(one).collect::<String>())
}

fn shown(document: &Document) -> String {
    let sections = document.sections.iter();
    let lines = sections.map(|it| format!("[{}] {}", it.heading.join(" > "), it.text));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn headings_lead_to_their_text() {
    let styles = r#"<w:styles><w:style w:styleId="1"><w:name w:val="heading 1"/></w:style>
        <w:style w:styleId="T"><w:name w:val="Title"/></w:style></w:styles>"#;
    let style = |id, text| {
        format!(r#"<w:p><w:pPr><w:pStyle w:val="{id}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"#)
    };
    let body = [style("T", "휴가 규정"), style("1", "이월"), paragraph("5일까지")].concat();
    let rels = relations(&[("r1", "styles", "styles.xml")]);
    let others = [("word/_rels/document.xml.rels", &*rels), ("word/styles.xml", styles)];
    let document = word(&body, &others).document;
    assert_eq!(shown(&document), "[휴가 규정 > 이월] 5일까지");
    assert_eq!(document.title.as_deref(), Some("휴가 규정"));
}

#[test]
fn a_cell_stands_behind_its_header_and_tall_cells_in_each_row() {
    let cell = |properties, text: &str| {
        format!("<w:tc><w:tcPr>{properties}</w:tcPr>{}</w:tc>", paragraph(text))
    };
    let row = |cells: &[String]| format!("<w:tr>{}</w:tr>", cells.concat());
    let nested = format!("<w:tbl>{}</w:tbl>", row(&[cell("", "deep"), cell("", "er")]));
    let rows = [
        row(&[cell("", "부서"), cell("", "이름")]),
        row(&[cell(r#"<w:vMerge w:val="restart"/>"#, "영업"), cell("", "김")]),
        row(&[cell("<w:vMerge/>", ""), cell("", "이")]),
        row(&[format!("<w:tc>{nested}{}</w:tc>", paragraph("")), cell("", "박")]),
    ];
    let document = word(&format!("<w:tbl>{}</w:tbl>", rows.concat()), &[]).document;
    let expected = "[] 부서; 이름\n부서: 영업; 이름: 김\n부서: 영업; 이름: 이\n\
        부서: deep; er; 이름: 박";
    assert_eq!(shown(&document), expected);
}

#[test]
fn a_form_keeps_each_value_with_its_label() {
    let cell = |properties, run, text| {
        format!(
            "<w:tc><w:tcPr>{properties}</w:tcPr><w:p><w:r><w:rPr>{run}</w:rPr><w:t>{text}</w:t>\
            </w:r></w:p></w:tc>"
        )
    };
    let shaded = r#"<w:shd w:val="clear" w:fill="D9D9D9"/>"#;
    let first = [cell(shaded, "", "성명"), cell("", "", "홍길동")].concat();
    let second = [cell("", "<w:b/>", "부서"), cell("", r#"<w:b w:val="0"/>"#, "영업")].concat();
    let body = format!("<w:tbl><w:tr>{first}</w:tr><w:tr>{second}</w:tr></w:tbl>");
    assert_eq!(shown(&word(&body, &[]).document), "[] 성명: 홍길동\n부서: 영업");
}

#[test]
fn notes_and_comments_stand_below_what_they_belong_to() {
    let body = format!(
        r#"<w:p><w:r><w:t>Ten days</w:t><w:footnoteReference w:id="2"/></w:r>
        <w:r><w:commentReference w:id="0"/></w:r></w:p>{}"#,
        paragraph("Then more")
    );
    let footnotes = r#"<w:footnotes><w:footnote w:id="2"><w:p><w:r><w:t>per year</w:t></w:r></w:p>
        </w:footnote></w:footnotes>"#;
    let comments = r#"<w:comments><w:comment w:id="0" w:author="Kim"><w:p><w:r><w:t>sure?</w:t>
        </w:r></w:p></w:comment></w:comments>"#;
    let rels = relations(&[
        ("r1", "footnotes", "footnotes.xml"),
        ("r2", "comments", "comments.xml"),
        ("r3", "header", "header1.xml"),
        ("r4", "header", "header2.xml"),
    ]);
    let header = format!("<w:hdr>{}</w:hdr>", paragraph("Confidential"));
    let document = word(
        &body,
        &[
            ("word/_rels/document.xml.rels", &rels),
            ("word/footnotes.xml", footnotes),
            ("word/comments.xml", comments),
            ("word/header1.xml", &header),
            ("word/header2.xml", &header),
        ],
    )
    .document;
    let expected = "[] Ten days\n\nper year\n\nKim: sure?\n\nThen more\n\nConfidential";
    assert_eq!(shown(&document), expected);
}

#[test]
fn text_boxes_are_read_once_and_deleted_text_is_not() {
    let body = format!(
        "<w:p><w:r><w:t>Body</w:t><mc:AlternateContent><mc:Choice><w:txbxContent>{0}\
        </w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>{0}</w:txbxContent></mc:Fallback>\
        </mc:AlternateContent></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>",
        paragraph("In a box")
    );
    assert_eq!(shown(&word(&body, &[]).document), "[] Body\n\nIn a box");
}

#[test]
fn embedded_files_are_documents_of_their_own() {
    let rels = relations(&[("r1", "package", "embeddings/rates.xlsx")]);
    let others =
        [("word/_rels/document.xml.rels", &*rels), ("word/embeddings/rates.xlsx", "content")];
    let attachments = word(&paragraph("x"), &others).attachments;
    assert_eq!(attachments[0], Attachment::new("rates.xlsx", b"content".to_vec()));
}

#[test]
fn deep_nesting_and_entities_fail_in_words() {
    let deep = format!("{}{}", "<w:p>".repeat(5000), "</w:p>".repeat(5000));
    let reason = |xml: &str| read_xml(&package(&[(WORD, xml)])).unwrap_err().to_string();
    assert_eq!(reason(&deep), "damaged: its elements are nested too deeply");
    let entities = r#"<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><d>&b;</d>"#;
    assert_eq!(reason(entities), "declares XML entities, which no real document does");
    assert_eq!(reason("<w:document><w:body>"), "damaged: its XML ends too early");
}

#[test]
fn nested_tables_take_linear_time() {
    let text = paragraph(&"x".repeat(100_000));
    let (start, end) = ("<w:tbl><w:tr><w:tc>", "</w:tc></w:tr></w:tbl>");
    let body = format!("{}{text}{}", start.repeat(400), end.repeat(400));
    assert_eq!(word(&body, &[]).document.sections[0].text.len(), 100_000);
}

fn slide(title: &str, text: &str) -> String {
    let shape = |kind, text| {
        format!(
            r#"<p:sp><p:nvPr><p:ph type="{kind}"/></p:nvPr><p:txBody><a:p><a:r><a:t>{text}</a:t>
            </a:r></a:p></p:txBody></p:sp>"#
        )
    };
    let number = shape("sldNum", "7");
    format!("<p:sld>{}{number}{}</p:sld>", shape("body", text), shape("title", title))
}

#[test]
fn a_slide_keeps_its_number_title_and_notes() {
    let presentation = r#"<p:presentation><p:sldIdLst><p:sldId id="256" r:id="r2"/>
        <p:sldId id="257" r:id="r1"/></p:sldIdLst></p:presentation>"#;
    let rels =
        relations(&[("r1", "slide", "slides/slide1.xml"), ("r2", "slide", "slides/slide2.xml")]);
    // The numbers in the names of notes are not those of their slides.
    let notes = relations(&[("r1", "notesSlide", "../notesSlides/notesSlide2.xml")]);
    let bytes = package(&[
        ("ppt/presentation.xml", presentation),
        ("ppt/_rels/presentation.xml.rels", &rels),
        ("ppt/slides/slide1.xml", &slide("Budget", "Rent")),
        ("ppt/slides/slide2.xml", &slide("Welcome", "Agenda")),
        ("ppt/slides/_rels/slide1.xml.rels", &notes),
        ("ppt/notesSlides/notesSlide2.xml", &slide("", "Mention the deposit")),
    ]);
    let document = read_xml(&bytes).unwrap().document;
    let expected = "[Welcome] Agenda\n[Budget] Rent\n[Budget > Notes] Mention the deposit";
    assert_eq!(shown(&document), expected);
    let places = document.sections.iter().map(|section| section.place).collect::<Vec<_>>();
    assert_eq!(places, [Place::Page(1), Place::Page(2), Place::Page(2)]);
    assert_eq!(document.title.as_deref(), Some("Welcome"));
}

#[test]
fn a_damaged_slide_does_not_hide_the_others() {
    let presentation = r#"<p:presentation><p:sldId id="256" r:id="r1"/>
        <p:sldId id="257" r:id="r2"/></p:presentation>"#;
    let rels = relations(&[("r1", "slide", "slide1.xml"), ("r2", "slide", "slide2.xml")]);
    let deck = |second: &str| {
        read_xml(&package(&[
            ("ppt/presentation.xml", presentation),
            ("ppt/_rels/presentation.xml.rels", &rels),
            ("ppt/slide1.xml", "<p:sld>"),
            ("ppt/slide2.xml", second),
        ]))
    };
    let Extraction { document, attachments, .. } = deck(&slide("Budget", "Rent")).unwrap();
    let lost = attachments[0].content.as_ref().unwrap_err().to_string();
    assert_eq!(lost, "damaged: parts of the document cannot be read (slide1.xml)");
    assert_eq!((&*shown(&document), document.sections[0].place), ("[Budget] Rent", Place::Page(2)));
    let failure = deck("<p:sld>").unwrap_err();
    assert_eq!(failure, Reason::Failed("damaged: its XML ends too early".to_owned()));
}

#[test]
fn properties_that_say_nothing_are_left_out() {
    let core = "<cp:coreProperties><dc:title>PowerPoint Presentation</dc:title>\
        <dc:creator>Kim</dc:creator><dcterms:created>2024-05-01T09:00:00Z</dcterms:created>\
        <dcterms:modified>soon</dcterms:modified></cp:coreProperties>";
    let app = "<Properties><Pages>3</Pages></Properties>";
    let others = [("docProps/core.xml", core), ("docProps/app.xml", app)];
    let document = word(&paragraph("x"), &others).document;
    let metadata = document.metadata.iter().map(|(key, value)| format!("{key}={value}"));
    let expected = ["author=Kim", "created=2024-05-01T09:00:00Z", "pages=3"];
    assert_eq!(metadata.collect::<Vec<_>>(), expected);
    assert_eq!(document.title, None);
}
