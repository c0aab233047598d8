//! Lists of an OpenDocument text: which are numbered, and how far they have counted.

use std::collections::BTreeMap;

use quick_xml::events::BytesStart;

use crate::extract::xml::{attribute, number};

/// The lists that are open, and the styles that say what they are.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Per style, for each level whether it is numbered.
    styles: BTreeMap<String, Vec<bool>>,
    style: Option<String>,
    open: Vec<List>,
}

#[derive(Debug, Default)]
struct List {
    style: String,
    items: usize,
    /// The open item has had no paragraph yet.
    is_item_new: bool,
}

impl Lists {
    /// Notes the beginning of an element that has to do with lists.
    pub(super) fn open(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "list-style" => self.style = attribute(tag, "name"),
            "list-level-style-number" | "list-level-style-bullet" => {
                if let Some(style) = &self.style {
                    let is_numbered = tag.local_name().as_ref().ends_with("number")
                        && attribute(tag, "num-format").is_some_and(|format| !format.is_empty());
                    let levels = self.styles.entry(style.clone()).or_default();
                    levels.push(is_numbered);
                }
            }
            "list" => {
                // An inner list without a style has that of the outer one.
                let outer = self.open.last().map(|list| list.style.clone()).unwrap_or_default();
                let style = attribute(tag, "style-name").unwrap_or(outer);
                self.open.push(List { style, ..List::default() });
            }
            "list-item" => {
                if let Some(list) = self.open.last_mut() {
                    list.items = number(tag, "start-value").unwrap_or(list.items.saturating_add(1));
                    list.is_item_new = true;
                }
            }
            _ => {}
        }
    }

    /// Notes the end of an element.
    pub(super) fn close(&mut self, name: &str) {
        match name {
            "list-style" => self.style = None,
            "list" => {
                self.open.pop();
            }
            _ => {}
        }
    }

    /// What stands before a paragraph here: empty outside of lists.
    pub(super) fn label(&mut self) -> String {
        let level = self.open.len();
        let Some(list) = self.open.last_mut() else { return String::new() };
        let indent = "  ".repeat(level.min(10) - 1);
        if !std::mem::take(&mut list.is_item_new) {
            return format!("{indent}  ");
        }
        let levels = self.styles.get(&list.style);
        match levels.and_then(|levels| levels.get(level - 1)) {
            Some(true) => format!("{indent}{}. ", list.items),
            _ => format!("{indent}- "),
        }
    }
}
