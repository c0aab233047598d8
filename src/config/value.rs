//! What a layer says about a key: a value, and where it came from.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::problem::brief;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Built in.
    Default,
    /// A line, counted from 1, of the configuration file.
    File(Arc<str>, usize),
    /// An environment variable.
    Variable(String),
    /// A flag of the command line.
    Flag,
}

impl Origin {
    /// Writes a dotted key the way a person would at this origin.
    pub(super) fn spell(&self, key: &str) -> String {
        match self {
            Self::Variable(_) => format!("RAGTERM_{}", key.replace('.', "__").to_uppercase()),
            _ => key.to_owned(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{path}:{line}"),
            Self::Variable(name) => f.write_str(&brief(name)),
            Self::Flag => f.write_str("command line"),
        }
    }
}

/// The keys of a section.
pub(super) type Table = BTreeMap<String, Node>;

/// A value and its origin.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub value: Value,
    pub origin: Origin,
}

/// A raw value of any layer.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Table(Table),
    /// Text of a variable or a flag, which gets its type from the key that reads it.
    Loose(String),
}

impl Value {
    /// Gives the text of a variable or a flag the type of `example`; other values stay.
    pub(super) fn shaped_like(self, example: &Value, origin: &Origin) -> Value {
        let Self::Loose(text) = self else { return self };
        let trimmed = text.trim();
        let shaped = match example {
            Self::Boolean(_) => trimmed.parse().ok().map(Self::Boolean),
            Self::Integer(_) => trimmed.parse().ok().map(Self::Integer),
            Self::Float(_) => trimmed.parse().ok().map(Self::Float),
            Self::List(_) if trimmed.starts_with('[') => parse_inline(trimmed, origin),
            Self::List(_) => Some(split_list(trimmed, origin)),
            Self::Table(_) | Self::Text(_) | Self::Loose(_) => None,
        };
        shaped.unwrap_or(Self::Text(text))
    }
}

impl Node {
    /// A table written as text in a variable or a flag becomes one; anything else stays.
    pub(super) fn unfolded(mut self) -> Self {
        if let Value::Loose(text) = &self.value
            && text.trim_start().starts_with('{')
            && let Some(table) = parse_inline(text.trim(), &self.origin)
        {
            self.value = table;
        }
        self
    }
}

/// Reads one TOML value, such as `["a", "b"]` or `{ keyword = 1.0 }`.
fn parse_inline(text: &str, origin: &Origin) -> Option<Value> {
    let source = format!("value = {text}");
    let table = DeTable::parse(&source).ok()?;
    let (_, value) = table.get_ref().iter().next()?;
    // A line break followed by another key would smuggle in more than one value.
    (table.get_ref().len() == 1).then(|| convert(value.get_ref(), &|_| origin.clone()))
}

fn split_list(text: &str, origin: &Origin) -> Value {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Value::List(
        items
            .map(|item| Node { value: Value::Text(item.to_owned()), origin: origin.clone() })
            .collect(),
    )
}

/// Converts a parsed TOML table; `origin_at` maps a byte offset to an origin.
pub(super) fn convert_table(table: &DeTable<'_>, origin_at: &impl Fn(usize) -> Origin) -> Table {
    let mut converted = Table::new();
    for (key, value) in table {
        let value = convert(value.get_ref(), origin_at);
        let origin = origin_at(key.span().start);
        converted.insert(key.get_ref().to_string(), Node { value, origin });
    }
    converted
}

fn convert(value: &DeValue<'_>, origin_at: &impl Fn(usize) -> Origin) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Text(number.to_string()), Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| Value::Text(number.to_string()), Value::Float)
        }
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Node {
                    value: convert(item.get_ref(), origin_at),
                    origin: origin_at(item.span().start),
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(convert_table(table, origin_at)),
    }
}

/// As it would stand in the file, on one line; tables are only hinted at.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Text(text) | Self::Loose(text) => write_text(f, text),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(if index > 0 { ", " } else { "" })?;
                    item.value.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Table(_) => f.write_str("{ … }"),
        }
    }
}

/// A TOML basic string: quotes, backslashes and control characters escaped.
fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            control if control.is_control() => write!(f, "\\u{:04X}", u32::from(control))?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&[&str]> for Value {
    fn from(items: &[&str]) -> Self {
        let node = |item: &&str| Node { value: Self::from(*item), origin: Origin::Default };
        Self::List(items.iter().map(node).collect())
    }
}
