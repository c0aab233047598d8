//! What is read in a file, as one JSON document.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use ragterm_connectors::container::Member;
use ragterm_connectors::document::{Document, Place, Section};
use ragterm_connectors::extract::Reason;
use serde::Serialize;

use super::Reading;

/// The file, and the documents inside it.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    file: String,
    bytes: Option<u64>,
    #[serde(flatten)]
    text: ReportedText<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<ReportedMember<'a>>,
    #[serde(skip_serializing_if = "is_none_left_out")]
    members_left_out: u64,
}

#[derive(Debug, Serialize)]
struct ReportedMember<'a> {
    path: &'a str,
    r#type: Option<&'a str>,
    bytes: u64,
    modified: Option<String>,
    #[serde(flatten)]
    text: ReportedText<'a>,
}

#[derive(Debug, Serialize)]
struct ReportedText<'a> {
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

/// The report on a file.
pub(super) fn report<'a>(file: &Path, reading: &'a Reading) -> Report<'a> {
    Report {
        file: file.to_string_lossy().into_owned(),
        bytes: reading.file.content.as_ref().map(|content| content.size),
        text: text(&reading.file.outcome),
        members: reading.members.iter().map(member).collect(),
        members_left_out: reading.left_out,
    }
}

fn member(member: &Member) -> ReportedMember<'_> {
    let modified = member.modified_ns.and_then(|ns| Timestamp::from_nanosecond(ns.into()).ok());
    ReportedMember {
        path: &member.path,
        r#type: member.kind.as_deref(),
        bytes: member.size,
        modified: modified.map(|time| time.to_string()),
        text: text(&member.outcome),
    }
}

fn text(outcome: &Result<Document, Reason>) -> ReportedText<'_> {
    let document = outcome.as_ref().ok();
    let error = outcome.as_ref().err().map(|reason| match reason {
        Reason::Skipped(reason) => ReportedReason { state: "skipped", reason },
        Reason::Failed(reason) => ReportedReason { state: "failed", reason },
    });
    ReportedText {
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

// serde asks for a reference.
fn is_none_left_out(left_out: &u64) -> bool {
    *left_out == 0
}

#[cfg(test)]
mod tests {
    use ragterm_connectors::worker::Extracted;

    use super::super::output;
    use super::*;

    #[test]
    fn a_file_without_a_document_is_reported_with_the_reason() {
        let outcome = Err(Reason::Skipped("is a picture".into()));
        let file = Extracted { content: None, is_container: false, modified_ns: None, outcome };
        let reading = Reading { file, members: Vec::new(), left_out: 0 };
        let json = output::to_json(&report(Path::new("a.png"), &reading)).unwrap();
        insta::assert_snapshot!(json, @r#"{"file":"a.png","bytes":null,"error":{"state":"skipped","reason":"is a picture"},"title":null,"language":null,"metadata":null,"sections":[]}"#);
    }

    #[test]
    fn documents_inside_a_file_are_listed_with_their_paths() {
        let outcome = Ok(Document::default());
        let file = Extracted { content: None, is_container: true, modified_ns: None, outcome };
        let member = Member {
            path: "hr/leave".into(),
            kind: Some("page".into()),
            size: 7,
            modified_ns: Some(1_000_000_000),
            ..Member::default()
        };
        let reading = Reading { file, members: vec![member], left_out: 2 };
        let json = output::to_json(&report(Path::new("a.zip"), &reading)).unwrap();
        insta::assert_snapshot!(json, @r#"{"file":"a.zip","bytes":null,"error":null,"title":null,"language":null,"metadata":{},"sections":[],"members":[{"path":"hr/leave","type":"page","bytes":7,"modified":"1970-01-01T00:00:01Z","error":null,"title":null,"language":null,"metadata":{},"sections":[]}],"members_left_out":2}"#);
    }
}
