//! `/search`: the hits in one message.

use std::sync::Arc;

use serde_json::Value;

use super::Bot;
use super::asking::Taken;
use super::render::{self, Look};
use super::rest::Call;
use crate::core::{Language, Search, Trouble, now_ms};

/// Hits that one message can hold with an excerpt of each.
pub(super) const HITS: u32 = 8;

pub(super) async fn search(bot: &Arc<Bot>, taken: Taken) {
    let Taken { place, options, token, audience, .. } = taken;
    let asker = place.asker(audience);
    let language = Language::of(&options.text);
    let quote = Some(options.text.clone());
    let search = Search { text: options.text, asker, spaces: options.spaces, limit: HITS };
    let found = look_for(bot, &search).await;
    let look = Look { language, quote, actions: Vec::new(), now_ms: now_ms() };
    let body = match found {
        Ok(found) => render::found(&found, &look),
        Err(trouble) => render::note(&trouble.say(language)),
    };
    finish(bot, &token, &body).await;
}

/// Searches until the bot is stopped.
pub(super) async fn look_for(bot: &Bot, search: &Search) -> Result<crate::core::Found, Trouble> {
    tokio::select! {
        () = bot.core.stop().cancelled() => Err(Trouble::Stopping),
        found = bot.core.search(search) => found,
    }
}

/// Replaces the deferred answer of an interaction.
pub(super) async fn finish(bot: &Bot, token: &str, body: &Value) {
    let path = format!("/webhooks/{}/{token}/messages/@original", bot.application);
    if let Err(fault) = bot.rest.patiently(&Call::patch(&path, body)).await {
        tracing::warn!(%fault, "an answer could not be shown");
    }
}
