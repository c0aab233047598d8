//! Rows of text in roles; a theme turns a role into a style when it is drawn.

/// What a run of text is, for the theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Plain text.
    Text,
    /// What matters less.
    Dim,
    /// A title of a document.
    Title,
    /// A heading inside of text.
    Heading,
    /// What was searched for.
    Match,
    /// Code inside of text.
    Code,
    /// A word of a programming language.
    Keyword,
    /// A literal in code.
    Literal,
    /// A comment in code.
    Comment,
    /// A link.
    Link,
    /// Emphasised text.
    Strong,
    /// The program's own marks: prompt, selection, progress.
    Accent,
    /// A citation.
    Citation,
    /// What went well.
    Good,
    /// What somebody should look at.
    Warning,
    /// What went wrong.
    Error,
    /// The row that is selected.
    Selected,
    /// The bar of key hints.
    Bar,
}

/// A run of text in one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub role: Role,
    /// Its characters, already cleaned.
    pub text: String,
}

/// One line of the screen, or of a text that is still to be wrapped.
pub type Row = Vec<Piece>;

impl Piece {
    /// A run of text in a role.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, text: text.into() }
    }
}

/// How many columns a row takes.
pub fn row_width(row: &[Piece]) -> usize {
    row.iter().map(|piece| super::width(&piece.text)).sum()
}
