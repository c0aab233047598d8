//! Confluence's storage format (XHTML with `ac:` and `ri:` elements) to HTML.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::container::xml::attribute;
use crate::extract;

/// Macros whose body is not for readers.
const SILENT: [&str; 6] = ["css", "html-wrap-style", "javascript", "script", "style", "stylesheet"];

/// Elements left out with all that is in them.
const LEFT_OUT: [&str; 7] = [
    "ac:adf-attribute",
    "ac:adf-parameter",
    "ac:parameter",
    "ac:placeholder",
    "ac:task-id",
    "ac:task-status",
    "ac:task-uuid",
];

const VOID: [&str; 6] = ["br", "col", "hr", "img", "input", "wbr"];

/// Converts a body; `users` are names by keys.
pub(super) fn to_html(body: &str, users: &HashMap<String, String>) -> String {
    // What ends a section within another one is written like this.
    let body = body.replace("]] >", "]]>");
    let mut reader = Reader::from_str(&body);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    config.expand_empty_elements = true;
    let mut storage = Storage::new(users);
    loop {
        let start = reader.buffer_position();
        match reader.read_event() {
            Ok(Event::Start(tag)) => storage.open(&tag),
            Ok(Event::End(tag)) => storage.close(tag.name().0),
            Ok(Event::Text(text)) => storage.text(&text),
            Ok(Event::GeneralRef(reference)) => storage.text(&format!("&{};", &*reference)),
            Ok(Event::CData(text)) => storage.verbatim(&text),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => {
                // What is no XML may still be HTML.
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                storage.out.push_str(body.get(start..).unwrap_or_default());
                break;
            }
        }
    }
    storage.out
}

struct Storage<'a> {
    users: &'a HashMap<String, String>,
    out: String,
    /// How many pieces of text were written.
    texts: usize,
    depth: usize,
    /// The depth of the element that is left out now.
    left_out: Option<usize>,
    macros: Vec<(usize, String)>,
    links: Vec<Link>,
    images: Vec<usize>,
    extensions: Vec<(usize, usize)>,
}

/// A link that is open.
struct Link {
    depth: usize,
    /// How many pieces of text there were before it.
    texts: usize,
    /// What it shows if it has no text.
    target: String,
}

impl<'a> Storage<'a> {
    fn new(users: &'a HashMap<String, String>) -> Self {
        Self {
            users,
            out: String::new(),
            texts: 0,
            depth: 0,
            left_out: None,
            macros: Vec::new(),
            links: Vec::new(),
            images: Vec::new(),
            extensions: Vec::new(),
        }
    }

    fn write(&mut self, html: &str) {
        if self.left_out.is_none() {
            self.out.push_str(html);
        }
    }

    fn write_text(&mut self, text: &str) {
        self.text(&escaped(text));
    }

    /// Writes text that is HTML already.
    fn text(&mut self, html: &str) {
        if self.left_out.is_none() && !html.trim().is_empty() {
            self.texts += 1;
        }
        self.write(html);
    }

