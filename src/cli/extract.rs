//! `ragterm extract`: what is read in one file, through the workers of the daemon.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ragterm_connectors::document::{Document, Place, Section};
use ragterm_connectors::extract::Reason;
use ragterm_connectors::worker::{Extracted, Job, Limits, Pool};
use serde::Serialize;

use super::Outcome;
use super::context::Context;
use super::output::{self, BOLD, DIM, clean, clean_block};
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  ragterm extract handbook/leave.md
  ragterm extract page.html --json      title, sections and their places as JSON

Exit code 1 when the file cannot be read; the reason is on stderr.";

/// Show what ragterm reads in a file, section by section; needs no daemon
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file
    file: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    file: String,
    bytes: Option<u64>,
    error: Option<ReportedReason<'a>>,
    title: Option<&'a str>,
    language: Option<&'a str>,
    metadata: Option<&'a BTreeMap<String, String>>,
    sections: Vec<ReportedSection<'a>>,
}

#[derive(Debug, Serialize)]
struct ReportedReason<'a> {
    state: &'static str,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct ReportedSection<'a> {
    heading: &'a [String],
    line: Option<u32>,
    page: Option<u32>,
    text: &'a str,
}

/// Runs the command; the outcome is negative when the file yields no document.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let path = resolve(&args.file)?;
    let extracted = extract(path, context).await?;
    if args.json {
        output::json(&report(&args.file, &extracted))?;
    } else {
        match &extracted.outcome {
            Ok(document) => output::data(&render(document))?,
            Err(reason) => {
                let (file, reason) = (clean(&args.file.to_string_lossy()), reason.to_string());
                output::line(&format!("{file}: {}", clean(&reason)));
            }
        }
    }
    Ok(if extracted.outcome.is_ok() { Outcome::Done } else { Outcome::Negative })
}

fn resolve(file: &Path) -> Result<PathBuf> {
    let refused = |error: std::io::Error| {
        Error::usage(format!("cannot read `{}`", file.display())).because(error)
    };
    let path = std::fs::canonicalize(file).map_err(refused)?;
    if path.is_dir() {
        return Err(Error::usage(format!("cannot read `{}`: it is a folder", file.display()))
            .hint("name a file, or index the folder with `ragterm add`"));
    }
    Ok(path)
}

async fn extract(path: PathBuf, context: &Context) -> Result<Extracted> {
    let index = context.load()?.config.index;
    let limits = Limits {
        timeout: index.extract_timeout,
        memory_bytes: index.extract_memory_bytes,
        max_file_bytes: index.max_file_bytes,
    };
    let program = std::env::current_exe()
        .map_err(|error| Error::internal("cannot find this program's file").because(error))?;
    let pool = Pool::new(program, 1, limits);
    // Links have been followed on the way to here, and it is no folder.
    let root = path.parent().unwrap_or(Path::new("/")).to_owned();
    let raw = PathBuf::from(path.file_name().unwrap_or_default());
    let name = raw.to_string_lossy().into_owned();
    let extracted = pool.extract(Job::File { root, raw, name }).await;
    pool.close().await;
    extracted.map_err(|error| Error::unavailable("cannot read documents").because(error))
}

fn render(document: &Document) -> String {
    let mut text = String::new();
    if let Some(title) = &document.title {
        text.push_str(&format!("{BOLD}{}{BOLD:#}\n", clean(title)));
    }
    let language = document.language.as_ref().map(|language| ("language", language));
    let metadata = document.metadata.iter().map(|(key, value)| (key.as_str(), value));
    for (key, value) in language.into_iter().chain(metadata) {
        text.push_str(&format!("{DIM}{}: {}{DIM:#}\n", clean(key), clean(value)));
    }
    for section in &document.sections {
        text.push_str(&render_section(section));
    }
    text
}

fn render_section(section: &Section) -> String {
    let place = match section.place {
        Place::Unknown => String::new(),
        Place::Line(line) => format!("line {line}"),
        Place::Page(page) => format!("page {page}"),
    };
    let heading = clean(&section.heading.join(" › "));
    let gap = if heading.is_empty() || place.is_empty() { "" } else { "  " };
    let text = clean_block(section.text.trim_end());
    format!("\n{BOLD}{heading}{BOLD:#}{gap}{DIM}{place}{DIM:#}\n{text}\n")
}

fn report<'a>(file: &Path, extracted: &'a Extracted) -> Report<'a> {
    let document = extracted.outcome.as_ref().ok();
    let error = extracted.outcome.as_ref().err().map(|reason| match reason {
        Reason::Skipped(reason) => ReportedReason { state: "skipped", reason },
        Reason::Failed(reason) => ReportedReason { state: "failed", reason },
    });
    Report {
        file: file.to_string_lossy().into_owned(),
        bytes: extracted.content.as_ref().map(|content| content.size),
        error,
        title: document.and_then(|document| document.title.as_deref()),
        language: document.and_then(|document| document.language.as_deref()),
        metadata: document.map(|document| &document.metadata),
        sections: document.map_or(Vec::new(), |document| {
            document.sections.iter().map(reported_section).collect()
        }),
    }
}

fn reported_section(section: &Section) -> ReportedSection<'_> {
    let (line, page) = match section.place {
        Place::Unknown => (None, None),
        Place::Line(line) => (Some(line), None),
        Place::Page(page) => (None, Some(page)),
    };
    ReportedSection { heading: &section.heading, line, page, text: &section.text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let section = Section {
            heading: vec!["휴가".into(), "이월".into()],
            text: "Unused days\ncarry over.\u{1b}[31m\n".into(),
            place: Place::Line(3),
        };
        Document {
            title: Some("Leave".into()),
            language: Some("eng".into()),
            sections: vec![section],
            metadata: BTreeMap::from([("author".into(), "Kim".into())]),
        }
    }

    #[test]
    fn sections_are_shown_with_their_places() {
        let text = anstream::adapter::strip_str(&render(&document())).to_string();
        insta::assert_snapshot!(text, @r"
        Leave
        language: eng
        author: Kim

        휴가 › 이월  line 3
        Unused days
        carry over.�[31m
        ");
    }

    #[test]
    fn a_file_without_a_document_is_reported_with_the_reason() {
        let outcome = Err(Reason::Skipped("is a picture".into()));
        let extracted = Extracted { content: None, outcome };
        let json = output::to_json(&report(Path::new("a.png"), &extracted)).unwrap();
        insta::assert_snapshot!(json, @r#"{"file":"a.png","bytes":null,"error":{"state":"skipped","reason":"is a picture"},"title":null,"language":null,"metadata":null,"sections":[]}"#);
    }
}
