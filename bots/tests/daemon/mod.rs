//! A daemon whose replies a test scripts: a real server of the proto on a unix socket.

mod service;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use ragterm_bots::core::Daemon;
use ragterm_proto::v1::ragterm_server::RagtermServer;
use ragterm_proto::v1::{
    Answered, AskRequest, Asker, CitedSource, Consulted, GiveFeedbackRequest, Hit, SearchReply,
    SearchRequest, SpaceGrant, Turn, WhoAmIReply,
};
use ragterm_proto::{Place, Target, Token};
use tokio::net::UnixListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::Status;

/// How long a test waits for anything before it fails.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// How long a bot waits for its daemon in most tests: longer than the test does, which so sees what the
/// bot does without it.
pub const NEVER: Duration = Duration::from_secs(3600);

/// The token that the bots under test hold.
pub const TOKEN: &str = "rt_secret_of_the_bot";

/// One thing that the daemon does while it answers.
#[derive(Clone)]
pub enum Step {
    /// Tells what was consulted.
    Consult(Vec<CitedSource>),
    /// Sends a piece of the answer.
    Text(String),
    /// Waits until the test opens the gate.
    Hold(Gate),
    /// Ends with the whole answer.
    Answer(Box<Answered>),
    /// Ends with an error.
    Fail(Status),
}

/// Holds a script until it is opened.
#[derive(Clone)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub async fn passed(&self) {
        // The gate itself keeps the sender, so waiting ends only when it opens.
        self.0.subscribe().wait_for(|open| *open).await.unwrap();
    }
}

/// A call as it arrived.
#[derive(Debug, Clone)]
pub struct Call<T> {
    pub asker: Asker,
    pub authorization: String,
    pub request: T,
}

/// What was called, in order.
#[derive(Debug, Default, Clone)]
pub struct Calls {
    pub asked: Vec<Call<AskRequest>>,
    pub searched: Vec<Call<SearchRequest>>,
    pub feedback: Vec<Call<GiveFeedbackRequest>>,
    pub shared: Vec<Call<String>>,
    pub whoami: Vec<Asker>,
    /// The name of the request that each call was part of.
    pub requests: Vec<String>,
}

type WhoIs = Box<dyn Fn(&Asker) -> WhoAmIReply + Send>;
type Answers = Box<dyn Fn(&AskRequest) -> Vec<Step> + Send>;
type Shares = Box<dyn Fn(&str) -> Result<Turn, Status> + Send>;

/// What the daemon says when it is called.
pub struct Script {
    pub who_is: WhoIs,
    pub answers: Answers,
    pub shares: Shares,
    pub found: SearchReply,
    /// What every call is refused with.
    pub refusal: Option<Status>,
}

pub struct State {
    pub script: Mutex<Script>,
    pub calls: Mutex<Calls>,
    pub changed: Condvar,
}

/// The daemon; it listens while it is up.
pub struct ScriptedDaemon {
    directory: tempfile::TempDir,
    state: Arc<State>,
    runtime: Mutex<Option<Runtime>>,
}

impl ScriptedDaemon {
    /// Up, and answering every question with [`answered`].
    pub fn start() -> Self {
        let daemon = Self::start_down();
        daemon.up();
        daemon
    }

    /// Nothing listens yet.
    pub fn start_down() -> Self {
        let script = Script {
            who_is: Box::new(|_| may_see(&["hr"])),
            answers: Box::new(|request| answering(&format!("About {} [1].", request.question))),
            shares: Box::new(|_| Err(Status::permission_denied("not all of it may be seen here"))),
            found: SearchReply::default(),
            refusal: None,
        };
        let state =
            State { script: Mutex::new(script), calls: Mutex::default(), changed: Condvar::new() };
        Self {
            directory: tempfile::tempdir().unwrap(),
            state: Arc::new(state),
            runtime: Mutex::default(),
        }
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("daemon.sock")
    }

