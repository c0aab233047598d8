//! Lays the file, the variables and the flags over each other, the later over the earlier.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use toml::de::DeTable;

use super::Inputs;
use super::problem::{Problems, brief};
use super::value::{Node, Origin, Table, Value, convert_table};

/// Variables that relocate files; they are no keys of the configuration.
pub(super) const RELOCATING: [&str; 3] = ["RAGTERM_CONFIG", "RAGTERM_DATA_DIR", "RAGTERM_SOCKET"];

/// Chooses what is in the log; no key either, though there is a section of that name.
const LOG: &str = "RAGTERM_LOG";

/// What is said of a value in the place of a section.
pub(super) const NOT_A_SECTION: &str = "this is a section, not a value";

/// A key has at most so many parts; a hostile one could exhaust the stack.
const DEEPEST: usize = 8;

/// One table of everything that was set anywhere; `sections` are the valid top-level keys.
pub(super) fn merge_all(inputs: &Inputs, sections: &[&str], problems: &mut Problems) -> Table {
    let mut table = read_file(&inputs.file, &inputs.text, problems);
    for (name, value) in &inputs.variables {
        if let Some(layer) = read_variable(name, value, sections, problems) {
            merge(&mut table, layer, "", problems);
        }
    }
    for (key, value) in &inputs.flags {
        let node = Node { value: Value::Loose(value.clone()), origin: Origin::Flag };
        merge(&mut table, nest(key.splitn(DEEPEST, '.'), node.unfolded()), "", problems);
    }
    table
}

fn read_file(path: &Path, text: &str, problems: &mut Problems) -> Table {
    let name: Arc<str> = path.to_string_lossy().into();
    let breaks: Vec<usize> = text.match_indices('\n').map(|(offset, _)| offset).collect();
    let origin_at = |offset: usize| {
        let line = breaks.partition_point(|line_break| *line_break < offset) + 1;
        Origin::File(Arc::clone(&name), line)
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let origin = origin_at(error.span().map_or(0, |span| span.start));
        problems.add_general(&origin, &error.message().replace('\n', ", "));
    }
    convert_table(table.get_ref(), &origin_at)
}

/// `RAGTERM_INDEX__WORKERS` as a table; `None` when the variable does not mean a key.
fn read_variable(
    name: &str,
    value: &OsStr,
    sections: &[&str],
    problems: &mut Problems,
) -> Option<Table> {
    let key = name.strip_prefix("RAGTERM_")?.to_lowercase();
    if RELOCATING.contains(&name) || name == LOG {
        return None;
    }
    let origin = Origin::Variable(name.to_owned());
    if !key.contains("__") && !sections.contains(&key.as_str()) {
        if let Some(meant) = misspelt(name, &key, sections) {
            problems.add_general(&origin, &format!("no such variable; did you mean `{meant}`?"));
        }
        return None;
    }
    let Some(text) = value.to_str() else {
        problems.add_general(&origin, "the value is not UTF-8");
        return None;
    };
    let node = Node { value: Value::Loose(text.to_owned()), origin };
    Some(nest(key.splitn(DEEPEST, "__"), node.unfolded()))
}

/// A variable with one underscore too few, or almost a relocating one; others are not ours.
fn misspelt(name: &str, key: &str, sections: &[&str]) -> Option<String> {
    if let Some((section, rest)) = key.split_once('_')
        && sections.contains(&section)
    {
        let meant = format!("{section}.{rest}");
        return Some(brief(&Origin::Variable(String::new()).spell(&meant)));
    }
    let similarity = |meant: &str| {
        strsim::normalized_damerau_levenshtein(key, &meant["RAGTERM_".len()..].to_lowercase())
    };
    // Comparing takes time that grows with the length.
    let comparable = name.len() <= 64;
    let meant = RELOCATING.into_iter().find(|meant| comparable && similarity(meant) > 0.7)?;
    Some(meant.to_owned())
}

/// The node inside a table for each part of its key.
fn nest<'a>(parts: impl Iterator<Item = &'a str>, node: Node) -> Table {
    let mut parts = parts.collect::<Vec<_>>().into_iter().rev();
    let last = parts.next().unwrap_or_default();
    let innermost = BTreeMap::from([(last.to_owned(), node)]);
    parts.fold(innermost, |inner, part| {
        let origin = inner.values().next().map_or(Origin::Flag, |node| node.origin.clone());
        BTreeMap::from([(part.to_owned(), Node { value: Value::Table(inner), origin })])
    })
}

/// Lays `upper` over `lower`: tables are joined, anything else is replaced.
fn merge(lower: &mut Table, upper: Table, path: &str, problems: &mut Problems) {
    for (key, node) in upper {
        let path = join(path, &key);
        let Some(below) = lower.get_mut(&key) else {
            lower.insert(key, node);
            continue;
        };
        match (&mut below.value, node.value) {
            (Value::Table(table), Value::Table(inner)) => merge(table, inner, &path, problems),
            (_, value) => {
                if matches!(value, Value::Table(_)) {
                    problems.add(&below.origin, &path, NOT_A_SECTION);
                }
                *below = Node { value, origin: node.origin };
            }
        }
    }
}

/// `workers` in `index` is `index.workers`.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The variables that concern ragterm, in a fixed order.
pub(super) fn own_variables(
    all: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<(String, OsString)> {
    let named = all.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let mut own: Vec<_> = named.filter(|(name, _)| name.starts_with("RAGTERM_")).collect();
    own.sort();
    own
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn foreign_variables_are_not_even_looked_at() {
        let names = ["PATH", "RAGTERM_SOCKET", "MY_RAGTERM_SOCKET", "RAGTERM_INDEX__WORKERS"];
        let all = names.into_iter().map(|name| (name.into(), "4".into()));
        let own: Vec<String> = own_variables(all).into_iter().map(|(name, _)| name).collect();
        assert_eq!(own, ["RAGTERM_INDEX__WORKERS", "RAGTERM_SOCKET"]);
    }

    #[test]
    fn a_value_that_is_not_utf8_is_a_problem() {
        let value = OsString::from_vec(vec![0xff]);
        let inputs = Inputs {
            variables: vec![("RAGTERM_INDEX__WORKERS".to_owned(), value)],
            ..Inputs::default()
        };
        let mut problems = Problems::default();
        assert!(merge_all(&inputs, &["index"], &mut problems).is_empty());
        let message = problems.into_result().unwrap_err().to_string();
        assert!(message.contains("RAGTERM_INDEX__WORKERS: the value is not UTF-8"), "{message}");
    }
}
