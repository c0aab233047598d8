//! Large XML as a stream of pieces: flat in memory whatever stands in it.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};

use crate::extract::{Reason, damage};

/// No text or CDATA section is kept beyond this, about.
const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;

/// Longer tags and comments are none.
const MAX_TAG_BYTES: usize = 1024 * 1024;

const MAX_DEPTH: usize = 1000;
const CHUNK_BYTES: usize = 64 * 1024;

/// Reads XML piece by piece.
pub(super) struct XmlStream<R> {
    reader: Reader<Clipped<R>>,
    buffer: Vec<u8>,
    depth: usize,
}

/// What comes next in a stream.
pub(super) enum Piece<'a> {
    /// A start tag; an empty element has an end as well.
    Open(BytesStart<'a>),
    /// An end tag.
    Close(BytesEnd<'a>),
    /// Text with its references resolved; a run of it may come in several pieces.
    Text(Cow<'a, str>),
    /// The end of the stream; elements may be open.
    End,
}

impl<R: Read> XmlStream<R> {
    /// A stream at its beginning.
    pub(super) fn new(inner: R) -> Self {
        let mut reader = Reader::from_reader(Clipped::new(inner));
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        config.allow_unmatched_ends = true;
        config.check_end_names = false;
        config.expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0 }
    }

    /// The next piece; comments and declarations are passed over.
    pub(super) fn next(&mut self) -> Result<Piece<'_>, Reason> {
        self.buffer.clear();
        self.reader.get_mut().begin_event();
        let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| match error {
            quick_xml::Error::Io(error) => damage::of_reading(&error),
            _ => Reason::Failed("damaged: the XML breaks off within a tag".to_owned()),
        })?;
        Ok(match event {
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    let reason = format!("damaged: more than {MAX_DEPTH} elements in each other");
                    return Err(Reason::Failed(reason));
                }
                Piece::Open(tag)
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                Piece::Close(tag)
            }
            Event::Text(text) => Piece::Text(text.into_inner()),
            Event::CData(text) => Piece::Text(text.into_inner()),
            Event::GeneralRef(reference) => Piece::Text(resolved(&reference).into()),
            Event::Eof => Piece::End,
            _ => Piece::Text(Cow::Borrowed("")),
        })
    }

    /// Whether the last piece was longer than what is kept of it.
    pub(super) fn was_clipped(&self) -> bool {
        self.reader.get_ref().was_clipped
    }
}

/// The value of an attribute; empty without one.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> String {
    let mut attributes = tag.html_attributes();
    let mut valid = attributes.with_checks(false).flatten();
    let found = valid.find(|attribute| attribute.key.as_ref() == name);
    let value = found.map(|attribute| attribute.value.into_owned()).unwrap_or_default();
    match quick_xml::escape::unescape(&value) {
        Ok(text) => text.into_owned(),
        Err(_) => value.clone(),
    }
}

/// What a reference stands for; an unknown one stays as it is.
pub(super) fn resolved(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(char)) = reference.resolve_char_ref() {
        return char.to_string();
    }
    let name: &str = reference;
    match name {
        "lt" => "<".to_owned(),
        "gt" => ">".to_owned(),
        "amp" => "&".to_owned(),
        "quot" => "\"".to_owned(),
        "apos" => "'".to_owned(),
        _ => format!("&{name};"),
    }
}

/// Bytes that are valid UTF-8, in which no run of text is longer than a limit.
struct Clipped<R> {
    inner: R,
    /// Valid text, read up to `at`, and the beginning of a character that is not complete.
    chunk: Vec<u8>,
    at: usize,
    incomplete: Vec<u8>,
    /// The end of a CDATA section that is handed out in place of what was left out.
    ending: &'static [u8],
    /// The first bytes of this piece, and how many it has.
    head: Vec<u8>,
    used: usize,
    last: [u8; 2],
    was_clipped: bool,
}

const CDATA: &[u8] = b"<![CDATA[";
const CDATA_END: &[u8] = b"]]>";

