//! The sizes that sheets of old workbooks announce: memory is taken for them, and many are far
//! too large, as where whole columns were formatted.

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use cfb::CompoundFile;

const DIMENSIONS: u16 = 0x0200;

/// The workbook with sheets that announce no size; `None` if it cannot be changed.
pub(super) fn without(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut file = CompoundFile::open(Cursor::new(bytes.to_vec())).ok()?;
    let path = ["/Workbook", "/Book"].into_iter().find(|path| file.exists(path))?;
    let mut stream = file.open_stream(path).ok()?;
    let mut records = Vec::new();
    (&mut stream).take(bytes.len() as u64).read_to_end(&mut records).ok()?;
    let mut start = 0;
    while let Some(&[kind, kind_high, length, length_high]) = records.get(start..start + 4) {
        let data = start + 4;
        let end = data + usize::from(u16::from_le_bytes([length, length_high]));
        if u16::from_le_bytes([kind, kind_high]) == DIMENSIONS {
            records.get_mut(data..end)?.fill(0);
            stream.seek(SeekFrom::Start(data as u64)).ok()?;
            stream.write_all(&records[data..end]).ok()?;
        }
        start = end;
    }
    stream.flush().ok()?;
    drop(stream);
    Some(file.into_inner().into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_lies_costs_no_memory() {
        let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        let record = |fill: u8| [&[9, 8, 2, 0, 7, 7, 0, 2, 14, 0][..], &[fill; 14]].concat();
        file.create_stream("/Workbook").unwrap().write_all(&record(0xff)).unwrap();
        let mended = without(&file.into_inner().into_inner()).unwrap();
        let mut records = Vec::new();
        let mut file = CompoundFile::open(Cursor::new(mended)).unwrap();
        file.open_stream("/Workbook").unwrap().read_to_end(&mut records).unwrap();
        assert_eq!(records, record(0));
    }
}
