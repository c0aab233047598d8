//! Documents inside a file: published as they are read, before the file itself.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;

use ragterm_connectors::container;
use ragterm_connectors::extract::{Dialect, Reason};
use ragterm_connectors::folder::Entry;
use ragterm_connectors::worker::Extracted;
use tokio::sync::mpsc;

use super::read::{Finished, Reader};
use crate::catalog::{
    Catalog, DocumentState, Member, Place, Publication, READING_VERSION, Read, Reading, Source,
    kind_of,
};
use crate::error::{Error, Result};
use crate::id::DocumentId;

/// The documents inside one file while it is read.
///
/// A file is marked as not read to its end before the first of its documents is published, so that
/// after a crash it is read again.
pub(super) struct Contained<'a> {
    pub reader: &'a Reader,
    pub catalog: &'a Catalog,
    pub source: &'a Source,
    pub entry: &'a Entry,
    /// The file's own document…
    pub id: DocumentId,
    /// …and whether the catalog has it.
    pub is_known: bool,
    pub out: &'a mpsc::Sender<Finished>,
    /// What the catalog has of it and was not met yet, by path; loaded when it is needed.
    pub known: Option<HashMap<String, Member>>,
    /// Whether the file is marked as not read to its end.
    pub is_marked: bool,
    /// Whether any document in it could be read.
    pub has_readable: bool,
    /// Documents that fail now and were found before, as long as none could be read: they hold no
    /// text, and are as many as the file holds at the most.
    pub doubted: Vec<container::Member>,
}

