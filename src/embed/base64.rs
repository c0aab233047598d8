//! Vectors as OpenAI's servers pack them: little-endian f32 in base64.

/// The numbers in `text`; `None` when it is not base64 of whole numbers.
pub(super) fn floats(text: &str) -> Option<Vec<f32>> {
    let bytes = bytes(text.trim_end_matches('='))?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for place in 0..4 {
            let sextet = group.get(place).map_or(Some(0), |character| sextet(*character))?;
            bits = bits << 6 | sextet;
        }
        if group.len() == 1 {
            return None;
        }
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

fn sextet(character: u8) -> Option<u32> {
    let value = match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_with_and_without_padding() {
        for (text, decoded) in
            [("", ""), ("Zg==", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob")]
        {
            assert_eq!(bytes(text.trim_end_matches('=')).unwrap(), decoded.as_bytes());
        }
        assert_eq!(floats("AACAPwAAAMA="), Some(vec![1.0, -2.0]));
    }

    #[test]
    fn what_is_no_vector_is_refused() {
        for text in ["Zm9v", "AACAPwAAAMA!", "A", "한국어"] {
            assert_eq!(floats(text), None, "{text}");
        }
    }
}
