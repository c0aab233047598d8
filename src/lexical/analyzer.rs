//! Text into terms: the one analysis that documents, queries and highlights share.

use super::normalize::{Normalized, fold_into, is_paired, is_word};
use super::stem::Stems;
use super::word::{is_joiner, next_part, parts_of};

/// Terms are cut to this many bytes; longer runs are keys and encoded data.
const MAX_TERM_BYTES: usize = 64;
/// Compounds of more parts than this (paths, tables of contents) have no term for the whole.
const MAX_PARTS: usize = 8;

/// What a term stands for in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A word, or the smallest part of an identifier.
    Word,
    /// An identifier or compound as one: `get-childitem`, `utf8`, `c++`. Its parts follow.
    Whole,
    /// Two neighbouring characters of a script without reliable spaces.
    Pair,
    /// A single character of such a script, standing alone.
    Single,
}

/// One term of a text.
#[derive(Debug, Clone, Copy)]
pub struct Token<'t> {
    /// What is indexed: normalised, folded, stemmed.
    pub term: &'t str,
    /// What the term stands for.
    pub form: Form,
    /// Counts words and characters, so that phrases can be matched.
    pub position: u32,
    /// First byte in the analysed text.
    pub start: usize,
    /// The byte after the last in the analysed text.
    pub end: usize,
    /// Tokens of one run of text without spaces share this number.
    pub run: u32,
    /// Whether queries do better without it.
    pub stop: bool,
}

/// Cuts text into terms; holds only scratch space and remembered stems.
pub struct Analyzer {
    stems: Stems,
    folded: String,
    position: u32,
    run: u32,
}

impl Default for Analyzer {
    fn default() -> Self {
        Self::new()
    }
}

/// A run of text in NFKC and where its bytes come from.
struct Run<'n> {
    text: &'n str,
    /// Where the run starts in the analysed text when it needed no normalising.
    base: usize,
    normalized: Option<&'n Normalized<'n>>,
}

impl Run<'_> {
    fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        let (start, end) = self.normalized.map_or((start, end), |n| n.origin(start, end));
        (self.base + start, self.base + end)
    }
}

impl Analyzer {
    /// An analyzer with empty scratch space.
    pub fn new() -> Self {
        Self { stems: Stems::new(), folded: String::new(), position: 0, run: 0 }
    }

    /// Hands every term of `text` to `sink`, in order of position, wholes before their parts.
    pub fn tokens(&mut self, text: &str, sink: &mut impl FnMut(&Token<'_>)) {
        self.position = 0;
        self.run = 0;
        let mut at = 0;
        while let Some((start, end)) = next_run(text, at) {
            let run = &text[start..end];
            if run.is_ascii() {
                self.compound(
                    &Run { text: run, base: start, normalized: None },
                    0..run.len(),
                    sink,
                );
            } else {
                let normalized = Normalized::new(run);
                let run =
                    Run { text: &normalized.text, base: start, normalized: Some(&normalized) };
                self.scripts(&run, sink);
            }
            self.run += 1;
            at = end;
        }
    }

    /// Divides a run where the script changes between spaced and paired.
    fn scripts(&mut self, run: &Run<'_>, sink: &mut impl FnMut(&Token<'_>)) {
        let mut at = 0;
        while at < run.text.len() {
            let rest = &run.text[at..];
            let length = rest.find(|c| !is_paired(c)).unwrap_or(rest.len());
            if length > 0 {
                self.pairs(run, at..at + length, sink);
                at += length;
                continue;
            }
            let length = rest.find(is_paired).unwrap_or(rest.len());
            // Normalising may have brought spaces and signs into the run.
            let mut inner = 0;
            while let Some((start, end)) = next_run(&rest[..length], inner) {
                self.compound(run, at + start..at + end, sink);
                inner = end;
            }
            at += length;
        }
    }

