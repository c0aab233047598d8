//! The Slack bot, over Socket Mode: it needs no public address.

mod actions;
mod bot;
mod display;
mod groups;
mod incoming;
mod look;
mod mrkdwn;
mod refusals;
mod render;
mod settings;
mod socket;
mod threads;
mod web;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use settings::{Connection, Settings};

use self::bot::Bot;
use self::groups::Groups;
use self::web::{Fault, Identity, Web};
use crate::Error;
use crate::core::{Core, Daemon};

/// Runs the bot until `stop` is cancelled. It goes on whatever happens to the daemon or the network;
/// an error means that Slack refuses it for good, or that a setting is wrong.
pub async fn run(settings: Settings, daemon: Daemon, stop: CancellationToken) -> Result<(), Error> {
    let web = Arc::new(Web::new(&settings)?);
    let Some(identity) = identity(&web, &settings.connection, &stop).await? else {
        return Ok(());
    };
    tracing::info!(team = identity.team_id, bot = identity.user_id, "slack knows the bot");
    let core = Core::new(daemon, settings.limits.clone(), stop.clone());
    let groups = Arc::new(Groups::default());
    groups.keep_fresh(&web, &core).await;
    let bot = Arc::new(Bot::new(core.clone(), web.clone(), identity, groups));
    let served = socket::serve(&web, &settings.connection, |frame| bot.receive(frame), &stop).await;
    // On an error of Slack the questions under way have no place to be answered in.
    stop.cancel();
    core.close().await;
    served
}

/// Who the bot is; asked until Slack answers, `None` if the bot is stopped before.
async fn identity(
    web: &Web,
    times: &Connection,
    stop: &CancellationToken,
) -> Result<Option<Identity>, Error> {
    let mut pause = times.pause_first;
    loop {
        let fault = tokio::select! {
            () = stop.cancelled() => return Ok(None),
            identity = web.identity() => match identity {
                Ok(identity) => return Ok(Some(identity)),
                Err(fault) => fault,
            },
        };
        if let Fault::Refused(code) = &fault
            && let Some(error) = refusals::fatal(code)
        {
            return Err(error);
        }
        let asked = if let Fault::RateLimited(asked) = &fault { *asked } else { pause };
        tracing::warn!(%fault, "slack cannot be reached; trying again");
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = tokio::time::sleep(pause.max(asked)) => {}
        }
        pause = times.pause_most.min(pause * 2);
    }
}
