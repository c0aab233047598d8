//! The chains of sectors in a compound file: `calamine` follows one that comes back to itself until
//! the memory is full.

const HEADER_BYTES: usize = 512;
const SHIFT_AT: usize = 30;
const FIRST_OF_LIST_AT: usize = 68;
const LIST_AT: usize = 76;

/// What stands in the table for a sector that is no link: the end, free, or of the tables.
const NO_LINK: u32 = 0xffff_fff0;

/// Whether any chain of a compound file comes back to itself.
pub(super) fn are_circular(bytes: &[u8]) -> bool {
    let links = links(bytes);
    // By which chain a sector was reached.
    let mut reached = vec![0_usize; links.len()];
    (0..links.len()).any(|start| {
        let mut sector = start;
        while let Some(of) = reached.get_mut(sector).filter(|of| **of == 0) {
            *of = start + 1;
            sector = links[sector] as usize;
        }
        reached.get(sector).is_some_and(|of| *of == start + 1)
    })
}

/// For each sector, the next one of its chain.
fn links(bytes: &[u8]) -> Vec<u32> {
    let shift = bytes.get(SHIFT_AT).copied().unwrap_or_default().clamp(7, 12);
    let sector = |number: u32| {
        let begin = (number as usize).checked_add(1)?.checked_mul(1 << shift)?;
        bytes.get(begin..).map(|rest| &rest[..rest.len().min(1 << shift)])
    };
    let most = bytes.len() >> shift;
    let mut tables = numbers(bytes.get(LIST_AT..HEADER_BYTES).unwrap_or_default());
    let mut more = numbers(bytes.get(FIRST_OF_LIST_AT..LIST_AT).unwrap_or_default());
    more.truncate(1);
    while let Some(list) = more.pop().filter(|_| tables.len() <= most).and_then(sector) {
        let mut list = numbers(list);
        more.extend(list.pop());
        tables.extend(list);
    }
    let tables = tables.into_iter().filter(|table| *table < NO_LINK).take(most);
    tables.filter_map(sector).flat_map(numbers).take(most).collect()
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    let four = bytes.chunks_exact(4);
    four.map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    #[test]
    fn a_chain_that_comes_back_to_itself_is_noticed_and_no_other() {
        let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        for name in ["/a", "/b"] {
            file.create_stream(name).unwrap().write_all(&[7; 300_000]).unwrap();
        }
        file.flush().unwrap();
        let mut bytes = file.into_inner().into_inner();
        assert!(!are_circular(&bytes));
        assert!(!are_circular(&bytes[..1000]) && !are_circular(b""));
        let last = links(&bytes).iter().rposition(|link| *link < NO_LINK).unwrap();
        let link = u32::try_from(last + 1).unwrap().to_le_bytes();
        let at = bytes.windows(4).rposition(|window| window == link).unwrap();
        bytes[at..at + 4].copy_from_slice(&u32::try_from(last - 9).unwrap().to_le_bytes());
        assert!(are_circular(&bytes));
        let reason = super::super::read(&bytes).unwrap_err();
        assert_eq!(reason.to_string(), "damaged: its sectors refer to each other in a circle");
    }
}
