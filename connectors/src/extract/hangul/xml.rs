//! HWPX: the package and its styles through `unhwp`; the text from the XML of the sections.
//!
//! `unhwp`'s own walk over a section loses headers, footers, notes and the order of text boxes.

use std::io::Cursor;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use unhwp::ParseOptions;
use unhwp::hwpx::{HwpxContainer, HwpxParser};
use unhwp::model::{HeadKind, Metadata, NumberingState, StyleRegistry};

use super::flow::{Flow, Position};
use super::{metadata, reason};
use crate::document::Document;
use crate::extract::{Reason, damage};

/// Reads an HWPX document.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Reason> {
    let styles = styles(bytes);
    let mut container = HwpxContainer::from_bytes(bytes.to_vec()).map_err(reason)?;
    if let Ok(manifest) = container.read_file("META-INF/manifest.xml")
        && manifest.contains("encryption-data")
    {
        return Err(Reason::Failed("protected by a password".to_owned()));
    }
    let summary = container.read_content_hpf().map(|xml| summary(&xml)).unwrap_or_default();
    let mut flow = Flow::default();
    for name in container.list_sections().map_err(reason)? {
        // Some manifests count from their own directory.
        let inner = format!("Contents/{name}");
        let is_inner = !container.file_exists(&name) && container.file_exists(&inner);
        let section = container.read_file(if is_inner { &inner } else { &name });
        Walk::new(&styles, &mut flow).section(&section.map_err(reason)?)?;
    }
    Ok(metadata::add(flow.finish(), summary))
}

/// The styles; text is worth more than they are, so that damaged ones are none.
fn styles(bytes: &[u8]) -> StyleRegistry {
    let options = ParseOptions::default().sequential().structure_only();
    let parser = HwpxParser::from_reader(Cursor::new(bytes));
    let source = parser.and_then(|mut parser| parser.parse_with_options(&options.lenient()));
    source.map(|source| source.styles).unwrap_or_default()
}

/// A walk over the XML of one section.
struct Walk<'a> {
    styles: &'a StyleRegistry,
    numbering: NumberingState,
    flow: &'a mut Flow,
    row: usize,
    rows: Vec<usize>,
    /// Text counts only within these elements.
    texts: usize,
    /// Text that was deleted while changes were tracked.
    is_deleted: bool,
}

impl<'a> Walk<'a> {
    fn new(styles: &'a StyleRegistry, flow: &'a mut Flow) -> Self {
        let numbering = NumberingState::new();
        Self { styles, numbering, flow, row: 0, rows: Vec::new(), texts: 0, is_deleted: false }
    }

    fn section(&mut self, xml: &str) -> Result<(), Reason> {
        let mut reader = Reader::from_str(xml);
        loop {
            match reader.read_event() {
                Ok(Event::Start(element)) => self.start(&element),
                Ok(Event::Empty(element)) => {
                    self.start(&element);
                    self.end(element.local_name().as_ref());
                }
                Ok(Event::End(element)) => self.end(element.local_name().as_ref()),
                Ok(Event::Text(text)) => self.text(&text.xml_content(XmlVersion::Implicit1_0)),
                Ok(Event::GeneralRef(reference)) => self.text(&resolved(&reference)),
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(error) => return Err(damage::reason(&error)),
            }
        }
        self.flow.close_all();
        Ok(())
    }

    fn start(&mut self, element: &BytesStart<'_>) {
        match element.local_name().as_ref() {
            "p" => self.open_paragraph(element),
            "t" | "mainText" => self.texts += 1,
            "script" | "subText" => {
                self.flow.text(" ");
                self.texts += 1;
            }
            "tab" | "nbSpace" | "fwSpace" if self.texts > 0 => self.flow.text(" "),
            "hyphen" if self.texts > 0 => self.flow.text("-"),
            "lineBreak" => self.flow.text("\n"),
            "autoNum" | "newNum" => self.text_of(element, "num"),
            "deleteBegin" => self.is_deleted = true,
            "deleteEnd" => self.is_deleted = false,
            "tbl" => {
                self.rows.push(self.row);
                self.row = 0;
                self.flow.open_table();
            }
            "tc" => {
                let is_header = attribute(element, "header").is_some_and(|it| it == "1");
                self.flow.open_cell(Position { row: self.row, rows: 1, columns: 1, is_header });
            }
            "cellSpan" => {
                let number = |name| number(element, name).map_or(1, |it| it as usize);
                self.flow.span_cell(number("colSpan"), number("rowSpan"));
            }
            "compose" => self.text_of(element, "composeText"),
            "secPr" => {
                let id = number(element, "outlineShapeIDRef");
                self.numbering.set_outline_id(id.unwrap_or(0));
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "p" | "tc" => self.flow.close(),
            "t" | "mainText" | "script" | "subText" => self.texts = self.texts.saturating_sub(1),
            "tr" => self.row += 1,
            "tbl" => {
                self.flow.close();
                self.row = self.rows.pop().unwrap_or(0);
            }
            _ => {}
        }
    }

    fn open_paragraph(&mut self, element: &BytesStart<'_>) {
        let shape = number(element, "paraPrIDRef").unwrap_or(0);
        let head = self.styles.get_para_style(shape).and_then(|style| style.head.as_ref());
        let counted = head.filter(|head| head.kind != HeadKind::Bullet);
        let label = counted.and_then(|head| self.numbering.label(head, self.styles));
        let outline = head.filter(|head| head.kind == HeadKind::Outline);
        self.flow.open_paragraph(outline.map_or(0, |head| head.level.saturating_add(1)), label);
    }

    fn text_of(&mut self, element: &BytesStart<'_>, name: &str) {
        let text = attribute(element, name);
        self.flow.text(text.as_deref().unwrap_or_default());
    }

    fn text(&mut self, text: &str) {
        if self.texts > 0 && !self.is_deleted {
            self.flow.text(&text.replace('\u{f53a}', "한"));
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    attributes.with_checks(false);
    let found = attributes.flatten().find(|it| it.key.local_name().as_ref() == name)?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}

fn number(element: &BytesStart<'_>, name: &str) -> Option<u32> {
    attribute(element, name)?.parse().ok()
}

fn resolved(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(char)) = reference.resolve_char_ref() {
        return char.to_string();
    }
    resolve_predefined_entity(reference).unwrap_or_default().to_owned()
}

/// What the package's manifest says of the document.
fn summary(xml: &str) -> Metadata {
    let mut summary = Metadata::default();
    let mut reader = Reader::from_str(xml);
    let mut key = String::new();
    let mut value = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                value.clear();
                key = match element.local_name().as_ref() {
                    "meta" => attribute(&element, "name").unwrap_or_default(),
                    name => name.to_owned(),
                };
            }
            Ok(Event::Text(text)) => value.push_str(&text.xml_content(XmlVersion::Implicit1_0)),
            Ok(Event::GeneralRef(reference)) => value.push_str(&resolved(&reference)),
            Ok(Event::End(_)) => {
                let value = Some(std::mem::take(&mut value)).filter(|it| !it.trim().is_empty());
                match key.as_str() {
                    "title" => summary.title = value,
                    "creator" => summary.author = value,
                    "subject" => summary.subject = value,
                    "keyword" => summary.keywords = value.into_iter().collect(),
                    "CreatedDate" => summary.created = value,
                    "ModifiedDate" => summary.modified = value,
                    _ => {}
                }
                key.clear();
            }
            Ok(Event::Eof) | Err(_) => return summary,
            Ok(_) => {}
        }
    }
}
