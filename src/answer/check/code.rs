//! Where code begins and ends in Markdown: blocks between fences, spans between backticks.

/// The longest span, in bytes; one that does not end by then is text.
const MAX_SPAN: usize = 512;

/// A longer run of backticks or tildes marks nothing.
const MAX_RUN: usize = 32;

/// Where the text is with regard to code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    None,
    /// Between so many backticks.
    Span(usize),
    /// Between lines of so many backticks or tildes.
    Block(char, usize),
}

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Nothing but spaces stands before it on its line.
    pub begins_line: bool,
    /// Nothing follows it.
    pub ended: bool,
}

/// What the text begins with.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// No mark of code.
    Nothing,
    /// What follows decides.
    Unsure,
    /// A run of so many bytes that marks nothing.
    Text(usize),
    /// A run of so many bytes, and where the text is behind it.
    Mark(usize, Code),
}

impl Code {
    /// What the text begins with, here.
    pub fn opened(self, rest: &str, place: Place) -> Opened {
        let Some(mark) = rest.chars().next().filter(|c| matches!(c, '`' | '~')) else {
            let is_escape = self == Self::None && rest.starts_with("\\`");
            return if is_escape { Opened::Text(2) } else { Opened::Nothing };
        };
        let run = rest.chars().take(MAX_RUN + 1).take_while(|c| *c == mark).count();
        if run > MAX_RUN {
            return Opened::Text(run);
        }
        if run == rest.len() && !place.ended {
            return Opened::Unsure;
        }
        match self {
            Self::Block(open, least) if place.begins_line && open == mark && run >= least => {
                closes_block(&rest[run..], run, place)
            }
            Self::Span(open) if mark == '`' && run == open => Opened::Mark(run, Self::None),
            Self::Block(..) | Self::Span(_) => Opened::Text(run),
            Self::None if place.begins_line && run >= 3 => opens_block(rest, (mark, run), place),
            Self::None if mark == '`' => opens_span(rest, run, place),
            Self::None => Opened::Text(run),
        }
    }
}

/// A fence ends a block when nothing else stands on its line.
fn closes_block(behind: &str, run: usize, place: Place) -> Opened {
    let blank = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    match behind[blank..].chars().next() {
        Some('\n') => Opened::Mark(run, Code::None),
        None if place.ended => Opened::Mark(run, Code::None),
        None if blank <= MAX_RUN => Opened::Unsure,
        _ => Opened::Text(run),
    }
}

/// A fence of backticks is none when more of them follow on its line.
fn opens_block(rest: &str, (mark, run): (char, usize), place: Place) -> Opened {
    let block = Opened::Mark(run, Code::Block(mark, run));
    if mark == '~' {
        return block;
    }
    let line = &rest[run..rest.floor_char_boundary(MAX_SPAN)];
    match line.find(['\n', '`']) {
        Some(at) if line[at..].starts_with('`') => opens_span(rest, run, place),
        Some(_) => block,
        None if place.ended || rest.len() > MAX_SPAN => block,
        None => Opened::Unsure,
    }
}

/// A span ends on its line, else its backticks are text.
fn opens_span(rest: &str, run: usize, place: Place) -> Opened {
    let near = &rest[..rest.floor_char_boundary(MAX_SPAN)];
    let line = near.find('\n').map_or(near, |end| &near[..end]);
    let mut at = run;
    while let Some(next) = line[at..].find('`') {
        at += next;
        let closing = line[at..].bytes().take_while(|byte| *byte == b'`').count();
        // More of them may follow.
        if at + closing == rest.len() && !place.ended {
            return Opened::Unsure;
        }
        if closing == run {
            return Opened::Mark(run, Code::Span(run));
        }
        at += closing;
    }
    let is_decided = place.ended || line.len() < rest.len();
    if is_decided { Opened::Text(run) } else { Opened::Unsure }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: Place = Place { begins_line: true, ended: false };
    const WITHIN: Place = Place { begins_line: false, ended: false };

    #[test]
    fn a_fence_stands_at_the_beginning_of_a_line_alone() {
        assert_eq!(Code::None.opened("```rust\n", LINE), Opened::Mark(3, Code::Block('`', 3)));
        assert_eq!(Code::None.opened("~~~\n", LINE), Opened::Mark(3, Code::Block('~', 3)));
        assert_eq!(Code::None.opened("``` to fence\n", WITHIN), Opened::Text(3));
        assert_eq!(Code::None.opened("```a``` is\n", LINE), Opened::Mark(3, Code::Span(3)));
        let block = Code::Block('`', 3);
        assert_eq!(block.opened("```\n", LINE), Opened::Mark(3, Code::None));
        assert_eq!(block.opened("``` more\n", LINE), Opened::Text(3));
        assert_eq!(block.opened("```\n", WITHIN), Opened::Text(3));
        assert_eq!(block.opened("~~~\n", LINE), Opened::Text(3));
        assert_eq!(block.opened("```", LINE), Opened::Unsure);
    }

    #[test]
    fn a_span_ends_on_its_line_or_is_text() {
        assert_eq!(Code::None.opened("`a` ", WITHIN), Opened::Mark(1, Code::Span(1)));
        assert_eq!(Code::None.opened("``a`` ", WITHIN), Opened::Mark(2, Code::Span(2)));
        assert_eq!(Code::None.opened("`a`` ", WITHIN), Opened::Unsure);
        assert_eq!(Code::None.opened("`a\n`", WITHIN), Opened::Text(1));
        assert_eq!(Code::None.opened("`a", WITHIN), Opened::Unsure);
        let long = format!("`{}", "a".repeat(MAX_SPAN));
        assert_eq!(Code::None.opened(&long, WITHIN), Opened::Text(1));
        assert_eq!(Code::None.opened("\\`a", WITHIN), Opened::Text(2));
    }
}
