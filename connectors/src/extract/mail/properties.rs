//! The properties of an Outlook message: streams and a table in a compound file (MS-OXMSG).

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use cfb::CompoundFile;
use encoding_rs::Encoding;

use crate::extract::encoding;

/// A property larger than this is cut.
const MAX_BYTES: u64 = 100 * 1024 * 1024;

/// Tables longer than this are not read to their end.
const MAX_TABLE_BYTES: u64 = 1024 * 1024;

const TABLE: &str = "__properties_version1.0";
const UNICODE: &str = "001F";
const ANSI: &str = "001E";
const BINARY: &str = "0102";

/// The type of whole numbers, in the lower half of a tag.
const NUMBER: u32 = 0x0003;

/// Tags of the numbers and times that the table holds.
const MESSAGE_CODE_PAGE: u32 = 0x3ffd_0003;
const INTERNET_CODE_PAGE: u32 = 0x3fde_0003;

/// An Outlook message in memory.
pub(super) type Compound<'a> = CompoundFile<Cursor<&'a [u8]>>;

/// A message, a recipient or an attachment in the file.
pub(super) struct Properties {
    path: PathBuf,
    /// Tags and values.
    table: Vec<(u32, [u8; 8])>,
}

impl Properties {
    /// Reads the table of a storage, whose header has so many bytes.
    pub(super) fn of(file: &mut Compound<'_>, path: &Path, header: usize) -> Self {
        let bytes = stream(file, &path.join(TABLE), MAX_TABLE_BYTES).unwrap_or_default();
        let rows = bytes.get(header..).unwrap_or_default().chunks_exact(16);
        let row = |row: &[u8]| {
            let tag = u32::from_le_bytes(row[..4].try_into().ok()?);
            Some((tag, row[8..].try_into().ok()?))
        };
        Self { path: path.to_owned(), table: rows.filter_map(row).collect() }
    }

    /// A number or a time.
    pub(super) fn number(&self, tag: u32) -> Option<u64> {
        let (_, value) = self.table.iter().find(|(known, _)| *known == tag)?;
        let value = u64::from_le_bytes(*value);
        // Of a number, only the first half means anything.
        Some(if tag & 0xffff == NUMBER { value & 0xffff_ffff } else { value })
    }

    /// A text, in whatever encoding it is stored; `None` if it is empty.
    pub(super) fn text(&self, file: &mut Compound<'_>, id: &str) -> Option<String> {
        let text = match self.read(file, id, UNICODE) {
            Some(bytes) => encoding_rs::UTF_16LE.decode_without_bom_handling(&bytes).0.into_owned(),
            None => {
                let bytes = self.read(file, id, ANSI)?;
                match self.code_page() {
                    Some(encoding) => encoding.decode_without_bom_handling(&bytes).0.into_owned(),
                    None => encoding::decode(&bytes).ok()?.into_owned(),
                }
            }
        };
        let text = text.replace("\r\n", "\n").replace('\0', "");
        (!text.trim().is_empty()).then_some(text)
    }

    /// Bytes as they are stored.
    pub(super) fn bytes(&self, file: &mut Compound<'_>, id: &str) -> Option<Vec<u8>> {
        self.read(file, id, BINARY)
    }

    /// The path of a property that is a storage itself.
    pub(super) fn storage(&self, id: &str) -> PathBuf {
        self.path.join(format!("__substg1.0_{id}000D"))
    }

    fn read(&self, file: &mut Compound<'_>, id: &str, kind: &str) -> Option<Vec<u8>> {
        stream(file, &self.path.join(format!("__substg1.0_{id}{kind}")), MAX_BYTES)
    }

    fn code_page(&self) -> Option<&'static Encoding> {
        let page = self.number(MESSAGE_CODE_PAGE).or(self.number(INTERNET_CODE_PAGE))?;
        let label = match page {
            932 => "shift_jis".to_owned(),
            936 => "gbk".to_owned(),
            949 => "euc-kr".to_owned(),
            950 => "big5".to_owned(),
            20866 => "koi8-r".to_owned(),
            28591..=28606 => format!("iso-8859-{}", page - 28590),
            51949 => "euc-kr".to_owned(),
            65001 => "utf-8".to_owned(),
            874 | 1250..=1258 => format!("windows-{page}"),
            _ => return None,
        };
        Encoding::for_label(label.as_bytes())
    }
}

/// Reads a stream up to a limit.
pub(super) fn stream(file: &mut Compound<'_>, path: &Path, most: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let stream = file.is_stream(path).then(|| file.open_stream(path).ok()).flatten()?;
    stream.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
