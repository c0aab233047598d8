//! The headers of a message, in whatever encoding they are written.

use std::borrow::Cow;

use mail_parser::MessageParser;

use crate::extract::encoding;

/// More headers than this are not looked at for their encoding.
const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// What a message says of itself at its beginning.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) subject: Option<String>,
    /// When it was sent, in seconds since the epoch.
    pub(crate) seconds: Option<i64>,
}

impl Envelope {
    /// Reads the headers alone.
    pub(crate) fn of(message: &[u8]) -> Self {
        // Without an empty line at the end, the last header would not count.
        let head = [&message[..header_length(message)], b"\n\n"].concat();
        let head = in_utf8(&head);
        let Some(message) = MessageParser::default().parse_headers(head.as_ref()) else {
            return Self::default();
        };
        let subject = message.subject().map(str::to_owned);
        let seconds = message.date().filter(|date| date.is_valid()).map(|date| date.to_timestamp());
        Self { subject, seconds }
    }
}

/// A message whose headers are not ASCII or UTF-8, as they should be, with headers that are.
pub(super) fn in_utf8(message: &[u8]) -> Cow<'_, [u8]> {
    let (head, body) = message.split_at(header_length(message));
    if std::str::from_utf8(head).is_ok() {
        return Cow::Borrowed(message);
    }
    match encoding::decode(head) {
        Ok(head) => [head.as_bytes(), body].concat().into(),
        Err(_) => Cow::Borrowed(message),
    }
}

/// The headers end with the first empty line.
fn header_length(message: &[u8]) -> usize {
    let head = &message[..message.len().min(MAX_HEADER_BYTES)];
    let mut start = 0;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        start += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            return start;
        }
    }
    head.len()
}
