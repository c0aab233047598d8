//! `ragterm slack` and `ragterm discord`: the bots, which go on whatever happens to the daemon.

use std::future::Future;

use ragterm_bots::core::{Daemon, Secret};
use ragterm_bots::{Kind, discord, slack};
use ragterm_proto::v1::WhoAmIRequest;
use ragterm_proto::{Target, Token};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Outcome;
use super::client::{self, quick};
use super::context::Context;
use crate::config::{self, Platform};
use crate::error::{Error, ErrorKind, Result};

const SLACK: &str = "\
Examples:
  ragterm slack                                        until SIGTERM or Ctrl-C
  RAGTERM_CONFIG=/etc/ragterm/slack.toml ragterm slack

The bot needs no public address: it connects to Slack by Socket Mode. `[slack]` of the configuration
has its tokens; bots/README.md takes you from nothing to an answer.";

const DISCORD: &str = "\
Examples:
  ragterm discord                                      until SIGTERM or Ctrl-C

The bot connects to Discord's gateway. `[discord]` of the configuration has its tokens; bots/README.md
takes you from nothing to an answer.";

/// Run the bot of Slack until SIGTERM
#[derive(Debug, clap::Args)]
#[command(after_help = SLACK)]
pub struct SlackArgs {}

/// Run the bot of Discord until SIGTERM
#[derive(Debug, clap::Args)]
#[command(after_help = DISCORD)]
pub struct DiscordArgs {}

/// Runs the bot of Slack.
pub async fn run_slack(context: &Context) -> Result<Outcome> {
    let config = context.begin_service("ragterm-slack")?.slack;
    let app_token = needed(&config.app_token, "slack.app_token")?;
    let bot_token = needed(&config.bot_token, "slack.bot_token")?;
    let mut settings = slack::Settings::new(app_token, bot_token);
    settings.api_url = Some(config.api_url.clone());
    let daemon = daemon(context, Platform::Slack, &config.token).await?;
    run(|stop| slack::run(settings, daemon, stop)).await
}

/// Runs the bot of Discord.
pub async fn run_discord(context: &Context) -> Result<Outcome> {
    let config = context.begin_service("ragterm-discord")?.discord;
    let mut settings = discord::Settings::new(needed(&config.bot_token, "discord.bot_token")?);
    settings.api_url = Some(config.api_url.clone());
    settings.guilds = config.guilds.clone();
    let daemon = daemon(context, Platform::Discord, &config.token).await?;
    run(|stop| discord::run(settings, daemon, stop)).await
}

fn needed(secret: &config::Secret, key: &str) -> Result<Secret> {
    let read = secret.read()?;
    let text = read.ok_or_else(|| {
        Error::usage(format!("`{key}` is not set")).hint(format!(
            "set it, or better `{key}_file`; bots/README.md says where it comes from"
        ))
    })?;
    Ok(Secret::new(&text))
}

/// The daemon that the bot calls; started here if it is one's own and does not run.
async fn daemon(context: &Context, platform: Platform, token: &config::Secret) -> Result<Daemon> {
    let name = platform.name();
    let create =
        format!("make one with `ragterm token create {name} --space '*' --acts-for {name}`");
    let token =
        needed(token, &format!("{name}.token")).map_err(|error| error.hint(create.clone()))?;
    let settings = context.load()?.config.client;
    let shown = Some(Token(token.reveal().to_owned()));
    let target = Target { token: shown, ..client::target(context, &settings)? };
    if let Err(error) = client::connect(context).await {
        warn!(%error, "the daemon cannot be reached yet; the bot goes on trying");
    }
    match ragterm_proto::connect_to(&target).await {
        Ok(mut client) => match quick(client.who_am_i(WhoAmIRequest {})).await {
            Ok(who) if !who.acts_for.iter().any(|acts| acts == name) => {
                let message = format!("`{name}.token` may not call for the users of {name}");
                return Err(Error::denied(message).hint(create));
            }
            Ok(who) => info!(principal = %who.principal, "the daemon knows the bot"),
            Err(error) if error.kind() == ErrorKind::Denied => {
                return Err(
                    Error::denied(format!("the daemon refuses `{name}.token`")).hint(create)
                );
            }
            Err(error) => warn!(%error, "the daemon does not answer yet"),
        },
        Err(error) => warn!(%error, "the daemon cannot be reached yet"),
    }
    Daemon::at(&target).map_err(told)
}

async fn run<F>(bot: impl FnOnce(CancellationToken) -> F) -> Result<Outcome>
where
    F: Future<Output = std::result::Result<(), ragterm_bots::Error>>,
{
    let failed = |error| Error::internal("cannot listen for signals").because(error);
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    // Who installed one before, of the same kind, is as good.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let stop = CancellationToken::new();
    let running = bot(stop.clone());
    tokio::pin!(running);
    let ended = tokio::select! {
        ended = &mut running => ended,
        () = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        } => {
            info!("ending");
            stop.cancel();
            running.await
        }
    };
    ended.map(|()| Outcome::Done).map_err(told)
}

fn told(error: ragterm_bots::Error) -> Error {
    let kind = match error.kind() {
        Kind::Settings => ErrorKind::Usage,
        Kind::Unreachable => ErrorKind::Unavailable,
        Kind::NotPermitted => ErrorKind::Denied,
    };
    let told = Error::new(kind, error.to_string());
    match error.next_step() {
        Some(step) => told.hint(step),
        None => told,
    }
}
