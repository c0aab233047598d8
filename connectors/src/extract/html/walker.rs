//! From the tokens of an HTML text to sections.

use std::cell::RefCell;
use std::collections::BTreeMap;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};

use super::elements::{self, Skipping};
use super::table::{Shape, Table};
use super::text::{Gap, Text};
use crate::document::{Place, Section};
use crate::extract::outline::{MAX_SECTIONS, Outline, clipped, one_line};

/// Tables within tables are read as such down to this depth.
const MAX_TABLES: usize = 8;

/// What follows a heading that is never closed is not a heading.
const MAX_HEADING_BYTES: usize = 500;

const MAX_TITLE_BYTES: usize = 300;
const MAX_METADATA_BYTES: usize = 1000;

/// How near to the main content a section stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Region {
    #[default]
    Elsewhere,
    Article,
    Main,
}

/// A section and where it stands.
#[derive(Debug)]
pub(super) struct Part {
    pub section: Section,
    pub region: Region,
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub parts: Vec<Part>,
    pub title: Option<String>,
    pub first_heading: Option<String>,
    pub metadata: BTreeMap<String, String>,
    /// The text ended within an element that is left out.
    pub is_cut_short: bool,
}

/// Receives the tokens.
pub(super) struct Sink {
    walker: RefCell<Walker>,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Html,
    /// A tag that closes itself has no end.
    Xml,
}

struct Walker {
    skipping: Skipping,
    syntax: Syntax,
    walk: Walk,
    outline: Outline,
    text: Text,
    title: Option<Text>,
    heading: Option<(u8, Text)>,
    tables: Vec<Table>,
    /// The element that is left out now, and how many of its name are open.
    skipped: Option<(String, usize)>,
    mains: usize,
    articles: usize,
    preformatted: usize,
    /// How many bytes tables may still add by repeating headers and values.
    budget: usize,
}

impl Sink {
    pub(super) fn new(skipping: Skipping, syntax: Syntax, budget: usize) -> Self {
        let walker = Walker {
            skipping,
            syntax,
            walk: Walk::default(),
            outline: Outline::default(),
            text: Text::default(),
            title: None,
            heading: None,
            tables: Vec::new(),
            skipped: None,
            mains: 0,
            articles: 0,
            preformatted: 0,
            budget,
        };
        Self { walker: RefCell::new(walker) }
    }

    /// What was found, once all tokens came in.
    pub(super) fn finish(self) -> Walk {
        let mut walker = self.walker.into_inner();
        walker.end_heading();
        while !walker.tables.is_empty() {
            walker.end_table();
        }
        walker.end_section();
        walker.walk.is_cut_short = walker.skipped.is_some();
        walker.walk
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut walker = self.walker.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => walker.start(&tag),
            Token::TagToken(tag) => {
                walker.end(&tag.name);
                TokenSinkResult::Continue
            }
            Token::CharacterTokens(text) => {
                walker.characters(&text);
                TokenSinkResult::Continue
            }
            _ => TokenSinkResult::Continue,
        }
    }
}

impl Walker {
    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let is_closed = tag.self_closing && (self.syntax == Syntax::Xml || name == "svg");
        if let Some((skipped, open)) = &mut self.skipped {
            *open += usize::from(skipped == name && !is_closed);
        } else if !elements::is_left_out(tag, self.skipping) {
            self.open(name, tag);
        } else {
            self.skipped = (!is_closed).then(|| (name.to_owned(), 1));
            self.out().separate(Gap::Space);
        }
        match name {
            _ if is_closed => TokenSinkResult::Continue,
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" => {
                TokenSinkResult::RawData(RawKind::Rawtext)
            }
            "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            "title" if self.skipped.is_none() => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }

    fn open(&mut self, name: &str, tag: &Tag) {
        match name {
            "title" => self.title = Some(Text::default()),
            "meta" => self.remember(tag),
            "main" | "article" => self.enter_region(name),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.start_heading(name),
            "table" if self.tables.len() < MAX_TABLES => {
                self.end_heading();
                self.out().separate(Gap::Paragraph);
                self.tables.push(Table::default());
            }
            "tr" => self.end_row(),
            "td" | "th" => self.start_cell(name, tag),
            "pre" => {
                self.out().separate(Gap::Paragraph);
                self.preformatted += 1;
            }
            "li" => {
                self.out().separate(Gap::Line);
                self.out().flow("- ");
            }
            "br" => self.out().separate(Gap::Line),
            _ => self.out().separate(elements::gap(name)),
        }
    }

