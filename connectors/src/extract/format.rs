//! Which extractor reads a text: by the extension first, by the content where that says nothing.

use super::lightweight::Markup;
use super::{Dialect, Input, dokuwiki, html};

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Text in a human language.
    Prose,
    /// Source code, data and logs: text as well, but in no human language.
    Code,
    /// A page of DokuWiki.
    DokuWiki,
    /// HTML and XHTML.
    Html,
    /// One JSON record a line.
    JsonLines,
    /// A table; with its delimiter if the extension tells.
    Separated(Option<u8>),
    /// A markup of which the headings are understood.
    Lightweight(Markup),
    /// Jupyter's cells, as JSON.
    Notebook,
    /// Markdown, with or without front matter.
    Markdown,
}

/// Extensions of texts that are not prose.
const CODE: [&str; 70] = [
    "asm",
    "awk",
    "bash",
    "bat",
    "bazel",
    "c",
    "cc",
    "cfg",
    "clj",
    "cmake",
    "cmd",
    "conf",
    "cpp",
    "cs",
    "css",
    "dart",
    "diff",
    "dockerfile",
    "el",
    "env",
    "erl",
    "ex",
    "fish",
    "fs",
    "go",
    "gradle",
    "graphql",
    "groovy",
    "h",
    "hpp",
    "hs",
    "ini",
    "java",
    "jl",
    "js",
    "json",
    "jsx",
    "kt",
    "less",
    "lock",
    "log",
    "lua",
    "m",
    "makefile",
    "mjs",
    "ml",
    "nix",
    "patch",
    "php",
    "pl",
    "plist",
    "properties",
    "proto",
    "ps1",
    "psm1",
    "py",
    "r",
    "rb",
    "rs",
    "scala",
    "scss",
    "sh",
    "sql",
    "swift",
    "tf",
    "toml",
    "ts",
    "tsx",
    "xml",
    "yaml",
];

impl Format {
    /// Chooses the format of a decoded text.
    pub(super) fn of(input: &Input<'_>, text: &str) -> Self {
        match extension(input.name()).as_str() {
            "txt" if input.dialect == Dialect::DokuWiki => Self::DokuWiki,
            "md" | "markdown" | "mdown" | "mkd" | "mdx" | "qmd" | "rmd" => Self::Markdown,
            "htm" | "html" | "shtml" | "xht" | "xhtml" => Self::Html,
            "jsonl" | "jsonlines" | "ndjson" => Self::JsonLines,
            "ipynb" => Self::Notebook,
            "rst" | "rest" => Self::Lightweight(Markup::Restructured),
            "adoc" | "asciidoc" => Self::Lightweight(Markup::AsciiDoc),
            "org" => Self::Lightweight(Markup::Org),
            "csv" => Self::Separated(None),
            "tab" | "tsv" => Self::Separated(Some(b'\t')),
            "yml" | "vue" | "zsh" => Self::Code,
            extension if CODE.binary_search(&extension).is_ok() => Self::Code,
            "txt" if dokuwiki::is_likely(text) => Self::DokuWiki,
            _ if html::is_likely(text) => Self::Html,
            _ => Self::Prose,
        }
    }
}

/// The lower-case extension of a file name; a name without a dot is its own, as for `Makefile`.
pub(crate) fn extension(name: &str) -> String {
    name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase()
}
