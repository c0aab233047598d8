//! From the tokens of an RTF text to paragraphs.

use encoding_rs::Encoding;

use super::codepage;
use super::destination::{self, Destination};
use super::fonts::{Fonts, Run};
use super::info::Info;
use super::story::{Paragraph, Shape, Story};
use super::styles::{Styles, level};
use super::tokens::{Token, Tokens};
use crate::document::Document;

/// Groups within more groups than these have the state of what holds them.
const MAX_GROUPS: usize = 4096;

/// Notes within notes are told apart down to this depth.
const MAX_STORIES: usize = 8;

const MAX_CELLS: usize = 1000;

/// The state of one document.
#[derive(Debug, Default)]
pub(super) struct Reader {
    groups: Vec<Group>,
    /// Groups that were opened beyond the limit.
    ignored_groups: usize,
    group: Group,
    fonts: Fonts,
    info: Info,
    styles: Styles,
    stories: Vec<Story>,
    story: Story,
    /// Bytes whose letters are not complete before the next are known.
    bytes: Vec<u8>,
    encoding: Option<&'static Encoding>,
    /// The first half of a letter beyond 16 bits.
    high: Option<u32>,
    /// How many characters still stand for one that was given by number.
    fallback: usize,
    /// `\*` came: an unknown destination is to be skipped.
    is_optional: bool,
}

/// What ends with the group.
#[derive(Debug, Clone, Copy)]
struct Group {
    destination: Destination,
    run: Run,
    fallback: usize,
    is_hidden: bool,
    is_deleted: bool,
    paragraph: Paragraph,
    /// The group began a story.
    is_story: bool,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            destination: Destination::Body,
            run: Run::default(),
            fallback: 1,
            is_hidden: false,
            is_deleted: false,
            paragraph: Paragraph::default(),
            is_story: false,
        }
    }
}

impl Reader {
    /// Reads all tokens; a text that ends too early, or not at all, gives what it has.
    pub(super) fn run(&mut self, bytes: &[u8]) {
        let mut tokens = Tokens::new(bytes);
        while let Some(token) = tokens.next() {
            match token {
                Token::Open => self.open(),
                Token::Close => {
                    self.close();
                    // One brace too many does not end the text; what follows a text is no text.
                    let rest = tokens.rest().trim_ascii_start();
                    let goes_on = rest.first().is_some_and(|byte| b"{}\\".contains(byte));
                    if self.groups.is_empty() && !goes_on {
                        break;
                    }
                }
                Token::Word(word, number) => self.word(word, number),
                Token::Symbol(symbol) => self.symbol(symbol),
                Token::Escaped(byte) => self.raw(&[byte]),
                Token::Text(text) => self.raw(text),
            }
        }
    }

    /// Whether the text ended before its groups did.
    pub(super) fn is_open(&self) -> bool {
        !self.groups.is_empty()
    }

    /// The document that was read.
    pub(super) fn finish(mut self) -> Document {
        self.flush();
        while let Some(outer) = self.stories.pop() {
            let inner = std::mem::replace(&mut self.story, outer);
            self.story.after.append(&inner.finish());
        }
        let mut document = self.story.finish().finish();
        self.info.add_to(&mut document);
        document
    }

    fn open(&mut self) {
        self.fallback = 0;
        self.is_optional = false;
        if self.groups.len() < MAX_GROUPS {
            self.groups.push(self.group);
            self.group.is_story = false;
        } else {
            self.ignored_groups += 1;
        }
    }

    fn close(&mut self) {
        self.fallback = 0;
        self.is_optional = false;
        if self.ignored_groups > 0 {
            self.ignored_groups -= 1;
            return;
        }
        if self.group.is_story
            && let Some(outer) = self.stories.pop()
        {
            self.flush();
            let inner = std::mem::replace(&mut self.story, outer);
            self.story.after.append(&inner.finish());
        }
        let Some(outer) = self.groups.pop() else { return };
        if self.group.destination != outer.destination {
            self.flush();
        }
        let is_outermost =
            self.groups.last().is_none_or(|it| it.destination != Destination::Styles);
        if outer.destination == Destination::Styles && is_outermost {
            self.flush();
            self.styles.end_entry();
        }
        self.group = outer;
    }

