//! What a message holds, whatever its format, and the document that it becomes.

use super::quoted::{self, Repeated};
use crate::document::{Document, Section};
use crate::extract::outline::{clipped, one_line};
use crate::extract::{Attachment, Extraction, dates};

/// Lists of recipients may be longer than the message.
pub(super) const MAX_HEADER_BYTES: usize = 2000;

/// The parts of a message that a reader sees.
#[derive(Debug, Default)]
pub(super) struct Letter {
    pub(super) subject: Option<String>,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) cc: String,
    /// RFC 3339.
    pub(super) date: Option<String>,
    pub(super) message_id: Option<String>,
    pub(super) in_reply_to: Option<String>,
    /// Its own text, with what it quotes.
    pub(super) body: Vec<Section>,
    /// What it quotes, where that was told apart already.
    pub(super) quoted: Option<Section>,
}

impl Letter {
    /// The message with its files; its time is that of its header.
    pub(super) fn with(self, attachments: Vec<Attachment>) -> Extraction {
        let modified_ns = self.date.as_deref().and_then(dates::nanoseconds);
        Extraction { document: self.into_document(), attachments, modified_ns }
    }

    /// The headers that people search for come first, and last what others wrote before.
    fn into_document(self) -> Document {
        let mut document = Document::default();
        let headers = [
            ("from", &self.from),
            ("to", &self.to),
            ("cc", &self.cc),
            ("date", &self.date.unwrap_or_default()),
            ("message-id", &self.message_id.unwrap_or_default()),
            ("in-reply-to", &self.in_reply_to.unwrap_or_default()),
        ];
        let mut lines = Vec::new();
        for ((key, value), name) in headers.into_iter().zip(["From", "To", "Cc", "Date", "", ""]) {
            let value = one_line(clipped(value, MAX_HEADER_BYTES));
            if value.is_empty() {
                continue;
            }
            if !name.is_empty() {
                lines.push(format!("{name}: {value}"));
            }
            document.metadata.insert(key.to_owned(), value);
        }
        document.title = self.subject.map(|subject| one_line(&subject)).filter(|it| !it.is_empty());
        if !lines.is_empty() {
            document.sections.push(Section { text: lines.join("; "), ..Section::default() });
        }
        document.sections.extend(match Repeated::by(document.title.as_deref()) {
            Repeated::Text => self.body,
            Repeated::Aside => quoted::folded(self.body),
        });
        document.sections.extend(self.quoted);
        document
    }
}
