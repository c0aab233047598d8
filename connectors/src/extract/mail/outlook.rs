//! Messages that were saved by Outlook (`.msg`).

use std::io::Cursor;
use std::path::{Path, PathBuf};

use cfb::CompoundFile;
use mail_parser::{DateTime, MessageParser};

use super::body::Body;
use super::letter::Letter;
use super::properties::{Compound, Properties};
use super::quoted::Repeated;
use super::{embedded, envelope, lzfu};
use crate::extract::outline::one_line;
use crate::extract::{Attachment, Extraction, Reason, damage, encoding, rtf};

/// More files or recipients than this are not taken out of one message.
const MAX_CHILDREN: usize = 1000;

const MESSAGE_HEADER_BYTES: usize = 32;
const CHILD_HEADER_BYTES: usize = 8;

/// The times of sending and of delivery.
const TIMES: [u32; 2] = [0x0039_0040, 0x0e06_0040];

/// 1 for those it was sent to, 2 for those who got a copy.
const RECIPIENT_KIND: u32 = 0x0c15_0003;

/// Between the epochs of Windows (1601) and of Unix.
const WINDOWS_EPOCH_SECONDS: i64 = 11_644_473_600;

/// Reads a message with all that it carries.
pub(super) fn read(bytes: &[u8]) -> Result<Extraction, Reason> {
    let mut file =
        CompoundFile::open(Cursor::new(bytes)).map_err(|error| damage::of_reading(&error))?;
    let message = Properties::of(&mut file, Path::new("/"), MESSAGE_HEADER_BYTES);
    let class = message.text(&mut file, "001A").unwrap_or_default().to_ascii_lowercase();
    if class.starts_with("ipm.note.smime") && !class.contains("multipartsigned") {
        return Err(Reason::Failed("encrypted (S/MIME)".to_owned()));
    }
    let subject = message.text(&mut file, "0037");
    let body = body(&message, &mut file, Repeated::by(subject.as_deref()));
    let [to, cc] = recipients(&mut file);
    let mut letter = Letter {
        subject,
        from: sender(&message, &mut file),
        to: to.or_else(|| message.text(&mut file, "0E04")).unwrap_or_default(),
        cc: cc.or_else(|| message.text(&mut file, "0E03")).unwrap_or_default(),
        date: TIMES.iter().find_map(|tag| date(message.number(*tag)?)),
        message_id: message.text(&mut file, "1035").map(without_brackets),
        in_reply_to: message.text(&mut file, "1042").map(without_brackets),
        body: body.sections,
        quoted: body.quoted,
    };
    if let Some(headers) = message.text(&mut file, "007D") {
        complete(&mut letter, &headers);
    }
    Ok(letter.with(attachments(&mut file)))
}

