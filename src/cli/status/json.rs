//! The status as JSON: a contract.

use std::sync::LazyLock;

use ragterm_proto::v1::{self as wire, StatusReply};
use serde::Serialize;

use crate::cli::units::rfc3339;

/// The whole status.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    documents: Documents,
    chunks: Chunks,
    sources: Vec<Source<'a>>,
    jobs: Vec<Job<'a>>,
    failures: Vec<Failure<'a>>,
    embedder: Embedder<'a>,
    store: Store<'a>,
    catalog: Catalog<'a>,
    daemon: Daemon<'a>,
    idle: bool,
    settled: bool,
    notices: &'a [String],
    answers: Answers<'a>,
}

/// Questions since the daemon started.
#[derive(Debug, Default, Serialize)]
struct Answers<'a> {
    model: Option<&'a str>,
    asked: u64,
    refused: u64,
    partial: u64,
    passages: u64,
    cache_hits: u64,
    cache_misses: u64,
}

#[derive(Debug, Serialize)]
struct Documents {
    indexed: u64,
    pending: u64,
    failed: u64,
    skipped: u64,
}

#[derive(Debug, Serialize)]
struct Chunks {
    total: u64,
    embedded: u64,
    unreadable: u64,
}

/// A source.
#[derive(Debug, Serialize)]
pub struct Source<'a> {
    name: &'a str,
    kind: &'a str,
    space: &'a str,
    path: &'a str,
    state: &'a str,
    documents: u64,
    failed: u64,
    last_scan: Option<String>,
    watching: &'a str,
    skipped: u64,
    held: u64,
    state_reason: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Job<'a> {
    source: &'a str,
    phase: &'a str,
    done: u64,
    total: u64,
    rate_per_s: f64,
    eta_s: Option<f64>,
}

/// A file that is not indexed.
#[derive(Debug, Serialize)]
pub struct Failure<'a> {
    path: &'a str,
    reason: &'a str,
    source: &'a str,
    state: &'a str,
}

#[derive(Debug, Serialize)]
struct Embedder<'a> {
    provider: &'a str,
    model: &'a str,
    dimensions: u32,
    healthy: bool,
    detail: Option<&'a str>,
    embedded_texts: u64,
    url: Option<&'a str>,
    server_version: Option<&'a str>,
    max_tokens: Option<u32>,
    divided: u64,
    cut: u64,
    retried: u64,
    refused_texts: u64,
}

#[derive(Debug, Serialize)]
struct Store<'a> {
    backend: &'a str,
    points: u64,
    healthy: bool,
    detail: Option<&'a str>,
    url: Option<&'a str>,
    version: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Catalog<'a> {
    backend: &'a str,
    healthy: bool,
    detail: Option<&'a str>,
    seq: u64,
    keyword_seq: u64,
}

#[derive(Debug, Serialize)]
struct Daemon<'a> {
    version: &'a str,
    pid: u32,
    uptime_s: f64,
    rss_bytes: u64,
    data_directory: &'a str,
}

/// The status in the shape of the contract.
pub fn report(reply: &StatusReply) -> Report<'_> {
    let documents = reply.documents.unwrap_or_default();
    let chunks = reply.chunks.unwrap_or_default();
    Report {
        documents: Documents {
            indexed: documents.indexed,
            pending: documents.pending,
            failed: documents.failed,
            skipped: documents.skipped,
        },
        chunks: Chunks {
            total: chunks.total,
            embedded: chunks.embedded,
            unreadable: chunks.unreadable,
        },
        sources: reply.sources.iter().map(source).collect(),
        jobs: reply.jobs.iter().map(job).collect(),
        failures: reply.failures.iter().map(failure).collect(),
        embedder: embedder(reply),
        store: store(reply),
        catalog: catalog(reply),
        daemon: daemon(reply),
        idle: reply.idle,
        settled: reply.settled,
        notices: &reply.notices,
        answers: answers(reply),
    }
}

/// A source in the shape of the contract.
pub fn source(source: &wire::Source) -> Source<'_> {
    Source {
        name: &source.name,
        kind: &source.kind,
        space: &source.space,
        path: &source.path,
        state: &source.state,
        documents: source.documents,
        failed: source.failed,
        last_scan: source.last_scan_ms.and_then(rfc3339),
        watching: &source.watching,
        skipped: source.skipped,
        held: source.held,
        state_reason: some(&source.state_reason),
    }
}

fn job(job: &wire::Job) -> Job<'_> {
    Job {
        source: &job.source,
        phase: &job.phase,
        done: job.done,
        total: job.total,
        rate_per_s: tenths(job.rate_per_s),
        eta_s: job.eta_s.map(tenths),
    }
}

/// One file that is not indexed.
pub fn failure(failure: &wire::Failure) -> Failure<'_> {
    Failure {
        path: &failure.path,
        reason: &failure.reason,
        source: &failure.source,
        state: &failure.state,
    }
}

