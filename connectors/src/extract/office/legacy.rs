//! Word and PowerPoint before 2007 (`.doc`, `.ppt`), as `undoc` reads them.

use undoc::{Block, Error, FormatType, Paragraph};

use crate::document::{Document, Place};
use crate::extract::flow::Flow;
use crate::extract::outline::one_line;
use crate::extract::table::Table;
use crate::extract::{Reason, damage};

use super::properties;

/// Tables nested deeper are left out.
const MAX_DEPTH: usize = 16;

/// Reads a document of either program.
pub(super) fn read(bytes: &[u8]) -> Result<Document, Reason> {
    let parsed = undoc::parse_bytes(bytes).map_err(|error| reason(&error))?;
    let mut flow = Flow::new(bytes.len());
    let is_presentation = parsed.format == FormatType::Ppt;
    let kind = if is_presentation { Kind::Slides } else { Kind::Text };
    let mut title = None;
    for (index, section) in parsed.sections.iter().enumerate() {
        if is_presentation {
            flow.go_to(Place::Page(u32::try_from(index + 1).unwrap_or(u32::MAX)));
        }
        let slide_title = is_presentation.then(|| slide_title(&section.content)).flatten();
        if is_presentation {
            flow.heading(1, slide_title.as_deref().unwrap_or_default());
        }
        let blocks = section.content.iter().skip(usize::from(slide_title.is_some()));
        title = title.or(slide_title);
        for block in blocks {
            title = title.or(add_block(&mut flow, block, kind));
        }
        let notes = section.notes.iter().flatten().map(text_of).collect::<Vec<_>>().join("\n");
        if !notes.trim().is_empty() {
            flow.heading(2, "Notes");
            flow.paragraph(&notes);
        }
    }
    add_margins(&mut flow, &parsed.sections);
    let mut document = Document { sections: flow.finish(), ..Document::default() };
    describe(&mut document, &parsed.metadata);
    document.title = document.title.or(title);
    Ok(document)
}

/// What the blocks are part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// What a slide calls a heading is none.
    Slides,
}

fn reason(error: &Error) -> Reason {
    match error {
        Error::Encrypted => Reason::Failed("protected by a password".to_owned()),
        error => damage::reason(error),
    }
}

/// The first text of a slide is its title when it is short.
fn slide_title(blocks: &[Block]) -> Option<String> {
    let Some(Block::Paragraph(paragraph)) = blocks.first() else { return None };
    let title = one_line(&text_of(paragraph));
    (!title.is_empty() && title.len() <= 200).then_some(title)
}

/// Adds a block; yields its text if it is a heading.
fn add_block(flow: &mut Flow, block: &Block, kind: Kind) -> Option<String> {
    match block {
        Block::Paragraph(paragraph) => {
            let text = text_of(paragraph);
            if paragraph.is_heading() && kind == Kind::Text && !text.trim().is_empty() {
                flow.heading(paragraph.heading.level(), &text);
                return Some(one_line(&text));
            }
            match &paragraph.list_info {
                Some(list) => {
                    let indent = "  ".repeat(usize::from(list.level.min(9)));
                    let label = list.number.map_or("-".to_owned(), |number| format!("{number}."));
                    if !text.trim().is_empty() {
                        flow.line(&format!("{indent}{label} {}", text.trim()));
                    }
                }
                None if kind == Kind::Slides => flow.line(&text),
                None => flow.paragraph(&text),
            }
        }
        Block::Table(table) => table_lines(table, flow, 0).iter().for_each(|row| flow.line(row)),
        Block::Note { content, .. } => {
            flow.paragraph(&content.iter().map(text_of).collect::<Vec<_>>().join("\n"));
        }
        _ => {}
    }
    None
}

fn table_lines(table: &undoc::Table, flow: &mut Flow, depth: usize) -> Vec<String> {
    let mut open = Table::default();
    let mut lines = Vec::new();
    for row in &table.rows {
        for cell in &row.cells {
            for paragraph in &cell.content {
                open.cell.add_line(&text_of(paragraph));
            }
            for nested in cell.nested_tables.iter().filter(|_| depth < MAX_DEPTH) {
                for line in table_lines(nested, flow, depth + 1) {
                    open.cell.add_line(&line);
                }
            }
            open.cell.columns = (cell.col_span as usize).clamp(1, 1000);
            open.close_cell();
        }
        open.is_header_row = row.is_header;
        lines.push(open.close_row(&mut flow.budget));
    }
    lines
}

/// Headers and footers, each text once.
fn add_margins(flow: &mut Flow, sections: &[undoc::Section]) {
    let mut seen = std::collections::BTreeSet::new();
    let footers = sections.iter().filter_map(|section| section.footer.as_ref());
    let headers = sections.iter().filter_map(|section| section.header.as_ref());
    for paragraphs in footers.chain(headers) {
        let text = paragraphs.iter().map(text_of).collect::<Vec<_>>().join("\n");
        if text.chars().any(char::is_alphabetic) && seen.insert(text.clone()) {
            flow.heading(0, "");
            flow.paragraph(&text);
        }
    }
}

/// The text without the marks that `undoc` puts into it for notes and page breaks.
fn text_of(paragraph: &Paragraph) -> String {
    let mut text = String::new();
    for run in &paragraph.runs {
        text.push_str(&run.text);
        if run.line_break {
            text.push('\n');
        }
    }
    text
}

fn describe(document: &mut Document, metadata: &undoc::Metadata) {
    let pages = metadata.page_count.map(|pages| pages.to_string());
    let keywords = metadata.keywords.join(", ");
    let properties = [
        ("title", metadata.title.as_deref()),
        ("creator", metadata.author.as_deref()),
        ("subject", metadata.subject.as_deref()),
        ("keywords", Some(&*keywords)),
        ("created", metadata.created.as_deref()),
        ("modified", metadata.modified.as_deref()),
        ("Pages", pages.as_deref()),
    ];
    for (name, value) in properties {
        properties::set(document, name, value.unwrap_or_default());
    }
}
