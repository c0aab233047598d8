//! Reading order: columns of prose one after the other, tables row by row.
//!
//! A page is rows of text. A run of rows that leave the same gap free is a table or columns of
//! prose. Text is mostly drawn as it is read: columns are drawn one after the other, a table row
//! by row, so the order of drawing tells them apart; where it does not, prose fills its column.

use super::clean;
use super::fragments::Fragment;
use super::rows::{self, Printed, Row};

/// The least gap between columns, in ems and in points.
const GUTTER_EMS: f32 = 0.8;
const GUTTER_POINTS: f32 = 6.0;

const MAX_DEPTH: u8 = 6;

/// Rows that may be looked through for gaps; a page with more is read row by row.
const MAX_ROWS: usize = 2_000;

/// Lines of prose are at least this long, in characters, and fill this part of their column.
const PROSE_CHARS: usize = 25;
const PROSE_FILL: f32 = 0.7;

/// Rows that belong together.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) rows: Vec<Printed>,
    /// Cells side by side: each row is a line of its own.
    pub(super) is_table: bool,
}

impl Block {
    fn prose(rows: &[Row]) -> Self {
        Self { rows: rows.iter().map(Row::printed).collect(), is_table: false }
    }

    /// Lines that are in order already.
    pub(super) fn as_it_stands(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).enumerate();
        let rows = lines.map(|(index, line)| Printed {
            text: clean::text(line),
            baseline: -(index as f32),
            size: 1.0,
            ..Printed::default()
        });
        Self { rows: rows.collect(), is_table: true }
    }

    fn some_prose(rows: &[Row]) -> Option<Self> {
        (!rows.is_empty()).then(|| Self::prose(rows))
    }

    fn table(rows: &[Row]) -> Self {
        Self { rows: rows.iter().map(Row::printed).collect(), is_table: true }
    }
}

/// The blocks of a page in reading order.
pub(super) fn blocks(fragments: Vec<Fragment>) -> Vec<Block> {
    let mut blocks = Vec::new();
    split(fragments, MAX_DEPTH, &mut blocks);
    blocks
}

fn split(fragments: Vec<Fragment>, depth: u8, blocks: &mut Vec<Block>) {
    let rows = rows::of(fragments);
    if depth == 0 || rows.len() > MAX_ROWS {
        blocks.push(Block::prose(&rows));
        return;
    }
    let mut single = 0..0;
    while single.end < rows.len() {
        let rest = &rows[single.end..];
        let length = parallel_rows(rest).filter(|length| !is_accident(rest, *length));
        let region = length.map(|length| &rest[..length]);
        match region.map(|region| (region, Layout::of(region))) {
            Some((region, layout)) if layout != Layout::Prose => {
                blocks.extend(Block::some_prose(&rows[single.clone()]));
                match layout {
                    Layout::Columns(cut) => split_at(region, cut, depth, blocks),
                    _ => blocks.push(Block::table(region)),
                }
                single = single.end + region.len()..single.end + region.len();
            }
            Some((region, _)) if is_list(region) => single.end += region.len(),
            _ => single.end += 1,
        }
    }
    blocks.extend(Block::some_prose(&rows[single]));
}

fn split_at(region: &[Row], cut: f32, depth: u8, blocks: &mut Vec<Block>) {
    let fragments = region.iter().flat_map(|row| &row.fragments).cloned();
    let (left, right) = fragments.partition(|fragment| fragment.left < cut);
    split(left, depth - 1, blocks);
    split(right, depth - 1, blocks);
}

/// Whether a few rows only happen to leave a gap, and would take the next rows from their columns.
fn is_accident(rows: &[Row], length: usize) -> bool {
    length <= 4 && parallel_rows(&rows[1..]).is_some_and(|later| later + 1 > length * 2)
}

/// An interval of the page's width with text in it.
type Band = (f32, f32);

/// How many of the first rows leave a common gap free; `None` for fewer than two.
fn parallel_rows(rows: &[Row]) -> Option<usize> {
    let mut bands = Vec::new();
    let parallel = rows.iter().enumerate().take_while(|(index, row)| {
        occupy(&mut bands, row);
        // The first row may stand on one side alone.
        *index == 0 || bands.len() > 1
    });
    Some(parallel.count()).filter(|length| *length > 1)
}

/// Adds the text of a row; bands with less than a gutter between them become one.
fn occupy(bands: &mut Vec<Band>, row: &Row) {
    let gutter = (row.size() * GUTTER_EMS).max(GUTTER_POINTS);
    bands.extend(row.fragments.iter().map(|fragment| (fragment.left, fragment.right)));
    bands.sort_by(|a, b| a.0.total_cmp(&b.0));
    bands.dedup_by(|next, band| {
        let together = next.0 - band.1 < gutter;
        if together {
            band.1 = band.1.max(next.1);
        }
        together
    });
}

