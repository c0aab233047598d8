//! Tags within wikitext: HTML, what extensions add, and comments.

use super::wikitext::{Bracket, Expander};

/// No tag is longer.
const MAX_TAG_BYTES: usize = 2000;

/// HTML that MediaWiki lets through.
const HTML: [&str; 54] = [
    "abbr",
    "b",
    "bdi",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
];

/// Tags of extensions that stand around text.
const TRANSPARENT: [&str; 14] = [
    "bdo",
    "data",
    "indicator",
    "languages",
    "noinclude",
    "nowiki",
    "onlyinclude",
    "poem",
    "rb",
    "rtc",
    "section",
    "translate",
    "tvar",
    "wbr",
];

/// What stands between such tags is shown as it is.
const VERBATIM: [&str; 8] =
    ["ce", "chem", "math", "nowiki", "pre", "source", "syntaxhighlight", "verbatim"];

/// What stands between such tags is not for readers.
const MACHINERY: [&str; 17] = [
    "categorytree",
    "charinsert",
    "dynamicpagelist",
    "graph",
    "hiero",
    "imagemap",
    "includeonly",
    "inputbox",
    "mapframe",
    "maplink",
    "score",
    "script",
    "style",
    "templatedata",
    "templatestyles",
    "timeline",
    "videoflash",
];

/// Reads a tag or what is none at the beginning of `rest`; how many bytes it takes.
pub(super) fn read(expander: &mut Expander<'_>, rest: &str) -> usize {
    if rest.starts_with("<!--") {
        return comment(expander, rest);
    }
    let Some(tag) = Tag::of(rest) else {
        expander.out.push_str("&lt;");
        return 1;
    };
    let name = tag.name.to_ascii_lowercase();
    let has_content = !tag.is_end && !tag.is_empty;
    let known = |names: &[&'static str]| names.iter().find(|known| **known == name).copied();
    if let Some(known) = known(&VERBATIM).or(known(&MACHINERY)).filter(|_| has_content) {
        return content(expander, known, rest, tag.length);
    }
    match name.as_str() {
        "ref" if has_content => expander.open(Bracket::Note),
        "ref" if tag.is_end => drop(expander.close(Bracket::Note)),
        "references" if !has_content => expander.flush_notes(),
        "gallery" if has_content => return gallery(expander, rest, tag.length),
        "ref" | "references" | "gallery" => {}
        _ if known(&HTML).is_some() => tag.write(&name, &mut expander.out),
        _ if known(&TRANSPARENT).is_some() || known(&MACHINERY).is_some() => {}
        _ => {
            expander.out.push_str("&lt;");
            return 1;
        }
    }
    tag.length
}

struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
    is_end: bool,
    is_empty: bool,
    length: usize,
}

impl<'a> Tag<'a> {
    fn of(rest: &'a str) -> Option<Self> {
        let head = &rest[..rest.floor_char_boundary(MAX_TAG_BYTES)];
        let inner = &head[1..head.find('>')?];
        let length = inner.len() + 2;
        let (inner, is_empty) = inner.strip_suffix('/').map_or((inner, false), |it| (it, true));
        let (inner, is_end) = inner.strip_prefix('/').map_or((inner, false), |it| (it, true));
        let end = inner.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(inner.len());
        let (name, attributes) = inner.split_at(end);
        let is_tag = !name.is_empty() && !attributes.contains('<');
        is_tag.then_some(Self { name, attributes, is_end, is_empty, length })
    }

    fn write(&self, name: &str, out: &mut String) {
        out.push_str(if self.is_end { "</" } else { "<" });
        out.push_str(name);
        out.push_str(&spans(self.attributes));
        out.push('>');
    }
}

/// The attributes that matter: over how many cells a cell goes.
pub(super) fn spans(attributes: &str) -> String {
    let mut spans = String::new();
    for name in ["colspan", "rowspan"] {
        let value = attributes.split_once(name).map(|(_, rest)| rest);
        let value = value.map(|rest| rest.trim_start_matches(['=', '"', '\'', ' ']));
        let digits = value.map(|value| {
            let end = value.find(|char: char| !char.is_ascii_digit()).unwrap_or(value.len());
            &value[..end]
        });
        if let Some(digits) = digits.filter(|digits| matches!(digits.len(), 1..=4)) {
            spans.push_str(&format!(" {name}={digits}"));
        }
    }
    spans
}

fn comment(expander: &Expander<'_>, rest: &str) -> usize {
    let end = rest.find("-->").map_or(rest.len(), |end| end + 3);
    // A line with nothing but a comment is no line.
    let is_alone = expander.is_at_line_start() && rest[end..].starts_with('\n');
    end + usize::from(is_alone)
}

/// An element whose content is no wikitext.
fn content(expander: &mut Expander<'_>, name: &'static str, rest: &str, start: usize) -> usize {
    if expander.unclosed.contains(&name) {
        return start;
    }
    let Some((end, after)) = closing(&rest[start..], name) else {
        expander.unclosed.push(name);
        return start;
    };
    if VERBATIM.contains(&name) {
        let text = rest[start..start + end].replace('<', "&lt;");
        let is_block = matches!(name, "pre" | "source" | "syntaxhighlight" | "verbatim");
        expander.strip(if is_block { format!("<pre>{text}</pre>") } else { text });
    }
    start + after
}

/// Where the end tag begins and where it ends.
fn closing(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(at) = text[from..].find("</") {
        let start = from + at;
        let tag = &text.as_bytes()[start + 2..];
        let is_it =
            tag.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes()));
        if is_it {
            let end = text[start..].find('>').map_or(text.len(), |end| start + end + 1);
            return Some((start, end));
        }
        from = start + 2;
    }
    None
}

/// Pictures, one a line; their captions are kept.
fn gallery(expander: &mut Expander<'_>, rest: &str, start: usize) -> usize {
    if expander.unclosed.contains(&"gallery") {
        return start;
    }
    let Some((end, after)) = closing(&rest[start..], "gallery") else {
        expander.unclosed.push("gallery");
        return start;
    };
    for line in rest[start..start + end].lines() {
        let Some((_, caption)) = line.split_once('|') else { continue };
        // Markup within captions is not read, but taken away.
        let caption = caption.rsplit_once("]]|").map_or(caption, |(_, caption)| caption);
        let caption = caption.replace(['[', ']', '{', '}', '|'], " ").replace('<', "&lt;");
        expander.out.push_str(&format!("\n* {}", caption.replace("''", "").trim()));
    }
    expander.out.push('\n');
    start + after
}
