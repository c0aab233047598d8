//! Plain schemas, made from types, and arguments held against them.

use rmcp::model::JsonObject;
use rmcp::schemars::generate::SchemaSettings;
use rmcp::schemars::transform::{RecursiveTransform, Transform};
use rmcp::schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::text::clean_line;

/// The schema of a tool's arguments.
pub fn of_arguments<T: JsonSchema>() -> JsonObject {
    plain::<T>(SchemaSettings::draft2020_12())
}

/// The schema of a tool's structured content.
pub fn of_report<T: JsonSchema>() -> JsonObject {
    plain::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// The arguments of a call; what is unknown, missing or out of bounds is refused in words.
pub fn arguments<T>(tool: &str, given: JsonObject) -> Result<T, Failure>
where
    T: JsonSchema + DeserializeOwned,
{
    let schema = Value::Object(of_arguments::<T>());
    let mut accepted = JsonObject::new();
    for (name, value) in given {
        let Some(property) = schema["properties"].get(&name) else {
            return Err(unknown(tool, &name, &schema));
        };
        // Some agents write what they leave out as null.
        if value.is_null() && !is_required(&schema, &name) {
            continue;
        }
        if !fits(property, &value) {
            let demand = demand(property);
            let shown = clean_line(&value.to_string(), 80);
            return Err(Failure::new(format!("`{name}` must be {demand}, not `{shown}`")));
        }
        accepted.insert(name, value);
    }
    if let Some(missing) = required(&schema).find(|name| !accepted.contains_key(*name)) {
        return Err(Failure::new(format!("`{tool}` needs `{missing}`")));
    }
    serde_json::from_value(Value::Object(accepted))
        .map_err(|error| Failure::new(format!("cannot understand the arguments: {error}")))
}

fn plain<T: JsonSchema>(settings: SchemaSettings) -> JsonObject {
    let settings = settings
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .with_transform(RecursiveTransform(Spare));
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema.remove("description");
    let mut schema = schema.as_object().cloned().unwrap_or_default();
    // Some agents refuse an object that says nothing of its properties.
    schema.entry("properties").or_insert_with(|| JsonObject::new().into());
    schema
}

/// Takes out what tells an agent nothing: formats of numbers, and defaults that are empty.
#[derive(Debug, Clone)]
struct Spare;

impl Transform for Spare {
    fn transform(&mut self, schema: &mut Schema) {
        schema.remove("format");
        let default = schema.get("default");
        let is_empty = default.is_some_and(|value| *value == "" || *value == Value::Array(vec![]));
        if is_empty {
            schema.remove("default");
        }
    }
}

fn unknown(tool: &str, name: &str, schema: &Value) -> Failure {
    let shown = clean_line(name, 80);
    let failure = Failure::new(format!("`{tool}` has no argument `{shown}`"));
    let mut names: Vec<&str> = schema["properties"]
        .as_object()
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default();
    names.sort_unstable();
    match names.is_empty() {
        true => failure.hint("it takes none"),
        false => failure.hint(format!("it takes: {}", names.join(", "))),
    }
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn is_required(schema: &Value, name: &str) -> bool {
    required(schema).any(|required| required == name)
}

/// Whether a value is of the kind and within the bounds that a property asks for.
fn fits(property: &Value, value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let among = property["enum"].as_array().is_none_or(|words| words.contains(value));
            property["type"] == "string"
                && among
                && within(property, ["minLength", "maxLength"], text.chars().count() as u64)
        }
        Value::Array(items) => {
            property["type"] == "array"
                && within(property, ["minItems", "maxItems"], items.len() as u64)
                && items.iter().all(|item| fits(&property["items"], item))
        }
        Value::Number(number) => {
            property["type"] == "integer"
                && number
                    .as_u64()
                    .is_some_and(|number| within(property, ["minimum", "maximum"], number))
        }
        Value::Null | Value::Bool(_) | Value::Object(_) => false,
    }
}

fn within(property: &Value, [least, most]: [&str; 2], number: u64) -> bool {
    property[least].as_u64().is_none_or(|least| number >= least)
        && property[most].as_u64().is_none_or(|most| number <= most)
}

/// What a property asks for, in words.
fn demand(property: &Value) -> String {
    if let Some(words) = property["enum"].as_array() {
        let words: Vec<String> =
            words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        return format!("one of {}", words.join(", "));
    }
    match property["type"].as_str() {
        Some("integer") => match (&property["minimum"], &property["maximum"]) {
            (least, Value::Null) => format!("a whole number from {least}"),
            (least, most) => format!("a whole number from {least} to {most}"),
        },
        Some("array") => {
            let most = &property["maxItems"];
            format!("a list of at most {most}, each {}", demand(&property["items"]))
        }
        _ => match (property["minLength"].as_u64(), &property["maxLength"]) {
            (None | Some(0), most) => format!("a text of at most {most} characters"),
            (Some(least), most) => format!("a text of {least} to {most} characters"),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn demands_read_as_sentences() {
        let demands = [
            json!({ "type": "integer", "minimum": 1, "maximum": 50 }),
            json!({ "type": "string", "minLength": 1, "maxLength": 9 }),
            json!({ "type": "string", "maxLength": 9 }),
            json!({ "type": "string", "enum": ["a", "b"] }),
        ];
        insta::assert_snapshot!(demands.map(|property| demand(&property)).join("\n"), @"
        a whole number from 1 to 50
        a text of 1 to 9 characters
        a text of at most 9 characters
        one of `a`, `b`
        ");
    }

    #[test]
    fn bounds_are_inclusive() {
        let property = json!({ "type": "integer", "minimum": 1, "maximum": 50 });
        let fitting = [0, 1, 50, 51].map(|number| fits(&property, &json!(number)));
        assert_eq!(fitting, [false, true, true, false]);
    }
}
