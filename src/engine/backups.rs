//! Backups on demand and by the clock, one at a time.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::Engine;
use crate::backup::{self, Form, Header, Order, Progress, Shelf, due_in};
use crate::config::{self, Backup, Surroundings};
use crate::disk::check_room;
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

/// Who takes a backup, and how the last one by the clock ended.
#[derive(Debug)]
pub struct Backups {
    turn: Semaphore,
    /// One thread at most waits for the directory of backups by the clock.
    disk: Arc<Semaphore>,
    fault: Mutex<Option<String>>,
    /// Backups that are never rotated away, in words.
    stale: Mutex<Option<String>>,
}

impl Default for Backups {
    fn default() -> Self {
        let disk = Arc::new(Semaphore::new(1));
        Self { turn: Semaphore::new(1), disk, fault: Mutex::default(), stale: Mutex::default() }
    }
}

impl Backups {
    /// What an operator may want to delete.
    pub fn stale(&self) -> Option<String> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells of it once in the log, and from then on in the status, until it is gone.
    fn set_stale(&self, stale: Option<String>) {
        let mut known = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(told), None) = (&stale, &*known) {
            warn!("{told}");
        }
        *known = stale;
    }

    /// Why the last backup by the clock failed.
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

    /// Waits for so long until it is one's turn.
    async fn wait(&self, limit: Duration, stop: &CancellationToken) -> Result<SemaphorePermit<'_>> {
        let waiting = tokio::time::timeout(limit, self.turn.acquire());
        match stop.run_until_cancelled(waiting).await {
            Some(Ok(Ok(turn))) => Ok(turn),
            Some(Err(_)) => Err(Error::unavailable("another backup is still being taken")
                .hint("end the `ragterm backup` that does not end")),
            Some(Ok(Err(_))) | None => Err(Error::unavailable("the daemon ends")),
        }
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

/// The directory of backups, on a disk that may not answer.
struct Disk<'d> {
    alone: &'d Arc<Semaphore>,
    shelf: &'d Shelf,
}

impl Disk<'_> {
    /// Works with the directory on a thread of its own, for so long.
    async fn work<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce(&Shelf) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        // Whoever waited in vain before us still waits.
        let alone = Arc::clone(self.alone).try_acquire_owned().map_err(|_| self.silent())?;
        let shelf = self.shelf.clone();
        let working = tokio::task::spawn_blocking(move || {
            let _alone = alone;
            work(&shelf)
        });
        let worked = tokio::time::timeout(limit, working).await.map_err(|_| self.silent())?;
        worked.map_err(|error| Error::internal("a backup by the clock failed").because(error))?
    }

    fn silent(&self) -> Error {
        Error::unavailable(format!("{} does not answer", self.shelf.directory().display()))
            .hint("check the disk or the share that it is on")
    }
}

/// When the backups that are there were taken.
fn taken(shelf: &Shelf) -> Result<Vec<Timestamp>> {
    shelf.taken().map_err(|error| match error.kind() {
        // Where a disk is not mounted, what is under it would be filled.
        io::ErrorKind::NotFound => Error::usage("the directory does not exist, and is never made")
            .hint("make the directory of `backup.directory`, or mount its disk"),
        _ => unreadable(shelf.directory(), error),
    })
}

/// Opens the file of a backup, where there is room for as many bytes as the last one has, or as the
/// catalog.
fn begin(shelf: &Shelf, (now, taken): (Timestamp, &[Timestamp]), catalog: u64) -> Result<File> {
    shelf.sweep();
    let last = taken.iter().max().and_then(|time| std::fs::metadata(shelf.file(*time)).ok());
    let bytes = last.map_or(catalog, |last| last.len());
    check_room(shelf.directory(), bytes, "another backup")?;
    let mut options = File::options();
    Ok(options.write(true).create_new(true).mode(0o600).open(shelf.part(now))?)
}

/// Gives a backup its name for good.
fn put(shelf: &Shelf, now: Timestamp) -> Result<()> {
    std::fs::rename(shelf.part(now), shelf.file(now))?;
    match File::open(shelf.directory()).and_then(|directory| directory.sync_all()) {
        // A file system that promises nothing of its names.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => Ok(synced?),
    }
}

fn rotate(shelf: &Shelf, now: Timestamp, keep: u32) -> Result<usize> {
    let (taken, file) = (taken(shelf)?, shelf.file(now));
    // Names have whole seconds.
    let newest = taken.into_iter().filter(|time| shelf.file(*time) == file).max().unwrap_or(now);
    shelf
        .rotate(newest, keep)
        .map_err(|error| Error::unavailable("an old backup cannot be deleted").because(error))
}

fn unreadable(directory: &Path, error: io::Error) -> Error {
    let error = Error::from(error);
    Error::new(error.kind(), format!("{} cannot be read", directory.display())).because(error)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_directory_that_does_not_answer_holds_one_thread_and_is_told() {
        let (alone, shelf) = (Arc::new(Semaphore::new(1)), Shelf::new(Path::new("/nowhere"), "1"));
        let disk = Disk { alone: &alone, shelf: &shelf };
        let (release, held) = std::sync::mpsc::channel::<()>();
        let hanging = disk.work(Duration::from_millis(10), move |_| Ok(held.recv().is_ok()));
        let text = hanging.await.unwrap_err().to_string();
        assert_eq!(text, "/nowhere does not answer");
        let text = disk.work(NAMES, taken).await.unwrap_err().to_string();
        assert_eq!(text, "/nowhere does not answer");
        release.send(()).unwrap();
        let _free = alone.acquire().await.unwrap();
    }

    #[tokio::test]
    async fn a_turn_that_does_not_come_is_told() {
        let (backups, stop) = (Backups::default(), CancellationToken::new());
        let turn = backups.begin().unwrap();
        let error = backups.wait(Duration::from_millis(10), &stop).await.unwrap_err();
        assert_eq!(error.to_string(), "another backup is still being taken");
        drop(turn);
        drop(backups.wait(NAMES, &stop).await.unwrap());
    }

    #[test]
    fn no_directory_is_made_and_no_backup_begun_where_there_is_no_room() {
        let directory = tempfile::tempdir().unwrap();
        let missing = Shelf::new(&directory.path().join("disk"), "1");
        let error = taken(&missing).unwrap_err();
        assert!(error.next_step().unwrap().contains("mount its disk"), "{error}");
        assert!(!missing.directory().exists());
        let shelf = Shelf::new(directory.path(), "1");
        let error = begin(&shelf, (Timestamp::now(), &[]), u64::MAX).unwrap_err();
        assert!(error.to_string().contains("too full for another backup"), "{error}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
