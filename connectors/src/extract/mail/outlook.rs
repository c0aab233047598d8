//! Messages that were saved by Outlook (`.msg`).

use std::io::Cursor;
use std::path::{Path, PathBuf};

use cfb::CompoundFile;
use mail_parser::{DateTime, MessageParser};

use super::body::Body;
use super::letter::Letter;
use super::properties::{Compound, Properties};
use super::{embedded, envelope, lzfu, quoted};
use crate::extract::outline::one_line;
use crate::extract::{Attachment, Extraction, Reason, encoding, rtf};

/// More files than this are not taken out of one message.
const MAX_ATTACHMENTS: usize = 1000;

const MESSAGE_HEADER_BYTES: usize = 32;
const ATTACHMENT_HEADER_BYTES: usize = 8;

/// The times of sending and of delivery.
const TIMES: [u32; 2] = [0x0039_0040, 0x0e06_0040];

/// Between the epochs of Windows (1601) and of Unix.
const WINDOWS_EPOCH_SECONDS: i64 = 11_644_473_600;

/// Reads a message with all that it carries.
pub(super) fn read(bytes: &[u8]) -> Result<Extraction, Reason> {
    let mut file = CompoundFile::open(Cursor::new(bytes))
        .map_err(|error| Reason::Failed(format!("damaged: {error}")))?;
    let message = Properties::of(&mut file, Path::new("/"), MESSAGE_HEADER_BYTES);
    let class = message.text(&mut file, "001A").unwrap_or_default().to_ascii_lowercase();
    if class.starts_with("ipm.note.smime") && !class.contains("multipartsigned") {
        return Err(Reason::Failed("encrypted (S/MIME)".to_owned()));
    }
    let subject = message.text(&mut file, "0037");
    let is_forwarded = subject.as_deref().is_some_and(quoted::is_forwarding);
    let body = body(&message, &mut file, is_forwarded);
    let mut letter = Letter {
        subject,
        from: sender(&message, &mut file),
        to: message.text(&mut file, "0E04").unwrap_or_default(),
        cc: message.text(&mut file, "0E03").unwrap_or_default(),
        date: TIMES.iter().find_map(|tag| date(message.number(*tag)?)),
        message_id: message.text(&mut file, "1035").map(without_brackets),
        in_reply_to: message.text(&mut file, "1042").map(without_brackets),
        body: body.sections,
        quoted: body.quoted,
    };
    if let Some(headers) = message.text(&mut file, "007D") {
        complete(&mut letter, &headers);
    }
    Ok(Extraction { document: letter.into_document(), attachments: attachments(&mut file) })
}

/// The plain text, else the HTML, else the RTF, which Outlook writes for each message.
fn body(message: &Properties, file: &mut Compound<'_>, is_forwarded: bool) -> Body {
    let mut body = Body::default();
    if let Some(text) = message.text(file, "1000") {
        body.add_text(&text);
        return body;
    }
    let html = message.bytes(file, "1013");
    let html = html.and_then(|bytes| encoding::decode(&bytes).ok().map(|text| text.into_owned()));
    if let Some(source) = html.or_else(|| message.text(file, "1013")) {
        body.add_html(&source, is_forwarded);
    }
    if body.sections.is_empty() {
        let rich = message.bytes(file, "1009").and_then(|bytes| lzfu::unpack(&bytes));
        let document = rich.and_then(|rich| rtf::read(&rich).ok());
        body.sections = document.map(|document| document.sections).unwrap_or_default();
    }
    body
}

fn sender(message: &Properties, file: &mut Compound<'_>) -> String {
    let mut first = |ids: &[&str]| ids.iter().find_map(|id| message.text(file, id));
    let name = first(&["0C1A", "0042"]);
    let address = first(&["5D01", "5D02", "0C1F", "0065"]).filter(|it| it.contains('@'));
    match (name, address) {
        (Some(name), Some(address)) if name != address => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default(),
    }
}

fn date(units: u64) -> Option<String> {
    let seconds = i64::try_from(units / 10_000_000).ok()? - WINDOWS_EPOCH_SECONDS;
    (seconds > 0).then(|| DateTime::from_timestamp(seconds).to_rfc3339())
}

/// What Outlook does not say of a message that came from elsewhere is in its headers.
fn complete(letter: &mut Letter, headers: &str) {
    let headers = envelope::in_utf8(headers.as_bytes());
    let Some(message) = MessageParser::default().parse_headers(headers.as_ref()) else { return };
    let date = message.date().filter(|date| date.is_valid());
    letter.date = letter.date.take().or_else(|| date.map(DateTime::to_rfc3339));
    let id = || message.message_id().map(str::to_owned);
    letter.message_id = letter.message_id.take().or_else(id);
    let reply = || message.in_reply_to().as_text().map(str::to_owned);
    letter.in_reply_to = letter.in_reply_to.take().or_else(reply);
}

fn attachments(file: &mut Compound<'_>) -> Vec<Attachment> {
    let storages = file.read_root_storage();
    let storages = storages.filter(|entry| entry.name().starts_with("__attach_version1.0_"));
    let storages = storages.map(|entry| entry.path().to_owned()).take(MAX_ATTACHMENTS);
    let storages = storages.collect::<Vec<PathBuf>>();
    storages.iter().filter_map(|path| attachment(file, path)).collect()
}

fn attachment(file: &mut Compound<'_>, path: &Path) -> Option<Attachment> {
    let properties = Properties::of(file, path, ATTACHMENT_HEADER_BYTES);
    let mut name = ["3707", "3704", "3001"].iter().find_map(|id| properties.text(file, id));
    let storage = properties.storage("3701");
    if file.is_storage(&storage) {
        let name = name.map_or_else(|| "message".to_owned(), |name| one_line(&name));
        let name = name.trim_end_matches(".msg").replace(['/', '\\'], " ");
        let bytes = embedded::copy(file, &storage)?;
        return Some(Attachment { name: format!("{name}.msg"), bytes });
    }
    let bytes = properties.bytes(file, "3701")?;
    if name.is_none() {
        let known = properties.text(file, "3703");
        name = known.map(|extension| format!("attachment{}", extension.trim()));
    }
    Some(Attachment { name: name?, bytes })
}

fn without_brackets(id: String) -> String {
    id.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}