    fn end(&mut self, name: &str) {
        if let Some((skipped, open)) = &mut self.skipped {
            if skipped == name {
                *open -= 1;
                if *open == 0 {
                    self.skipped = None;
                }
            }
            return;
        }
        match name {
            "title" => self.end_title(),
            "main" | "article" => self.leave_region(name),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.end_heading(),
            "table" => self.end_table(),
            "tr" => self.end_row(),
            "td" | "th" => {
                if let Some(table) = self.tables.last_mut() {
                    table.close_cell();
                }
            }
            "pre" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.out().separate(Gap::Paragraph);
            }
            _ => self.out().separate(elements::gap(name)),
        }
    }

    fn characters(&mut self, text: &str) {
        if self.skipped.is_some() {
            return;
        }
        if self.preformatted > 0 {
            self.out().keep(text);
        } else {
            self.out().flow(text);
        }
        let is_endless = |(_, text): &(u8, Text)| text.len() > MAX_HEADING_BYTES;
        if self.heading.as_ref().is_some_and(is_endless) {
            self.end_heading();
        }
    }

    /// Where text goes now.
    fn out(&mut self) -> &mut Text {
        if let Some(title) = &mut self.title {
            title
        } else if let Some((_, heading)) = &mut self.heading {
            heading
        } else if let Some(table) = self.tables.last_mut() {
            &mut table.text
        } else {
            &mut self.text
        }
    }

    fn end_title(&mut self) {
        if let Some(mut text) = self.title.take() {
            let title = one_line(&text.take());
            if !title.is_empty() && self.walk.title.is_none() {
                self.walk.title = Some(clipped(&title, MAX_TITLE_BYTES).to_owned());
            }
        }
    }

    fn remember(&mut self, tag: &Tag) {
        let value = |name: &str| {
            let attribute = tag.attrs.iter().find(|it| &*it.name.local == name);
            attribute.map(|attribute| one_line(&attribute.value)).unwrap_or_default()
        };
        let (key, content) = (value("name").to_lowercase(), value("content"));
        let is_known = matches!(key.as_str(), "author" | "date" | "description" | "keywords");
        if is_known && !content.is_empty() {
            let content = clipped(&content, MAX_METADATA_BYTES).to_owned();
            self.walk.metadata.entry(key).or_insert(content);
        }
    }

    fn start_heading(&mut self, name: &str) {
        self.end_heading();
        // Within a table it is a cell's text.
        if !self.tables.is_empty() || self.walk.parts.len() >= MAX_SECTIONS {
            self.out().separate(Gap::Paragraph);
            return;
        }
        self.heading = Some((name.as_bytes()[1] - b'0', Text::default()));
    }

    fn end_heading(&mut self) {
        let Some((level, mut text)) = self.heading.take() else {
            self.out().separate(Gap::Paragraph);
            return;
        };
        let title = one_line(&text.take());
        if title.len() > MAX_HEADING_BYTES {
            self.text.separate(Gap::Paragraph);
            self.text.flow(&title);
        } else if !title.is_empty() {
            self.end_section();
            self.outline.enter(level, &title);
            if level == 1 && self.walk.first_heading.is_none() {
                self.walk.first_heading = Some(title);
            }
        }
    }

    fn start_cell(&mut self, name: &str, tag: &Tag) {
        let number = |name: &str| {
            let attribute = tag.attrs.iter().find(|it| &*it.name.local == name);
            let number = attribute.and_then(|it| it.value.trim().parse::<usize>().ok());
            number.unwrap_or(1).clamp(1, 1000)
        };
        let is_header = name == "th";
        let shape = Shape { is_header, columns: number("colspan"), rows: number("rowspan") };
        match self.tables.last_mut() {
            Some(table) => table.open_cell(shape),
            None => self.out().separate(Gap::Line),
        }
    }

    fn end_row(&mut self) {
        match self.tables.last_mut() {
            Some(table) => {
                if self.budget == 0 {
                    table.stop_repeating();
                }
                let line = table.close_row();
                self.budget = self.budget.saturating_sub(line.as_ref().map_or(0, String::len));
                self.write_below(line);
            }
            None => self.out().separate(Gap::Line),
        }
    }

    fn end_table(&mut self) {
        self.end_row();
        if let Some(table) = self.tables.last_mut() {
            let line = table.close();
            self.write_below(line);
            self.tables.pop();
        }
        self.out().separate(Gap::Paragraph);
    }

    /// Writes a row of the innermost table to what that table stands in.
    fn write_below(&mut self, line: Option<String>) {
        let Some(line) = line else { return };
        let outer = self.tables.len().checked_sub(2).and_then(|index| self.tables.get_mut(index));
        let out = outer.map_or(&mut self.text, |table| &mut table.text);
        out.separate(Gap::Line);
        out.keep(&line);
        out.separate(Gap::Line);
    }

    fn enter_region(&mut self, name: &str) {
        self.end_section();
        *self.region_counter(name) += 1;
    }

    fn leave_region(&mut self, name: &str) {
        self.end_section();
        let counter = self.region_counter(name);
        *counter = counter.saturating_sub(1);
    }

    fn region_counter(&mut self, name: &str) -> &mut usize {
        if name == "main" { &mut self.mains } else { &mut self.articles }
    }

    fn region(&self) -> Region {
        match (self.mains, self.articles) {
            (1.., _) => Region::Main,
            (0, 1..) => Region::Article,
            (0, 0) => Region::Elsewhere,
        }
    }

    fn end_section(&mut self) {
        let text = self.text.take();
        if !text.is_empty() {
            let section = Section { heading: self.outline.path(), text, place: Place::Unknown };
            self.walk.parts.push(Part { section, region: self.region() });
        }
    }
}
