//! The table of documents behind the rows: who is alive, and whom a filter selects.

use std::collections::HashMap;

use crate::filter::{Attributes, Filter};
use crate::id::{DocumentId, SourceId};

/// One document's place in the table; replaced documents keep theirs until their rows are gone.
#[derive(Debug)]
struct Entry {
    document: DocumentId,
    group: u32,
    modified_ms: i64,
    rows: u32,
    is_alive: bool,
}

/// Documents that a filter's sources and types cannot tell apart.
#[derive(Debug)]
struct Group {
    source: SourceId,
    kind: String,
    users: u32,
}

/// Which slots a search looks at.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) slots: Vec<bool>,
    pub(super) rows: usize,
}

#[derive(Debug, Default)]
pub(super) struct Documents {
    entries: Vec<Entry>,
    free: Vec<u32>,
    by_id: HashMap<DocumentId, u32>,
    groups: Vec<Group>,
    free_groups: Vec<u32>,
    by_attributes: HashMap<(SourceId, String), u32>,
    live_rows: usize,
    dead_rows: usize,
}

impl Documents {
    pub(super) fn live_rows(&self) -> usize {
        self.live_rows
    }

    pub(super) fn dead_rows(&self) -> usize {
        self.dead_rows
    }

    /// Where the rows of a document belong.
    pub(super) fn slot(&self, document: DocumentId) -> Option<u32> {
        self.by_id.get(&document).copied()
    }

    pub(super) fn is_alive(&self, slot: u32) -> bool {
        self.entries.get(slot as usize).is_some_and(|entry| entry.is_alive)
    }

    /// A new slot that no search sees before [`Self::publish`]; its rows count as dead.
    pub(super) fn reserve(&mut self, document: DocumentId, attributes: &Attributes) -> u32 {
        let group = self.join(attributes);
        let entry = Entry {
            document,
            group,
            modified_ms: attributes.modified_ms,
            rows: 0,
            is_alive: false,
        };
        if let Some(slot) = self.free.pop() {
            self.entries[slot as usize] = entry;
            return slot;
        }
        self.entries.push(entry);
        (self.entries.len() - 1) as u32
    }

    pub(super) fn add_rows(&mut self, slot: u32, rows: usize) {
        self.entries[slot as usize].rows += rows as u32;
        self.dead_rows += rows;
    }

    /// Shows the rows of `slot` in place of the document's earlier ones.
    pub(super) fn publish(&mut self, slot: u32) {
        let entry = &mut self.entries[slot as usize];
        entry.is_alive = true;
        self.live_rows += entry.rows as usize;
        self.dead_rows -= entry.rows as usize;
        if let Some(old) = self.by_id.insert(entry.document, slot) {
            self.kill(old);
        }
    }

    pub(super) fn remove(&mut self, document: DocumentId) {
        if let Some(slot) = self.by_id.remove(&document) {
            self.kill(slot);
        }
    }

    /// Forgets rows that compaction has dropped; a slot without rows is used again.
    pub(super) fn drop_dead_row(&mut self, slot: u32) {
        self.dead_rows -= 1;
        let entry = &mut self.entries[slot as usize];
        entry.rows -= 1;
        if entry.rows == 0 {
            self.free.push(slot);
        }
    }

    /// Every document with its number of vectors, by id.
    pub(super) fn list(&self) -> Vec<(DocumentId, usize)> {
        let entry = |slot: &u32| &self.entries[*slot as usize];
        let mut list: Vec<_> =
            self.by_id.values().map(entry).map(|one| (one.document, one.rows as usize)).collect();
        list.sort_unstable();
        list
    }

    /// The live slots that `filter` selects.
    pub(super) fn select(&self, filter: &Filter) -> Selection {
        let groups: Vec<bool> = self.groups.iter().map(|group| admits(filter, group)).collect();
        let since = filter.modified_since_ms.unwrap_or(i64::MIN);
        let wanted = |entry: &Entry| {
            entry.is_alive
                && groups[entry.group as usize]
                && entry.modified_ms >= since
                && filter.documents.as_ref().is_none_or(|set| set.contains(&entry.document))
        };
        let slots: Vec<bool> = self.entries.iter().map(wanted).collect();
        let chosen = self.entries.iter().zip(&slots).filter(|(_, chosen)| **chosen);
        let rows = chosen.map(|(entry, _)| entry.rows as usize).sum();
        Selection { slots, rows }
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        let kinds: usize = self.groups.iter().map(|group| 2 * group.kind.capacity()).sum();
        self.entries.capacity() * size_of::<Entry>()
            + self.by_id.capacity() * (size_of::<(DocumentId, u32)>() + 1)
            + self.groups.capacity() * (size_of::<Group>() + 40)
            + kinds
    }

    fn kill(&mut self, slot: u32) {
        let entry = &mut self.entries[slot as usize];
        entry.is_alive = false;
        let (rows, group) = (entry.rows as usize, entry.group);
        self.live_rows -= rows;
        self.dead_rows += rows;
        if rows == 0 {
            self.free.push(slot);
        }
        self.leave(group);
    }

    fn join(&mut self, attributes: &Attributes) -> u32 {
        let key = (attributes.source, attributes.kind.clone());
        if let Some(&group) = self.by_attributes.get(&key) {
            self.groups[group as usize].users += 1;
            return group;
        }
        let group = Group { source: key.0, kind: key.1.clone(), users: 1 };
        let number = match self.free_groups.pop() {
            Some(number) => {
                self.groups[number as usize] = group;
                number
            }
            None => {
                self.groups.push(group);
                (self.groups.len() - 1) as u32
            }
        };
        self.by_attributes.insert(key, number);
        number
    }

    fn leave(&mut self, number: u32) {
        let group = &mut self.groups[number as usize];
        group.users -= 1;
        if group.users == 0 {
            self.by_attributes.remove(&(group.source, std::mem::take(&mut group.kind)));
            self.free_groups.push(number);
        }
    }
}

fn admits(filter: &Filter, group: &Group) -> bool {
    filter.sources.contains(&group.source)
        && (filter.types.is_empty() || filter.types.contains(&group.kind))
}
