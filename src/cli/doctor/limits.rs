//! The limits of the operating system that a daemon may run into.

use ragterm_proto::v1::StatusReply;
use rustix::process::{Resource, getrlimit};

use super::Check;
use crate::cli::units::count;

/// Fewer open files than this are soon used up by a large index.
const FEW_FILES: u64 = 1024;

/// Beyond this share of the limit new directories may soon not be watched.
const HIGH_SHARE: f64 = 0.8;

/// Fewer watches than this do not last for a company's share.
const FEW_WATCHES: u64 = 65_536;

/// Looks at the limits, and with a running daemon at how much of them is used.
pub fn check(status: Option<&StatusReply>) -> Vec<Check> {
    let pid = status.and_then(|status| status.daemon.as_ref()).map(|daemon| daemon.pid);
    let watches = number("/proc/sys/fs/inotify/max_user_watches");
    let used = pid.and_then(used_watches);
    let mut checks = vec![open_files(getrlimit(Resource::Nofile).current)];
    checks.extend(watches.map(|limit| inotify(limit, used)));
    checks
}

fn open_files(limit: Option<u64>) -> Check {
    const NAME: &str = "open files";
    match limit {
        None => Check::ok(NAME, "no limit"),
        Some(limit) if limit >= FEW_FILES => Check::ok(NAME, format!("at most {}", count(limit))),
        Some(limit) => Check::warn(
            NAME,
            format!("at most {}", count(limit)),
            "raise the limit: `ulimit -n 4096` before the daemon starts",
        ),
    }
}

fn inotify(limit: u64, used: Option<u64>) -> Check {
    const NAME: &str = "watches";
    let detail = match used {
        Some(used) => format!("{} of at most {} directories", count(used), count(limit)),
        None => format!("at most {} directories", count(limit)),
    };
    let is_tight = used.is_some_and(|used| used as f64 > limit as f64 * HIGH_SHARE);
    if limit >= FEW_WATCHES && !is_tight {
        return Check::ok(NAME, detail);
    }
    let more = limit.saturating_mul(4).max(524_288);
    let remedy = format!(
        "as root: `sysctl fs.inotify.max_user_watches={more}`, and in /etc/sysctl.d to keep it; \
         folders beyond the limit are polled"
    );
    Check::warn(NAME, detail, remedy)
}

/// The directories that a process watches; `None` where the system does not tell.
fn used_watches(pid: u32) -> Option<u64> {
    let mut used = 0;
    for entry in std::fs::read_dir(format!("/proc/{pid}/fdinfo")).ok()? {
        // A file may be closed meanwhile.
        let text = std::fs::read_to_string(entry.ok()?.path()).unwrap_or_default();
        used += text.lines().filter(|line| line.starts_with("inotify ")).count() as u64;
    }
    Some(used)
}

fn number(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn a_limit_that_is_nearly_reached_comes_with_the_command_that_raises_it() {
        let check = inotify(100_000, Some(90_000));
        assert_eq!(check.state, Level::Warn);
        insta::assert_snapshot!(check.detail, @"90,000 of at most 100,000 directories");
        assert!(check.remedy.unwrap().contains("max_user_watches=524288"));
        assert_eq!(inotify(100_000, Some(10)).state, Level::Ok);
        assert_eq!(inotify(8192, None).state, Level::Warn);
        assert_eq!(inotify(u64::MAX, Some(1)).state, Level::Ok);
    }

    #[test]
    fn few_open_files_are_noticed() {
        assert_eq!(open_files(Some(256)).state, Level::Warn);
        assert_eq!(open_files(None).state, Level::Ok);
    }
}
