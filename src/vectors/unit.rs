//! Vectors of length 1, which is what every store holds.

/// The vector scaled to length 1, or all zero; `None` when a component is not a finite number.
pub(super) fn unit(vector: &[f32]) -> Option<Vec<f32>> {
    if vector.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
    Some(vector.iter().map(|value| (f64::from(*value) * scale) as f32).collect())
}

/// A query of length 1; `None` when it has other dimensions or no direction.
pub(super) fn direction(query: &[f32], dimensions: usize) -> Option<Vec<f32>> {
    let query = if query.len() == dimensions { unit(query)? } else { return None };
    query.iter().any(|value| *value != 0.0).then_some(query)
}
