//! Backups by the clock: when one is due, how it is written and checked, and what a failure leads to.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::disk::{Disk, begin, put, rotate, taken, unreadable};
use crate::backup::{self, Form, Progress, Shelf, due_in};
use crate::config::Backup;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// How often the clock is looked at; it may jump.
const LOOK: Duration = Duration::from_secs(20);

/// How long after a failure the next attempt is made…
const RETRY: Duration = Duration::from_secs(60);

/// …which doubles up to this.
const LONGEST_RETRY: Duration = Duration::from_secs(60 * 60);

/// How long a disk may take for what is no more than a few names…
const NAMES: Duration = Duration::from_secs(60);

/// …between two pieces of a backup that is written…
const PIECE: Duration = Duration::from_secs(10 * 60);

/// …and to give all of it back, to be checked.
const CHECK: Duration = Duration::from_secs(6 * 60 * 60);

/// How long a backup by the clock waits for one that somebody asked for.
const TURN: Duration = Duration::from_secs(10 * 60);

/// Takes backups by the clock, until `stop`.
pub async fn run(engine: &Engine, stop: CancellationToken) {
    let settings = &engine.config.backup;
    let Some(directory) = &settings.directory else { return };
    let shelf = Shelf::new(directory, engine.catalog.identity());
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
    let disk = Disk { alone: &engine.backups.disk, shelf };
    let taken = disk.work(NAMES, taken).await?;
    if taken.is_empty() {
        // What is read until then would be all there is until the next one is due.
        engine.first_look(stop).await?;
    }
    let now = Timestamp::now();
    let stale = |shelf: &Shelf| shelf.stale().map_err(|why| unreadable(shelf.directory(), why));
    engine.backups.set_stale(disk.work(NAMES, stale).await?);
    if !due_in(now, &taken, settings.every).is_zero() || engine.catalog.is_empty().await? {
        return Ok(());
    }
    let turn = engine.backups.wait(TURN, stop).await?;
    let bytes = engine.catalog.size_bytes().await?;
    let file = disk.work(NAMES, move |shelf| begin(shelf, (now, &taken), bytes)).await?;
    let moved = match write(engine, (&disk, turn), (now, file), stop).await {
        Ok(()) => disk.work(NAMES, move |shelf| put(shelf, now)).await,
        Err(error) => Err(error),
    };
    if let Err(error) = moved {
        // What matters is why it failed.
        let removing = disk.work(NAMES, move |shelf| Ok(std::fs::remove_file(shelf.part(now))?));
        let _removed = removing.await;
        return Err(error);
    }
    let keep = settings.keep;
    let deleted = disk.work(NAMES, move |shelf| rotate(shelf, now, keep)).await?;
    info!(file = %shelf.file(now).display(), deleted, "backup by the clock");
    Ok(())
}

/// Writes a backup, and reads all of it again.
async fn write(
    engine: &Engine,
    (disk, turn): (&Disk<'_>, SemaphorePermit<'_>),
    (now, file): (Timestamp, File),
    stop: &CancellationToken,
) -> Result<()> {
    let out = Stoppable { file: file.try_clone()?, stop: stop.clone() };
    let progress = watch::Sender::new(Progress::default());
    let watched = progress.subscribe();
    let taking = engine.take_backup((Form::Native, turn), out, progress, stop);
    tokio::select! {
        taken = taking => { taken?; }
        () = stalled(watched) => return Err(disk.silent()),
    }
    let checking = disk.work(CHECK, move |shelf| {
        file.sync_all()?;
        backup::check(File::open(shelf.part(now))?, None)
    });
    checking.await?;
    Ok(())
}

/// Ends when a backup that is packed has not gone on for long.
async fn stalled(mut progress: watch::Receiver<Progress>) {
    loop {
        match tokio::time::timeout(PIECE, progress.changed()).await {
            Ok(Ok(())) => {}
            Err(_) if progress.borrow().phase != "pack" => {}
            Err(_) => return,
            // It is complete.
            Ok(Err(_)) => std::future::pending().await,
        }
    }
}

/// Writes no more once the daemon ends.
struct Stoppable {
    file: File,
    stop: CancellationToken,
}

impl Write for Stoppable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stop.is_cancelled() {
            true => Err(io::Error::other("the daemon ends")),
            false => self.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
