//! Recognising moved files by content, so that a move costs no reading and no embedding.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ragterm_connectors::folder::Entry;
use tracing::debug;

use super::{Work, read};
use crate::catalog::{Catalog, DocumentState, Known, Publication, Source};
use crate::error::{Error, Result};

/// Takes moved documents out of `work` and returns their publications.
///
/// A new entry whose size equals that of a document that left is hashed; equal content makes it
/// the same document at another place.
pub async fn find(catalog: &Catalog, source: &Source, work: &mut Work) -> Result<Vec<Publication>> {
    let mut by_size: HashMap<u64, usize> = HashMap::new();
    let left = |known: &&Known| known.state == DocumentState::Indexed;
    work.gone.iter().filter(left).for_each(|known| *by_size.entry(known.size).or_default() += 1);
    if by_size.is_empty() {
        return Ok(Vec::new());
    }
    let root = Path::new(&source.registered.path);
    let mut by_hash: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (index, known) in work.gone.iter().enumerate().filter(|(_, known)| left(known)) {
        if let Some((hash, _)) = catalog.content(known.id).await? {
            by_hash.entry(hash).or_default().push(index);
        }
    }
    let mut moved = Vec::new();
    let mut adopted = Vec::new();
    let mut rest = Vec::new();
    for (id, entry) in std::mem::take(&mut work.read) {
        let candidate = id.is_none() && by_size.contains_key(&entry.size);
        let hash = if candidate { hash(root.join(&entry.raw)).await? } else { None };
        match hash.and_then(|hash| by_hash.get_mut(&hash[..]).and_then(Vec::pop)) {
            Some(index) => {
                moved.push(publication(&work.gone[index], &entry));
                adopted.push(index);
            }
            None => rest.push((id, entry)),
        }
    }
    work.read = rest;
    debug!(moved = moved.len(), "recognised by content");
    adopted.sort_unstable();
    for index in adopted.into_iter().rev() {
        work.gone.swap_remove(index);
    }
    Ok(moved)
}

fn publication(known: &Known, entry: &Entry) -> Publication {
    Publication::Moved { id: known.id, place: read::place(entry) }
}

/// The content hash; `None` when the file cannot be read now, which reading it will report.
async fn hash(path: PathBuf) -> Result<Option<[u8; 32]>> {
    let hash = move || {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(fs_err::File::open(path).ok()?).ok()?;
        Some(*hasher.finalize().as_bytes())
    };
    tokio::task::spawn_blocking(hash)
        .await
        .map_err(|error| Error::internal("hashing a file was interrupted").because(error))
}
