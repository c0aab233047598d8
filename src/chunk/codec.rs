//! The catalog's form of a document's passages: postcard under zstd, with the length in front.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

use super::Chunk;
use crate::error::{Error, Result};

/// Larger levels cost far more time than they save bytes on passages.
const LEVEL: i32 = 1;
/// No document has more text than this; a larger length can only be damage.
const MAX_BYTES: usize = 1 << 30;

/// Packs a document's passages for the catalog.
pub fn encode(chunks: &[Chunk]) -> Vec<u8> {
    // Both write to memory only, and strings and numbers have no value that postcard refuses.
    let plain = postcard::to_stdvec(chunks).expect("chunks serialise");
    let packed = compress(&plain);
    let mut bytes = Vec::with_capacity(8 + packed.len());
    bytes.extend((plain.len() as u64).to_le_bytes());
    bytes.extend(packed);
    bytes
}

/// Unpacks what [`encode`] made; damaged bytes are an error of kind corrupt.
pub fn decode(bytes: &[u8]) -> Result<Vec<Chunk>> {
    let (length, packed) =
        bytes.split_first_chunk().ok_or_else(|| damaged("they end too early"))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_BYTES {
        return Err(damaged("they claim to be too long"));
    }
    let plain = decompress(packed, length)
        .map_err(|error| damaged("they do not decompress").because(error))?;
    match postcard::take_from_bytes(&plain) {
        Ok((chunks, [])) => Ok(chunks),
        Ok(_) => Err(damaged("they hold more than passages")),
        Err(error) => Err(damaged("they hold no passages").because(error)),
    }
}

thread_local! {
    // Making a context costs more than a small document's compression.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn compress(plain: &[u8]) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        let compressor = compressor
            .get_or_insert_with(|| Compressor::new(LEVEL).expect("zstd has a context to give"));
        compressor.compress(plain).expect("zstd compresses to memory")
    })
}

fn decompress(packed: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| match decompressor {
        Some(decompressor) => decompressor.decompress(packed, length),
        None => decompressor.insert(Decompressor::new()?).decompress(packed, length),
    })
}

fn damaged(why: &str) -> Error {
    Error::corrupt(format!("the stored passages of a document are damaged: {why}"))
        .hint("run `ragterm verify --repair`")
}

#[cfg(test)]
mod tests {
    use super::super::ChunkId;
    use super::*;
    use crate::error::ErrorKind;

    fn chunks() -> Vec<Chunk> {
        let chunk = |number: u8| Chunk {
            id: ChunkId([number; 16]),
            heading: vec!["Leave".to_owned(), "휴가".to_owned()],
            lines: Some((u32::from(number), 300)),
            page: None,
            text: format!("passage number {number}"),
        };
        (0..50).map(chunk).collect()
    }

    #[test]
    fn passages_come_back_as_they_were() {
        assert_eq!(decode(&encode(&chunks())).unwrap(), chunks());
        assert_eq!(decode(&encode(&[])).unwrap(), []);
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let good = encode(&chunks());
        for cut in 0..good.len() {
            assert_eq!(decode(&good[..cut]).unwrap_err().kind(), ErrorKind::Corrupt);
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            // Some flips only change a text; none may panic.
            if let Err(error) = decode(&bad) {
                assert_eq!(error.kind(), ErrorKind::Corrupt);
            }
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_grows() {
        let bomb = zstd::bulk::compress(&vec![0; 1 << 24], 3).unwrap();
        let mut bytes = 100u64.to_le_bytes().to_vec();
        bytes.extend(bomb);
        assert_eq!(decode(&bytes).unwrap_err().kind(), ErrorKind::Corrupt);
        let claim = [u64::MAX.to_le_bytes().as_slice(), b"x"].concat();
        assert_eq!(decode(&claim).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
