//! What a request may look at: spaces become sources, a path pattern becomes documents.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use globset::GlobBuilder;

use super::Request;
use crate::catalog::{Catalog, Source, now_ms};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::id::SourceId;

/// A resolved scope.
#[derive(Debug)]
pub struct Scope {
    /// What both searches are restricted to.
    pub filter: Filter,
    /// The sources in scope.
    pub sources: HashMap<SourceId, Arc<Source>>,
}

/// Resolves the words of a request; unknown spaces and bad globs are usage errors.
pub async fn resolve(catalog: &Catalog, request: &Request) -> Result<Scope> {
    let all = catalog.sources().await?;
    for space in &request.spaces {
        if !all.iter().any(|source| source.registered.space == *space) {
            return Err(Error::usage(format!("there is no space `{space}` with documents in it"))
                .hint("`ragterm sources` lists the sources and their spaces"));
        }
    }
    let sources: HashMap<_, _> = all
        .into_iter()
        .filter(|source| {
            request.spaces.is_empty() || request.spaces.contains(&source.registered.space)
        })
        .map(|source| (source.id, Arc::new(source)))
        .collect();
    let mut filter = Filter {
        sources: sources.keys().copied().collect(),
        types: request
            .types
            .iter()
            .map(|kind| kind.trim_start_matches('.').to_lowercase())
            .collect(),
        modified_since_ms: request.since.map(since),
        documents: None,
    };
    if let Some(glob) = &request.path_glob {
        let matcher = GlobBuilder::new(glob)
            .case_insensitive(true)
            .build()
            .map_err(|error| {
                Error::usage(format!("`{glob}` is not a path pattern")).because(error)
            })?
            .compile_matcher();
        let matching =
            catalog.matching_paths(&filter.sources, |path| matcher.is_match(path)).await?;
        filter.documents = Some(Arc::new(matching));
    }
    Ok(Scope { filter, sources })
}

fn since(duration: Duration) -> i64 {
    now_ms().saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}
