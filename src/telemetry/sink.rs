//! Where lines go: through a thread of its own, so that nobody waits for a disk or a reader, and
//! never more into one file than it may hold.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// The background daemon's log is put aside when it is larger, in bytes.
pub const MAX_LOG_BYTES: u64 = 10 * 1024 * 1024;

/// Lines that wait to be written; what comes beyond is left out and counted.
const AHEAD: usize = 4_096;

/// So much is written at once, in bytes.
const BATCH: usize = 64 * 1024;

/// How long the end of the program waits for a reader that does not read.
const GOODBYE: Duration = Duration::from_secs(1);

/// Takes lines.
#[derive(Debug, Clone)]
pub enum Sink {
    /// Written to standard error at once.
    Direct,
    /// Written soon, by a thread.
    Queued(Queue),
}

/// The way to the thread that writes; clones share it.
#[derive(Debug, Clone)]
pub struct Queue {
    sender: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message {
    Line(String),
    /// Tells when all before it is written.
    Flush(SyncSender<()>),
}

/// What the thread writes to.
#[derive(Debug)]
pub enum Output {
    /// Standard error, whatever it is.
    StandardError,
    /// A file of our own, which is put aside when it is full.
    Own(OwnFile),
}

/// The log of a daemon in the background.
#[derive(Debug)]
pub struct OwnFile {
    path: PathBuf,
    file: File,
    most: u64,
}

impl Sink {
    /// A sink with a thread that writes to `output`; `tell` makes a line of how many were lost.
    pub fn queued(output: Output, tell: fn(u64) -> String) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(AHEAD);
        let queue = Queue { sender, lost: Arc::default() };
        let lost = Arc::clone(&queue.lost);
        let write = move || run(&receiver, output, (&lost, tell));
        std::thread::Builder::new().name("log".to_owned()).spawn(write)?;
        Ok(Self::Queued(queue))
    }

