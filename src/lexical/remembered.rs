//! The terms of short texts that come again and again: titles, file names, headings.

use super::analyzer::Analyzer;

/// Longer texts are analysed each time: they are passages.
pub(super) const MAX_BYTES: usize = 256;

/// Texts that are kept; those of the document that is being indexed are among the latest.
const TEXTS: usize = 16;

/// The terms of the latest short texts.
#[derive(Default)]
pub(super) struct Remembered {
    texts: Vec<Terms>,
    next: usize,
}

/// The terms of one text.
#[derive(Default)]
pub(super) struct Terms {
    text: String,
    letters: String,
    terms: Vec<Term>,
}

/// One term; its letters follow those of the term before it.
struct Term {
    letters: usize,
    position: u32,
    start: usize,
    end: usize,
}

impl Remembered {
    /// The terms of a text, analysed at the most once while it is among the latest.
    pub(super) fn terms(&mut self, text: &str, analyzer: &mut Analyzer) -> &Terms {
        let known = self.texts.iter().position(|terms| terms.text == text);
        let place = known.unwrap_or_else(|| {
            if self.texts.len() < TEXTS {
                self.texts.push(Terms::default());
            }
            let place = self.next % self.texts.len();
            self.next = (place + 1) % TEXTS;
            self.texts[place].fill(text, analyzer);
            place
        });
        &self.texts[place]
    }
}

impl Terms {
    fn fill(&mut self, text: &str, analyzer: &mut Analyzer) {
        self.text.clear();
        self.text.push_str(text);
        self.letters.clear();
        self.terms.clear();
        analyzer.tokens(text, &mut |token| {
            self.letters.push_str(token.term);
            let (position, start, end) = (token.position, token.start, token.end);
            self.terms.push(Term { letters: token.term.len(), position, start, end });
        });
    }

    /// Hands each term to `sink` with its position and its place in the text.
    pub(super) fn each(&self, mut sink: impl FnMut(&str, u32, (usize, usize))) {
        let mut from = 0;
        for term in &self.terms {
            let to = from + term.letters;
            sink(&self.letters[from..to], term.position, (term.start, term.end));
            from = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Analyzer::new().tokens(text, &mut |token| {
            found.push(format!("{} {} {} {}", token.term, token.position, token.start, token.end));
        });
        found
    }

    #[test]
    fn remembered_terms_equal_fresh_ones_however_many_texts_there_are() {
        let (mut remembered, mut analyzer) = (Remembered::default(), Analyzer::new());
        let texts: Vec<String> =
            (0..40).map(|number| format!("Get-ChildItem 연차휴가 policies {number}")).collect();
        for text in texts.iter().chain(texts.iter().rev()).chain([&String::new()]) {
            let mut found = Vec::new();
            remembered.terms(text, &mut analyzer).each(|term, position, (start, end)| {
                found.push(format!("{term} {position} {start} {end}"));
            });
            assert_eq!(found, fresh(text));
        }
        assert_eq!(remembered.texts.len(), TEXTS);
    }
}
