//! What the XML files of a book have in common: attributes, references, paths.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart};

/// The value of an attribute, whatever its prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    attributes.with_checks(false);
    let found = attributes.flatten().find(|it| it.key.local_name().as_ref() == name)?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}

/// The text of a reference such as `&amp;`; a space where it is not known.
pub(super) fn resolved(reference: &BytesRef<'_>) -> String {
    match reference.resolve_char_ref() {
        Ok(Some(char)) => char.to_string(),
        _ => resolve_predefined_entity(reference).unwrap_or(" ").to_owned(),
    }
}

/// The path in the package that a reference in the file `base` means, and its fragment.
pub(super) fn resolve(base: &str, reference: &str) -> (String, Option<String>) {
    let (path, fragment) = match reference.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment.to_owned())),
        None => (reference, None),
    };
    if path.is_empty() {
        return (base.to_owned(), fragment);
    }
    let path = unescaped(path);
    let directory = base.rsplit_once('/').map_or("", |(directory, _)| directory);
    let start = if path.starts_with('/') { "" } else { directory };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    (parts.join("/"), fragment)
}

/// `%20` is a space.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match value.filter(|_| *first == b'%') {
            Some(value) => {
                bytes.push(value);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_relative_to_their_file() {
        let path = |base: &str, reference: &str| resolve(base, reference).0;
        assert_eq!(path("OEBPS/nav/toc.ncx", "../text/a%20b.html#x"), "OEBPS/text/a b.html");
        assert_eq!(path("content.opf", "../../a.html"), "a.html");
        assert_eq!(resolve("a/b.html", "#x"), ("a/b.html".to_owned(), Some("x".to_owned())));
    }
}
