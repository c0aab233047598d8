//! The characters of a paragraph of HWP 5: UTF-16 with control characters of two sizes.

use super::flow::{FORMULA, NUMBER};

/// How many units a large control character takes, itself included.
const LARGE_UNITS: usize = 8;

const NUMBER_CONTROL: u16 = 0x12;
const OBJECT_CONTROL: u16 = 0x0b;
const FORMULA_ID: [u16; 2] = [0x6564, 0x6571];

/// The text of a paragraph; places to be filled are marked with [`NUMBER`] and [`FORMULA`].
pub(super) fn decode(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let units = units.collect::<Vec<_>>();
    let mut kept: Vec<u16> = Vec::with_capacity(units.len());
    let mut at = 0;
    while let Some(unit) = units.get(at).copied() {
        let rest = &units[at + 1..];
        match unit {
            0x0a => kept.push(0x0a),
            0x09 => kept.push(0x20),
            0x18 => kept.push(0x2d),
            0x1e | 0x1f => kept.push(0x20),
            NUMBER_CONTROL => kept.push(NUMBER as u16),
            // Their names are written backwards.
            OBJECT_CONTROL if rest.starts_with(&FORMULA_ID) => kept.push(FORMULA as u16),
            0..=0x1f => {}
            // The name of the program, in a letter of old Korean that nobody types.
            0xf53a => kept.push(0xd55c),
            _ => kept.push(unit),
        }
        at += if is_large(unit) { LARGE_UNITS } else { 1 };
    }
    let text = char::decode_utf16(kept).filter_map(Result::ok);
    text.collect()
}

fn is_large(unit: u16) -> bool {
    matches!(unit, 0x01..=0x09 | 0x0b | 0x0c | 0x0e..=0x17)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(units: &[u16]) -> Vec<u8> {
        units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }

    #[test]
    fn what_a_control_character_carries_is_no_text() {
        let mut units = vec![0xac00, 0x0b, 0x6c20, 0x7462, 0, 0, 0, 0, 0x0b];
        units.extend([0x09, 1, 2, 3, 4, 5, 6, 0x09, 0xb098, 0x18, 0x0d]);
        assert_eq!(decode(&bytes(&units)), "가 나-");
    }

    #[test]
    fn letters_beyond_sixteen_bits_are_kept() {
        assert_eq!(decode(&bytes(&[0xd83d, 0xde00, 0xd83d])), "😀");
    }
}
