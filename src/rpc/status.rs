//! The state of everything, as the wire takes it.

use std::ops::Range;

use ragterm_proto::v1::{
    AnswerStatus, CatalogStatus, ChunkCounts, DaemonStatus, DocumentCounts, EmbedderStatus,
    Failure, Job, Source, StatusReply, StatusRequest, StoreStatus,
};

use crate::access::Grants;
use crate::catalog::DocumentState;
use crate::engine::{PROBLEMS, Status};

/// What mends a keyword index.
const REBUILD: &str = "it is tried again every few seconds; if that does not help, `ragterm verify \
                       --repair` builds the keyword index anew";

/// The numbers of the problems that are asked for.
pub fn problems(request: &StatusRequest) -> Range<u32> {
    let number = if request.failures == 0 { PROBLEMS.end } else { request.failures };
    request.failures_from..request.failures_from.saturating_add(number)
}

/// The sources with their numbers.
pub fn sources(status: &Status) -> Vec<Source> {
    let source = |(source, report): &(std::sync::Arc<crate::catalog::Source>, _)| {
        let report: &crate::watch::Report = report;
        let counts = status.counts.get(&source.id).copied().unwrap_or_default();
        let registered = &source.registered;
        Source {
            name: registered.name.clone(),
            kind: registered.kind.name().into(),
            space: registered.space.clone(),
            path: registered.path.clone(),
            state: report.state.name().into(),
            state_reason: report.reason.clone(),
            documents: counts.indexed,
            failed: counts.failed + report.failures.count,
            skipped: counts.skipped,
            last_scan_ms: (report.scanned_ms > 0).then_some(report.scanned_ms),
            watching: report.watching.clone(),
            held: report.held,
        }
    };
    status.sources.iter().map(source).collect()
}

/// The whole reply.
pub fn reply(status: Status, grants: &Grants) -> StatusReply {
    let sum = |number: fn(&crate::catalog::SourceCounts) -> u64| {
        status.counts.values().map(number).sum::<u64>()
    };
    let aside = status.sources.iter().map(|(_, report)| report.failures.count).sum::<u64>();
    let total = sum(|counts| counts.chunks);
    let unreadable = total.saturating_sub(sum(|counts| counts.readable));
    StatusReply {
        documents: Some(DocumentCounts {
            indexed: sum(|counts| counts.indexed),
            pending: status.pending(),
            failed: sum(|counts| counts.failed) + aside,
            skipped: sum(|counts| counts.skipped),
        }),
        chunks: Some(ChunkCounts { total, embedded: sum(|counts| counts.embedded), unreadable }),
        sources: sources(&status),
        jobs: jobs(&status),
        failures: failures(&status),
        embedder: Some(embedder(&status)),
        store: Some(store(&status)),
        catalog: Some(catalog(&status)),
        daemon: Some(DaemonStatus {
            version: env!("CARGO_PKG_VERSION").into(),
            pid: if grants.sees_everything() { std::process::id() } else { 0 },
            uptime_s: status.uptime.as_secs_f64(),
            rss_bytes: status.rss_bytes,
            data_directory: status.data_directory.clone(),
            configuration: status.configuration.clone(),
        }),
        idle: status.is_idle(),
        settled: status.is_settled(),
        answers: Some(answers(&status)),
        notices: status.notices,
    }
}

fn answers(status: &Status) -> AnswerStatus {
    let counts = status.answers;
    AnswerStatus {
        model: status.answering.clone(),
        asked: counts.asked,
        refused: counts.refused,
        partial: counts.partial,
        passages: counts.passages,
        cache_hits: counts.cache_hits,
        cache_misses: counts.cache_misses,
    }
}

fn jobs(status: &Status) -> Vec<Job> {
    let job = |(source, report): &(std::sync::Arc<crate::catalog::Source>, _)| {
        let report: &crate::watch::Report = report;
        report.job.map(|job| Job {
            source: source.registered.name.clone(),
            phase: job.phase.into(),
            done: job.done,
            total: job.total,
            rate_per_s: job.rate_per_s(),
            eta_s: job.eta_s(),
        })
    };
    status.sources.iter().filter_map(job).chain(reindexing(status)).collect()
}

