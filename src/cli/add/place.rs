//! What a command adds: the folder or the file that a path names, and what wrote it.

use std::fs::File;
use std::path::{Path, PathBuf};

use ragterm_connectors::container;

use crate::config::SourceKind;
use crate::error::{Error, Result};

/// Names of a folder that are looked at to recognise what wrote it.
const MAX_NAMES: usize = 10_000;

/// A folder or a file that exists.
#[derive(Debug)]
pub struct Place {
    /// The absolute path that becomes the source's: of a link to a file of the same folder the
    /// link's own, so that what it leads to later counts, else where it leads now.
    pub path: PathBuf,
    /// The same without any link.
    pub real: PathBuf,
    /// Whether it is a link whose target alone can be read.
    pub is_fixed_link: bool,
}

impl Place {
    /// Finds what a path names.
    pub fn find(path: &Path) -> Result<Self> {
        let shown = path.display();
        let missing = |error| {
            Error::usage(format!("cannot add `{shown}`")).because(error).hint("check the path")
        };
        let real = std::fs::canonicalize(path).map_err(missing)?;
        let is_link = path.is_symlink() && real.is_file();
        let mut place = Self { path: real.clone(), real, is_fixed_link: false };
        if is_link && let Some(name) = path.file_name() {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let folder = std::fs::canonicalize(folder).map_err(missing)?;
            // A source never reads outside of its folder.
            place.is_fixed_link = !place.real.starts_with(&folder);
            if !place.is_fixed_link {
                place.path = folder.join(name);
            }
        }
        Ok(place)
    }

    /// The path in the form of a request.
    pub fn text(&self) -> Result<&str> {
        self.path.to_str().ok_or_else(|| {
            Error::usage(format!("cannot add `{}`: the path is not UTF-8", self.path.display()))
                .hint("rename the folder, or add the one that it is in")
        })
    }

    /// The kind of source that it becomes: the one that was asked for if it can be that, else what
    /// is recognised in it.
    pub fn kind(&self, asked: Option<SourceKind>) -> Result<SourceKind> {
        if self.real.is_dir() {
            return Ok(asked.unwrap_or_default());
        }
        let shown = self.path.display();
        let recognised = match asked {
            Some(kind) if !kind.may_be_file() => {
                let name = kind.name();
                return Err(Error::usage(format!(
                    "cannot add `{shown}`: it is not a folder, and a source of the kind `{name}` \
                     is one"
                ))
                .hint("add the folder that it is in, or leave out --kind"));
            }
            Some(kind) if kind != SourceKind::Folder => return Ok(kind),
            _ => self.recognise()?,
        };
        match recognised {
            Some(kind) => Ok(asked.unwrap_or(kind)),
            None => Err(Error::usage(format!(
                "cannot add `{shown}`: it is not a folder, nor a file that holds documents"
            ))
            .hint(
                "add the folder that it is in; if it is what another program exported, say with \
                 --kind which one; `ragterm extract FILE` shows what is read in a file",
            )),
        }
    }

    /// What wrote a folder, where its names say so.
    pub fn looks_like(&self) -> Option<SourceKind> {
        container::recognise_folder(&names(&self.real)).map(SourceKind::of)
    }

    /// What a file holds; `None` for one that is a document itself.
    fn recognise(&self) -> Result<Option<SourceKind>> {
        let cannot = |error| {
            Error::usage(format!("cannot add `{}`: it cannot be read", self.path.display()))
                .because(error)
        };
        // Opening a pipe would wait for its writer.
        if !self.real.is_file() {
            return Ok(None);
        }
        let mut file = File::open(&self.real).map_err(cannot)?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        Ok(container::recognise(&name, &mut file).map_err(cannot)?.map(SourceKind::of))
    }
}

