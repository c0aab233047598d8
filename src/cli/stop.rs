//! `ragterm stop`: ends the daemon and waits until it is gone.

use std::time::Duration;

use ragterm_proto::v1::StopRequest;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::time::{Instant, sleep};

use super::Outcome;
use super::client::{connect_running, quick};
use super::context::Context;
use super::output;
use crate::daemon;
use crate::error::{Error, Result};

/// How long a daemon may take to end; its own limits, one after the other, come to 9 s.
const DEADLINE: Duration = Duration::from_secs(15);

/// The time between two looks.
const PERIOD: Duration = Duration::from_millis(10);

const EXAMPLES: &str = "\
Example:
  ragterm stop && ragterm daemon        start again with another configuration";

/// Ask the daemon to end, and wait until it is gone
///
/// Nothing is lost: it goes on where it stopped as soon as it runs again.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Runs the command; without a daemon there is nothing to do.
pub async fn run(_: &Args, context: &Context) -> Result<Outcome> {
    let Some(pid) = ask(context).await? else {
        output::line(&format!("no daemon runs on {}", context.paths.socket.display()));
        return Ok(Outcome::Done);
    };
    let deadline = Instant::now() + DEADLINE;
    while is_running(pid) {
        if Instant::now() >= deadline {
            return Err(Error::unavailable(format!(
                "the daemon (pid {pid}) was asked to end and still runs after {DEADLINE:?}"
            ))
            .hint(format!("`kill -9 {pid}` ends it; no data is lost")));
        }
        sleep(PERIOD).await;
    }
    output::line(&format!("the daemon (pid {pid}) has ended"));
    Ok(Outcome::Done)
}

/// Asks the daemon to end, over its socket or by a signal; `None` when none runs.
async fn ask(context: &Context) -> Result<Option<u32>> {
    if let Some(mut client) = connect_running(context).await? {
        return Ok(Some(quick(client.stop(StopRequest {})).await?.pid));
    }
    // The socket may have been removed; the lock of the data directory goes with the process.
    let owner = daemon::owner(&context.paths.data_dir);
    let process = owner.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let (Some(pid), Some(process)) = (owner, process) else { return Ok(None) };
    match kill_process(process, Signal::TERM) {
        // It ended in this moment.
        Ok(()) | Err(Errno::SRCH) => Ok(Some(pid)),
        Err(error) => Err(Error::denied(format!("cannot end the daemon (pid {pid})"))
            .because(std::io::Error::from(error))
            .hint("the user that started it can")),
    }
}

/// Whether the process exists and has not ended.
fn is_running(pid: u32) -> bool {
    let Some(process) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    test_kill_process(process).is_ok() && !is_zombie(pid)
}

/// In a container nobody may collect a process whose parent is gone.
fn is_zombie(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name, which is in parentheses and may contain anything.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_nobody_collects_counts_as_gone() {
        assert!(is_running(std::process::id()));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        while is_running(pid) {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(!is_running(pid));
        assert!(!is_running(0));
    }
}
