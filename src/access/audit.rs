//! The audit log: who asked what of which spaces, one line of JSON each, in files of bounded size.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Caller;
use crate::catalog::now_ms;
use crate::config::Audit;
use crate::error::ErrorKind;

/// A file of this size is put aside, in bytes…
const MAX_BYTES: u64 = 16 << 20;

/// …and so many are kept.
const FILES: u32 = 8;

/// Lines that wait to be written.
const AHEAD: usize = 1_024;

/// Lines written at once at the most.
const BATCH: usize = 256;

/// Calls whose text is somebody's question.
const QUESTIONS: [&str; 2] = ["search", "ask"];

/// A line names so many spaces at the most…
const MAX_SPACES: usize = 32;

/// …each with so many characters…
const MAX_NAME: usize = 64;

/// …and holds so many characters of a text.
const MAX_TEXT: usize = 8_000;

/// What was called, of what.
#[derive(Debug, Clone, Copy)]
pub struct Audited<'a> {
    /// The call: `search`, `ask`, `read`, `add_source` …
    pub call: &'static str,
    /// What was asked or named.
    pub text: &'a str,
    /// The spaces that it was asked of; empty means all that the caller sees.
    pub spaces: &'a [String],
    /// How it ended.
    pub outcome: Result<(), ErrorKind>,
}

/// One line, as it is written.
#[derive(Debug, Serialize)]
struct Line {
    at_ms: i64,
    call: &'static str,
    principal: String,
    person: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    spaces: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    outcome: &'static str,
}

/// Takes what is to be written down.
#[derive(Debug)]
pub struct Auditor {
    mode: Audit,
    /// Without it nobody can find a question by trying.
    key: [u8; 32],
    path: PathBuf,
    sender: mpsc::Sender<Line>,
    received: Mutex<mpsc::Receiver<Line>>,
    closing: CancellationToken,
    fault: std::sync::Mutex<Option<String>>,
}

impl Auditor {
    /// An auditor that writes below `directory`; `secret` makes its hashes its own.
    pub fn new(mode: Audit, directory: &Path, secret: &str) -> Self {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let key = blake3::derive_key("ragterm 2026 audit log of questions", secret.as_bytes());
        let path = directory.join("audit.jsonl");
        Self {
            mode,
            key,
            path,
            sender,
            received: Mutex::new(receiver),
            closing: CancellationToken::new(),
            fault: std::sync::Mutex::default(),
        }
    }

    /// Ends [`Self::run`] once all that waits is written.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Why calls are missing in the log, if some are.
    pub fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(|poison| poison.into_inner()).clone()
    }

    fn fails(&self, fault: Option<String>) {
        *self.fault.lock().unwrap_or_else(|poison| poison.into_inner()) = fault;
    }

    /// Writes down a call of anybody but the owner; waits while the disk is behind.
    pub async fn note(&self, caller: &Caller, audited: Audited<'_>) {
        if self.mode == Audit::Off || caller.is_owner() {
            return;
        }
        let line = self.line(caller, audited);
        if self.sender.send(line).await.is_err() {
            warn!("a call is missing in the audit log: the daemon is ending");
        }
    }

    /// What stands for a question in the logs: equal for equal ones, and nobody can read it.
    pub fn hash(&self, question: &str) -> String {
        blake3::keyed_hash(&self.key, question.as_bytes()).to_hex()[..16].to_owned()
    }

    /// What stands for who calls, in the same way.
    pub fn hash_of_person(&self, caller: &Caller) -> String {
        // No question has a zero in it that is equal to it.
        self.hash(&format!("person\0{}", caller.person))
    }

    fn line(&self, caller: &Caller, audited: Audited<'_>) -> Line {
        // Names of sources and tokens are no secrets of those who ask.
        let is_shown = self.mode == Audit::Text || !QUESTIONS.contains(&audited.call);
        Line {
            at_ms: now_ms(),
            call: audited.call,
            principal: caller.principal.clone(),
            person: caller.person.clone(),
            token: caller.token.clone(),
            spaces: audited.spaces.iter().take(MAX_SPACES).map(|it| brief(it, MAX_NAME)).collect(),
            text: (is_shown && !audited.text.is_empty()).then(|| brief(audited.text, MAX_TEXT)),
            hash: (!is_shown).then(|| self.hash(audited.text)),
            outcome: match audited.outcome {
                Ok(()) => "done",
                Err(ErrorKind::Denied) => "denied",
                Err(_) => "failed",
            },
        }
    }

    /// Writes until it is closed, and then what is left.
    pub async fn run(&self) {
        let mut received = self.received.lock().await;
        let mut lines = Vec::new();
        loop {
            tokio::select! {
                biased;
                number = received.recv_many(&mut lines, BATCH) => {
                    // All that was sent before it was closed is written.
                    if number == 0 {
                        return;
                    }
                }
                () = self.closing.cancelled(), if !received.is_closed() => {
                    received.close();
                    continue;
                }
            }
            let text: String = lines.drain(..).filter_map(|line| text(&line)).collect();
            let path = self.path.clone();
            let written = tokio::task::spawn_blocking(move || append(&path, &text)).await;
            match written {
                Ok(Ok(())) => self.fails(None),
                Ok(Err(error)) => {
                    warn!(%error, path = %self.path.display(), "the audit log cannot be written");
                    self.fails(Some(format!("calls are missing in the audit log: {error}")));
                }
                Err(error) => warn!(%error, "the audit log was interrupted"),
            }
        }
    }
}

