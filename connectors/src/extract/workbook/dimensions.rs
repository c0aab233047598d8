//! The sizes that sheets of old workbooks announce or have by a single cell: memory is taken for
//! them, and many are far too large, as where whole columns were formatted.

use std::io::{self, Cursor, Read, Seek, Write};

use cfb::CompoundFile;

const DIMENSIONS: u16 = 0x0200;

/// The records of cells, which begin with their row and column.
const CELLS: [u16; 8] = [0x0006, 0x00bd, 0x00d6, 0x00fd, 0x0203, 0x0204, 0x0205, 0x027e];

/// No sheet of these workbooks has more; memory is taken for all cells up to the last one.
const MAX_COLUMNS: u16 = 256;

/// What no record is called, so that it is passed over.
const UNKNOWN: [u8; 2] = [0xff, 0xff];

/// Says where in the stream a sheet begins.
const SHEET: u16 = 0x0085;

/// The workbook with sheets that announce no size; fails where it is no compound file.
pub(super) fn without(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut file = CompoundFile::open(Cursor::new(bytes.to_vec()))?;
    for path in ["/Workbook", "/Book"] {
        if !file.exists(path) {
            continue;
        }
        let mut stream = file.open_stream(path)?;
        let mut records = Vec::new();
        (&mut stream).take(bytes.len() as u64).read_to_end(&mut records)?;
        forget(&mut records);
        stream.rewind()?;
        stream.write_all(&records)?;
        stream.flush()?;
    }
    Ok(file.into_inner().into_inner())
}

/// Empties each announcement, and hides each cell that no sheet has room for, that is met from the
/// beginning of the stream or of a sheet. Records that were met before lead to nothing new.
fn forget(records: &mut [u8]) {
    let mut is_met = vec![false; records.len()];
    let mut starts = vec![0];
    while let Some(mut start) = starts.pop() {
        while let Some(&[kind, kind_high, length, length_high]) = records.get(start..start + 4) {
            if std::mem::replace(&mut is_met[start], true) {
                break;
            }
            let data = start + 4;
            let end = data + usize::from(u16::from_le_bytes([length, length_high]));
            match (u16::from_le_bytes([kind, kind_high]), records.get_mut(data..end)) {
                (DIMENSIONS, Some(size)) => size.fill(0),
                (kind, Some(&mut [_, _, low, high, ..]))
                    if CELLS.contains(&kind) && u16::from_le_bytes([low, high]) >= MAX_COLUMNS =>
                {
                    records[start..start + 2].copy_from_slice(&UNKNOWN);
                }
                (SHEET, Some(&mut [a, b, c, d, ..])) => {
                    starts.push(u32::from_le_bytes([a, b, c, d]) as usize);
                }
                _ => {}
            }
            start = end;
        }
    }
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

    #[test]
    fn a_size_that_only_a_sheet_leads_to_is_found() {
        let sheet = |fill: u8| [&[0, 2, 14, 0][..], &[fill; 14]].concat();
        // A record of the whole hides the sheet, which begins inside of it.
        let before = [0x85, 0, 4, 0, 12, 0, 0, 0, 1, 0, 18, 0];
        let mut records = [&before[..], &sheet(0xff)].concat();
        forget(&mut records);
        assert_eq!(records, [&before[..], &sheet(0)].concat());
    }

    #[test]
    fn a_cell_that_no_sheet_has_room_for_is_hidden() {
        let cell = |kind: u8, column: u8| [kind, 2, 14, 0, 9, 0, 255, column].into_iter();
        let cell = |kind, column| cell(kind, column).chain([0; 10]).collect::<Vec<_>>();
        let mut records = [cell(3, 0), cell(3, 1), cell(4, 0)].concat();
        forget(&mut records);
        let mut hidden = cell(3, 1);
        hidden[..2].copy_from_slice(&UNKNOWN);
        assert_eq!(records, [cell(3, 0), hidden, cell(4, 0)].concat());
    }
}
