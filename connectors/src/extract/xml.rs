//! XML as the formats of Office write it: no document type, names told apart without prefixes.

use std::borrow::Cow;

use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::{Reason, damage};

const MAX_DEPTH: usize = 2000;

/// One step through an XML text.
pub(super) enum Token<'a> {
    /// An element begins; one without content is closed by the next token.
    Open(BytesStart<'a>),
    /// An element ends.
    Close(BytesEnd<'a>),
    /// Text; entities come as texts of their own.
    Text(Cow<'a, str>),
}

/// The tokens of an XML text.
pub(super) struct Tokens<'a> {
    reader: Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(xml: &'a str) -> Self {
        let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
        reader.config_mut().expand_empty_elements = true;
        reader.config_mut().allow_dangling_amp = true;
        Self { reader, depth: 0 }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, Reason> {
        loop {
            let event = self.reader.read_event();
            let event = event.map_err(|error| damage::reason(&error))?;
            return Ok(Some(match event {
                Event::Start(start) | Event::Empty(start) => {
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        let reason = "damaged: its elements are nested too deeply";
                        return Err(Reason::Failed(reason.to_owned()));
                    }
                    Token::Open(start)
                }
                Event::End(end) => {
                    self.depth = self.depth.saturating_sub(1);
                    Token::Close(end)
                }
                Event::Text(text) => Token::Text(text.xml10_content()),
                Event::CData(text) => Token::Text(text.xml10_content()),
                Event::GeneralRef(reference) => Token::Text(resolved(&reference)),
                Event::DocType(declaration) if declaration.contains("<!ENTITY") => {
                    let reason = "declares XML entities, which no real document does";
                    return Err(Reason::Failed(reason.to_owned()));
                }
                Event::Eof if self.depth > 0 => {
                    return Err(Reason::Failed("damaged: its XML ends too early".to_owned()));
                }
                Event::Eof => return Ok(None),
                _ => continue,
            }));
        }
    }

    /// Passes over everything in the element that was just opened, and its end.
    pub(super) fn skip_element(&mut self) -> Result<(), Reason> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if self.next()?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// The text in the element that was just opened, up to its end.
    pub(super) fn text_of_element(&mut self) -> Result<String, Reason> {
        let outside = self.depth.saturating_sub(1);
        let mut text = String::new();
        while self.depth > outside {
            match self.next()? {
                Some(Token::Text(part)) => text.push_str(&part),
                Some(_) => {}
                None => break,
            }
        }
        Ok(text)
    }
}

/// The value of the attribute of this local name.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let attributes = attributes.with_checks(false).flatten();
    let mut found = attributes.filter(|it| it.key.local_name().as_ref() == name);
    let found = found.next()?;
    let value = quick_xml::escape::unescape(&found.value);
    Some(value.map_or_else(|_| found.value.to_string(), Cow::into_owned))
}

/// The value of a numeric attribute.
pub(super) fn number(tag: &BytesStart<'_>, name: &str) -> Option<usize> {
    attribute(tag, name)?.trim().parse().ok()
}

/// Whether the attribute is there and says yes.
pub(super) fn is_on(tag: &BytesStart<'_>, name: &str) -> bool {
    attribute(tag, name).is_some_and(|value| matches!(&*value, "1" | "true" | "on"))
}

fn resolved<'a>(reference: &BytesRef<'_>) -> Cow<'a, str> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Cow::Owned(character.to_string());
    }
    Cow::Borrowed(match &*reference.xml10_content() {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => " ",
        _ => "",
    })
}
