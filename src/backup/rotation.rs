//! A directory of backups that were taken by the clock: when the next one is due, and which go.
//!
//! Pure, but for reading and deleting names: a clock that jumps must not stop backups, nor cost any.

use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What the names end with.
const EXTENSION: &str = ".backup";

const BEGIN: &str = "ragterm-";
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// What is said of a backup that is still written.
const PART: &str = ".part";

/// The backups of one catalog in a directory; those of others are neither counted nor touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    directory: PathBuf,
    identity: String,
}

impl Shelf {
    /// The backups in a directory of the catalog of this identity.
    pub fn new(directory: &Path, identity: &str) -> Self {
        Self { directory: directory.to_owned(), identity: identity.to_owned() }
    }

    /// Where they lie.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// When its backups were taken, by their names.
    pub fn taken(&self) -> std::io::Result<Vec<Timestamp>> {
        let names = std::fs::read_dir(&self.directory)?;
        let names = names.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.filter_map(|name| self.time_of(&name)).collect())
    }

    /// The file of a backup that is taken at this time…
    pub fn file(&self, time: Timestamp) -> PathBuf {
        self.directory.join(self.name_at(time))
    }

    /// …and the one that it is written into until it is complete.
    pub fn part(&self, time: Timestamp) -> PathBuf {
        self.directory.join(format!("{}{PART}", self.name_at(time)))
    }

    /// Deletes parts that a daemon left which was ended.
    pub fn sweep(&self) {
        let Ok(entries) = std::fs::read_dir(&self.directory) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let whole = name.to_str().and_then(|name| name.strip_suffix(PART));
            if whole.is_some_and(|name| self.time_of(name).is_some()) {
                // What cannot be deleted is in nobody's way.
                let _removed = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Deletes backups beyond the `keep` newest, the one of `newest` being the first of them;
    /// returns how many went.
    pub fn rotate(&self, newest: Timestamp, keep: u32) -> std::io::Result<usize> {
        let surplus = surplus(&self.taken()?, newest, keep);
        for time in &surplus {
            std::fs::remove_file(self.file(*time))?;
        }
        Ok(surplus.len())
    }

    /// What is said of backups whose names tell no identity, as an earlier version gave them; `None`
    /// when there are none. They are never deleted: nobody knows of which catalog they are.
    pub fn stale(&self) -> std::io::Result<Option<String>> {
        let entries = std::fs::read_dir(&self.directory)?.flatten();
        let is_stale =
            |entry: &DirEntry| entry.file_name().to_str().is_some_and(is_without_identity);
        let sizes: Vec<u64> = entries
            .filter(is_stale)
            .map(|entry| entry.metadata().map_or(0, |file| file.len()))
            .collect();
        let verb = match sizes.len() {
            0 => return Ok(None),
            1 => "is",
            _ => "are",
        };
        Ok(Some(format!(
            "{} of an earlier version of ragterm, {} in all, in {} {verb} never rotated away, because \
             the names do not say of which catalog they are: delete `ragterm-TIME.backup` by hand \
             when it is needed no more",
            ragterm_units::counted(sizes.len() as u64, "backup"),
            ragterm_units::bytes(sizes.iter().sum()),
            self.directory.display()
        )))
    }

    fn name_at(&self, time: Timestamp) -> String {
        format!("{BEGIN}{}-{}{EXTENSION}", self.identity, time.strftime(TIME))
    }

    fn time_of(&self, name: &str) -> Option<Timestamp> {
        let of_this = name.strip_prefix(BEGIN)?.strip_prefix(&self.identity)?;
        let time = read_time(of_this.strip_prefix('-')?.strip_suffix(EXTENSION)?)?;
        // Nothing else is called exactly so.
        (self.name_at(time) == name).then_some(time)
    }
}

fn read_time(text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime(TIME, text).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Whether this is `ragterm-TIME.backup`.
fn is_without_identity(name: &str) -> bool {
    let time = name.strip_prefix(BEGIN).and_then(|name| name.strip_suffix(EXTENSION));
    time.is_some_and(|text| {
        read_time(text).is_some_and(|time| time.strftime(TIME).to_string() == text)
    })
}

/// How long until the next backup; zero when it is due. Names of the future count for nothing: the
/// clock was wrong then, or is now.
pub fn due_in(now: Timestamp, taken: &[Timestamp], every: Duration) -> Duration {
    let Some(last) = taken.iter().filter(|time| **time <= now).max() else {
        return Duration::ZERO;
    };
    let age = now.duration_since(*last).unsigned_abs();
    every.saturating_sub(age)
}

/// The backups that go once the one of `newest` is complete: those beyond the `keep` newest, where
/// names of the future are taken for older than all that were taken by the present clock.
fn surplus(taken: &[Timestamp], newest: Timestamp, keep: u32) -> Vec<Timestamp> {
    let mut others: Vec<Timestamp> = taken.iter().copied().filter(|time| *time != newest).collect();
    others.sort_unstable_by_key(|time| (*time > newest, std::cmp::Reverse(*time)));
    let keep = usize::try_from(keep).unwrap_or(usize::MAX).saturating_sub(1);
    others.split_off(keep.min(others.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The first second of days of November 2026, and of years.
    fn days(days: &[u32]) -> Vec<Timestamp> {
        days.iter().map(|day| at(&format!("2026-11-{day:02}T00:00:00Z"))).collect()
    }

    #[test]
    fn only_names_of_exactly_this_form_are_backups_of_the_clock() {
        let (time, shelf) = (at("2026-11-26T05:06:07Z"), Shelf::new(Path::new("/"), "1a2b"));
        assert_eq!(shelf.name_at(time), "ragterm-1a2b-20261126T050607Z.backup");
        assert_eq!(shelf.time_of(&shelf.name_at(time)), Some(time));
        for other in [
            "ragterm-1a2b-20261126T050607Z.backup.part",
            "ragterm-1a2b-20261126T050607Z-mine.backup",
            "ragterm-1a2b-2026-11-26.backup",
            "ragterm-1a2b-20261341T050607Z.backup",
            "ragterm-1a2-20261126T050607Z.backup",
            "ragterm-1a2b3-20261126T050607Z.backup",
            "ragterm-20261126T050607Z.backup",
            "before.backup",
        ] {
            assert_eq!(shelf.time_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_backup_is_due_when_the_last_one_is_old_enough() {
        let now = at("2026-11-26T06:00:00Z");
        assert_eq!(due_in(now, &[], DAY), Duration::ZERO);
        assert_eq!(due_in(now, &days(&[24, 25]), DAY), Duration::ZERO);
        assert_eq!(due_in(now, &days(&[26, 20]), DAY), DAY * 3 / 4);
    }

    #[test]
    fn a_clock_that_jumps_neither_stops_backups_nor_makes_one_after_the_other() {
        let now = at("2026-11-26T00:00:00Z");
        // It was years ahead: what was taken then does not count.
        assert_eq!(due_in(now, &[at("2061-01-01T00:00:00Z")], DAY), Duration::ZERO);
        let after = [at("2061-01-01T00:00:00Z"), now];
        assert_eq!(due_in(now, &after, DAY), DAY);
        // It jumps ahead: one is taken, and then the next one a day later.
        let ahead = at("2061-01-01T00:00:00Z");
        assert_eq!(due_in(ahead, &days(&[26]), DAY), Duration::ZERO);
        assert_eq!(due_in(ahead, &after, DAY), DAY);
    }

    #[test]
    fn rotation_deletes_no_more_than_it_should_whatever_the_clock_says() {
        let taken = days(&[20, 21, 22, 23]);
        assert_eq!(surplus(&taken, taken[3], 3), days(&[20]));
        assert_eq!(surplus(&taken, taken[3], 9), []);
        // Ahead by years: still only the oldest one goes.
        let ahead = at("2061-01-01T00:00:00Z");
        let with_ahead = [&taken[1..], &[ahead]].concat();
        assert_eq!(surplus(&with_ahead, ahead, 3), days(&[21]));
        // Back again: the new one stays, though it is not the newest by its name.
        let back = [&[ahead], &days(&[24])[..]].concat();
        assert_eq!(surplus(&back, days(&[24])[0], 1), [ahead]);
        let back = [&taken[2..], &[ahead], &days(&[24])[..]].concat();
        assert_eq!(surplus(&back, days(&[24])[0], 3), [ahead]);
    }

    #[test]
    fn nothing_else_in_the_directory_is_touched() {
        let directory = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(directory.path(), "1");
        let other = Shelf::new(directory.path(), "2");
        let taken = days(&[20, 21, 22]);
        for time in &taken {
            std::fs::write(shelf.file(*time), "").unwrap();
        }
        std::fs::write(shelf.part(taken[0]), "").unwrap();
        std::fs::write(other.part(taken[0]), "").unwrap();
        std::fs::write(other.file(taken[0]), "").unwrap();
        for name in ["mine.backup", "ragterm-20200101T000000Z.backup"] {
            std::fs::write(directory.path().join(name), "1234").unwrap();
        }
        let stale = shelf.stale().unwrap().unwrap();
        assert!(stale.starts_with("1 backup of an earlier version of ragterm, 4 bytes"), "{stale}");
        shelf.sweep();
        assert!(!shelf.part(taken[0]).exists());
        assert_eq!(shelf.rotate(taken[2], 1).unwrap(), 2);
        let left = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 5, "the newest and what is not ours");
        assert!(shelf.file(taken[2]).exists());
        assert!(other.part(taken[0]).exists() && other.file(taken[0]).exists());
    }
}
