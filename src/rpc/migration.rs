//! The stream of a migration: its progress, then what it did.

use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

use ragterm_proto::v1::{self, MigrateStoreRequest, MigrationProgress};
use tokio::sync::{mpsc, watch};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::config::StoreBackend;
use crate::engine::{Engine, Migrated, Migration, Target};
use crate::error::{Error, Result};

/// The time between two messages.
const PERIOD: Duration = Duration::from_millis(250);

pub type MigrationStream =
    Pin<Box<dyn Stream<Item = std::result::Result<MigrationProgress, Status>> + Send>>;

/// Where the vectors are to go.
pub fn target(request: MigrateStoreRequest) -> Result<Target> {
    let name = &request.backend;
    let backend = StoreBackend::named(name).ok_or_else(|| {
        Error::usage(format!("`{name}` is no vector store; use embedded, qdrant or milvus"))
    })?;
    let file = PathBuf::from(request.api_key_file);
    let api_key_file = (!file.as_os_str().is_empty()).then_some(file);
    Ok(Target { backend, url: request.url, api_key_file })
}

/// Starts a migration; it is cancelled when nobody reads the stream any more.
pub fn start(engine: Engine, target: Target, stop: &CancellationToken) -> MigrationStream {
    let (sender, receiver) = mpsc::channel(8);
    let stop = stop.child_token();
    tokio::spawn(async move {
        let progress = watch::Sender::new(Migration::default());
        let begin = Instant::now();
        let migrating = engine.migrate_store(&target, &progress, &stop);
        let telling = tell(progress.subscribe(), &sender, begin);
        let outcome = tokio::select! {
            outcome = migrating => outcome,
            // The caller went away.
            () = telling => return stop.cancel(),
        };
        let last = match outcome {
            Ok(migrated) => Ok(done(migrated, begin)),
            Err(error) => Err(super::status(&error)),
        };
        let _gone = sender.send(last).await;
    });
    Box::pin(ReceiverStream::new(receiver))
}

type Sender = mpsc::Sender<std::result::Result<MigrationProgress, Status>>;

/// Tells the progress until the caller goes away.
async fn tell(progress: watch::Receiver<Migration>, sender: &Sender, begin: Instant) {
    let mut first = None;
    loop {
        let now = *progress.borrow();
        let since = *first.get_or_insert(now.done);
        if sender.send(Ok(message(now, since, begin))).await.is_err() {
            return;
        }
        tokio::select! {
            () = sender.closed() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// `since` were there when it began.
fn message(now: Migration, since: u64, begin: Instant) -> MigrationProgress {
    let rate_per_s = now.done.saturating_sub(since) as f64 / begin.elapsed().as_secs_f64().max(0.1);
    let left = now.total.saturating_sub(now.done);
    MigrationProgress {
        phase: now.phase.to_owned(),
        done: now.done,
        total: now.total,
        rate_per_s,
        eta_s: (rate_per_s > 0.0).then(|| left as f64 / rate_per_s),
        migrated: None,
    }
}

fn done(migrated: Migrated, begin: Instant) -> MigrationProgress {
    let Migrated { store, documents, vectors, sampled } = migrated;
    let summary = v1::Migrated {
        backend: store.backend.name().to_owned(),
        url: store.url,
        documents,
        vectors,
        sampled,
        took_s: begin.elapsed().as_secs_f64(),
    };
    MigrationProgress {
        phase: "done".to_owned(),
        done: vectors,
        total: vectors,
        migrated: Some(summary),
        ..MigrationProgress::default()
    }
}
