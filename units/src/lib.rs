//! Numbers, sizes and times in words for people, and back: the same in every client.

mod number;
mod time;

pub use number::{bytes, count, counted, percent, percent_of};
pub use time::{age, latency, now_ms, parse_duration, rfc3339, seconds, short_age};
