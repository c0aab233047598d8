//! The text of a Word document (`.docx`), in reading order.

use std::collections::BTreeMap;

use super::numbering::Numbering;
use super::styles::{Styles, Traits};
use crate::extract::Reason;
use crate::extract::flow::Flow;
use crate::extract::outline::one_line;
use crate::extract::table::Table;
use crate::extract::xml::{Token, Tokens, attribute, is_on, number};
use quick_xml::events::BytesStart;

/// Tables nested deeper are text of the cell that they stand in.
const MAX_TABLES: usize = 16;

/// Twins of what is read elsewhere, and what a reader of the document does not see.
const PASSED_OVER: [&str; 9] = [
    "Fallback",
    "moveFrom",
    "numberingChange",
    "pPrChange",
    "rPrChange",
    "rt",
    "sectPrChange",
    "tblPrChange",
    "tcPrChange",
];

/// What is the same for all parts of a document.
#[derive(Debug, Default)]
pub(super) struct Resources {
    pub styles: Styles,
    pub numbering: Numbering,
    /// Texts that stand in parts of their own, by the name of the element that refers to them
    /// and its id; each is taken when it is met.
    pub notes: BTreeMap<(&'static str, String), String>,
}

/// Reads one part into a flow.
pub(super) struct Word<'a> {
    flow: &'a mut Flow,
    resources: &'a mut Resources,
    paragraphs: Vec<Paragraph>,
    tables: Vec<Table>,
    /// How many tables are open that are nested too deeply to be kept apart.
    ignored_tables: usize,
    containers: Vec<Container>,
    is_text: bool,
    is_bold: bool,
    /// The first title or heading.
    pub title: Option<String>,
}

#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    traits: Traits,
    has_plain_text: bool,
    /// Text boxes, notes and charts that hang on it.
    after: Vec<String>,
}

/// Where the text of paragraphs goes, unless it goes to the flow.
#[derive(Debug)]
enum Container {
    /// The open cell of the table of this index.
    Cell(usize),
    Box(String),
}

impl<'a> Word<'a> {
    pub(super) fn new(flow: &'a mut Flow, resources: &'a mut Resources) -> Self {
        Self {
            flow,
            resources,
            paragraphs: Vec::new(),
            tables: Vec::new(),
            ignored_tables: 0,
            containers: Vec::new(),
            is_text: false,
            is_bold: false,
            title: None,
        }
    }

