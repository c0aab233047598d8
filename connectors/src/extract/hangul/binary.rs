//! HWP 5: containers, styles and summary through `unhwp`; the text from the records of the body.
//!
//! `unhwp`'s own walk over the body loses letters beyond 16 bits, what follows a hyphen, numbers
//! of captions, which cells are headers, and tears paragraphs apart at what is anchored in them.

use std::io::Cursor;

use unhwp::hwp5::{FileHeader, Hwp5Container, Hwp5Parser, Record, RecordIterator, TagId};
use unhwp::model::{HeadKind, NumberingState, StyleRegistry};
use unhwp::{Error, ParseOptions};

use super::flow::{Flow, Position};
use super::{characters, distribution, metadata, reason};
use crate::document::Document;
use crate::extract::Reason;

/// Reads a document of version 5.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Reason> {
    let mut parser = Hwp5Parser::from_reader(Cursor::new(bytes)).map_err(reason)?;
    let header = parser.header().clone();
    if header.is_encrypted() {
        return Err(Reason::Failed("protected by a password".to_owned()));
    }
    if header.is_drm_protected() {
        return Err(Reason::Failed("protected by digital rights management".to_owned()));
    }
    let options = ParseOptions::default().sequential().structure_only();
    // Text is worth more than its styles.
    let source = parser.parse_with_options(&options).unwrap_or_default();
    drop(parser);
    let container = Hwp5Container::from_reader(Cursor::new(bytes)).map_err(reason)?;
    let mut flow = Flow::default();
    for index in 0.. {
        let Some(section) = section(&container, &header, index)? else { break };
        Walk::new(&source.styles, &mut flow).section(&section)?;
    }
    Ok(metadata::add(flow.finish(), source.metadata))
}

/// The records of a section; `None` after the last.
fn section(
    container: &Hwp5Container,
    header: &FileHeader,
    index: usize,
) -> Result<Option<Vec<u8>>, Reason> {
    let section = if header.is_distribution() {
        let stream = container.read_stream_raw(&format!("ViewText/Section{index}"));
        stream.map(|stream| distribution::section(&stream))
    } else {
        let name = format!("BodyText/Section{index}");
        container.read_stream_decompressed(&name, header.is_compressed()).map(Ok)
    };
    match section {
        Ok(section) => section.map(Some),
        Err(Error::MissingComponent(_)) if index > 0 => Ok(None),
        Err(error) => Err(reason(error)),
    }
}

/// A walk over the records of one section.
struct Walk<'a> {
    styles: &'a StyleRegistry,
    numbering: NumberingState,
    flow: &'a mut Flow,
    open: Vec<Open>,
}

/// What is open, and the level of the record that opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Paragraph(u16),
    Table(u16),
    Cell(u16),
}

impl Open {
    /// Whether a record stands outside of it.
    fn ends_before(self, record: &Record) -> bool {
        match self {
            Self::Paragraph(level) => record.level() <= level,
            Self::Table(level) => record.level() < level,
            Self::Cell(level) => {
                let is_next = record.level() == level && record.tag() == TagId::ListHeader;
                record.level() < level || is_next
            }
        }
    }
}

impl<'a> Walk<'a> {
    fn new(styles: &'a StyleRegistry, flow: &'a mut Flow) -> Self {
        Self { styles, numbering: NumberingState::new(), flow, open: Vec::new() }
    }

    fn section(&mut self, data: &[u8]) -> Result<(), Reason> {
        for record in RecordIterator::new(data) {
            let record = record.map_err(reason)?;
            while self.open.last().is_some_and(|open| open.ends_before(&record)) {
                self.open.pop();
                self.flow.close();
            }
            self.record(&record);
        }
        self.flow.close_all();
        Ok(())
    }

    fn record(&mut self, record: &Record) {
        let level = record.level();
        match record.tag() {
            TagId::ParaHeader => {
                self.open_paragraph(record);
                self.open.push(Open::Paragraph(level));
            }
            TagId::ParaText => self.flow.text(&characters::decode(record.data())),
            TagId::Table => {
                self.flow.open_table();
                self.open.push(Open::Table(level));
            }
            TagId::ListHeader if self.open.last() == Some(&Open::Table(level)) => {
                self.flow.open_cell(position(record));
                self.open.push(Open::Cell(level));
            }
            TagId::CtrlHeader => self.control(record.data()),
            TagId::EqEdit => self.flow.formula(formula(record.data())),
            _ => {}
        }
    }

    fn open_paragraph(&mut self, record: &Record) {
        let shape = u32::from(record.read_u16(8).unwrap_or(0));
        let head = self.styles.get_para_style(shape).and_then(|style| style.head.as_ref());
        let counted = head.filter(|head| head.kind != HeadKind::Bullet);
        let label = counted.and_then(|head| self.numbering.label(head, self.styles));
        let outline = head.filter(|head| head.kind == HeadKind::Outline);
        self.flow.open_paragraph(outline.map_or(0, |head| head.level.saturating_add(1)), label);
    }

    /// Controls are named by four letters, written backwards.
    fn control(&mut self, data: &[u8]) {
        let number = |at: usize| match data.get(at..at + 2) {
            Some(pair) => u16::from_le_bytes([pair[0], pair[1]]),
            None => 0,
        };
        match data.get(..4) {
            Some(b"dces") => self.numbering.set_outline_id(u32::from(number(18))),
            Some(b"onta" | b"onwn") => self.flow.number(number(8).to_string()),
            _ => {}
        }
    }
}

fn position(record: &Record) -> Position {
    let number = |at: usize| usize::from(record.read_u16(at).unwrap_or(1));
    let is_header = record.read_u32(4).is_ok_and(|properties| properties & (1 << 18) != 0);
    Position { row: number(10), columns: number(12), rows: number(14), is_header }
}

fn formula(data: &[u8]) -> String {
    let length = data.get(4..6).map_or(0, |pair| u16::from_le_bytes([pair[0], pair[1]]));
    let end = (6 + usize::from(length) * 2).min(data.len());
    characters::decode(data.get(6..end).unwrap_or_default())
}
