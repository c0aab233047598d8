//! The store that a migration chose: in force until `[store]` in the configuration says otherwise.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::config::{self, Secret, StoreBackend};
use crate::error::Result;

/// Under this name the catalog remembers the choice.
const NAME: &str = "store";

/// What is remembered.
#[derive(Debug, Serialize, Deserialize)]
struct Choice {
    /// What the configuration said at that time.
    instead_of: String,
    backend: String,
    url: String,
    api_key_file: Option<PathBuf>,
}

/// The store of the configuration, or the one that was chosen instead of it.
pub async fn in_force(catalog: &Catalog, configured: &config::Store) -> Result<config::Store> {
    let Some(text) = catalog.setting(NAME).await? else { return Ok(configured.clone()) };
    // What another version wrote counts for nothing.
    let choice: Option<Choice> = serde_json::from_str(&text).ok();
    let chosen = choice.filter(|choice| choice.instead_of == described(configured));
    Ok(chosen.and_then(|choice| choice.apply(configured)).unwrap_or_else(|| configured.clone()))
}

/// Remembers that `chosen` is in force instead of what the configuration says.
pub async fn remember(
    catalog: &Catalog,
    configured: &config::Store,
    chosen: &config::Store,
) -> Result<()> {
    let api_key_file = match &chosen.api_key {
        Secret::File { path, .. } => Some(path.clone()),
        // A key of the configuration is taken from there again.
        Secret::Unset | Secret::Value(_) => None,
    };
    let choice = Choice {
        instead_of: described(configured),
        backend: chosen.backend.name().to_owned(),
        url: chosen.url.clone(),
        api_key_file,
    };
    let text = serde_json::to_string(&choice)
        .map_err(|error| crate::error::Error::internal("cannot keep the choice").because(error))?;
    catalog.keep_setting(NAME, &text).await
}

impl Choice {
    fn apply(self, configured: &config::Store) -> Option<config::Store> {
        let mut store = configured.clone();
        store.backend = StoreBackend::named(&self.backend)?;
        store.url = self.url;
        if let Some(file) = self.api_key_file {
            store.api_key = Secret::file("--api-key-file", file);
        }
        Some(store)
    }
}

/// What decides whether it is still the same configuration.
fn described(store: &config::Store) -> String {
    format!("{} {} {}", store.backend.name(), store.url, store.collection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_choice_holds_until_the_configuration_changes() {
        let directory = tempfile::tempdir().unwrap();
        let catalog = Catalog::open_sqlite(&directory.path().join("c.db")).await.unwrap();
        let configured = config::Config::default().store;
        assert_eq!(in_force(&catalog, &configured).await.unwrap(), configured);
        let chosen = config::Store {
            backend: StoreBackend::Qdrant,
            url: "http://q:6334".into(),
            ..configured.clone()
        };
        remember(&catalog, &configured, &chosen).await.unwrap();
        assert_eq!(in_force(&catalog, &configured).await.unwrap(), chosen);
        let edited = config::Store { backend: StoreBackend::Milvus, ..configured };
        assert_eq!(in_force(&catalog, &edited).await.unwrap(), edited);
    }
}
