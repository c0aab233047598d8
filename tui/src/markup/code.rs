//! Code, coloured by what most languages share: comments, literals, numbers, common words.

use crate::text::{Piece, Role, Row};

/// A family of languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `//` and `/* */`.
    Slashes,
    /// `#`.
    Hash,
    /// `--`.
    Dashes,
    /// Data without comments of its own kind.
    Data,
}

impl Language {
    /// The family of a file extension or a name after a fence.
    pub fn of(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "rs" | "rust" | "c" | "h" | "cc" | "cpp" | "hpp" | "cs" | "csharp" | "go" | "java"
            | "js" | "javascript" | "jsx" | "ts" | "typescript" | "tsx" | "kt" | "kotlin"
            | "swift" | "scala" | "php" | "css" | "scss" | "dart" | "proto" | "gradle" => {
                Some(Self::Slashes)
            }
            "py" | "python" | "sh" | "bash" | "shell" | "zsh" | "console" | "rb" | "ruby"
            | "ps1" | "powershell" | "pwsh" | "yaml" | "yml" | "toml" | "pl" | "perl" | "r"
            | "conf" | "cfg" | "dockerfile" | "make" | "nix" => Some(Self::Hash),
            "sql" | "lua" | "hs" | "haskell" => Some(Self::Dashes),
            "json" | "jsonl" | "xml" | "ini" | "csv" => Some(Self::Data),
            _ => None,
        }
    }

    fn comment(self) -> Option<&'static str> {
        match self {
            Self::Slashes => Some("//"),
            Self::Hash => Some("#"),
            Self::Dashes => Some("--"),
            Self::Data => None,
        }
    }
}

const KEYWORDS: [&str; 75] = [
    "abstract",
    "and",
    "as",
    "async",
    "await",
    "begin",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "def",
    "default",
    "do",
    "elif",
    "else",
    "end",
    "enum",
    "except",
    "export",
    "extends",
    "false",
    "final",
    "finally",
    "fn",
    "for",
    "foreach",
    "from",
    "func",
    "function",
    "if",
    "impl",
    "import",
    "in",
    "interface",
    "is",
    "let",
    "loop",
    "match",
    "mod",
    "module",
    "mut",
    "new",
    "nil",
    "none",
    "not",
    "null",
    "or",
    "package",
    "param",
    "private",
    "pub",
    "public",
    "return",
    "select",
    "self",
    "static",
    "struct",
    "super",
    "switch",
    "then",
    "this",
    "throw",
    "trait",
    "true",
    "try",
    "type",
    "use",
    "using",
    "var",
    "void",
    "where",
    "while",
    "with",
];

/// The lines of code in roles.
pub fn coloured(text: &str, language: Language) -> Vec<Row> {
    text.split('\n').map(|text| line(text, language)).collect()
}

/// One line of code in roles.
pub fn line(text: &str, language: Language) -> Row {
    let mut row = Row::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (length, role) = token(rest, language);
        let (piece, after) = rest.split_at(length);
        match row.last_mut() {
            Some(Piece { role: last, text }) if *last == role => text.push_str(piece),
            _ => row.push(Piece::new(role, piece)),
        }
        rest = after;
    }
    row
}

/// How many bytes the first token of a text takes, and its role.
fn token(rest: &str, language: Language) -> (usize, Role) {
    if language.comment().is_some_and(|mark| rest.starts_with(mark)) {
        return (rest.len(), Role::Comment);
    }
    if language == Language::Slashes && rest.starts_with("/*") {
        return (rest.find("*/").map_or(rest.len(), |end| end + 2), Role::Comment);
    }
    let first = rest.chars().next().unwrap_or(' ');
    match first {
        '"' | '`' => (quoted(rest, first), Role::Literal),
        // A lone apostrophe is a lifetime, or belongs to a word.
        '\'' if quoted(rest, first) < rest.len() || rest.ends_with('\'') => {
            (quoted(rest, first), Role::Literal)
        }
        _ if first.is_ascii_digit() => {
            (span(rest, |c| c.is_alphanumeric() || c == '.' || c == '_'), Role::Code)
        }
        _ if first.is_alphabetic() || first == '_' => {
            let length = span(rest, |c| c.is_alphanumeric() || c == '_');
            let word = rest[..length].to_ascii_lowercase();
            let role = match KEYWORDS.binary_search(&word.as_str()) {
                Ok(_) => Role::Keyword,
                Err(_) => Role::Text,
            };
            (length, role)
        }
        _ => (first.len_utf8(), Role::Text),
    }
}

fn span(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|character| !belongs(character)).unwrap_or(text.len())
}

/// How many bytes a literal takes up to its closing quote, or to the end of the line.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if character == quote => return index + character.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(text: &str, language: Language) -> String {
        line(text, language)
            .iter()
            .filter(|piece| piece.role != Role::Text)
            .map(|piece| format!("{:?}({}) ", piece.role, piece.text))
            .collect()
    }

    #[test]
    fn the_keywords_are_in_order() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn comments_literals_numbers_and_keywords_have_roles() {
        let rust =
            spelt("let x = \"a // \\\" b\" + 0x1f; /* c */ fn f<'a>() // end", Language::Slashes);
        assert_eq!(
            rust,
            "Keyword(let) Literal(\"a // \\\" b\") Code(0x1f) Comment(/* c */) Keyword(fn) Comment(// end) "
        );
        assert_eq!(
            spelt("if $연차 { '휴가' } # 끝", Language::Hash),
            "Keyword(if) Literal('휴가') Comment(# 끝) "
        );
        assert_eq!(spelt("\"open", Language::Data), "Literal(\"open) ");
    }
}
