//! The shape of a collection in Milvus: its fields, its index, and whether one has it.

use prost::Message;
use ragterm_milvus::v2::{CollectionSchema, DataType, FieldSchema, IndexDescription, KeyValuePair};

use crate::config::{self, Quantization};

/// The key of a row, made from document and ordinal.
pub const ID: &str = "id";
/// The document.
pub const DOCUMENT: &str = "document";
/// The passage's index in the document.
pub const ORDINAL: &str = "ordinal";
/// The source.
pub const SOURCE: &str = "source";
/// The lower-case extension.
pub const KIND: &str = "kind";
/// When the document was last modified.
pub const MODIFIED: &str = "modified_ms";
/// The vector.
pub const VECTOR: &str = "vector";

/// The inner product; of vectors of length 1 it is the cosine, and 0 for one without direction.
pub const METRIC: &str = "IP";

/// Bytes of a key, and of the longest extension that a file name can have.
const ID_BYTES: &str = "32";
const KIND_BYTES: &str = "1024";

/// The encoded schema of a collection.
pub fn schema(name: &str, dimensions: usize) -> Vec<u8> {
    let field = |name: &str, data_type: DataType, parameters: &[(&str, String)]| FieldSchema {
        name: name.into(),
        is_primary_key: name == ID,
        data_type: data_type.into(),
        type_params: pairs(parameters),
    };
    let schema = CollectionSchema {
        name: name.into(),
        description: "the vectors of one embedding model, kept by ragterm".into(),
        fields: vec![
            field(ID, DataType::VarChar, &[("max_length", ID_BYTES.into())]),
            field(DOCUMENT, DataType::Int64, &[]),
            field(ORDINAL, DataType::Int64, &[]),
            field(SOURCE, DataType::Int64, &[]),
            field(KIND, DataType::VarChar, &[("max_length", KIND_BYTES.into())]),
            field(MODIFIED, DataType::Int64, &[]),
            field(VECTOR, DataType::FloatVector, &[("dim", dimensions.to_string())]),
        ],
    };
    schema.encode_to_vec()
}

/// What the vector index is made with.
pub fn index(config: &config::Store) -> Vec<KeyValuePair> {
    let (kind, parameters) = match config.quantization {
        Quantization::None => ("HNSW", r#"{"M":16,"efConstruction":200}"#),
        Quantization::Scalar => ("IVF_SQ8", r#"{"nlist":1024}"#),
    };
    pairs(&[
        ("index_type", kind.into()),
        ("metric_type", METRIC.into()),
        ("params", parameters.into()),
    ])
}

/// How carefully an index is searched for `rows` rows.
pub fn search(config: &config::Store, rows: usize) -> String {
    match config.quantization {
        // The server refuses an `ef` below the number of rows.
        Quantization::None => format!(r#"{{"ef":{}}}"#, rows.clamp(256, 32_768)),
        Quantization::Scalar => r#"{"nprobe":128}"#.to_owned(),
    }
}

/// What a collection is made with besides its fields.
pub fn properties(config: &config::Store) -> Vec<KeyValuePair> {
    match config.on_disk {
        true => pairs(&[("mmap.enabled", "true".into())]),
        false => Vec::new(),
    }
}

/// Parameters as the server takes them.
pub fn pairs(parameters: &[(&str, String)]) -> Vec<KeyValuePair> {
    let pair =
        |(key, value): &(&str, String)| KeyValuePair { key: (*key).into(), value: value.clone() };
    parameters.iter().map(pair).collect()
}

/// What is different in a collection that should have this shape; `None` when nothing is.
pub fn mismatch(found: &CollectionSchema, dimensions: usize) -> Option<String> {
    for name in [ID, DOCUMENT, ORDINAL, SOURCE, KIND, MODIFIED] {
        if !found.fields.iter().any(|field| field.name == name) {
            return Some(format!("it has no field `{name}`"));
        }
    }
    let vector = found.fields.iter().find(|field| field.name == VECTOR);
    let Some(vector) = vector else { return Some(format!("it has no field `{VECTOR}`")) };
    let found = value(&vector.type_params, "dim").unwrap_or_default();
    (found != dimensions.to_string())
        .then(|| format!("its vectors have {found} dimensions, not {dimensions}"))
}

/// What is different in the vector index of a collection; `None` when nothing is.
pub fn index_mismatch(found: &IndexDescription) -> Option<String> {
    let metric = value(&found.params, "metric_type").unwrap_or_default();
    (metric != METRIC).then(|| format!("its index compares by {metric}, not by {METRIC}"))
}

fn value<'a>(pairs: &'a [KeyValuePair], key: &str) -> Option<&'a str> {
    pairs.iter().find(|pair| pair.key == key).map(|pair| pair.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_shape_is_noticed() {
        let made = CollectionSchema::decode(schema("c", 384).as_slice()).unwrap();
        assert_eq!(mismatch(&made, 384), None);
        assert!(mismatch(&made, 768).unwrap().contains("384 dimensions, not 768"));
        assert!(mismatch(&CollectionSchema::default(), 3).unwrap().contains("no field `id`"));
        let params = pairs(&[("metric_type", "L2".into())]);
        let index = IndexDescription { params, ..IndexDescription::default() };
        assert!(index_mismatch(&index).unwrap().contains("L2"));
    }
}