/// The plain text, else the HTML, else the RTF, which Outlook writes for each message.
fn body(message: &Properties, file: &mut Compound<'_>, repeated: Repeated) -> Body {
    let mut body = Body::default();
    if let Some(text) = message.text(file, "1000") {
        body.add_text(&text);
        return body;
    }
    let html = message.bytes(file, "1013");
    let html = html.and_then(|bytes| encoding::decode(&bytes).ok().map(|text| text.into_owned()));
    if let Some(source) = html.or_else(|| message.text(file, "1013")) {
        body.add_html(&source, repeated);
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
    person(name, address)
}

fn person(name: Option<String>, address: Option<String>) -> String {
    match (name, address) {
        (Some(name), Some(address)) if !name.contains(&address) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default(),
    }
}

/// Whom the message was sent to, and who got a copy.
fn recipients(file: &mut Compound<'_>) -> [Option<String>; 2] {
    let mut lists = [const { Vec::new() }; 2];
    for path in storages(file, "__recip_version1.0_") {
        let recipient = Properties::of(file, &path, CHILD_HEADER_BYTES);
        let kind = recipient.number(RECIPIENT_KIND).and_then(|kind| usize::try_from(kind).ok());
        let Some(list) = kind.and_then(|kind| lists.get_mut(kind.checked_sub(1)?)) else {
            continue;
        };
        let name = recipient.text(file, "3001");
        let address = ["39FE", "3003"].iter().find_map(|id| recipient.text(file, id));
        list.push(person(name, address.filter(|it| it.contains('@'))));
    }
    lists.map(|list| (!list.is_empty()).then(|| list.join(", ")))
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
    let storages = storages(file, "__attach_version1.0_");
    storages.iter().filter_map(|path| attachment(file, path)).collect()
}

/// The storages at the root whose names begin so.
fn storages(file: &Compound<'_>, start: &str) -> Vec<PathBuf> {
    let storages = file.read_root_storage().filter(|entry| entry.name().starts_with(start));
    storages.map(|entry| entry.path().to_owned()).take(MAX_CHILDREN).collect()
}

fn attachment(file: &mut Compound<'_>, path: &Path) -> Option<Attachment> {
    let properties = Properties::of(file, path, CHILD_HEADER_BYTES);
    let mut name = ["3707", "3704", "3001"].iter().find_map(|id| properties.text(file, id));
    let storage = properties.storage("3701");
    if file.is_storage(&storage) {
        let name = name.map_or_else(|| "message".to_owned(), |name| one_line(&name));
        let name = name.trim_end_matches(".msg").replace(['/', '\\'], " ");
        let bytes = embedded::copy(file, &storage)?;
        return Some(Attachment::new(format!("{name}.msg"), bytes));
    }
    let bytes = properties.bytes(file, "3701")?;
    if name.is_none() {
        let known = properties.text(file, "3703");
        name = known.map(|extension| format!("attachment{}", extension.trim()));
    }
    Some(Attachment::new(name?, bytes))
}

fn without_brackets(id: String) -> String {
    id.trim().trim_start_matches('<').trim_end_matches('>').to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::extract::{Input, extract};

    /// A message in the making.
    struct Draft(CompoundFile<Cursor<Vec<u8>>>);

    impl Draft {
        fn new() -> Self {
            Self(CompoundFile::create(Cursor::new(Vec::new())).unwrap())
        }

        fn put(mut self, path: &str, bytes: &[u8]) -> Self {
            let storage = Path::new(path).parent().unwrap();
            self.0.create_storage_all(storage).unwrap();
            self.0.create_stream(path).unwrap().write_all(bytes).unwrap();
            self
        }

        fn text(self, path: &str, text: &str) -> Self {
            let bytes = text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
            self.put(&format!("{path}001F"), &bytes)
        }

        /// The table of properties, with a header of so many bytes.
        fn table(self, storage: &str, header: usize, rows: &[(u32, u64)]) -> Self {
            let mut bytes = vec![0; header];
            for (tag, value) in rows {
                bytes.extend(tag.to_le_bytes());
                bytes.extend([0; 4]);
                bytes.extend(value.to_le_bytes());
            }
            self.put(&format!("{storage}/__properties_version1.0"), &bytes)
        }

        fn bytes(mut self) -> Vec<u8> {
            self.0.flush().unwrap();
            self.0.into_inner().into_inner()
        }
    }

    fn read(bytes: &[u8]) -> Extraction {
        extract(&Input::new("a.msg", bytes)).unwrap()
    }

    const SENT: (u32, u64) = (0x0039_0040, 133_444_736_000_000_000);

    #[test]
    fn the_properties_of_a_message_are_read() {
        let bytes = Draft::new()
            .table("", 32, &[SENT])
            .text("/__substg1.0_0037", "예산")
            .text("/__substg1.0_0C1A", "Kim")
            .text("/__substg1.0_5D01", "kim@x")
            .text("/__substg1.0_0E04", "Lee")
            .text("/__substg1.0_1035", "<1@x>")
            .text("/__substg1.0_1000", "words\r\n")
            .bytes();
        let document = read(&bytes).document;
        assert_eq!(document.title.as_deref(), Some("예산"));
        let headers = "From: Kim <kim@x>; To: Lee; Date: 2023-11-14T22:13:20Z";
        assert_eq!(document.sections[0].text, headers);
        assert_eq!(document.metadata["message-id"], "1@x");
        assert_eq!(document.sections[1].text, "words\n");
    }

    #[test]
    fn recipients_have_their_addresses() {
        let mut draft = Draft::new().table("", 32, &[]).text("/__substg1.0_0E04", "Lee");
        for (index, (kind, name)) in [(1, "Lee"), (2, "Park"), (1, "choi@x")].iter().enumerate() {
            let storage = format!("/__recip_version1.0_#0000000{index}");
            draft = draft.table(&storage, 8, &[(RECIPIENT_KIND, *kind)]);
            draft = draft.text(&format!("{storage}/__substg1.0_3001"), name);
            let address = format!("{}@x", name.trim_end_matches("@x").to_lowercase());
            draft = draft.text(&format!("{storage}/__substg1.0_39FE"), &address);
        }
        let metadata = read(&draft.bytes()).document.metadata;
        assert_eq!(metadata["to"], "Lee <lee@x>, choi@x");
        assert_eq!(metadata["cc"], "Park <park@x>");
    }

    #[test]
    fn old_messages_are_read_in_their_code_page() {
        let (subject, _, _) = encoding_rs::EUC_KR.encode("예산");
        let bytes = Draft::new()
            .table("", 32, &[(0x3ffd_0003, 949)])
            .put("/__substg1.0_0037001E", &subject)
            .put("/__substg1.0_10130102", b"<html><p>words of the page</p>")
            .bytes();
        let document = read(&bytes).document;
        assert_eq!(document.title.as_deref(), Some("예산"));
        assert!(document.sections[0].text.contains("words of the page"));
    }

    #[test]
    fn attachments_and_messages_inside_are_files_of_their_own() {
        let inner = "/__attach_version1.0_#00000001/__substg1.0_3701000D";
        let bytes = Draft::new()
            .table("", 32, &[])
            .text("/__substg1.0_0037", "Outer")
            .text("/__attach_version1.0_#00000000/__substg1.0_3707", "notes.txt")
            .put("/__attach_version1.0_#00000000/__substg1.0_37010102", b"attached")
            .text("/__attach_version1.0_#00000001/__substg1.0_3001", "Inner/message")
            .table(inner, 24, &[SENT])
            .text(&format!("{inner}/__substg1.0_0037"), "Inner")
            .text(&format!("{inner}/__substg1.0_1000"), "inside")
            .bytes();
        let attachments = read(&bytes).attachments;
        let names = attachments.iter().map(|attachment| &*attachment.name).collect::<Vec<_>>();
        assert_eq!(names, ["notes.txt", "Inner message.msg"]);
        let document = read(attachments[1].content.as_ref().unwrap()).document;
        assert_eq!(document.title.as_deref(), Some("Inner"));
        assert_eq!(document.metadata["date"], "2023-11-14T22:13:20Z");
        assert_eq!(document.sections[1].text, "inside");
    }

    #[test]
    fn what_is_encrypted_or_damaged_says_so() {
        let draft = Draft::new().table("", 32, &[]);
        let bytes = draft.text("/__substg1.0_001A", "IPM.Note.SMIME").bytes();
        let encrypted = extract(&Input::new("a.msg", &bytes)).unwrap_err();
        assert_eq!(encrypted, Reason::Failed("encrypted (S/MIME)".to_owned()));
        let cut = extract(&Input::new("a.msg", &bytes[..600])).unwrap_err();
        assert!(matches!(cut, Reason::Failed(reason) if reason.starts_with("damaged")));
    }
}
