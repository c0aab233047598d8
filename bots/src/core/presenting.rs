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
            // Showing comes first: pieces that arrive without end must not keep the first ones back.
            biased;
            () = until(free_at), if next.is_some() => {
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
            event = events.recv(), if !is_last => {
                next = Some(advance(event, &mut text, next));
            }
        }
    }
}

/// A sleep of the runtime is late by up to a millisecond even when its time has passed.
async fn until(time: Instant) {
    if Instant::now() < time {
        tokio::time::sleep_until(time).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes down what it is shown, and answers as it is told to.
    #[derive(Default)]
    struct Notebook {
        seen: Vec<String>,
        answers: Vec<Shown>,
    }

    impl Display for Notebook {
        async fn show(&mut self, draft: &Draft) -> Shown {
            self.seen.push(match draft {
                Draft::Growing(text) => text.clone(),
                Draft::Done(answer) => format!("done: {}", answer.text),
                other => format!("{other:?}"),
            });
            self.answers.pop().unwrap_or(Shown::Yes)
        }
    }

    fn done(text: &str) -> Event {
        Event::Finished(Box::new(Answer { text: text.to_owned(), ..Answer::default() }))
    }

    fn piece(text: &str) -> Event {
        Event::Text(text.to_owned())
    }

    async fn shown(mut events: Vec<Event>, display: &mut Notebook, pause: Duration) -> bool {
        let (sender, receiver) = mpsc::channel(64);
        events.reverse();
        let sending = async {
            while let Some(event) = events.pop() {
                // The receiver is gone when the message was lost.
                let _ = sender.send(event).await;
            }
            drop(sender);
        };
        tokio::join!(sending, present(receiver, display, pause)).1.is_some()
    }

    #[tokio::test]
    async fn the_latest_text_wins_and_the_end_is_always_shown() {
        let mut display = Notebook::default();
        let events = vec![piece("a"), piece("b"), piece("c"), done("abc")];
        // The rest has come before the pause is over, even if the machine does something else.
        assert!(shown(events, &mut display, Duration::from_secs(2)).await);
        assert_eq!(display.seen, ["a", "done: abc"]);
    }

    #[tokio::test]
    async fn pieces_without_end_do_not_keep_the_text_back() {
        let mut display = Notebook::default();
        let events = (0..500).map(|_| piece("x")).chain([done("x")]).collect();
        assert!(shown(events, &mut display, Duration::ZERO).await);
        assert!(display.seen.len() > 100, "{} drafts", display.seen.len());
    }

    #[tokio::test]
    async fn a_platform_that_asks_for_a_pause_gets_it_and_then_the_end() {
        let wait = Shown::After(Duration::from_millis(30));
        let mut display = Notebook { answers: vec![wait, wait], ..Notebook::default() };
        let began = Instant::now();
        assert!(shown(vec![done("end")], &mut display, Duration::ZERO).await);
        assert_eq!(display.seen, ["done: end"; 3]);
        assert!(began.elapsed() >= Duration::from_millis(60));
    }

    #[tokio::test]
    async fn nothing_more_is_shown_in_a_message_that_is_lost() {
        let mut display = Notebook { answers: vec![Shown::Lost], ..Notebook::default() };
        assert!(!shown(vec![piece("a"), done("ab")], &mut display, Duration::ZERO).await);
        assert_eq!(display.seen, ["a"]);
    }

    #[tokio::test]
    async fn a_stream_that_just_ends_is_said_to_have_failed() {
        let mut display = Notebook::default();
        assert!(shown(vec![Event::Working], &mut display, Duration::ZERO).await);
        assert_eq!(display.seen.last().unwrap(), "Failed(Stopping)");
    }
}
