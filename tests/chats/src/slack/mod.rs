//! Slack: Web API, response URLs and Socket Mode, with a journal of what the bot did.
//!
//! A test starts [`FakeSlack`], points a bot at [`FakeSlack::api_url`], lets people do things
//! ([`FakeSlack::command`], [`FakeSlack::mention`], …) and looks at what they would see.

mod api;
mod journal;
mod people;
mod socket;

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use tokio::sync::mpsc;

pub use journal::{Call, Delivered, Journal, Message};
pub use people::Asked;

use crate::Served;

/// The tokens that the fake takes.
pub const APP_TOKEN: &str = "xapp-1-A1-1-test";
/// The bot's token that the fake takes.
pub const BOT_TOKEN: &str = "xoxb-1-test";
/// The user id of the bot.
pub const BOT: &str = "UBOT";
/// The workspace.
pub const TEAM: &str = "T1";

/// How long a test waits for anything before it fails.
pub const DEADLINE: Duration = Duration::from_secs(240);

/// What is sent into the socket.
#[derive(Debug, Clone)]
pub(crate) enum Outgoing {
    /// A frame; an envelope's acknowledgement is waited for under its id.
    Frame(String),
    /// A frame that is sent once so many connections were made.
    Late(String, usize),
    /// The connection is cut without a word.
    Cut,
}

/// How a method fails, and how often still.
#[derive(Debug, Clone)]
pub(crate) struct Failing {
    pub(crate) fault: Fault,
    pub(crate) times: u32,
}

/// A fault of Slack that a test asks for.
#[derive(Debug, Clone)]
pub enum Fault {
    /// HTTP 429 with this `Retry-After`, in seconds.
    TooMany(u64),
    /// HTTP 200 with `ok: false` and this error.
    Refused(String),
    /// This HTTP status without a body that can be read.
    Status(u16),
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) journal: Journal,
    pub(crate) sockets: Vec<mpsc::UnboundedSender<Outgoing>>,
    pub(crate) faults: HashMap<String, Failing>,
    /// Uses of each response URL, by its path.
    pub(crate) uses: HashMap<String, u32>,
    /// Commands that wait for their acknowledgement, by envelope.
    pub(crate) commands: HashMap<String, serde_json::Value>,
    /// The members of each user group.
    pub(crate) groups: Vec<(String, Vec<String>)>,
    /// So many connections have to be made before a frame is sent.
    pub(crate) late: Option<usize>,
    pub(crate) count: u64,
}

/// What the fake's threads share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panicked has failed already.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes whoever waits for that.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let out = change(&mut self.lock());
        self.changed.notify_all();
        out
    }
}

impl State {
    /// A number that was not given before.
    pub(crate) fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// A timestamp as Slack makes them, unique.
    pub(crate) fn timestamp(&mut self) -> String {
        format!("1700000000.{:06}", self.next())
    }
}

/// A Slack of one workspace, on this machine; gone when it is dropped.
#[derive(Debug)]
pub struct FakeSlack {
    shared: Arc<Shared>,
    served: Served,
}

impl FakeSlack {
    /// Is back when it listens.
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let state = shared.clone();
        let served = Served::start(move |address| {
            let fake = api::Fake { shared: state, address };
            Router::new().merge(api::routes()).merge(socket::routes()).with_state(fake)
        });
        Self { shared, served }
    }

    /// What the bot is given as the address of the Web API.
    pub fn api_url(&self) -> String {
        format!("http://{}/api", self.served.address())
    }

    /// Makes a user group of these members.
    pub fn group(&self, id: &str, members: &[&str]) {
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        self.shared.change(|state| state.groups.push((id.to_owned(), members)));
    }

    /// Everything that was seen so far.
    pub fn journal(&self) -> Journal {
        self.shared.lock().journal.clone()
    }

    /// Waits until `look` finds in the journal what it wants; fails the test after [`DEADLINE`].
    ///
    /// # Panics
    /// If it does not come in time.
    pub fn until<T>(&self, what: &str, look: impl Fn(&Journal) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.shared.lock();
        loop {
            if let Some(found) = look(&state.journal) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "in vain: {what}; the journal is {:#?}", state.journal);
            let woken = self.shared.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the bot is connected for the `count`th time.
    pub fn until_connected(&self, count: usize) {
        self.until("the bot connects", |journal| (journal.connections >= count).then_some(()));
    }

    /// From now on `method` (such as `chat.update`, or `respond` for response URLs) fails so often.
    pub fn fail(&self, method: &str, fault: Fault, times: u32) {
        self.shared.change(|state| {
            state.faults.insert(method.to_owned(), Failing { fault, times });
        });
    }

    /// Says that the connection will be replaced soon, as Slack does every few hours.
    pub fn refresh(&self) {
        self.send_frame(&serde_json::json!({
            "type": "disconnect", "reason": "refresh_requested",
            "debug_info": { "host": "applink-1" },
        }));
    }

    /// Says that Socket Mode was turned off.
    pub fn turn_off(&self) {
        self.send_frame(&serde_json::json!({
            "type": "disconnect", "reason": "link_disabled", "debug_info": { "host": "applink-1" },
        }));
    }

    /// Cuts every connection without a word.
    pub fn cut(&self) {
        self.send(Outgoing::Cut);
        self.shared.change(|state| state.sockets.clear());
    }

    /// Has what is sent from now on arrive only once the bot has connected another time.
    pub fn deliver_late(&self) {
        self.shared.change(|state| state.late = Some(state.journal.connections + 1));
    }

    /// Sends any frame to the newest connection.
    pub fn send_frame(&self, frame: &serde_json::Value) {
        let late = self.shared.lock().late;
        self.send(match late {
            Some(connections) => Outgoing::Late(frame.to_string(), connections),
            None => Outgoing::Frame(frame.to_string()),
        });
    }

    fn send(&self, outgoing: Outgoing) {
        let mut state = self.shared.lock();
        // Those that are gone are forgotten on the way.
        while let Some(socket) = state.sockets.last() {
            if socket.send(outgoing.clone()).is_ok() {
                return;
            }
            state.sockets.pop();
        }
        drop(state);
        panic!("no bot is connected");
    }
}
