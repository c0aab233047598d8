//! The status for people: every zero has a cause.

use ragterm_proto::v1::{ChunkCounts, EmbedderStatus, Failure, Job, StatusReply};

use crate::cli::output::{BAD, BOLD, DIM, GOOD, WARNING, clean};
use crate::cli::sources;
use crate::cli::table::Table;
use crate::cli::units::{bytes, count, counted, percent, place_of_store, seconds};

/// Failures that are shown; JSON has more.
const SHOWN_FAILURES: usize = 20;

/// The whole status; times are relative to `now_ms`, in milliseconds since the epoch.
pub fn render(reply: &StatusReply, now_ms: i64) -> String {
    let mut text = overview(reply);
    if !reply.sources.is_empty() {
        text.push('\n');
        text.push_str(&sources::table(&reply.sources, now_ms));
    }
    text.push_str(&jobs(&reply.jobs));
    let documents = reply.documents.unwrap_or_default();
    text.push_str(&failures(&reply.failures, documents.failed + documents.skipped));
    if !reply.notices.is_empty() {
        text.push('\n');
    }
    for notice in &reply.notices {
        text.push_str(&format!("{WARNING}note:{WARNING:#} {}\n", clean(notice)));
    }
    text
}

fn overview(reply: &StatusReply) -> String {
    let documents = reply.documents.unwrap_or_default();
    let documents = format!(
        "{} indexed, {} pending, {} skipped, {} failed",
        count(documents.indexed),
        count(documents.pending),
        count(documents.skipped),
        count(documents.failed)
    );
    let lines = [
        ("state", state(reply)),
        ("documents", documents),
        ("passages", passages(reply)),
        ("embedder", embedder(reply)),
        ("store", store(reply)),
        ("catalog", catalog(reply)),
        ("daemon", daemon(reply)),
    ];
    let answers = answers(reply).map(|value| ("answers", value));
    let line = |(name, value): (&str, String)| format!("{DIM}{name:<10}{DIM:#} {value}\n");
    lines.into_iter().chain(answers).map(line).collect()
}

/// Only where somebody asks questions, or could.
fn answers(reply: &StatusReply) -> Option<String> {
    let answers = reply.answers.as_ref()?;
    if answers.model.is_empty() && answers.asked == 0 {
        return None;
    }
    let model = match answers.model.as_str() {
        "" => "no model".to_owned(),
        model => clean(model),
    };
    let mut parts = vec![model, format!("{} asked", count(answers.asked))];
    for (number, what) in [
        (answers.refused, "without anything relevant"),
        (answers.passages, "answered with passages alone"),
        (answers.partial, "broken off"),
        (answers.cache_hits, "answered from memory"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", count(number)));
        }
    }
    Some(parts.join(", "))
}

fn state(reply: &StatusReply) -> String {
    let is_paused = reply.sources.iter().any(|source| source.state == "paused");
    match (reply.idle, reply.settled) {
        _ if reply.sources.is_empty() => "nothing to index".to_owned(),
        _ if is_paused => format!("{BAD}paused{BAD:#}, for the reason below"),
        (_, true) => format!("{GOOD}up to date{GOOD:#}"),
        (true, false) => {
            format!("{WARNING}up to date for words{WARNING:#}, still being read for meaning")
        }
        (false, false) => format!("{WARNING}indexing{WARNING:#}"),
    }
}

fn passages(reply: &StatusReply) -> String {
    let ChunkCounts { total, embedded, unreadable } = reply.chunks.unwrap_or_default();
    let is_off = reply.embedder.as_ref().is_some_and(|embedder| embedder.provider == "none");
    if total == 0 || is_off {
        return count(total);
    }
    let mut text = count(total);
    let readable = total.saturating_sub(unreadable);
    if readable > 0 {
        let share = percent(embedded as f64 / readable as f64);
        text.push_str(&format!(", {} read for meaning ({share})", count(embedded)));
    }
    if unreadable > 0 {
        let unreadable = count(unreadable);
        text.push_str(&format!(", {unreadable} in languages that the model does not read"));
    }
    text
}

fn embedder(reply: &StatusReply) -> String {
    let Some(embedder) = &reply.embedder else { return unknown() };
    let name = clean(&embedder.provider);
    if embedder.provider == "none" {
        return format!("{name}: search is by words alone");
    }
    let mut name = format!("{name} {}", clean(&embedder.model));
    if embedder.dimensions > 0 {
        name.push_str(&format!(" ({} dimensions)", embedder.dimensions));
    }
    if !embedder.url.is_empty() {
        name.push_str(&format!(" at {}", clean(&embedder.url)));
    }
    for event in embedder_events(embedder) {
        name.push_str(&format!(", {event}"));
    }
    healthy(&name, embedder.healthy, &embedder.detail)
}

