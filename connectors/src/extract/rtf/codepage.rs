//! The encodings that RTF names by number.

use encoding_rs::Encoding;

/// The encoding of a Windows code page; Western European where there is none.
pub(super) fn of_codepage(number: i32) -> &'static Encoding {
    match number {
        866 => encoding_rs::IBM866,
        874 | 1162 => encoding_rs::WINDOWS_874,
        932 | 10001 => encoding_rs::SHIFT_JIS,
        936 | 10008 => encoding_rs::GBK,
        // Johab is not known; the letters of one are not those of the other.
        949 | 1361 | 10003 | 51949 => encoding_rs::EUC_KR,
        950 | 10002 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        10000 => encoding_rs::MACINTOSH,
        10007 => encoding_rs::X_MAC_CYRILLIC,
        20866 => encoding_rs::KOI8_R,
        54936 => encoding_rs::GB18030,
        65001 => encoding_rs::UTF_8,
        _ => encoding_rs::WINDOWS_1252,
    }
}

/// The encoding of a font's character set; `None` where the document's own is meant.
pub(super) fn of_charset(number: i32) -> Option<&'static Encoding> {
    Some(match number {
        // Symbols: their letters are none.
        2 => encoding_rs::X_USER_DEFINED,
        77 => encoding_rs::MACINTOSH,
        78 | 128 => encoding_rs::SHIFT_JIS,
        79 | 129 | 130 => encoding_rs::EUC_KR,
        80 | 134 => encoding_rs::GBK,
        81 | 136 => encoding_rs::BIG5,
        83 | 177 => encoding_rs::WINDOWS_1255,
        84 | 178 => encoding_rs::WINDOWS_1256,
        85 | 161 => encoding_rs::WINDOWS_1253,
        86 | 162 => encoding_rs::WINDOWS_1254,
        87 | 222 => encoding_rs::WINDOWS_874,
        88 | 238 => encoding_rs::WINDOWS_1250,
        89 | 204 => encoding_rs::WINDOWS_1251,
        163 => encoding_rs::WINDOWS_1258,
        186 => encoding_rs::WINDOWS_1257,
        _ => return None,
    })
}

/// The text of bytes; those that the encoding does not have are read as Western European.
pub(super) fn decode(bytes: &[u8], encoding: &'static Encoding) -> String {
    let (text, has_errors) = encoding.decode_without_bom_handling(bytes);
    if has_errors && !encoding.is_single_byte() {
        let western = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0;
        // A lone byte that is broken must not spoil a whole text.
        if text.chars().filter(|char| *char == '\u{fffd}').count() * 4 > text.chars().count() {
            return western.into_owned();
        }
    }
    text.replace(|char| matches!(char, '\u{fffd}' | '\u{f780}'..='\u{f7ff}'), "")
}
