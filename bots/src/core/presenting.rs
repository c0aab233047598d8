//! Shows the events of one question through a platform's message, at a polite rate.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::question::{Answer, Event, Waiting};
use super::trouble::Trouble;

/// What a message is to show now.
#[derive(Debug, Clone)]
pub enum Draft {
    /// Nothing is known yet but that the daemon works on it.
    Working,
    /// Nothing is known yet, for this reason.
    Waiting(Waiting),
    /// All of the answer that has come so far, as Markdown; more follows.
    Growing(String),
    /// The answer.
    Done(Box<Answer>),
    /// There is none.
    Failed(Trouble),
}

impl Draft {
    /// Whether nothing follows.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed(_))
    }
}

/// What became of showing a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It can be seen.
    Yes,
    /// The platform wants this long a pause; the latest draft is shown then.
    After(Duration),
    /// It was left out on purpose (such as few edits being left); nothing to wait for.
    Skipped,
    /// The message can no longer be changed: nothing more is shown, and the question ends.
    Lost,
}

/// One message of a platform (and those that follow when a text is too long for one).
pub trait Display: Send {
    /// Makes the message show `draft`. It returns once the platform has taken it or refused.
    fn show(&mut self, draft: &Draft) -> impl Future<Output = Shown> + Send;
}

/// Shows all events through `display`, `pause` apart: the latest draft wins, the last is always
/// shown. Returns the last draft; `None` when the message was lost.
pub async fn present<D: Display>(
    mut events: mpsc::Receiver<Event>,
    display: &mut D,
    pause: Duration,
) -> Option<Draft> {
    let mut text = String::new();
    let mut next: Option<Draft> = None;
    let mut free_at = Instant::now();
    loop {
        let is_last = next.as_ref().is_some_and(Draft::is_last);
        tokio::select! {
            biased;
            event = events.recv(), if !is_last => {
                next = Some(advance(event, &mut text, next));
            }
            () = tokio::time::sleep_until(free_at), if next.is_some() => {
                let draft = next.take()?;
                match display.show(&draft).await {
                    Shown::Lost => return None,
                    Shown::After(wait) => {
                        free_at = Instant::now() + wait.max(pause);
                        next = Some(draft);
                        continue;
                    }
                    Shown::Yes => free_at = Instant::now() + pause,
                    Shown::Skipped => {}
                }
                if draft.is_last() {
                    return Some(draft);
                }
            }
        }
    }
}

/// The draft after `event`; a stream that ends without a last event has failed.
fn advance(event: Option<Event>, text: &mut String, waiting: Option<Draft>) -> Draft {
    match event {
        Some(Event::Text(piece)) => {
            text.push_str(&piece);
            Draft::Growing(text.clone())
        }
        Some(Event::Finished(answer)) => Draft::Done(answer),
        Some(Event::Failed(trouble)) => Draft::Failed(trouble),
        None => Draft::Failed(Trouble::Stopping),
        // Text that is there already says more than a notice.
        Some(_) if !text.is_empty() => waiting.unwrap_or_else(|| Draft::Growing(text.clone())),
        Some(Event::Waiting(why)) => Draft::Waiting(why),
        Some(Event::Working) => Draft::Working,
    }
}
