//! Messages as they are sent (RFC 5322), and pages that were saved as one (`.mht`).

use std::borrow::Cow;
use std::ops::Deref;

use mail_parser::{
    Address, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};

use super::body::Body;
use super::letter::{self, Letter};
use super::quoted::Repeated;
use super::{envelope, parts, seven_bits};
use crate::extract::{Attachment, Extraction, Reason, damage, encoding};

/// A text shorter than this may be no more than an advice to read the HTML beside it.
const SHORT_BYTES: usize = 400;

const BOUNDARY: &[u8] = b"boundary";
const FREE_BOUNDARIES: usize = 100;
const MAX_STEPS: usize = 10_000_000_000;

/// Reads a message; `None` if there are no headers.
pub(super) fn read(bytes: &[u8]) -> Option<Result<Extraction, Reason>> {
    let hole = damage::has_hole(bytes).then_some("damaged: a part of it was overwritten by zeros");
    let bytes = in_bytes(bytes);
    let bytes = envelope::in_utf8(&bytes);
    if is_endless(&bytes) {
        let reason = "it says that it has more parts than any message";
        return Some(Err(Reason::Failed(reason.to_owned())));
    }
    let message = Parsed(MessageParser::default().parse(bytes.as_ref())?);
    let is_known = |name: &HeaderName| !matches!(name, HeaderName::Other(_));
    if !message.headers().iter().any(|header| is_known(&header.name)) {
        return None;
    }
    if let Some(reason) = encryption(&message) {
        return Some(Err(Reason::Failed(reason.to_owned())));
    }
    if is_header_cut(&bytes) {
        return Some(Err(Reason::Failed("damaged: it ends within its headers".to_owned())));
    }
    let mut extraction = extraction(&message);
    if let (Ok(extraction), Some(reason)) =
        (&mut extraction, hole.or_else(|| loss(&message, &bytes)))
    {
        extraction.attachments.push(Attachment::lost(reason));
    }
    Some(extraction)
}

/// Whether a message breaks off before its text: its last header is not even a whole line.
fn is_header_cut(bytes: &[u8]) -> bool {
    let has = |end: &[u8]| bytes.windows(end.len()).any(|window| window == end);
    !bytes.ends_with(b"\n") && !has(b"\n\n") && !has(b"\n\r\n")
}

/// What is missing from a message that can be read.
fn loss(message: &Message<'_>, bytes: &[u8]) -> Option<&'static str> {
    let boundary = message.content_type()?.attribute("boundary")?;
    let end = format!("--{}--", boundary.trim_end());
    let has_end = bytes.windows(end.len()).rev().any(|window| window == end.as_bytes());
    (!has_end).then_some("damaged: the message breaks off, its last part has no end")
}

fn extraction(message: &Message<'_>) -> Result<Extraction, Reason> {
    let body = body(message, Repeated::by(message.subject()));
    let is_cipher = |text: &str| text.trim_start().starts_with("-----BEGIN PGP MESSAGE-----");
    if body.sections.first().is_some_and(|section| is_cipher(&section.text)) {
        return Err(Reason::Failed("encrypted (PGP)".to_owned()));
    }
    let date = message.date().filter(|date| date.is_valid());
    let letter = Letter {
        subject: message.subject().map(str::to_owned).or(body.title),
        from: people(message.from()),
        to: people(message.to()),
        cc: people(message.cc()),
        date: date.map(mail_parser::DateTime::to_rfc3339),
        message_id: message.message_id().map(str::to_owned),
        in_reply_to: message.in_reply_to().as_text().map(str::to_owned),
        body: body.sections,
        quoted: body.quoted,
    };
    Ok(letter.with(parts::attachments(message)))
}

/// A message, which is taken apart when it is dropped: others are nested in it without limit.
struct Parsed<'x>(Message<'x>);

impl<'x> Deref for Parsed<'x> {
    type Target = Message<'x>;

    fn deref(&self) -> &Message<'x> {
        &self.0
    }
}

impl Drop for Parsed<'_> {
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.0.parts);
        while let Some(part) = rest.pop() {
            if let PartType::Message(mut nested) = part.body {
                rest.append(&mut nested.parts);
            }
        }
    }
}