impl Contained<'_> {
    /// Publishes what comes, until the file is read.
    pub(super) async fn take_all(
        &mut self,
        mut members: mpsc::Receiver<container::Member>,
    ) -> Result<()> {
        while let Some(member) = members.recv().await {
            self.take(member).await?;
        }
        Ok(())
    }

    /// Why a file is believed to be at fault, and what was found in it to be still true: it stands
    /// where a container stood, and nothing in it can be read. An export that failed leaves an empty
    /// archive, or a page that asks for a password. `last` is the hash of the bytes that were read
    /// without a fault: they are no failed export, whatever is wanted of them now.
    pub(super) async fn emptied(
        &mut self,
        extracted: &Extracted,
        last: Option<&[u8]>,
    ) -> Result<Option<String>> {
        let registered = &self.source.registered;
        let (dialect, full) = (registered.dialect(), registered.full());
        let is_named = container::may_be_large(&self.entry.path, dialect);
        let is_same = extracted.content.is_some_and(|content| last == Some(&content.hash[..]));
        // What landed before has nothing to do with what lands now.
        let is_apart = is_same || registered.is_drop();
        if self.has_readable || is_apart || !(is_named || extracted.is_container) {
            return Ok(None);
        }
        let before = self.catalog.outcome_at(self.source.id, &self.entry.path).await?;
        match before.map(|(_, state, _)| state) {
            Some(DocumentState::Container) => {}
            // A message is a document itself, with or without what was attached to it.
            Some(DocumentState::Failed)
                if dialect != Dialect::Mail || extracted.outcome.is_err() => {}
            _ => return Ok(None),
        }
        let indexed = |member: &&Member| member.state == DocumentState::Indexed;
        let held = self.known().await?.values().filter(indexed).count();
        let reason = match &extracted.outcome {
            Err(Reason::Skipped(reason) | Reason::Failed(reason)) => reason,
            Ok(_) if extracted.is_container => "it holds no document that can be read",
            Ok(_) => "a single document stands in its place",
        };
        Ok((held >= full).then(|| {
            format!(
                "{reason}; the {held} that were found in it are kept until it is deleted or holds \
                 some again"
            )
        }))
    }

    /// Removes what the file no longer holds.
    pub(super) async fn finish(&mut self) -> Result<()> {
        if !self.is_known && self.known.is_none() {
            return Ok(());
        }
        self.settle().await?;
        let left = std::mem::take(self.known().await?);
        for member in left.into_values() {
            self.mark().await?;
            self.send(Publication::Gone(member.id), 0).await?;
        }
        Ok(())
    }

    /// Publishes a document; one that fails now and was found before only when it is sure that not
    /// all of them do.
    async fn take(&mut self, member: container::Member) -> Result<()> {
        if member.outcome.is_ok() && !self.has_readable {
            self.has_readable = true;
            self.settle().await?;
        }
        if !self.has_readable && matches!(member.outcome, Err(Reason::Failed(_))) {
            let path = self.place(&member).path;
            let before = self.known().await?.get(&path);
            if before.is_some_and(|before| before.state == DocumentState::Indexed) {
                self.doubted.push(member);
                return Ok(());
            }
        }
        self.put(member).await
    }

    /// Publishes what was held back.
    async fn settle(&mut self) -> Result<()> {
        for member in std::mem::take(&mut self.doubted) {
            self.put(member).await?;
        }
        Ok(())
    }

    async fn put(&mut self, member: container::Member) -> Result<()> {
        let place = self.place(&member);
        let known = self.known().await?.remove(&place.path);
        let hash = member.hash.map_or(Vec::new(), |hash| hash.to_vec());
        if let Some(known) = &known
            && is_same(known, &hash, &member.outcome)
        {
            if known.modified_ns == place.modified_ns && known.kind == place.kind {
                return Ok(());
            }
            return self.send(Publication::Moved { id: known.id, place }, 0).await;
        }
        self.mark().await?;
        let size = place.size;
        let is_known = known.is_some();
        let id = known.map_or_else(|| self.catalog.new_document_id(), |known| known.id);
        let reading = self.reader.reading(id, member.outcome).await?;
        let (source, container) = (self.source.id, Some(self.id));
        let read = Read { id, source, container, place, hash, reading };
        let publication =
            if is_known { Publication::Changed(read) } else { Publication::New(read) };
        self.send(publication, size).await
    }

    fn place(&self, member: &container::Member) -> Place {
        Place {
            path: format!("{}/{}", self.entry.path, member.path),
            raw_path: self.entry.raw.as_os_str().as_bytes().to_vec(),
            kind: member.kind.clone().unwrap_or_else(|| kind_of(&member.path)),
            size: member.size,
            modified_ns: member.modified_ns.unwrap_or(self.entry.modified_ns),
            changed_ns: 0,
        }
    }

    async fn known(&mut self) -> Result<&mut HashMap<String, Member>> {
        if self.known.is_none() {
            // It may have been begun by a run that the comparison did not know of.
            if !self.is_known
                && let Some(id) = self.catalog.id_at(self.source.id, &self.entry.path).await?
            {
                (self.id, self.is_known) = (id, true);
            }
            let members =
                if self.is_known { self.catalog.members(&[self.id]).await? } else { Vec::new() };
            let by_path = members.into_iter().map(|member| (member.path.clone(), member));
            self.known = Some(by_path.collect());
        }
        Ok(self.known.get_or_insert_default())
    }

    async fn mark(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.is_marked, true) {
            return Ok(());
        }
        if self.is_known {
            return self.catalog.read_again(&[self.id]).await;
        }
        // No entry has this size and time.
        let place =
            Place { size: 0, modified_ns: 0, changed_ns: 0, ..super::read::place(self.entry) };
        let read = Read {
            id: self.id,
            source: self.source.id,
            container: None,
            place,
            hash: Vec::new(),
            reading: Reading::Container,
        };
        self.is_known = true;
        self.send(Publication::New(read), 0).await
    }

    async fn send(&self, publication: Publication, size: u64) -> Result<()> {
        let budget = self.reader.budget_inside(size).await;
        let finished = Finished { publication, budget };
        let unheard = |_| Error::internal("nobody publishes what is read");
        self.out.send(finished).await.map_err(unheard)
    }
}

/// Whether a document is as the catalog has it.
fn is_same<T>(known: &Member, hash: &[u8], outcome: &std::result::Result<T, Reason>) -> bool {
    let is_same_state = match outcome {
        // What has no text is skipped although it was read.
        Ok(_) => known.state != DocumentState::Failed,
        Err(Reason::Failed(_)) => known.state == DocumentState::Failed,
        Err(Reason::Skipped(_)) => known.state == DocumentState::Skipped,
    };
    known.version == READING_VERSION && known.hash == hash && !hash.is_empty() && is_same_state
}
