//! Other programs that are asked about this machine: for a bounded time, and for a bounded answer.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

/// Docker's own commands wait for a daemon that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// So much of an answer is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// Why a program gave no answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Silence {
    /// It is not on `PATH`.
    Missing,
    /// It ended with a failure, and said this.
    Failed(String),
}

/// What a program prints on its standard output, without white space around it.
pub async fn answer(program: &str, arguments: &[&str]) -> Result<String, Silence> {
    match tokio::time::timeout(PATIENCE, run(program, arguments)).await {
        Ok(answer) => answer,
        Err(_) => Err(Silence::Failed(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
}

/// The file that a name on `PATH` means.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}

async fn run(program: &str, arguments: &[&str]) -> Result<String, Silence> {
    let failed = |error: std::io::Error| Silence::Failed(error.to_string());
    let spawned = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let mut child = match spawned {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Silence::Missing),
        spawned => spawned.map_err(failed)?,
    };
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (said, complaint) = tokio::join!(read(stdout), read(stderr));
    let status = child.wait().await.map_err(failed)?;
    match status.success() {
        true => Ok(said),
        false if complaint.is_empty() => Err(Silence::Failed(status.to_string())),
        false => Err(Silence::Failed(complaint.lines().next().unwrap_or_default().to_owned())),
    }
}

async fn read(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read until then counts.
        let _cut = pipe.take(MAX_BYTES).read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_answers_fails_or_is_missing() {
        assert_eq!(answer("sh", &["-c", "echo 1.2"]).await, Ok("1.2".into()));
        let failed = answer("sh", &["-c", "echo no daemon >&2; echo more >&2; exit 3"]).await;
        assert_eq!(failed, Err(Silence::Failed("no daemon".into())));
        assert_eq!(answer("no-such-program-at-all", &[]).await, Err(Silence::Missing));
        assert!(find("sh").is_some() && find("no-such-program-at-all").is_none());
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut() {
        let answered = answer("sh", &["-c", "yes | head -c 1000000; exit 0"]).await;
        // The writer of a pipe that is closed early may fail; what matters is that it ends.
        assert!(answered.map_or(0, |text| text.len()) <= MAX_BYTES as usize);
    }
}