    fn verbatim(&mut self, text: &str) {
        let is_html = self.macros.last().is_some_and(|(_, name)| name == "html");
        if is_html && self.left_out.is_none() {
            let sections = extract::read_html(text).sections;
            sections.iter().for_each(|section| self.write_text(&section.text));
        } else {
            self.write_text(text);
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        self.depth += 1;
        if self.left_out.is_some() {
            return;
        }
        let name = tag.name();
        match name.0 {
            "ac:structured-macro" | "ac:macro" => {
                self.macros.push((self.depth, attribute(tag, "ac:name")));
            }
            "ac:parameter" if self.is_shown(&attribute(tag, "ac:name")) => self.open_parameter(),
            "ac:plain-text-body" if self.is_silent() => self.left_out = Some(self.depth),
            "ac:plain-text-body" => self.write("<pre>"),
            "ac:link" => {
                let (depth, texts) = (self.depth, self.texts);
                self.links.push(Link { depth, texts, target: String::new() });
            }
            "ac:image" => {
                self.images.push(self.depth);
                let alt = [attribute(tag, "ac:alt"), attribute(tag, "ac:title")];
                self.write_text(alt.iter().find(|it| !it.is_empty()).map_or("", |it| it));
            }
            "ac:adf-extension" => self.extensions.push((self.depth, self.texts)),
            "ac:adf-fallback" if self.was_extension_written() => self.left_out = Some(self.depth),
            "ac:task-list" => self.write("<ul>"),
            "ac:task" => self.write("<li>"),
            "ac:rich-text-body" | "ac:layout-cell" | "ac:caption" => self.write("<div>"),
            // A tick or a cross may be all that a cell says.
            "ac:emoticon" => match attribute(tag, "ac:name").as_str() {
                "tick" => self.write_text("✓"),
                "cross" => self.write_text("✗"),
                _ => {}
            },
            "time" => self.write_text(&attribute(tag, "datetime")),
            name if LEFT_OUT.contains(&name) => self.left_out = Some(self.depth),
            name if name.starts_with("ri:") => self.resource(name, tag),
            name if name.contains(':') => {}
            name => self.html(name, tag),
        }
    }

    fn close(&mut self, name: &str) {
        let depth = self.depth;
        self.depth = depth.saturating_sub(1);
        if let Some(left_out) = self.left_out {
            if left_out >= depth {
                self.left_out = None;
            }
            return;
        }
        match name {
            "ac:parameter" => {
                let is_inline = self.macros.last().is_some_and(|(_, name)| is_inline(name));
                self.write(if is_inline { " " } else { "</p>" });
            }
            "ac:plain-text-body" => self.write("</pre>"),
            "ac:task-list" => self.write("</ul>"),
            "ac:rich-text-body" | "ac:layout-cell" | "ac:caption" => self.write("</div>"),
            name if name.contains(':') || VOID.contains(&name) || name == "time" => {}
            name => self.write(&format!("</{name}>")),
        }
        self.macros.pop_if(|(open, _)| *open >= depth);
        self.images.pop_if(|open| *open >= depth);
        self.extensions.pop_if(|(open, _)| *open >= depth);
        if let Some(link) = self.links.pop_if(|link| link.depth >= depth)
            && self.texts == link.texts
        {
            self.write_text(&link.target);
        }
    }

    /// Whether readers see this parameter of the innermost macro.
    fn is_shown(&self, parameter: &str) -> bool {
        let name = self.macros.last().map_or("", |(_, name)| name);
        match parameter {
            "title" => true,
            "key" | "jqlQuery" => name == "jira",
            "name" => name.starts_with("view") || name == "multimedia",
            _ => false,
        }
    }

    fn open_parameter(&mut self) {
        let is_inline = self.macros.last().is_some_and(|(_, name)| is_inline(name));
        self.write(if is_inline { " " } else { "<p>" });
    }

    fn is_silent(&self) -> bool {
        self.macros.last().is_some_and(|(_, name)| SILENT.contains(&name.as_str()))
    }

    fn was_extension_written(&self) -> bool {
        self.extensions.last().is_some_and(|(_, texts)| self.texts > *texts)
    }

    /// A page, file or user that is named.
    fn resource(&mut self, name: &str, tag: &BytesStart<'_>) {
        let target = match name {
            "ri:page" | "ri:blog-post" => attribute(tag, "ri:content-title"),
            "ri:attachment" => attribute(tag, "ri:filename"),
            "ri:url" => attribute(tag, "ri:value"),
            "ri:space" => attribute(tag, "ri:space-key"),
            "ri:user" => {
                let keys = ["ri:userkey", "ri:account-id"].map(|key| attribute(tag, key));
                let named = keys.iter().find_map(|key| self.users.get(key)).cloned();
                named.unwrap_or_else(|| attribute(tag, "ri:username"))
            }
            _ => return,
        };
        if !self.images.is_empty() {
            return;
        }
        match self.links.last_mut() {
            // A file's page stands within the file; the file is the target.
            Some(link) if link.target.is_empty() => link.target = target,
            Some(_) => {}
            None => self.write_text(&target),
        }
    }

    fn html(&mut self, name: &str, tag: &BytesStart<'_>) {
        let mut start = format!("<{name}");
        if matches!(name, "td" | "th") {
            for span in ["colspan", "rowspan"] {
                let value = attribute(tag, span);
                if (1..5).contains(&value.len()) && value.bytes().all(|it| it.is_ascii_digit()) {
                    start.push_str(&format!(" {span}={value}"));
                }
            }
        }
        start.push('>');
        self.write(&start);
    }
}

/// Macros that stand within a line.
fn is_inline(name: &str) -> bool {
    matches!(name, "status" | "jira" | "jira-issue")
}

/// Text as HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
