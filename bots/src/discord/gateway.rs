//! The connection over which events come: serenity's, begun anew when it ends for good.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serenity::all::{Client, ClientBuilder, Context, EventHandler, GatewayIntents, HttpBuilder};
use serenity::async_trait;
use serenity::cache::Settings as CacheSettings;
use serenity::gateway::GatewayError;
use serenity::model::application::Interaction;
use serenity::model::channel::Message;
use serenity::model::gateway::Ready;

use super::{Bot, Settings, asking, messages, pressing, refused_token};
use crate::{Error, Kind};

/// How long serenity may take to say good-bye.
const GOOD_BYE: Duration = Duration::from_secs(2);
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_MOST: Duration = Duration::from_secs(60);

/// Messages in guilds and direct ones. Commands and buttons need no intent; mentions and direct
/// messages come with their content.
const NEEDED: GatewayIntents =
    GatewayIntents::GUILD_MESSAGES.union(GatewayIntents::DIRECT_MESSAGES);

/// What became of a connection.
enum Ended {
    Stopped,
    /// The application may not read messages that are not for it.
    WithoutContent,
    Broken(serenity::Error),
}

/// Receives events until the bot is stopped.
pub(super) async fn run(bot: &Arc<Bot>, settings: &Settings) -> Result<(), Error> {
    let mut pause = PAUSE_FIRST;
    loop {
        let begun = Instant::now();
        match connect(bot, settings).await {
            Ok(Ended::Stopped) => return Ok(()),
            Ok(Ended::WithoutContent) => {
                bot.reads_along.store(false, Ordering::Relaxed);
                tracing::warn!(
                    "the message content intent is off in the developer portal: in threads the bot \
                     answers only messages that mention it"
                );
                continue;
            }
            Ok(Ended::Broken(error)) => tracing::warn!(%error, "the connection to discord ended"),
            Err(error) => return Err(error),
        }
        if begun.elapsed() > PAUSE_MOST {
            pause = PAUSE_FIRST;
        }
        tokio::select! {
            () = bot.core.stop().cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSE_MOST),
        }
    }
}

async fn connect(bot: &Arc<Bot>, settings: &Settings) -> Result<Ended, Error> {
    let mut client = match client(bot, settings).await {
        Ok(client) => client,
        Err(error) => return Ok(Ended::Broken(error)),
    };
    let shards = Arc::clone(&client.shard_manager);
    let ended = tokio::select! {
        () = bot.core.stop().cancelled() => {
            if tokio::time::timeout(GOOD_BYE, shards.shutdown_all()).await.is_err() {
                tracing::debug!("discord did not say good-bye");
            }
            return Ok(Ended::Stopped);
        }
        ended = client.start() => ended,
    };
    match ended {
        Ok(()) => Ok(Ended::Broken(GatewayError::ReconnectFailure.into())),
        Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication)) => Err(refused_token()),
        Err(serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents))
            if bot.reads_along() =>
        {
            Ok(Ended::WithoutContent)
        }
        Err(serenity::Error::Gateway(
            error @ (GatewayError::InvalidGatewayIntents | GatewayError::DisallowedGatewayIntents),
        )) => {
            let text = format!("discord refuses what the bot wants to receive: {error}");
            Err(Error::new(Kind::NotPermitted, text))
        }
        Err(error) => Ok(Ended::Broken(error)),
    }
}

async fn client(bot: &Arc<Bot>, settings: &Settings) -> Result<Client, serenity::Error> {
    let mut http = HttpBuilder::new(settings.token.reveal()).ratelimiter_disabled(true);
    if let Some(url) = &settings.api_url {
        http = http.proxy(url);
    }
    let mut intents = NEEDED;
    if bot.reads_along() {
        intents |= GatewayIntents::MESSAGE_CONTENT;
    }
    let mut nothing = CacheSettings::default();
    nothing.cache_guilds = false;
    nothing.cache_channels = false;
    nothing.cache_users = false;
    let handler = Handler { bot: Arc::clone(bot) };
    ClientBuilder::new_with_http(http.build(), intents)
        .cache_settings(nothing)
        .event_handler(handler)
        .await
}

struct Handler {
    bot: Arc<Bot>,
}

impl Handler {
    /// Discord delivers some events again after a break.
    fn is_first(&self, kind: &str, id: u64) -> bool {
        let is_first = self.bot.seen.is_first(&format!("{kind}{id}"), Instant::now());
        if !is_first {
            tracing::debug!(kind, id, "an event came twice");
        }
        is_first
    }
}

#[async_trait]
impl EventHandler for Handler {
    async fn ready(&self, _: Context, ready: Ready) {
        tracing::info!(bot = ready.user.name, guilds = ready.guilds.len(), "connected to discord");
    }

    async fn interaction_create(&self, _: Context, interaction: Interaction) {
        if !self.is_first("i", interaction.id().get()) {
            return;
        }
        let bot = Arc::clone(&self.bot);
        match interaction {
            Interaction::Command(command) => self.bot.core.spawn(asking::command(bot, command)),
            Interaction::Autocomplete(command) => {
                self.bot.core.spawn(asking::complete(bot, command))
            }
            Interaction::Component(press) => self.bot.core.spawn(pressing::press(bot, press)),
            _ => {}
        }
    }

    async fn message(&self, _: Context, message: Message) {
        if self.is_first("m", message.id.get()) {
            self.bot.core.spawn(messages::message(Arc::clone(&self.bot), message));
        }
    }
}
