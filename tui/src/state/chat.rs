//! Questions, answers as they come, and the passages that they cite.

use ragterm_proto::v1::{CitedSource, TurnSource};

use super::Target;
use crate::markup;
use crate::text::{Piece, Role, Row, clean_line, title_and_place, wrap};

/// How far an answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// The daemon was not reached yet.
    Waiting,
    /// The daemon searches.
    Searching,
    /// The model reads, or writes.
    Answering,
    /// It is whole.
    Done,
    /// It ended early, and why.
    Broken(String),
}

/// A passage that an answer cites.
#[derive(Debug, Clone, PartialEq)]
pub struct Cited {
    /// Its number in the answer.
    pub n: u32,
    /// Where it is.
    pub target: Target,
    /// Its whole text; empty when it is not known.
    pub passage: String,
}

impl From<CitedSource> for Cited {
    fn from(source: CitedSource) -> Self {
        let hit = source.hit.unwrap_or_default();
        let mut target = Target::of_hit(&hit);
        if !source.passage.is_empty() {
            target.excerpt.clone_from(&source.passage);
        }
        Self { n: source.n, target, passage: source.passage }
    }
}

impl From<TurnSource> for Cited {
    fn from(source: TurnSource) -> Self {
        let kind = source.path.rsplit_once('.').map_or("", |(_, kind)| kind).to_ascii_lowercase();
        let target = Target {
            document: source.document,
            ordinal: source.ordinal,
            title: source.title,
            place: clean_line(&source.path),
            kind,
            uri: source.uri,
            ..Target::default()
        };
        Self { n: source.n, target, passage: String::new() }
    }
}

/// A question and its answer.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Names the answer, for feedback; empty until it is whole.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// What was searched for, when that is not the question.
    pub query: String,
    /// The answer so far.
    pub answer: String,
    /// The passages that it cites, or may cite while it comes.
    pub sources: Vec<Cited>,
    /// How far it is.
    pub phase: Phase,
    /// What is to be said of it: why it is not all that it could be, sentences without a source.
    pub notes: Vec<String>,
    /// Sentences without a source, as ranges of characters.
    pub unsupported: Vec<(u32, u32)>,
    /// Who answered and how fast.
    pub signature: String,
    /// What the user said of it.
    pub helpful: Option<bool>,
    /// And in words; empty when nothing.
    pub comment: String,
}

impl Turn {
    /// A question that is about to be asked.
    pub fn new(question: &str) -> Self {
        Self {
            id: String::new(),
            question: question.into(),
            query: String::new(),
            answer: String::new(),
            sources: Vec::new(),
            phase: Phase::Waiting,
            notes: Vec::new(),
            unsupported: Vec::new(),
            signature: String::new(),
            helpful: None,
            comment: String::new(),
        }
    }

    /// Whether more of the answer may come.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Searching | Phase::Answering)
    }
}

/// A row of the conversation on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatRow {
    /// Its text.
    pub row: Row,
    /// The turn that it belongs to.
    pub turn: usize,
    /// The position of the source that it names.
    pub source: Option<usize>,
}

/// The conversation.
#[derive(Debug, Clone, Default)]
pub struct Chat {
    /// The session's id; empty before the first answer.
    pub session: String,
    /// All turns, the oldest first.
    pub turns: Vec<Turn>,
    /// The asking that runs.
    pub running: Option<u64>,
    /// All rows, wrapped.
    pub rows: Vec<ChatRow>,
    /// The first row on the screen; `None`: the end is followed.
    pub top: Option<usize>,
    /// The columns that they are wrapped to.
    pub columns: usize,
    /// The turn and the position of the source that has the focus.
    pub focus: Option<(usize, usize)>,
}

impl Chat {
    /// Wraps everything from a turn on to so many columns.
    pub fn reflow(&mut self, columns: usize, from: usize) {
        let from = if columns == self.columns { from } else { 0 };
        self.columns = columns;
        let kept = self.rows.iter().position(|row| row.turn >= from).unwrap_or(self.rows.len());
        self.rows.truncate(kept);
        for (index, turn) in self.turns.iter().enumerate().skip(from) {
            let mut rows = rows_of(turn, columns);
            rows.iter_mut().for_each(|row| row.turn = index);
            self.rows.append(&mut rows);
        }
    }

    /// The first row on a screen of so many.
    pub fn first_row(&self, rows: usize) -> usize {
        let end = self.rows.len().saturating_sub(rows);
        self.top.unwrap_or(end).min(end)
    }

    /// Scrolls by so many rows; at the end, what comes is followed again.
    pub fn scroll(&mut self, by: isize, rows: usize) {
        let end = self.rows.len().saturating_sub(rows);
        let top = self.first_row(rows).saturating_add_signed(by);
        self.top = (top < end).then_some(top);
    }

    /// The source that has the focus.
    pub fn focused(&self) -> Option<&Cited> {
        let (turn, source) = self.focus?;
        self.turns.get(turn)?.sources.get(source)
    }
}

fn rows_of(turn: &Turn, columns: usize) -> Vec<ChatRow> {
    let mut rows = Vec::new();
    let mut push = |pieces: Row, source: Option<usize>| {
        for row in wrap(&pieces, columns) {
            rows.push(ChatRow { row, turn: 0, source });
        }
    };
    push(
        vec![Piece::new(Role::Accent, "› "), Piece::new(Role::Title, clean_line(&turn.question))],
        None,
    );
    if !turn.query.is_empty() && turn.query != turn.question {
        push(
            vec![Piece::new(Role::Dim, format!("searched for: {}", clean_line(&turn.query)))],
            None,
        );
    }
    push(Row::new(), None);
    for row in answer_rows(turn) {
        push(row, None);
    }
    for (role, text) in remarks(turn) {
        push(vec![Piece::new(role, text)], None);
    }
    if !turn.sources.is_empty() && !turn.is_open() {
        push(Row::new(), None);
    }
    for (position, source) in turn.sources.iter().enumerate().filter(|_| !turn.is_open()) {
        push(source_row(source, columns), Some(position));
    }
    push(Row::new(), None);
    rows
}

