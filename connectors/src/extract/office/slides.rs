//! The text of a PowerPoint presentation (`.pptx`): slides as pages, with their notes.

use std::collections::BTreeSet;

use quick_xml::events::BytesStart;

use super::drawing;
use super::relations::Relations;
use crate::document::Place;
use crate::extract::Reason;
use crate::extract::flow::Flow;
use crate::extract::outline::one_line;
use crate::extract::parts::{Package, missing};
use crate::extract::table::Table;
use crate::extract::xml::{Token, Tokens, attribute, is_on, number};

/// Reads all slides in the order in which they are shown; yields the title of the first.
pub(super) fn read(
    package: &mut Package<'_>,
    main: (&str, &str),
    flow: &mut Flow,
) -> Result<Option<String>, Reason> {
    let (path, xml) = main;
    let relations = Relations::of(package, path);
    let mut titles = Vec::new();
    let mut failure = None;
    let mut footers = BTreeSet::new();
    let mut shown = BTreeSet::new();
    for (index, id) in slide_ids(xml)?.iter().enumerate() {
        let path = relations.target_of_kind(id, "slide");
        let Some(path) = path.filter(|path| shown.insert(*path)) else { continue };
        flow.go_to(Place::Page(u32::try_from(index + 1).unwrap_or(u32::MAX)));
        match Slide::of(package, path, flow) {
            Ok(mut slide) => {
                slide.footers.retain(|footer| footers.insert(footer.clone()));
                slide.write(package, path, flow);
                titles.push(slide.title);
            }
            // One damaged slide does not hide the others.
            Err(reason) => {
                package.lose(path);
                failure = Some(reason);
            }
        }
    }
    match failure {
        Some(failure) if titles.is_empty() => Err(failure),
        _ => Ok(titles.into_iter().map(|title| one_line(&title)).find(|title| !title.is_empty())),
    }
}

/// The relations of the slides, as the presentation lists them.
fn slide_ids(xml: &str) -> Result<Vec<String>, Reason> {
    let mut ids = Vec::new();
    let mut tokens = Tokens::new(xml);
    while let Some(token) = tokens.next()? {
        let Token::Open(tag) = token else { continue };
        if tag.local_name().as_ref() == "sldId" {
            let mut attributes = tag.attributes();
            let named = attributes.with_checks(false).flatten();
            // Its own id has no prefix.
            let mut named = named.filter(|it| it.key.as_ref().ends_with(":id"));
            ids.extend(named.next().map(|it| it.value.into_owned()));
        }
    }
    Ok(ids)
}

/// What colleagues remarked on a slide.
fn comments(package: &mut Package<'_>, relations: &Relations) -> Vec<String> {
    let texts = relations.all("comments").into_iter();
    let texts = texts.filter_map(|path| Some(drawing::comments(&package.optional_xml(path)?)));
    texts.filter(|text| !text.trim().is_empty()).collect()
}

/// What the speaker is going to say.
fn notes(package: &mut Package<'_>, relations: &Relations, flow: &mut Flow) {
    if let Some(path) = relations.first("notesSlide") {
        let xml = package.optional_xml(path).unwrap_or_default();
        let mut notes = Slide::default();
        // What was read before the damage is kept.
        let _ = notes.read(&xml, &Relations::default(), package, flow);
        if !notes.texts.is_empty() {
            flow.heading(2, "Notes");
            notes.texts.iter().for_each(|text| flow.paragraph(text));
        }
    }
}

/// What is read of one slide, or of its notes.
#[derive(Debug, Default)]
struct Slide {
    title: String,
    texts: Vec<String>,
    footers: Vec<String>,
    shape: Shape,
    paragraph: String,
    table: Option<Table>,
    is_cell: bool,
    has_header_row: bool,
    /// What it refers to is read once.
    references: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Shape {
    placeholder: String,
    text: String,
}

impl Slide {
    fn of(package: &mut Package<'_>, path: &str, flow: &mut Flow) -> Result<Self, Reason> {
        let xml = package.xml(path)?.ok_or_else(|| missing(path))?;
        let relations = Relations::of(package, path);
        let mut slide = Self::default();
        slide.read(&xml, &relations, package, flow)?;
        Ok(slide)
    }

