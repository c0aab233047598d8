//! The part of a passage that shows best why it was found, safe to print on a terminal.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::lexical::{Highlight, Query};

/// Longer passages are looked at up to here, so that hostile ones cost little.
const MAX_PASSAGE_BYTES: usize = 256 * 1024;
/// Shown where a sentence was cut.
const ELLIPSIS: char = '…';

/// A short stretch of a passage with the places that match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snippet {
    /// One line without control characters.
    pub text: String,
    /// [start, end) in Unicode characters of `text`, in order, not touching.
    pub highlights: Vec<(usize, usize)>,
    /// The matches in it: a byte of the passage, and the number of the word of the query.
    pub found: Vec<(usize, u32)>,
}

/// The best stretch of `text` for `query`, of at most `max_characters` characters.
///
/// It begins and ends where a sentence or line does when that loses no match.
pub fn snippet(text: &str, query: &Query, max_characters: usize) -> Snippet {
    let text = &text[..text.floor_char_boundary(MAX_PASSAGE_BYTES)];
    let line = Line::clean(text, query);
    line.cut(line.window(max_characters), max_characters)
}

/// A passage as one clean line; all places count characters.
struct Line {
    characters: Vec<char>,
    /// The byte of the passage that each comes from.
    origins: Vec<usize>,
    /// Where sentences and lines of the passage start.
    borders: Vec<usize>,
    matches: Vec<Match>,
}

struct Match {
    start: usize,
    end: usize,
    word: u32,
}

impl Line {
    /// Folds white space, drops control characters and escape sequences, then finds the matches.
    fn clean(text: &str, query: &Query) -> Self {
        let mut clean = String::with_capacity(text.len());
        let (mut borders, mut origins) = (Vec::new(), Vec::new());
        let mut length = 0;
        let mut sentences = text.split_sentence_bound_indices().map(|(byte, _)| byte).peekable();
        let mut escape = Escape::None;
        for (byte, c) in text.char_indices() {
            while sentences.next_if(|start| *start <= byte).is_some() {
                borders.push(length);
            }
            escape = escape.next(c);
            if escape != Escape::None || is_unsafe(c) {
                continue;
            }
            let shown = if c.is_whitespace() { ' ' } else { c };
            if shown != ' ' || length > 0 && !clean.ends_with(' ') {
                clean.push(shown);
                origins.push(byte);
                length += 1;
            }
        }
        borders.dedup();
        let clean = clean.trim_end();
        let matches = matches(clean, &query.highlights(clean));
        Self { characters: clean.chars().collect(), origins, borders, matches }
    }

    /// The stretch with the most different words of the query, then the most matches, then first.
    fn window(&self, max_characters: usize) -> Range<usize> {
        let length = self.characters.len();
        if length <= max_characters {
            return 0..length;
        }
        // One place each for the ellipsis before and after.
        let room = max_characters.saturating_sub(2);
        let mut best = (0, 0, 0..room.min(length));
        let mut seen = HashSet::new();
        for first in 0..self.matches.len() {
            seen.clear();
            let start = self.start_before(self.matches[first].start, room);
            let mut count = 0;
            for found in &self.matches[first..] {
                if found.end > start + room {
                    break;
                }
                count += 1;
                seen.insert(found.word);
            }
            if (seen.len(), count) > (best.0, best.1) {
                best = (seen.len(), count, start..(start + room).min(length));
            }
        }
        best.2
    }

    /// Where a window that shows the match at `place` starts: at its sentence, when that leaves
    /// most of the room to what follows; else some words before.
    fn start_before(&self, place: usize, room: usize) -> usize {
        let next = self.borders.partition_point(|border| *border <= place);
        let border = next.checked_sub(1).map_or(0, |last| self.borders[last]);
        if place - border <= room / 2 {
            return border;
        }
        let earliest = place - room / 4;
        self.word_start(earliest, place)
    }

    /// The first start of a word in `from..=to`; `to` when there is none.
    fn word_start(&self, from: usize, to: usize) -> usize {
        (from..=to).find(|at| *at == 0 || self.characters[at - 1] == ' ').unwrap_or(to)
    }

