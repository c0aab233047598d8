//! How much the core takes on, and how long it waits.

use std::time::Duration;

/// Limits of the core; tests shorten the times.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Questions that are with the daemon at the same time; the others wait in line.
    pub at_once: usize,
    /// Questions that may wait in line; the next ones are told that there are too many.
    pub in_line: usize,
    /// How long one question may take overall, waiting in line included.
    pub overall: Duration,
    /// How long a daemon that does not answer is tried again.
    pub patience: Duration,
    /// The first pause between tries; it doubles up to `pause_most`.
    pub pause_first: Duration,
    /// The longest pause between tries.
    pub pause_most: Duration,
    /// After how long without a word of the answer the asker is told that it takes its time.
    pub slow: Duration,
    /// The time between two edits of one message.
    pub edits: Duration,
    /// How long an event id is remembered.
    pub remembered: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 16,
            in_line: 200,
            overall: Duration::from_secs(180),
            patience: Duration::from_secs(15),
            pause_first: Duration::from_millis(200),
            pause_most: Duration::from_secs(2),
            slow: Duration::from_secs(10),
            edits: Duration::from_millis(1_100),
            remembered: Duration::from_secs(3_600),
        }
    }
}
