//! A ragterm of its own for each test: directories, socket, daemon, and waiting for conditions.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

/// No condition in these tests takes longer, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(600);

/// Directories, a socket and perhaps a daemon, gone when dropped.
pub struct Instance {
    directory: TempDir,
    variables: Vec<(String, String)>,
}

/// What a finished command left.
pub struct Finished {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    /// The one JSON document on stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("no JSON on stdout ({error}): {}\n{}", self.stdout, self.stderr)
        })
    }

    /// Fails the test unless the exit code is the one expected.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

impl Instance {
    /// An instance without a daemon; the folder `docs` is there and empty.
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("rt").tempdir().unwrap();
        std::fs::create_dir(directory.path().join("docs")).unwrap();
        Self { directory, variables: Vec::new() }
    }

    /// An instance without an embedder, for tests that are about words.
    pub fn without_embedder() -> Self {
        Self::new().with("RAGTERM_EMBEDDER__PROVIDER", "none")
    }

    /// Sets a variable for every command of this instance.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The folder that tests put documents into.
    pub fn docs(&self) -> PathBuf {
        self.directory.path().join("docs")
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Writes a document below the folder.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.docs().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// A command of this instance, ready to be run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ragterm"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory.path())
            .env("RAGTERM_CONFIG", "/dev/null")
            .env("RAGTERM_DATA_DIR", self.data())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        Finished {
            code: status.code().unwrap_or(-1),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// Adds the folder and waits until it is findable by keyword.
    pub fn add(&self) -> Finished {
        let docs = self.docs();
        self.run(&["add", path(&docs)]).expect(0)
    }

    /// The paths that a search finds, best first.
    pub fn find(&self, query: &str) -> Vec<String> {
        let finished = self.run(&["search", "--json", "--limit", "100", query]);
        assert!(finished.code == 0 || finished.code == 1, "{}", finished.stderr);
        let hits = finished.json()["hits"].as_array().unwrap().clone();
        hits.iter().map(|hit| hit["path"].as_str().unwrap().to_string()).collect()
    }

    /// The daemon's state.
    pub fn status(&self) -> Value {
        self.run(&["status", "--json"]).expect(0).json()
    }

    /// Waits until the status satisfies a condition, and returns it.
    #[track_caller]
    pub fn wait(&self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let last = self.status();
            if condition(&last) {
                return last;
            }
            assert!(begin.elapsed() < DEADLINE, "waited in vain for {what}: {last:#}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Waits until nothing is pending, embeddings included.
    #[track_caller]
    pub fn settle(&self) -> Value {
        self.wait("everything to settle", |status| status["settled"] == true)
    }

    /// Fails the test unless `verify` finds sources, catalog and followers equal.
    #[track_caller]
    pub fn verify(&self) {
        // It waits for this itself, but not for as long.
        self.wait("indexing to end", |status| status["idle"] == true);
        self.run(&["verify"]).expect(0);
    }

    /// The daemon's process id.
    pub fn pid(&self) -> i32 {
        self.status()["daemon"]["pid"].as_i64().unwrap() as i32
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Without a daemon there is nothing to stop.
        let _stopped = self.command(&["stop"]).output();
    }
}

/// Says that a test did not run, where it is seen even when the others pass.
pub fn skipped(reason: &str) {
    let _gone = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// Tells a figure that no test depends on, where it is seen even when the tests pass.
pub fn measured(figure: &str) {
    let _gone = writeln!(std::io::stderr(), "measured: {figure}");
}

/// A path as an argument.
pub fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Waits for a condition with a deadline.
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// A ZIP archive of these files.
pub fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Sends a signal to a process.
pub fn signal(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    // A process that ended by itself needs no signal.
    let _gone = rustix::process::kill_process(pid, signal);
}
