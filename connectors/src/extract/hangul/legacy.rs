//! HWP 3: the paragraphs of the body, which no crate reads.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::flow::{Flow, NUMBER, Position};
use super::johab;
use crate::document::Document;
use crate::extract::outline::one_line;
use crate::extract::{Reason, damage};

const SIGNATURE_BYTES: usize = 30;
const INFO_BYTES: usize = 128;
const SUMMARY_BYTES: usize = 1008;
const SUMMARY_FIELD_BYTES: usize = 112;

const PASSWORD_AT: usize = 96;
const COMPRESSED_AT: usize = 124;
const BLOCK_LENGTH_AT: usize = 126;

const LANGUAGES: usize = 7;
const FONT_BYTES: usize = 40;
const STYLE_BYTES: usize = 238;
const LETTER_SHAPE_BYTES: usize = 31;
const PARAGRAPH_SHAPE_BYTES: usize = 187;
const LINE_BYTES: usize = 14;

const MAX_BODY_BYTES: u64 = 64 * 1024 * 1024;

/// Lists of paragraphs within paragraphs.
const MAX_DEPTH: usize = 16;

const END: u16 = 13;

/// Reads a document of version 3.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Reason> {
    let mut header = Bytes { rest: bytes };
    header.take(SIGNATURE_BYTES)?;
    let info = header.take(INFO_BYTES)?;
    let summary = header.take(SUMMARY_BYTES)?;
    if info[PASSWORD_AT..PASSWORD_AT + 2] != [0, 0] {
        return Err(Reason::Failed("protected by a password".to_owned()));
    }
    let block = u16::from_le_bytes([info[BLOCK_LENGTH_AT], info[BLOCK_LENGTH_AT + 1]]);
    header.take(usize::from(block))?;
    let body = if info[COMPRESSED_AT] == 0 { header.rest.to_vec() } else { unpacked(header.rest)? };
    let mut walk = Walk { bytes: Bytes { rest: &body }, flow: Flow::default() };
    for _ in 0..LANGUAGES {
        let fonts = walk.bytes.number()?;
        walk.bytes.take(fonts * FONT_BYTES)?;
    }
    let styles = walk.bytes.number()?;
    walk.bytes.take(styles * STYLE_BYTES)?;
    walk.list(0)?;
    Ok(described(walk.flow.finish(), summary))
}

fn described(mut document: Document, summary: &[u8]) -> Document {
    let mut fields = summary.chunks(SUMMARY_FIELD_BYTES).map(|field| {
        let units = field.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let text = units.take_while(|unit| *unit != 0).filter_map(johab::letter);
        Some(one_line(&text.collect::<String>())).filter(|text| !text.is_empty())
    });
    document.title = fields.next().flatten().or(document.title);
    for key in ["subject", "author"] {
        if let Some(value) = fields.next().flatten() {
            document.metadata.insert(key.to_owned(), value);
        }
    }
    document
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, Reason> {
    let mut body = Vec::new();
    let read = DeflateDecoder::new(bytes).take(MAX_BODY_BYTES + 1).read_to_end(&mut body);
    read.map_err(|error| damage::of_reading(&error))?;
    if body.len() as u64 > MAX_BODY_BYTES {
        return Err(Reason::Failed("too large: unpacks to too much text".to_owned()));
    }
    Ok(body)
}

struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Reason> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return Err(Reason::Failed("damaged: ends too early".to_owned()));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<usize, Reason> {
        self.take(2).map(|pair| usize::from(u16::from_le_bytes([pair[0], pair[1]])))
    }

    fn long_number(&mut self) -> Result<usize, Reason> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    }
}

struct Walk<'a> {
    bytes: Bytes<'a>,
    flow: Flow,
}