    /// Words joined by hyphens, dots and the like: the whole, then each word.
    fn compound(
        &mut self,
        run: &Run<'_>,
        range: std::ops::Range<usize>,
        sink: &mut impl FnMut(&Token<'_>),
    ) {
        let text = &run.text[range.clone()];
        let words = parts_of(text).count();
        let marked = !text.ends_with(|c: char| is_word(c)) || text.starts_with('.');
        if (words > 1 || marked) && words <= MAX_PARTS && text.len() <= MAX_TERM_BYTES {
            self.folded.clear();
            fold_into(text, &mut self.folded);
            let (start, end) = run.origin(range.start, range.end);
            sink(&Token {
                term: &self.folded,
                form: Form::Whole,
                position: self.position,
                start,
                end,
                run: self.run,
                stop: false,
            });
        }
        for (start, end) in parts_of(text) {
            self.word(run, range.start + start..range.start + end, sink);
        }
    }

    /// A word: itself, and before its parts where case or digits divide it.
    fn word(
        &mut self,
        run: &Run<'_>,
        range: std::ops::Range<usize>,
        sink: &mut impl FnMut(&Token<'_>),
    ) {
        let text = &run.text[range.clone()];
        let first = next_part(text, 0);
        if first == text.len() {
            self.emit(run, range, Form::Word, sink);
            self.position += 1;
            return;
        }
        self.emit(run, range.clone(), Form::Whole, sink);
        let mut start = 0;
        let mut end = first;
        while start < text.len() {
            self.emit(run, range.start + start..range.start + end, Form::Word, sink);
            self.position += 1;
            start = end;
            end = next_part(text, start);
        }
    }

    fn emit(
        &mut self,
        run: &Run<'_>,
        range: std::ops::Range<usize>,
        form: Form,
        sink: &mut impl FnMut(&Token<'_>),
    ) {
        self.folded.clear();
        let text = &run.text[range.clone()];
        fold_into(&text[..text.floor_char_boundary(MAX_TERM_BYTES)], &mut self.folded);
        let english = self.folded.bytes().all(|byte| byte.is_ascii_lowercase());
        let (term, stop) =
            if english { self.stems.stem(&self.folded) } else { (self.folded.as_str(), false) };
        let (start, end) = run.origin(range.start, range.end);
        let position = self.position;
        sink(&Token { term, form, position, start, end, run: self.run, stop });
    }

    /// Each two neighbouring characters; a lone character by itself. A term for the whole run
    /// was tried and made Korean results worse at every weight.
    fn pairs(
        &mut self,
        run: &Run<'_>,
        range: std::ops::Range<usize>,
        sink: &mut impl FnMut(&Token<'_>),
    ) {
        let text = &run.text[range.clone()];
        let mut starts = text.char_indices().map(|(byte, _)| byte);
        let mut first = starts.next().unwrap_or_default();
        let mut second = starts.next();
        if second.is_none() {
            self.pair(run, range.clone(), Form::Single, sink);
        }
        while let Some(middle) = second {
            second = starts.next();
            let end = second.unwrap_or(text.len());
            self.pair(run, range.start + first..range.start + end, Form::Pair, sink);
            self.position += 1;
            first = middle;
        }
        self.position += 1;
    }

    fn pair(
        &mut self,
        run: &Run<'_>,
        range: std::ops::Range<usize>,
        form: Form,
        sink: &mut impl FnMut(&Token<'_>),
    ) {
        let (start, end) = run.origin(range.start, range.end);
        let term = &run.text[range];
        sink(&Token {
            term,
            form,
            position: self.position,
            start,
            end,
            run: self.run,
            stop: false,
        });
    }
}

/// The next run of words and the signs that join them, from byte `at`.
fn next_run(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut start = at;
    loop {
        let byte = *bytes.get(start)?;
        if byte.is_ascii_alphanumeric() {
            break;
        }
        if byte.is_ascii() {
            start += 1;
            continue;
        }
        let c = text[start..].chars().next()?;
        if is_word(c) {
            break;
        }
        start += c.len_utf8();
    }
    let mut end = start;
    while let Some(&byte) = bytes.get(end) {
        if byte.is_ascii_alphanumeric() {
            end += 1;
        } else if !byte.is_ascii() {
            let Some(c) = text[end..].chars().next().filter(|c| is_word(*c)) else { break };
            end += c.len_utf8();
        } else if is_joiner(bytes, end) {
            end += 1;
        } else {
            break;
        }
    }
    let (before, after) = super::word::marks(bytes, start, end);
    Some((start - before, end + after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analyzed(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Analyzer::new().tokens(text, &mut |token| {
            assert!(token.start < token.end && text.get(token.start..token.end).is_some());
            found.push(format!("{}@{}", token.term, token.position));
        });
        found
    }

    #[test]
    fn words_are_folded_and_stemmed() {
        assert_eq!(analyzed("The Policies"), ["the@0", "polici@1"]);
        assert_eq!(analyzed("employee's"), ["employe@0", "s@1"]);
    }

    #[test]
    fn identifiers_give_the_whole_and_their_parts() {
        assert_eq!(
            analyzed("Get-ChildItem x"),
            ["get-childitem@0", "get@0", "childitem@1", "child@1", "item@2", "x@3"]
        );
        assert_eq!(analyzed("snake_case"), ["snake_case@0", "snake@0", "case@1"]);
        assert_eq!(analyzed("XMLHttpRequest")[1..], ["xml@0", "http@1", "request@2"]);
        assert_eq!(analyzed("utf8"), ["utf8@0", "utf@0", "8@1"]);
        assert_eq!(analyzed("C++ C# .NET"), ["c++@0", "c@0", "c#@1", "c@1", ".net@2", "net@2"]);
        assert_eq!(analyzed("1,000원"), ["1,000@0", "1@0", "000@1", "원@2"]);
    }

    #[test]
    fn ends_of_sentences_join_nothing() {
        assert_eq!(analyzed("first. Second - third..."), ["first@0", "second@1", "third@2"]);
    }

    #[test]
    fn korean_runs_give_overlapping_pairs() {
        assert_eq!(analyzed("연차휴가 중"), ["연차@0", "차휴@1", "휴가@2", "중@4"]);
        assert_eq!(analyzed("PowerShell을"), ["powershel@0", "power@0", "shell@1", "을@2"]);
    }

    #[test]
    fn a_key_of_a_thousand_letters_is_one_short_term() {
        let terms = analyzed(&"aB9".repeat(400));
        assert_eq!(terms, [format!("{}a@0", "ab9".repeat(21))]);
    }

    #[test]
    fn units_in_one_cell_are_words() {
        assert_eq!(analyzed("10㎏"), ["10kg@0", "10@0", "kg@1"]);
        assert_eq!(analyzed("㈜한글"), ["주@0", "한글@1"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_terms_in_order_with_valid_places(
            text in "\\PC{0,60}|[a-zA-Z0-9가-힣\u{1100}-\u{1112}\u{300}\u{ad}½㈜ _.@+#-]{0,60}"
        ) {
            let mut last = 0;
            Analyzer::new().tokens(&text, &mut |token| {
                assert!(token.position >= last && !token.term.is_empty());
                assert!(token.start < token.end && text.get(token.start..token.end).is_some());
                last = token.position;
            });
        }
    }
}
