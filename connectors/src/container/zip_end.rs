//! The end of a ZIP archive, where its directory is: looked at before anything is read for it.

use std::io::{self, Read, SeekFrom};

use super::Content;

/// The last record of an archive with the longest comment, and the records of large archives.
const TAIL_BYTES: u64 = 65_535 + 22 + 20 + 56;

const END: &[u8] = b"PK\x05\x06";
const LARGE_END: &[u8] = b"PK\x06\x06";

/// How many bytes the directory has by what the archive says; `None` where none ends there. Leaves
/// the content at its beginning.
pub(super) fn directory_bytes(content: &mut dyn Content) -> io::Result<Option<u64>> {
    let length = content.seek(SeekFrom::End(0))?;
    content.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    content.take(TAIL_BYTES).read_to_end(&mut tail)?;
    content.rewind()?;
    Ok(stated(&tail))
}

fn stated(tail: &[u8]) -> Option<u64> {
    let last = |mark: &[u8]| tail.windows(mark.len()).rposition(|window| window == mark);
    let end = last(END)?;
    let small = u32::from_le_bytes(tail.get(end + 12..end + 16)?.try_into().ok()?);
    if small < u32::MAX {
        return Some(small.into());
    }
    let large = last(LARGE_END)? + 40;
    Some(u64::from_le_bytes(tail.get(large..large + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_size_of_the_directory_is_found_at_the_end_alone() {
        let of = |bytes: Vec<u8>| directory_bytes(&mut Cursor::new(bytes)).unwrap();
        let end = [END, &[0; 8], &77_u32.to_le_bytes(), &[0; 6]].concat();
        assert_eq!(of([b"MZ program".as_slice(), &[1; 100_000], &end].concat()), Some(77));
        let large = [LARGE_END, &[0; 36], &(1_u64 << 40).to_le_bytes()].concat();
        let full = [END, &[0; 8], &u32::MAX.to_le_bytes(), &[0; 6]].concat();
        assert_eq!(of([large, full].concat()), Some(1 << 40));
        assert_eq!(of(b"PK\x05\x06".to_vec()), None);
        assert_eq!(of(Vec::new()), None);
    }
}
