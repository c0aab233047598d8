//! Identifiers of documents and sources: newtypes over numbers that sort by age.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A document's id: milliseconds since the epoch in the high 48 bits, a counter in the low 16.
///
/// Shown as 16 hexadecimal digits, so ids sort by age as text too.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
pub struct DocumentId(pub u64);

/// A source's number in the catalog.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
pub struct SourceId(pub u32);

impl DocumentId {
    /// The next id after `self` at the given time; strictly larger than `self`.
    pub fn next(self, now_ms: u64) -> Self {
        Self((self.0 + 1).max(now_ms << 16))
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for DocumentId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_even_when_the_clock_stands_still() {
        let first = DocumentId::default().next(1_700_000_000_000);
        let second = first.next(1_700_000_000_000);
        let third = second.next(1_600_000_000_000);
        assert!(first < second && second < third);
        assert_eq!(second.to_string().parse::<DocumentId>(), Ok(second));
    }
}
