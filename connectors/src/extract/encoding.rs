//! From bytes to text: byte order marks, UTF-8, UTF-16, legacy encodings, and what is no text.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::Reason;

/// How much of a file is looked at to tell text from binary data, at each of three places.
const SAMPLE_BYTES: usize = 32 * 1024;

/// Between the NULs of a text there is so much at the least, on average: in UTF-16 it is one.
const BYTES_BETWEEN_NULLS: usize = 4;

/// How much of a file the detector of legacy encodings sees.
const DETECTOR_BYTES: usize = 256 * 1024;

/// How much of an HTML file may come before it names its encoding.
const DECLARATION_BYTES: usize = 1024;

/// Decodes a text; every line end becomes a single line feed, and a NUL a space.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Reason> {
    let text = decode_any(bytes)?;
    let text = if text.contains('\0') { text.replace('\0', " ").into() } else { text };
    Ok(if text.contains('\r') { with_line_feeds(&text).into() } else { text })
}

fn decode_any(bytes: &[u8]) -> Result<Cow<'_, str>, Reason> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(&bytes[length..]);
        return if is_readable(&text) { Ok(text) } else { Err(binary()) };
    }
    if let Some(encoding) = utf16_without_mark(bytes).filter(|_| !is_text_with_nulls(bytes)) {
        let (text, _) = encoding.decode_without_bom_handling(bytes);
        return if is_readable(&text) { Ok(text) } else { Err(binary()) };
    }
    if has_binary_sample(bytes) {
        return Err(binary());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(_) if is_damaged_utf8(bytes) => Ok(String::from_utf8_lossy(bytes)),
        Err(_) => decode_legacy(bytes),
    }
}

fn binary() -> Reason {
    Reason::Skipped("binary data, not text".to_owned())
}

fn decode_legacy(bytes: &[u8]) -> Result<Cow<'_, str>, Reason> {
    if let Some(encoding) = declared(bytes) {
        let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
        if !had_errors {
            return Ok(text);
        }
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let sample = &bytes[..bytes.len().min(DETECTOR_BYTES)];
    detector.feed(sample, sample.len() == bytes.len());
    let encoding = detector.guess(None, Utf8Detection::Deny);
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    if is_readable(&text) { Ok(text) } else { Err(binary()) }
}

/// The encoding that an HTML or XML file names itself.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(DECLARATION_BYTES)].to_ascii_lowercase();
    if !head.trim_ascii_start().starts_with(b"<") {
        return None;
    }
    let after = |marker: &[u8]| {
        let start = head.windows(marker.len()).position(|window| window == marker)?;
        Some(&head[start + marker.len()..])
    };
    let rest = after(b"charset=").or_else(|| after(b"encoding="))?;
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_:".contains(byte);
    let length = rest.iter().take_while(|byte| is_label(byte)).count();
    Encoding::for_label(&rest[..length]).filter(|encoding| *encoding != UTF_8)
}

/// UTF-8 with a few wrong bytes is not some other encoding.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(DETECTOR_BYTES)];
    let (mut right, mut wrong) = (0, 0);
    for chunk in sample.utf8_chunks() {
        right += chunk.valid().chars().filter(|char| !char.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    right >= 8 && wrong * 20 <= right
}

/// Head, middle and end: a text may be followed by binary data, as in some installers.
fn has_binary_sample(bytes: &[u8]) -> bool {
    let size = bytes.len().min(SAMPLE_BYTES);
    let middle = (bytes.len() - size) / 2;
    let samples = [0, middle, bytes.len() - size].map(|start| &bytes[start..start + size]);
    // A log that was emptied while it was written to begins with a hole.
    let is_hole = |sample: &&[u8]| sample.iter().all(|byte| *byte == 0);
    samples.iter().all(is_hole)
        || samples.iter().any(|sample| !is_hole(sample) && is_binary(sample))
}

/// More than a few NULs, or more control characters than a log with colours has.
pub(super) fn is_binary(sample: &[u8]) -> bool {
    if is_text_with_nulls(sample) {
        return false;
    }
    let (mut nulls, mut controls) = (0, 0);
    for byte in sample {
        match byte {
            0 => nulls += 1,
            b'\t' | b'\n' | b'\r' | 0x0c | 0x08 | 0x1b => {}
            1..0x20 | 0x7f => controls += 1,
            _ => {}
        }
    }
    nulls * 1000 > sample.len() || controls * 50 > sample.len()
}

/// Whether but for some NULs, however long the holes that they make, this is nothing but UTF-8
/// without control characters.
fn is_text_with_nulls(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    if !sample.contains(&0) {
        return false;
    }
    let mut characters = 0;
    let mut holes = 0;
    for piece in sample.split(|byte| *byte == 0).filter(|piece| !piece.is_empty()) {
        if !is_clean_utf8(piece) {
            return false;
        }
        characters += piece.len();
        holes += 1;
    }
    characters >= holes * BYTES_BETWEEN_NULLS
}

/// A character that the sample cut at its beginning or end is no fault.
fn is_clean_utf8(piece: &[u8]) -> bool {
    let start = piece.iter().take(3).take_while(|byte| (0x80..0xc0).contains(*byte)).count();
    let whole = match std::str::from_utf8(&piece[start..]) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&piece[start..start + error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !whole.chars().any(|c| c.is_control() && !"\t\n\r\u{c}\u{8}\u{1b}".contains(c))
}

/// Whether decoding gave text and not rubbish.
fn is_readable(text: &str) -> bool {
    let sample = super::outline::clipped(text, SAMPLE_BYTES);
    let is_rubbish = |char: char| {
        char == '\u{fffd}' || (char.is_control() && !"\t\n\r\u{c}\u{8}\u{1b}\u{85}".contains(char))
    };
    let rubbish = sample.chars().filter(|char| is_rubbish(*char)).count();
    rubbish * 20 <= sample.chars().count()
}

/// UTF-16 shows by the zero bytes of its spaces, line ends and digits, all on the same side.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    if !sample.contains(&0) {
        return None;
    }
    let pairs = || sample.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
    let little = plausible_ascii(pairs().map(u16::from_le_bytes));
    let big = plausible_ascii(pairs().map(u16::from_be_bytes));
    match (little, big) {
        (None, None) => None,
        (little, big) if little >= big => Some(UTF_16LE),
        _ => Some(UTF_16BE),
    }
}

