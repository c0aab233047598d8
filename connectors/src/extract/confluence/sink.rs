//! Divides the tokens of an exported page into its frame and its text.

use std::cell::RefCell;
use std::collections::HashMap;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};

use crate::extract::outline::{clipped, one_line};

const MAX_CRUMBS: usize = 50;
const MAX_LABELS: usize = 200;
const MAX_ATTACHMENTS: usize = 5000;
const MAX_FIELD_BYTES: usize = 2000;

/// What begins behind the text of a page.
const BEHIND: [&str; 7] = [
    "children-section",
    "comments-section",
    "footer",
    "labels-section",
    "likes-and-labels-container",
    "likes-section",
    "space-tools-menu",
];

/// A page, divided.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// The space and the pages above, outermost first.
    pub crumbs: Vec<String>,
    pub title: String,
    /// That of the window.
    pub page_title: String,
    pub author: String,
    pub editor: String,
    /// Who made and changed it, and when, in words.
    pub metadata: String,
    pub labels: Vec<String>,
    /// HTML, as are the comments.
    pub body: String,
    pub comments: String,
    /// The files that hang at the page.
    pub attachments: Vec<Linked>,
    pub base_url: String,
    pub page_id: String,
}

/// A file of the export, which has a number for a name there, and its real name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Linked {
    /// Below the directory of the page.
    pub path: String,
    pub name: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Region {
    #[default]
    Elsewhere,
    PageTitle,
    Crumbs,
    Title,
    Metadata,
    Author,
    Editor,
    Body,
    Comments,
    Label,
    /// The list of files below a page, and the name of one.
    Attachments,
    FileName,
}

/// Receives the tokens.
#[derive(Default)]
pub(super) struct Sink {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    frame: Frame,
    region: Region,
    /// Nothing of the page follows.
    is_behind: bool,
    /// How many `<div>`s of a table of contents are open.
    contents: usize,
    /// Within a script; whether it is code to show.
    script: Option<bool>,
    /// Within a crumb that is no page.
    is_left_out: bool,
    /// Where each file stands, and the one that is being named.
    files: HashMap<String, usize>,
    listed: usize,
    code: String,
}

