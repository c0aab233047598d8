//! Which program opens a document, decided from its address; nothing is run here.

use std::path::PathBuf;

/// What opens a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// A program in this terminal, with its arguments.
    Editor(Vec<String>),
    /// The desktop's own program for a path or an address.
    Desktop(String),
}

/// What is known of a document to open.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its address.
    pub uri: &'a str,
    /// Its type, an extension without the dot.
    pub kind: &'a str,
    /// The line to show, from 1.
    pub line: Option<u32>,
}

/// Types that an editor shows as they are.
const TEXT: [&str; 62] = [
    "adoc",
    "asciidoc",
    "bash",
    "bib",
    "c",
    "cc",
    "cfg",
    "conf",
    "cpp",
    "cs",
    "css",
    "csv",
    "diff",
    "eml",
    "go",
    "gradle",
    "h",
    "hpp",
    "htm",
    "html",
    "ini",
    "ipynb",
    "java",
    "js",
    "json",
    "jsonl",
    "jsx",
    "kt",
    "less",
    "log",
    "lua",
    "m",
    "markdown",
    "md",
    "mdx",
    "mjs",
    "org",
    "patch",
    "php",
    "pl",
    "properties",
    "ps1",
    "py",
    "r",
    "rb",
    "rs",
    "rst",
    "scala",
    "scss",
    "sh",
    "sql",
    "srt",
    "swift",
    "tex",
    "toml",
    "ts",
    "tsv",
    "tsx",
    "txt",
    "xml",
    "yaml",
    "yml",
];

/// What opens a document; fails with a sentence when nothing may.
pub fn plan(place: Place<'_>, editor: Option<&str>) -> Result<Opening, String> {
    if ["http://", "https://"].iter().any(|scheme| place.uri.starts_with(scheme)) {
        return Ok(Opening::Desktop(place.uri.to_owned()));
    }
    let path = local_path(place.uri).ok_or("this document has no address that can be opened")?;
    let path = path.to_str().ok_or("the path of this document is not in UTF-8")?.to_owned();
    // What is inside a container has the type of its own, but the path of the container.
    let is_text = is_text(&path) && is_text(&format!("x.{}", place.kind));
    match editor.map(str::trim).filter(|editor| is_text && !editor.is_empty()) {
        Some(editor) => Ok(Opening::Editor(command(editor, &path, place.line))),
        None => Ok(Opening::Desktop(path)),
    }
}

/// The path of a `file://` address.
pub fn local_path(uri: &str) -> Option<PathBuf> {
    let encoded = uri.strip_prefix("file://").filter(|path| path.starts_with('/'))?;
    let encoded = encoded.split('#').next()?;
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    let path: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(bytes);
    Some(PathBuf::from(path))
}

fn is_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.')
        .is_none_or(|(_, extension)| TEXT.contains(&extension.to_ascii_lowercase().as_str()))
}

/// The editor's command line; the path is absolute, so it is never taken for an option.
fn command(editor: &str, path: &str, line: Option<u32>) -> Vec<String> {
    let mut words: Vec<String> = editor.split_whitespace().map(str::to_owned).collect();
    let program = words[0].rsplit('/').next().unwrap_or_default().to_owned();
    let Some(line) = line else {
        words.push(path.to_owned());
        return words;
    };
    match program.as_str() {
        "code" | "codium" | "code-insiders" => {
            words.extend(["--goto".into(), format!("{path}:{line}")]);
        }
        "hx" | "helix" | "subl" | "zed" => words.push(format!("{path}:{line}")),
        _ => words.extend([format!("+{line}"), path.to_owned()]),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(uri: &str, kind: &str, editor: &str) -> Result<Opening, String> {
        plan(Place { uri, kind, line: Some(41) }, Some(editor))
    }

    #[test]
    fn text_opens_in_the_editor_at_its_line() {
        let uri = "file:///srv/%EC%97%B0%EC%B0%A8%20a.md";
        let words = |words: &[&str]| {
            Ok(Opening::Editor(words.iter().map(|word| (*word).to_owned()).collect()))
        };
        assert_eq!(opened(uri, "md", "vim"), words(&["vim", "+41", "/srv/연차 a.md"]));
        assert_eq!(
            opened(uri, "md", "code -w"),
            words(&["code", "-w", "--goto", "/srv/연차 a.md:41"])
        );
        assert_eq!(opened(uri, "md", "/usr/bin/hx"), words(&["/usr/bin/hx", "/srv/연차 a.md:41"]));
    }

    #[test]
    fn other_files_pages_and_what_is_packed_open_on_the_desktop() {
        let desktop = |target: &str| Ok(Opening::Desktop(target.to_owned()));
        assert_eq!(opened("file:///srv/a.pdf", "pdf", "vim"), desktop("/srv/a.pdf"));
        assert_eq!(opened("file:///srv/a.zip", "md", "vim"), desktop("/srv/a.zip"));
        assert_eq!(opened("file:///srv/a.md", "md", " "), desktop("/srv/a.md"));
        assert_eq!(opened("https://wiki/x", "html", "vim"), desktop("https://wiki/x"));
    }

    #[test]
    fn an_address_of_another_scheme_is_never_opened() {
        for uri in ["javascript:alert(1)", "ssh://host", "file://host/share", "", "-e rm"] {
            assert!(opened(uri, "md", "vim").is_err(), "{uri}");
        }
    }

    #[test]
    fn damaged_escapes_stay_as_they_are() {
        assert_eq!(local_path("file:///a%2").unwrap(), PathBuf::from("/a%2"));
        assert_eq!(local_path("file:///%zz%연").unwrap(), PathBuf::from("/%zz%연"));
    }
}
