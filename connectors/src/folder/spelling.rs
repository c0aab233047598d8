//! The spelling of names: Unicode NFC for people and identity, the raw bytes for the disk.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A text in NFC.
pub(super) fn composed_text(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc(text) { Cow::Borrowed(text) } else { text.nfc().collect() }
}

/// A path in NFC; one that is not UTF-8 stays as it is.
pub(super) fn composed(path: &Path) -> Cow<'_, Path> {
    match path.to_str().map(composed_text) {
        Some(Cow::Owned(text)) => Cow::Owned(text.into()),
        _ => Cow::Borrowed(path),
    }
}

/// Knows which names of one directory differ only in their Unicode form.
#[derive(Debug, Default)]
pub(super) struct Siblings {
    /// The NFC forms that more than one name has; nearly always empty.
    shared: HashMap<String, Vec<OsString>>,
}

impl Siblings {
    /// Looks at all names of a directory.
    pub fn of<'a>(names: impl Iterator<Item = &'a OsStr>) -> Self {
        let mut shared: HashMap<String, Vec<OsString>> = HashMap::new();
        for name in names.filter(|name| !name.as_encoded_bytes().is_ascii()) {
            if let Some(text) = name.to_str() {
                shared.entry(composed_text(text).into_owned()).or_default().push(name.into());
            }
        }
        shared.retain(|_, names| names.len() > 1);
        Self { shared }
    }

    /// The name for people: NFC, unless a sibling has the same NFC form. `None`: not UTF-8.
    pub fn spell<'a>(&self, name: &'a OsStr) -> Option<Cow<'a, str>> {
        let text = name.to_str()?;
        let composed = composed_text(text);
        if self.shared.contains_key(composed.as_ref()) {
            return Some(Cow::Borrowed(text));
        }
        Some(composed)
    }

    /// All names that share their NFC form with this one, itself included.
    pub fn twins(&self, name: &OsStr) -> Vec<OsString> {
        let composed = name.to_str().map(composed_text);
        composed
            .and_then(|composed| self.shared.get(composed.as_ref()).cloned())
            .unwrap_or_else(|| vec![name.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_composed_unless_that_would_merge_two() {
        let (composed, decomposed) = (OsStr::new("caf\u{e9}"), OsStr::new("cafe\u{301}"));
        let alone = Siblings::of([decomposed].into_iter());
        assert_eq!(alone.spell(decomposed).unwrap(), "caf\u{e9}");
        let both = Siblings::of([decomposed, composed].into_iter());
        assert_eq!(both.spell(decomposed).unwrap(), "cafe\u{301}");
        assert_eq!(both.spell(composed).unwrap(), "caf\u{e9}");
        assert_eq!(both.twins(composed).len(), 2);
    }
}
