//! What is kept of a template that is not known: the values in it, named as it names them.

use std::borrow::Cow;

use super::wikitext::Expander;

/// More is not repeated of a page's own title.
const MAX_TITLE_BYTES: usize = 100;

/// Templates and functions without text of their own.
const SILENT: [&str; 26] = [
    "anchor",
    "ask",
    "citation needed",
    "clear",
    "cn",
    "coord",
    "defaultsort",
    "displaytitle",
    "fact",
    "fullurl",
    "invoke",
    "localurl",
    "main page",
    "r",
    "refbegin",
    "refend",
    "rp",
    "sfn",
    "show",
    "sortkey",
    "spaces",
    "subobject",
    "toc",
    "use dmy dates",
    "use mdy dates",
    "vanchor",
];

/// Named values that say how something looks.
const LOOKS: [&str; 14] = [
    "align",
    "alt",
    "bgcolor",
    "border",
    "cellpadding",
    "class",
    "clear",
    "color",
    "colspan",
    "float",
    "image",
    "style",
    "valign",
    "width",
];

/// How a template stands in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// At the beginning of a line, as boxes do.
    Block,
    /// Within one.
    Inline,
}

/// Writes what is kept of a template.
pub(super) fn write(expander: &mut Expander<'_>, parts: &[&str], layout: Layout) {
    let name = parts[0].trim().replace('_', " ");
    let lower = name.to_lowercase();
    if let Some(text) = variable(&name, expander.title) {
        return expander.out.push_str(text);
    }
    match lower.as_str() {
        "reflist" | "references" | "notelist" => return expander.flush_notes(),
        "efn" | "refn" | "#tag:ref" => return expander.note(parts.get(1).copied().unwrap_or("")),
        _ => {}
    }
    if let Some((function, argument)) = lower.split_once(':').filter(|_| !lower.contains('\n')) {
        let function = function.trim_start_matches('#');
        if !SILENT.contains(&function) {
            write_function(expander, function, &name[name.len() - argument.len()..], parts);
        }
        return;
    }
    if SILENT.contains(&&*lower) {
        return;
    }
    let values = Values::of(&parts[1..]);
    let is_block = layout == Layout::Block || parts.iter().any(|part| part.contains('\n'));
    let is_worth_it = values.named.len() > 1 || (is_block && values.named.len() == 1);
    expander.out.push_str(&on_own_line(&values.text(&lower)));
    if is_worth_it && is_block {
        expander.out.push('\n');
        for (name, value) in &values.named {
            expander.out.push_str(&format!("{name}: {}<br>\n", on_own_line(value)));
        }
    } else if is_worth_it {
        let named = values.named.iter().map(|(name, value)| format!("{name}: {value}"));
        let space = if values.positional.is_empty() { "" } else { " " };
        let named = named.collect::<Vec<_>>().join("; ");
        expander.out.push_str(&format!("{space}{named}"));
    }
}

/// `{{!}}` and the names of the page.
fn variable<'t>(name: &str, title: &'t str) -> Option<&'t str> {
    match name {
        "!" => Some("|"),
        "=" => Some("="),
        "PAGENAME" | "FULLPAGENAME" | "SUBPAGENAME" | "BASEPAGENAME" | "ROOTPAGENAME" => {
            Some(&title[..title.floor_char_boundary(MAX_TITLE_BYTES)])
        }
        _ => None,
    }
}

/// `{{#if:…|then|else}}` shows what it may show; `{{formatnum:…}}` and the like their argument.
fn write_function(expander: &mut Expander<'_>, name: &str, argument: &str, parts: &[&str]) {
    match name {
        "if" | "ifeq" | "ifexist" | "ifexpr" | "iferror" | "switch" => {
            let shown = parts[1..].iter().map(|part| match part.split_once('=') {
                Some((_, value)) if name == "switch" => value.trim(),
                _ => part.trim(),
            });
            let shown = shown.filter(|part| !part.is_empty()).collect::<Vec<_>>();
            expander.out.push_str(&shown.join(" "));
        }
        "lc" | "uc" | "lcfirst" | "ucfirst" | "formatnum" | "nowrap" | "expr" => {
            expander.out.push_str(argument.trim());
        }
        _ => {}
    }
}

struct Values<'a> {
    named: Vec<(String, &'a str)>,
    positional: Vec<&'a str>,
}

impl<'a> Values<'a> {
    fn of(parts: &[&'a str]) -> Self {
        let mut values = Self { named: Vec::new(), positional: Vec::new() };
        for part in parts {
            let name = part.split_once('=').filter(|(name, _)| is_name(name));
            match name {
                Some((name, value)) if name.trim().parse::<u32>().is_err() => {
                    let name = name.trim().replace('_', " ");
                    if !value.trim().is_empty() && !is_about_looks(&name) {
                        values.named.push((name, value.trim()));
                    }
                }
                Some((_, value)) => values.positional.push(value.trim()),
                None => values.positional.push(part.trim()),
            }
        }
        values.positional.retain(|value| !value.is_empty());
        values
    }

    /// The values without a name that are text for readers.
    fn text(&self, template: &str) -> String {
        let values = &self.positional;
        if matches!(template, "convert" | "cvt") {
            return values.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        }
        if values.len() < 2 {
            return values.first().copied().unwrap_or("").to_owned();
        }
        let is_prose = |value: &&&str| value.contains(char::is_whitespace);
        let prose = values.iter().filter(is_prose).copied().collect::<Vec<_>>();
        if !prose.is_empty() {
            return prose.join(" ");
        }
        let has_letter = |value: &&&str| value.contains(char::is_alphabetic);
        values.iter().rev().find(has_letter).or(values.last()).copied().unwrap_or("").to_owned()
    }
}

/// Lists and tables are such only at the beginning of a line.
fn on_own_line(value: &str) -> Cow<'_, str> {
    if value.starts_with(['*', '#', ';', ':']) || value.starts_with("{|") {
        return format!("\n{value}\n").into();
    }
    value.into()
}

fn is_name(name: &str) -> bool {
    let name = name.trim();
    let is_plain = |char: char| char.is_alphanumeric() || " _-.()/#".contains(char);
    !name.is_empty() && name.len() < 80 && name.chars().all(is_plain)
}

fn is_about_looks(name: &str) -> bool {
    let lower = name.to_lowercase();
    let last = lower.rsplit(' ').next().unwrap_or(&lower);
    LOOKS.contains(&last) || last.ends_with("style") || last.ends_with("size")
}
