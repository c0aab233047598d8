//! Text under construction: white space as a browser shows it, not as it is written.

/// What separates the next word from the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    #[default]
    None,
    Space,
    Line,
    Paragraph,
}

/// A text whose gaps are written only between words.
#[derive(Debug, Default)]
pub(super) struct Text {
    buffer: String,
    gap: Gap,
}

impl Text {
    /// Asks for at least this gap before the next word.
    pub(super) fn separate(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    /// Adds text in which all white space is alike.
    pub(super) fn flow(&mut self, text: &str) {
        if text.starts_with(char::is_whitespace) {
            self.separate(Gap::Space);
        }
        for word in text.split_whitespace() {
            self.write_gap();
            self.buffer.push_str(word);
            self.gap = Gap::Space;
        }
        if !text.is_empty() && !text.ends_with(char::is_whitespace) {
            self.gap = Gap::None;
        }
    }

    /// Adds text whose white space counts, as in `<pre>`.
    pub(super) fn keep(&mut self, text: &str) {
        if !text.is_empty() {
            self.write_gap();
            self.buffer.push_str(text);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Takes what was written and starts anew.
    pub(super) fn take(&mut self) -> String {
        self.gap = Gap::None;
        let mut text = std::mem::take(&mut self.buffer);
        text.truncate(text.trim_end().len());
        text
    }

    fn write_gap(&mut self) {
        if !self.buffer.is_empty() {
            self.buffer.push_str(match self.gap {
                Gap::None => "",
                Gap::Space => " ",
                Gap::Line => "\n",
                Gap::Paragraph => "\n\n",
            });
        }
        self.gap = Gap::None;
    }
}
