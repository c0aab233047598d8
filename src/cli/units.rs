//! Numbers, sizes and times in words, those of all clients and one of its own.

pub use ragterm_units::*;

/// `qdrant 1.12.4 at http://qdrant:6334`, or `embedded`.
pub fn place_of_store(store: &ragterm_proto::v1::StoreStatus) -> String {
    let mut place = store.backend.clone();
    if !store.version.is_empty() {
        place.push_str(&format!(" {}", store.version));
    }
    if !store.url.is_empty() {
        place.push_str(&format!(" at {}", store.url));
    }
    place
}
