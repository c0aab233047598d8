//! What clients tell people, the same in each: numbers, sizes and times in words, and which
//! characters of foreign text do harm.

mod number;
mod text;
mod time;

pub use number::{bytes, count, counted, percent, percent_of};
pub use text::{breaks_line, steers};
pub use time::{age, latency, now_ms, parse_duration, rfc3339, seconds, short_age};