/// What happened to texts and calls since the daemon started, as far as it is worth a word.
pub fn embedder_events(embedder: &EmbedderStatus) -> Vec<String> {
    let events = [
        (embedder.divided, "text", "embedded in parts"),
        (embedder.cut, "text", "cut"),
        (embedder.refused_texts, "text", "refused"),
        (embedder.retried, "call", "repeated"),
    ];
    let happened = events.iter().filter(|(number, ..)| *number > 0);
    happened.map(|(number, what, how)| format!("{} {how}", counted(*number, what))).collect()
}

fn store(reply: &StatusReply) -> String {
    let Some(store) = &reply.store else { return unknown() };
    let place = clean(&place_of_store(store));
    let name = format!("{place}, {}", counted(store.points, "vector"));
    healthy(&name, store.healthy, &store.detail)
}

fn catalog(reply: &StatusReply) -> String {
    let Some(catalog) = &reply.catalog else { return unknown() };
    let mut name = clean(&catalog.backend);
    let behind = catalog.seq.saturating_sub(catalog.keyword_seq);
    if behind > 0 {
        let changes = counted(behind, "change");
        name.push_str(&format!(", the keyword index is {changes} behind"));
    }
    healthy(&name, catalog.healthy, &catalog.detail)
}

fn daemon(reply: &StatusReply) -> String {
    let Some(daemon) = &reply.daemon else { return unknown() };
    // Who may not see everything is not told all of it.
    let parts = [
        (daemon.pid > 0).then(|| format!("pid {}", daemon.pid)),
        Some(format!("up {}", seconds(daemon.uptime_s))),
        (daemon.rss_bytes > 0).then(|| format!("{} of memory", bytes(daemon.rss_bytes))),
        (!daemon.data_directory.is_empty())
            .then(|| format!("data in {}", clean(&daemon.data_directory))),
    ];
    let told = std::iter::once(clean(&daemon.version)).chain(parts.into_iter().flatten());
    told.collect::<Vec<_>>().join(", ")
}

fn unknown() -> String {
    "the daemon does not tell".to_owned()
}

fn healthy(name: &str, is_healthy: bool, detail: &str) -> String {
    match (is_healthy, detail) {
        (true, "") => name.to_owned(),
        (true, detail) => format!("{name}; {}", clean(detail)),
        (false, "") => format!("{name}; {BAD}does not work{BAD:#}"),
        (false, detail) => format!("{name}; {BAD}does not work:{BAD:#} {}", clean(detail)),
    }
}

fn jobs(jobs: &[Job]) -> String {
    if jobs.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["working on", "phase", ">done", ">of", ">rate", ">left"]);
    for job in jobs {
        let rate =
            if job.rate_per_s > 0.0 { format!("{:.0}/s", job.rate_per_s) } else { String::new() };
        table.row(&[
            job.source.clone(),
            job.phase.clone(),
            count(job.done),
            count(job.total),
            rate,
            job.eta_s.map(seconds).unwrap_or_default(),
        ]);
    }
    format!("\n{}", table.render(""))
}

/// What failed comes before what was skipped on purpose; `all` is how many there are.
fn failures(failures: &[Failure], all: u64) -> String {
    if failures.is_empty() {
        return String::new();
    }
    let is_skipped = |failure: &&Failure| failure.state == "skipped";
    let failed = failures.iter().filter(|failure| !is_skipped(failure));
    let ordered: Vec<&Failure> = failed.chain(failures.iter().filter(is_skipped)).collect();
    let mut text = format!("\n{BOLD}not indexed{BOLD:#}\n");
    for failure in ordered.iter().take(SHOWN_FAILURES) {
        text.push_str(&format!("  {}", self::failure(failure)));
    }
    let more = all.saturating_sub(ordered.len().min(SHOWN_FAILURES) as u64);
    if more > 0 {
        let more = counted(more, "more file");
        text.push_str(&format!("  and {more}: `ragterm status --failures` names them\n"));
    }
    text
}

/// One of them on a line.
pub fn failure(failure: &Failure) -> String {
    let (style, state) = match failure.state == "skipped" {
        true => (DIM, "skipped"),
        false => (BAD, "failed "),
    };
    let (path, reason) = (clean(&failure.path), clean(&failure.reason));
    format!("{style}{state}{style:#} {path}: {reason}\n")
}

#[cfg(test)]
pub mod tests {
    //! What a status of the daemon looks like, here and as JSON.

