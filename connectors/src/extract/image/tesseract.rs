//! Text recognition by the program `tesseract`, a child of the worker and under its limits.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::extract::Reason;
use crate::extract::outline::one_line;

/// A worker has no `PATH`.
const DIRECTORIES: [&str; 5] =
    ["/usr/local/bin", "/usr/bin", "/opt/homebrew/bin", "/opt/local/bin", "/bin"];

/// A page takes one to five seconds; one that takes this long is no text.
const PAGE_TIMEOUT: Duration = Duration::from_secs(60);

/// One document takes at most this long, well below the time that its worker has; the pages beyond
/// stay images.
const DOCUMENT_TIMEOUT: Duration = Duration::from_secs(480);

/// How long it may take to go once it has said all.
const END_STEPS: u32 = 50;
const END_STEP: Duration = Duration::from_millis(10);

const MAX_TEXT_BYTES: u64 = 4 * 1024 * 1024;
const MAX_MESSAGE_BYTES: u64 = 64 * 1024;

/// The program with the languages that it looks for.
#[derive(Debug)]
pub(in crate::extract) struct Tesseract {
    program: PathBuf,
    /// Starts another program that dies with its parent.
    guard: Option<PathBuf>,
    languages: String,
    /// When the document has had its time.
    end: Instant,
}

impl Tesseract {
    /// Looks the program up; `languages` are its own names, joined by `+`.
    pub(in crate::extract) fn find(languages: &str) -> Result<Self, Reason> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '/');
        if languages.is_empty() || !languages.chars().all(is_name) {
            return Err(failed("the languages of index.ocr are no names that tesseract knows"));
        }
        let program = look_up("tesseract").ok_or_else(|| {
            failed("OCR needs tesseract, which is not installed (Debian: tesseract-ocr)")
        })?;
        let guard = look_up("setpriv").filter(|_| cfg!(target_os = "linux"));
        let end = Instant::now() + DOCUMENT_TIMEOUT;
        Ok(Self { program, guard, languages: languages.to_owned(), end })
    }

    /// How long the next picture may take; fails where the document has had its time.
    pub(in crate::extract) fn time(&self) -> Result<Duration, Reason> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let limit = DOCUMENT_TIMEOUT.as_secs();
            return Err(failed(&format!("OCR took longer than {limit} s for the document")));
        }
        Ok(left.min(PAGE_TIMEOUT))
    }

    /// The text in a picture; its resolution, where it is known, is in dots per inch.
    pub(in crate::extract) fn recognise(
        &self,
        picture: &[u8],
        resolution: Option<u32>,
    ) -> Result<String, Reason> {
        let time = self.time()?;
        let mut child = self.start(resolution)?;
        let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = streams else {
            return Err(failed("tesseract could not be started"));
        };
        let (done, finished) = channel();
        thread::scope(|scope| {
            // A program that does not take its input ends with an error of its own.
            scope.spawn(move || stdin.write_all(picture));
            let messages = scope.spawn(move || read(stderr, MAX_MESSAGE_BYTES));
            let text = scope.spawn(move || {
                let text = read(stdout, MAX_TEXT_BYTES);
                // The receiver is gone when the time is over; the text is of no use then.
                let _ = done.send(());
                text
            });
            let is_late = finished.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
            let status = end(&mut child);
            let text = text.join().unwrap_or_default();
            let messages = messages.join().unwrap_or_default();
            if is_late {
                self.time()?;
                let limit = PAGE_TIMEOUT.as_secs();
                return Err(failed(&format!("OCR took longer than {limit} s for a page")));
            }
            self.require_languages(&messages)?;
            match status {
                Some(true) => Ok(text),
                _ => Err(failed("tesseract could not read the image")),
            }
        })
    }

    fn start(&self, resolution: Option<u32>) -> Result<Child, Reason> {
        let mut command = match &self.guard {
            Some(guard) => {
                let mut command = Command::new(guard);
                command.args(["--pdeathsig", "KILL", "--"]).arg(&self.program);
                command
            }
            None => Command::new(&self.program),
        };
        command.args(["stdin", "stdout", "-l", &self.languages]);
        if let Some(resolution) = resolution {
            command.args(["--dpi", &resolution.to_string()]);
        }
        command
            .env_clear()
            // Its threads fight each other; the pool's workers are the threads.
            .env("OMP_THREAD_LIMIT", "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().map_err(|error| failed(&format!("tesseract could not be started: {error}")))
    }

    /// It goes on without a language that it lacks, and finds nonsense.
    fn require_languages(&self, messages: &str) -> Result<(), Reason> {
        let missing = self.languages.split('+').find(|language| {
            messages.contains(&format!("loading language '{language}'"))
                || messages.contains(&format!("/{language}.traineddata"))
        });
        match missing {
            Some(language) => Err(failed(&format!(
                "tesseract has no data for `{language}` (Debian: tesseract-ocr-{})",
                language.replace('_', "-")
            ))),
            None => Ok(()),
        }
    }
}

