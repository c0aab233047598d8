//! What the elements of HTML mean for the text: which are left out, and what separates words.

use html5ever::tokenizer::Tag;

use super::text::Gap;

/// What is never text for readers.
const MACHINERY: [&str; 17] = [
    "audio", "button", "canvas", "datalist", "embed", "iframe", "map", "noembed", "noframes",
    "noscript", "object", "script", "select", "style", "svg", "template", "textarea",
];

/// What stands around the content.
const SURROUNDINGS: [&str; 3] = ["dialog", "footer", "nav"];

/// Elements that may end without an end tag; hidden ones are shown, lest they hide what follows.
const OPEN_ENDED: [&str; 16] = [
    "area", "br", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p", "source",
    "td", "tr", "wbr",
];

/// What is left out of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skipping {
    /// Scripts, styles and the like.
    Machinery,
    /// Those, navigation, footers and what is hidden.
    Surroundings,
}

/// Whether an element is left out with all that is in it.
pub(super) fn is_left_out(tag: &Tag, skipping: Skipping) -> bool {
    let name: &str = &tag.name;
    if MACHINERY.contains(&name) {
        return true;
    }
    if skipping == Skipping::Machinery || OPEN_ENDED.contains(&name) {
        return false;
    }
    SURROUNDINGS.contains(&name) || is_hidden(tag)
}

fn is_hidden(tag: &Tag) -> bool {
    tag.attrs.iter().any(|attribute| {
        let value = attribute.value.trim();
        match &*attribute.name.local {
            "hidden" => value != "until-found",
            "aria-hidden" => value == "true",
            "role" => value == "navigation" || value == "contentinfo",
            "style" => value.replace(' ', "").contains("display:none"),
            _ => false,
        }
    })
}

/// What an element's tags put between the words around them.
pub(super) fn gap(name: &str) -> Gap {
    match name {
        "address" | "article" | "body" | "caption" | "center" | "dd" | "details" | "div" | "dt"
        | "fieldset" | "figcaption" | "figure" | "form" | "header" | "hgroup" | "legend" | "li"
        | "main" | "section" | "summary" | "tbody" | "tfoot" | "thead" => Gap::Line,
        "aside" | "blockquote" | "dl" | "hr" | "ol" | "p" | "ul" | "xmp" => Gap::Paragraph,
        _ => Gap::None,
    }
}
