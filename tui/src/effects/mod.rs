//! Doing what the pure part asks for: the only place that talks to the daemon.

mod asking;
mod outside;
mod requests;

use std::collections::VecDeque;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ragterm_proto::Client;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::effect::Effect;
use crate::fault::{Fault, FaultKind};
use crate::message::Message;
use crate::options::Connect;

/// Searches that may run at once: what was typed last, and what was typed before it.
const SEARCHES: usize = 2;

/// The connection to the daemon and everything that runs on it; all of it ends with this value.
pub struct Effects {
    connect: Connect,
    client: Arc<Mutex<Option<Client>>>,
    outbox: mpsc::Sender<Message>,
    tasks: JoinSet<()>,
    searches: VecDeque<AbortHandle>,
    reading: Option<AbortHandle>,
    asking: Option<AbortHandle>,
    status: Option<AbortHandle>,
    listing: Option<AbortHandle>,
    history: Option<PathBuf>,
}

impl Effects {
    /// Does things through `connect`, and tells their outcome to `outbox`.
    pub fn new(connect: Connect, outbox: mpsc::Sender<Message>, history: Option<PathBuf>) -> Self {
        Self {
            connect,
            client: Arc::default(),
            outbox,
            tasks: JoinSet::new(),
            searches: VecDeque::new(),
            reading: None,
            asking: None,
            status: None,
            listing: None,
            history,
        }
    }

    /// Begins to do a thing; what only the terminal can do is left alone.
    pub fn start(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(after_ms) => self.connect(Duration::from_millis(after_ms)),
            Effect::Search(generation, request) => {
                self.searches.retain(|search| !search.is_finished());
                while self.searches.len() >= SEARCHES {
                    give_up(&mut self.searches.pop_front());
                }
                let task = self.spawn(|client| requests::search(client, generation, request));
                self.searches.push_back(task);
            }
            Effect::StopSearch => {
                self.searches.drain(..).for_each(|search| search.abort());
                give_up(&mut self.reading);
            }
            Effect::Read(generation, request) => {
                give_up(&mut self.reading);
                let task = self.spawn(|client| requests::read(client, generation, request));
                self.reading = Some(task);
            }
            Effect::Ask(generation, request) => {
                give_up(&mut self.asking);
                let (client, outbox) = (self.client(), self.outbox.clone());
                let asked = asking::ask(client, generation, request, outbox);
                self.asking = Some(self.tasks.spawn(asked));
            }
            Effect::StopAsk => give_up(&mut self.asking),
            Effect::Status => {
                // One that hangs does not gather others behind it.
                if self.status.as_ref().is_none_or(AbortHandle::is_finished) {
                    self.status = Some(self.spawn(requests::status));
                }
            }
            other => self.start_rarely(other),
        }
    }

    fn start_rarely(&mut self, effect: Effect) {
        match effect {
            Effect::ListSessions(query) => {
                give_up(&mut self.listing);
                self.listing = Some(self.spawn(|client| requests::list_sessions(client, query)));
            }
            Effect::ReadSession(session) => {
                self.spawn(|client| requests::read_session(client, session));
            }
            Effect::DeleteSession(session) => {
                self.spawn(|client| requests::delete_session(client, session));
            }
            Effect::Feedback(request) => {
                self.spawn(|client| requests::give_feedback(client, request));
            }
            Effect::Open(opening) => self.tell(outside::open(opening)),
            Effect::Copy(text) => self.tell(outside::copy(text)),
            Effect::Recall => {
                if let Some(path) = self.history.clone() {
                    self.tell(outside::recall(path));
                }
            }
            Effect::Remember(entry) => {
                if let Some(path) = self.history.clone() {
                    self.tell(outside::remember(path, entry));
                }
            }
            // The terminal's own.
            _ => {}
        }
    }

    /// Waits for what must not be lost when the program ends.
    pub async fn finish(mut self) {
        give_up(&mut self.asking);
        give_up(&mut self.reading);
        give_up(&mut self.status);
        give_up(&mut self.listing);
        self.searches.drain(..).for_each(|search| search.abort());
        drop(self.outbox);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        // A line of the history is written long before that; an attempt to connect is not waited for.
        let _late = tokio::time::timeout(Duration::from_millis(200), all).await;
    }

    fn client(&self) -> Option<Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn connect(&mut self, after: Duration) {
        let (connect, held) = (self.connect.clone(), self.client.clone());
        self.tell(async move {
            tokio::time::sleep(after).await;
            match connect().await {
                Ok(client) => {
                    *held.lock().unwrap_or_else(PoisonError::into_inner) = Some(client);
                    Some(Message::Connected)
                }
                Err(unreachable) => Some(Message::Unreachable(Fault {
                    sentence: unreachable.sentence,
                    hint: unreachable.hint,
                    kind: FaultKind::Lost,
                })),
            }
        });
    }

    /// Runs a request; without a connection it is not sent.
    fn spawn<F>(&mut self, request: impl FnOnce(Client) -> F) -> AbortHandle
    where
        F: Future<Output = Message> + Send + 'static,
    {
        let outbox = self.outbox.clone();
        let Some(client) = self.client() else {
            // Nothing asks before it was told that a daemon answers.
            return self.tasks.spawn(async {});
        };
        let request = request(client);
        self.tasks.spawn(async move {
            // Fails only when the program ends.
            let _ = outbox.send(request.await).await;
        })
    }

    fn tell(&mut self, work: impl Future<Output = Option<Message>> + Send + 'static) {
        let outbox = self.outbox.clone();
        self.tasks.spawn(async move {
            if let Some(message) = work.await {
                // Fails only when the program ends.
                let _ = outbox.send(message).await;
            }
        });
    }

    /// Forgets what has ended; a panic there is a panic here.
    pub fn reap(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            if let Err(error) = ended
                && error.is_panic()
            {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }
}

fn give_up(task: &mut Option<AbortHandle>) {
    if let Some(task) = task.take() {
        task.abort();
    }
}

#[cfg(test)]
mod tests;