    /// The window as text, its end moved back to a sentence's or a word's.
    fn cut(&self, window: Range<usize>, max_characters: usize) -> Snippet {
        let end = self.end_of(&window);
        let whole: String = self.characters[window.start..end].iter().collect();
        let at_border = window.start == 0 || self.borders.binary_search(&window.start).is_ok();
        let mut text = String::with_capacity(whole.len() + 8);
        if !at_border && max_characters > 2 {
            text.push(ELLIPSIS);
        }
        let shift = text.chars().count();
        text.push_str(whole.trim_end());
        let shown = text.chars().count() - shift;
        let complete = end == self.characters.len() || self.borders.binary_search(&end).is_ok();
        if !complete && max_characters > 2 {
            text.push(ELLIPSIS);
        }
        let end = window.start + shown;
        let highlights = self.highlights(window.start, end, shift);
        let inside = |found: &&Match| (window.start..end).contains(&found.start);
        let inside = self.matches.iter().filter(inside);
        let found = inside.map(|found| (self.origins[found.start], found.word)).collect();
        Snippet { text, highlights, found }
    }

    fn end_of(&self, window: &Range<usize>) -> usize {
        let length = self.characters.len();
        if window.end >= length {
            return length;
        }
        let inside = self.matches.iter().filter(|found| found.start >= window.start);
        let last = inside.map(|found| found.end).take_while(|end| *end <= window.end).last();
        let least = last.unwrap_or(window.start).max(window.start + window.len() / 2);
        let next = self.borders.partition_point(|border| *border <= window.end);
        if let Some(border) = next.checked_sub(1).map(|at| self.borders[at]).filter(|b| *b >= least)
        {
            return border;
        }
        let least = last.unwrap_or(window.start).max(window.end.saturating_sub(40));
        let word = (least..=window.end).rev().find(|at| self.characters[*at] == ' ');
        word.unwrap_or_else(|| self.cluster_end(window))
    }

    /// The last place in `window` that does not divide what people see as one character.
    fn cluster_end(&self, window: &Range<usize>) -> usize {
        let after = (window.end + 16).min(self.characters.len());
        let text: String = self.characters[window.start..after].iter().collect();
        let mut end = window.start;
        for cluster in text.graphemes(true) {
            let next = end + cluster.chars().count();
            if next > window.end {
                break;
            }
            end = next;
        }
        end
    }

    fn highlights(&self, start: usize, end: usize, shift: usize) -> Vec<(usize, usize)> {
        let mut merged: Vec<(usize, usize)> = Vec::new();
        for found in &self.matches {
            let (from, to) = (found.start.max(start), found.end.min(end));
            if from >= to {
                continue;
            }
            let (from, to) = (from - start + shift, to - start + shift);
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        merged
    }
}

/// Highlights with their bytes turned into characters, in one walk over both.
fn matches(text: &str, highlights: &[Highlight]) -> Vec<Match> {
    let mut bytes: Vec<usize> =
        highlights.iter().flat_map(|found| [found.start, found.end]).collect();
    bytes.sort_unstable();
    let mut places = HashMap::with_capacity(bytes.len());
    let (mut at, mut character) = (0, 0);
    for byte in bytes {
        character += text[at..byte].chars().count();
        at = byte;
        places.insert(byte, character);
    }
    let one = |found: &Highlight| Match {
        start: places[&found.start],
        end: places[&found.end],
        word: found.word,
    };
    highlights.iter().map(one).collect()
}

/// Where in a terminal escape sequence a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    Started,
    /// Up to a letter: colours, cursor movement.
    Control,
    /// Up to BEL or ESC \: titles, links.
    Text,
    Ended,
}

impl Escape {
    fn next(self, c: char) -> Self {
        match (self, c) {
            (_, '\u{1b}') => Self::Started,
            (Self::Started, '[') | (_, '\u{9b}') => Self::Control,
            (Self::Started, ']' | 'P' | 'X' | '^' | '_') | (_, '\u{9d}' | '\u{90}') => Self::Text,
            (Self::Started, _) => Self::Ended,
            (Self::Control, '\u{40}'..='\u{7e}') => Self::Ended,
            (Self::Control, '\u{20}'..='\u{3f}') => Self::Control,
            (Self::Text, '\u{7}' | '\u{9c}') => Self::Ended,
            // A title that never ends must not swallow the passage.
            (Self::Text, c) if c != '\n' => Self::Text,
            _ => Self::None,
        }
    }
}

