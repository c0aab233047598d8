//! The seven-bit encoding in which Korean mail was sent for long (ISO-2022-KR, RFC 1557).

use encoding_rs::EUC_KR;

/// Names the encoding, once at the beginning of a text.
const DESIGNATOR: &[u8] = b"\x1b$)C";

/// To Korean letters, and back to Latin ones.
const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// Decodes a text of this encoding; `None` for any other.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    let start = bytes.windows(DESIGNATOR.len()).position(|window| window == DESIGNATOR)?;
    let mut eight_bits = bytes[..start].to_vec();
    let mut is_korean = false;
    for byte in &bytes[start + DESIGNATOR.len()..] {
        match *byte {
            SHIFT_OUT => is_korean = true,
            SHIFT_IN => is_korean = false,
            // A line ends what a lost shift began.
            b'\n' => {
                is_korean = false;
                eight_bits.push(b'\n');
            }
            byte @ 0x21..=0x7e if is_korean => eight_bits.push(byte | 0x80),
            byte => eight_bits.push(byte),
        }
    }
    Some(EUC_KR.decode_without_bom_handling(&eight_bits).0.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_between_shifts_is_read() {
        let text = b"\x1b$)C\x0eH8@G\x0f (notice)\n\x0eH8\nplain\n";
        assert_eq!(decode(text).as_deref(), Some("회의 (notice)\n회\nplain\n"));
        assert_eq!(decode(b"plain"), None);
    }
}
