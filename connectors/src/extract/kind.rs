//! What a file is: by its first bytes, by what a package holds, and only then by its name.

use std::io::{Cursor, Read, Seek};

use super::format::extension;
use super::{Input, Reason, signature};

/// What reads the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text in any encoding; its [`super::format::Format`] is decided once it is decoded.
    Text,
    Pdf,
    Rtf,
    /// `.docx`, `.pptx`.
    OfficeXml,
    /// `.doc`, `.ppt`.
    LegacyOffice,
    /// `.xlsx`, `.xlsb`, `.xls`.
    Workbook,
    /// `.odt`, `.odp`, `.ods`.
    OpenDocument,
    Epub,
    /// `.hwp`, of version 3 or 5.
    Hangul,
    /// `.hwpx`.
    HangulXml,
    /// A message as it is sent (RFC 5322).
    Mail,
    /// `.msg`.
    OutlookMail,
    /// A picture that text can be recognised in.
    Image,
    /// ZIP without a document format of its own.
    Zip,
}

const ZIP: &[u8] = b"PK\x03\x04";
const EMPTY_ZIP: &[u8] = b"PK\x05\x06";
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
const HANGUL_3: &[u8] = b"HWP Document File V3.00";

/// What each extension promises; a file of that name that is no such thing is damaged.
const PROMISES: [(&str, &str); 36] = [
    ("7z", "a 7z archive"),
    ("bz2", "a bzip2 file"),
    ("doc", "a Word document"),
    ("docm", "a Word document"),
    ("docx", "a Word document"),
    ("dotx", "a Word template"),
    ("epub", "an EPUB book"),
    ("gz", "a gzip file"),
    ("hwp", "a Hangul document"),
    ("hwpx", "a Hangul document"),
    ("jpeg", "a JPEG image"),
    ("jpg", "a JPEG image"),
    ("msg", "an Outlook message"),
    ("odp", "an OpenDocument presentation"),
    ("ods", "an OpenDocument spreadsheet"),
    ("odt", "an OpenDocument text"),
    ("pdf", "a PDF document"),
    ("png", "a PNG image"),
    ("potx", "a PowerPoint template"),
    ("pps", "a PowerPoint presentation"),
    ("ppsx", "a PowerPoint presentation"),
    ("ppt", "a PowerPoint presentation"),
    ("pptm", "a PowerPoint presentation"),
    ("pptx", "a PowerPoint presentation"),
    ("rtf", "an RTF document"),
    ("tar", "a tar archive"),
    ("tgz", "a tar archive"),
    ("tif", "a TIFF image"),
    ("tiff", "a TIFF image"),
    ("xls", "an Excel workbook"),
    ("xlsb", "an Excel workbook"),
    ("xlsm", "an Excel workbook"),
    ("xlsx", "an Excel workbook"),
    ("xz", "an xz file"),
    ("zip", "a ZIP archive"),
    ("zst", "a Zstandard file"),
];

impl Kind {
    /// Decides what reads a file; fails when nothing does, or when it is not what its name says.
    pub(crate) fn of(input: &Input<'_>) -> Result<Self, Reason> {
        let bytes = input.bytes;
        let extension = extension(input.name());
        // Some writers put a few bytes before the header.
        if bytes[..bytes.len().min(1024)].windows(5).any(|window| window == b"%PDF-")
            && (bytes.starts_with(b"%PDF-") || extension == "pdf")
        {
            return Ok(Self::Pdf);
        }
        if bytes.starts_with(b"{\\rtf") {
            return Ok(Self::Rtf);
        }
        if bytes.starts_with(ZIP) || bytes.starts_with(EMPTY_ZIP) {
            return Ok(Self::of_package(Cursor::new(bytes), &extension));
        }
        if bytes.starts_with(COMPOUND) {
            return compound(bytes, &extension);
        }
        if bytes.starts_with(HANGUL_3) {
            return Ok(Self::Hangul);
        }
        if signature::is_picture(bytes) {
            return Ok(Self::Image);
        }
        if let Some(what) = signature::of(input) {
            return Err(Reason::Skipped(what));
        }
        if let Ok(index) = PROMISES.binary_search_by_key(&&*extension, |(name, _)| name) {
            return broken(bytes, &extension, PROMISES[index].1);
        }
        Ok(match extension.as_str() {
            "eml" | "mbox" | "mht" | "mhtml" => Self::Mail,
            _ => Self::Text,
        })
    }

