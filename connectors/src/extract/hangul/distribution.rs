//! Distribution documents: anybody may read them, but their text is scrambled against changes.
//!
//! The key stands at the beginning of each stream, hidden by the random numbers of a C library.

use std::io::Read;

use aes::Aes128;
use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};
use flate2::read::DeflateDecoder;

use crate::extract::{Reason, damage};

/// The record with the key: its tag, and its header and content in bytes.
const KEY_TAG: u32 = 28;
const HEADER_BYTES: usize = 4;
const KEY_DATA_BYTES: usize = 256;

const BLOCK_BYTES: usize = 16;
const MAX_SECTION_BYTES: u64 = 128 * 1024 * 1024;

/// The records of a section of `ViewText`.
pub(super) fn section(stream: &[u8]) -> Result<Vec<u8>, Reason> {
    let damaged = || Reason::Failed("damaged: the key of a distribution document".to_owned());
    let (header, rest) = stream.split_at_checked(HEADER_BYTES).ok_or_else(damaged)?;
    let tag = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) & 0x3ff;
    let (data, scrambled) = rest.split_at_checked(KEY_DATA_BYTES).ok_or_else(damaged)?;
    if tag != KEY_TAG {
        return Err(damaged());
    }
    let cipher = Aes128::new(&Array::from(key(data)));
    let mut plain = Vec::with_capacity(scrambled.len());
    for block in scrambled.chunks_exact(BLOCK_BYTES) {
        let mut bytes = [0; BLOCK_BYTES];
        bytes.copy_from_slice(block);
        let mut block = Array::from(bytes);
        cipher.decrypt_block(&mut block);
        plain.extend_from_slice(&block);
    }
    let mut records = Vec::new();
    let unpacked = DeflateDecoder::new(&*plain).take(MAX_SECTION_BYTES + 1);
    let mut unpacked = unpacked;
    unpacked.read_to_end(&mut records).map_err(|error| damage::of_reading(&error))?;
    if records.len() as u64 > MAX_SECTION_BYTES {
        return Err(Reason::Failed("too large: unpacks to too much text".to_owned()));
    }
    Ok(records)
}

/// The key in the data, which is the exclusive or of a text and random numbers.
fn key(data: &[u8]) -> [u8; BLOCK_BYTES] {
    let mut random = Random(u32::from_le_bytes([data[0], data[1], data[2], data[3]]));
    let offset = 4 + (random.0 & 0xf) as usize;
    let mut key = [0; BLOCK_BYTES];
    let (mut mask, mut left) = (0, 0);
    for (index, byte) in data.iter().enumerate() {
        if left == 0 {
            mask = random.next().to_le_bytes()[0];
            left = (random.next() & 0xf) + 1;
        }
        left -= 1;
        if let Some(slot) = index.checked_sub(offset).and_then(|index| key.get_mut(index)) {
            *slot = byte ^ mask;
        }
    }
    key
}

/// The random numbers of the C library that the format was made with.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(214_013).wrapping_add(2_531_011);
        (self.0 >> 16) & 0x7fff
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use aes::cipher::BlockCipherEncrypt;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;

    /// A stream that holds the records, with a key that hides at the seed's place.
    pub(in super::super) fn scrambled(records: &[u8]) -> Vec<u8> {
        let mut data = (0..=255_u8).map(|byte| byte.wrapping_mul(37)).collect::<Vec<_>>();
        data[..4].copy_from_slice(&0x1234_567b_u32.to_le_bytes());
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(records).unwrap();
        let mut packed = encoder.finish().unwrap();
        packed.resize(packed.len().next_multiple_of(BLOCK_BYTES), 0);
        let cipher = Aes128::new(&Array::from(key(&data)));
        let header = KEY_TAG | (256 << 20);
        let mut stream = [header.to_le_bytes().as_slice(), &data].concat();
        for block in packed.chunks_exact(BLOCK_BYTES) {
            let mut block = Array::<u8, _>::from(<[u8; BLOCK_BYTES]>::try_from(block).unwrap());
            cipher.encrypt_block(&mut block);
            stream.extend_from_slice(&block);
        }
        stream
    }

    #[test]
    fn random_numbers_are_those_of_the_library() {
        let mut random = Random(1);
        assert_eq!([random.next(), random.next(), random.next()], [41, 18467, 6334]);
    }

    #[test]
    fn a_damaged_key_is_a_reason() {
        assert!(section(b"").is_err());
        assert!(section(&[0; 600]).is_err());
    }
}