    fn word(&mut self, word: &str, number: Option<i32>) {
        if self.fallback > 0 {
            self.fallback -= 1;
            return;
        }
        let is_optional = std::mem::take(&mut self.is_optional);
        let value = number.unwrap_or(0);
        match word {
            "u" => return self.unicode(value),
            "uc" => {
                self.group.fallback = usize::try_from(value).unwrap_or(0).min(16);
                return;
            }
            "f" if self.group.destination == Destination::Fonts => {}
            _ if self.group.destination != Destination::Fonts => self.group.run.change(word, value),
            _ => {}
        }
        if let Some(destination) = destination::of(word) {
            return self.enter(destination);
        }
        if is_optional {
            return self.enter(Destination::Skipped);
        }
        self.high = None;
        match self.group.destination {
            Destination::Body | Destination::Story => self.body_word(word, number),
            Destination::Fonts => self.fonts.define(word, value),
            Destination::Styles => self.styles.define(word, value),
            Destination::Info(field) => self.info.number(field, word, value),
            Destination::NestedRow if word == "nestrow" => self.write("\n"),
            Destination::Container => self.document_word(word, value),
            Destination::Skipped | Destination::NestedRow => {}
        }
    }

    /// Begins a destination; within one that is skipped there is none.
    fn enter(&mut self, destination: Destination) {
        // Within a group that was not stored, it would outlive its end.
        if self.group.destination == Destination::Skipped || self.ignored_groups > 0 {
            return;
        }
        self.flush();
        let is_inner = matches!(destination, Destination::Body | Destination::Story);
        let is_text = matches!(
            self.group.destination,
            Destination::Body | Destination::Story | Destination::Container
        );
        // A table of fonts has no text, whatever it holds.
        if is_inner && !is_text {
            return;
        }
        self.group.destination = destination;
        if let Destination::Info(field) = destination {
            self.info.begin(field);
        }
        if destination == Destination::Story && self.stories.len() < MAX_STORIES {
            self.stories.push(std::mem::take(&mut self.story));
            self.group.paragraph = Paragraph::default();
            self.group.is_story = true;
        }
    }

    fn document_word(&mut self, word: &str, value: i32) {
        match word {
            "ansicpg" => self.fonts.ansi = codepage::of_codepage(value),
            "mac" => self.fonts.ansi = codepage::of_codepage(10000),
            "stshfdbch" => self.group.run.double = Some(value),
            "deff" => self.fonts.default = value,
            _ => {}
        }
    }

    fn body_word(&mut self, word: &str, number: Option<i32>) {
        let is_on = number != Some(0);
        match word {
            "par" | "sect" | "page" | "column" => self.end_paragraph(),
            "line" | "softline" | "lbr" => self.write("\n"),
            "tab" => self.write("\t"),
            "cell" => {
                self.flush();
                self.story.end_cell();
            }
            "row" => {
                self.flush();
                self.story.end_row();
            }
            "nestcell" => self.write("; "),
            "v" => self.group.is_hidden = is_on,
            "deleted" => self.group.is_deleted = is_on,
            "plain" => (self.group.is_hidden, self.group.is_deleted) = (false, false),
            "pard" => self.group.paragraph = Paragraph::default(),
            "intbl" => self.group.paragraph.is_in_table = true,
            "itap" => {
                self.group.paragraph.is_in_table = number.is_some_and(|depth| depth > 0);
            }
            "outlinelevel" => self.group.paragraph.level = level(number.unwrap_or(9)),
            "s" => {
                let style = self.styles.level(number.unwrap_or(0));
                self.group.paragraph.level = style.unwrap_or(self.group.paragraph.level);
            }
            _ => self.row_or_letter(word, number.unwrap_or(0)),
        }
    }

