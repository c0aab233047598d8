//! The names in an export of Notion, without the ids in them.

use super::readable_path;

/// A full id in hexadecimal digits; the same with dashes is longer.
const ID_DIGITS: usize = 32;

/// Ids are also shortened; such a word needs letters and digits to be told from a number.
const MIN_ID_DIGITS: usize = 8;

/// What a whole database is called beside its view.
const WHOLE: &str = "_all";

/// What a path says of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// The pages above, outermost first.
    pub above: Vec<String>,
    /// The page's own.
    pub page: String,
}

impl Names {
    pub(super) fn of(path: &str) -> Self {
        let readable = readable_path(path);
        let (above, name) = readable.rsplit_once('/').unwrap_or(("", &readable));
        let above = above.split('/').filter(|name| !name.is_empty() && !is_packing(name));
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        Self {
            above: above.map(str::to_owned).collect(),
            page: match extension {
                // All rows of a database, of which its view may leave some out.
                "csv" => without_number(stem).trim_end_matches(WHOLE).to_owned(),
                _ => stem.to_owned(),
            },
        }
    }
}

/// A name of an export without the id at its end.
pub(super) fn readable_name(name: &str) -> String {
    if name.starts_with("Export-") || name.starts_with("ExportBlock-") {
        return name.to_owned();
    }
    let (stem, extension) = split(name);
    let (stem, whole) = match stem.strip_suffix(WHOLE) {
        Some(stem) if without_id(stem).is_some() => (stem, WHOLE),
        _ => (stem, ""),
    };
    let Some(title) = without_id(stem) else { return name.to_owned() };
    let title = if title.is_empty() { "Untitled" } else { title };
    format!("{title}{whole}{extension}")
}

/// The name and its extension with the dot; a dot in a title begins none.
fn split(name: &str) -> (&str, &str) {
    let is_extension = |text: &str| {
        text.len() <= 5 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match name.rfind('.') {
        Some(dot) if is_extension(&name[dot + 1..]) => name.split_at(dot),
        _ => (name, ""),
    }
}

/// What stands before the id at the end; `None` without an id.
fn without_id(stem: &str) -> Option<&str> {
    let digits: usize =
        stem.chars().rev().take_while(|it| it.is_ascii_hexdigit() || *it == '-').count();
    let tail = &stem[stem.len() - digits..];
    if let Some(start) = tail.len().checked_sub(ID_DIGITS + 4)
        && is_uuid(&tail[start..])
    {
        return Some(stem[..stem.len() - ID_DIGITS - 4].trim_end_matches([' ', '-', '_']));
    }
    let word = tail.rsplit('-').next().unwrap_or(tail);
    let before = &stem[..stem.len() - word.len()];
    let is_apart = before.is_empty() || before.ends_with([' ', '-', '_']);
    if word.len() == ID_DIGITS && is_apart {
        return Some(before.trim_end_matches([' ', '-', '_']));
    }
    let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
    let is_short = (MIN_ID_DIGITS..ID_DIGITS).contains(&word.len())
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && !has(u8::is_ascii_uppercase);
    (is_short && before.ends_with(' ')).then(|| before.trim_end())
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == matches!(at, 8 | 13 | 18 | 23))
}

/// `Name (2)`, as a walk calls the second of a name.
fn without_number(stem: &str) -> &str {
    let Some((name, number)) = stem.rsplit_once(" (") else { return stem };
    let is_number = number.strip_suffix(')').is_some_and(|it| it.parse::<u32>().is_ok());
    if is_number { name } else { stem }
}

/// Archives and directories that the export made around the pages.
fn is_packing(name: &str) -> bool {
    let is_archive = name.len() > 4 && name.to_ascii_lowercase().ends_with(".zip");
    is_archive || name.starts_with("Export-") || name.starts_with("ExportBlock-")
}