/// Characters that could harm a terminal or turn the reading direction around.
fn is_unsafe(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, query: &str, max: usize) -> (String, Vec<String>) {
        let snippet = snippet(text, &Query::parse(query).unwrap(), max);
        let characters: Vec<char> = snippet.text.chars().collect();
        let marked = snippet.highlights.iter().map(|(start, end)| &characters[*start..*end]);
        (snippet.text.clone(), marked.map(|part| part.iter().collect()).collect())
    }

    #[test]
    fn other_forms_of_the_word_are_highlighted() {
        let (text, marked) = shown("All policies\n\n apply.", "policy ", 80);
        assert_eq!(text, "All policies apply.");
        assert_eq!(marked, ["policies"]);
    }

    #[test]
    fn korean_words_with_particles_are_highlighted_by_syllable() {
        let (text, marked) = shown("우리 회사의 연차휴가는 15일이다.", "연차 휴가", 80);
        assert_eq!(text, "우리 회사의 연차휴가는 15일이다.");
        assert_eq!(marked, ["연차휴가"]);
    }

    #[test]
    fn the_window_shows_the_sentence_with_most_words() {
        let filler = "Nothing of note is said in this sentence. ".repeat(20);
        let text = format!("{filler}Vacation days may be carried over until March. {filler}");
        let (shown, marked) = shown(&text, "carry vacation march ", 90);
        assert!(shown.starts_with("Vacation days"), "{shown}");
        assert_eq!(marked, ["Vacation", "carried", "March"]);
        assert!(shown.chars().count() <= 90);
    }

    #[test]
    fn a_long_sentence_is_cut_between_words_with_ellipses() {
        let text = format!("{} needle {}", "word ".repeat(100), "more ".repeat(100));
        let (shown, marked) = shown(&text, "needle ", 60);
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.chars().count() <= 60);
        assert!(!shown.contains("wor …") && !shown.contains("mor…"), "{shown}");
        assert_eq!(marked, ["needle"]);
    }

    #[test]
    fn escape_sequences_and_direction_marks_are_removed() {
        let text = "a \u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}\u{202e}word\u{0}\u{9b}2J end";
        let (shown, marked) = shown(text, "red word ", 80);
        assert_eq!(shown, "a red word end");
        assert_eq!(marked, ["red", "word"]);
    }

    #[test]
    fn combined_characters_are_not_divided() {
        let text = "👩‍👩‍👧‍👦".repeat(30);
        for max in 0..40 {
            let (shown, _) = shown(&text, "family ", max);
            assert!(shown.chars().count() <= max.max(1));
            assert!(shown.trim_end_matches('…').ends_with('👦') || shown.chars().count() <= 1);
        }
    }

    #[test]
    fn combining_marks_count_as_characters_of_the_snippet() {
        let (shown, marked) = shown("re\u{301}sume\u{301} e\u{301}crit", "écrit ", 80);
        assert_eq!(shown, "re\u{301}sume\u{301} e\u{301}crit");
        assert_eq!(marked, ["e\u{301}crit"]);
    }

    #[test]
    fn a_megabyte_without_spaces_gives_a_short_snippet() {
        let text = "가나다라".repeat(90_000);
        let (shown, marked) = shown(&text, "나다라가나다", 120);
        assert!(shown.chars().count() <= 120);
        assert!(!marked.is_empty());
    }

    #[test]
    fn a_passage_without_a_match_shows_its_beginning() {
        let text = "First sentence here. Second one follows. Third one ends it all.";
        let (shown, marked) = shown(text, "absent ", 45);
        assert_eq!(shown, "First sentence here. Second one follows.");
        assert!(marked.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_a_valid_snippet(text in "\\PC{0,80}|[a-z가-힣\u{300}-\u{310}👍 \n\u{1b}\\[]{0,80}", max in 0usize..60) {
            let query = Query::parse("a b 가나다 \"c d\" e").unwrap();
            let snippet = snippet(&text, &query, max);
            let length = snippet.text.chars().count();
            proptest::prop_assert!(length <= max.max(2));
            let mut last = 0;
            for (start, end) in snippet.highlights {
                proptest::prop_assert!(last <= start && start < end && end <= length);
                last = end;
            }
        }
    }
}
