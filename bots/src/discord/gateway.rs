//! The connection over which events come: serenity's, begun anew when it ends for good.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serenity::all::{Client, ClientBuilder, Context, EventHandler, GatewayIntents, HttpBuilder};
use serenity::async_trait;
use serenity::cache::Settings as CacheSettings;
use serenity::gateway::{GatewayError, ShardManager};
use serenity::model::application::Interaction;
use serenity::model::channel::Message;
use serenity::model::gateway::Ready;
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};

use super::beginning::refused_token;
use super::{Bot, Settings, asking, messages, pressing};
use crate::{Error, Kind};

/// Tasks that may run at once; what comes beyond is refused kindly, up to as many more.
const TASKS: usize = 2_000;

/// What may wait for the bot to take it up.
const HAPPENINGS: usize = 1_024;

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
    Broken(String),
}

/// What a person did.
enum Happening {
    Interaction(Box<Interaction>),
    Message(Box<Message>),
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
            Ok(Ended::Broken(reason)) => tracing::warn!(reason, "the connection to discord ended"),
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

/// One connection, with all of its resumptions.
async fn connect(bot: &Arc<Bot>, settings: &Settings) -> Result<Ended, Error> {
    let (happenings, mut happened) = mpsc::channel(HAPPENINGS);
    let mut intents = NEEDED;
    if bot.reads_along() {
        intents |= GatewayIntents::MESSAGE_CONTENT;
    }
    let (shards, mut ended) = begin(settings.clone(), intents, Handler { happenings })?;
    loop {
        tokio::select! {
            () = bot.core.stop().cancelled() => {
                say_good_bye(shards).await;
                return Ok(Ended::Stopped);
            }
            Some(happening) = happened.recv() => respond(bot, happening),
            ended = &mut ended => {
                let ended = ended.unwrap_or(Err(GatewayError::ReconnectFailure.into()));
                return judge(ended, intents);
            }
        }
    }
}

type Shards = oneshot::Receiver<Arc<ShardManager>>;
type End = oneshot::Receiver<Result<(), serenity::Error>>;

/// Begins a connection on a thread of its own: when Discord closes one without saying why, serenity
/// turns in a circle, without a pause, until the next heartbeat, and would hold up everything else.
fn begin(
    settings: Settings,
    intents: GatewayIntents,
    handler: Handler,
) -> Result<(Shards, End), Error> {
    let failed = |error| Error::new(Kind::Unreachable, format!("no thread for discord: {error}"));
    let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let (tell_shards, shards) = oneshot::channel();
    let (tell_end, end) = oneshot::channel();
    let listener = handler.happenings.clone();
    let connection = async move {
        let mut client = client(&settings, intents, handler).await?;
        // Whoever waits for it may have been stopped.
        let _ = tell_shards.send(Arc::clone(&client.shard_manager));
        tokio::select! {
            ended = client.start() => ended,
            () = listener.closed() => Ok(()),
        }
    };
    let live = move || {
        let _ = tell_end.send(runtime.block_on(connection));
        runtime.shutdown_background();
    };
    std::thread::Builder::new().name("discord".into()).spawn(live).map_err(failed)?;
    Ok((shards, end))
}

async fn say_good_bye(mut shards: Shards) {
    let Ok(shards) = shards.try_recv() else { return };
    if tokio::time::timeout(GOOD_BYE, shards.shutdown_all()).await.is_err() {
        tracing::debug!("discord did not say good-bye");
    }
}

fn judge(ended: Result<(), serenity::Error>, intents: GatewayIntents) -> Result<Ended, Error> {
    let error = match ended {
        Ok(()) => return Ok(Ended::Broken("it was shut down".into())),
        Err(serenity::Error::Gateway(error)) => error,
        Err(error) => return Ok(Ended::Broken(error.to_string())),
    };
    match error {
        GatewayError::InvalidAuthentication => Err(refused_token()),
        GatewayError::DisallowedGatewayIntents if intents.message_content() => {
            Ok(Ended::WithoutContent)
        }
        GatewayError::InvalidGatewayIntents | GatewayError::DisallowedGatewayIntents => {
            let text = format!("discord refuses what the bot wants to receive: {error}");
            Err(Error::new(Kind::NotPermitted, text))
        }
        error => Ok(Ended::Broken(error.to_string())),
    }
}

async fn client(
    settings: &Settings,
    intents: GatewayIntents,
    handler: Handler,
) -> Result<Client, serenity::Error> {
    let mut http = HttpBuilder::new(settings.token.reveal()).ratelimiter_disabled(true);
    if let Some(url) = &settings.api_url {
        http = http.proxy(url);
    }
    let mut nothing = CacheSettings::default();
    nothing.cache_guilds = false;
    nothing.cache_channels = false;
    nothing.cache_users = false;
    ClientBuilder::new_with_http(http.build(), intents)
        .cache_settings(nothing)
        .event_handler(handler)
        .await
}

/// Starts what is to be done about something that happened; Discord tells some things again after
/// a break.
fn respond(bot: &Arc<Bot>, happening: Happening) {
    let (kind, id) = match &happening {
        Happening::Interaction(interaction) => ("interaction", interaction.id().get()),
        Happening::Message(message) => ("message", message.id.get()),
    };
    if !bot.seen.is_first(&format!("{kind} {id}"), Instant::now()) {
        tracing::debug!(kind, id, "it came twice");
        return;
    }
    let ours = Arc::clone(bot);
    if bot.core.tasks() >= TASKS {
        tracing::warn!(kind, id, "too much is going on, this gets no answer");
        if let (Happening::Interaction(interaction), true) =
            (happening, bot.core.tasks() < 2 * TASKS)
        {
            bot.core.spawn(asking::refuse(ours, *interaction));
        }
        return;
    }
    match happening {
        Happening::Message(message) => bot.core.spawn(messages::message(ours, *message)),
        Happening::Interaction(interaction) => match *interaction {
            Interaction::Command(command) => bot.core.spawn(asking::command(ours, command)),
            Interaction::Autocomplete(command) => bot.core.spawn(asking::complete(ours, command)),
            Interaction::Component(press) => bot.core.spawn(pressing::press(ours, press)),
            _ => {}
        },
    }
}

/// Passes on what happens.
struct Handler {
    happenings: mpsc::Sender<Happening>,
}

impl Handler {
    async fn pass_on(&self, happening: Happening) {
        // Nobody listens any more when the bot is being stopped.
        let _ = self.happenings.send(happening).await;
    }
}

#[async_trait]
impl EventHandler for Handler {
    async fn ready(&self, _: Context, ready: Ready) {
        tracing::info!(bot = ready.user.name, guilds = ready.guilds.len(), "connected to discord");
    }

    async fn interaction_create(&self, _: Context, interaction: Interaction) {
        self.pass_on(Happening::Interaction(Box::new(interaction))).await;
    }

    async fn message(&self, _: Context, message: Message) {
        self.pass_on(Happening::Message(Box::new(message))).await;
    }
}
