//! The files that a message carries.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};

use crate::extract::{Attachment, extension};

/// More files than this are not taken out of one message.
const MAX_ATTACHMENTS: usize = 1000;

/// The extension of files that have no name of their own; of other types they are left out.
const TYPES: [(&str, &str); 13] = [
    ("application/msword", "doc"),
    ("application/pdf", "pdf"),
    ("application/rtf", "rtf"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/zip", "zip"),
    ("text/calendar", "ics"),
    ("text/csv", "csv"),
    ("text/html", "html"),
    ("text/plain", "txt"),
];

/// Signatures are no documents.
const SIGNATURES: [&str; 3] = ["asc", "p7s", "sig"];

/// The files of a message, and the messages in it.
pub(super) fn attachments(message: &Message<'_>) -> Vec<Attachment> {
    let parts = message.attachments.iter().filter_map(|id| message.part(*id));
    parts.filter_map(|part| attachment(message, part)).take(MAX_ATTACHMENTS).collect()
}

/// The name that a part says it has; of the pieces of a saved page, only documents have one.
pub(super) fn name(part: &MessagePart<'_>) -> Option<String> {
    let name = part.attachment_name().map(str::trim).filter(|name| !name.is_empty());
    name.map(str::to_owned).or_else(|| {
        let location = part.content_location().filter(|_| extension_of(part).is_some())?;
        let path = location.split(['?', '#']).next()?;
        let name = path.rsplit('/').next().filter(|name| name.contains('.'))?;
        Some(name.to_owned())
    })
}

fn attachment(message: &Message<'_>, part: &MessagePart<'_>) -> Option<Attachment> {
    if let PartType::Message(nested) = &part.body {
        let name = name(part).or_else(|| nested.subject().map(|it| it.replace(['/', '\\'], " ")));
        let name = name.unwrap_or_else(|| "message".to_owned());
        let bytes = match part.encoding {
            Encoding::None => raw_slice(message, part).to_vec(),
            _ => nested.raw_message.to_vec(),
        };
        return Some(Attachment::new(with_extension(name, "eml"), bytes));
    }
    let known = extension_of(part);
    let name = match name(part) {
        Some(name) if name.contains('.') => name,
        Some(name) => match known {
            Some(known) => with_extension(name, known),
            None => name,
        },
        None => format!("attachment.{}", known?),
    };
    if SIGNATURES.contains(&&*extension(&name)) {
        return None;
    }
    Some(Attachment::new(name, content(message, part)?.into_owned()))
}

fn content<'a>(message: &'a Message<'_>, part: &'a MessagePart<'_>) -> Option<Cow<'a, [u8]>> {
    match &part.body {
        // The reader of the file finds out the encoding that the message does not know.
        PartType::Text(text) | PartType::Html(text) if text.contains('\u{fffd}') => {
            Some(raw(message, part))
        }
        PartType::Text(_) | PartType::Html(_) | PartType::Binary(_) | PartType::InlineBinary(_) => {
            Some(Cow::Borrowed(part.contents()))
        }
        PartType::Message(_) | PartType::Multipart(_) => None,
    }
}

/// The bytes of a part before its characters are read.
pub(super) fn raw<'a>(message: &'a Message<'_>, part: &MessagePart<'_>) -> Cow<'a, [u8]> {
    let raw = raw_slice(message, part);
    let decoded = match part.encoding {
        Encoding::None => None,
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::Base64 => base64_decode(raw),
    };
    decoded.map_or(Cow::Borrowed(raw), Cow::Owned)
}

fn raw_slice<'a>(message: &'a Message<'_>, part: &MessagePart<'_>) -> &'a [u8] {
    let place = part.offset_body as usize..part.offset_end as usize;
    message.raw_message.get(place).unwrap_or_default()
}

fn extension_of(part: &MessagePart<'_>) -> Option<&'static str> {
    let content_type = part.content_type()?;
    let full = format!("{}/{}", content_type.ctype(), content_type.subtype()?).to_ascii_lowercase();
    TYPES.iter().find(|(name, _)| *name == full).map(|(_, extension)| *extension)
}

fn with_extension(name: String, wanted: &str) -> String {
    if extension(&name) == wanted { name } else { format!("{name}.{wanted}") }
}