/// Text of at most so many characters.
fn brief(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn text(line: &Line) -> Option<String> {
    serde_json::to_string(line).ok().map(|text| text + "\n")
}

/// Appends to the log, which is put aside first when it is full.
fn append(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    if fs_err::metadata(path).is_ok_and(|file| file.len() >= MAX_BYTES) {
        let numbered = |number: u32| path.with_extension(format!("jsonl.{number}"));
        for number in (1..FILES - 1).rev() {
            if numbered(number).exists() {
                fs_err::rename(numbered(number), numbered(number + 1))?;
            }
        }
        fs_err::rename(path, numbered(1))?;
    }
    let mut options = fs_err::OpenOptions::new();
    options.create(true).append(true);
    options.options_mut().mode(0o600);
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auditor(mode: Audit, directory: &Path) -> Auditor {
        Auditor::new(mode, directory, "identity")
    }

    fn anna() -> Caller {
        Caller { principal: "user:1001".into(), person: "user:1001".into(), ..Caller::owner() }
    }

    fn asked(text: &str) -> Audited<'_> {
        Audited { call: "ask", text, spaces: &[], outcome: Ok(()) }
    }

    #[tokio::test]
    async fn a_question_is_written_down_as_its_hash() {
        let directory = tempfile::tempdir().unwrap();
        let auditor = auditor(Audit::Hash, directory.path());
        auditor.note(&anna(), asked("Who is ill?")).await;
        auditor.note(&Caller::owner(), asked("mine")).await;
        auditor.note(&anna(), asked("Who is ill?")).await;
        auditor.close();
        auditor.run().await;
        let log = fs_err::read_to_string(directory.path().join("audit.jsonl")).unwrap();
        let lines: Vec<serde_json::Value> =
            log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{log}");
        assert_eq!(lines[0]["hash"], lines[1]["hash"]);
        assert_eq!(lines[0]["person"], "user:1001");
        assert!(!log.contains("ill"), "{log}");
    }

    #[test]
    fn its_text_is_kept_if_that_is_wanted() {
        let directory = tempfile::tempdir().unwrap();
        let line = auditor(Audit::Text, directory.path()).line(&anna(), asked("Why?"));
        assert_eq!((line.text.as_deref(), line.hash), (Some("Why?"), None));
    }

    #[test]
    fn a_full_log_is_put_aside() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("audit.jsonl");
        for _ in 0..FILES + 2 {
            fs_err::write(&path, vec![b'x'; MAX_BYTES as usize]).unwrap();
            append(&path, "new\n").unwrap();
        }
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "new\n");
        let files = fs_err::read_dir(directory.path()).unwrap().count();
        assert_eq!(files, FILES as usize);
    }
}