/// The change to another embedding model, which concerns no single source.
fn reindexing(status: &Status) -> Option<Job> {
    let reindexing = status.meaning.as_ref()?.reindexing.as_ref()?;
    Some(Job {
        source: String::new(),
        phase: format!("reindex {}", reindexing.embedder),
        done: reindexing.done,
        total: reindexing.total,
        rate_per_s: reindexing.rate_per_s,
        eta_s: reindexing.eta_s(),
    })
}

fn failures(status: &Status) -> Vec<Failure> {
    let name = |id| {
        let source = status.sources.iter().find(|(source, _)| source.id == id);
        source.map(|(source, _)| source.registered.name.clone()).unwrap_or_default()
    };
    let failure = |problem: &crate::catalog::Problem| Failure {
        path: problem.path.clone(),
        reason: problem.reason.clone(),
        source: name(problem.source),
        state: match problem.state {
            DocumentState::Failed => "failed".into(),
            _ => "skipped".into(),
        },
    };
    let aside = status.sources.iter().flat_map(|(source, report)| {
        report.failures.latest.iter().map(|(path, reason)| Failure {
            path: path.clone(),
            reason: reason.clone(),
            source: source.registered.name.clone(),
            state: "failed".into(),
        })
    });
    let aside = aside.filter(|_| status.problems_from == 0);
    aside.chain(status.problems.iter().map(failure)).collect()
}

fn embedder(status: &Status) -> EmbedderStatus {
    match &status.meaning {
        None => {
            EmbedderStatus { provider: "none".into(), healthy: true, ..EmbedderStatus::default() }
        }
        Some(meaning) => EmbedderStatus {
            provider: meaning.provider.clone(),
            model: meaning.model.clone(),
            dimensions: meaning.dimensions as u32,
            healthy: meaning.state.embedder_fault.is_none(),
            detail: meaning.state.embedder_fault.clone().unwrap_or_default(),
            embedded_texts: meaning.embedded_texts,
            url: meaning.server.url.clone(),
            server_version: meaning.server.version.clone(),
            max_tokens: meaning.max_tokens as u32,
            divided: meaning.counts.divided,
            cut: meaning.counts.cut,
            retried: meaning.counts.retried,
            refused_texts: meaning.refused_texts,
        },
    }
}

fn catalog(status: &Status) -> CatalogStatus {
    let (detail, remedy) = match (&status.damage, &status.keyword_fault) {
        (Some((damage, remedy)), _) => (damage.clone(), *remedy),
        (None, Some(fault)) => (fault.clone(), REBUILD),
        (None, None) => (String::new(), ""),
    };
    CatalogStatus {
        backend: status.database.name().into(),
        healthy: detail.is_empty(),
        detail,
        seq: status.seq,
        keyword_seq: status.keyword_seq,
        remedy: remedy.into(),
    }
}

fn store(status: &Status) -> StoreStatus {
    let Some(meaning) = &status.meaning else {
        return StoreStatus { backend: "embedded".into(), healthy: true, ..StoreStatus::default() };
    };
    let loading = meaning.state.applied < status.seq;
    let fault = meaning.state.store_fault.clone();
    let server = meaning.store_server.clone();
    StoreStatus {
        backend: meaning.backend.into(),
        points: meaning.points,
        healthy: fault.is_none(),
        version: server.as_ref().and_then(|server| server.version.clone()).unwrap_or_default(),
        url: server.map(|server| server.url).unwrap_or_default(),
        remedy: meaning.state.store_remedy.clone().unwrap_or_default(),
        detail: match fault {
            Some(fault) => fault,
            None if loading => "more are being loaded".into(),
            None => String::new(),
        },
    }
}
