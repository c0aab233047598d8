//! What a search may look at: the one filter that goes into both searches.

use std::collections::HashSet;
use std::sync::Arc;

use crate::id::{DocumentId, SourceId};

/// Restricts a search; applied inside the keyword and the vector search, never after the top k.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only documents of these sources; the caller's grants are already in here.
    pub sources: HashSet<SourceId>,
    /// Only these types (lower-case extensions such as `md`); empty means all.
    pub types: Vec<String>,
    /// Only documents modified at or after this time, in milliseconds since the epoch.
    pub modified_since_ms: Option<i64>,
    /// Only these documents (a path pattern resolved by the catalog); `None` means all.
    pub documents: Option<Arc<HashSet<DocumentId>>>,
    /// Whether words weigh what they weigh in these sources alone: for callers in whose scores
    /// nothing may show of what they may not see.
    pub is_alone: bool,
}

/// The attributes of a document that a [`Filter`] looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// The source that the document came from.
    pub source: SourceId,
    /// The lower-case extension, `md` or `pdf`; empty when it has none.
    pub kind: String,
    /// When the document was last modified, in milliseconds since the epoch.
    pub modified_ms: i64,
}
