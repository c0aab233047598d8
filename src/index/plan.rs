//! What one round of embedding takes on: texts without a vector, and the documents they complete.

use std::collections::HashSet;

use crate::catalog::{Embedded, Pending};
use crate::chunk;
use crate::embed::Embedder;
use crate::id::DocumentId;

/// The key of a text's vector.
pub(super) type Key = [u8; 16];

/// The texts of a round and the documents that are complete after it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) texts: Vec<String>,
    pub(super) keys: Vec<Key>,
    /// With the keys of the chunks that the model reads.
    pub(super) complete: Vec<(Embedded, Vec<Key>)>,
    /// The keys once more, to be looked up.
    planned: HashSet<Key>,
}

/// What other rounds are working on.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    pub(super) documents: HashSet<DocumentId>,
    pub(super) keys: HashSet<Key>,
}

/// Whether a round takes more documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Left,
    Full,
}

impl Plan {
    /// Adds a document: what it lacks of `known` vectors, up to `most` texts in the round.
    pub(super) fn add(
        &mut self,
        pending: &Pending,
        known: &[Option<Vec<f32>>],
        (embedder, in_flight, most): (&dyn Embedder, &InFlight, usize),
    ) -> Room {
        let title = (!pending.title.is_empty()).then_some(pending.title.as_str());
        let mut readable = Vec::new();
        let mut waits = false;
        let passages = &pending.passages;
        for ((chunk, key), known) in passages.chunks.iter().zip(&passages.keys).zip(known) {
            if known.is_none() && !embedder.reads(&chunk.text) {
                continue;
            }
            readable.push(*key);
            if known.is_some() || self.planned.contains(key) {
                continue;
            }
            if in_flight.keys.contains(key) {
                // Another round brings it; the document is complete after that one.
                waits = true;
                continue;
            }
            if self.texts.len() == most {
                return Room::Full;
            }
            self.texts.push(chunk::embedding_text(title, chunk));
            self.keys.push(*key);
            self.planned.insert(*key);
        }
        if !waits {
            let Pending { id, seq, .. } = *pending;
            self.complete.push((Embedded { id, seq, readable: readable.len() }, readable));
        }
        Room::Left
    }

    /// Whether the round would change anything.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.complete.is_empty()
    }

    /// The documents and keys that no other round shall take meanwhile.
    pub(super) fn claims(&self) -> InFlight {
        InFlight {
            documents: self.complete.iter().map(|(document, _)| document.id).collect(),
            keys: self.keys.iter().copied().collect(),
        }
    }

    /// The documents that are complete although these keys were not asked for.
    pub(super) fn without(
        mut complete: Vec<(Embedded, Vec<Key>)>,
        missing: &HashSet<Key>,
    ) -> Vec<(Embedded, Vec<Key>)> {
        complete.retain(|(_, keys)| !keys.iter().any(|key| missing.contains(key)));
        complete
    }

    /// What each document came to, now that these keys turned out to get no vector.
    pub(super) fn outcome(
        complete: Vec<(Embedded, Vec<Key>)>,
        failed: &HashSet<Key>,
    ) -> Vec<Embedded> {
        let without = |(document, keys): (Embedded, Vec<Key>)| {
            let missing = keys.iter().filter(|key| failed.contains(*key)).count();
            Embedded { readable: document.readable - missing, ..document }
        };
        complete.into_iter().map(without).collect()
    }
}

impl InFlight {
    pub(super) fn add(&mut self, claims: &Self) {
        self.documents.extend(&claims.documents);
        self.keys.extend(&claims.keys);
    }

    pub(super) fn remove(&mut self, claims: &Self) {
        self.documents.retain(|document| !claims.documents.contains(document));
        self.keys.retain(|key| !claims.keys.contains(key));
    }
}
