//! What is indexed, how far it is, what failed and why.

use ragterm_proto::v1::{Failure, Job, Source, StatusReply};
use ragterm_units::{age, count, counted, percent_of, seconds};

use crate::state::{Connection, State};
use crate::text::{Piece, Role, Row, clean_line, cut, width, wrap};

/// The rows of the panel in so many columns.
pub fn rows(state: &State, columns: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Connection::Lost(fault, _) = &state.connection {
        rows.extend(wrap(&[Piece::new(Role::Error, clean_line(&fault.told()))], columns));
        rows.push(Row::new());
    }
    let Some(status) = &state.status else {
        rows.push(vec![Piece::new(Role::Dim, "waits for the daemon …")]);
        return rows;
    };
    rows.extend(totals(status));
    rows.extend(health(status).iter().flat_map(|row| wrap(row, columns)));
    for notice in &status.notices {
        rows.extend(wrap(&[Piece::new(Role::Warning, clean_line(notice))], columns));
    }
    for job in &status.jobs {
        rows.extend(job_rows(job, columns));
    }
    rows.push(Row::new());
    rows.push(heading("Sources"));
    for source in &status.sources {
        rows.extend(source_rows(source, state.now_ms, columns));
    }
    if !status.failures.is_empty() {
        rows.push(Row::new());
        rows.push(heading("Not read"));
        rows.extend(status.failures.iter().flat_map(|failure| failure_rows(failure, columns)));
    }
    rows
}

fn heading(text: &str) -> Row {
    vec![Piece::new(Role::Heading, text)]
}

fn totals(status: &StatusReply) -> Vec<Row> {
    let documents = status.documents.unwrap_or_default();
    let chunks = status.chunks.unwrap_or_default();
    let mut row = vec![Piece::new(Role::Strong, counted(documents.indexed, "document"))];
    row.push(Piece::new(Role::Text, format!(", {}", counted(chunks.total, "passage"))));
    let parts = [
        (documents.pending, Role::Accent, "pending"),
        (documents.failed, Role::Error, "failed"),
        (documents.skipped, Role::Dim, "skipped"),
    ];
    for (number, role, name) in parts {
        if number > 0 {
            row.push(Piece::new(role, format!(", {} {name}", count(number))));
        }
    }
    let waiting = chunks.total.saturating_sub(chunks.embedded.saturating_add(chunks.unreadable));
    let has_model = status.embedder.as_ref().is_some_and(|embedder| embedder.provider != "none");
    let mut rows = vec![row];
    if has_model && chunks.total > 0 {
        let share = percent_of(chunks.embedded, chunks.total.saturating_sub(chunks.unreadable));
        let which = if chunks.unreadable > 0 { "those that the model reads" } else { "them" };
        let mut text = format!("{share} of {which} found by meaning");
        if waiting > 0 {
            text.push_str(&format!(", {} wait for the model", count(waiting)));
        }
        rows.push(vec![Piece::new(Role::Text, text)]);
    }
    rows
}

/// A row for each part that is not healthy.
fn health(status: &StatusReply) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut sick = |name: &str, detail: &str, remedy: &str| {
        let mut text = format!("✗ {name}: {}", clean_line(detail));
        if !remedy.is_empty() {
            text.push_str(&format!(" ({})", clean_line(remedy)));
        }
        rows.push(vec![Piece::new(Role::Error, text)]);
    };
    if let Some(embedder) = status.embedder.as_ref().filter(|embedder| !embedder.healthy) {
        sick("embedding model", &embedder.detail, "");
    }
    if let Some(store) = status.store.as_ref().filter(|store| !store.healthy) {
        sick("vector store", &store.detail, &store.remedy);
    }
    if let Some(catalog) = status.catalog.as_ref().filter(|catalog| !catalog.healthy) {
        sick("catalog", &catalog.detail, &catalog.remedy);
    }
    rows
}

fn job_rows(job: &Job, columns: usize) -> Vec<Row> {
    let mut text = format!(" {} of {}", count(job.done), count(job.total));
    if job.rate_per_s > 0.0 {
        text.push_str(&format!(" · {:.0}/s", job.rate_per_s));
    }
    if let Some(eta_s) = job.eta_s {
        text.push_str(&format!(" · {} left", seconds(eta_s)));
    }
    let name = format!("{} {} ", clean_line(&job.source), clean_line(&job.phase));
    let room = columns.saturating_sub(width(&name) + width(&text)).min(30);
    let share = job.done.min(job.total) as f64 / job.total.max(1) as f64;
    let filled = (share * room as f64) as usize;
    let row = vec![
        Piece::new(Role::Strong, name),
        Piece::new(Role::Accent, "━".repeat(filled)),
        Piece::new(Role::Dim, "─".repeat(room - filled)),
        Piece::new(Role::Text, text),
    ];
    std::iter::once(Row::new()).chain(wrap(&row, columns)).collect()
}

fn source_rows(source: &Source, now_ms: i64, columns: usize) -> Vec<Row> {
    let role = match source.state.as_str() {
        "ready" => Role::Good,
        "indexing" => Role::Accent,
        _ => Role::Error,
    };
    let mut row = vec![
        Piece::new(Role::Strong, format!("{} ", clean_line(&source.name))),
        Piece::new(role, clean_line(&source.state)),
        Piece::new(Role::Text, format!(" · {}", counted(source.documents, "document"))),
    ];
    if source.failed > 0 {
        row.push(Piece::new(Role::Error, format!(" · {} failed", count(source.failed))));
    }
    if source.skipped > 0 {
        row.push(Piece::new(Role::Dim, format!(" · {} skipped", count(source.skipped))));
    }
    if source.held > 0 {
        let held = counted(source.held, "removal");
        let text = format!(" · held back: {held}; `ragterm sources confirm`");
        row.push(Piece::new(Role::Warning, text));
    }
    if let Some(then_ms) = source.last_scan_ms {
        row.push(Piece::new(Role::Dim, format!(" · looked at {}", age(then_ms, now_ms))));
    }
    let mut rows = wrap(&row, columns);
    let place = format!("  {} · space {}", clean_line(&source.path), clean_line(&source.space));
    rows.push(vec![Piece::new(Role::Dim, cut(&place, columns))]);
    if !source.state_reason.is_empty() {
        let reason = format!("  {}", clean_line(&source.state_reason));
        rows.extend(wrap(&[Piece::new(Role::Warning, reason)], columns));
    }
    rows
}

fn failure_rows(failure: &Failure, columns: usize) -> Vec<Row> {
    let role = if failure.state == "skipped" { Role::Dim } else { Role::Error };
    let row = vec![
        Piece::new(Role::Text, clean_line(&failure.path)),
        Piece::new(role, format!("  {}", clean_line(&failure.reason))),
    ];
    wrap(&row, columns)
}
