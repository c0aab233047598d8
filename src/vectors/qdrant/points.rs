//! Passages as the points of Qdrant: ids, payloads, vectors and filters.

use qdrant_client::Payload;
use qdrant_client::qdrant::point_id::PointIdOptions;
use qdrant_client::qdrant::{Condition, Filter, PointId, PointStruct, Range, Vector, Vectors};

use crate::id::DocumentId;
use crate::vectors::server::{Part, Row, Version};

/// The document, an integer.
pub const DOCUMENT: &str = "document";
/// The passage's index in the document, an integer.
pub const ORDINAL: &str = "ordinal";
/// The source, an integer.
pub const SOURCE: &str = "source";
/// The lower-case extension, a keyword.
pub const KIND: &str = "kind";
/// When the document was last modified, an integer.
pub const MODIFIED: &str = "modified_ms";

/// From here on servers take vectors in the newer form, and are to lose the older one.
const NEWER_FORM: Version = Version(1, 16);

/// The id of a passage's point: a UUID that holds document and ordinal.
pub fn id(document: DocumentId, ordinal: u32) -> PointId {
    let (document, ordinal) = (document.0, u64::from(ordinal));
    let [a, b, c] = [document >> 32, document >> 16 & 0xffff, document & 0xffff];
    let [d, e] = [ordinal >> 48, ordinal & 0xffff_ffff_ffff];
    let uuid = format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}");
    PointId { point_id_options: Some(PointIdOptions::Uuid(uuid)) }
}

/// The passage of a point; `None` for a point that is not ours.
pub fn passage(id: Option<&PointId>) -> Option<(DocumentId, u32)> {
    let Some(PointIdOptions::Uuid(uuid)) = &id?.point_id_options else { return None };
    let digits: String = uuid.chars().filter(|c| *c != '-').collect();
    let (document, ordinal) = digits.split_at_checked(16)?;
    let document = u64::from_str_radix(document, 16).ok()?;
    let ordinal = u64::from_str_radix(ordinal, 16).ok()?;
    Some((DocumentId(document), u32::try_from(ordinal).ok()?))
}

/// A row as a point, for a server of the given version.
pub fn point(row: &Row<'_>, version: Version) -> PointStruct {
    let mut payload = Payload::new();
    payload.insert(DOCUMENT, row.document.0 as i64);
    payload.insert(ORDINAL, i64::from(row.ordinal));
    payload.insert(SOURCE, i64::from(row.attributes.source.0));
    payload.insert(KIND, row.attributes.kind.clone());
    payload.insert(MODIFIED, row.attributes.modified_ms);
    PointStruct::new(id(row.document, row.ordinal), vectors(row, version), payload)
}

fn vectors(row: &Row<'_>, version: Version) -> Vectors {
    if version >= NEWER_FORM {
        return row.vector.clone().into();
    }
    #[expect(deprecated, reason = "the form that servers before 1.16 are sure to read")]
    let vector = Vector { data: row.vector.clone(), ..Vector::default() };
    vector.into()
}

/// What a search may look at.
pub fn filter(part: Part<'_>) -> Filter {
    let filter = part.filter;
    let sources: Vec<i64> = filter.sources.iter().map(|source| i64::from(source.0)).collect();
    let mut must = vec![Condition::matches(SOURCE, sources)];
    if !filter.types.is_empty() {
        must.push(Condition::matches(KIND, filter.types.clone()));
    }
    if let Some(since) = filter.modified_since_ms {
        let range = Range { gte: Some(since as f64), ..Range::default() };
        must.push(Condition::range(MODIFIED, range));
    }
    if let Some(some) = part.documents {
        must.push(of(some));
    }
    let must_not = if part.except.is_empty() { Vec::new() } else { vec![of(part.except)] };
    Filter { must, must_not, ..Filter::default() }
}

/// The points of some documents, except those with the given ids.
pub fn of_documents(documents: &[DocumentId], except: Vec<PointId>) -> Filter {
    let must_not = if except.is_empty() { Vec::new() } else { vec![Condition::has_id(except)] };
    Filter { must: vec![of(documents)], must_not, ..Filter::default() }
}

fn of(documents: &[DocumentId]) -> Condition {
    let numbers: Vec<i64> = documents.iter().map(|document| document.0 as i64).collect();
    Condition::matches(DOCUMENT, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Attributes;
    use crate::id::SourceId;

    #[test]
    fn a_points_id_is_its_document_and_ordinal() {
        let document = DocumentId(0x0192_3456_789a_bcde);
        let id = id(document, 0xfedc_ba98);
        let expected = "01923456-789a-bcde-0000-0000fedcba98";
        assert_eq!(id.point_id_options, Some(PointIdOptions::Uuid(expected.into())));
        assert_eq!(passage(Some(&id)), Some((document, 0xfedc_ba98)));
        let foreign = PointId { point_id_options: Some(PointIdOptions::Num(7)) };
        assert_eq!(passage(Some(&foreign)), None);
    }

    #[test]
    #[expect(deprecated, reason = "older servers read it")]
    fn vectors_are_sent_in_the_form_that_the_server_reads() {
        use qdrant_client::qdrant::vectors::VectorsOptions;
        let attributes = Attributes { source: SourceId(1), kind: "md".into(), modified_ms: 5 };
        let vector = vec![0.6, 0.8];
        let row = Row { document: DocumentId(1), ordinal: 0, attributes: &attributes, vector };
        let sent = |version| match point(&row, version).vectors.unwrap().vectors_options {
            Some(VectorsOptions::Vector(vector)) => (vector.data, vector.vector.is_some()),
            other => panic!("{other:?}"),
        };
        assert_eq!(sent(Version(1, 12)), (vec![0.6, 0.8], false));
        assert_eq!(sent(Version(1, 20)), (vec![], true));
    }
}
