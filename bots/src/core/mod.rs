//! What both bots share: a question in, events out. It knows no platform.
//!
//! A platform makes a [`Question`] of what a person wrote, hands it to [`Core::ask`], and lets
//! [`present`] show the events through its [`Display`].

mod asking;
mod calls;
mod daemon;
mod kept;
mod limits;
mod neutral;
mod patience;
mod presenting;
mod question;
mod repeats;
mod secret;
mod sources;
mod split;
mod trouble;
mod words;

use std::sync::Arc;
use std::time::Duration;

use ragterm_proto::RequestId;
use ragterm_proto::v1::{Asker, WhoAmIReply};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, error_span};

pub use daemon::Daemon;
pub use kept::{Given, Kept};
pub use limits::Limits;
pub use neutral::{neutral, unmasked};
pub use presenting::{Display, Draft, Shown, present};
pub use question::{Answer, Event, Found, MAX_QUESTION_BYTES, Question, Search, Verdict, Waiting};
pub use repeats::Repeats;
pub use secret::Secret;
pub use sources::{Source, now_ms};
pub use split::{fence_mark, split};
pub use trouble::Trouble;
pub use words::{Language, Phrase};

/// Whether `text` cites source `n`, as `[1]` or `[1, 2]`.
fn cited(text: &str, n: u32) -> bool {
    let number = n.to_string();
    text.split('[')
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .any(|(inside, _)| inside.split(',').any(|piece| piece.trim() == number))
}

/// How many events of one question may wait for the platform.
const EVENTS: usize = 64;

/// How long tasks may take to end once the bot is stopped.
const DRAIN: Duration = Duration::from_secs(5);

/// The core of a bot: cheap to clone, shared by all of its tasks.
#[derive(Debug, Clone)]
pub struct Core {
    daemon: Daemon,
    limits: Limits,
    /// One permit for each question that may be with the daemon at once.
    running: Arc<Semaphore>,
    /// One permit for each question that may be here at all.
    waiting: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Core {
    /// A core that asks `daemon`, and ends all questions when `stop` is cancelled.
    pub fn new(daemon: Daemon, limits: Limits, stop: CancellationToken) -> Self {
        Self {
            running: Arc::new(Semaphore::new(limits.at_once)),
            waiting: Arc::new(Semaphore::new(limits.at_once + limits.in_line)),
            daemon,
            limits,
            tasks: TaskTracker::new(),
            stop,
        }
    }

    /// Takes a question and returns at once; what happens to it arrives in the receiver, which ends
    /// with `Finished` or `Failed`. A dropped receiver ends the question.
    pub fn ask(&self, question: Question) -> mpsc::Receiver<Event> {
        let (events, receiver) = mpsc::channel(EVENTS);
        let core = self.clone();
        self.spawn(async move { asking::run(&core, &question, &events).await });
        receiver
    }

    /// Finds documents; tried again for a while when the daemon is down.
    pub async fn search(&self, search: &Search) -> Result<Found, Trouble> {
        calls::search(self, search).await
    }

    /// Who `asker` is to the daemon, and what it may see where it asks.
    pub async fn who_am_i(&self, asker: &Asker) -> Result<WhoAmIReply, Trouble> {
        calls::who_am_i(self, asker).await
    }

    /// Says whether the answer `turn` helped `asker`.
    pub async fn feedback(
        &self,
        asker: &Asker,
        turn: &str,
        verdict: Verdict,
    ) -> Result<(), Trouble> {
        calls::feedback(self, asker, turn, verdict).await
    }

    /// The answer `turn` of `asker`, if all of it may be shown in the asker's place, which must be
    /// public; else [`Trouble::Denied`]: ask `question` again as a public one.
    pub async fn share(&self, asker: &Asker, turn: &str) -> Result<Shareable, Trouble> {
        calls::share(self, asker, turn).await
    }

    /// Runs `task` so that [`Core::close`] waits for it. What it logs and each of its calls, tries
    /// again included, carry the name of the request that this is part of, or a new one.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(id) = RequestId::current() {
            self.tasks.spawn(id.scope(task.in_current_span()));
            return;
        }
        let id = RequestId::make();
        // Of the worst level, so that no level leaves it out.
        let span = error_span!("chat", request = id.as_str());
        self.tasks.spawn(id.scope(task.instrument(span)));
    }

    /// How many tasks run now.
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// Cancelled when the bot is to end.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// The limits that the core keeps.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Waits for all tasks, a few seconds at the most. Call it once `stop` is cancelled.
    pub async fn close(&self) {
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "some tasks of the bot did not end in time");
        }
    }
}

/// An answer that may be shown to others, with what had been asked.
#[derive(Debug, Clone, Default)]
pub struct Shareable {
    /// The question as it was asked.
    pub question: String,
    /// The answer; its sources have no excerpts.
    pub answer: Answer,
}
