//! The catalog's form of a document's passages: postcard under zstd, with the length in front.

use std::cell::RefCell;

use serde::Deserialize;
use zstd::bulk::{Compressor, Decompressor};

use super::{Chunk, ChunkId, Inner};
use crate::error::{Error, Result};

/// Larger levels cost far more time than they save bytes on passages.
const LEVEL: i32 = 1;
/// No document has more text than this; a larger length can only be damage.
const MAX_BYTES: usize = 1 << 30;

/// Stands above the length: passages know the sections that they were joined from.
const FORM: u64 = 1 << 32;

/// How passages lie in the bytes.
#[derive(Debug, Clone, Copy)]
enum Form {
    Present,
    Earlier,
}

/// A passage where it was unpacked: of many, a hit needs one, and the others are not copied.
#[derive(Deserialize)]
struct Unpacked<'b> {
    id: ChunkId,
    #[serde(borrow)]
    heading: Vec<&'b str>,
    lines: Option<(u32, u32)>,
    page: Option<u32>,
    text: &'b str,
    #[serde(borrow)]
    inner: Vec<UnpackedInner<'b>>,
}

#[derive(Deserialize)]
struct UnpackedInner<'b> {
    at: u32,
    #[serde(borrow)]
    heading: Vec<&'b str>,
    lines: Option<(u32, u32)>,
}

/// A passage as it was kept before, in catalogs whose documents were not read again yet.
type Earlier<'b> = (ChunkId, Vec<&'b str>, Option<(u32, u32)>, Option<u32>, &'b str);

impl<'b> From<Earlier<'b>> for Unpacked<'b> {
    fn from((id, heading, lines, page, text): Earlier<'b>) -> Self {
        Self { id, heading, lines, page, text, inner: Vec::new() }
    }
}

impl From<Unpacked<'_>> for Chunk {
    fn from(unpacked: Unpacked<'_>) -> Self {
        let Unpacked { id, heading, lines, page, text, inner } = unpacked;
        let inner = inner.into_iter().map(Inner::from).collect();
        Self { id, heading: owned(heading), lines, page, text: text.to_owned(), inner }
    }
}

impl From<UnpackedInner<'_>> for Inner {
    fn from(UnpackedInner { at, heading, lines }: UnpackedInner<'_>) -> Self {
        Self { at, heading: owned(heading), lines }
    }
}

fn owned(heading: Vec<&str>) -> Vec<String> {
    heading.into_iter().map(str::to_owned).collect()
}

/// Packs a document's passages for the catalog.
pub fn encode(chunks: &[Chunk]) -> Vec<u8> {
    // Both write to memory only, and strings and numbers have no value that postcard refuses.
    let plain = postcard::to_stdvec(chunks).expect("chunks serialise");
    let packed = compress(&plain);
    let mut bytes = Vec::with_capacity(8 + packed.len());
    bytes.extend((plain.len() as u64 | FORM).to_le_bytes());
    bytes.extend(packed);
    bytes
}

/// Unpacks what [`encode`] made; damaged bytes are an error of kind corrupt.
pub fn decode(bytes: &[u8]) -> Result<Vec<Chunk>> {
    let (plain, form) = unpack(bytes)?;
    Ok(passages(&plain, form)?.into_iter().map(Chunk::from).collect())
}

/// The passage at an index of what [`encode`] made, `None` beyond its end; fails as [`decode`] does.
pub fn decode_one(bytes: &[u8], index: usize) -> Result<Option<Chunk>> {
    let (plain, form) = unpack(bytes)?;
    Ok(passages(&plain, form)?.into_iter().nth(index).map(Chunk::from))
}

/// The bytes below the compression.
fn unpack(bytes: &[u8]) -> Result<(Vec<u8>, Form)> {
    let (length, packed) =
        bytes.split_first_chunk().ok_or_else(|| damaged("they end too early"))?;
    let length = u64::from_le_bytes(*length);
    let form = if length & FORM == 0 { Form::Earlier } else { Form::Present };
    let length = usize::try_from(length & !FORM).unwrap_or(usize::MAX);
    if length > MAX_BYTES {
        return Err(damaged("they claim to be too long"));
    }
    let plain = decompress(packed, length)
        .map_err(|error| damaged("they do not decompress").because(error))?;
    Ok((plain, form))
}

fn passages(plain: &[u8], form: Form) -> Result<Vec<Unpacked<'_>>> {
    match form {
        Form::Present => read(plain),
        Form::Earlier => {
            let earlier: Vec<Earlier<'_>> = read(plain)?;
            Ok(earlier.into_iter().map(Unpacked::from).collect())
        }
    }
}

fn read<'b, T: Deserialize<'b>>(plain: &'b [u8]) -> Result<Vec<T>> {
    match postcard::take_from_bytes(plain) {
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
    use super::*;
    use crate::error::ErrorKind;

    fn chunks() -> Vec<Chunk> {
        let chunk = |number: u8| Chunk {
            id: ChunkId([number; 16]),
            heading: vec!["Leave".to_owned(), "휴가".to_owned()],
            lines: Some((u32::from(number), 300)),
            page: None,
            text: format!("passage number {number}"),
            inner: vec![Inner { at: 3, heading: vec!["Own".to_owned()], lines: Some((4, 5)) }],
        };
        (0..50).map(chunk).collect()
    }

    #[test]
    fn passages_come_back_as_they_were() {
        assert_eq!(decode(&encode(&chunks())).unwrap(), chunks());
        assert_eq!(decode(&encode(&[])).unwrap(), []);
        let one = |index| decode_one(&encode(&chunks()), index).unwrap();
        assert!((0..50).map(one).eq(chunks().into_iter().map(Some)));
        assert_eq!(one(50), None);
    }

    #[test]
    fn passages_that_were_kept_before_are_still_read() {
        type Tuple = (ChunkId, Vec<String>, Option<(u32, u32)>, Option<u32>, String);
        let before: Tuple = (ChunkId([7; 16]), vec!["Leave".into()], None, Some(4), "five".into());
        let plain = postcard::to_stdvec(&[before][..]).unwrap();
        let bytes = [&(plain.len() as u64).to_le_bytes()[..], &compress(&plain)].concat();
        let read = decode(&bytes).unwrap();
        assert_eq!((read[0].page, read[0].text.as_str()), (Some(4), "five"));
        assert!(read[0].inner.is_empty());
        assert_eq!(decode_one(&bytes, 0).unwrap().as_ref(), Some(&read[0]));
        assert_eq!(decode_one(&bytes, 1).unwrap(), None);
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let good = encode(&chunks());
        for cut in 0..good.len() {
            assert_eq!(decode(&good[..cut]).unwrap_err().kind(), ErrorKind::Corrupt);
            assert_eq!(decode_one(&good[..cut], 0).unwrap_err().kind(), ErrorKind::Corrupt);
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            // Some flips only change a text; none may panic.
            if let Err(error) = decode_one(&bad, 0).and_then(|_| decode(&bad)) {
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
