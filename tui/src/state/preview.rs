//! A document's passages around the one that was found, wrapped to the screen.

use ragterm_proto::v1::{Hit, LineRange, Passage};

use crate::markup;
use crate::text::{Piece, Role, Row, clean_line, mark_terms, wrap};

/// So many passages are kept; what is farthest from where one reads goes.
const MAX_PASSAGES: usize = 200;

/// A passage to show in its document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Target {
    /// The document.
    pub document: String,
    /// The passage's place among all.
    pub ordinal: u32,
    /// The document's title.
    pub title: String,
    /// Its path with line or page.
    pub place: String,
    /// Its type, an extension without the dot.
    pub kind: String,
    /// Its address.
    pub uri: String,
    /// The line that an editor opens it at.
    pub line: Option<u32>,
    /// What is known of the passage before the document is read.
    pub excerpt: String,
    /// What was searched for.
    pub terms: Vec<String>,
}

impl Target {
    /// The best passage of a hit.
    pub fn of_hit(hit: &Hit) -> Self {
        let characters: Vec<char> = hit.snippet.chars().collect();
        let mut terms: Vec<String> = hit
            .highlights
            .iter()
            .filter_map(|range| characters.get(range.start as usize..range.end as usize))
            .map(|term| term.iter().collect::<String>().to_lowercase())
            .collect();
        terms.sort();
        terms.dedup();
        Self {
            document: hit.document.clone(),
            ordinal: hit.ordinal,
            title: hit.title.clone(),
            place: place_of(&hit.path, hit.lines, hit.page),
            kind: hit.r#type.clone(),
            uri: hit.uri.clone(),
            line: hit.lines.map(|lines| lines.first),
            excerpt: hit.snippet.clone(),
            terms,
        }
    }
}

/// `hr/leave.md:41-58`, `hr/leave.pdf page 3`.
pub fn place_of(path: &str, lines: Option<LineRange>, page: Option<u32>) -> String {
    let path = clean_line(path);
    match (lines, page) {
        (Some(lines), _) if lines.first == lines.last => format!("{path}:{}", lines.first),
        (Some(lines), _) => format!("{path}:{}-{}", lines.first, lines.last),
        (None, Some(page)) => format!("{path} page {page}"),
        (None, None) => path,
    }
}

/// A row of the document on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewRow {
    /// Its text.
    pub row: Row,
    /// The passage that it belongs to.
    pub ordinal: u32,
}

/// The document beside the hits.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    /// What is shown.
    pub target: Option<Target>,
    /// The newest reading that was asked for.
    pub asked: u64,
    /// Whether the newest reading is still without an answer.
    pub is_reading: bool,
    /// The passages that were read, without a gap.
    pub passages: Vec<Passage>,
    /// How many the document has.
    pub total: u32,
    /// All rows, wrapped.
    pub rows: Vec<PreviewRow>,
    /// The first row on the screen.
    pub top: usize,
    /// The columns that they are wrapped to.
    pub columns: usize,
    /// Why the document cannot be read.
    pub trouble: Option<String>,
}

impl Preview {
    /// Shows another passage: what is known of it, until the document is read.
    pub fn show(&mut self, target: Target, rows: usize) {
        let is_known = self.target.as_ref().is_some_and(|shown| shown.document == target.document)
            && self.passages.iter().any(|passage| passage.ordinal == target.ordinal)
            && self.total > 0;
        if !is_known {
            self.passages = vec![Passage {
                ordinal: target.ordinal,
                text: target.excerpt.clone(),
                ..Passage::default()
            }];
            self.total = 0;
        }
        self.trouble = None;
        self.target = Some(target);
        self.reflow(self.columns);
        self.scroll_to_target(rows);
    }

    /// Shows nothing.
    pub fn clear(&mut self) {
        *self = Self { asked: self.asked, columns: self.columns, ..Self::default() };
    }

    /// Takes passages that were read, before or behind those that are known, or in their place.
    pub fn take(&mut self, passages: Vec<Passage>, total: u32) {
        let (Some(first), Some(last)) = (passages.first(), passages.last()) else { return };
        let (first, last) = (first.ordinal, last.ordinal);
        let anchor = self.rows.get(self.top).map(|row| row.ordinal);
        let own = self.passages.first().map(|passage| passage.ordinal);
        let own_last = self.passages.last().map(|passage| passage.ordinal);
        match (own, own_last) {
            _ if self.total == 0 => self.passages = passages,
            (Some(own), _) if last.checked_add(1) == Some(own) => {
                let before = self.rows_of_anchor(anchor);
                self.passages.splice(0..0, passages);
                self.passages.truncate(MAX_PASSAGES);
                self.reflow_at(anchor, before);
            }
            (_, Some(own)) if own.checked_add(1) == Some(first) => {
                let before = self.rows_of_anchor(anchor);
                self.passages.extend(passages);
                let surplus = self.passages.len().saturating_sub(MAX_PASSAGES);
                self.passages.drain(..surplus);
                self.reflow_at(anchor, before);
            }
            _ => self.passages = passages,
        }
        self.total = total;
        self.reflow(self.columns);
    }