    /// The daemon as a bot is given it. Call it within a runtime.
    pub fn for_bot(&self) -> Daemon {
        let target =
            Target { place: Place::Socket(self.socket()), token: Some(Token(TOKEN.to_owned())) };
        Daemon::at(&target).unwrap()
    }

    /// Begins to listen.
    pub fn up(&self) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let _entered = runtime.enter();
        let listener = UnixListener::bind(self.socket()).unwrap();
        let service = RagtermServer::new(service::Service(self.state.clone()));
        runtime.spawn(async move {
            tonic::transport::Server::builder()
                .add_service(service)
                .serve_with_incoming(UnixListenerStream::new(listener))
                .await
                .unwrap();
        });
        drop(_entered);
        *self.runtime.lock().unwrap() = Some(runtime);
    }

    /// Goes away at once, in the middle of whatever it does.
    pub fn down(&self) {
        if let Some(runtime) = self.runtime.lock().unwrap().take() {
            runtime.shutdown_background();
        }
        std::fs::remove_file(self.socket()).unwrap();
    }

    /// Changes what it says from now on.
    pub fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.state.script.lock().unwrap());
    }

    /// Answers every question with the steps that `steps` makes for it.
    pub fn answers(&self, steps: impl Fn(&AskRequest) -> Vec<Step> + Send + 'static) {
        self.script(|script| script.answers = Box::new(steps));
    }

    /// What was called so far.
    pub fn calls(&self) -> Calls {
        self.state.calls.lock().unwrap().clone()
    }

    /// Waits until `look` finds what it wants in the calls.
    pub fn until<T>(&self, what: &str, look: impl Fn(&Calls) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        let mut calls = self.state.calls.lock().unwrap();
        loop {
            if let Some(found) = look(&calls) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "in vain: {what}; the calls were {calls:#?}");
            calls = self.state.changed.wait_timeout(calls, left).unwrap().0;
        }
    }
}

impl Drop for ScriptedDaemon {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.lock().unwrap().take() {
            runtime.shutdown_background();
        }
    }
}

/// May ask, and see `spaces`.
pub fn may_see(spaces: &[&str]) -> WhoAmIReply {
    let grant = |space: &&str| SpaceGrant { space: (*space).to_owned(), role: "read".to_owned() };
    WhoAmIReply {
        principal: "slack:T1/user:U1".to_owned(),
        may_ask: true,
        spaces: spaces.iter().map(grant).collect(),
        everything: false,
        acts_for: Vec::new(),
    }
}

/// A document as it is cited with number `n`.
pub fn source(n: u32, title: &str) -> CitedSource {
    let passage = format!("A passage of {title}.");
    let hit = Hit {
        rank: n,
        title: title.to_owned(),
        path: format!("hr/{n}.md"),
        uri: format!("https://wiki.example/{n}"),
        heading: vec![title.to_owned(), "Carry-over".to_owned()],
        space: "hr".to_owned(),
        // A minute more, whatever the clock does meanwhile.
        modified_ms: ragterm_bots::core::now_ms() - 3 * 86_400_000 - 60_000,
        snippet: passage.clone(),
        ..Hit::default()
    };
    CitedSource { n, hit: Some(hit), passage }
}

/// The last event of an answer that cites one source.
pub fn answered(text: &str) -> Answered {
    Answered {
        answer: text.to_owned(),
        sources: vec![source(1, "Leave policy")],
        session: "session-1".to_owned(),
        turn: "turn-1".to_owned(),
        model: "a model".to_owned(),
        ..Answered::default()
    }
}

/// The steps of an answer that comes at once.
pub fn answering(text: &str) -> Vec<Step> {
    vec![
        Step::Consult(vec![source(1, "Leave policy")]),
        Step::Text(text.to_owned()),
        Step::Answer(Box::new(answered(text))),
    ]
}

/// What is told first.
pub fn consulted(sources: Vec<CitedSource>) -> Consulted {
    Consulted { session: "session-1".to_owned(), sources, ..Consulted::default() }
}
