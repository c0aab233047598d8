//! Starting the daemon in the background, and waiting until it answers.

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::client::{Client, connect_running, is_opening};
use super::context::Context;
use super::output;
use crate::daemon::{self, PATIENCE};
use crate::error::{Error, Result};
use crate::telemetry::{self, MAX_LOG_BYTES};

/// How long a daemon may take until it answers: a busy machine needs seconds to start its process.
const DEADLINE: Duration = Duration::from_secs(20);

/// How long after its own daemon gave up a command waits for somebody else's.
const RIVAL_DEADLINE: Duration = Duration::from_secs(10);

// A daemon that opens slowly answers after `PATIENCE`; who waits less calls it dead.
const _: () = assert!(DEADLINE.as_millis() >= PATIENCE.as_millis() + 2000);
const _: () = assert!(RIVAL_DEADLINE.as_millis() >= PATIENCE.as_millis() + 2000);

/// The time between two attempts to connect.
const PERIOD: Duration = Duration::from_millis(10);

/// So much of the log is read for the reason of a failure, in bytes.
const LOG_TAIL_BYTES: u64 = 8 * 1024;

/// Starts a daemon, and returns a connection as soon as one answers.
pub async fn start(context: &Context) -> Result<Client> {
    let mut starting = Starting::spawn(context)?;
    let client = starting.answer(context).await?;
    if starting.ended.is_none() {
        let (pid, log) = (starting.child.id(), context.paths.log_file.display());
        output::note(&format!("started the daemon (pid {pid}, log {log})"));
        reap(starting.child);
    }
    Ok(client)
}

/// Takes note of the end of a daemon that ends before this program, which no longer asks for it: it
/// would stay in the list of processes.
fn reap(mut child: Child) {
    let wait = move || {
        // It ended, or somebody else took note of it.
        let _ended = child.wait();
    };
    // Without a thread for it, only that entry is left.
    let _started = std::thread::Builder::new().name("reap".to_owned()).spawn(wait);
}

/// A daemon that was started and may not answer yet; it outlives this value.
#[derive(Debug)]
pub struct Starting {
    /// Its process.
    pub child: Child,
    already_logged: u64,
    ended: Option<ExitStatus>,
}

impl Starting {
    /// Starts this program as a daemon that sees the same files.
    pub fn spawn(context: &Context) -> Result<Self> {
        // Said here rather than in a log that may not be written either.
        daemon::make_directory(&context.paths.data_dir)?;
        let log = &context.paths.log_file;
        spawn(context, log).map_err(|error| {
            let message = format!("cannot start the daemon with its log in {}", log.display());
            Error::unavailable(message).because(error)
        })
    }

    /// A connection as soon as a daemon answers; fails when this one gives up, and says why.
    pub async fn answer(&mut self, context: &Context) -> Result<Client> {
        let mut deadline = Instant::now() + DEADLINE;
        let last = deadline + RIVAL_DEADLINE;
        loop {
            if let Some(client) = connect_running(context).await? {
                return Ok(client);
            }
            if self.ended.is_none() && self.has_ended(&context.paths.log_file)? {
                deadline = Instant::now() + RIVAL_DEADLINE;
            }
            if self.ended.is_some() && daemon::owner(&context.paths.data_dir).is_none() {
                // Who had the place was at its own end, such as one that was killed a moment ago.
                *self = Self::spawn(context)?;
                deadline = last;
            }
            if Instant::now() >= deadline {
                return Err(self.in_vain(context));
            }
            sleep(PERIOD).await;
        }
    }

    /// That no daemon answered in time: its own, or another that has the data directory.
    fn in_vain(&self, context: &Context) -> Error {
        if self.ended.is_some()
            && let Some(error) = is_opening(context)
        {
            return error;
        }
        let log = context.paths.log_file.display();
        Error::unavailable("the daemon was started but does not answer")
            .hint(format!("its log says more: {log}"))
    }

    /// Fails with the reason, unless somebody else's daemon is about to answer.
    fn has_ended(&mut self, log: &Path) -> Result<bool> {
        self.ended = self
            .child
            .try_wait()
            .map_err(|error| Error::internal("cannot look after the daemon").because(error))?;
        let Some(status) = self.ended else { return Ok(false) };
        let reason = last_error(log, self.already_logged);
        match reason.contains("already runs") {
            true => Ok(true),
            false => Err(gave_up(status, &reason, log)),
        }
    }
}