/// How many of the units are ASCII; `None` if too few, or if the units are not those of a text.
fn plausible_ascii(units: impl Iterator<Item = u16>) -> Option<usize> {
    let (mut ascii, mut plausible, mut total) = (0, 0, 0);
    for unit in units {
        total += 1;
        match unit {
            0x09 | 0x0a | 0x0d | 0x20..=0x7e => ascii += 1,
            // Scripts, punctuation, kana, Han, Hangul, surrogates, full-width forms.
            0xa0..=0x17ff | 0x1e00..=0x27ff | 0x3000..=0x9fff | 0xac00..=0xdfff => plausible += 1,
            0xf900..=0xfaff | 0xfeff..=0xffef => plausible += 1,
            _ => {}
        }
    }
    (ascii > 0 && ascii * 100 >= total && (ascii + plausible) * 100 >= total * 97).then_some(ascii)
}

fn with_line_feeds(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find('\r') {
        lines.push_str(&rest[..end]);
        lines.push('\n');
        rest = &rest[end + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    lines.push_str(rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const KOREAN: &str = "안녕하세요. 팀장 승인 후 확정됩니다.\n두 번째 줄은 조금 더 깁니다.\n";

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn is_skipped(bytes: &[u8]) -> bool {
        matches!(decode(bytes), Err(Reason::Skipped(_)))
    }

    #[test]
    fn utf16_is_read_with_and_without_a_mark() {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            for text in [KOREAN, "Plain English, in two bytes.\n"] {
                assert_eq!(decode(&utf16(text, bytes)).unwrap(), text);
                assert_eq!(decode(&utf16(&format!("\u{feff}{text}"), bytes)).unwrap(), text);
            }
        }
    }

    #[test]
    fn legacy_encodings_are_recognised() {
        let japanese = "佐藤太郎は東京の会社で働いています。カタカナもあります。\n";
        let german = "Grüße aus München, schöne Straße, ähnliche Möbel\n";
        for (encoding, text) in [
            (encoding_rs::EUC_KR, KOREAN),
            (encoding_rs::SHIFT_JIS, japanese),
            (encoding_rs::WINDOWS_1252, german),
        ] {
            let (bytes, _, _) = encoding.encode(text);
            assert_eq!(decode(&bytes).unwrap(), text, "{}", encoding.name());
        }
    }

    #[test]
    fn an_encoding_that_html_declares_is_believed_only_if_it_fits() {
        let html = "<meta charset=\"euc-kr\"><p>똠방각하 펲시콜라";
        let (bytes, _, _) = encoding_rs::EUC_KR.encode(html);
        assert_eq!(decode(&bytes).unwrap(), html);
        let lie = "<meta charset=euc-kr><p>팀장";
        assert_eq!(decode(lie.as_bytes()).unwrap(), lie);
    }

    #[test]
    fn utf8_with_a_wrong_byte_stays_utf8() {
        let mut bytes = KOREAN.as_bytes().to_vec();
        bytes.push(0xff);
        assert_eq!(decode(&bytes).unwrap(), format!("{KOREAN}\u{fffd}"));
    }

    #[test]
    fn binary_data_is_refused_wherever_it_stands() {
        let noise = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
        let noise = noise.collect::<Vec<_>>();
        assert!(is_skipped(&noise));
        let mut installer = "echo installing\n".repeat(9000).into_bytes();
        installer.extend(noise.repeat(16));
        assert!(is_skipped(&installer));
        assert!(is_skipped(&[0; 100]));
    }

    #[test]
    fn colours_and_a_stray_null_do_not_make_a_log_binary() {
        let line = "\u{1b}[32mINFO\u{1b}[0m started\n";
        let log = format!("{}\0{}", line.repeat(40), line.repeat(40));
        assert_eq!(decode(log.as_bytes()).unwrap(), log.replace('\0', " "));
    }

    #[test]
    fn a_text_with_a_few_nulls_is_read_with_spaces_in_their_place() {
        for text in
            ["a log\0with one", "09:12 started\n\0\0\0 9:13 ended\n", "팀장\0승인", "word\0"]
        {
            assert_eq!(decode(text.as_bytes()).unwrap(), text.replace('\0', " "));
        }
        let emptied = format!("{}09:14 goes on after the log was emptied\n", "\0".repeat(100_000));
        assert_eq!(decode(emptied.as_bytes()).unwrap(), emptied.replace('\0', " "));
    }

    #[test]
    fn a_few_words_between_nulls_and_control_characters_are_no_text() {
        assert!(is_skipped(b"\0\0\x01\0names of things\x02\0\0\0\x10"));
        assert!(is_skipped(b"a\0b\0c\0\0\0d\0"));
        assert!(is_skipped(b"name\0\xff\xfe\x80value\0\0"));
        assert!(is_skipped(&[0; 100_000]));
    }

    #[test]
    fn every_line_end_becomes_a_line_feed() {
        assert_eq!(decode(b"a\r\nb\rc\n\r\nd").unwrap(), "a\nb\nc\n\nd");
        assert_eq!(decode(b"\xef\xbb\xbfa\n").unwrap(), "a\n");
    }
}
