//! Thoughts of a model that some servers leave in front of its answer.

/// How thoughts begin and end.
const TAGS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];

/// Takes thoughts off the beginning of an answer.
#[derive(Debug, Default)]
pub struct Thinking {
    state: State,
    pending: String,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    /// Nothing but white space so far.
    #[default]
    Beginning,
    /// Until this tag.
    Thinking(&'static str),
    /// The answer has begun.
    Speaking,
}

impl Thinking {
    /// Takes the next piece; returns what belongs to the answer.
    pub fn push(&mut self, piece: &str) -> String {
        if let State::Speaking = self.state {
            return piece.to_owned();
        }
        self.pending.push_str(piece);
        loop {
            match self.state {
                State::Beginning => {
                    let begun = self.pending.trim_start();
                    if let Some((open, close)) = TAGS.iter().find(|tag| begun.starts_with(tag.0)) {
                        self.pending = begun[open.len()..].to_owned();
                        self.state = State::Thinking(close);
                        continue;
                    }
                    if TAGS.iter().any(|(open, _)| open.starts_with(begun)) {
                        return String::new();
                    }
                    self.state = State::Speaking;
                }
                State::Thinking(close) => {
                    let Some(end) = self.pending.find(close) else {
                        // The tag may be split over pieces; what is before it is not needed.
                        let keep = self.pending.len().saturating_sub(close.len());
                        self.pending.drain(..self.pending.floor_char_boundary(keep));
                        return String::new();
                    };
                    self.pending = self.pending[end + close.len()..].trim_start().to_owned();
                    self.state = State::Beginning;
                    continue;
                }
                State::Speaking => {}
            }
            return std::mem::take(&mut self.pending);
        }
    }

    /// What is left when the model ends; thoughts that never ended are no answer.
    pub fn finish(&mut self) -> String {
        match self.state {
            State::Thinking(_) => String::new(),
            State::Beginning | State::Speaking => std::mem::take(&mut self.pending),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(pieces: &[&str]) -> String {
        let mut thinking = Thinking::default();
        let mut text: String = pieces.iter().map(|piece| thinking.push(piece)).collect();
        text.push_str(&thinking.finish());
        text
    }

    #[test]
    fn thoughts_are_no_part_of_the_answer() {
        assert_eq!(spoken(&["<thi", "nk>a [1] b</thi", "nk>\n\nYes"]), "Yes");
        assert_eq!(spoken(&["\n<think>\n</think>\n", "Yes"]), "Yes");
        assert_eq!(spoken(&["<think>never ends"]), "");
    }

    #[test]
    fn other_text_passes() {
        assert_eq!(spoken(&["Yes ", "<think>no</think>"]), "Yes <think>no</think>");
        assert_eq!(spoken(&["<", "b>"]), "<b>");
        assert_eq!(spoken(&["<th"]), "<th");
    }
}