    /// What a ZIP package is, by the names in it; a damaged one is what its extension says.
    pub(crate) fn of_package(content: impl Read + Seek, extension: &str) -> Self {
        by_names(content).unwrap_or(match extension {
            "docx" | "docm" | "dotx" | "pptx" | "pptm" | "potx" | "ppsx" => Self::OfficeXml,
            "xlsx" | "xlsm" | "xlsb" | "xltx" | "xltm" => Self::Workbook,
            "odt" | "ott" | "odp" | "otp" | "ods" | "ots" => Self::OpenDocument,
            "epub" => Self::Epub,
            "hwpx" => Self::HangulXml,
            _ => Self::Zip,
        })
    }
}

/// What reads a file that is not what its name promises.
fn broken(bytes: &[u8], extension: &str, promise: &str) -> Result<Kind, Reason> {
    let Ok(text) = super::encoding::decode(bytes) else {
        return Err(Reason::Failed(format!("not {promise}, or damaged at its beginning")));
    };
    // Old programs write HTML or tables of text under the names of Office.
    if matches!(extension, "xls" | "doc" | "rtf") && bytes.len() > 64 {
        return Ok(Kind::Text);
    }
    let other = if super::html::is_likely(&text) { "a web page" } else { "plain text" };
    Err(Reason::Failed(format!("not {promise} but {other}")))
}

fn by_names(content: impl Read + Seek) -> Option<Kind> {
    zip::ZipArchive::new(content).ok().and_then(|archive| {
        let has = |name: &str| archive.index_for_name(name).is_some();
        let any = |start: &str| {
            archive
                .file_names()
                .take(1000)
                .any(|name| name.is_ok_and(|name| name.starts_with(start)))
        };
        if has("[Content_Types].xml") && any("xl/") {
            Some(Kind::Workbook)
        } else if has("[Content_Types].xml") && (any("word/") || any("ppt/")) {
            Some(Kind::OfficeXml)
        } else if has("META-INF/container.xml") && !any("Contents/") {
            Some(Kind::Epub)
        } else if any("Contents/section") || has("Contents/content.hpf") {
            Some(Kind::HangulXml)
        } else if has("content.xml") && (has("META-INF/manifest.xml") || has("mimetype")) {
            Some(Kind::OpenDocument)
        } else {
            None
        }
    })
}

/// What a compound file is, by its streams; a damaged one is what its name says.
fn compound(bytes: &[u8], extension: &str) -> Result<Kind, Reason> {
    if let Ok(file) = cfb::CompoundFile::open(Cursor::new(bytes)) {
        let has = |path: &str| file.exists(path);
        if has("/EncryptedPackage") {
            return Err(Reason::Failed("protected by a password".to_owned()));
        }
        if has("/WordDocument") || has("/PowerPoint Document") {
            return Ok(Kind::LegacyOffice);
        }
        if has("/Workbook") || has("/Book") {
            return Ok(Kind::Workbook);
        }
        if has("/FileHeader") && (has("/DocInfo") || has("/BodyText")) {
            return Ok(Kind::Hangul);
        }
        if has("/__properties_version1.0") {
            return Ok(Kind::OutlookMail);
        }
    }
    match extension {
        "doc" | "dot" | "ppt" | "pps" => Ok(Kind::LegacyOffice),
        "xls" | "xlt" => Ok(Kind::Workbook),
        "hwp" => Ok(Kind::Hangul),
        "msg" => Ok(Kind::OutlookMail),
        _ => Err(Reason::Skipped("OLE compound file of an unknown kind".to_owned())),
    }
}
