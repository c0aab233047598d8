//! What indexing a source did, for people and for scripts.

use ragterm_proto::v1::Summary;
use serde::Serialize;

use super::output::{BAD, BOLD, GOOD, WARNING, clean};
use super::units::{bytes, count, counted, seconds};

/// The summary as JSON.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    source: &'a str,
    state: &'a str,
    state_reason: Option<&'a str>,
    indexed: u64,
    unchanged: u64,
    moved: u64,
    removed: u64,
    skipped: u64,
    failed: u64,
    held: u64,
    bytes: u64,
    took_s: f64,
    pending_embeddings: u64,
    failures: Vec<Failure<'a>>,
}

#[derive(Debug, Serialize)]
struct Failure<'a> {
    path: &'a str,
    reason: &'a str,
}

/// The summary of a source for scripts.
pub fn report<'a>(source: &'a str, summary: &'a Summary) -> Report<'a> {
    let failure = |failure: &'a ragterm_proto::v1::Failure| Failure {
        path: &failure.path,
        reason: &failure.reason,
    };
    let reason = summary.state_reason.as_str();
    Report {
        source,
        state: &summary.state,
        state_reason: (!reason.is_empty()).then_some(reason),
        indexed: summary.indexed,
        unchanged: summary.unchanged,
        moved: summary.moved,
        removed: summary.removed,
        skipped: summary.skipped,
        failed: summary.failed,
        held: summary.held,
        bytes: summary.bytes,
        took_s: (summary.took_s * 1000.0).round() / 1000.0,
        pending_embeddings: summary.pending_embeddings,
        failures: summary.failures.iter().map(failure).collect(),
    }
}

/// What is said of a source without documents.
pub const NOTHING: &str = "nothing to search here: `ragterm status` says why";

/// What is said of a drop folder without documents.
pub const WAITS: &str = "it waits for files: each that is put into it is read within seconds";

/// The summary of a source for people; `empty` is said of one without documents.
pub fn render(source: &str, summary: &Summary, empty: &str) -> String {
    let mut text = format!("{BOLD}{}{BOLD:#}: {}\n", clean(source), changes(summary));
    for failure in &summary.failures {
        let (path, reason) = (clean(&failure.path), clean(&failure.reason));
        text.push_str(&format!("  {BAD}failed{BAD:#} {path}: {reason}\n"));
    }
    let more = summary.failed.saturating_sub(summary.failures.len() as u64);
    if more > 0 && !summary.failures.is_empty() {
        text.push_str(&format!("  and {} more: `ragterm status`\n", count(more)));
    }
    if !summary.state_reason.is_empty() {
        let (state, reason) = (clean(&summary.state), clean(&summary.state_reason));
        let state = if state == "ready" { "note" } else { &*state };
        text.push_str(&format!("  {WARNING}{state}{WARNING:#}: {reason}\n"));
    }
    if summary.held > 0 {
        let held = counted(summary.held, "removal");
        let name = clean(source);
        text.push_str(&format!("  {held} held back; `ragterm sources confirm {name}` removes\n"));
    }
    text.push_str(&outlook(summary, empty));
    text
}

/// `12 indexed, 3 skipped, 1.2 MB in 0.4 s (3.0 MB/s)`.
fn changes(summary: &Summary) -> String {
    let numbers = [
        (summary.indexed, "indexed"),
        (summary.unchanged, "unchanged"),
        (summary.moved, "moved"),
        (summary.removed, "removed"),
        (summary.skipped, "skipped"),
        (summary.failed, "failed"),
    ];
    let named = numbers.iter().filter(|(number, name)| *number > 0 || *name == "indexed");
    let named: Vec<String> =
        named.map(|(number, name)| format!("{} {name}", count(*number))).collect();
    let mut text = named.join(", ");
    if summary.bytes > 0 {
        let rate = summary.bytes as f64 / summary.took_s.max(0.001);
        let (size, rate) = (bytes(summary.bytes), bytes(rate as u64));
        text.push_str(&format!("; {size} in {} ({rate}/s)", seconds(summary.took_s)));
    } else {
        text.push_str(&format!("; {}", seconds(summary.took_s)));
    }
    text
}

/// What can be searched now, and what follows.
fn outlook(summary: &Summary, empty: &str) -> String {
    if summary.state == "unavailable" {
        return String::new();
    }
    if summary.indexed + summary.unchanged + summary.moved == 0 {
        return format!("{empty}\n");
    }
    if summary.pending_embeddings == 0 {
        return format!("{GOOD}ready{GOOD:#}: try `ragterm search …`\n");
    }
    let passages = counted(summary.pending_embeddings, "passage");
    let are = if summary.pending_embeddings == 1 { "is" } else { "are" };
    format!(
        "search by keyword works now; {passages} {are} being read for meaning in the background \
         (`ragterm status`)\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let failure = ragterm_proto::v1::Failure {
            path: "규정/broken.html".into(),
            reason: "is damaged".into(),
            ..Default::default()
        };
        Summary {
            indexed: 1200,
            skipped: 3,
            failed: 2,
            bytes: 3_000_000,
            took_s: 0.5,
            failures: vec![failure],
            pending_embeddings: 4000,
            state: "ready".into(),
            ..Summary::default()
        }
    }

    fn plain(summary: &Summary) -> String {
        anstream::adapter::strip_str(&render("handbook", summary, NOTHING)).to_string()
    }

    #[test]
    fn a_summary_tells_what_was_done_what_failed_and_what_follows() {
        insta::assert_snapshot!(plain(&summary()), @r"
        handbook: 1,200 indexed, 3 skipped, 2 failed; 3.0 MB in 0.5 s (6.0 MB/s)
          failed 규정/broken.html: is damaged
          and 1 more: `ragterm status`
        search by keyword works now; 4,000 passages are being read for meaning in the background (`ragterm status`)
        ");
    }

    #[test]
    fn an_unavailable_source_is_not_said_to_be_empty() {
        let summary = Summary {
            state: "unavailable".into(),
            state_reason: "the folder is not there".into(),
            ..Summary::default()
        };
        insta::assert_snapshot!(plain(&summary), @r"
        handbook: 0 indexed; 0.0 s
          unavailable: the folder is not there
        ");
    }

    #[test]
    fn a_ready_source_is_said_to_be_so_with_what_keeps_it_from_more() {
        let summary = Summary {
            state: "ready".into(),
            state_reason: "`a.txt` was read but cannot be put away".into(),
            ..Summary::default()
        };
        let text = anstream::adapter::strip_str(&render("inbox", &summary, WAITS)).to_string();
        insta::assert_snapshot!(text, @r"
        inbox: 0 indexed; 0.0 s
          note: `a.txt` was read but cannot be put away
        it waits for files: each that is put into it is read within seconds
        ");
    }

    #[test]
    fn scripts_get_every_number() {
        let json = serde_json::to_value(report("handbook", &summary())).unwrap();
        assert_eq!(json["failed"], 2);
        assert_eq!(json["failures"][0]["path"], "규정/broken.html");
        assert_eq!(json["state_reason"], serde_json::Value::Null);
    }
}
