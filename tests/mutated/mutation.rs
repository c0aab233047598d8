//! How a file is damaged: the same way each time, by a seed.

use std::io::{Cursor, Read, Write};

use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

/// Numbers that look like chance (splitmix64), from a seed.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn seeded(name: &str) -> Self {
        Self(name.bytes().fold(0x5eed, |seed, byte| seed * 31 % 0xffff_fffb + u64::from(byte)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit; 0 if there is none.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.next() as u8
    }

    fn range(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let begin = self.below(length);
        begin..(begin + 1 + self.below(most)).min(length)
    }
}

/// A damaged copy. Of a ZIP package, every other one has a part damaged before it is packed.
pub(super) fn of(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    if bytes.starts_with(b"PK") && random.below(2) == 0 {
        return repacked(bytes, random);
    }
    damaged(bytes.to_vec(), random)
}

fn repacked(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let chosen = random.below(archive.len());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        part.read_to_end(&mut content).unwrap();
        if index == chosen {
            content = of(&content, random);
        }
        let is_stored = part.compression() == CompressionMethod::Stored;
        let method =
            if is_stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(part.name().unwrap(), options).unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// One to three kinds of damage, one after the other. Half of the files keep their length: most
/// binary formats are led by offsets, and little of them is read when all are wrong.
fn damaged(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let kinds = [4, 8][random.below(2)];
    for _ in 0..=random.below(3) {
        let length = bytes.len();
        match random.below(kinds) {
            0 => flip_bits(&mut bytes, random),
            1 => {
                let filling = [0, 0xff, b'<', random.byte()][random.below(4)];
                let range = random.range(length, 64);
                bytes[range].fill(filling);
            }
            2 => swap_blocks(&mut bytes, random),
            3 => exaggerate(&mut bytes, random),
            4 => bytes.truncate(random.below(length)),
            5 => {
                let block = bytes[random.range(length, 400)].to_vec();
                let at = random.below(length);
                let times = 1 + random.below(60);
                bytes.splice(at..at, block.repeat(times));
            }
            6 => drop(bytes.drain(random.range(length, 200))),
            _ => {
                let noise: Vec<u8> = (0..=random.below(40)).map(|_| random.byte()).collect();
                let at = random.below(length);
                bytes.splice(at..at, noise);
            }
        }
    }
    bytes
}

fn flip_bits(bytes: &mut [u8], random: &mut Random) {
    for _ in 0..=random.below(12) {
        let at = random.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << random.below(8);
        }
    }
}

fn swap_blocks(bytes: &mut [u8], random: &mut Random) {
    let length = random.below(bytes.len() / 2).min(300);
    let half = bytes.len() / 2;
    let (first, second) = bytes.split_at_mut(half);
    let (one, other) = (random.below(half - length + 1), random.below(second.len() - length + 1));
    first[one..one + length].swap_with_slice(&mut second[other..other + length]);
}

/// Makes the next number in a text longer, or four bytes as large as can be.
fn exaggerate(bytes: &mut [u8], random: &mut Random) {
    let begin = random.below(bytes.len());
    let digit = bytes[begin..].iter().position(u8::is_ascii_digit);
    match digit {
        Some(digit) if random.below(2) == 0 => {
            let at = begin + digit;
            let end = (at + 8).min(bytes.len());
            bytes[at..end].fill(b'9');
        }
        _ => {
            let end = (begin + 4).min(bytes.len());
            let large = [0xff, 0xff, 0xff, 0x7f];
            bytes[begin..end].copy_from_slice(&large[..end - begin]);
        }
    }
}
