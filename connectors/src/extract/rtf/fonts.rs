//! Which encoding the bytes of a text have: by the document, the font and the kind of letters.

use std::collections::HashMap;

use encoding_rs::Encoding;

use super::codepage;

/// Documents have some dozens of fonts.
const MAX_FONTS: usize = 10_000;

/// What the document says of encodings.
#[derive(Debug)]
pub(super) struct Fonts {
    /// The document's own encoding.
    pub ansi: &'static Encoding,
    /// The number of the font where none is named.
    pub default: i32,
    fonts: HashMap<i32, Option<&'static Encoding>>,
    /// The font whose entry is read.
    current: i32,
}

/// Which of the fonts of a run its letters are in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Letters {
    #[default]
    Any,
    /// Those of East Asia.
    Double,
}

/// The fonts of a run of text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    pub font: Option<i32>,
    /// The font of East Asian letters.
    pub double: Option<i32>,
    pub letters: Letters,
}

impl Default for Fonts {
    fn default() -> Self {
        let ansi = encoding_rs::WINDOWS_1252;
        Self { ansi, default: 0, fonts: HashMap::new(), current: 0 }
    }
}

impl Fonts {
    /// A control word in the table of fonts.
    pub(super) fn define(&mut self, word: &str, number: i32) {
        match word {
            "f" => self.current = number,
            "fcharset" => self.insert(codepage::of_charset(number)),
            "cpg" => self.insert(Some(codepage::of_codepage(number))),
            _ => {}
        }
    }

    /// The encoding of the bytes of a run.
    pub(super) fn encoding(&self, run: Run) -> &'static Encoding {
        let of = |font: i32| self.fonts.get(&font).copied().flatten();
        let double = run.double.filter(|_| run.letters == Letters::Double).and_then(of);
        double.or_else(|| of(run.font.unwrap_or(self.default))).unwrap_or(self.ansi)
    }

    fn insert(&mut self, encoding: Option<&'static Encoding>) {
        if self.fonts.len() < MAX_FONTS {
            self.fonts.insert(self.current, encoding);
        }
    }
}

impl Run {
    /// A control word of the text.
    pub(super) fn change(&mut self, word: &str, number: i32) {
        match (word, self.letters) {
            ("f", Letters::Any) => self.font = Some(number),
            ("f" | "af", Letters::Double) => self.double = Some(number),
            ("loch" | "hich" | "ltrch" | "rtlch", _) => self.letters = Letters::Any,
            ("dbch", _) => self.letters = Letters::Double,
            ("plain", _) => *self = Self { double: self.double, ..Self::default() },
            _ => {}
        }
    }
}
