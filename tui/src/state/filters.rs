//! What limits searching and asking: spaces, types, time.

/// The choices for time: how they are named, and seconds.
pub const TIMES: [(&str, u64); 6] = [
    ("1 hour", 3600),
    ("1 day", 86_400),
    ("7 days", 7 * 86_400),
    ("30 days", 30 * 86_400),
    ("3 months", 91 * 86_400),
    ("1 year", 365 * 86_400),
];

/// The limits that are set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// Only these spaces; empty: all.
    pub spaces: Vec<String>,
    /// Only these types; empty: all.
    pub types: Vec<String>,
    /// Only what changed within so many seconds.
    pub since_s: Option<u64>,
}

impl Filters {
    /// The limits in words, one for each kind that is set.
    pub fn told(&self) -> Vec<String> {
        let mut told = Vec::new();
        if !self.spaces.is_empty() {
            told.push(format!("space {}", self.spaces.join(", ")));
        }
        if !self.types.is_empty() {
            told.push(format!("type {}", self.types.join(", ")));
        }
        if let Some(since_s) = self.since_s {
            let name = TIMES.iter().find(|(_, seconds)| *seconds == since_s).map(|(name, _)| *name);
            told.push(format!("last {}", name.unwrap_or("while")));
        }
        told
    }
}