fn spawn(context: &Context, path: &Path) -> io::Result<Starting> {
    let (log, already_logged) = open_log(path)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("daemon").envs(context.variables()).current_dir("/");
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    // Its own group: what ends a command in the terminal does not end the daemon.
    let child = command.process_group(0).spawn()?;
    Ok(Starting { child, already_logged, ended: None })
}

/// Opens the log for appending; returns its length too.
fn open_log(path: &Path) -> io::Result<(File, u64)> {
    if let Some(directory) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > MAX_LOG_BYTES) {
        telemetry::put_aside(path)?;
    }
    let file = telemetry::open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

fn gave_up(status: ExitStatus, reason: &str, log: &Path) -> Error {
    let (reason, advice) = reason.split_once('\n').unwrap_or((reason, ""));
    let log = format!("its log: {}", log.display());
    let hint = if advice.is_empty() { log } else { format!("{advice} ({log})") };
    let message = match reason {
        "" => format!("the daemon ended at once ({status})"),
        reason => format!("the daemon ended at once: {reason}"),
    };
    match status.code() {
        Some(2) => Error::usage(message).hint(hint),
        Some(4) => Error::denied(message).hint(hint),
        _ => Error::unavailable(message).hint(hint),
    }
}

/// The last error in what was logged after the first `from` bytes, with its hint on a second line,
/// or else the last line.
fn last_error(log: &Path, from: u64) -> String {
    // Without a log there is no reason to show, and the caller says so.
    let text = read_tail(log, from).unwrap_or_default();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).rev();
    let last = lines.clone().next();
    let mut advice = None;
    let error = lines.find_map(|line| {
        if let Some((error, hint)) = error_of_json(line) {
            advice = advice.take().or((!hint.is_empty()).then_some(hint));
            return Some(error);
        }
        advice = advice.take().or(line.strip_prefix("hint: ").map(str::to_owned));
        line.strip_prefix("error: ").map(str::to_owned)
    });
    match (error, advice) {
        (Some(error), Some(advice)) => format!("{error}\n{advice}"),
        (error, _) => error.or(last.map(str::to_owned)).unwrap_or_default(),
    }
}

/// Why a service ended, and the next step, in a line of a log of JSON.
fn error_of_json(line: &str) -> Option<(String, String)> {
    let said: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    (said["event"] == "failed").then(|| (text("message"), text("hint")))
}

fn read_tail(log: &Path, from: u64) -> io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(LOG_TAIL_BYTES))))?;
    let mut bytes = Vec::new();
    file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_last_error_of_this_start() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/ragterm.log");
        let (_, before) = open_log(&path).unwrap();
        assert_eq!(before, 0);
        std::fs::write(&path, "error: of yesterday\n").unwrap();
        let (_, before) = open_log(&path).unwrap();
        assert_eq!(last_error(&path, before), "");
        let today = "error: of yesterday\n INFO starting\nerror: no room\nhint: make some\n";
        std::fs::write(&path, today).unwrap();
        assert_eq!(last_error(&path, before), "no room\nmake some");
        let json = "{\"event\":\"start\",\"message\":\"ready\"}\n\
                    {\"event\":\"failed\",\"message\":\"no \\\"room\\\"\",\"hint\":\"make some\"}\n\
                    {\"event\":\"stop\",\"message\":\"ended\"}\n";
        std::fs::write(&path, json).unwrap();
        assert_eq!(last_error(&path, 0), "no \"room\"\nmake some");
    }

    #[test]
    fn a_daemon_that_ends_first_leaves_no_entry_among_the_processes() {
        let child = Command::new("true").spawn().unwrap();
        let entry = format!("/proc/{}", child.id());
        reap(child);
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while Path::new(&entry).exists() {
            assert!(std::time::Instant::now() < deadline, "{entry} is still there");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_large_log_is_put_aside() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ragterm.log");
        File::create(&path).unwrap().set_len(MAX_LOG_BYTES + 1).unwrap();
        let (_, length) = open_log(&path).unwrap();
        assert_eq!(length, 0);
        assert!(directory.path().join("ragterm.log.old").exists());
    }
}
