//! The names in archives: their encoding, and which of them are left out.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, IBM866, SHIFT_JIS};

/// How much of the names the detector sees.
const DETECTOR_BYTES: usize = 64 * 1024;

/// The upper half of the alphabet of DOS.
const CODE_PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
    └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Whether a file of this path is left out, as the folder source leaves it out: hidden ones, and
/// what systems put beside the files of people.
pub(super) fn is_left_out(path: &str) -> bool {
    let mut names = path.split(['/', '\\']).filter(|name| !matches!(*name, "" | "." | ".."));
    names.any(|name| name.starts_with('.') || name == "__MACOSX")
}

/// How the names of an archive are read that are not UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spelling(Option<&'static Encoding>);

impl Spelling {
    /// Recognises the encoding of all names together: each of them alone is too short.
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n [u8]>) -> Self {
        let mut sample = Vec::new();
        for name in names.filter(|name| std::str::from_utf8(name).is_err()) {
            if sample.len() + name.len() > DETECTOR_BYTES {
                break;
            }
            sample.extend_from_slice(name);
            sample.push(b'\n');
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(&sample, true);
        let guess = detector.guess(None, Utf8Detection::Deny);
        let mut likely = [guess, EUC_KR, SHIFT_JIS, GBK, BIG5].into_iter();
        let known = [EUC_KR, SHIFT_JIS, GBK, BIG5, IBM866];
        if !known.contains(&guess) {
            return Self(None);
        }
        Self(likely.find(|encoding| {
            encoding
                .decode_without_bom_handling_and_without_replacement(&sample)
                .is_some_and(|names| encoding.is_single_byte() || is_eastern(&names))
        }))
    }

    /// Reads one name.
    pub(super) fn read<'n>(self, name: &'n [u8]) -> Cow<'n, str> {
        if let Ok(name) = std::str::from_utf8(name) {
            return Cow::Borrowed(name);
        }
        match self.0 {
            Some(encoding) => encoding.decode_without_bom_handling(name).0,
            None => name.iter().map(|byte| of_dos(*byte)).collect::<String>().into(),
        }
    }
}

/// Whether these are names of the East, and not those of DOS with a letter of the East here and
/// there: their characters stand in runs.
fn is_eastern(names: &str) -> bool {
    let (mut runs, mut alone, mut length, mut before) = (0_usize, 0_usize, 0_usize, ' ');
    let mut is_between_letters = false;
    for char in names.chars().chain([' ']) {
        if !char.is_ascii() {
            is_between_letters |= length == 0 && before.is_ascii_alphabetic();
            // Marks and signs are what the bytes of single letters become most often.
            length += if char.is_alphanumeric() { 2 } else { 1 };
        } else if length > 0 {
            runs += 1;
            is_between_letters |= char.is_ascii_alphabetic();
            alone += usize::from(length <= 2 && is_between_letters);
            (length, is_between_letters) = (0, false);
        }
        before = char;
    }
    alone * 2 <= runs
}

fn of_dos(byte: u8) -> char {
    let upper = byte.checked_sub(0x80).and_then(|at| CODE_PAGE_437.chars().nth(at.into()));
    upper.unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(encoding: &'static Encoding, names: &[&str]) -> Vec<String> {
        let raw = names.iter().map(|name| encoding.encode(name).0.into_owned());
        let raw = raw.collect::<Vec<_>>();
        let spelling = Spelling::of(raw.iter().map(Vec::as_slice));
        raw.iter().map(|name| spelling.read(name).into_owned()).collect()
    }

    #[test]
    fn names_in_the_encodings_of_the_east_are_read() {
        let korean = ["회의록/2024년 예산안.hwp", "회의록/인사 발령 공고문.docx", "메모.txt"];
        assert_eq!(read(EUC_KR, &korean), korean);
        let japanese = ["議事録/カタログの一覧.txt", "報告書についてのお知らせ.pdf"];
        assert_eq!(read(SHIFT_JIS, &japanese), japanese);
        let chinese = ["会议记录/关于公司的通知.doc", "这是一个测试文件的名称.txt"];
        assert_eq!(read(GBK, &chinese), chinese);
    }

    #[test]
    fn other_names_are_those_of_dos_and_utf8_needs_no_mark() {
        let spelling = Spelling::of([b"M\x81ller gr\x81\xe1t.txt".as_slice()].into_iter());
        assert_eq!(spelling.read(b"M\x81ller gr\x81\xe1t.txt"), "Müller grüßt.txt");
        assert_eq!(spelling.read("회의록.txt".as_bytes()), "회의록.txt");
    }

    #[test]
    fn hidden_names_and_junk_are_left_out() {
        for junk in ["__MACOSX/a/._b.txt", ".DS_Store", "a/.git/config", "a\\._b.txt"] {
            assert!(is_left_out(junk), "{junk}");
        }
        for kept in ["./a.txt", "../a.txt", "a/b.txt", "a..b", "a/__MACOS.txt"] {
            assert!(!is_left_out(kept), "{kept}");
        }
    }
}
