//! Finds single paths the way a full walk would reach them, and lists just those.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::fs::FileType;

use super::listing::Listing;
use super::place::{Obstacle, Place};
use super::rules::Kind;
use super::spelling::Siblings;
use super::walk::{Walk, report};

/// Where a path is.
pub(super) enum Located {
    /// Its directory would be listed; whether the name is there is not known yet.
    At(Arc<Place>, OsString),
    /// No walk would come there.
    Nowhere,
    /// A directory on the way cannot be read.
    Unknown { raw: PathBuf, path: String, reason: String },
}

impl Walk<'_> {
    /// Lists what lies at one path now; its directories wait. Names that differ from this one only
    /// in their Unicode form are looked at too: the path of one depends on the others.
    pub(super) fn look(&self, raw: &Path, found: &mut Listing) {
        found.covered.insert(raw.to_owned());
        let (place, name) = match self.locate(raw) {
            Located::At(place, name) => (place, name),
            Located::Nowhere => return,
            Located::Unknown { raw, path, reason } => {
                return report(Obstacle::Unknown(reason), raw, &path, found);
            }
        };
        let siblings = siblings(&place, &name);
        for twin in siblings.twins(&name) {
            found.covered.insert(place.raw.join(&twin));
            let before = found.entries.len();
            self.take(&place, &siblings, (&twin, FileType::Unknown), found);
            // The hint says that this very file is ready.
            found.entries[before..].iter_mut().for_each(|entry| entry.settled = true);
        }
    }

    /// Goes down to the directory of a path, past the same rules as a full walk.
    pub(super) fn locate(&self, raw: &Path) -> Located {
        let mut names = Vec::new();
        for component in raw.components() {
            let Component::Normal(name) = component else { return Located::Nowhere };
            names.push(name);
        }
        let Some(last) = names.pop() else { return Located::Nowhere };
        let mut place = Arc::clone(&self.plan.root);
        for name in names {
            let raw = place.raw.join(name);
            if !self.plan.rules.admit(place.level.as_deref(), &raw, Kind::Directory) {
                return Located::Nowhere;
            }
            let siblings = siblings(&place, name);
            let Some(spelled) = siblings.spell(name) else { return Located::Nowhere };
            match place.enter(name, &spelled) {
                Ok(mut below) => {
                    below.obey_ignore_files(|_, _| ());
                    place = Arc::new(below);
                }
                Err(Obstacle::Unknown(reason)) => {
                    return Located::Unknown { raw, path: place.path_of(&spelled), reason };
                }
                Err(_) => return Located::Nowhere,
            }
        }
        Located::At(place, last.to_owned())
    }
}

/// The siblings that matter for the spelling of a name: an ASCII name has none.
fn siblings(place: &Place, name: &OsStr) -> Siblings {
    if name.as_encoded_bytes().is_ascii() {
        return Siblings::default();
    }
    // Without the names the spelling is still the usual one.
    let names = place.names().unwrap_or_default();
    Siblings::of(names.iter().map(|(name, _)| name.as_os_str()))
}

/// The paths without those that lie under another of them.
pub(super) fn outermost(paths: &[PathBuf]) -> BTreeSet<PathBuf> {
    let sorted: BTreeSet<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let mut outer = BTreeSet::<PathBuf>::new();
    for path in sorted {
        // Paths sort by component, so what lies under a path follows it at once.
        if !outer.last().is_some_and(|last| path.starts_with(last)) {
            outer.insert(path.to_owned());
        }
    }
    outer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_under_another_needs_no_look_of_its_own() {
        let paths = ["a/b", "a", "a-b", "a/b/c", "b/c"].map(PathBuf::from);
        assert_eq!(outermost(&paths), BTreeSet::from(["a", "a-b", "b/c"].map(PathBuf::from)));
    }
}
