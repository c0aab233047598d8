//! Where identifiers divide: `Get-ChildItem`, `snake_case`, `fooBar`, `utf8`, `192.168.0.1`, `C++`.

/// Words longer than this are not divided: they are keys and encoded data.
const MAX_DIVIDED_BYTES: usize = 40;

/// Whether the sign at `at` joins the words around it into one compound.
pub(super) fn is_joiner(bytes: &[u8], at: usize) -> bool {
    let next = bytes.get(at + 1).copied().unwrap_or(b' ');
    let follows = next.is_ascii_alphanumeric() || !next.is_ascii();
    match bytes[at] {
        b'-' | b'_' | b'.' | b'@' => follows,
        b',' => next.is_ascii_digit() && at > 0 && bytes[at - 1].is_ascii_digit(),
        _ => false,
    }
}

/// How many bytes of signs belong to a compound before and after it: `.NET`, `C++`, `C#`.
pub(super) fn marks(bytes: &[u8], start: usize, end: usize) -> (usize, usize) {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
    let free = start < 2 || byte(start - 2).is_ascii_whitespace() || byte(start - 2) == b'(';
    let before = start > 0 && byte(start - 1) == b'.' && free && byte(start).is_ascii_alphabetic();
    let letter = byte(end.saturating_sub(1)).is_ascii_alphabetic();
    let plus = letter && byte(end) == b'+' && byte(end + 1) == b'+';
    let sharp = letter && end - start == 1 && byte(end) == b'#';
    let after = if plus { 2 } else { usize::from(sharp) };
    let closed = !byte(end + after).is_ascii_alphanumeric();
    (usize::from(before), if closed { after } else { 0 })
}

/// The words of a compound as byte ranges: what stands between the joining signs.
pub(super) fn parts_of(compound: &str) -> impl Iterator<Item = (usize, usize)> {
    let sign = |byte: &u8| matches!(byte, b'-' | b'_' | b'.' | b'@' | b',' | b'+' | b'#');
    let bytes = compound.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes[at..].iter().position(|byte| !sign(byte))?;
        let length = bytes[start..].iter().position(sign);
        at = length.map_or(bytes.len(), |length| start + length);
        Some((start, at))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    Digit,
    Other,
}

fn class(byte: u8) -> Class {
    match byte {
        b'A'..=b'Z' => Class::Upper,
        b'a'..=b'z' => Class::Lower,
        b'0'..=b'9' => Class::Digit,
        _ => Class::Other,
    }
}

/// The end of the part of `word` that starts at byte `start`; its length when it is undivided.
pub(super) fn next_part(word: &str, start: usize) -> usize {
    let bytes = word.as_bytes();
    if bytes.len() > MAX_DIVIDED_BYTES {
        return bytes.len();
    }
    let mut at = start + 1;
    while at < bytes.len() {
        let (before, here) = (class(bytes[at - 1]), class(bytes[at]));
        let lower_follows = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let divides = match (before, here) {
            (Class::Lower, Class::Upper) => true,
            (Class::Upper, Class::Upper) => lower_follows,
            (Class::Digit, Class::Upper | Class::Lower) => true,
            (Class::Upper | Class::Lower, Class::Digit) => true,
            _ => false,
        };
        if divides {
            return at;
        }
        at += 1;
    }
    bytes.len()
}
