//! Reads the merged layers key by key; remembers what was known, set and wrong.

use std::collections::BTreeSet;
use std::fmt;

use super::layers::{NOT_A_SECTION, join};
use super::problem::{Problems, without_numbers};
use super::secret::Secret;
use super::value::{Node, Origin, Table, Value};

/// A key, the value in force, written as in the file, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The dotted key, such as `index.workers` or `sources[0].path`.
    pub key: String,
    /// The value as TOML on one line.
    pub value: String,
    /// Where the value was set.
    pub origin: Origin,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.key, self.value)
    }
}

/// The outcome of reading, apart from the configuration itself.
#[derive(Debug)]
pub(super) struct Reader {
    pub problems: Problems,
    pub settings: Vec<Setting>,
    known: BTreeSet<String>,
    unknown: Vec<(Origin, String)>,
}

/// The keys of one section that have not been read yet.
#[derive(Debug)]
pub(super) struct Section<'a> {
    reader: &'a mut Reader,
    path: String,
    table: Table,
    origin: Origin,
}

impl Reader {
    pub(super) fn new(problems: Problems) -> Self {
        Self { problems, settings: Vec::new(), known: BTreeSet::new(), unknown: Vec::new() }
    }

    /// Reads the whole tree; afterwards every key that nobody asked for is a problem.
    pub(super) fn read<T>(&mut self, table: Table, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let mut root =
            Section { reader: self, path: String::new(), table, origin: Origin::Default };
        let outcome = read(&mut root);
        root.finish();
        for (origin, key) in std::mem::take(&mut self.unknown) {
            self.problems.add_unknown(&origin, &key, &self.known);
        }
        outcome
    }
}

impl Section<'_> {
    /// The value of a key; the default, which must itself be valid, when unset or wrong.
    pub(super) fn take<T>(
        &mut self,
        key: &str,
        default: impl Into<Value>,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> T {
        let default = default.into();
        if let Some(node) = self.remove(key)
            && let Some(value) = self.parse(key, node, &default, &parse)
        {
            return value;
        }
        let value = parse(&default).expect("a default is valid");
        self.remember(key, &default, &Origin::Default);
        value
    }

    /// The value of a key without a default; `None`, and a problem, when unset or wrong.
    pub(super) fn require<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Option<T> {
        match self.remove(key) {
            Some(node) => self.parse(key, node, &Value::from(""), &parse),
            None => {
                let origin = self.origin.clone();
                self.reader.problems.add(&origin, &join(&self.path, key), "is missing");
                None
            }
        }
    }

    /// A secret, from `key` or from the file that `key` with `_file` names; shown as dots.
    pub(super) fn secret(&mut self, key: &str, default: &str) -> Secret {
        let file_key = format!("{key}_file");
        let value = self.take(key, default, super::parse::text);
        let file = self.take(&file_key, "", super::parse::text);
        if value != default {
            let path = join(&self.path, key);
            let shown = self.reader.settings.iter_mut().rfind(|setting| setting.key == path);
            if let Some(setting) = shown {
                setting.value = "\"…\"".to_owned();
            }
        }
        match (value.is_empty() || value == default, file.is_empty()) {
            (true, false) => Secret::file(join(&self.path, &file_key), file),
            (false, false) => {
                let message = format!("must not be set together with `{key}`");
                self.reject(&file_key, &message);
                Secret::Value(value)
            }
            (_, true) if value.is_empty() => Secret::Unset,
            (_, true) => Secret::Value(value),
        }
    }

    /// Reads the section below `key`, which may be absent.
    pub(super) fn inside<T>(&mut self, key: &str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let absent = Node { value: Value::Table(Table::new()), origin: Origin::Default };
        let node = self.remove(key).unwrap_or(absent);
        self.open(join(&self.path, key), node, read)
    }

    /// Reads each table of the list at `key`, and leaves out those that `read` gives up on.
    pub(super) fn each<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&mut Section<'_>) -> Option<T>,
    ) -> Vec<T> {
        let path = join(&self.path, key);
        let nodes = self.nodes(key).into_iter().enumerate();
        nodes
            .filter_map(|(index, node)| self.open(format!("{path}[{index}]"), node, &mut read))
            .collect()
    }

    /// Refuses a value that was valid on its own, for example because it contradicts another.
    pub(super) fn reject(&mut self, key: &str, message: &str) {
        self.reject_missing(key, key, message);
    }

    /// Asks for `key`, which the value of `cause` makes necessary.
    pub(super) fn reject_missing(&mut self, key: &str, cause: &str, message: &str) {
        let cause = join(&self.path, cause);
        let set = self.reader.settings.iter().rev().find(|setting| setting.key == cause);
        let origin = set.map_or(Origin::Default, |setting| setting.origin.clone());
        self.reader.problems.add(&origin, &join(&self.path, key), message);
    }

    fn nodes(&mut self, key: &str) -> Vec<Node> {
        let Some(Node { value, origin }) = self.remove(key) else {
            return Vec::new();
        };
        match value.shaped_like(&Value::List(Vec::new()), &origin) {
            Value::List(nodes) if nodes.iter().all(is_table) => nodes,
            _ => {
                let path = join(&self.path, key);
                let message = format!("must be a list of tables, each below `[[{path}]]`");
                self.reader.problems.add(&origin, &path, &message);
                Vec::new()
            }
        }
    }

    fn open<T>(&mut self, path: String, node: Node, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let table = match node.value {
            Value::Table(table) => table,
            _ => {
                self.reader.problems.add(&node.origin, &path, NOT_A_SECTION);
                Table::new()
            }
        };
        let mut section = Section { reader: self.reader, path, table, origin: node.origin };
        let outcome = read(&mut section);
        section.finish();
        outcome
    }

    fn remove(&mut self, key: &str) -> Option<Node> {
        self.reader.known.insert(without_numbers(&join(&self.path, key)));
        self.table.remove(key)
    }

    fn parse<T>(
        &mut self,
        key: &str,
        node: Node,
        example: &Value,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = node.value.shaped_like(example, &node.origin);
        match parse(&value) {
            Ok(parsed) => {
                self.remember(key, &value, &node.origin);
                Some(parsed)
            }
            Err(message) => {
                self.reader.problems.add(&node.origin, &join(&self.path, key), &message);
                None
            }
        }
    }

    fn remember(&mut self, key: &str, value: &Value, origin: &Origin) {
        let key = join(&self.path, key);
        self.reader.settings.push(Setting {
            key,
            value: value.to_string(),
            origin: origin.clone(),
        });
    }

    fn finish(self) {
        for (key, node) in self.table {
            self.reader.unknown.push((node.origin, join(&self.path, &key)));
        }
    }
}

fn is_table(node: &Node) -> bool {
    matches!(node.value, Value::Table(_))
}
