//! The content of an OpenDocument file, in reading order.

mod tables;

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::events::BytesStart;

use super::lists::Lists;
use crate::document::{Place, Section};
use crate::extract::Reason;
use crate::extract::flow::Flow;
use crate::extract::outline::one_line;
use crate::extract::table::Table;
use crate::extract::workbook::{Sheet, iso_text, number_text};
use crate::extract::xml::{Token, Tokens, attribute, number};

/// Tables nested deeper are text of the cell that they stand in.
const MAX_TABLES: usize = 16;

/// Elements whose text is not the document's.
const PASSED_OVER: [&str; 12] = [
    "note-citation",
    "tracked-changes",
    "ruby-text",
    "table-of-content-source",
    "alphabetical-index-source",
    "illustration-index-source",
    "table-index-source",
    "user-index-source",
    "object-index-source",
    "bibliography-source",
    "creator-initials",
    "binary-data",
];

/// What is open while a file is read.
#[derive(Debug, Default)]
pub(super) struct Walker {
    flow: Flow,
    sheets: Vec<Section>,
    /// Charts and other parts with content of their own, by lower-case name; taken when met.
    pub objects: BTreeMap<String, String>,
    lists: Lists,
    title_styles: BTreeSet<String>,
    paragraphs: Vec<Paragraph>,
    containers: Vec<Container>,
    tables: Vec<Table>,
    ignored_tables: usize,
    /// How often the open cell stands in its row.
    repeated: usize,
    value: Option<tables::Value>,
    /// How many of the next covered cells belong to the cell at their left.
    covered: usize,
    /// Whether the open rows are marked as headers.
    is_header: bool,
    sheet: Option<OpenSheet>,
    is_spreadsheet: bool,
    page: Option<Page>,
    pages: u32,
    title: Option<String>,
    seen_margins: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    level: Option<u8>,
    label: String,
    after: Vec<String>,
}

/// Where the text of paragraphs goes, unless it goes to the flow.
#[derive(Debug)]
enum Container {
    Cell(usize),
    Box { text: String, class: Option<String> },
}

#[derive(Debug, Default)]
struct OpenSheet {
    name: String,
    sheet: Sheet,
    row: u32,
    repeated_rows: u32,
}

/// A slide.
#[derive(Debug, Default)]
struct Page {
    title: String,
    texts: Vec<String>,
    notes: Vec<String>,
    is_in_notes: bool,
}

impl Walker {
    pub(super) fn new(file_bytes: usize) -> Self {
        Self { flow: Flow::new(file_bytes), ..Self::default() }
    }

    /// Reads the XML of the content.
    pub(super) fn read(&mut self, xml: &str) -> Result<(), Reason> {
        let mut tokens = Tokens::new(xml);
        while let Some(token) = tokens.next()? {
            match token {
                Token::Open(tag) => {
                    let name = tag.name();
                    if PASSED_OVER.contains(&name.local_name().as_ref()) || name.0 == "dc:date" {
                        tokens.skip_element()?;
                    } else if name.0 == "dc:creator" {
                        let author = tokens.text_of_element()?;
                        self.add_line(&format!("{author}:"));
                    } else if name.local_name().as_ref().ends_with("er-decl") {
                        let text = tokens.text_of_element()?;
                        self.seen_margins.insert(one_line(&text));
                    } else {
                        self.open(&tag);
                    }
                }
                Token::Close(tag) => self.close(tag.local_name().as_ref()),
                Token::Text(text) => self.text(&text),
            }
        }
        Ok(())
    }

    /// Adds a text that stands on each page.
    pub(super) fn add_margin(&mut self, text: &str) {
        self.seen_margins.insert(one_line(text));
    }

