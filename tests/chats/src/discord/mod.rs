//! Discord: the gateway and the REST interface of version 10, as a bot meets them.
//!
//! ```no_run
//! use ragterm_chats::discord::{FakeDiscord, Person, TOKEN};
//! let discord = FakeDiscord::start();
//! // … start the bot with `discord.url()` and `TOKEN`, then:
//! discord.until_ready();
//! let (ann, channel) = (Person::new(501, "ann"), discord.text_channel(900, "general"));
//! let asked = discord.slash(&ann, channel, "ask", serde_json::json!({ "question": "Days?" }));
//! discord.acknowledged(asked);
//! discord.until("the answer", |world| {
//!     world.answers(asked).last().and_then(|answer| answer.button("Helpful"))
//! });
//! ```

mod checks;
mod commands;
mod gateway;
mod interactions;
mod limits;
mod messages;
mod people;
mod rest;
mod shapes;
mod world;

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::any;

pub use gateway::{Gateway, Session};
pub use limits::Scripted;
pub use people::Person;
pub use world::{Acknowledgement, Call, Channel, ChannelKind, Interaction, Message, Rules, World};

use crate::Served;

/// The bot's token.
pub const TOKEN: &str = "fake.discord.token";
/// The application's id.
pub const APPLICATION: u64 = 7_000;
/// The id of the bot as a user.
pub const BOT: u64 = 7_001;
/// The role that each guild made for the bot.
pub const BOT_ROLE: u64 = 7_002;

/// No condition in a test takes longer, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(240);

/// A Discord of its own for a test; it ends when it is dropped.
pub struct FakeDiscord {
    shared: Arc<Shared>,
    served: Served,
}

/// What the server's tasks and the test both see.
pub(crate) struct Shared {
    world: Mutex<World>,
    changed: Condvar,
}

impl Shared {
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no test panics while it holds the world")
    }

    /// Changes the world and wakes whoever waits for a condition.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }
}

impl FakeDiscord {
    /// Starts with Discord's own rules.
    pub fn start() -> Self {
        Self::with(Rules::default())
    }

    /// Starts with other times and limits.
    pub fn with(rules: Rules) -> Self {
        let shared =
            Arc::new(Shared { world: Mutex::new(World::new(rules)), changed: Condvar::new() });
        let inside = Arc::clone(&shared);
        let served = Served::start(move |address| {
            inside.lock().gateway_url = format!("ws://{address}/gateway/");
            Router::new()
                .route("/gateway/", any(gateway::connect))
                .fallback(rest::answer)
                .with_state(inside)
        });
        Self { shared, served }
    }

    /// What stands for `https://discord.com`.
    pub fn url(&self) -> String {
        format!("http://{}", self.served.address())
    }

    /// Looks at the world.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.shared.lock())
    }

    /// Changes the world.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.shared.change(change)
    }

    /// Waits until the world shows what is looked for.
    ///
    /// # Panics
    /// When it does not in time; it then tells the last calls of the bot.
    #[track_caller]
    pub fn until<T>(&self, what: &str, mut look: impl FnMut(&World) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        let mut world = self.shared.lock();
        loop {
            if let Some(found) = look(&world) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let story = world.story();
                drop(world);
                panic!("{what} did not come to pass; the last calls:\n{story}");
            }
            let waited = self.shared.changed.wait_timeout(world, left);
            world = waited.expect("no test panics while it holds the world").0;
        }
    }

    /// Waits until the bot is connected.
    #[track_caller]
    pub fn until_ready(&self) {
        self.until("the bot's READY", |world| world.gateway.is_connected().then_some(()));
    }
}
