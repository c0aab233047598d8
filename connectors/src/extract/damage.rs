//! What is said of damaged files: libraries speak of their own code, people ask about their file.

use std::fmt::Display;
use std::io;

use super::Reason;

const TOO_EARLY: &str = "damaged: it ends too early";
const DIRECTORY: &str = "damaged: it ends too early, the directory at its end is missing";
const CHECKSUM: &str = "damaged: a checksum is wrong, so a part of it was changed";
const SECTORS: &str = "damaged: its sectors do not hang together";
const BROKEN: &str = "damaged: a part of it is broken";

/// What libraries say, in lower case, and what it means; the first that is found counts.
const MEANINGS: [(&str, &str); 33] = [
    ("directory could not be read", "damaged: the directory inside it cannot be read"),
    ("password", "protected by a password"),
    ("encrypted", "protected by a password"),
    ("eocd", DIRECTORY),
    ("central directory", DIRECTORY),
    ("next header", DIRECTORY),
    ("checksum", CHECKSUM),
    ("crc", CHECKSUM),
    ("hash mismatch", CHECKSUM),
    ("fill whole buffer", TOO_EARLY),
    ("unexpected eof", TOO_EARLY),
    ("unexpected end", TOO_EARLY),
    ("end of file", TOO_EARLY),
    ("eof reached", TOO_EARLY),
    ("incomplete", TOO_EARLY),
    ("truncated", TOO_EARLY),
    ("too small", TOO_EARLY),
    ("too short", TOO_EARLY),
    ("ends too early", TOO_EARLY),
    ("early eof", TOO_EARLY),
    ("sector count is only", TOO_EARLY),
    ("entire block", TOO_EARLY),
    ("mem limit", "unpacking it needs too much memory"),
    ("memory limit", "unpacking it needs too much memory"),
    ("window", "unpacking it needs too much memory"),
    ("sector", SECTORS),
    ("minifat", SECTORS),
    ("directory", "damaged: the directory inside it cannot be read"),
    ("missing", "damaged: a part of it is missing"),
    ("ill-formed", "damaged: its XML is broken"),
    ("syntax error", "damaged: its XML is broken"),
    ("unsupported", "of a kind or version that is not supported"),
    ("not supported", "of a kind or version that is not supported"),
];

/// The reason for what a library found wrong with a file.
pub(crate) fn reason(error: &dyn Display) -> Reason {
    let said = error.to_string().to_lowercase();
    let meaning = MEANINGS.iter().find(|(mark, _)| said.contains(mark));
    Reason::Failed(meaning.map_or(BROKEN, |(_, meaning)| meaning).to_owned())
}

/// The same where reading failed: the disk may be at fault, or a limit of ours.
pub(crate) fn of_reading(error: &io::Error) -> Reason {
    if error.raw_os_error().is_some() {
        let said = error.to_string();
        let words = said.split(" (os error").next().unwrap_or_default().to_lowercase();
        return Reason::Failed(format!("cannot be read: {words}"));
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Limit>()) {
        Some(Limit(said)) => Reason::Failed(said.clone()),
        None => reason(error),
    }
}

/// A limit that reading met; its words are for people.
#[derive(Debug)]
pub(crate) struct Limit(String);

impl Limit {
    /// As the error of a reader.
    pub(crate) fn error(words: impl Into<String>) -> io::Error {
        io::Error::other(Self(words.into()))
    }
}

impl Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Limit {}

/// Whether a part of a text was overwritten by zeros, as disks and copies leave it.
pub(crate) fn has_hole(bytes: &[u8]) -> bool {
    const HOLE_BYTES: usize = 32;
    let mut run = 0;
    bytes.iter().any(|byte| {
        run = if *byte == 0 { run + 1 } else { 0 };
        run >= HOLE_BYTES
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_of_a_library_reaches_the_reader() {
        let cases = [
            ("invalid Zip archive: Could not find EOCD", DIRECTORY),
            ("failed to fill whole buffer", TOO_EARLY),
            (
                "OLE container error: DIFAT refers to sector 3, but sector count is only 2",
                TOO_EARLY,
            ),
            ("Malformed MiniFAT (mini sector 0 pointed to twice)", SECTORS),
            ("dist overflow", BROKEN),
            ("Invalid checksum", CHECKSUM),
        ];
        for (said, meant) in cases {
            assert_eq!(reason(&said), Reason::Failed(meant.to_owned()), "{said}");
        }
    }

    #[test]
    fn a_disk_that_fails_is_not_the_files_fault() {
        let error = io::Error::from_raw_os_error(5);
        assert_eq!(of_reading(&error).to_string(), "cannot be read: input/output error");
        assert_eq!(of_reading(&Limit::error("too much")).to_string(), "too much");
    }

    #[test]
    fn zeros_in_a_row_are_a_hole() {
        assert!(has_hole(&[b"text".as_slice(), &[0; 64]].concat()));
        assert!(!has_hole(&b"a\0b\0".repeat(100)));
    }
}
