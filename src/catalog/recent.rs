//! Passages that were published a moment ago: the keyword index follows without reading them back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::chunk::Chunk;

/// More text than this is read back; a follower that is so far behind has other worries.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The passages of the latest changes, by `seq`.
#[derive(Debug, Default)]
pub(super) struct Recent {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    by_seq: BTreeMap<u64, Arc<[Chunk]>>,
    bytes: usize,
}

impl Recent {
    /// Keeps the passages that the change at `seq` published, if there is room.
    pub(super) fn keep(&self, seq: u64, chunks: &Arc<[Chunk]>) {
        let mut held = self.held();
        let bytes = size(chunks);
        if held.bytes + bytes <= MAX_BYTES {
            held.bytes += bytes;
            held.by_seq.insert(seq, Arc::clone(chunks));
        }
    }

    /// Hands over what is kept of the changes up to `last`; it is not kept any longer.
    pub(super) fn take(&self, last: u64) -> BTreeMap<u64, Arc<[Chunk]>> {
        let mut held = self.held();
        let later = held.by_seq.split_off(&(last + 1));
        let taken = std::mem::replace(&mut held.by_seq, later);
        held.bytes -= taken.values().map(|chunks| size(chunks)).sum::<usize>();
        taken
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What passages take in memory, roughly.
fn size(chunks: &[Chunk]) -> usize {
    chunks.iter().map(|chunk| chunk.text.len() + size_of::<Chunk>()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::ChunkId;

    fn chunks(bytes: usize) -> Arc<[Chunk]> {
        let text = "x".repeat(bytes);
        Arc::from([Chunk {
            id: ChunkId([0; 16]),
            heading: vec![],
            lines: None,
            page: None,
            text,
            inner: vec![],
        }])
    }

    #[test]
    fn what_is_taken_is_no_longer_kept() {
        let recent = Recent::default();
        (1..=3).for_each(|seq| recent.keep(seq, &chunks(9)));
        assert_eq!(recent.take(2).into_keys().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(recent.take(9).into_keys().collect::<Vec<_>>(), [3]);
        assert_eq!(recent.held().bytes, 0);
    }

    #[test]
    fn what_nobody_takes_is_bounded() {
        let recent = Recent::default();
        (1..=9).for_each(|seq| recent.keep(seq, &chunks(MAX_BYTES / 4)));
        assert!(recent.take(9).len() < 4);
    }
}
