//! Rows as the columns that Milvus takes and gives.

use ragterm_milvus::v2::{
    DataType, FieldData, FloatArray, LongArray, ScalarField, StringArray, VectorField, field_data,
    scalar_field, vector_field,
};

use super::schema::{DOCUMENT, ID, KIND, MODIFIED, ORDINAL, SOURCE, VECTOR};
use crate::error::{Error, Result};
use crate::id::DocumentId;
use crate::vectors::server::Row;

/// The key of a passage: ordered by document, then by ordinal.
pub fn key(document: DocumentId, ordinal: u32) -> String {
    format!("{document}-{ordinal:08x}")
}

/// The columns of some rows.
pub fn columns(rows: &[Row<'_>], dimensions: usize) -> Vec<FieldData> {
    let numbers = |name: &str, number: fn(&Row<'_>) -> i64| {
        let data = rows.iter().map(number).collect();
        scalar(name, DataType::Int64, scalar_field::Data::LongData(LongArray { data }))
    };
    let texts = |name: &str, text: fn(&Row<'_>) -> String| {
        let data = rows.iter().map(text).collect();
        scalar(name, DataType::VarChar, scalar_field::Data::StringData(StringArray { data }))
    };
    let data = rows.iter().flat_map(|row| row.vector.iter().copied()).collect();
    let vectors = VectorField {
        dim: dimensions as i64,
        data: Some(vector_field::Data::FloatVector(FloatArray { data })),
    };
    vec![
        texts(ID, |row| key(row.document, row.ordinal)),
        numbers(DOCUMENT, |row| row.document.0 as i64),
        numbers(ORDINAL, |row| i64::from(row.ordinal)),
        numbers(SOURCE, |row| i64::from(row.attributes.source.0)),
        texts(KIND, |row| row.attributes.kind.clone()),
        numbers(MODIFIED, |row| row.attributes.modified_ms),
        FieldData {
            r#type: DataType::FloatVector.into(),
            field_name: VECTOR.into(),
            field: Some(field_data::Field::Vectors(vectors)),
        },
    ]
}

fn scalar(name: &str, kind: DataType, data: scalar_field::Data) -> FieldData {
    FieldData {
        r#type: kind.into(),
        field_name: name.into(),
        field: Some(field_data::Field::Scalars(ScalarField { data: Some(data) })),
    }
}

/// The numbers of a column; an answer without rows may lack it.
pub fn numbers<'a>(columns: &'a [FieldData], name: &str) -> Result<&'a [i64]> {
    match column(columns, name) {
        None => Ok(&[]),
        Some(field_data::Field::Scalars(ScalarField {
            data: Some(scalar_field::Data::LongData(numbers)),
        })) => Ok(&numbers.data),
        Some(_) => Err(unexpected(name)),
    }
}

/// The texts of a column; an answer without rows may lack it.
pub fn texts<'a>(columns: &'a [FieldData], name: &str) -> Result<&'a [String]> {
    match column(columns, name) {
        None => Ok(&[]),
        Some(field_data::Field::Scalars(ScalarField {
            data: Some(scalar_field::Data::StringData(texts)),
        })) => Ok(&texts.data),
        Some(_) => Err(unexpected(name)),
    }
}

/// All components of the vectors of an answer, one vector after the other.
pub fn components(columns: &[FieldData]) -> Result<&[f32]> {
    match column(columns, VECTOR) {
        None => Ok(&[]),
        Some(field_data::Field::Vectors(VectorField {
            data: Some(vector_field::Data::FloatVector(floats)),
            ..
        })) => Ok(&floats.data),
        Some(_) => Err(unexpected(VECTOR)),
    }
}

fn column<'a>(columns: &'a [FieldData], name: &str) -> Option<&'a field_data::Field> {
    columns.iter().find(|column| column.field_name == name).and_then(|column| column.field.as_ref())
}

fn unexpected(name: &str) -> Error {
    Error::unavailable(format!("Milvus answered with another type of column `{name}`"))
}
