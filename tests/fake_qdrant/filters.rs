//! Which points a filter selects, as the real server reads it.

use qdrant_client::qdrant::condition::ConditionOneOf;
use qdrant_client::qdrant::r#match::MatchValue;
use qdrant_client::qdrant::value::Kind;
use qdrant_client::qdrant::{Condition, FieldCondition, Filter};
use tonic::Status;

use super::{Collection, Point, uuid};

/// Refuses conditions on fields without an index of the right type, as strict servers do.
pub fn check(collection: &Collection, filter: Option<&Filter>) -> Result<(), Status> {
    let Some(filter) = filter else { return Ok(()) };
    for condition in filter.must.iter().chain(&filter.must_not) {
        if let Some(ConditionOneOf::Field(field)) = &condition.condition_one_of
            && !collection.indexes.contains_key(&field.key)
        {
            let message = format!("Index required but not found for \"{}\"", field.key);
            return Err(Status::invalid_argument(message));
        }
    }
    Ok(())
}

/// Whether a point is selected.
pub fn selects(filter: Option<&Filter>, id: &str, point: &Point) -> bool {
    filter.is_none_or(|filter| {
        assert!(filter.should.is_empty() && filter.min_should.is_none(), "not expected");
        filter.must.iter().all(|condition| holds(condition, id, point))
            && !filter.must_not.iter().any(|condition| holds(condition, id, point))
    })
}

fn holds(condition: &Condition, id: &str, point: &Point) -> bool {
    match condition.condition_one_of.as_ref() {
        Some(ConditionOneOf::HasId(ids)) => {
            ids.has_id.iter().any(|one| uuid(Some(one)).is_ok_and(|uuid| uuid == id))
        }
        Some(ConditionOneOf::Field(field)) => field_holds(field, point),
        other => panic!("not expected: {other:?}"),
    }
}

fn field_holds(field: &FieldCondition, point: &Point) -> bool {
    let value = point.payload.get(&field.key).and_then(|value| value.kind.as_ref());
    if let Some(range) = &field.range {
        let Some(Kind::IntegerValue(number)) = value else { return false };
        return range.gte.is_none_or(|least| *number as f64 >= least);
    }
    match (field.r#match.as_ref().and_then(|one| one.match_value.as_ref()), value) {
        (Some(MatchValue::Integers(any)), Some(Kind::IntegerValue(number))) => {
            any.integers.contains(number)
        }
        (Some(MatchValue::Keywords(any)), Some(Kind::StringValue(text))) => {
            any.strings.contains(text)
        }
        (Some(MatchValue::Integer(one)), Some(Kind::IntegerValue(number))) => one == number,
        (Some(MatchValue::Keyword(one)), Some(Kind::StringValue(text))) => one == text,
        _ => false,
    }
}
