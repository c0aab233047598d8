//! Backups on demand and by the clock, one at a time.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::Engine;
use crate::backup::{self, Form, Header, Order, Progress, Shelf, due_in};
use crate::config::{self, Backup, Role, Surroundings};
use crate::error::{Error, Result};

/// How often the clock is looked at; it may jump.
const LOOK: Duration = Duration::from_secs(20);

/// How long after a failure the next attempt is made…
const RETRY: Duration = Duration::from_secs(60);

/// …which doubles up to this.
const LONGEST_RETRY: Duration = Duration::from_secs(60 * 60);

/// Who takes a backup, and how the last one by the clock ended.
#[derive(Debug)]
pub struct Backups {
    turn: Semaphore,
    fault: Mutex<Option<String>>,
}

impl Default for Backups {
    fn default() -> Self {
        Self { turn: Semaphore::new(1), fault: Mutex::default() }
    }
}

impl Backups {
    /// What an operator should know.
    pub fn notice(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_fault(&self, fault: Option<String>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn begin(&self) -> Result<SemaphorePermit<'_>> {
        self.turn.try_acquire().map_err(|_| {
            Error::usage("another backup is being taken").hint("wait until it is complete")
        })
    }
}

impl Engine {
    /// Takes a backup and writes it to `out`, until `stop`; `Usage` while another one is taken.
    pub async fn back_up(
        &self,
        form: Form,
        out: impl Write + Send + 'static,
        progress: watch::Sender<Progress>,
        stop: &CancellationToken,
    ) -> Result<Header> {
        let turn = self.backups.begin()?;
        self.take_backup((form, turn), out, progress, stop).await
    }

    async fn take_backup(
        &self,
        (form, _turn): (Form, SemaphorePermit<'_>),
        out: impl Write + Send + 'static,
        progress: watch::Sender<Progress>,
        stop: &CancellationToken,
    ) -> Result<Header> {
        let begin = Instant::now();
        let order = Order {
            catalog: &self.catalog,
            form,
            directory: &self.paths.data_dir,
            configuration: Surroundings::of_this_process()
                .and_then(|surroundings| config::load_file(&surroundings, &self.paths, &[])),
        };
        let taken = backup::take(order, out, progress, stop).await;
        match &taken {
            Ok(header) => {
                let (seq, took) = (header.contents.seq, begin.elapsed());
                info!(seq, catalog = %header.catalog, ?took, "backup taken");
            }
            Err(error) => warn!(%error, "no backup was taken"),
        }
        taken
    }
}

/// Takes backups by the clock, until `stop`.
pub async fn run(engine: &Engine, stop: CancellationToken) {
    let settings = &engine.config.backup;
    let Some(directory) = &settings.directory else { return };
    if engine.config.daemon.role == Role::Query {
        return;
    }
    let shelf = Shelf::new(directory);
    let (mut retry, mut not_before) = (RETRY, Instant::now());
    while !stop.is_cancelled() {
        if Instant::now() >= not_before {
            let attempt = attempt(engine, (&shelf, settings), &stop).await;
            if stop.is_cancelled() {
                return;
            }
            match attempt {
                Ok(()) => {
                    engine.backups.set_fault(None);
                    retry = RETRY;
                }
                Err(error) => {
                    error!(%error, directory = %directory.display(), "no backup by the clock");
                    engine.backups.set_fault(Some(missed(directory, &error, retry)));
                    not_before = Instant::now() + retry;
                    retry = (retry * 2).min(LONGEST_RETRY);
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

fn missed(directory: &Path, error: &Error, retry: Duration) -> String {
    let minutes = retry.as_secs() / 60;
    let when = if minutes == 1 { "a minute".to_owned() } else { format!("{minutes} minutes") };
    format!(
        "no backup could be written into {}: {}; the next attempt is made in {when}",
        directory.display(),
        error.with_next_step()
    )
}

/// Takes a backup if one is due, and deletes those that are too many.
async fn attempt(
    engine: &Engine,
    (shelf, settings): (&Shelf, &Backup),
    stop: &CancellationToken,
) -> Result<()> {
    let directory = settings.directory.as_deref().unwrap_or(Path::new("/"));
    let taken = match shelf.taken() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(directory)?;
            Vec::new()
        }
        taken => taken.map_err(|error| unreadable(directory, error))?,
    };
    let now = Timestamp::now();
    if !due_in(now, &taken, settings.every).is_zero() {
        return Ok(());
    }
    shelf.sweep();
    let (part, file) = (shelf.part(now), shelf.file(now));
    let written = write(engine, &part, stop).await;
    let moved = written.and_then(|()| Ok(std::fs::rename(&part, &file)?));
    if let Err(error) = moved {
        // What matters is why it failed.
        let _removed = std::fs::remove_file(&part);
        return Err(error);
    }
    let newest = shelf.taken().map_err(|error| unreadable(directory, error))?;
    // Names have whole seconds.
    let newest = newest.into_iter().filter(|time| shelf.file(*time) == file).max().unwrap_or(now);
    let deleted = shelf
        .rotate(newest, settings.keep)
        .map_err(|error| Error::unavailable("an old backup cannot be deleted").because(error))?;
    info!(file = %file.display(), deleted, "backup by the clock");
    Ok(())
}

/// Makes the last part of a path: where more is missing, a disk is.
fn make(directory: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(directory).map_err(|error| {
        Error::from(error).hint("make the directory of `backup.directory`, or mount its disk")
    })
}

fn unreadable(directory: &Path, error: io::Error) -> Error {
    let error = Error::from(error);
    Error::new(error.kind(), format!("{} cannot be read", directory.display())).because(error)
}

/// Writes a backup, and reads all of it again.
async fn write(engine: &Engine, part: &Path, stop: &CancellationToken) -> Result<()> {
    let file = File::options().write(true).create_new(true).mode(0o600).open(part)?;
    let out = file.try_clone()?;
    // One that somebody asked for goes first.
    let turn = stop.run_until_cancelled(engine.backups.turn.acquire()).await;
    let Some(Ok(turn)) = turn else { return Err(Error::unavailable("the daemon ends")) };
    let progress = watch::Sender::new(Progress::default());
    engine.take_backup((Form::Native, turn), out, progress, stop).await?;
    let part = part.to_owned();
    let checking = tokio::task::spawn_blocking(move || {
        file.sync_all()?;
        backup::check(File::open(part)?, None)
    });
    checking.await.map_err(|error| Error::internal("the check failed").because(error))??;
    Ok(())
}