/// Whether finding the parts would take too long: each may be looked for up to the end.
fn is_endless(bytes: &[u8]) -> bool {
    let ends = (0..bytes.len()).filter(|at| bytes[*at] == b'=');
    let boundaries = ends.filter(|end| {
        let start = end.saturating_sub(BOUNDARY.len());
        bytes[start..*end].eq_ignore_ascii_case(BOUNDARY)
    });
    let boundaries = boundaries.count();
    boundaries > FREE_BOUNDARIES && boundaries.saturating_mul(bytes.len()) > MAX_STEPS
}

/// Without the line that begins it in a mailbox, and in bytes if it was saved in UTF-16.
fn in_bytes(bytes: &[u8]) -> Cow<'_, [u8]> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes[..bytes.len().min(256)].contains(&0)
        && let Ok(text) = encoding::decode(bytes)
    {
        return Cow::Owned(text.into_owned().into_bytes());
    }
    let bytes = bytes.trim_ascii_start();
    let line = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
    Cow::Borrowed(if bytes.starts_with(b"From ") { &bytes[line..] } else { bytes })
}

fn encryption(message: &Message<'_>) -> Option<&'static str> {
    let content_type = message.content_type()?;
    let subtype = content_type.subtype().unwrap_or_default().to_ascii_lowercase();
    let protocol = content_type.attribute("protocol").unwrap_or_default().to_ascii_lowercase();
    match &*content_type.ctype().to_ascii_lowercase() {
        "multipart" if subtype == "encrypted" && protocol.contains("pgp") => {
            Some("encrypted (PGP)")
        }
        "multipart" if subtype == "encrypted" => Some("encrypted (S/MIME)"),
        "application" if subtype.ends_with("pkcs7-mime") => {
            match content_type.attribute("smime-type") {
                Some(kind) if kind.eq_ignore_ascii_case("signed-data") => {
                    Some("packed with its signature (S/MIME), which is not supported")
                }
                _ => Some("encrypted (S/MIME)"),
            }
        }
        _ => None,
    }
}

/// The plain text, unless there is next to none; then the HTML.
fn body(message: &Message<'_>, repeated: Repeated) -> Body {
    let of = |ids: &[u32]| {
        let mut body = Body::default();
        for part in ids.iter().filter_map(|id| message.part(*id)) {
            match &part.body {
                PartType::Text(_) => body.add_text(&text(message, part)),
                PartType::Html(_) => body.add_html(&text(message, part), repeated),
                // It is multipart, but without a boundary.
                PartType::Binary(bytes) if is_multipart(part) => {
                    body.add_text(&encoding::decode(bytes).unwrap_or_default());
                }
                _ => {}
            }
        }
        body
    };
    let mut body = of(&message.text_body);
    if body.size() < SHORT_BYTES && message.html_body != message.text_body {
        let html = of(&message.html_body);
        if html.size() > body.size() * 3 {
            body = html;
        }
    }
    if body.sections.is_empty() {
        // What lost its boundaries is shown as it stands.
        let broken = (0_u32..).zip(&message.parts);
        let broken = broken.filter(|(_, part)| parts::name(part).is_none());
        let ids = broken.map(|(id, _)| id).collect::<Vec<_>>();
        body = of(&ids);
    }
    body
}

fn is_multipart(part: &MessagePart<'_>) -> bool {
    part.content_type().is_some_and(|it| it.ctype().eq_ignore_ascii_case("multipart"))
}

/// The text of a part; in the encoding that it is really in, where what it says is wrong.
fn text<'a>(message: &'a Message<'_>, part: &'a MessagePart<'_>) -> Cow<'a, str> {
    let (PartType::Text(text) | PartType::Html(text)) = &part.body else { return "".into() };
    let lines = |text: &str| text.replace("\r\n", "\n").into();
    if !text.contains('\u{fffd}') {
        return if text.contains('\r') { lines(text) } else { Cow::Borrowed(text) };
    }
    let raw = parts::raw(message, part);
    if let Some(decoded) = seven_bits::decode(&raw) {
        return lines(&decoded);
    }
    match encoding::decode(&raw) {
        Ok(decoded) => decoded.into_owned().into(),
        Err(_) => lines(text),
    }
}

fn people(address: Option<&Address<'_>>) -> String {
    let mut people = String::new();
    for person in address.into_iter().flat_map(Address::iter) {
        if people.len() > letter::MAX_HEADER_BYTES {
            break;
        }
        let separator = if people.is_empty() { "" } else { ", " };
        people.push_str(separator);
        match (person.name(), person.address()) {
            (Some(name), Some(address)) => people.push_str(&format!("{name} <{address}>")),
            (name, address) => people.push_str(name.or(address).unwrap_or_default()),
        }
    }
    people
}
