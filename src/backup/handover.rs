//! What a restore puts in place: prepared beside what is there, announced by one rename, then moved.
//! Whoever has the data directory next ends what was announced, and clears away what was not.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::unpack::remove_unused;
use super::{CATALOG, CONFIGURATION};
use crate::config::Paths;
use crate::disk::sync_names;
use crate::error::{Error, Result};

/// How the names of directories begin and end in which backups are prepared…
pub(super) const TAKING: (&str, &str) = ("backup-", ".tmp");

/// …and those in which they are unpacked.
pub(super) const UNPACKING: (&str, &str) = ("restore-", ".tmp");

/// A directory whose contents belong in the place of what is there; its name ends with the time.
const READY: &str = "restore-ready-";

/// Where what was there before is kept.
const BEFORE: &str = "before-restore-";

/// The files of a catalog, and those that SQLite keeps beside it.
const FILES: [&str; 3] = ["catalog.db", "catalog.db-wal", "catalog.db-shm"];

/// What keyword indexes begin with.
const INDEX: &str = "keyword-";

/// What a restore put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Where the former catalog is now.
    pub before: Option<PathBuf>,
    /// What became of the configuration of the backup.
    pub configured: Configured,
}

/// What became of the configuration of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Configured {
    /// It was written, because there was none.
    Written,
    /// The one that was there stays.
    Kept,
    /// It could not be written, for this reason.
    Failed(String),
}

/// Whether the data directory holds a catalog.
pub(super) fn is_occupied(data_dir: &Path) -> bool {
    FILES.iter().any(|name| data_dir.join(name).exists())
}

/// Announces what lies in `unpacked`: from now on it is what counts.
pub(super) fn announce(unpacked: &Path, data_dir: &Path, time: &str) -> Result<()> {
    let ready = data_dir.join(format!("{READY}{}", unused(data_dir, time)));
    fs::rename(unpacked, &ready).and_then(|()| sync_names(data_dir)).map_err(|error| {
        let message = format!("what was restored cannot be put into {}", data_dir.display());
        Error::new(Error::from(error).kind(), message).hint("the former catalog is still in place")
    })
}

/// A name after the time under which nothing was put aside yet: of two restores in one second, the
/// second takes nothing of what the first kept.
fn unused(data_dir: &Path, time: &str) -> String {
    let is_used = |name: &String| data_dir.join(format!("{BEFORE}{name}")).exists();
    let mut name = time.to_owned();
    for number in 2.. {
        if !is_used(&name) {
            break;
        }
        name = format!("{time}-{number}");
    }
    name
}

/// Puts what was announced in place, if something was; whoever calls holds the data directory.
///
/// It may be ended anywhere: the next call goes on.
pub fn settle(paths: &Paths) -> Result<Option<Settled>> {
    let data_dir = &paths.data_dir;
    let Some((ready, time)) = announced(data_dir) else { return Ok(None) };
    put(&ready, &time, paths).map(Some).map_err(|error| {
        let message = format!("{} cannot be put in place", ready.display());
        Error::new(Error::from(error).kind(), message)
            .hint("mend what is wrong with the directory and start again: it goes on from there")
    })
}

fn put(ready: &Path, time: &str, paths: &Paths) -> io::Result<Settled> {
    let data_dir = &paths.data_dir;
    let configured = configure(&ready.join(CONFIGURATION), &paths.config_file);
    let before = data_dir.join(format!("{BEFORE}{time}"));
    let new = ready.join(CATALOG);
    if new.exists() {
        for name in former(data_dir)? {
            fs::create_dir_all(&before)?;
            fs::rename(data_dir.join(&name), before.join(&name))?;
        }
        fs::rename(&new, data_dir.join(CATALOG))?;
        sync_names(data_dir)?;
    }
    fs::remove_dir_all(ready)?;
    sync_names(data_dir)?;
    Ok(Settled { before: before.exists().then_some(before), configured })
}

/// The catalog that is there and the indexes that follow it.
fn former(data_dir: &Path) -> io::Result<Vec<String>> {
    let mut former = Vec::new();
    for entry in fs::read_dir(data_dir)? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        if FILES.contains(&name.as_str()) || name.starts_with(INDEX) {
            former.push(name);
        }
    }
    Ok(former)
}

/// Writes the configuration of the backup where there is none. The catalog does not depend on it.
fn configure(from: &Path, to: &Path) -> Configured {
    if to.exists() || !from.exists() {
        return Configured::Kept;
    }
    match write_configuration(from, to) {
        Ok(()) => Configured::Written,
        Err(error) => Configured::Failed(error.to_string()),
    }
}

fn write_configuration(from: &Path, to: &Path) -> io::Result<()> {
    let text = fs::read(from)?;
    if let Some(directory) = to.parent() {
        fs::create_dir_all(directory)?;
    }
    let part = to.with_extension("part");
    let mut file =
        fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(part, to)
}

