//! Fragments on one baseline, put together as a row of text.

use super::clean;
use super::fragments::Fragment;

/// The least gap between two words, in ems; a blank is rarely narrower than a fifth.
const WORD_GAP_EMS: f32 = 0.16;

/// A gap that separates cells, in ems: wider than a blank in justified text.
const CELL_GAP_EMS: f32 = 1.6;

/// How much of the smaller of two fragments must stand beside the other one.
const SAME_ROW_SHARE: f32 = 0.5;

/// The part of a font's size that stands above its baseline.
const ASCENT: f32 = 0.7;

/// Fragments on one baseline, from left to right.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) fragments: Vec<Fragment>,
}

impl Row {
    /// The size of most of its text.
    pub(super) fn size(&self) -> f32 {
        self.longest().map_or(1.0, |fragment| fragment.size)
    }

    fn longest(&self) -> Option<&Fragment> {
        self.fragments.iter().max_by_key(|fragment| fragment.text.len())
    }

    /// The row without its fragments, which are many.
    pub(super) fn printed(&self) -> Printed {
        Printed {
            text: clean::text(&self.text()),
            left: self.fragments.first().map_or(0.0, |fragment| fragment.left),
            right: self.fragments.iter().map(|fragment| fragment.right).fold(f32::MIN, f32::max),
            baseline: self.longest().map_or(0.0, |fragment| fragment.baseline),
            size: self.size(),
            has_blank_after: self.fragments.last().is_some_and(|it| it.has_blank_after),
        }
    }

    /// The text; cells are two blanks apart.
    fn text(&self) -> String {
        let mut text = String::new();
        let mut before: Option<&Fragment> = None;
        for fragment in &self.fragments {
            if let Some(before) = before {
                let gap = (fragment.left - before.right) / before.size.min(fragment.size);
                if gap > CELL_GAP_EMS {
                    text.push_str("  ");
                } else if gap > WORD_GAP_EMS || before.has_blank_after || fragment.has_blank_before
                {
                    text.push(' ');
                }
            }
            text.push_str(&fragment.text);
            before = Some(fragment);
        }
        text
    }
}

/// A row as text, with its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Printed {
    pub(super) text: String,
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) baseline: f32,
    pub(super) size: f32,
    /// The last word ends here: a blank was drawn behind it.
    pub(super) has_blank_after: bool,
}

/// The rows from the top of the page to its bottom.
pub(super) fn of(mut fragments: Vec<Fragment>) -> Vec<Row> {
    fragments.sort_by(|a, b| b.baseline.total_cmp(&a.baseline).then(a.left.total_cmp(&b.left)));
    let mut rows: Vec<Row> = Vec::new();
    let mut anchor: Option<Height> = None;
    for fragment in fragments {
        let place = Height { baseline: fragment.baseline, size: fragment.size };
        let row = rows.last_mut().filter(|_| anchor.is_some_and(|it| stand_together(it, place)));
        match row {
            Some(row) => {
                // A row is as high as its largest text, not as its first superscript.
                if anchor.is_none_or(|anchor| anchor.size < fragment.size) {
                    anchor = Some(place);
                }
                row.fragments.push(fragment);
            }
            None => {
                anchor = Some(place);
                rows.push(Row { fragments: vec![fragment] });
            }
        }
    }
    for row in &mut rows {
        row.fragments.sort_by(|a, b| a.left.total_cmp(&b.left).then(a.order.cmp(&b.order)));
        row.fragments.dedup_by(|again, first| is_shadow(first, again));
    }
    rows
}

/// Where text stands on its page, from the line that it stands on upwards.
#[derive(Debug, Clone, Copy)]
struct Height {
    baseline: f32,
    size: f32,
}

fn stand_together(first: Height, second: Height) -> bool {
    let top = |it: Height| it.baseline + it.size * ASCENT;
    let shared = top(first).min(top(second)) - first.baseline.max(second.baseline);
    shared >= first.size.min(second.size) * ASCENT * SAME_ROW_SHARE
}

/// Bold print and shadows that are made by drawing the text twice.
fn is_shadow(first: &Fragment, again: &Fragment) -> bool {
    first.text == again.text
        && (first.left - again.left).abs() < first.size * 0.2
        && (first.baseline - again.baseline).abs() < first.size * 0.2
}