/// How a run of rows with a common gap is read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Layout {
    /// What is left of the cut first, then what is right of it.
    Columns(f32),
    Table,
    /// As lines: the gap has no meaning.
    Prose,
}

impl Layout {
    fn of(region: &[Row]) -> Self {
        let mut bands = Vec::new();
        region.iter().for_each(|row| occupy(&mut bands, row));
        let cuts = bands.windows(2).map(|pair| f32::midpoint(pair[0].1, pair[1].0));
        let sides = cuts.map(|cut| (Sides::of(region, cut), cut)).collect::<Vec<_>>();
        let best = sides.iter().min_by_key(|(sides, _)| sides.changes);
        match best {
            Some((sides, cut)) if sides.are_columns() => Self::Columns(*cut),
            _ if is_list(region) => Self::Prose,
            _ if sides.iter().any(|(sides, _)| sides.shared_rows > 1) => Self::Table,
            _ => Self::Prose,
        }
    }
}

/// Whether a gap is that between the marks of a list and its items.
fn is_list(region: &[Row]) -> bool {
    let marks = region.iter().filter(|row| {
        let mark = row.fragments.first().filter(|_| row.fragments.len() > 1);
        mark.is_some_and(|mark| is_mark(&mark.text))
    });
    let rows = region.iter().filter(|row| row.fragments.len() > 1);
    let marks = marks.count();
    marks > 0 && marks == rows.count()
}

fn is_mark(text: &str) -> bool {
    let length = text.chars().count();
    let is_sign = length == 1 && !text.chars().any(char::is_alphanumeric);
    is_sign || (length <= 5 && text.ends_with(['.', ')']))
}

/// What stands to the left and the right of a gap.
#[derive(Default)]
struct Sides {
    /// How often drawing went from one side to the other.
    changes: usize,
    /// Rows with text on both sides, and the rows of the shorter side.
    shared_rows: usize,
    least_rows: usize,
    is_prose: bool,
    has_numbers: bool,
    has_labels: bool,
}

impl Sides {
    fn of(region: &[Row], cut: f32) -> Self {
        let mut order = Vec::new();
        let mut sides = [Side::default(), Side::default()];
        let mut shared_rows = 0;
        for row in region {
            let middle = row.fragments.partition_point(|fragment| fragment.left < cut);
            let (left, right) = row.fragments.split_at(middle);
            shared_rows += usize::from(!left.is_empty() && !right.is_empty());
            for (side, (fragments, is_right)) in
                sides.iter_mut().zip([(left, false), (right, true)])
            {
                side.add(fragments);
                order.extend(fragments.iter().map(|fragment| (fragment.order, is_right)));
            }
        }
        order.sort_unstable();
        Self {
            changes: order.windows(2).filter(|pair| pair[0].1 != pair[1].1).count(),
            shared_rows,
            least_rows: sides[0].rows.min(sides[1].rows),
            is_prose: sides.iter().all(Side::is_prose),
            has_numbers: sides.iter().any(|side| side.numbers * 5 > side.rows * 3),
            has_labels: sides[0].labels * 2 > sides[0].rows,
        }
    }

    fn are_columns(&self) -> bool {
        if self.shared_rows < 2 && self.least_rows < 3 {
            return false;
        }
        if self.is_prose {
            return true;
        }
        let is_aligned = self.shared_rows * 10 >= self.least_rows * 7;
        let is_drawn_apart = self.changes <= 1 + self.shared_rows / 5;
        is_drawn_apart && !(is_aligned && (self.has_numbers || self.has_labels))
    }
}

#[derive(Default)]
struct Side {
    rows: usize,
    numbers: usize,
    labels: usize,
    chars: usize,
    widths: Vec<f32>,
    band: Option<Band>,
}

impl Side {
    fn add(&mut self, fragments: &[Fragment]) {
        let (Some(first), Some(last)) = (fragments.first(), fragments.last()) else { return };
        let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
        let (chars, digits, letters) = fragments.iter().fold((0, 0, 0), |sum, it| {
            (sum.0 + it.text.chars().count(), sum.1 + digits(&it.text), sum.2 + letters(&it.text))
        });
        self.rows += 1;
        self.chars += chars;
        self.numbers += usize::from(digits > 0 && digits >= letters);
        self.labels += usize::from(last.text.ends_with(':'));
        self.widths.push(last.right - first.left);
        let (left, right) = self.band.unwrap_or((first.left, last.right));
        self.band = Some((left.min(first.left), right.max(last.right)));
    }

    fn is_prose(&self) -> bool {
        let Some((left, right)) = self.band else { return false };
        let full = (right - left) * PROSE_FILL;
        let filled = self.widths.iter().filter(|width| **width >= full).count();
        self.rows >= 3 && self.chars >= self.rows * PROSE_CHARS && filled * 3 >= self.rows * 2
    }
}
