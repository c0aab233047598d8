//! The pieces of text on a page with their places, as the PDF draws them.

use pdf_oxide::layout::TextSpan;

/// How much wider than its font size a glyph may be on average; wider means that the font lies.
const MAX_GLYPH_EMS: f32 = 1.3;
const LIKELY_GLYPH_EMS: f32 = 0.5;

/// A run of text on one baseline; the page's coordinates, in points, with `y` upwards.
#[derive(Debug, Clone)]
pub(super) struct Fragment {
    pub(super) text: String,
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) baseline: f32,
    pub(super) size: f32,
    /// When it was drawn: text is mostly drawn as it is read.
    pub(super) order: usize,
    /// A blank was drawn before it, or behind it.
    pub(super) has_blank_before: bool,
    pub(super) has_blank_after: bool,
}

/// The fragments of a page, one group for each direction of writing, the most text first.
pub(super) fn of(mut spans: Vec<TextSpan>) -> Vec<Vec<Fragment>> {
    spans.sort_by_key(|span| span.sequence);
    let mut turned: [Vec<Fragment>; 4] = Default::default();
    for span in spans {
        let quarter = quarter_turns(span.rotation_degrees);
        let group = &mut turned[quarter];
        match fragment(span, quarter) {
            Some(fragment) => group.push(fragment),
            None => {
                if let Some(last) = group.last_mut() {
                    last.has_blank_after = true;
                }
            }
        }
    }
    let mut groups = turned.into_iter().filter(|group| !group.is_empty()).collect::<Vec<_>>();
    let size = |group: &Vec<Fragment>| group.iter().map(|it| it.text.len()).sum::<usize>();
    groups.sort_by_key(|group| std::cmp::Reverse(size(group)));
    groups
}

fn quarter_turns(degrees: f32) -> usize {
    match (degrees / 90.0).round().rem_euclid(4.0) {
        turns if turns < 0.5 => 0,
        turns if turns < 1.5 => 1,
        turns if turns < 2.5 => 2,
        turns if turns < 3.5 => 3,
        _ => 0,
    }
}

/// `None` for a blank, and for text at no place at all.
fn fragment(span: TextSpan, quarter: usize) -> Option<Fragment> {
    let text = span.text.trim_matches(|c: char| c.is_whitespace() || c == '\u{200b}');
    let (x, y) = (span.bbox.x, span.bbox.y);
    if text.is_empty() || !(x.is_finite() && y.is_finite() && span.bbox.width.is_finite()) {
        return None;
    }
    let size = span.font_size.abs().clamp(1.0, 400.0);
    let (left, baseline) = match quarter {
        0 => (x, y),
        1 => (y, -x),
        2 => (-x, -y),
        _ => (-y, x),
    };
    let glyphs = span.text.chars().count() as f32;
    let width = span.bbox.width.max(0.0);
    let width = if width > glyphs * size * MAX_GLYPH_EMS {
        glyphs * size * LIKELY_GLYPH_EMS
    } else {
        width
    };
    let has_blank_before = span.text.starts_with(char::is_whitespace);
    let has_blank_after = span.text.ends_with(char::is_whitespace);
    let text = if text.len() == span.text.len() { span.text } else { text.to_owned() };
    Some(Fragment {
        text,
        left,
        right: left + width,
        baseline,
        size,
        order: span.sequence,
        has_blank_before,
        has_blank_after,
    })
}