    fn write(&self, package: &mut Package<'_>, path: &str, flow: &mut Flow) {
        let relations = Relations::of(package, path);
        let title = one_line(&self.title);
        let comments = comments(package, &relations);
        if !comments.is_empty() {
            flow.heading(1, &title);
            flow.heading(2, "Comments");
            comments.iter().for_each(|text| flow.paragraph(text));
        }
        flow.heading(1, &title);
        for text in self.texts.iter().chain(&self.footers) {
            flow.paragraph(text);
        }
        notes(package, &relations, flow);
    }

    fn read(
        &mut self,
        xml: &str,
        relations: &Relations,
        package: &mut Package<'_>,
        flow: &mut Flow,
    ) -> Result<(), Reason> {
        let mut tokens = Tokens::new(xml);
        while let Some(token) = tokens.next()? {
            match token {
                Token::Open(tag) => match tag.local_name().as_ref() {
                    "Fallback" => tokens.skip_element()?,
                    "t" => self.paragraph.push_str(&tokens.text_of_element()?),
                    "chart" | "relIds" => self.refer(&tag, relations, package),
                    _ => self.open(&tag),
                },
                Token::Close(tag) => self.close(tag.local_name().as_ref(), flow),
                Token::Text(_) => {}
            }
        }
        Ok(())
    }

    fn refer(&mut self, tag: &BytesStart<'_>, relations: &Relations, package: &mut Package<'_>) {
        let id = drawing::reference(tag).unwrap_or_default();
        if !self.references.insert(id.clone()) {
            return;
        }
        let chart = relations.target_of_kind(&id, "chart");
        if let Some(xml) = chart.and_then(|path| package.optional_xml(path)) {
            self.shape.text.push_str(&drawing::chart(&xml));
        }
        let diagram = relations.target_of_kind(&id, "diagramData");
        if let Some(xml) = diagram.and_then(|path| package.optional_xml(path)) {
            self.shape.text.push_str(&drawing::paragraphs(&xml));
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "sp" | "graphicFrame" | "pic" | "cxnSp" => self.shape = Shape::default(),
            "ph" => self.shape.placeholder = attribute(tag, "type").unwrap_or_default(),
            "p" => self.paragraph.clear(),
            "br" => self.paragraph.push('\n'),
            "tbl" => {
                self.table = Some(Table::default());
                self.has_header_row = false;
            }
            "tblPr" => self.has_header_row = is_on(tag, "firstRow"),
            "tc" => {
                self.is_cell = true;
                if let Some(table) = &mut self.table {
                    table.cell.columns = number(tag, "gridSpan").unwrap_or(1).clamp(1, 1000);
                    table.cell.is_tall = number(tag, "rowSpan").unwrap_or(1) > 1;
                    table.cell.continues = is_on(tag, "vMerge");
                    if is_on(tag, "hMerge") {
                        // The cell at its left counts for it.
                        table.cell.columns = 0;
                    }
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str, flow: &mut Flow) {
        match name {
            "p" => {
                let text = std::mem::take(&mut self.paragraph);
                match self.table.as_mut().filter(|_| self.is_cell) {
                    Some(table) => table.cell.add_line(&text),
                    None => self.add_line(&text),
                }
            }
            "tc" => {
                self.is_cell = false;
                if let Some(table) = &mut self.table {
                    table.close_cell();
                }
            }
            "tr" => {
                if let Some(table) = &mut self.table {
                    table.is_header_row = std::mem::take(&mut self.has_header_row);
                    let row = table.close_row(&mut flow.budget);
                    self.add_line(&row);
                }
            }
            "tbl" => self.table = None,
            "sp" | "graphicFrame" | "pic" | "cxnSp" => self.close_shape(),
            _ => {}
        }
    }

    fn add_line(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.shape.text.push_str(text.trim_end());
            self.shape.text.push('\n');
        }
    }

    fn close_shape(&mut self) {
        let Shape { placeholder, text } = std::mem::take(&mut self.shape);
        let text = text.trim();
        match &*placeholder {
            _ if text.is_empty() => {}
            "title" | "ctrTitle" if self.title.is_empty() => text.clone_into(&mut self.title),
            "sldNum" | "dt" | "sldImg" => {}
            "ftr" | "hdr" => self.footers.push(text.to_owned()),
            _ => self.texts.push(text.to_owned()),
        }
    }
}
