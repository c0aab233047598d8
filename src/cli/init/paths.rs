//! Paths that people name: made absolute, held to what every file of a deployment can say.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use directories::BaseDirs;

use crate::error::{Error, Result};

/// The user of the image, who is in no group of this machine.
pub const IMAGE_USER: u32 = 10_001;

/// A longer name of a source is cut, in characters.
const NAME_LENGTH: usize = 40;

/// A larger file is no certificate and no key.
const MAX_PEM_BYTES: u64 = 256 * 1024;

/// A folder to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The name of its source; no two are equal.
    pub name: String,
    /// Its absolute path.
    pub path: String,
    /// How a container may read it.
    pub access: Access,
}

/// What lets the user of the image read a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody may.
    Everybody,
    /// This group may.
    Group(u32),
    /// Its owner alone may.
    Owner,
}

/// The path as seen from anywhere; `~/` is the home directory.
pub fn absolute(path: &str) -> Result<PathBuf> {
    if path.is_empty() {
        return Err(Error::usage("the path is empty"));
    }
    on_one_line(path)?;
    let home = path.strip_prefix("~/").and_then(|rest| Some((BaseDirs::new()?, rest)));
    let path = match home {
        Some((base, rest)) => base.home_dir().join(rest),
        None => PathBuf::from(path),
    };
    let path = std::path::absolute(&path)
        .map_err(|error| Error::usage(format!("`{}` is no path", path.display())).because(error))?;
    on_one_line(text(&path)?)?;
    Ok(path)
}

/// A folder that is there.
pub fn folder(path: &str) -> Result<PathBuf> {
    let path = absolute(path)?;
    match std::fs::metadata(&path) {
        Ok(about) if about.is_dir() => Ok(path),
        Ok(_) => Err(Error::usage(format!("{} is no folder", path.display()))
            .hint("name the folder that it is in")),
        Err(error) => Err(Error::usage(format!("cannot read the folder {}", path.display()))
            .because(error)
            .hint("check the path; a share must be mounted first")),
    }
}

/// Names for the sources of folders, from the ends of their paths.
pub fn named(paths: Vec<PathBuf>) -> Vec<Folder> {
    let mut folders: Vec<Folder> = Vec::new();
    for path in paths {
        let Some(shown) = path.to_str().map(str::to_owned) else { continue };
        if folders.iter().any(|other| other.path == shown) {
            continue;
        }
        let base = source_name(&path);
        let names = std::iter::once(base.clone()).chain((2..).map(|nth| format!("{base}-{nth}")));
        let is_free = |name: &String| folders.iter().all(|other| other.name != *name);
        let name = names.into_iter().find(is_free).unwrap_or(base);
        let access = Access::to(&path);
        folders.push(Folder { name, path: shown, access });
    }
    folders
}

/// A file of a certificate or a key, in PEM.
pub fn pem(path: &str) -> Result<PathBuf> {
    if path.is_empty() {
        return Err(Error::usage(
            "other machines are shown a certificate: a file in PEM is needed",
        ));
    }
    let path = absolute(path)?;
    read_pem(&path).map(|_| path)
}

/// The bytes of such a file; what is in it is never shown.
pub fn read_pem(path: &Path) -> Result<Vec<u8>> {
    let refused = |why: &str| Error::usage(format!("{} {why}", path.display()));
    let size = fs_err::metadata(path).map_err(|error| Error::usage(error.to_string()))?.len();
    if size > MAX_PEM_BYTES {
        return Err(refused("is too large for a certificate or a key"));
    }
    let bytes = fs_err::read(path).map_err(|error| Error::usage(error.to_string()))?;
    match memchr::memmem::find(&bytes, b"-----BEGIN ") {
        Some(_) => Ok(bytes),
        None => Err(refused("is not in PEM: it has no line that starts with `-----BEGIN`")),
    }
}

/// Refuses what cannot stand in one line of `.env`, of a shell or of a message.
pub fn on_one_line(text: &str) -> Result<()> {
    if !text.chars().any(char::is_control) {
        return Ok(());
    }
    let shown: String = text
        .chars()
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    Err(Error::usage(format!("`{shown}` has a line break or another control character in it"))
        .hint("rename it, or name a link to it: no file of a deployment can say such a path"))
}

/// The path as text.
pub fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        Error::usage(format!("the path {} is not UTF-8", path.display()))
            .hint("rename it, or name a link to it")
    })
}

impl Access {
    fn to(folder: &Path) -> Self {
        match std::fs::metadata(folder) {
            Ok(about) if about.mode() & 0o005 == 0o005 || about.uid() == IMAGE_USER => {
                Self::Everybody
            }
            Ok(about) if about.mode() & 0o050 == 0o050 => Self::Group(about.gid()),
            _ => Self::Owner,
        }
    }
}

fn source_name(path: &Path) -> String {
    let last = path.file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = last.chars().map(plain).collect();
    let name = name.trim_start_matches(|c: char| !c.is_alphanumeric());
    let name: String = name.chars().take(NAME_LENGTH).collect();
    match name.trim_end_matches('-') {
        "" => "documents".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_path_that_no_file_can_say_is_refused_with_what_to_do() {
        for path in ["/srv/a\nb", "/srv/a\u{1b}[2Jb", "/srv/a\0b"] {
            let error = absolute(path).unwrap_err();
            assert!(error.to_string().contains("control character"), "{error}");
            assert!(!error.to_string().chars().any(char::is_control), "{error}");
            assert!(error.next_step().unwrap().contains("link"));
        }
        assert!(absolute("a/b").unwrap().is_absolute());
    }

    #[test]
    fn names_of_sources_are_valid_and_no_two_are_equal() {
        let paths =
            ["/a/hr", "/b/hr", "/b/hr", "/", "/c/it's \"$HOME\" `x`", "/규정 모음", "/.hidden"];
        let folders = named(paths.map(PathBuf::from).to_vec());
        let names: Vec<&str> = folders.iter().map(|folder| folder.name.as_str()).collect();
        assert_eq!(names, ["hr", "hr-2", "documents", "it-s---HOME---x", "규정-모음", "hidden"]);
        for name in names {
            crate::config::check_name(name).unwrap();
        }
    }

    #[test]
    fn who_may_read_a_folder_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let set =
            |mode| std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(mode));
        set(0o755).unwrap();
        assert_eq!(Access::to(directory.path()), Access::Everybody);
        set(0o750).unwrap();
        assert!(matches!(Access::to(directory.path()), Access::Group(_)));
        set(0o700).unwrap();
        assert_eq!(Access::to(directory.path()), Access::Owner);
    }

    #[test]
    fn only_pem_is_a_certificate_and_its_text_is_not_told() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("cert.pem");
        std::fs::write(&file, "sesame").unwrap();
        let error = pem(file.to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains("cert.pem") && !error.contains("sesame"), "{error}");
        std::fs::write(&file, "x\n-----BEGIN CERTIFICATE-----\n").unwrap();
        pem(file.to_str().unwrap()).unwrap();
        assert!(pem("").unwrap_err().to_string().contains("PEM"));
    }
}