fn embedder(reply: &StatusReply) -> Embedder<'_> {
    static UNKNOWN: LazyLock<wire::EmbedderStatus> = LazyLock::new(Default::default);
    let embedder = reply.embedder.as_ref().unwrap_or(&UNKNOWN);
    Embedder {
        provider: &embedder.provider,
        model: &embedder.model,
        dimensions: embedder.dimensions,
        healthy: embedder.healthy,
        detail: some(&embedder.detail),
        embedded_texts: embedder.embedded_texts,
        url: some(&embedder.url),
        server_version: some(&embedder.server_version),
        max_tokens: (embedder.max_tokens > 0).then_some(embedder.max_tokens),
        divided: embedder.divided,
        cut: embedder.cut,
        retried: embedder.retried,
        refused_texts: embedder.refused_texts,
    }
}

fn answers(reply: &StatusReply) -> Answers<'_> {
    let Some(answers) = &reply.answers else { return Answers::default() };
    Answers {
        model: some(&answers.model),
        asked: answers.asked,
        refused: answers.refused,
        partial: answers.partial,
        passages: answers.passages,
        cache_hits: answers.cache_hits,
        cache_misses: answers.cache_misses,
    }
}

fn store(reply: &StatusReply) -> Store<'_> {
    let store = reply.store.as_ref();
    Store {
        backend: store.map_or("", |store| &store.backend),
        points: store.map_or(0, |store| store.points),
        healthy: store.is_some_and(|store| store.healthy),
        detail: store.and_then(|store| some(&store.detail)),
        url: store.and_then(|store| some(&store.url)),
        version: store.and_then(|store| some(&store.version)),
    }
}

fn catalog(reply: &StatusReply) -> Catalog<'_> {
    let catalog = reply.catalog.as_ref();
    Catalog {
        backend: catalog.map_or("", |catalog| &catalog.backend),
        healthy: catalog.is_some_and(|catalog| catalog.healthy),
        detail: catalog.and_then(|catalog| some(&catalog.detail)),
        seq: catalog.map_or(0, |catalog| catalog.seq),
        keyword_seq: catalog.map_or(0, |catalog| catalog.keyword_seq),
    }
}

fn daemon(reply: &StatusReply) -> Daemon<'_> {
    let daemon = reply.daemon.as_ref();
    Daemon {
        version: daemon.map_or("", |daemon| &daemon.version),
        pid: daemon.map_or(0, |daemon| daemon.pid),
        uptime_s: daemon.map_or(0.0, |daemon| tenths(daemon.uptime_s)),
        rss_bytes: daemon.map_or(0, |daemon| daemon.rss_bytes),
        data_directory: daemon.map_or("", |daemon| &daemon.data_directory),
    }
}

/// On the wire an empty text means that there is none.
fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::super::render::tests::reply;
    use super::*;
    use crate::cli::output::to_json;

    #[test]
    fn the_shape_is_the_contract() {
        let json = to_json(&report(&reply())).unwrap();
        insta::assert_snapshot!(json, @r#"{"documents":{"indexed":1200,"pending":300,"failed":1,"skipped":1},"chunks":{"total":9000,"embedded":2000,"unreadable":4000},"sources":[{"name":"handbook","kind":"folder","space":"default","path":"/srv/handbook","state":"indexing","documents":1200,"failed":1,"last_scan":"1970-01-01T00:00:00Z","watching":"events (12 directories)","skipped":1,"held":0,"state_reason":null}],"jobs":[{"source":"handbook","phase":"index","done":1200,"total":1500,"rate_per_s":812.4,"eta_s":0.4}],"failures":[{"path":"a.png","reason":"is a picture","source":"handbook","state":"skipped"},{"path":"규정/b\u001b.html","reason":"is damaged","source":"handbook","state":"failed"}],"embedder":{"provider":"builtin","model":"all-MiniLM-L6-v2","dimensions":384,"healthy":true,"detail":null,"embedded_texts":0,"url":null,"server_version":null,"max_tokens":null,"divided":0,"cut":0,"retried":0,"refused_texts":0},"store":{"backend":"embedded","points":2000,"healthy":true,"detail":"more are being loaded","url":null,"version":null},"catalog":{"backend":"sqlite","healthy":false,"detail":"cannot commit the keyword index: the disk is full","seq":12,"keyword_seq":11},"daemon":{"version":"0.1.0","pid":42,"uptime_s":7200.0,"rss_bytes":120000000,"data_directory":"/data"},"idle":false,"settled":false,"notices":["4000 passages are in languages that it does not read"],"answers":{"model":null,"asked":0,"refused":0,"partial":0,"passages":0,"cache_hits":0,"cache_misses":0}}"#);
    }

    #[test]
    fn a_daemon_that_says_little_yields_every_key() {
        let json = serde_json::to_value(report(&StatusReply::default())).unwrap();
        for (section, key) in [
            ("documents", "indexed"),
            ("chunks", "embedded"),
            ("embedder", "healthy"),
            ("store", "points"),
            ("catalog", "backend"),
            ("daemon", "pid"),
        ] {
            assert!(json[section].get(key).is_some(), "{section}.{key}");
        }
    }
}
