//! What is known of channels: whether one is a thread, of which channel, and who began it; and of
//! guilds the bot's own role.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use serde_json::Value;

use super::Bot;
use super::rest::Call;

const CHANNELS: usize = 4_096;

/// None of this ever changes for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// A channel of a guild that is no thread.
    Plain,
    /// A thread in the channel `parent`.
    Thread { parent: u64, owner: u64 },
}

/// The channels looked up lately, and the bot's own role in each guild.
#[derive(Debug)]
pub(super) struct Channels {
    known: Mutex<LruCache<u64, Nature>>,
    roles: Mutex<LruCache<u64, Option<u64>>>,
}

impl Default for Channels {
    fn default() -> Self {
        let capacity = NonZeroUsize::new(CHANNELS).unwrap_or(NonZeroUsize::MIN);
        Self {
            known: Mutex::new(LruCache::new(capacity)),
            roles: Mutex::new(LruCache::new(capacity)),
        }
    }
}

impl Channels {
    pub(super) fn put(&self, channel: u64, nature: Nature) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).put(channel, nature);
    }

    fn get(&self, channel: u64) -> Option<Nature> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&channel).copied()
    }
}

impl Bot {
    /// What a channel of a guild is; none when Discord does not tell.
    pub(super) async fn nature(&self, channel: u64) -> Option<Nature> {
        if let Some(known) = self.channels.get(channel) {
            return Some(known);
        }
        match self.rest.patiently(&Call::get(&format!("/channels/{channel}"))).await {
            Ok(reply) => {
                let nature = nature(&reply)?;
                self.channels.put(channel, nature);
                Some(nature)
            }
            Err(fault) => {
                tracing::debug!(channel, %fault, "a channel could not be looked up");
                None
            }
        }
    }
}

impl Bot {
    /// The role that a guild made for the bot: people often mention it for the bot itself.
    pub(super) async fn own_role(&self, guild: u64) -> Option<u64> {
        let roles = || self.channels.roles.lock().unwrap_or_else(PoisonError::into_inner);
        let known = roles().get(&guild).copied();
        if let Some(known) = known {
            return known;
        }
        let reply = self.rest.patiently(&Call::get(&format!("/guilds/{guild}/roles"))).await;
        let role = own_role(&reply.ok()?, self.me);
        roles().put(guild, role);
        role
    }
}

fn own_role(reply: &Value, me: u64) -> Option<u64> {
    let me = me.to_string();
    let own = reply.as_array()?.iter().find(|role| role["tags"]["bot_id"] == me.as_str())?;
    own["id"].as_str()?.parse().ok()
}

fn nature(reply: &Value) -> Option<Nature> {
    let id = |key: &str| reply[key].as_str()?.parse().ok();
    match reply["type"].as_u64()? {
        10..=12 => {
            let owner = id("owner_id").unwrap_or_default();
            Some(Nature::Thread { parent: id("parent_id")?, owner })
        }
        _ => Some(Nature::Plain),
    }
}
