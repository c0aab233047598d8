//! Discord's rate limits as its replies tell them: one window per route and place.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;
use reqwest::Method;
use reqwest::header::HeaderMap;

const WINDOWS: usize = 4_096;

/// The windows that are known.
#[derive(Debug)]
pub(super) struct Windows {
    known: LruCache<String, Window>,
    /// Nothing may be called before.
    all_from: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    left: u32,
    resets: Instant,
}

impl Default for Windows {
    fn default() -> Self {
        let capacity = NonZeroUsize::new(WINDOWS).unwrap_or(NonZeroUsize::MIN);
        Self { known: LruCache::new(capacity), all_from: None }
    }
}

impl Windows {
    /// Takes one call out of a window, or says how long to wait for it.
    pub(super) fn take(&mut self, key: &Option<String>, now: Instant) -> Option<Duration> {
        // First answers to interactions count for nothing, not even the limit over all.
        let key = key.as_ref()?;
        if let Some(from) = self.all_from.filter(|from| *from > now) {
            return Some(from - now);
        }
        let window = self.known.get_mut(key).filter(|window| window.resets > now)?;
        match window.left.checked_sub(1) {
            Some(left) => {
                window.left = left;
                None
            }
            None => Some(window.resets - now),
        }
    }

    /// Learns from the headers of a reply.
    pub(super) fn learn(&mut self, key: &Option<String>, headers: &HeaderMap, now: Instant) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<f64>().ok();
        let (Some(key), Some(left), Some(after)) =
            (key, number("x-ratelimit-remaining"), number("x-ratelimit-reset-after"))
        else {
            return;
        };
        let Ok(after) = Duration::try_from_secs_f64(after) else { return };
        let mut left = left as u32;
        // Replies to calls made side by side may come in any order: the least that is left counts.
        if let Some(known) = self.known.get(key).filter(|known| known.resets > now) {
            left = left.min(known.left);
        }
        self.known.put(key.clone(), Window { left, resets: now + after });
    }

    /// Closes a window after a refusal.
    pub(super) fn close(&mut self, key: &Option<String>, until: Instant) {
        if let Some(key) = key {
            self.known.put(key.clone(), Window { left: 0, resets: until });
        }
    }

    /// Closes all windows after a refusal.
    pub(super) fn close_all(&mut self, until: Instant) {
        self.all_from = Some(until);
    }
}

/// The window of a call: its route, with the channel, guild or token that it goes to.
pub(super) fn key(method: &Method, path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let route = match parts.as_slice() {
        ["interactions", ..] => return None,
        ["channels", channel, rest @ ..] => format!("channels/{channel}/{}", shape(rest)),
        ["webhooks", application, token, rest @ ..] => {
            format!("webhooks/{application}/{token}/{}", shape(rest))
        }
        other => other.join("/"),
    };
    Some(format!("{method} {route}"))
}

/// A route without the ids in it.
fn shape(parts: &[&str]) -> String {
    let is_id = |part: &str| part == "@original" || part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = parts.iter().map(|part| if is_id(part) { "*" } else { part }).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(left: &str, after: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", left.parse().unwrap());
        headers.insert("x-ratelimit-reset-after", after.parse().unwrap());
        headers
    }

    #[test]
    fn edits_of_one_channel_share_a_window_and_tokens_have_their_own() {
        let edit = |path: &str| key(&Method::PATCH, path);
        assert_eq!(edit("/channels/1/messages/2"), edit("/channels/1/messages/3"));
        assert_ne!(edit("/channels/1/messages/2"), edit("/channels/9/messages/2"));
        assert_eq!(edit("/webhooks/7/a/messages/@original"), edit("/webhooks/7/a/messages/5"));
        assert_ne!(
            edit("/webhooks/7/a/messages/@original"),
            edit("/webhooks/7/b/messages/@original")
        );
        assert_eq!(key(&Method::POST, "/interactions/1/t/callback"), None);
    }

    #[test]
    fn an_empty_window_is_waited_for_and_then_open() {
        let mut windows = Windows::default();
        let (key, now) = (Some("POST x".to_owned()), Instant::now());
        assert_eq!(windows.take(&key, now), None);
        windows.learn(&key, &headers("1", "2.0"), now);
        assert_eq!(windows.take(&key, now), None);
        assert_eq!(windows.take(&key, now), Some(Duration::from_secs(2)));
        assert_eq!(windows.take(&key, now + Duration::from_secs(3)), None);
    }

    #[test]
    fn a_global_refusal_closes_all_but_first_answers() {
        let mut windows = Windows::default();
        let now = Instant::now();
        windows.close_all(now + Duration::from_secs(5));
        assert_eq!(windows.take(&Some("b".into()), now), Some(Duration::from_secs(5)));
        assert_eq!(windows.take(&None, now), None);
    }
}