fn announced(data_dir: &Path) -> Option<(PathBuf, String)> {
    fs::read_dir(data_dir).ok()?.find_map(|entry| {
        let name = entry.ok()?.file_name().into_string().ok()?;
        let time = name.strip_prefix(READY)?.to_owned();
        Some((data_dir.join(name), time))
    })
}

/// Removes what backups and restores left that were ended; whoever calls holds the directory.
pub fn sweep(data_dir: &Path) {
    let Ok(entries) = fs::read_dir(data_dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_of = |(begin, end): (&str, &str)| name.starts_with(begin) && name.ends_with(end);
        // What cannot be removed is in nobody's way.
        if is_of(UNPACKING) {
            // `backup --verify` holds nothing else.
            remove_unused(&entry.path());
        } else if is_of(TAKING) {
            let _removed = fs::remove_dir_all(entry.path());
        } else if is_of(("before-migration-", ".part")) {
            let _removed = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(directory: &Path) -> Paths {
        Paths {
            config_file: directory.join("config.toml"),
            data_dir: directory.to_owned(),
            log_file: directory.join("log"),
            socket: directory.join("socket"),
        }
    }

    fn old(directory: &Path) {
        fs::write(directory.join("catalog.db"), "old").unwrap();
        fs::write(directory.join("catalog.db-wal"), "old log").unwrap();
        fs::create_dir(directory.join("keyword-1")).unwrap();
        fs::write(directory.join("audit.jsonl"), "stays").unwrap();
    }

    fn new(directory: &Path) -> PathBuf {
        let unpacked = directory.join("restore-x.tmp");
        fs::create_dir(&unpacked).unwrap();
        fs::write(unpacked.join("catalog.db"), "new").unwrap();
        fs::write(unpacked.join("config.toml"), "# of the backup").unwrap();
        unpacked
    }

    fn read(path: PathBuf) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn what_was_announced_takes_the_place_of_all_that_belonged_to_the_former() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        old(here);
        announce(&new(here), here, "T").unwrap();
        let settled = settle(&paths(here)).unwrap().unwrap();
        let before = here.join("before-restore-T");
        assert_eq!(
            settled,
            Settled { before: Some(before.clone()), configured: Configured::Written }
        );
        assert_eq!(read(here.join("catalog.db")), "new");
        assert_eq!(read(before.join("catalog.db-wal")), "old log");
        assert!(before.join("keyword-1").exists() && !here.join("catalog.db-wal").exists());
        assert_eq!(read(here.join("config.toml")), "# of the backup");
        assert_eq!(read(here.join("audit.jsonl")), "stays");
        assert_eq!(settle(&paths(here)).unwrap(), None);
    }

    #[test]
    fn it_goes_on_wherever_it_was_ended() {
        // What may have been done when it was ended: renames of the former files, then of the new.
        for done in 0..=4 {
            let directory = tempfile::tempdir().unwrap();
            let here = directory.path();
            old(here);
            announce(&new(here), here, "T").unwrap();
            let before = here.join("before-restore-T");
            if done > 0 {
                fs::create_dir(&before).unwrap();
            }
            for name in ["catalog.db", "keyword-1", "catalog.db-wal"].iter().take(done) {
                fs::rename(here.join(name), before.join(name)).unwrap();
            }
            if done == 4 {
                let ready = here.join("restore-ready-T/catalog.db");
                fs::rename(ready, here.join("catalog.db")).unwrap();
            }
            settle(&paths(here)).unwrap().unwrap();
            assert_eq!(read(here.join("catalog.db")), "new", "{done}");
            assert_eq!(read(before.join("catalog.db")), "old", "{done}");
            assert!(!here.join("restore-ready-T").exists());
        }
    }

    #[test]
    fn a_configuration_that_is_there_stays() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        fs::write(here.join("config.toml"), "# mine").unwrap();
        announce(&new(here), here, "T").unwrap();
        let settled = settle(&paths(here)).unwrap().unwrap();
        assert_eq!(settled, Settled { before: None, configured: Configured::Kept });
        assert_eq!(read(here.join("config.toml")), "# mine");
    }

    #[test]
    fn only_what_was_left_unfinished_is_swept_away() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        old(here);
        new(here);
        fs::create_dir(here.join("backup-1.tmp")).unwrap();
        fs::write(here.join("before-migration-0009-T.part"), "").unwrap();
        fs::write(here.join("before-migration-0009-T.db"), "").unwrap();
        sweep(here);
        let mut names: Vec<String> = fs::read_dir(here)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let stay = [
            "audit.jsonl",
            "before-migration-0009-T.db",
            "catalog.db",
            "catalog.db-wal",
            "keyword-1",
        ];
        assert_eq!(names, stay);
    }

    #[test]
    fn two_restores_in_one_second_keep_both_of_what_was_there() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(unused(directory.path(), "T"), "T");
        fs::create_dir(directory.path().join("before-restore-T")).unwrap();
        assert_eq!(unused(directory.path(), "T"), "T-2");
        fs::create_dir(directory.path().join("before-restore-T-2")).unwrap();
        assert_eq!(unused(directory.path(), "T"), "T-3");
    }
}