fn source_row(source: &Cited, columns: usize) -> Row {
    let number = format!("[{}] ", source.n);
    let left = columns.saturating_sub(number.len());
    let mut row = vec![Piece::new(Role::Citation, number)];
    row.extend(title_and_place(&source.target.title, &source.target.place, left));
    row
}

/// What is said below an answer.
fn remarks(turn: &Turn) -> Vec<(Role, String)> {
    let mut remarks: Vec<(Role, String)> = match &turn.phase {
        Phase::Waiting => vec![(Role::Dim, "waits for the daemon …".into())],
        Phase::Searching => vec![(Role::Dim, "searches …".into())],
        Phase::Answering if turn.answer.is_empty() => {
            vec![(Role::Dim, format!("reads {} passages …", turn.sources.len()))]
        }
        Phase::Answering | Phase::Done => Vec::new(),
        Phase::Broken(why) if turn.answer.is_empty() => {
            vec![(Role::Error, format!("✗ no answer: {}", clean_line(why)))]
        }
        Phase::Broken(why) => {
            vec![(Role::Error, format!("✗ the answer ends here: {}", clean_line(why)))]
        }
    };
    remarks.extend(turn.notes.iter().map(|note| (Role::Warning, clean_line(note))));
    let said = match turn.helpful {
        Some(true) => " · helpful",
        Some(false) => " · not helpful",
        None => "",
    };
    if !turn.signature.is_empty() || turn.helpful.is_some() {
        remarks.push((Role::Dim, format!("{}{said}", clean_line(&turn.signature))));
    }
    if !turn.comment.is_empty() {
        remarks.push((Role::Dim, format!("“{}”", clean_line(&turn.comment))));
    }
    remarks
}

/// The lines of the answer, its citations and unsupported sentences marked.
fn answer_rows(turn: &Turn) -> Vec<Row> {
    if turn.answer.is_empty() {
        return Vec::new();
    }
    let mut offset = 0u32;
    let mut rows = Vec::new();
    for line in markup::coloured_markdown(&turn.answer) {
        let mut cells = Vec::new();
        for piece in &line {
            let length = piece.text.chars().count() as u32;
            let (before, after) = marks(piece);
            for (position, character) in (0..length).zip(piece.text.chars()) {
                let is_mark = position < before || position + after >= length;
                if !is_mark {
                    let at = offset.saturating_add(position);
                    let is_bare =
                        turn.unsupported.iter().any(|range| (range.0..range.1).contains(&at));
                    cells.push((character, if is_bare { Role::Warning } else { piece.role }));
                }
            }
            offset = offset.saturating_add(length);
        }
        // The line feed.
        offset = offset.saturating_add(1);
        mark_citations(&mut cells);
        rows.push(joined(&cells));
    }
    rows
}

/// How many characters at both ends of a piece are marks of Markdown that its role shows.
fn marks(piece: &Piece) -> (u32, u32) {
    match piece.role {
        Role::Strong => (2, 2),
        Role::Code
            if piece.text.len() > 2 && piece.text.starts_with('`') && piece.text.ends_with('`') =>
        {
            (1, 1)
        }
        Role::Heading => {
            let mark = piece.text.len() - piece.text.trim_start_matches(['#', ' ']).len();
            (mark as u32, 0)
        }
        _ => (0, 0),
    }
}

fn mark_citations(cells: &mut [(char, Role)]) {
    let mut open = None;
    for index in 0..cells.len() {
        match (cells[index], open) {
            (('[', role), _) if role != Role::Code => open = Some(index),
            ((character, _), Some(_)) if character.is_ascii_digit() => {}
            ((']', _), Some(start)) if index > start + 1 => {
                cells[start..=index].iter_mut().for_each(|cell| cell.1 = Role::Citation);
                open = None;
            }
            _ => open = None,
        }
    }
}

fn joined(cells: &[(char, Role)]) -> Row {
    let mut row: Row = Vec::new();
    for (character, role) in cells {
        match row.last_mut() {
            Some(piece) if piece.role == *role => piece.text.push(*character),
            _ => row.push(Piece::new(*role, *character)),
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(turn: &Turn) -> String {
        rows_of(turn, 40)
            .iter()
            .map(|row| {
                let pieces = row.row.iter().map(|piece| match piece.role {
                    Role::Text => piece.text.clone(),
                    role => format!("{role:?}({})", piece.text),
                });
                pieces.collect::<String>() + "\n"
            })
            .collect()
    }

    #[test]
    fn citations_and_sentences_without_a_source_stand_out() {
        let mut turn = Turn::new("Carry over?");
        turn.answer = "**Five** days [1][2].\nMaybe more. `a[3]` [x] []\n## So".into();
        turn.unsupported = vec![(22, 33)];
        turn.phase = Phase::Done;
        insta::assert_snapshot!(spelt(&turn));
    }

    #[test]
    fn a_broken_answer_stays_and_says_so() {
        let mut turn = Turn::new("연차?");
        turn.answer = "Five".into();
        turn.phase = Phase::Broken("the connection to the daemon broke".into());
        assert!(spelt(&turn).contains("Five\nError(✗ the answer ends here:"));
    }
}