    fn row_or_letter(&mut self, word: &str, value: i32) {
        let story = &mut self.story;
        match word {
            "trowd" => {
                story.shapes.clear();
                (story.shape, story.is_header_row) = (Shape::default(), false);
            }
            "trhdr" => story.is_header_row = true,
            "clmrg" => story.shape.continues_left = true,
            "clvmgf" => story.shape.begins_down = true,
            "clvmrg" => story.shape.continues_up = true,
            "cellx" => {
                let shape = std::mem::take(&mut story.shape);
                if story.shapes.len() < MAX_CELLS {
                    story.shapes.push(Shape { right: value, ..shape });
                }
            }
            _ => match letter(word) {
                Some(letter) => self.write(letter),
                None => self.document_word(word, value),
            },
        }
    }

    fn symbol(&mut self, symbol: u8) {
        if symbol == b'*' {
            self.is_optional = true;
            return;
        }
        if self.fallback > 0 {
            self.fallback -= 1;
            return;
        }
        match symbol {
            b'\\' | b'{' | b'}' => self.raw(&[symbol]),
            b'~' => self.write(" "),
            b'_' => self.write("-"),
            b'\t' => self.write("\t"),
            b'\r' | b'\n' => self.end_paragraph(),
            _ => {}
        }
    }

    fn unicode(&mut self, value: i32) {
        self.flush();
        self.fallback = self.group.fallback;
        let unit = if value < 0 { value.wrapping_add(0x1_0000) } else { value };
        let unit = u32::try_from(unit).unwrap_or(0);
        let code = match (self.high.take(), unit) {
            (_, 0xd800..=0xdbff) => {
                self.high = Some(unit);
                return;
            }
            (Some(high), 0xdc00..=0xdfff) => 0x1_0000 + ((high - 0xd800) << 10) + (unit - 0xdc00),
            // Bullets and the like, in fonts of symbols.
            (_, 0xf020..=0xf0ff) => return,
            _ => unit,
        };
        if let Some(char) = char::from_u32(code) {
            self.emit(char.encode_utf8(&mut [0; 4]));
        }
    }

    /// Text in the encoding of the moment.
    fn raw(&mut self, text: &[u8]) {
        let skipped = self.fallback.min(text.len());
        self.fallback -= skipped;
        let text = &text[skipped..];
        if text.is_empty() || matches!(self.group.destination, Destination::Skipped) {
            return;
        }
        self.high = None;
        let encoding = self.fonts.encoding(self.group.run);
        if self.encoding != Some(encoding) {
            self.flush();
            self.encoding = Some(encoding);
        }
        if !self.is_unseen() {
            self.bytes.extend_from_slice(text);
        }
    }

    fn is_unseen(&self) -> bool {
        self.group.is_hidden || self.group.is_deleted
    }

    /// Text that is no longer bytes.
    fn write(&mut self, text: &str) {
        self.flush();
        self.emit(text);
    }

    fn end_paragraph(&mut self) {
        self.flush();
        self.story.end_paragraph(self.group.paragraph);
    }

    /// Decodes the bytes that came in; their group's destination is still the one of now.
    fn flush(&mut self) {
        if !self.bytes.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            let text = codepage::decode(&bytes, self.encoding.unwrap_or(self.fonts.ansi));
            self.put(&text);
        }
    }

    fn emit(&mut self, text: &str) {
        if !self.is_unseen() {
            self.put(text);
        }
    }

    fn put(&mut self, text: &str) {
        match self.group.destination {
            Destination::Body | Destination::Story | Destination::NestedRow => {
                self.story.text.push_str(text);
            }
            Destination::Info(field) => self.info.text(field, text),
            Destination::Styles => self.styles.name(text),
            Destination::Skipped | Destination::Container | Destination::Fonts => {}
        }
    }
}

/// Letters and spaces that have names.
fn letter(word: &str) -> Option<&'static str> {
    Some(match word {
        "emdash" => "—",
        "endash" => "–",
        "lquote" => "‘",
        "rquote" => "’",
        "ldblquote" => "“",
        "rdblquote" => "”",
        "bullet" => "•",
        "emspace" | "enspace" | "qmspace" => " ",
        _ => return None,
    })
}
