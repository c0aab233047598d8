//! What the Slack bot is told by its operator.

use std::time::Duration;

use crate::core::{Limits, Secret};

/// Settings of the Slack bot; shown without its tokens.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The app-level token (`xapp-…`) with `connections:write`, for Socket Mode.
    pub app_token: Secret,
    /// The bot's token (`xoxb-…`).
    pub bot_token: Secret,
    /// Another address of Slack's Web API, such as `http://127.0.0.1:1234/api`; for tests.
    pub api_url: Option<String>,
    /// What the bot takes on, and its times.
    pub limits: Limits,
    /// The times of the connection to Slack.
    pub connection: Connection,
}

/// Times of the connection to Slack; tests shorten them.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The first pause before connecting again; it doubles up to `pause_most`.
    pub pause_first: Duration,
    /// The longest pause.
    pub pause_most: Duration,
    /// A connection that lived this long is a good one: after it, the first pause is none.
    pub settled: Duration,
    /// Silence after which Slack is asked for a sign of life; after as much again it is given up.
    pub silence: Duration,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            pause_first: Duration::from_millis(500),
            pause_most: Duration::from_secs(30),
            settled: Duration::from_secs(10),
            silence: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// The usual settings with these two tokens.
    pub fn new(app_token: Secret, bot_token: Secret) -> Self {
        Self {
            app_token,
            bot_token,
            api_url: None,
            limits: Limits::default(),
            connection: Connection::default(),
        }
    }
}
