//! Rate limits: windows per route and place, and answers that a test scripts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::world::Rules;

/// What the next matching call is answered instead of what it asked for.
#[derive(Clone, Debug)]
pub enum Scripted {
    /// 429 with this `Retry-After`.
    TooMany(Duration),
    /// This status, such as 500; nothing else happens.
    Broken(u16),
    /// This status, although what was asked for happens.
    Unheard(u16),
}

#[derive(Default)]
pub(crate) struct Limits {
    windows: BTreeMap<String, Window>,
    scripted: Vec<(String, Scripted)>,
}

struct Window {
    left: u32,
    resets: Instant,
}

/// What the headers of an answer say, and whether the call is refused.
pub(crate) struct Verdict {
    pub(crate) bucket: String,
    pub(crate) limit: u32,
    pub(crate) left: u32,
    pub(crate) resets_in: Duration,
    pub(crate) is_refused: bool,
}

impl Limits {
    pub(crate) fn script(&mut self, part: &str, scripted: Scripted) {
        self.scripted.push((part.to_string(), scripted));
    }

    /// Takes the first scripted answer for a path.
    pub(crate) fn scripted(&mut self, path: &str) -> Option<Scripted> {
        let at = self.scripted.iter().position(|(part, _)| path.contains(part.as_str()))?;
        Some(self.scripted.remove(at).1)
    }

    /// Counts a write in its window; none for routes that are not limited here.
    pub(crate) fn count(&mut self, bucket: Option<String>, rules: &Rules) -> Option<Verdict> {
        let bucket = bucket?;
        let now = Instant::now();
        let window = self
            .windows
            .entry(bucket.clone())
            .or_insert(Window { left: rules.writes, resets: now + rules.window });
        if window.resets <= now {
            *window = Window { left: rules.writes, resets: now + rules.window };
        }
        let is_refused = window.left == 0;
        window.left = window.left.saturating_sub(1);
        let resets_in = window.resets - now;
        Some(Verdict { bucket, limit: rules.writes, left: window.left, resets_in, is_refused })
    }
}

/// The window of a write: its route, and the channel or the token that it writes to. Answering an
/// interaction is not limited, as at Discord.
pub(crate) fn bucket(method: &str, segments: &[&str]) -> Option<String> {
    match (method, segments) {
        ("POST", ["channels", channel, "messages"]) => Some(format!("send:{channel}")),
        ("PATCH", ["channels", channel, "messages", _]) => Some(format!("edit:{channel}")),
        ("POST", ["channels", channel, .., "threads"]) => Some(format!("thread:{channel}")),
        ("POST", ["webhooks", _, token]) => Some(format!("followup:{token}")),
        ("PATCH", ["webhooks", _, token, ..]) => Some(format!("rewrite:{token}")),
        _ => None,
    }
}
