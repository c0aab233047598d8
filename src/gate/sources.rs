//! Sources: seen by those who read their space, changed by those who write to it.

use std::path::Path;

use super::Gate;
use crate::access::Caller;
use crate::catalog::{NewSource, Source};
use crate::config::SpaceRole;
use crate::engine::Reading;
use crate::error::{Error, Result};
use crate::watch::Watched;

impl Gate {
    /// Registers a source and watches it.
    ///
    /// Who may not do everything adds below the roots of the space only, and under a name that
    /// begins with the space's: so nothing is learnt of the sources of others.
    pub async fn add(&self, caller: &Caller, new: NewSource) -> Result<Watched> {
        let noted = (new.path.clone(), [new.space.clone()]);
        let added = match self.permitted(caller, new).await {
            Ok(new) => self.engine.sources.add(new).await,
            Err(error) => Err(error),
        };
        self.note(caller, ("add_source", &noted.0, &noted.1), &added).await;
        added
    }

    /// Compares one source, or all that the caller may write to when `name` is empty.
    pub async fn rescan(
        &self,
        caller: &Caller,
        name: &str,
        reading: Reading,
    ) -> Result<Vec<Watched>> {
        if caller.grants.is_everything() {
            return self.engine.rescan(name, reading).await;
        }
        let mut watched = Vec::new();
        for source in self.writable(caller, name).await? {
            watched.extend(self.engine.rescan(&source.registered.name, reading).await?);
        }
        Ok(watched)
    }

    /// Lets the held removals of a source take effect; returns how many there were.
    pub async fn confirm(&self, caller: &Caller, name: &str) -> Result<u64> {
        let space = self.space_of(caller, name).await?;
        caller.grants.require(&space, SpaceRole::Admin)?;
        let confirmed = self.engine.sources.confirm(name).await;
        self.note(caller, ("confirm_source", name, &[space]), &confirmed).await;
        confirmed
    }

    /// Forgets a source and its documents; returns how many there were.
    pub async fn remove(&self, caller: &Caller, name: &str) -> Result<u64> {
        let space = self.space_of(caller, name).await?;
        caller.grants.require(&space, SpaceRole::Write)?;
        let removed = self.engine.remove_source(name.to_owned()).await;
        self.note(caller, ("remove_source", name, &[space]), &removed).await;
        removed
    }

    async fn permitted(&self, caller: &Caller, new: NewSource) -> Result<NewSource> {
        caller.grants.require(&new.space, SpaceRole::Write)?;
        if caller.grants.is_everything() {
            return Ok(new);
        }
        let path = canonical(&new.path)?;
        if caller.grants.role(&new.space) < Some(SpaceRole::Admin) {
            self.check_root(&new.space, &path)?;
        }
        let prefix = format!("{}.", new.space);
        let name = match new.name.starts_with(&prefix) {
            true => new.name,
            false => prefix + &new.name,
        };
        let new = NewSource { name, path, ..new };
        self.check_hidden(caller, &new).await?;
        Ok(new)
    }

    /// Fails, without saying what is in the way, when a source that the caller may not see has the
    /// name or overlaps.
    async fn check_hidden(&self, caller: &Caller, new: &NewSource) -> Result<()> {
        let path = Path::new(&new.path);
        let is_in_the_way = |source: &Source| {
            let other = Path::new(&source.registered.path);
            !caller.grants.sees(&source.registered.space)
                && (source.registered.name == new.name
                    || path.starts_with(other)
                    || other.starts_with(path))
        };
        match self.engine.catalog.sources().await?.iter().any(is_in_the_way) {
            true => Err(Error::usage(format!("{} cannot be added to this space", new.path))
                .hint("choose another folder or name, or ask who runs ragterm")),
            false => Ok(()),
        }
    }

    fn check_root(&self, space: &str, path: &str) -> Result<()> {
        let spaces = self.engine.config.spaces.iter().filter(|declared| declared.name == space);
        let mut roots = spaces.flat_map(|declared| &declared.roots);
        let is_below = roots.any(|root| {
            // A root that is not there holds nothing.
            fs_err::canonicalize(root).is_ok_and(|root| Path::new(path).starts_with(root))
        });
        match is_below {
            true => Ok(()),
            false => Err(Error::denied(format!(
                "sources of the space `{space}` must lie below one of its roots"
            ))
            .hint("`roots` of the space in config.toml names them")),
        }
    }

    /// The sources of this name, or all of them when it is empty, that the caller may write to.
    async fn writable(&self, caller: &Caller, name: &str) -> Result<Vec<Source>> {
        if !name.is_empty() {
            let space = self.space_of(caller, name).await?;
            caller.grants.require(&space, SpaceRole::Write)?;
        }
        let mut sources = self.engine.catalog.sources().await?;
        sources.retain(|source| {
            let role = caller.grants.role(&source.registered.space);
            role >= Some(SpaceRole::Write) && (name.is_empty() || source.registered.name == name)
        });
        Ok(sources)
    }

    /// The space of a source; one that may not be seen is as good as none.
    async fn space_of(&self, caller: &Caller, name: &str) -> Result<String> {
        let sources = self.engine.catalog.sources().await?;
        let found = sources.into_iter().find(|source| source.registered.name == name);
        let space = found.map(|source| source.registered.space);
        space.filter(|space| caller.grants.sees(space)).ok_or_else(|| {
            Error::usage(format!("there is no source `{name}`"))
                .hint("`ragterm sources` lists the sources")
        })
    }
}

/// A path without links, so that none leads out of a root.
fn canonical(path: &str) -> Result<String> {
    let path = fs_err::canonicalize(path).map_err(|_| {
        Error::usage(format!("{path} is not there, or cannot be looked at"))
            .hint("check the path on the daemon's machine")
    })?;
    path.into_os_string()
        .into_string()
        .map_err(|_| Error::usage("the path of a source must be UTF-8"))
}
