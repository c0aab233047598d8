//! The names that are left out of archives because the settings say so.

use std::cell::OnceCell;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::paths;

/// Globs as in ignore files; compiled when an archive asks for the first time.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    globs: Vec<String>,
    compiled: OnceCell<Gitignore>,
}

impl Ignored {
    /// Globs that cannot be used do not count: the configuration has refused them.
    pub(super) fn new(globs: &[String]) -> Self {
        Self { globs: globs.to_vec(), compiled: OnceCell::new() }
    }

    /// Whether a file of this path, or a directory that it is in, is left out.
    pub(super) fn matches(&self, path: &str) -> bool {
        if self.globs.is_empty() {
            return false;
        }
        let compiled = self.compiled.get_or_init(|| compile(&self.globs));
        compiled.matched_path_or_any_parents(Path::new(&paths::safe(path)), false).is_ignore()
    }
}

fn compile(globs: &[String]) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    builder.allow_unclosed_class(false);
    for glob in globs {
        // What is wrong with one is no reason to do without the others.
        let _refused = builder.add_line(None, glob);
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_directories_are_left_out_wherever_they_stand() {
        let globs = ["node_modules/", "~$*", "*.tmp", "a["].map(str::to_owned);
        let ignored = Ignored::new(&globs);
        for path in ["a/node_modules/b/c.md", "~$plan.docx", "a\\~$b.docx", "/x.tmp", "../x.tmp"] {
            assert!(ignored.matches(path), "{path}");
        }
        for path in ["node_modules.md", "plan~$.docx", "a/x.tmp.md", "", "/"] {
            assert!(!ignored.matches(path), "{path}");
        }
        assert!(!Ignored::default().matches("x.tmp"));
    }
}
