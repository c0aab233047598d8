//! Jupyter notebooks: the cells in order, with what they printed.
//!
//! The cells are written as one Markdown text, so that headings lead on from cell to cell.

use std::fmt::Write;

use serde_json::Value;

use super::outline::{clipped, one_line};
use super::{Reason, markdown, plain};
use crate::document::{Document, Place};

/// What one output may add; the beginning of a long log says what it is.
const MAX_OUTPUT_BYTES: usize = 4 * 1024;

/// What all outputs of one cell may add.
const MAX_OUTPUTS_BYTES: usize = 16 * 1024;

const MAX_VALUE_BYTES: usize = 300;

/// Outputs that are text for people, the best first.
const TEXT_OUTPUTS: [&str; 3] = ["text/markdown", "text/plain", "text/latex"];

/// Reads a notebook; other JSON is read as the text that it is.
pub(super) fn read(text: &str) -> Result<Document, Reason> {
    let notebook = serde_json::from_str::<Value>(text).map_err(|error| {
        let reason = match text.trim_start().starts_with('{') {
            true if error.is_eof() => "damaged: the notebook ends too early",
            true => "damaged: its JSON is broken",
            false => "not a Jupyter notebook but plain text",
        };
        Reason::Failed(reason.to_owned())
    })?;
    let Some(cells) = cells(&notebook) else { return Ok(plain(text)) };
    let language = language(&notebook);
    let mut page = String::new();
    for cell in cells {
        write_cell(&mut page, cell, &language);
    }
    let mut document = markdown::read(&page);
    for section in &mut document.sections {
        // A line of the cells is no line of the file.
        section.place = Place::Unknown;
    }
    describe(&mut document, &notebook, language);
    Ok(document)
}

/// The cells of a notebook of version 4, or of the first sheets of version 3.
fn cells(notebook: &Value) -> Option<Vec<&Value>> {
    if let Some(cells) = notebook["cells"].as_array() {
        return Some(cells.iter().collect());
    }
    let sheets = notebook["worksheets"].as_array()?;
    Some(sheets.iter().filter_map(|sheet| sheet["cells"].as_array()).flatten().collect())
}

fn language(notebook: &Value) -> String {
    let metadata = &notebook["metadata"];
    let named = [&metadata["language_info"]["name"], &metadata["kernelspec"]["language"]];
    let named = named.into_iter().find_map(Value::as_str).unwrap_or_default();
    let is_name = |char: char| char.is_alphanumeric() || "+#-_".contains(char);
    clipped(named, 40).chars().filter(|char| is_name(*char)).collect()
}

fn write_cell(page: &mut String, cell: &Value, language: &str) {
    let source = lines(if cell["source"].is_null() { &cell["input"] } else { &cell["source"] });
    match cell["cell_type"].as_str() {
        Some("code") => {
            write_block(page, &source, language);
            write_outputs(page, cell);
        }
        Some("heading") => {
            let level = cell["level"].as_u64().unwrap_or(1).clamp(1, 6);
            let marks = "#".repeat(usize::try_from(level).unwrap_or(1));
            // Writing to a string cannot fail.
            let _ = writeln!(page, "{marks} {}\n", one_line(&source));
        }
        Some("raw") if !page.is_empty() => write_block(page, &source, ""),
        _ => {
            page.push_str(&source);
            page.push('\n');
            if let Some(fence) = open_fence(&source) {
                page.push_str(fence);
                page.push('\n');
            }
            page.push('\n');
        }
    }
}

fn write_outputs(page: &mut String, cell: &Value) {
    let mut budget = MAX_OUTPUTS_BYTES;
    for output in cell["outputs"].as_array().into_iter().flatten() {
        let text = output_text(output);
        let text = text.trim_end();
        let kept = clipped(text, MAX_OUTPUT_BYTES.min(budget));
        budget -= kept.len();
        if kept.len() < text.len() && !kept.is_empty() {
            write_block(page, &format!("{kept}…"), "");
        } else {
            write_block(page, kept, "");
        }
    }
}

/// What an output shows as text; pictures and pages are dropped.
fn output_text(output: &Value) -> String {
    if !output["ename"].is_null() {
        return format!("{}: {}", lines(&output["ename"]), lines(&output["evalue"]));
    }
    let data = &output["data"];
    let best = TEXT_OUTPUTS.iter().map(|kind| &data[*kind]).find(|value| !value.is_null());
    without_escapes(&lines(best.unwrap_or(&output["text"])))
}

/// A block of code, fenced by more marks than are in it.
fn write_block(page: &mut String, text: &str, language: &str) {
    let text = text.trim_matches('\n');
    if text.trim().is_empty() {
        return;
    }
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(page, "{fence}{language}\n{text}\n{fence}\n");
}

/// Text is written as one string or as one string for each line.
fn lines(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// The marks of a block of code that the text begins but does not end.
fn open_fence(text: &str) -> Option<&str> {
    let mut open: Option<&str> = None;
    for line in text.lines() {
        let line = line.trim_start();
        let mark = line.chars().next().filter(|char| "`~".contains(*char));
        let Some(mark) = mark else { continue };
        let length = line.len() - line.trim_start_matches(mark).len();
        let fence = &line[..length];
        match open {
            Some(start) if fence.starts_with(start) && line.trim_end() == fence => open = None,
            None if length >= 3 => open = Some(fence),
            _ => {}
        }
    }
    open
}

/// The text without the colours of a terminal.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|char: char| char.is_ascii_alphabetic());
        kept.push_str(match end.filter(|_| part.starts_with('[')) {
            Some(end) => &part[end + 1..],
            None => part,
        });
    }
    kept
}