impl Walk<'_> {
    /// Reads paragraphs up to an empty one.
    fn list(&mut self, depth: usize) -> Result<(), Reason> {
        if depth > MAX_DEPTH {
            return Err(Reason::Failed("damaged: nested too deeply".to_owned()));
        }
        while self.paragraph(depth)? {}
        Ok(())
    }

    fn paragraph(&mut self, depth: usize) -> Result<bool, Reason> {
        let has_own_shape = self.bytes.take(1)?[0] == 0;
        let (letters, lines) = (self.bytes.number()?, self.bytes.number()?);
        let has_letter_shapes = self.bytes.take(1)?[0] != 0;
        self.bytes.take(6 + LETTER_SHAPE_BYTES)?;
        if letters > 0 && has_own_shape {
            self.bytes.take(PARAGRAPH_SHAPE_BYTES)?;
        }
        self.bytes.take(lines * LINE_BYTES)?;
        for _ in 0..if has_letter_shapes { letters } else { 0 } {
            if self.bytes.take(1)?[0] == 0 {
                self.bytes.take(LETTER_SHAPE_BYTES)?;
            }
        }
        self.flow.open_paragraph(0, None);
        let mut read = 0;
        while read < letters {
            let unit = self.bytes.take(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]))?;
            read += units(unit);
            match unit {
                END => break,
                0..=31 => self.control(unit, depth)?,
                _ => {
                    let letter = johab::letter(unit).unwrap_or(' ');
                    self.flow.text(letter.encode_utf8(&mut [0; 4]));
                }
            }
        }
        self.flow.close();
        Ok(letters > 0)
    }

    fn control(&mut self, unit: u16, depth: usize) -> Result<(), Reason> {
        let bytes = &mut self.bytes;
        match unit {
            1..=4 | 12 | 27 | 29 => {
                let length = bytes.long_number()?;
                bytes.take(length.saturating_add(2))?;
            }
            5 => self.field()?,
            9 => {
                bytes.take(6)?;
                self.flow.text(" ");
            }
            10 => self.frame(depth)?,
            11 => {
                bytes.take(6)?;
                let length = bytes.long_number()?;
                bytes.take(length.saturating_add(344))?;
                self.list(depth + 1)?;
            }
            15..=17 => {
                bytes.take([14, 16, 20][usize::from(unit) - 15])?;
                self.list(depth + 1)?;
            }
            18 | 19 => {
                let number = u16::from_le_bytes([bytes.take(4)?[2], 0]);
                bytes.take(2)?;
                self.flow.text(NUMBER.encode_utf8(&mut [0; 4]));
                self.flow.number(number.to_string());
            }
            30 | 31 => {
                bytes.take(2)?;
                self.flow.text(" ");
            }
            _ => drop(bytes.take(passed_over(unit)?)?),
        }
        Ok(())
    }

    fn field(&mut self) -> Result<(), Reason> {
        self.bytes.take(6 + 30)?;
        let mut length = 0_usize;
        for _ in 0..4 {
            length = length.saturating_add(self.bytes.long_number()?);
        }
        self.bytes.take(length).map(drop)
    }

    /// A table, a text box or a formula, and its caption.
    fn frame(&mut self, depth: usize) -> Result<(), Reason> {
        self.bytes.take(6)?;
        let shape = self.bytes.take(84)?;
        let is_table = shape[78] == 0 && shape[79] == 0;
        let count = usize::from(u16::from_le_bytes([shape[80], shape[81]]));
        let cells = self.bytes.take(count * 27)?;
        let cells = cells.chunks_exact(27).map(|cell| {
            let number = |at: usize| usize::from(u16::from_le_bytes([cell[at], cell[at + 1]]));
            [number(4), number(6), number(8), number(10)]
        });
        let cells = cells.collect::<Vec<_>>();
        let edges = |at: usize| {
            let mut edges = cells.iter().map(|cell| cell[at]).collect::<Vec<_>>();
            edges.sort_unstable();
            edges.dedup();
            edges
        };
        let (columns, rows) = (edges(0), edges(1));
        let span = |edges: &[usize], start: usize, size: usize| {
            let end = edges.partition_point(|edge| *edge < start + size);
            end.saturating_sub(edges.partition_point(|edge| *edge < start)).max(1)
        };
        if is_table {
            self.flow.open_table();
        }
        for [x, y, width, height] in &cells {
            let (columns, rows) = (span(&columns, *x, *width), span(&rows, *y, *height));
            if is_table {
                self.flow.open_cell(Position { row: *y, rows, columns, is_header: false });
            }
            self.list(depth + 1)?;
            if is_table {
                self.flow.close();
            }
        }
        if is_table {
            self.flow.close();
        }
        self.list(depth + 1)
    }
}

/// How many of a paragraph's letters a control character counts as.
fn units(unit: u16) -> usize {
    match unit {
        7 => 42,
        8 => 48,
        22 => 12,
        23 => 5,
        24 | 25 => 3,
        26 => 123,
        28 => 32,
        30 | 31 => 2,
        0 | END | 32.. => 1,
        _ => 4,
    }
}

/// How many bytes a control has beside its first unit that hold no text.
fn passed_over(unit: u16) -> Result<usize, Reason> {
    Ok(match unit {
        6 => 40,
        7 => 82,
        8 => 94,
        14 => 90,
        20 | 21 => 6,
        22 => 22,
        23 => 8,
        24 | 25 => 4,
        26 => 244,
        28 => 62,
        _ => return Err(Reason::Failed("damaged: an unknown control character".to_owned())),
    })
}
