//! What the vector stores on servers share: addresses, rows, and best passages out of rows.

mod address;
mod gather;
mod rows;
mod version;

pub(super) use address::Address;
pub(super) use gather::{Part, RowSearch, best_passages};
pub(super) use rows::{Row, blocks, rows};
pub(super) use version::Version;

use crate::vectors::Contents;

/// Characters of the model's fingerprint in the name of a collection.
const MODEL_CHARS: usize = 8;

/// The name of the collection that holds the vectors of one model for one catalog.
pub(super) fn collection_name(prefix: &str, contents: &Contents) -> String {
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
    };
    let model: String = plain(&contents.model).chars().take(MODEL_CHARS).collect();
    format!("{prefix}_{}_{model}", plain(&contents.catalog))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogs_and_models_have_collections_of_their_own() {
        let contents = |catalog: &str, model: &str| Contents {
            catalog: catalog.into(),
            model: model.into(),
            dimensions: 3,
        };
        let name = collection_name("ragterm", &contents("18f3", "0123456789abcdef"));
        assert_eq!(name, "ragterm_18f3_01234567");
        assert_eq!(collection_name("a", &contents("b-c", "d:e")), "a_b_c_d_e");
    }
}
