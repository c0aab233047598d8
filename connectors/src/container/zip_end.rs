//! The end of a ZIP archive, where its directory is: looked at before anything is read for it.

use std::io::{self, Read, SeekFrom};

use super::Content;

/// The last record of an archive with the longest comment, and the records of large archives.
const TAIL_BYTES: u64 = 65_535 + 22 + 20 + 56;

const END: &[u8] = b"PK\x05\x06";
const LARGE_END: &[u8] = b"PK\x06\x06";

/// What an archive says of its directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) directory_bytes: u64,
    /// Files and directories, those that have the same name as well.
    pub(super) entries: u64,
}

impl End {
    /// Looks for the end of an archive; `None` where none ends there. Leaves the content at its
    /// beginning.
    pub(super) fn of(content: &mut dyn Content) -> io::Result<Option<Self>> {
        let length = content.seek(SeekFrom::End(0))?;
        content.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut tail = Vec::new();
        content.take(TAIL_BYTES).read_to_end(&mut tail)?;
        content.rewind()?;
        Ok(Self::in_tail(&tail))
    }

    fn in_tail(tail: &[u8]) -> Option<Self> {
        let last = |mark: &[u8]| tail.windows(mark.len()).rposition(|window| window == mark);
        let end = tail.get(last(END)?..)?;
        let entries = u16::from_le_bytes(end.get(10..12)?.try_into().ok()?);
        let size = u32::from_le_bytes(end.get(12..16)?.try_into().ok()?);
        if size < u32::MAX && entries < u16::MAX {
            return Some(Self { directory_bytes: size.into(), entries: entries.into() });
        }
        let small = Self { directory_bytes: size.into(), entries: entries.into() };
        let large = last(LARGE_END).and_then(|end| tail.get(end..)).and_then(Self::in_large);
        Some(large.unwrap_or(small))
    }

    fn in_large(end: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u64::from_le_bytes(end.get(at..at + 8)?.try_into().ok()?));
        Some(Self { entries: number(32)?, directory_bytes: number(40)? })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_directory_is_known_by_the_end_alone() {
        let of = |bytes: Vec<u8>| End::of(&mut Cursor::new(bytes)).unwrap();
        let end = [END, &[0; 6], &3_u16.to_le_bytes(), &77_u32.to_le_bytes(), &[0; 6]].concat();
        let program = [b"MZ program".as_slice(), &[1; 100_000], &end].concat();
        assert_eq!(of(program), Some(End { directory_bytes: 77, entries: 3 }));
        let numbers = [100_000_u64, 1 << 40].map(u64::to_le_bytes).concat();
        let large = [LARGE_END, &[0; 28], &numbers].concat();
        let full = [END, &[0; 6], &[0xff; 6], &[0; 6]].concat();
        let expected = End { directory_bytes: 1 << 40, entries: 100_000 };
        assert_eq!(of([large, full].concat()), Some(expected));
        assert_eq!(of(b"PK\x05\x06".to_vec()), None);
        assert_eq!(of(Vec::new()), None);
    }
}