impl<R: Read> Clipped<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            chunk: Vec::new(),
            at: 0,
            incomplete: Vec::new(),
            ending: b"",
            head: Vec::new(),
            used: 0,
            last: [0; 2],
            was_clipped: false,
        }
    }

    fn begin_event(&mut self) {
        self.head.clear();
        self.used = 0;
        self.last = [0; 2];
        self.was_clipped = false;
    }

    /// Reads on if nothing is left; whether there is anything.
    fn refill(&mut self) -> io::Result<bool> {
        while self.at >= self.chunk.len() {
            let mut raw = std::mem::take(&mut self.incomplete);
            let kept = raw.len();
            let read = (&mut self.inner).take(CHUNK_BYTES as u64).read_to_end(&mut raw)?;
            if read == 0 && kept == 0 {
                return Ok(false);
            }
            let end = if read == 0 { raw.len() } else { complete(&raw) };
            self.incomplete = raw.split_off(end);
            self.chunk = match String::from_utf8(raw) {
                Ok(text) => text.into_bytes(),
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned().into_bytes(),
            };
            self.at = 0;
        }
        Ok(true)
    }

    fn skip_text(&mut self) -> io::Result<()> {
        while self.refill()? {
            let rest = &self.chunk[self.at..];
            if let Some(end) = rest.iter().position(|byte| matches!(byte, b'<' | b'&')) {
                self.at += end;
                break;
            }
            self.at = self.chunk.len();
        }
        Ok(())
    }

    fn skip_cdata(&mut self) -> io::Result<()> {
        let mut last = self.last;
        while self.refill()? {
            let byte = self.chunk[self.at];
            self.at += 1;
            if byte == b'>' && last == *b"]]" {
                self.ending = CDATA_END;
                break;
            }
            last = [last[1], byte];
        }
        Ok(())
    }
}

impl<R: Read> BufRead for Clipped<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.ending.is_empty() {
            return Ok(self.ending);
        }
        if self.used > MAX_TEXT_BYTES && self.head.starts_with(CDATA) {
            self.was_clipped = true;
            self.used = 0;
            self.skip_cdata()?;
            return if self.ending.is_empty() { Ok(&[]) } else { Ok(self.ending) };
        }
        let is_text = self.head.first().is_some_and(|byte| *byte != b'<');
        if self.used > MAX_TEXT_BYTES && is_text {
            self.was_clipped = true;
            self.used = 0;
            self.skip_text()?;
        } else if self.used > MAX_TAG_BYTES && !is_text && !self.head.starts_with(CDATA) {
            return Err(io::Error::other("a tag or a comment is too long"));
        }
        self.refill()?;
        Ok(&self.chunk[self.at.min(self.chunk.len())..])
    }

    fn consume(&mut self, amount: usize) {
        if !self.ending.is_empty() {
            self.ending = &self.ending[amount.min(self.ending.len())..];
            return;
        }
        let consumed = &self.chunk[self.at..self.at + amount];
        let wanted = CDATA.len().saturating_sub(self.head.len());
        self.head.extend(consumed.iter().take(wanted));
        for byte in &consumed[amount.saturating_sub(2)..] {
            self.last = [self.last[1], *byte];
        }
        self.used += amount;
        self.at += amount;
    }
}

impl<R: Read> Read for Clipped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let amount = available.len().min(buffer.len());
        buffer[..amount].copy_from_slice(&available[..amount]);
        self.consume(amount);
        Ok(amount)
    }
}

/// Where the last character that is complete ends.
fn complete(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let at = bytes.len() - back;
        let length = match bytes[at] {
            0x80..=0xBF => continue,
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0.. => 4,
            _ => 1,
        };
        return if length > back { at } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(xml: &[u8]) -> (Vec<String>, bool) {
        let mut stream = XmlStream::new(xml);
        let (mut texts, mut clipped) = (Vec::new(), false);
        loop {
            match stream.next().unwrap() {
                Piece::Text(text) if !text.is_empty() => texts.push(text.into_owned()),
                Piece::End => return (texts, clipped),
                _ => {}
            }
            clipped |= stream.was_clipped();
        }
    }

    #[test]
    fn references_are_resolved_and_never_expanded() {
        let xml = b"<!DOCTYPE a [<!ENTITY x 'yyyy'>]><a>1 &lt; &#x32;&x; &nbsp;</a>";
        assert_eq!(texts(xml).0.concat(), "1 < 2&x; &nbsp;");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(texts(b"<a>x\xff\xc3\xa9</a>").0.concat(), "x\u{FFFD}\u{e9}");
    }

    #[test]
    fn a_text_that_is_too_long_is_clipped_and_what_follows_is_read() {
        let long = "x".repeat(MAX_TEXT_BYTES * 2);
        for xml in [format!("<a><b>{long}</b>end</a>"), format!("<a><![CDATA[{long}]]>end</a>")] {
            let (texts, clipped) = texts(xml.as_bytes());
            assert!(clipped && texts[0].len() < MAX_TEXT_BYTES + 2 * CHUNK_BYTES);
            assert_eq!(texts.last().map(String::as_str), Some("end"));
        }
    }
}
