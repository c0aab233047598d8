//! The tokens of RTF: groups, control words, bytes of text.

const MAX_NAME: usize = 32;
const MAX_DIGITS: usize = 10;

/// A piece of an RTF text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    /// `\name123`
    Word(&'a str, Option<i32>),
    /// `\` and what is no letter
    Symbol(u8),
    /// `\'e9`
    Escaped(u8),
    /// Text in the encoding of the moment; no braces, backslashes or line ends.
    Text(&'a [u8]),
}

/// Cuts RTF into tokens; each byte is looked at once.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// What was not cut yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    fn word(&mut self) -> Token<'a> {
        let rest = self.rest();
        let length = rest.iter().take(MAX_NAME).take_while(|byte| byte.is_ascii_alphabetic());
        let (name, rest) = rest.split_at(length.count());
        let sign = usize::from(rest.first() == Some(&b'-') && rest.get(1).is_some_and(is_digit));
        let digits = rest[sign..].iter().take(MAX_DIGITS).take_while(|byte| is_digit(byte)).count();
        let number = rest[sign..sign + digits]
            .iter()
            .fold(0_i64, |number, byte| number * 10 + i64::from(byte - b'0'));
        let number = if sign > 0 { -number } else { number };
        let number = number.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        self.at += name.len() + sign + digits;
        self.at += usize::from(self.rest().first() == Some(&b' '));
        let name = std::str::from_utf8(name).unwrap_or_default();
        if name == "bin" {
            let length = usize::try_from(number).unwrap_or(0);
            self.at = self.at.saturating_add(length).min(self.bytes.len());
        }
        Token::Word(name, (digits > 0).then_some(number))
    }

    fn escape(&mut self) -> Option<Token<'a>> {
        let first = *self.rest().first()?;
        if first.is_ascii_alphabetic() {
            return Some(self.word());
        }
        self.at += 1;
        if first != b'\'' {
            return Some(Token::Symbol(first));
        }
        let digits = self.rest().get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        self.at += if value.is_some() { 2 } else { 0 };
        Some(value.map_or(Token::Symbol(b'\''), Token::Escaped))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        // A line end or a NUL is no text.
        while matches!(self.rest().first(), Some(b'\r' | b'\n' | 0)) {
            self.at += 1;
        }
        let rest = self.rest();
        let length = rest.iter().take_while(|byte| !b"{}\\\r\n\0".contains(byte)).count();
        if length > 0 {
            self.at += length;
            return Some(Token::Text(&rest[..length]));
        }
        self.at += usize::from(!rest.is_empty());
        match rest.first()? {
            b'{' => Some(Token::Open),
            b'}' => Some(Token::Close),
            _ => self.escape(),
        }
    }
}

fn is_digit(byte: &u8) -> bool {
    byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_numbers_and_swallow_one_space() {
        let tokens = Tokens::new(b"{\\u-10179 \\b0  x\\'e9\\~\r\ny}").collect::<Vec<_>>();
        let expected = [
            Token::Open,
            Token::Word("u", Some(-10179)),
            Token::Word("b", Some(0)),
            Token::Text(b" x"),
            Token::Escaped(0xe9),
            Token::Symbol(b'~'),
            Token::Text(b"y"),
            Token::Close,
        ];
        assert_eq!(tokens, expected);
    }

    #[test]
    fn binary_data_is_no_text() {
        let tokens = Tokens::new(b"\\bin4 {}}}a\\bin99 {").collect::<Vec<_>>();
        let (first, last) = (Token::Word("bin", Some(4)), Token::Word("bin", Some(99)));
        assert_eq!(tokens, [first, Token::Text(b"a"), last]);
    }
}