impl Sink {
    /// What was found, once all tokens came in.
    pub(super) fn finish(self) -> Frame {
        let mut frame = self.state.into_inner().frame;
        for crumb in &mut frame.crumbs {
            *crumb = one_line(crumb);
        }
        // The first one is the space, even if it has no name.
        let mut is_first = true;
        let is_name = |crumb: &str| !matches!(crumb, "" | "…" | "...");
        frame.crumbs.retain(|crumb| std::mem::take(&mut is_first) || is_name(crumb));
        frame.title = one_line(&frame.title);
        frame.page_title = one_line(&frame.page_title);
        frame.labels.iter_mut().for_each(|label| *label = one_line(label));
        frame.labels.retain(|label| !label.is_empty());
        frame.attachments.iter_mut().for_each(|linked| linked.name = one_line(&linked.name));
        frame.attachments.retain(|linked| !linked.name.is_empty());
        frame
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return state.start(&tag),
            Token::TagToken(tag) => state.end(&tag.name),
            Token::CharacterTokens(text) => state.text(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        if self.contents > 0 {
            self.contents += usize::from(name == "div");
        } else {
            self.find_region(name, tag);
            self.write_start(name, tag);
        }
        match name {
            "script" => {
                self.script = Some(value(tag, "type") == "syntaxhighlighter");
                TokenSinkResult::RawData(RawKind::ScriptData)
            }
            "style" => {
                self.script = Some(false);
                TokenSinkResult::RawData(RawKind::Rawtext)
            }
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }

    fn find_region(&mut self, name: &str, tag: &Tag) {
        let id = value(tag, "id");
        let has_class = |name: &str| has_class(tag, name);
        match (name, id) {
            ("meta", _) => self.remember(tag),
            ("img", _) => self.picture(tag),
            ("title", _) if self.frame.page_title.is_empty() => self.region = Region::PageTitle,
            (_, "breadcrumbs") => self.region = Region::Crumbs,
            ("li", _) if self.region == Region::Crumbs && self.frame.crumbs.len() < MAX_CRUMBS => {
                self.frame.crumbs.push(String::new());
            }
            // The list of all pages, in pages that were saved from a browser.
            ("a", _) => self.link(tag),
            (_, "title-text") => self.region = Region::Title,
            (_, "main-content") if self.frame.body.is_empty() => self.region = Region::Body,
            (_, "comments") if self.is_behind => self.region = Region::Comments,
            (_, "attachments") if self.is_behind => self.region = Region::Attachments,
            (_, id) if BEHIND.contains(&id) || has_class("pageSection") => self.leave(),
            _ if has_class("page-metadata") && self.region != Region::Body => {
                self.region = Region::Metadata;
            }
            ("span", _) if self.region == Region::Metadata && has_class("author") => {
                self.region = Region::Author;
            }
            ("span", _) if self.region == Region::Metadata && has_class("editor") => {
                self.region = Region::Editor;
            }
            _ if self.region == Region::Body && has_class("toc-macro") && name == "div" => {
                self.contents = 1;
            }
            _ => {}
        }
    }

    fn link(&mut self, tag: &Tag) {
        let is_label = || has_class(tag, "aui-label-split-main") || value(tag, "rel") == "tag";
        match self.region {
            // The list of all pages, in pages that were saved from a browser.
            Region::Crumbs => {
                self.is_left_out = value(tag, "href").contains("/collector/pages.action");
            }
            Region::Attachments => {
                if let Some(file) = self.file(value(tag, "href")) {
                    self.listed = file;
                    self.frame.attachments[file].name.clear();
                    self.region = Region::FileName;
                }
            }
            _ if self.is_behind && self.frame.labels.len() < MAX_LABELS && is_label() => {
                self.frame.labels.push(String::new());
                self.region = Region::Label;
            }
            _ => self.remember_file(tag, "href"),
        }
    }

    /// The name of a picture or file in the text: the list below the page may be missing.
    fn remember_file(&mut self, tag: &Tag, target: &str) {
        let name = clipped(value(tag, "data-linked-resource-default-alias"), MAX_FIELD_BYTES);
        if !name.is_empty()
            && let Some(file) = self.file(value(tag, target))
            && let linked = &mut self.frame.attachments[file].name
            && linked.is_empty()
        {
            name.clone_into(linked);
        }
    }

    /// Which file an address is.
    fn file(&mut self, address: &str) -> Option<usize> {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        if !path.starts_with("attachments/") || path.len() > MAX_FIELD_BYTES {
            return None;
        }
        let files = &mut self.frame.attachments;
        if let Some(file) = self.files.get(path) {
            return Some(*file);
        }
        if files.len() == MAX_ATTACHMENTS {
            return None;
        }
        self.files.insert(path.to_owned(), files.len());
        files.push(Linked { path: path.to_owned(), name: String::new() });
        Some(files.len() - 1)
    }

    fn leave(&mut self) {
        self.is_behind = !self.frame.body.is_empty() || self.is_behind;
        self.region = Region::Elsewhere;
    }

    fn remember(&mut self, tag: &Tag) {
        let content = clipped(value(tag, "content"), MAX_FIELD_BYTES).to_owned();
        match value(tag, "name") {
            "ajs-base-url" => self.frame.base_url = content,
            "ajs-page-id" => self.frame.page_id = content,
            _ => {}
        }
    }

    /// Pictures tell where the wiki is; a tick or a cross may be all that a cell says.
    fn picture(&mut self, tag: &Tag) {
        if self.frame.base_url.is_empty() {
            let url = clipped(value(tag, "data-base-url"), MAX_FIELD_BYTES);
            self.frame.base_url = url.to_owned();
        }
        self.remember_file(tag, "src");
        let sign = match value(tag, "alt") {
            "(tick)" => "✓",
            "(error)" => "✗",
            _ => "",
        };
        if let Some(html) = self.html() {
            html.push_str(sign);
        }
    }

    fn end(&mut self, name: &str) {
        if self.contents > 0 {
            self.contents -= usize::from(name == "div");
            return;
        }
        if self.script.take().is_some() && matches!(name, "script" | "style") {
            return self.write_code();
        }
        match (self.region, name) {
            (Region::PageTitle, "title")
            | (Region::Crumbs, "ol" | "ul")
            | (Region::Title, "h1") => {
                self.region = Region::Elsewhere;
            }
            (Region::Author | Region::Editor, "span") => self.region = Region::Metadata,
            (Region::FileName, "a") => self.region = Region::Attachments,
            (Region::Label, "a") => self.region = Region::Elsewhere,
            (Region::Metadata, "div") => self.region = Region::Elsewhere,
            _ => {}
        }
        if let Some(html) = self.html() {
            html.push_str("</");
            html.push_str(name);
            html.push('>');
        }
    }

    fn write_code(&mut self) {
        let code = std::mem::take(&mut self.code);
        let code = code.trim().trim_start_matches("<![CDATA[").trim_end_matches("]]>");
        if let Some(html) = self.html().filter(|_| !code.is_empty()) {
            html.push_str(&format!("<pre>{}</pre>", escaped(code)));
        }
    }

    fn text(&mut self, text: &str) {
        if self.contents > 0 {
            return;
        }
        if let Some(is_code) = self.script {
            self.code.push_str(if is_code { text } else { "" });
            return;
        }
        if let Some(html) = self.html() {
            html.push_str(&escaped(text));
            return;
        }
        let frame = &mut self.frame;
        let field = match self.region {
            Region::PageTitle => Some(&mut frame.page_title),
            Region::Crumbs if self.is_left_out => None,
            Region::Crumbs => frame.crumbs.last_mut(),
            Region::Title => Some(&mut frame.title),
            Region::Metadata => Some(&mut frame.metadata),
            Region::Author => Some(&mut frame.author),
            Region::Editor => Some(&mut frame.editor),
            Region::FileName => frame.attachments.get_mut(self.listed).map(|it| &mut it.name),
            Region::Label => frame.labels.last_mut(),
            _ => None,
        };
        if let Some(field) = field.filter(|field| field.len() < MAX_FIELD_BYTES) {
            field.push_str(clipped(text, MAX_FIELD_BYTES));
        }
    }

    /// Where HTML is written that is read later.
    fn html(&mut self) -> Option<&mut String> {
        match self.region {
            Region::Body => Some(&mut self.frame.body),
            Region::Comments => Some(&mut self.frame.comments),
            _ => None,
        }
    }

    fn write_start(&mut self, name: &str, tag: &Tag) {
        if self.contents > 0 || matches!(name, "script" | "style") {
            return;
        }
        if let Some(html) = self.html() {
            html.push('<');
            html.push_str(name);
            for span in ["colspan", "rowspan"] {
                let value = value(tag, span);
                if (1..5).contains(&value.len()) && value.bytes().all(|it| it.is_ascii_digit()) {
                    html.push_str(&format!(" {span}={value}"));
                }
            }
            html.push('>');
        }
    }
}

fn has_class(tag: &Tag, name: &str) -> bool {
    value(tag, "class").split_whitespace().any(|class| class == name)
}

fn value<'t>(tag: &'t Tag, name: &str) -> &'t str {
    tag.attrs.iter().find(|it| &*it.name.local == name).map_or("", |it| &it.value)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