/// The names in a folder and in its folders, those of folders with a slash behind them; no more
/// than tell what wrote it. What cannot be listed is told when it is indexed.
fn names(folder: &Path) -> Vec<String> {
    let mut names = list(folder, "");
    let below = names.iter().filter(|name| name.ends_with('/')).cloned().collect::<Vec<_>>();
    for name in below {
        if names.len() >= MAX_NAMES {
            break;
        }
        names.extend(list(&folder.join(&name), &name));
    }
    names
}

fn list(folder: &Path, prefix: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        let slash = if entry.file_type().ok()?.is_dir() { "/" } else { "" };
        Some(format!("{prefix}{}{slash}", entry.file_name().to_string_lossy()))
    };
    entries.take(MAX_NAMES).filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn find(directory: &tempfile::TempDir, path: &str) -> Place {
        Place::find(&directory.path().join(path)).unwrap()
    }

    #[test]
    fn a_lone_document_is_refused_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a.md"), "text").unwrap();
        let place = find(&directory, "a.md");
        for asked in [None, Some(SourceKind::Folder), Some(SourceKind::Drop)] {
            let error = place.kind(asked).unwrap_err();
            assert!(error.to_string().contains("not a folder"), "{error}");
            assert!(error.next_step().unwrap().contains("the folder that it is in"));
        }
        assert_eq!(place.kind(Some(SourceKind::JsonLines)).unwrap(), SourceKind::JsonLines);
        let missing = Place::find(&directory.path().join("none")).unwrap_err();
        assert_eq!(missing.kind(), crate::error::ErrorKind::Usage);
    }

    #[test]
    fn a_file_that_holds_documents_is_of_the_kind_that_wrote_it() {
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes, kind) in [
            ("a.jsonl", "{\"text\":\"a\"}\n", SourceKind::JsonLines),
            ("wiki.xml", "<mediawiki></mediawiki>", SourceKind::MediaWiki),
            (
                "all.mbox",
                "From a Mon Jun 1 04:28:28 2009\nSubject: One\n\nfirst\n",
                SourceKind::Mail,
            ),
            ("a.zip", "PK\u{5}\u{6}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", SourceKind::Folder),
        ] {
            std::fs::write(directory.path().join(name), bytes).unwrap();
            assert_eq!(find(&directory, name).kind(None).unwrap(), kind, "{name}");
        }
        let other = Some(SourceKind::Notion);
        assert_eq!(find(&directory, "a.zip").kind(other).unwrap(), SourceKind::Notion);
    }

    #[test]
    fn a_folder_is_of_any_files_and_may_look_like_something_else() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(find(&directory, "").kind(None).unwrap(), SourceKind::Folder);
        assert_eq!(find(&directory, "").looks_like(), None);
        for name in ["pages", "meta", "attic"] {
            std::fs::create_dir_all(directory.path().join("data").join(name)).unwrap();
        }
        assert_eq!(find(&directory, "").looks_like(), Some(SourceKind::DokuWiki));
    }

    #[test]
    fn a_link_to_a_file_stays_one_unless_it_leads_out_of_its_folder() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("exports")).unwrap();
        std::fs::write(directory.path().join("exports/1.zip"), "x").unwrap();
        let real = std::fs::canonicalize(directory.path()).unwrap();
        symlink("1.zip", directory.path().join("exports/latest.zip")).unwrap();
        let place = find(&directory, "exports/latest.zip");
        assert_eq!(place.path, real.join("exports/latest.zip"));
        assert_eq!((place.real, place.is_fixed_link), (real.join("exports/1.zip"), false));
        std::fs::create_dir(directory.path().join("links")).unwrap();
        symlink("../exports/1.zip", directory.path().join("links/latest.zip")).unwrap();
        let place = find(&directory, "links/latest.zip");
        assert_eq!((place.path, place.is_fixed_link), (real.join("exports/1.zip"), true));
        symlink("exports", directory.path().join("folder")).unwrap();
        let place = find(&directory, "folder");
        assert_eq!((place.path, place.is_fixed_link), (real.join("exports"), false));
    }
}