/// Gives a child that has closed its output a moment to go, then kills it; whether it succeeded.
fn end(child: &mut Child) -> Option<bool> {
    for _ in 0..END_STEPS {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status.success());
        }
        thread::sleep(END_STEP);
    }
    // It may have ended by itself in between.
    let _ = child.kill();
    child.wait().ok().map(|status| status.success())
}

fn read(stream: impl Read, limit: u64) -> String {
    let mut bytes = Vec::new();
    // What came before an error is worth having.
    let _ = stream.take(limit).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The text with each paragraph in one line.
pub(in crate::extract) fn paragraphs(text: &str) -> String {
    let mut paragraphs = vec![String::new()];
    for line in text.lines().map(one_line) {
        let last = paragraphs.last_mut().expect("there is always one");
        match (last.is_empty(), line.is_empty()) {
            (_, false) => {
                if !last.is_empty() {
                    last.push('\n');
                }
                last.push_str(&line);
            }
            (false, true) => paragraphs.push(String::new()),
            (true, true) => {}
        }
    }
    paragraphs.retain(|paragraph| paragraph.chars().any(char::is_alphanumeric));
    paragraphs.join("\n\n")
}

fn look_up(name: &str) -> Option<PathBuf> {
    DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).find(|path| path.is_file())
}

fn failed(reason: &str) -> Reason {
    Reason::Failed(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_cannot_be_options() {
        for languages in ["", "eng -c x", "--help", "e\0ng"] {
            assert!(Tesseract::find(languages).is_err(), "{languages:?}");
        }
    }

    #[test]
    fn lines_keep_their_paragraphs() {
        assert_eq!(paragraphs("one\n two \n\n\n\n|\n\nthree\n"), "one\ntwo\n\nthree");
    }

    fn of_languages(languages: &str) -> Tesseract {
        let end = Instant::now() + DOCUMENT_TIMEOUT;
        Tesseract { program: PathBuf::new(), guard: None, languages: languages.to_owned(), end }
    }

    #[test]
    fn a_document_that_had_its_time_gets_no_more() {
        let tesseract = of_languages("eng");
        assert_eq!(tesseract.time(), Ok(PAGE_TIMEOUT));
        let late = Tesseract { end: Instant::now(), ..tesseract };
        let reason = late.recognise(b"a picture", None).unwrap_err().to_string();
        assert_eq!(reason, "OCR took longer than 480 s for the document");
    }

    #[test]
    fn a_missing_language_is_named_with_its_package() {
        let tesseract = of_languages("eng+chi_sim");
        let message = "Error opening data file /usr/share/x/chi_sim.traineddata\n";
        let reason = tesseract.require_languages(message).unwrap_err().to_string();
        assert_eq!(reason, "tesseract has no data for `chi_sim` (Debian: tesseract-ocr-chi-sim)");
        assert!(tesseract.require_languages("Estimating resolution as 300").is_ok());
    }
}