    /// Reads the XML of a part.
    pub(super) fn read(&mut self, xml: &str) -> Result<(), Reason> {
        let mut tokens = Tokens::new(xml);
        while let Some(token) = tokens.next()? {
            match token {
                Token::Open(tag) if PASSED_OVER.contains(&tag.local_name().as_ref()) => {
                    tokens.skip_element()?;
                }
                Token::Open(tag) => self.open(&tag),
                Token::Close(tag) => self.close(tag.local_name().as_ref()),
                Token::Text(text) if self.is_text => self.text(&text),
                Token::Text(_) => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "p" => self.paragraphs.push(Paragraph::default()),
            "t" => self.is_text = true,
            "r" => self.is_bold = false,
            "b" => self.is_bold = attribute(tag, "val").is_none() || is_on(tag, "val"),
            "tab" | "ptab" => self.text("\t"),
            "br" | "cr" => self.text("\n"),
            "noBreakHyphen" => self.text("-"),
            "txbxContent" => self.containers.push(Container::Box(String::new())),
            "footnoteReference" => self.refer("footnote", attribute(tag, "id")),
            "endnoteReference" => self.refer("endnote", attribute(tag, "id")),
            "commentReference" => self.refer("comment", attribute(tag, "id")),
            "chart" => self.refer("chart", attribute(tag, "id")),
            "relIds" => self.refer("diagramData", attribute(tag, "dm")),
            "pStyle" | "numId" | "ilvl" | "outlineLvl" => self.note_trait(tag),
            _ => self.open_in_table(tag),
        }
    }

    fn open_in_table(&mut self, tag: &BytesStart<'_>) {
        let name = tag.local_name();
        if name.as_ref() == "tbl" {
            if self.tables.len() < MAX_TABLES && self.ignored_tables == 0 {
                self.tables.push(Table::default());
            } else {
                self.ignored_tables += 1;
            }
        }
        if self.ignored_tables > 0 {
            return;
        }
        let index = self.tables.len().wrapping_sub(1);
        let Some(table) = self.tables.get_mut(index) else { return };
        match name.as_ref() {
            "tc" => self.containers.push(Container::Cell(index)),
            "gridSpan" => table.cell.columns = number(tag, "val").unwrap_or(1).clamp(1, 1000),
            "vMerge" => {
                table.cell.is_tall = attribute(tag, "val").is_some_and(|val| val == "restart");
                table.cell.continues = !table.cell.is_tall;
            }
            "shd" if self.paragraphs.is_empty() => {
                let fill = attribute(tag, "fill").unwrap_or_default().to_lowercase();
                table.cell.is_label = !matches!(&*fill, "" | "auto" | "ffffff");
            }
            "tblHeader" => {
                table.is_header_row = attribute(tag, "val").is_none() || is_on(tag, "val");
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" => self.close_paragraph(),
            "t" => self.is_text = false,
            "txbxContent" => {
                if let Some(Container::Box(text)) = self.containers.pop_if(|it| it.is_box()) {
                    match self.paragraphs.last_mut() {
                        Some(paragraph) => paragraph.after.push(text),
                        None => self.add(&text),
                    }
                }
            }
            "tbl" if self.ignored_tables > 0 => self.ignored_tables -= 1,
            "tbl" => {
                self.tables.pop();
            }
            "tc" if self.ignored_tables == 0 => {
                if self.containers.pop_if(|it| !it.is_box()).is_some()
                    && let Some(table) = self.tables.last_mut()
                {
                    table.close_cell();
                }
            }
            "tr" if self.ignored_tables == 0 => {
                if let Some(table) = self.tables.last_mut() {
                    let row = table.close_row(&mut self.flow.budget);
                    self.add_line(&row);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.text.push_str(text);
            paragraph.has_plain_text |= !self.is_bold && !text.trim().is_empty();
        }
    }

    fn refer(&mut self, kind: &'static str, id: Option<String>) {
        let note = id.and_then(|id| self.resources.notes.remove(&(kind, id)));
        if let (Some(note), Some(paragraph)) = (note, self.paragraphs.last_mut()) {
            paragraph.after.push(note);
        }
    }

    fn note_trait(&mut self, tag: &BytesStart<'_>) {
        let Some(paragraph) = self.paragraphs.last_mut() else { return };
        let value = attribute(tag, "val");
        match (tag.local_name().as_ref(), value) {
            ("pStyle", Some(id)) => paragraph.traits.inherit(&self.resources.styles.traits(&id)),
            // The style comes first in the XML, but what the paragraph itself says holds.
            (name, value) => paragraph.traits.note(name, value),
        }
    }

    fn close_paragraph(&mut self) {
        let Some(paragraph) = self.paragraphs.pop() else { return };
        let Paragraph { text, traits, has_plain_text, after } = paragraph;
        if !text.trim().is_empty() {
            if !has_plain_text {
                self.mark_label();
            }
            let label = self.label(&traits);
            let level = if traits.is_title { Some(0) } else { traits.outline_level };
            match level.filter(|level| *level < 9 && self.containers.is_empty()) {
                Some(level) => {
                    let title = one_line(&format!("{label} {text}"));
                    // Level 0 is the title's.
                    let level = if traits.is_title { 0 } else { level + 1 };
                    self.flow.heading(level, &title);
                    self.title.get_or_insert(title);
                }
                None if label.is_empty() => self.add(&text),
                None => {
                    let indent = "  ".repeat(traits.list_level.unwrap_or(0));
                    self.add_line(&format!("{indent}{label} {}", text.trim()));
                }
            }
        }
        for text in after {
            self.add(&text);
        }
    }

    /// A cell that begins with bold text is a label.
    fn mark_label(&mut self) {
        if let Some(Container::Cell(index)) = self.containers.last()
            && let Some(table) = self.tables.get_mut(*index)
        {
            table.cell.is_label |= table.cell.text.is_empty();
        }
    }

    /// The number or bullet before a paragraph.
    fn label(&mut self, traits: &Traits) -> String {
        let list = traits.list.as_ref().filter(|list| *list != "0");
        // A heading's style names its list but not always the level in it.
        let level = traits.list_level.or(traits.outline_level.map(usize::from)).unwrap_or(0);
        let label = list.and_then(|list| self.resources.numbering.count(list, level));
        let is_heading = traits.is_title || traits.outline_level.is_some();
        label.filter(|label| !is_heading || label != "-").unwrap_or_default()
    }

    fn add(&mut self, text: &str) {
        match self.containers.last() {
            None => self.flow.paragraph(text.trim()),
            Some(_) => self.add_line(text),
        }
    }

    fn add_line(&mut self, text: &str) {
        match self.containers.last_mut() {
            None => self.flow.line(text),
            Some(Container::Box(content)) => {
                content.push_str(text);
                content.push('\n');
            }
            Some(Container::Cell(table)) => {
                if let Some(table) = self.tables.get_mut(*table) {
                    table.cell.add_line(text);
                }
            }
        }
    }
}

impl Container {
    fn is_box(&self) -> bool {
        matches!(self, Self::Box(_))
    }
}

/// The texts of a part of notes or comments, by id.
pub(super) fn notes(xml: &str) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    let mut open: Option<(String, String)> = None;
    let mut is_text = false;
    let mut tokens = Tokens::new(xml);
    while let Ok(Some(token)) = tokens.next() {
        match token {
            Token::Open(tag) => match tag.local_name().as_ref() {
                "footnote" | "endnote" | "comment" => {
                    let author = attribute(&tag, "author").filter(|author| !author.is_empty());
                    let start = author.map(|author| format!("{author}: ")).unwrap_or_default();
                    open = attribute(&tag, "id").map(|id| (id, start));
                }
                "t" => is_text = true,
                "tab" => push(&mut open, "\t"),
                "br" => push(&mut open, "\n"),
                "Fallback" | "moveFrom" if tokens.skip_element().is_err() => break,
                _ => {}
            },
            Token::Close(tag) => match tag.local_name().as_ref() {
                "footnote" | "endnote" | "comment" => notes.extend(open.take()),
                "t" => is_text = false,
                "p" => push(&mut open, "\n"),
                _ => {}
            },
            Token::Text(text) if is_text => push(&mut open, &text),
            Token::Text(_) => {}
        }
    }
    notes
}

fn push(open: &mut Option<(String, String)>, text: &str) {
    if let Some((_, note)) = open {
        note.push_str(text);
    }
}
