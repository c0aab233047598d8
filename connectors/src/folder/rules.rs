//! Decides which names are listed: globs of the settings, ignore files, hidden names.
//!
//! All matching is done on NFC paths relative to the root, so that a glob typed on one system
//! matches a name written on another.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::settings::{FolderError, FolderSettings};
use super::spelling;

/// More of an ignore file than this is not obeyed.
pub(super) const MAX_IGNORE_BYTES: usize = 256 * 1024;

/// The ignore files, the stronger one first.
pub(super) const IGNORE_FILES: [&str; 2] = [".ragtermignore", ".gitignore"];

/// The globs of the settings, compiled.
#[derive(Debug)]
pub(super) struct Rules {
    exclude: Gitignore,
    include: Gitignore,
    ignore: Gitignore,
}

/// The ignore files of one directory, linked to those above it.
#[derive(Debug)]
pub(super) struct Level {
    directory: PathBuf,
    /// Parallel to [`IGNORE_FILES`].
    files: [Gitignore; 2],
    above: Option<Arc<Level>>,
}

/// What a name stands for, as far as the rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
}

impl Rules {
    /// Compiles the globs; an error names the glob and its key.
    pub fn compile(settings: &FolderSettings) -> Result<Self, FolderError> {
        Ok(Self {
            exclude: globs("exclude", &settings.exclude)?,
            include: globs("include", &settings.include)?,
            ignore: globs("ignore", &settings.ignore)?,
        })
    }

    /// Whether something is listed, given that its directory is. `level` is that of its directory.
    pub fn admit(&self, level: Option<&Level>, raw: &Path, kind: Kind) -> bool {
        let path = spelling::composed(raw);
        let directory = kind == Kind::Directory;
        if self.exclude.matched(&path, directory).is_ignore() {
            return false;
        }
        // The user's own word to ragterm may also bring back what is hidden or in `.gitignore`.
        let wanted = match verdict(level, 0, &path, kind) {
            Some(wanted) => wanted,
            None if is_hidden(&path) => false,
            None => match verdict(level, 1, &path, kind) {
                Some(wanted) => wanted,
                None => !self.ignore.matched(&path, directory).is_ignore(),
            },
        };
        wanted && (directory || self.is_included(&path))
    }

    fn is_included(&self, path: &Path) -> bool {
        self.include.is_empty() || self.include.matched_path_or_any_parents(path, false).is_ignore()
    }
}

impl Level {
    /// The rules for what lies in `directory`, from the texts of its ignore files. Lines that
    /// cannot be used are named in `complain`; the others count.
    pub fn new(
        directory: &Path,
        texts: [Option<Vec<u8>>; 2],
        above: Option<Arc<Level>>,
        mut complain: impl FnMut(&str, String),
    ) -> Self {
        let mut index = 0;
        let files = texts.map(|text| {
            let name = IGNORE_FILES[index];
            index += 1;
            text.map_or_else(Gitignore::empty, |text| {
                ignore_file(&text, |reason| complain(name, reason))
            })
        });
        Self { directory: spelling::composed(directory).into_owned(), files, above }
    }
}

/// The nearest ignore file of one sort that has an opinion: listed or not.
fn verdict(level: Option<&Level>, sort: usize, path: &Path, kind: Kind) -> Option<bool> {
    let mut next = level;
    while let Some(level) = next {
        let file = &level.files[sort];
        if let (false, Ok(below)) = (file.is_empty(), path.strip_prefix(&level.directory)) {
            let matched = file.matched(below, kind == Kind::Directory);
            if !matched.is_none() {
                return Some(matched.is_whitelist());
            }
        }
        next = level.above.as_deref();
    }
    None
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn globs(key: &'static str, globs: &[String]) -> Result<Gitignore, FolderError> {
    let bad = |glob: &str, error: ignore::Error| FolderError::Glob {
        key,
        glob: glob.to_owned(),
        reason: reason(&error),
    };
    let mut builder = GitignoreBuilder::new("");
    builder.allow_unclosed_class(false);
    for glob in globs {
        builder.add_line(None, &spelling::composed_text(glob)).map_err(|error| bad(glob, error))?;
    }
    builder.build().map_err(|error| bad(&globs.join(" "), error))
}

fn ignore_file(text: &[u8], mut complain: impl FnMut(String)) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    let text = String::from_utf8_lossy(text);
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if let Err(error) = builder.add_line(None, &spelling::composed_text(line)) {
            complain(format!("line {} is not obeyed: {}", number + 1, reason(&error)));
        }
    }
    builder.build().unwrap_or_else(|error| {
        complain(format!("not obeyed: {}", reason(&error)));
        Gitignore::empty()
    })
}

fn reason(error: &ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::tests::settings;

    fn level(directory: &str, own: &str, git: &str, above: Option<Arc<Level>>) -> Arc<Level> {
        let texts = [Some(own.into()), Some(git.into())];
        Arc::new(Level::new(Path::new(directory), texts, above, |_, reason| panic!("{reason}")))
    }

    fn files(rules: &Rules, level: &Arc<Level>, paths: &[&str]) -> Vec<bool> {
        let admit = |path: &&str| rules.admit(Some(level), Path::new(path), Kind::File);
        paths.iter().map(admit).collect()
    }

    #[test]
    fn the_nearest_ignore_file_wins_and_ragtermignore_is_stronger() {
        let rules = Rules::compile(&settings(Path::new("/"))).unwrap();
        let top = level("", "!keep.log\n", "*.log\n/only-here\n", None);
        let below = level("a", "", "!b.log\n", Some(Arc::clone(&top)));
        assert_eq!(files(&rules, &top, &["x.log", "keep.log", "x.md"]), [false, true, true]);
        assert_eq!(files(&rules, &below, &["a/x.log", "a/b.log"]), [false, true]);
        assert_eq!(files(&rules, &below, &["only-here", "a/only-here"]), [false, true]);
    }

    #[test]
    fn hidden_names_are_listed_only_when_ragtermignore_says_so() {
        let rules = Rules::compile(&settings(Path::new("/"))).unwrap();
        let top = level("", "!.wiki\n", "!.github\n", None);
        assert_eq!(files(&rules, &top, &[".wiki", ".github", ".env"]), [true, false, false]);
    }

    #[test]
    fn settings_filter_files_and_name_their_bad_globs() {
        let mut settings = settings(Path::new("/"));
        settings.include = vec!["*.md".into(), "letters/".into()];
        settings.exclude = vec!["drafts/*".into()];
        settings.ignore = vec!["*.tmp".into()];
        let rules = Rules::compile(&settings).unwrap();
        let top = level("", "!wanted.tmp\n", "", None);
        let paths = ["a.md", "a.txt", "letters/2024/a.txt", "drafts/a.md", "letters/b.tmp"];
        assert_eq!(files(&rules, &top, &paths), [true, false, true, false, false]);
        assert_eq!(files(&rules, &top, &["letters/wanted.tmp"]), [true]);
        settings.exclude = vec!["a[".into()];
        let error = Rules::compile(&settings).unwrap_err().to_string();
        assert!(error.starts_with("the glob `a[` in `exclude` cannot be used"), "{error}");
    }

    #[test]
    fn a_glob_matches_a_name_in_another_unicode_form() {
        let rules = Rules::compile(&settings(Path::new("/"))).unwrap();
        let top = level("", "", "보고서.md\n", None);
        let decomposed = "\u{1107}\u{1169}\u{1100}\u{1169}\u{1109}\u{1165}.md";
        assert_eq!(files(&rules, &top, &[decomposed]), [false]);
    }
}
