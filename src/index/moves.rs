//! Recognising moved files by content, so that a move costs no reading and no embedding.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use ragterm_connectors::folder::{self, Entry};
use tracing::debug;

use super::{Work, read};
use crate::catalog::{Catalog, DocumentState, Known, Place, Publication, Source, kind_of};
use crate::error::{Error, Result};
use crate::id::DocumentId;

/// Takes moved documents out of `work` and returns their publications.
///
/// A new entry whose size equals that of a document that left is hashed; equal content makes it
/// the same document at another place.
pub async fn find(catalog: &Catalog, source: &Source, work: &mut Work) -> Result<Vec<Publication>> {
    let mut by_size: HashMap<u64, usize> = HashMap::new();
    let left =
        |known: &&Known| matches!(known.state, DocumentState::Indexed | DocumentState::Container);
    work.gone.iter().filter(left).for_each(|known| *by_size.entry(known.size).or_default() += 1);
    if by_size.is_empty() {
        return Ok(Vec::new());
    }
    let root = source.registered.opened_root();
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
        let hash = if candidate { hash(root.to_owned(), entry.raw.clone()).await? } else { None };
        let place = read::place(&entry);
        let same = hash.and_then(|hash| {
            let candidates = by_hash.get_mut(&hash[..])?;
            // Another extension may mean another reader.
            let is_same = |index: &usize| kind_of(&work.gone[*index].path) == place.kind;
            let at = candidates.iter().rposition(is_same)?;
            Some(candidates.remove(at))
        });
        match same {
            Some(index) => {
                let known = &work.gone[index];
                moved.extend(of(catalog, (known.id, &known.path), &entry).await?);
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

/// The move of a document from a path to an entry, and of what stands inside it.
pub async fn of(
    catalog: &Catalog,
    (id, path): (DocumentId, &str),
    entry: &Entry,
) -> Result<Vec<Publication>> {
    let members = catalog.members(&[id]).await?;
    let moved = members.into_iter().filter_map(|member| {
        let below = member.path.strip_prefix(path)?;
        let place = Place {
            path: format!("{}{below}", entry.path),
            raw_path: entry.raw.as_os_str().as_bytes().to_vec(),
            kind: member.kind,
            size: member.size,
            modified_ns: member.modified_ns,
            changed_ns: 0,
        };
        Some(Publication::Moved { id: member.id, place })
    });
    Ok(moved.chain([Publication::Moved { id, place: read::place(entry) }]).collect())
}

/// The content hash; `None` when the file cannot be read now, which reading it will report.
async fn hash(root: PathBuf, raw: PathBuf) -> Result<Option<[u8; 32]>> {
    let hash = move || {
        let file = folder::open_file(&root, &raw).ok()?;
        let mut hasher = blake3::Hasher::new();
        // A pipe that was put there meanwhile might never end.
        hasher.update_reader(file.metadata().ok()?.is_file().then_some(file)?).ok()?;
        Some(*hasher.finalize().as_bytes())
    };
    tokio::task::spawn_blocking(hash)
        .await
        .map_err(|error| Error::internal("hashing a file was interrupted").because(error))
}