fn describe(document: &mut Document, notebook: &Value, language: String) {
    let metadata = &notebook["metadata"];
    let authors = metadata["authors"].as_array().into_iter().flatten();
    let authors = authors.filter_map(|author| author["name"].as_str().or(author.as_str()));
    let kernel = metadata["kernelspec"]["display_name"].as_str().unwrap_or_default();
    let values = [
        ("author", authors.collect::<Vec<_>>().join(", ")),
        ("code_language", language),
        ("kernel", kernel.to_owned()),
    ];
    for (key, value) in values {
        let value = clipped(&one_line(&value), MAX_VALUE_BYTES).to_owned();
        if !value.is_empty() {
            document.metadata.insert(key.to_owned(), value);
        }
    }
    let title = metadata["title"].as_str().map(one_line).filter(|title| !title.is_empty());
    if let Some(title) = title {
        document.title = Some(clipped(&title, MAX_VALUE_BYTES).to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notebook(cells: &Value) -> Document {
        let kernel = json!({"display_name": "Python 3", "language": "python"});
        let metadata = json!({"kernelspec": kernel, "authors": [{"name": "Kim"}]});
        read(&json!({"cells": cells, "metadata": metadata, "nbformat": 4}).to_string()).unwrap()
    }

    fn markdown_cell(text: &str) -> Value {
        json!({"cell_type": "markdown", "source": [text]})
    }

    fn code_cell(source: &str, outputs: &Value) -> Value {
        json!({"cell_type": "code", "source": source, "outputs": outputs})
    }

    #[test]
    fn headings_lead_on_from_cell_to_cell() {
        let code = code_cell("x = 1", &json!([]));
        let document =
            notebook(&json!([markdown_cell("# Top\nwords"), markdown_cell("## Sub"), code]));
        assert_eq!(document.title.as_deref(), Some("Top"));
        let last = &document.sections[1];
        assert_eq!((last.heading.join(" > ").as_str(), last.place), ("Top > Sub", Place::Unknown));
        assert_eq!(last.text, "```python\nx = 1\n```");
    }

    #[test]
    fn text_outputs_are_kept_and_pictures_dropped() {
        let outputs = json!([
            {"output_type": "stream", "text": ["a\n", "\u{1b}[31mb\u{1b}[0m"]},
            {"data": {"image/png": "iVBORw0KGgo", "text/plain": "<Figure>"}},
            {"ename": "ValueError", "evalue": "bad", "traceback": ["long"]},
        ]);
        let text = &notebook(&json!([code_cell("plot()", &outputs)])).sections[0].text;
        assert!(text.contains("```\na\nb\n```"), "{text}");
        assert!(text.contains("<Figure>") && text.contains("ValueError: bad"), "{text}");
        assert!(!text.contains("iVBOR") && !text.contains("long"), "{text}");
    }

    #[test]
    fn long_outputs_are_clipped() {
        let output = json!({"output_type": "stream", "text": "x".repeat(100_000)});
        let text = notebook(&json!([code_cell("p", &json!(vec![output; 50]))])).sections;
        let size = text.iter().map(|section| section.text.len()).sum::<usize>();
        assert!((4_000..20_000).contains(&size), "{size}");
    }

    #[test]
    fn an_open_block_of_code_ends_with_its_cell() {
        let document = notebook(&json!([markdown_cell("```sh\nls"), markdown_cell("# Next\nx")]));
        assert_eq!(document.title.as_deref(), Some("Next"));
    }

    #[test]
    fn marks_of_code_in_code_do_not_end_it() {
        let document = notebook(&json!([code_cell("a = '''\n```\n# no heading\n'''", &json!([]))]));
        assert_eq!(document.title, None);
    }

    #[test]
    fn the_kernel_and_the_authors_are_known() {
        let metadata = notebook(&json!([markdown_cell("x")])).metadata;
        assert_eq!(metadata["code_language"], "python");
        assert_eq!(metadata["kernel"], "Python 3");
        assert_eq!(metadata["author"], "Kim");
    }

    #[test]
    fn an_older_notebook_is_read() {
        let cells = json!([
            {"cell_type": "heading", "level": 2, "source": "Old"},
            {"cell_type": "code", "input": "print", "outputs": [{"text": "out"}]},
        ]);
        let text = json!({"worksheets": [{"cells": cells}]}).to_string();
        let section = &read(&text).unwrap().sections[0];
        assert_eq!(section.heading, ["Old"]);
        assert!(section.text.contains("print") && section.text.contains("out"));
    }

    #[test]
    fn other_json_is_text_and_what_is_damaged_says_so() {
        for text in ["{\"cells\": 1}", "[1, 2]"] {
            assert_eq!(read(text), Ok(plain(text)));
        }
        let reason = |text| read(text).unwrap_err().to_string();
        assert_eq!(reason("{\"cells\": ["), "damaged: the notebook ends too early");
        assert_eq!(reason("{\"cells\": }"), "damaged: its JSON is broken");
        assert_eq!(reason("words"), "not a Jupyter notebook but plain text");
    }
}