    /// Wraps everything to so many columns.
    pub fn reflow(&mut self, columns: usize) {
        self.columns = columns;
        let Some(target) = &self.target else { return self.rows.clear() };
        let mut rows = Vec::new();
        let mut before: Option<&Passage> = None;
        for passage in &self.passages {
            if let Some(before) = before {
                rows.push(PreviewRow { row: Row::new(), ordinal: before.ordinal });
            }
            let mut push = |row: Row| rows.push(PreviewRow { row, ordinal: passage.ordinal });
            separators(before, passage).into_iter().for_each(&mut push);
            for line in markup::coloured(passage.text.trim_end(), &target.kind) {
                let line = mark_terms(&line, &target.terms);
                wrap(&line, columns).into_iter().for_each(&mut push);
            }
            before = Some(passage);
        }
        self.rows = rows;
        self.top = self.top.min(self.rows.len().saturating_sub(1));
    }

    /// Puts the passage a little below the top of a screen of so many rows.
    pub fn scroll_to_target(&mut self, rows: usize) {
        let Some(target) = &self.target else { return };
        let own = |row: &PreviewRow| row.ordinal == target.ordinal;
        let Some(first) = self.rows.iter().position(own) else { return };
        // The first words that were searched for matter more than the beginning of a long passage.
        let is_match =
            |row: &PreviewRow| own(row) && row.row.iter().any(|piece| piece.role == Role::Match);
        let matched = self.rows.iter().position(is_match).unwrap_or(first);
        let above = rows / 5;
        self.top = match matched.saturating_sub(first) + above < rows {
            true => first.saturating_sub(above),
            false => matched.saturating_sub(rows / 2),
        };
    }

    /// Scrolls by so many rows, on a screen of `rows`.
    pub fn scroll(&mut self, by: isize, rows: usize) {
        let end = self.rows.len().saturating_sub(rows);
        self.top = self.top.saturating_add_signed(by).min(end);
    }

    /// The text of the passage, as much of it as is known.
    pub fn passage(&self) -> Option<&str> {
        let target = self.target.as_ref()?;
        let own = self.passages.iter().find(|passage| passage.ordinal == target.ordinal);
        Some(own.map_or(target.excerpt.as_str(), |passage| passage.text.as_str()))
    }

    fn rows_of_anchor(&self, anchor: Option<u32>) -> usize {
        let first = self.rows.iter().position(|row| Some(row.ordinal) == anchor);
        self.top.saturating_sub(first.unwrap_or(0))
    }

    /// Wraps anew, with the same row at the top as before.
    fn reflow_at(&mut self, anchor: Option<u32>, within: usize) {
        self.reflow(self.columns);
        if let Some(first) = self.rows.iter().position(|row| Some(row.ordinal) == anchor) {
            self.top = first + within;
        }
    }
}

/// What stands before a passage: a new page or heading.
fn separators(before: Option<&Passage>, passage: &Passage) -> Vec<Row> {
    let mut rows = Vec::new();
    let is_new_page =
        passage.page.is_some() && before.and_then(|before| before.page) != passage.page;
    if let Some(page) = passage.page.filter(|_| is_new_page) {
        rows.push(vec![Piece::new(Role::Dim, format!("── page {page} ──"))]);
    }
    let heading = before.map(|before| before.heading.as_slice()).unwrap_or_default();
    let says_itself = passage.text.trim_start().starts_with('#');
    if !passage.heading.is_empty() && heading != passage.heading && !says_itself {
        let path: Vec<String> = passage.heading.iter().map(|part| clean_line(part)).collect();
        rows.push(vec![Piece::new(Role::Heading, path.join(" › "))]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passages(range: std::ops::Range<u32>) -> Vec<Passage> {
        range
            .map(|ordinal| Passage {
                ordinal,
                text: format!("passage {ordinal}\nline"),
                ..Passage::default()
            })
            .collect()
    }

    fn shown() -> Preview {
        let mut preview = Preview { columns: 40, ..Preview::default() };
        let target = Target { document: "d".into(), ordinal: 20, ..Target::default() };
        preview.show(target, 10);
        preview.take(passages(15..30), 100);
        preview.scroll_to_target(10);
        preview
    }

    fn top_text(preview: &Preview) -> String {
        preview.rows[preview.top].row.iter().map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn the_passage_is_near_the_top() {
        let preview = shown();
        let visible = &preview.rows[preview.top..preview.top + 10];
        assert!(visible[..4].iter().any(|row| row.ordinal == 20), "{visible:?}");
    }

    #[test]
    fn what_is_read_before_does_not_move_what_is_shown() {
        let mut preview = shown();
        let before = top_text(&preview);
        preview.take(passages(0..15), 100);
        assert_eq!(top_text(&preview), before);
        preview.take(passages(30..60), 100);
        assert_eq!(top_text(&preview), before);
        assert_eq!(preview.passages.len(), 60);
    }

    #[test]
    fn only_so_much_of_a_document_is_kept() {
        let mut preview = shown();
        for from in 1..40 {
            preview.scroll(1000, 10);
            preview.take(passages(from * 30..(from + 1) * 30), 2000);
        }
        assert_eq!(preview.passages.len(), MAX_PASSAGES);
        assert_eq!(preview.passages.last().unwrap().ordinal, 1199);
    }

    #[test]
    fn hostile_ordinals_and_ranges_do_no_harm() {
        let mut preview = shown();
        preview.take(passages(u32::MAX - 1..u32::MAX), u32::MAX);
        preview.take(vec![Passage { ordinal: u32::MAX, ..Passage::default() }], 0);
        preview.take(Vec::new(), 5);
        let hit = Hit {
            snippet: "연차".into(),
            highlights: vec![
                ragterm_proto::v1::Highlight { start: 1, end: 9 },
                ragterm_proto::v1::Highlight { start: 2, end: 1 },
            ],
            ..Hit::default()
        };
        assert!(Target::of_hit(&hit).terms.is_empty());
    }
}
