//! Symbolic links: a link to a file of the folder that is not listed itself stands for it.

use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType};
use rustix::io::Errno;

use super::listing::Listing;
use super::locate::Located;
use super::place::Obstacle;
use super::rules::Kind;
use super::walk::{Walk, report, special};

impl Walk<'_> {
    /// Lists a link, or says why not. One whose target is listed anyway is passed over.
    pub(super) fn link(&self, path: String, raw: PathBuf, found: &mut Listing) {
        let target = match self.target(&raw) {
            Ok(target) => target,
            Err(obstacle) => return report(obstacle, raw, &path, found),
        };
        let stat = match rustix::fs::statat(CWD, &target.real, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(errno) => return report(errno.into(), raw, &path, found),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile if self.is_listed(&target.raw, Kind::File) => {}
            FileType::RegularFile => self.file(path, raw, &stat, found),
            FileType::Directory if self.is_listed(&target.raw, Kind::Directory) => {}
            FileType::Directory => {
                found.problem(&path, "a link to a folder that is left out itself; not followed");
            }
            other => found.problem(&path, special(other)),
        }
    }

    fn target(&self, raw: &Path) -> Result<Target, Obstacle> {
        let real =
            std::fs::canonicalize(self.plan.root_path.join(raw)).map_err(|error| {
                match error.raw_os_error().map(Errno::from_raw_os_error) {
                    Some(Errno::NOENT | Errno::NOTDIR) => {
                        Obstacle::LeftOut("a link to something that does not exist".into())
                    }
                    Some(Errno::LOOP) => Obstacle::LeftOut("a link that leads in a circle".into()),
                    _ => Obstacle::Unknown(format!("a link that cannot be followed: {error}")),
                }
            })?;
        let root = self.real_root.get_or_init(|| std::fs::canonicalize(self.plan.root_path).ok());
        match root.as_ref().and_then(|root| real.strip_prefix(root).ok()) {
            Some(raw) => Ok(Target { raw: raw.to_owned(), real }),
            None => Err(Obstacle::LeftOut("a link that leads out of the folder".into())),
        }
    }

    fn is_listed(&self, raw: &Path, kind: Kind) -> bool {
        // The root itself is listed.
        raw.as_os_str().is_empty()
            || matches!(
                self.locate(raw),
                Located::At(place, _) if self.plan.rules.admit(place.level.as_deref(), raw, kind)
            )
    }
}

/// Where a link leads.
struct Target {
    raw: PathBuf,
    real: PathBuf,
}