    /// All sections, and the title that the text itself has.
    pub(super) fn finish(mut self) -> (Vec<Section>, Option<String>) {
        self.flow.go_to(Place::Unknown);
        self.flow.heading(0, "");
        for text in &self.seen_margins {
            self.flow.paragraph(text);
        }
        let mut sections = self.sheets;
        sections.extend(self.flow.finish());
        (sections, self.title)
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "p" | "h" => self.open_paragraph(tag),
            "s" => self.white_space(&" ".repeat(number(tag, "c").unwrap_or(1).clamp(1, 100))),
            "tab" => self.white_space("\t"),
            "line-break" => self.white_space("\n"),
            "spreadsheet" => self.is_spreadsheet = true,
            "style" => self.note_style(tag),
            "frame" | "custom-shape" | "rect" | "ellipse" | "circle" | "polygon" | "path"
            | "line" | "connector" | "caption" | "note" | "annotation" => {
                let class = attribute(tag, "class");
                self.containers.push(Container::Box { text: String::new(), class });
            }
            "object" => self.read_object(tag),
            "page" if self.page.is_none() => {
                self.pages = self.pages.saturating_add(1);
                self.page = Some(Page::default());
            }
            "notes" => self.page.iter_mut().for_each(|page| page.is_in_notes = true),
            _ => {
                self.lists.open(tag);
                self.open_in_table(tag);
            }
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" | "h" => self.close_paragraph(),
            "frame" | "custom-shape" | "rect" | "ellipse" | "circle" | "polygon" | "path"
            | "line" | "connector" | "caption" | "note" | "annotation" => self.close_box(),
            "page" => self.close_page(),
            "notes" => self.page.iter_mut().for_each(|page| page.is_in_notes = false),
            _ => {
                self.lists.close(name);
                self.close_in_table(name);
            }
        }
    }

    fn note_style(&mut self, tag: &BytesStart<'_>) {
        if attribute(tag, "parent-style-name").is_some_and(|parent| parent == "Title") {
            self.title_styles.extend(attribute(tag, "name"));
        }
    }

    fn open_paragraph(&mut self, tag: &BytesStart<'_>) {
        let style = attribute(tag, "style-name").unwrap_or_default();
        let level = if tag.local_name().as_ref() == "h" {
            Some(number(tag, "outline-level").unwrap_or(1).clamp(1, 100) as u8)
        } else {
            (style == "Title" || self.title_styles.contains(&style)).then_some(0)
        };
        let label = self.lists.label();
        self.paragraphs.push(Paragraph { level, label, ..Paragraph::default() });
    }

    fn close_paragraph(&mut self) {
        let Some(paragraph) = self.paragraphs.pop() else { return };
        let text = paragraph.text.trim();
        match paragraph.level.filter(|_| self.containers.is_empty() && self.page.is_none()) {
            _ if text.is_empty() => {}
            Some(level) => {
                let title = one_line(text);
                self.flow.heading(level, &title);
                self.title.get_or_insert(title);
            }
            None if paragraph.label.is_empty() => self.add(text),
            None => self.add_line(&format!("{}{text}", paragraph.label)),
        }
        for text in paragraph.after {
            self.add(&text);
        }
    }

    fn text(&mut self, text: &str) {
        let Some(paragraph) = self.paragraphs.last_mut() else { return };
        if text.starts_with(char::is_whitespace) {
            end_with_space(&mut paragraph.text);
        }
        for (index, word) in text.split_whitespace().enumerate() {
            if index > 0 {
                paragraph.text.push(' ');
            }
            paragraph.text.push_str(word);
        }
        if text.ends_with(char::is_whitespace) {
            end_with_space(&mut paragraph.text);
        }
    }

    fn white_space(&mut self, text: &str) {
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.text.push_str(text);
        }
    }

    fn close_box(&mut self) {
        let Some(Container::Box { text, class }) = self.containers.pop_if(|it| it.is_box()) else {
            return;
        };
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.after.push(text.to_owned());
        } else if let (Some(page), true) = (&mut self.page, self.containers.is_empty()) {
            match class.as_deref() {
                _ if page.is_in_notes => page.notes.push(text.to_owned()),
                Some("title") if page.title.is_empty() => text.clone_into(&mut page.title),
                _ => page.texts.push(text.to_owned()),
            }
        } else {
            self.add(text);
        }
    }

    /// Reads a chart where it stands.
    fn read_object(&mut self, tag: &BytesStart<'_>) {
        let name = attribute(tag, "href").unwrap_or_default();
        let name = name.trim_start_matches("./").to_ascii_lowercase();
        let Some(xml) = self.objects.remove(&name) else { return };
        let mut object = Self::new(xml.len());
        // What was read before the damage is kept: it is only a part.
        let _ = object.read(&xml);
        let texts = object.finish().0.into_iter().map(|section| section.text);
        let text = texts.collect::<Vec<_>>().join("\n");
        self.add_line(&text);
    }

    fn close_page(&mut self) {
        let Some(page) = self.page.take() else { return };
        self.flow.go_to(Place::Page(self.pages));
        let title = one_line(&page.title);
        self.flow.heading(1, &title);
        page.texts.iter().for_each(|text| self.flow.paragraph(text));
        if !page.notes.is_empty() {
            self.flow.heading(2, "Notes");
            page.notes.iter().for_each(|text| self.flow.paragraph(text));
        }
        if !title.is_empty() {
            self.title.get_or_insert(title);
        }
    }

    fn add(&mut self, text: &str) {
        match self.containers.last() {
            None if self.page.is_none() => self.flow.paragraph(text),
            _ => self.add_line(text),
        }
    }

    fn add_line(&mut self, line: &str) {
        match (self.containers.last_mut(), &mut self.page) {
            (Some(Container::Cell(table)), _) => {
                if let Some(table) = self.tables.get_mut(*table) {
                    table.cell.add_line(line);
                }
            }
            (Some(Container::Box { text, .. }), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, Some(page)) if page.is_in_notes => page.notes.push(line.to_owned()),
            (None, Some(page)) => page.texts.push(line.to_owned()),
            (None, None) => self.flow.line(line),
        }
    }
}

impl Container {
    fn is_box(&self) -> bool {
        matches!(self, Self::Box { .. })
    }
}

fn end_with_space(text: &mut String) {
    if !text.is_empty() && !text.ends_with(char::is_whitespace) {
        text.push(' ');
    }
}
