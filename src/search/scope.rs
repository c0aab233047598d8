//! What a request may look at: spaces become sources, a path pattern becomes documents.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use globset::{GlobBuilder, GlobMatcher};

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
    let mut all = catalog.sources().await?;
    all.retain(|source| request.grants.sees(&source.registered.space));
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
            .map(|kind| kind.trim_start_matches(['*', '.']).to_lowercase())
            .collect(),
        modified_since_ms: request.since.map(since),
        documents: None,
        is_alone: !request.grants.sees_everything(),
    };
    if request.path_glob.is_some() || !request.paths.is_empty() {
        let one = request.path_glob.as_deref().map(matcher).transpose()?;
        let any: Vec<_> = request.paths.iter().map(|glob| matcher(glob)).collect::<Result<_>>()?;
        let is_match = |path: &str| {
            one.as_ref().is_none_or(|one| one.is_match(path))
                && (any.is_empty() || any.iter().any(|any| any.is_match(path)))
        };
        let matching = catalog.matching_paths(&filter.sources, is_match).await?;
        filter.documents = Some(Arc::new(matching));
    }
    Ok(Scope { filter, sources })
}

fn matcher(glob: &str) -> Result<GlobMatcher> {
    let built = GlobBuilder::new(glob).case_insensitive(true).build();
    let glob = built
        .map_err(|error| Error::usage(format!("`{glob}` is not a path pattern")).because(error))?;
    Ok(glob.compile_matcher())
}

fn since(duration: Duration) -> i64 {
    now_ms().saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}
