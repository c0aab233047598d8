//! Sources: seen by those who read their space, changed by those who write to it.

use std::path::{Component, Path};

use super::Gate;
use crate::access::Caller;
use crate::catalog::{NewSource, Source, SourceSettings};
use crate::config::{SourceKind, SpaceRole};
use crate::engine::Reading;
use crate::error::{Error, Result};
use crate::watch::Watched;

impl Gate {
    /// Registers a source and watches it.
    ///
    /// Who may not do everything adds below the roots of the space only, and under a name that
    /// begins with the space's: so nothing is learnt of the sources of others.
    pub async fn add(&self, caller: &Caller, new: NewSource) -> Result<Watched> {
        let (gate, caller) = (self.clone(), caller.clone());
        self.to_the_end(async move {
            let noted = (new.path.clone(), [new.space.clone()]);
            let added = match gate.permitted(&caller, new).await {
                Ok(new) => gate.engine.sources.add(new).await,
                Err(error) => Err(error),
            };
            gate.note(&caller, ("add_source", &noted.0, &noted.1), &added).await;
            added
        })
        .await
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
        let (gate, caller, name) = (self.clone(), caller.clone(), name.to_owned());
        self.to_the_end(async move {
            let space = gate.space_of(&caller, &name).await?;
            let confirmed = match caller.grants.require(&space, SpaceRole::Admin) {
                Ok(()) => gate.engine.sources.confirm(&name).await,
                Err(error) => Err(error),
            };
            gate.note(&caller, ("confirm_source", &name, &[space]), &confirmed).await;
            confirmed
        })
        .await
    }

    /// Forgets a source and its documents; returns how many there were.
    pub async fn remove(&self, caller: &Caller, name: &str) -> Result<u64> {
        let (gate, caller, name) = (self.clone(), caller.clone(), name.to_owned());
        self.to_the_end(async move {
            let space = gate.space_of(&caller, &name).await?;
            let removed = match caller.grants.require(&space, SpaceRole::Write) {
                Ok(()) => gate.engine.remove_source(name.clone()).await,
                Err(error) => Err(error),
            };
            gate.note(&caller, ("remove_source", &name, &[space]), &removed).await;
            removed
        })
        .await
    }

    async fn permitted(&self, caller: &Caller, new: NewSource) -> Result<NewSource> {
        caller.grants.require(&new.space, SpaceRole::Write)?;
        if caller.grants.is_everything() {
            return Ok(new);
        }
        if new.kind == SourceKind::Drop {
            return Err(Error::denied("only an administrator adds a drop folder")
                .hint("files are moved about in it; add it as `--kind folder`"));
        }
        let path = self.below_a_root(&new.space, Path::new(&new.path))?;
        let prefix = format!("{}.", new.space);
        let name = match new.name.starts_with(&prefix) {
            true => new.name,
            false => prefix + &new.name,
        };
        let settings = SourceSettings { is_anchored: true, ..new.settings };
        let new = NewSource { name, path, settings, ..new };
        self.check_hidden(caller, &new).await?;
        Ok(new)
    }

    /// A path without links below one of the roots of a space. What is not below one is refused in
    /// the same words whether it is there or not.
    fn below_a_root(&self, space: &str, path: &Path) -> Result<String> {
        let outside = || {
            Error::denied(format!("sources of the space `{space}` must lie below one of its roots"))
                .hint("`roots` of the space in config.toml names them")
        };
        let declared = self.engine.config.spaces.iter().find(|declared| declared.name == space);
        let roots = declared.map(|declared| declared.roots.as_slice()).unwrap_or_default();
        let is_plain = path.components().all(|part| !matches!(part, Component::ParentDir));
        let root = roots.iter().find(|root| is_plain && path.starts_with(root));
        let root = root.ok_or_else(outside)?;
        // A root that is not there holds nothing.
        let real_root = fs_err::canonicalize(root).map_err(|_| outside())?;
        let real = fs_err::canonicalize(path).map_err(|_| {
            Error::usage(format!("{} is not there, or cannot be looked at", path.display()))
                .hint("check the path on the daemon's machine")
        })?;
        let (data, config) = (&self.engine.paths.data_dir, &self.engine.paths.config_file);
        // What the daemon keeps for itself, and what leads to it.
        let is_ours = [data, config].into_iter().any(|own| {
            let own = fs_err::canonicalize(own).unwrap_or_else(|_| own.to_path_buf());
            real.starts_with(&own) || own.starts_with(&real)
        });
        if !real.starts_with(&real_root) || is_ours {
            return Err(outside());
        }
        let real = real.into_os_string().into_string();
        real.map_err(|_| Error::usage("the path of a source must be UTF-8"))
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
