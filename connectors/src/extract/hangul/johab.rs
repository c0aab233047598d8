//! The letters of HWP 3: Korean syllables in the combining code, Han in the order of KS X 1001.

const FIRST: &str = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const HAN: u16 = 0x4000;
const HAN_COUNT: u16 = 4888;

/// The letter of a code, if it is known.
pub(super) fn letter(code: u16) -> Option<char> {
    match code {
        0x20..=0x7e => char::from_u32(u32::from(code)),
        0x8000.. => syllable(code),
        HAN.. if code - HAN < HAN_COUNT => han(code - HAN),
        _ => None,
    }
}

fn syllable(code: u16) -> Option<char> {
    let (first, vowel, last) = (code >> 10 & 31, code >> 5 & 31, code & 31);
    let first = u32::from(first).checked_sub(2).filter(|first| *first < 19);
    let vowel = u32::from(vowel);
    let vowel = match vowel {
        3..=7 => Some(vowel - 3),
        10..=15 => Some(vowel - 5),
        18..=23 => Some(vowel - 7),
        26..=29 => Some(vowel - 9),
        _ => None,
    };
    let last = match u32::from(last) {
        last @ 1..=17 => last - 1,
        last @ 19..=29 => last - 2,
        _ => 0,
    };
    match (first, vowel) {
        (Some(first), Some(vowel)) => char::from_u32(0xac00 + (first * 21 + vowel) * 28 + last),
        (Some(first), None) => FIRST.chars().nth(first as usize),
        (None, Some(vowel)) => char::from_u32(0x314f + vowel),
        (None, None) => None,
    }
}

fn han(index: u16) -> Option<char> {
    let (row, column) = (index / 94, index % 94);
    let pair = [u8::try_from(0xca + row).ok()?, u8::try_from(0xa1 + column).ok()?];
    encoding_rs::EUC_KR.decode_without_bom_handling(&pair).0.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_and_single_letters_are_known() {
        let codes = [0xc941, 0xaf61, 0xcb61, 0xd065, 0x41, 0x8841, 0x4000];
        let text = codes.into_iter().filter_map(letter).collect::<String>();
        assert_eq!(text, "테스트한Aㄱ伽");
    }
}