    use ragterm_proto::v1::{CatalogStatus, DaemonStatus, DocumentCounts, Source, StoreStatus};

    use super::*;

    /// A daemon in the middle of its work.
    pub fn reply() -> StatusReply {
        let failure = |path: &str, state: &str, reason: &str| Failure {
            path: path.into(),
            state: state.into(),
            reason: reason.into(),
            source: "handbook".into(),
        };
        StatusReply {
            documents: Some(DocumentCounts { indexed: 1200, pending: 300, failed: 1, skipped: 1 }),
            chunks: Some(ChunkCounts { total: 9000, embedded: 2000, unreadable: 4000 }),
            sources: vec![Source {
                name: "handbook".into(),
                kind: "folder".into(),
                space: "default".into(),
                path: "/srv/handbook".into(),
                state: "indexing".into(),
                documents: 1200,
                failed: 1,
                skipped: 1,
                last_scan_ms: Some(0),
                watching: "events (12 directories)".into(),
                ..Source::default()
            }],
            jobs: vec![Job {
                source: "handbook".into(),
                phase: "index".into(),
                done: 1200,
                total: 1500,
                rate_per_s: 812.44,
                eta_s: Some(0.37),
            }],
            failures: vec![
                failure("a.png", "skipped", "is a picture"),
                failure("규정/b\u{1b}.html", "failed", "is damaged"),
            ],
            embedder: Some(EmbedderStatus {
                provider: "builtin".into(),
                model: "all-MiniLM-L6-v2".into(),
                dimensions: 384,
                healthy: true,
                ..EmbedderStatus::default()
            }),
            store: Some(StoreStatus {
                backend: "embedded".into(),
                points: 2000,
                healthy: true,
                detail: "more are being loaded".into(),
                ..StoreStatus::default()
            }),
            catalog: Some(CatalogStatus {
                backend: "sqlite".into(),
                healthy: false,
                detail: "cannot commit the keyword index: the disk is full".into(),
                seq: 12,
                keyword_seq: 11,
                remedy: String::new(),
            }),
            daemon: Some(DaemonStatus {
                version: "0.1.0".into(),
                pid: 42,
                uptime_s: 7200.0,
                rss_bytes: 120_000_000,
                data_directory: "/data".into(),
                ..DaemonStatus::default()
            }),
            idle: false,
            settled: false,
            notices: vec!["4000 passages are in languages that it does not read".into()],
            answers: None,
        }
    }

    fn plain(reply: &StatusReply) -> String {
        anstream::adapter::strip_str(&render(reply, 120_000)).to_string()
    }

    #[test]
    fn a_daemon_at_work_is_shown_with_progress_failures_and_causes() {
        insta::assert_snapshot!(plain(&reply()), @r"
        state      indexing
        documents  1,200 indexed, 300 pending, 1 skipped, 1 failed
        passages   9,000, 2,000 read for meaning (40 %), 4,000 in languages that the model does not read
        embedder   builtin all-MiniLM-L6-v2 (384 dimensions)
        store      embedded, 2,000 vectors; more are being loaded
        catalog    sqlite, the keyword index is 1 change behind; does not work: cannot commit the keyword index: the disk is full
        daemon     0.1.0, pid 42, up 2 h, 120 MB of memory, data in /data

        name      space    state     documents  skipped  failed  scanned        path
        handbook  default  indexing      1,200        1       1  2 minutes ago  /srv/handbook

        working on  phase   done     of   rate   left
        handbook    index  1,200  1,500  812/s  0.4 s

        not indexed
          failed  규정/b�.html: is damaged
          skipped a.png: is a picture

        note: 4000 passages are in languages that it does not read
        ");
    }

    #[test]
    fn a_server_is_shown_with_its_address_and_what_happened_there() {
        let embedder = EmbedderStatus {
            provider: "ollama".into(),
            model: "bge-m3".into(),
            dimensions: 1024,
            healthy: true,
            url: "http://gpu:11434".into(),
            divided: 1,
            retried: 3,
            ..EmbedderStatus::default()
        };
        let reply = StatusReply { embedder: Some(embedder), ..StatusReply::default() };
        assert!(plain(&reply).contains(
            "ollama bge-m3 (1024 dimensions) at http://gpu:11434, 1 text embedded in parts, \
             3 calls repeated\n"
        ));
    }

    #[test]
    fn an_empty_index_is_not_called_up_to_date() {
        let empty = StatusReply { idle: true, settled: true, ..StatusReply::default() };
        assert!(plain(&empty).contains("nothing to index"));
    }
}
