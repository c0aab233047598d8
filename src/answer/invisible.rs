//! Characters that nobody sees and a model reads: they carry hidden words into a prompt, and hide
//! between the characters of a marker in an answer.

/// Whether a character is neither seen nor needed: a control character other than a line end or a
/// tab, a mark of direction, or one without a shape.
pub fn is_invisible(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        // Hyphen that is seen at a line end only, joiner of graphemes, marks of direction.
        '\u{00AD}' | '\u{034F}' | '\u{061C}' => true,
        // Letters of Hangul and of Khmer that stand for none.
        '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{17B4}' | '\u{17B5}' => true,
        // Selectors of variants, which can spell out bytes.
        '\u{180B}'..='\u{180F}' | '\u{FE00}'..='\u{FE0F}' => true,
        // Spaces without width, joiners, embeddings, overrides, isolates.
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => true,
        '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}' => true,
        // Control of shorthand and of music.
        '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' => true,
        // Tags, and more selectors.
        '\u{E0000}'..='\u{E0FFF}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthChar;

    use super::*;

    #[test]
    fn what_has_a_shape_is_visible() {
        for text in [
            "연차 휴가 규정, 제3장 (1)",
            "naïve\u{301} ﬁ “quoted” – 12 €",
            "日本語、中文。",
            "👩🏽 ❤ ½ ①",
        ] {
            assert!(!text.chars().any(is_invisible), "{text}");
        }
        assert!(!is_invisible('\n') && !is_invisible('\t') && is_invisible('\r'));
    }

    /// The table is checked against that of the library that measures characters for terminals.
    #[test]
    fn whatever_takes_no_room_and_changes_no_letter_is_invisible() {
        let is_mark = |c: char| {
            use unicode_normalization::char::is_combining_mark;
            is_combining_mark(c)
        };
        // Signs and letters that are drawn around or before the next one.
        let is_prefix = |c: char| {
            matches!(c, '\u{605}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}' | '\u{D4E}')
                || matches!(c, '\u{A8FA}' | '\u{111C2}' | '\u{111C3}' | '\u{113D1}' | '\u{1193F}')
                || matches!(c, '\u{11941}' | '\u{11A84}'..='\u{11A89}' | '\u{11D46}' | '\u{11F02}')
        };
        let is_jamo = |c: char| matches!(c, '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FB}');
        let missed: Vec<String> = ('\u{80}'..=char::MAX)
            .filter(|c| {
                c.width() == Some(0)
                    && !is_mark(*c)
                    && !is_jamo(*c)
                    && !is_prefix(*c)
                    && !is_invisible(*c)
            })
            .map(|c| format!("U+{:04X}", c as u32))
            .collect();
        assert!(missed.is_empty(), "{missed:?}");
    }
}
