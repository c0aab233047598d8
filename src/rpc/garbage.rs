//! What nobody needs any more, as the wire takes it.

use ragterm_proto::v1::{self, CollectGarbageReply, CollectGarbageRequest};

use crate::engine::{Collected, Collecting};

/// What is done with it.
pub fn collecting(request: &CollectGarbageRequest) -> Collecting {
    match (request.dry_run, request.all) {
        (true, false) => Collecting::Count,
        (true, true) => Collecting::CountAll,
        (false, false) => Collecting::Delete,
        (false, true) => Collecting::DeleteAll,
    }
}

/// What there was.
pub fn reply(collected: Collected) -> CollectGarbageReply {
    let garbage = collected.garbage.into_iter().map(|garbage| v1::Garbage {
        kind: garbage.kind.name().into(),
        what: garbage.kind.words(garbage.number).into(),
        number: garbage.number,
        bytes: garbage.bytes,
    });
    CollectGarbageReply { garbage: garbage.collect(), notes: collected.notes }
}
