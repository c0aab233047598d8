//! Leaves out what a model thinks aloud before it answers.

const BEGIN: &str = "<think>";
const END: &str = "</think>";

/// Where in an answer the stream is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Thought {
    /// At the beginning; nothing or a part of the mark has been seen.
    #[default]
    Open,
    /// Between the marks.
    Inside,
    /// After the second mark, with nothing but white space so far.
    Over,
    /// In the answer.
    Answer,
}

/// What is left of an answer without its thoughts.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    state: Thought,
    held: String,
}

impl Spoken {
    /// Takes in the next text; gives what of it, and of what was held back, is answer.
    pub(super) fn take_in(&mut self, text: &str) -> String {
        if self.state == Thought::Answer {
            return text.to_owned();
        }
        self.held.push_str(text);
        loop {
            let begin = self.held.trim_start();
            match self.state {
                Thought::Open if begin.starts_with(BEGIN) => {
                    self.held = begin[BEGIN.len()..].to_owned();
                    self.state = Thought::Inside;
                }
                Thought::Open if BEGIN.starts_with(begin) => return String::new(),
                Thought::Over if begin.is_empty() => return String::new(),
                Thought::Inside => match self.held.find(END) {
                    Some(end) => {
                        self.held.drain(..end + END.len());
                        self.state = Thought::Over;
                    }
                    None => {
                        self.forget_thoughts();
                        return String::new();
                    }
                },
                Thought::Over => {
                    self.held = begin.to_owned();
                    return self.rest();
                }
                Thought::Open | Thought::Answer => return self.rest(),
            }
        }
    }

    /// What is still held back at the end, unless it is a thought.
    pub(super) fn rest(&mut self) -> String {
        match std::mem::replace(&mut self.state, Thought::Answer) {
            Thought::Inside => String::new(),
            _ => std::mem::take(&mut self.held),
        }
    }

    /// Keeps only what may be the beginning of the second mark.
    fn forget_thoughts(&mut self) {
        let mut keep = self.held.len().saturating_sub(END.len() - 1);
        while !self.held.is_char_boundary(keep) {
            keep += 1;
        }
        self.held.drain(..keep);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The answer when the text arrives in pieces of so many characters.
    fn spoken(text: &str, size: usize) -> String {
        let mut spoken = Spoken::default();
        let characters: Vec<char> = text.chars().collect();
        let mut answer = String::new();
        for piece in characters.chunks(size) {
            answer.push_str(&spoken.take_in(&piece.iter().collect::<String>()));
        }
        answer + &spoken.rest()
    }

    #[test]
    fn thoughts_before_the_answer_are_left_out_however_they_are_cut() {
        for (text, answer) in [
            ("<think>\n생각 </thin\n</think>\n\nYes [1].", "Yes [1]."),
            ("\n <think></think>No", "No"),
            ("<think>never ends", ""),
            ("<thin ice> is not a thought", "<thin ice> is not a thought"),
            ("Say <think>x</think>", "Say <think>x</think>"),
            ("  <th", "  <th"),
            ("", ""),
        ] {
            for size in 1..12 {
                assert_eq!(spoken(text, size), answer, "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn endless_thoughts_take_no_memory() {
        let mut spoken = Spoken::default();
        spoken.take_in("<think>");
        for _ in 0..1_000 {
            assert_eq!(spoken.take_in("hmm 음 "), "");
        }
        assert!(spoken.held.len() < 16);
    }

    proptest! {
        #[test]
        fn any_text_gives_the_same_answer_however_it_is_cut(
            parts in proptest::collection::vec("(<think>|</think>|<th|nk>|[ \\n]{1,2}|[가-힣a-z]{1,3})", 0..9),
            size in 1_usize..5,
        ) {
            let text = parts.concat();
            prop_assert_eq!(spoken(&text, size), spoken(&text, usize::MAX));
        }
    }
}
