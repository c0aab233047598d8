//! Mailboxes: messages one after the other (RFC 4155).

use std::io::{BufRead, BufReader, Read};

use super::walk::failed;
use super::{Entry, Opened, Walk, clock};
use crate::extract::{Envelope, Reason, damage};

/// What begins a message; in a body it is written with a `>` before it.
const SEPARATOR: &[u8] = b"From ";

/// Lines are looked at in pieces of this size.
const PIECE_BYTES: u64 = 64 * 1024;

/// Subjects are cut here for the names of messages.
const MAX_NAME_BYTES: usize = 120;

/// Visits the messages. Each is called after its subject, so that its path stays when others come.
pub(super) fn walk(opened: Opened<'_>, walk: &mut Walk<'_>) -> Result<(), Reason> {
    let mut lines = Lines { content: BufReader::new(opened.content), is_line_start: true };
    let mut message = Message::default();
    let mut separator: Option<Vec<u8>> = None;
    // The line before the first is as good as an empty one.
    let mut is_after_empty = true;
    let mut is_cut = false;
    while let Some(line) = lines.next().map_err(|error| damage::of_reading(&error))? {
        is_cut = !line.bytes.ends_with(b"\n");
        if let Some(held) = separator.take() {
            if is_header(&line.bytes) {
                message.finish(walk)?;
            } else {
                message.add(&held, walk);
            }
        }
        if line.is_whole && is_after_empty && line.bytes.starts_with(SEPARATOR) {
            separator = Some(line.bytes);
            is_after_empty = false;
            continue;
        }
        is_after_empty = line.is_whole && matches!(&*line.bytes, b"\n" | b"\r\n");
        message.add(unescaped(&line), walk);
    }
    message.finish(walk)?;
    match is_cut {
        true => Err(failed("damaged: it breaks off within its last message".to_owned())),
        false => Ok(()),
    }
}

/// A line, or a piece of one that is very long.
struct Line {
    bytes: Vec<u8>,
    /// It begins at the beginning of a line.
    is_whole: bool,
}

struct Lines<R> {
    content: R,
    is_line_start: bool,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> std::io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        self.content.by_ref().take(PIECE_BYTES).read_until(b'\n', &mut bytes)?;
        let is_whole = std::mem::replace(&mut self.is_line_start, bytes.ends_with(b"\n"));
        Ok((!bytes.is_empty()).then_some(Line { bytes, is_whole }))
    }
}

/// The message that is being read.
#[derive(Default)]
struct Message {
    bytes: Vec<u8>,
    is_too_long: bool,
}

impl Message {
    fn add(&mut self, line: &[u8], walk: &Walk<'_>) {
        // All of it is read, but its beginning is enough to say which message is too long.
        self.is_too_long |= (self.bytes.len() + line.len()) as u64 > walk.file_bytes();
        if !self.is_too_long {
            self.bytes.extend_from_slice(line);
        }
    }

    fn finish(&mut self, walk: &mut Walk<'_>) -> Result<(), Reason> {
        let Self { bytes, is_too_long } = std::mem::take(self);
        let text = bytes.trim_ascii_end();
        if text.is_empty() {
            return Ok(());
        }
        let entry = entry(text);
        if let Err(reason) = walk.admit(text.len() as u64, 0)? {
            return walk.unreadable(entry, reason);
        }
        if is_too_long {
            let reason = walk.too_long()?;
            return walk.unreadable(entry, reason);
        }
        // Whether another message follows must not change this one.
        let length = text.len();
        let mut bytes = bytes;
        bytes.truncate(length);
        bytes.push(b'\n');
        walk.file(entry, &bytes)
    }
}

fn entry(message: &[u8]) -> Entry {
    let envelope = Envelope::of(message);
    let subject = envelope.subject.unwrap_or_default().replace(['/', '\\'], " ");
    let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = subject[..subject.floor_char_boundary(MAX_NAME_BYTES)].trim_matches(['.', ' ']);
    let name = if name.is_empty() { "no subject" } else { name };
    let modified_ns = envelope.seconds.and_then(clock::of_seconds);
    Entry { path: format!("{name}.eml"), modified_ns, kind: Some("eml"), ..Entry::default() }
}

/// Whether a line is the first of a message, and so the one before it no line of a body.
fn is_header(line: &[u8]) -> bool {
    let line = line.strip_prefix(b">").unwrap_or(line);
    if line.starts_with(SEPARATOR) {
        return true;
    }
    let name =
        line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    name > 0 && line.get(name) == Some(&b':')
}

/// `>From ` is `From `, and `>>From ` is `>From `.
fn unescaped(line: &Line) -> &[u8] {
    let quotes = line.bytes.iter().take_while(|byte| **byte == b'>').count();
    let is_escaped = line.is_whole && quotes > 0 && line.bytes[quotes..].starts_with(SEPARATOR);
    &line.bytes[usize::from(is_escaped)..]
}