    /// Takes a line with its break; never waits for the thread.
    pub fn write(&self, line: String) {
        match self {
            // Nowhere is left to report to when standard error itself is gone.
            Self::Direct => drop(io::stderr().lock().write_all(line.as_bytes())),
            Self::Queued(queue) => {
                if queue.sender.try_send(Message::Line(line)).is_err() {
                    queue.lost.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    /// Waits until what was taken is written, but not for ever.
    pub fn flush(&self) {
        self.flush_within(GOODBYE);
    }

    /// Waits for so long until what was taken is written.
    pub(super) fn flush_within(&self, patience: Duration) {
        let Self::Queued(queue) = self else { return };
        let (done, is_done) = sync_channel(1);
        if queue.sender.try_send(Message::Flush(done)).is_ok() {
            // A reader that does not read gets no more.
            let _late = is_done.recv_timeout(patience);
        }
    }
}

fn run(
    receiver: &Receiver<Message>,
    mut output: Output,
    (lost, tell): (&AtomicU64, fn(u64) -> String),
) {
    let mut text = String::new();
    while let Ok(message) = receiver.recv() {
        let mut next = Some(message);
        let mut waiting = Vec::new();
        while let Some(message) = next {
            match message {
                Message::Line(line) => text.push_str(&line),
                Message::Flush(done) => waiting.push(done),
            }
            next = (text.len() < BATCH).then(|| receiver.try_recv().ok()).flatten();
        }
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            text.push_str(&tell(lost));
        }
        output.write(&text);
        text.clear();
        for done in waiting {
            // Who does not wait any more needs no word.
            let _gone = done.try_send(());
        }
    }
}

impl Output {
    /// Standard error, or `path` when that is where it goes.
    pub fn of_standard_error(path: Option<&Path>) -> Self {
        match path.and_then(|path| OwnFile::behind_standard_error(path, MAX_LOG_BYTES)) {
            Some(own) => Self::Own(own),
            None => Self::StandardError,
        }
    }

    /// A file of our own that is open already.
    #[cfg(test)]
    pub fn at(path: &Path, file: File) -> Self {
        Self::Own(OwnFile { path: path.to_owned(), file, most: MAX_LOG_BYTES })
    }

    fn write(&mut self, text: &str) {
        // There is nowhere to say that a log cannot be written.
        match self {
            Self::StandardError => drop(io::stderr().lock().write_all(text.as_bytes())),
            Self::Own(own) => own.write(text),
        }
    }
}

impl OwnFile {
    /// The file at `path`, if standard error is the same one.
    fn behind_standard_error(path: &Path, most: u64) -> Option<Self> {
        let file = File::from(io::stderr().as_fd().try_clone_to_owned().ok()?);
        let ours = file.metadata().ok()?;
        let named = path.metadata().ok()?;
        let is_same = ours.is_file() && (ours.dev(), ours.ino()) == (named.dev(), named.ino());
        is_same.then(|| Self { path: path.to_owned(), file, most })
    }

    fn write(&mut self, text: &str) {
        self.look();
        // A full disk loses lines, and nothing else.
        drop(self.file.write_all(text.as_bytes()));
    }

    /// Puts the file aside when it is full, and follows when somebody else moved it.
    fn look(&mut self) {
        let identity = |file: &std::fs::Metadata| (file.dev(), file.ino());
        let Ok(ours) = self.file.metadata() else { return };
        let is_ours = self.path.metadata().is_ok_and(|named| identity(&named) == identity(&ours));
        if is_ours && ours.len() < self.most {
            return;
        }
        if is_ours && put_aside(&self.path).is_err() {
            // It is better too long than lost.
            return;
        }
        if let Ok(file) = open(&self.path) {
            self.file = file;
        }
    }
}

/// Renames a log to the one that is kept beside it; the one before it is gone.
pub fn put_aside(path: &Path) -> io::Result<()> {
    std::fs::rename(path, path.with_extension("log.old"))
}

/// Opens a log for appending, for its owner alone.
pub fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(path: &Path, most: u64) -> Output {
        Output::Own(OwnFile { path: path.to_owned(), file: open(path).unwrap(), most })
    }

    fn length(path: &Path) -> u64 {
        path.metadata().map_or(0, |file| file.len())
    }

    #[test]
    fn a_log_that_is_written_for_ever_stays_bounded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ragterm.log");
        let mut output = own(&path, 1_000);
        for number in 0..1_000 {
            output.write(&format!("line {number:04}\n"));
            assert!(length(&path) <= 1_010);
        }
        let aside = path.with_extension("log.old");
        assert!((1_000..=1_010).contains(&length(&aside)));
        let both =
            std::fs::read_to_string(&aside).unwrap() + &std::fs::read_to_string(&path).unwrap();
        assert!(both.ends_with("line 0998\nline 0999\n"), "{both}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_log_that_somebody_moved_or_deleted_goes_on_at_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ragterm.log");
        let mut output = own(&path, 1_000);
        output.write("one\n");
        std::fs::rename(&path, directory.path().join("moved")).unwrap();
        output.write("two\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
        std::fs::remove_dir_all(directory.path()).unwrap();
        // Nothing makes the directory again.
        output.write("three\n");
        assert!(!path.exists());
    }

    #[test]
    fn what_a_slow_reader_misses_is_counted_and_nobody_waits_for_it() {
        let (sender, receiver) = sync_channel(AHEAD);
        let queue = Queue { sender, lost: Arc::default() };
        let lost = Arc::clone(&queue.lost);
        let sink = Sink::Queued(queue);
        for _ in 0..AHEAD + 7 {
            sink.write("a line\n".to_owned());
        }
        assert_eq!(lost.load(Ordering::Relaxed), 7);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ragterm.log");
        let output = own(&path, 1 << 20);
        drop(sink);
        run(&receiver, output, (&lost, |lost| format!("{lost} are lost\n")));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches("a line\n").count(), AHEAD);
        assert_eq!(text.matches("7 are lost\n").count(), 1);
    }

    #[test]
    fn a_flush_waits_for_what_was_taken_before() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ragterm.log");
        let sink = Sink::queued(own(&path, 1 << 20), |_| String::new()).unwrap();
        (0..100).for_each(|number| sink.write(format!("{number}\n")));
        sink.flush_within(Duration::from_secs(60));
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("\n99\n"));
    }
}
