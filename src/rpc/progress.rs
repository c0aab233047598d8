//! Streams of progress: from a source's reports to messages, until its documents are findable.

use std::pin::Pin;
use std::time::{Duration, Instant};

use ragterm_proto::v1::{Failure, Progress, Summary};
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::catalog::DocumentState;
use crate::engine::Engine;
use crate::watch::{Report, Watched};

/// The time between two messages.
const PERIOD: Duration = Duration::from_millis(100);

/// Failures named in a summary.
const FAILURES: usize = 10;

type ProgressStream = Pin<Box<dyn Stream<Item = Result<Progress, Status>> + Send>>;

/// One message that says that the source is registered.
pub fn registered(watched: &Watched) -> ProgressStream {
    let progress = Progress {
        source: watched.source.registered.name.clone(),
        phase: "scan".into(),
        ..Progress::default()
    };
    Box::pin(tokio_stream::once(Ok(progress)))
}

/// Messages until the run that was going on or asked for is done and searches see it.
pub fn until_done(
    engine: Engine,
    watched: Vec<Watched>,
    stop: CancellationToken,
) -> ProgressStream {
    let (sender, receiver) = mpsc::channel(8);
    tokio::spawn(async move {
        for source in watched {
            tokio::select! {
                () = stop.cancelled() => return,
                () = sender.closed() => return,
                () = follow(&engine, source, &sender) => {}
            }
        }
    });
    Box::pin(ReceiverStream::new(receiver))
}

type Sender = mpsc::Sender<Result<Progress, Status>>;

async fn follow(engine: &Engine, mut watched: Watched, sender: &Sender) {
    let name = watched.source.registered.name.clone();
    let mut told = None;
    loop {
        let report = watched.report.borrow_and_update().clone();
        if report.runs >= watched.until {
            break finish(engine, &watched, &report, sender).await;
        }
        if told.is_none_or(|told: Instant| told.elapsed() >= PERIOD) {
            // A listener that went away ends the stream, not the indexing.
            let _gone = sender.send(Ok(message(&name, &report))).await;
            told = Some(Instant::now());
        }
        let changed = tokio::time::timeout(PERIOD, watched.report.changed()).await;
        if matches!(changed, Ok(Err(_))) {
            let error = Status::not_found(format!("the source `{name}` was removed"));
            let _gone = sender.send(Err(error)).await;
            return;
        }
    }
}

async fn finish(engine: &Engine, watched: &Watched, report: &Report, sender: &Sender) {
    let name = &watched.source.registered.name;
    let result = async {
        engine.keyword.reach(report.published).await?;
        let counts = engine.retriever.counts().await?;
        let pending = counts.get(&watched.source.id).map_or(0, |counts| {
            if engine.meaning.is_on() {
                counts.readable - counts.embedded.min(counts.readable)
            } else {
                0
            }
        });
        let problems = engine.catalog.problems(&[watched.source.id], 0..FAILURES as u32).await?;
        let failures = problems
            .into_iter()
            .filter(|problem| problem.state == DocumentState::Failed)
            .map(|problem| Failure {
                path: problem.path,
                reason: problem.reason,
                source: name.clone(),
                state: "failed".into(),
            });
        Ok(summary(report, pending, failures.collect()))
    };
    let message = match result.await {
        Ok(summary) => Ok(Progress { summary: Some(summary), ..message(name, report) }),
        Err(error) => Err(super::status(&error)),
    };
    let _gone = sender.send(message).await;
}

fn message(name: &str, report: &Report) -> Progress {
    let job = report.job.as_ref();
    Progress {
        source: name.into(),
        phase: match job {
            None if report.runs == 0 => "scan".into(),
            None => "done".into(),
            Some(job) => job.phase.into(),
        },
        done: job.map_or(0, |job| job.done),
        total: job.map_or(0, |job| job.total),
        rate_per_s: job.map_or(0.0, |job| job.rate_per_s()),
        eta_s: job.and_then(|job| job.eta_s()),
        current: String::new(),
        summary: None,
    }
}

fn summary(report: &Report, pending_embeddings: u64, failures: Vec<Failure>) -> Summary {
    let run = &report.last;
    Summary {
        indexed: run.tally.indexed,
        unchanged: run.unchanged,
        moved: run.tally.moved,
        removed: run.tally.removed,
        skipped: run.tally.skipped,
        failed: run.tally.failed,
        held: report.held,
        bytes: run.tally.bytes,
        took_s: run.took.as_secs_f64(),
        failures,
        pending_embeddings,
        state: report.state.name().into(),
        state_reason: report.reason.clone(),
    }
}
