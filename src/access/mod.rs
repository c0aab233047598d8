//! Who calls and what they may see: decided here once, for every call.

mod asker;
mod audit;
mod grants;
mod local;
mod rates;
mod secret;

use std::collections::BTreeSet;
use std::sync::Arc;

use ragterm_proto::v1::Asker;

use crate::catalog::{Catalog, Token};
use crate::config::{self, Config, Platform};
use crate::error::{Error, Result};

pub use audit::{Audited, Auditor};
pub use grants::Grants;
pub use secret::Secret;

use rates::Rates;

/// The principal of the user that the daemon belongs to.
pub const OWNER: &str = "local";

/// What a call shows of who makes it.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// The user and group at the other end of a local socket.
    pub peer: Option<Peer>,
    /// A token.
    pub token: Option<String>,
    /// For whom it is made.
    pub asker: Said,
}

/// For whom a call says that it is made.
#[derive(Debug, Clone, Default)]
pub enum Said {
    /// For who makes it.
    #[default]
    Nobody,
    /// For somebody of a chat.
    Asker(Asker),
    /// For somebody, in words that cannot be read.
    Unreadable,
}

/// A user of this machine, as the operating system knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The number of the user.
    pub uid: u32,
    /// The number of its first group.
    pub gid: u32,
}

/// Who makes a call, and what they may do.
#[derive(Debug, Clone)]
pub struct Caller {
    /// To whom sessions and feedback belong: `local`, `user:1001`, `token:ci`,
    /// `slack:T1/channel:C1`.
    pub principal: String,
    /// Who is counted and named in the audit log: in a channel, the person.
    pub person: String,
    /// The token that was shown, by its name.
    pub token: Option<String>,
    /// What they may do in which spaces.
    pub grants: Arc<Grants>,
    /// Whether they may ask at all; else they may only be told so.
    pub may_ask: bool,
    /// The chats for whose users their token may call.
    pub acts_for: BTreeSet<String>,
}

/// Decides who calls and what they may do.
#[derive(Debug)]
pub struct Authority {
    catalog: Catalog,
    config: config::Access,
    may_ask: [(Platform, Vec<config::Admitted>); 2],
    rates: Rates,
}

impl Peer {
    /// Whether it is the user that this process belongs to, or root.
    pub fn is_owner(self) -> bool {
        self.uid == rustix::process::geteuid().as_raw() || self.uid == 0
    }
}

impl Caller {
    /// The user that the daemon belongs to.
    pub fn owner() -> Self {
        Self {
            principal: OWNER.to_owned(),
            person: OWNER.to_owned(),
            token: None,
            grants: Arc::new(Grants::everything()),
            may_ask: true,
            acts_for: BTreeSet::new(),
        }
    }

    /// Fails for who may not ask at all.
    pub fn require_asking(&self) -> Result<()> {
        match self.may_ask {
            true => Ok(()),
            false => Err(Error::denied("you may not ask here")
                .hint("`may_ask` of the chat in config.toml says who may")),
        }
    }

    /// What sort of caller this is; it names nobody.
    pub fn kind(&self) -> &'static str {
        match self.principal.split(':').next() {
            Some("user") => "user",
            Some("token") => "token",
            Some("slack") => "slack",
            Some("discord") => "discord",
            _ => "owner",
        }
    }

    /// Whether this is the user that the daemon belongs to, at the local socket.
    pub fn is_owner(&self) -> bool {
        self.principal == OWNER
    }
}

impl Authority {
    /// The rules of a configuration.
    pub fn new(catalog: Catalog, config: &Config) -> Self {
        Self {
            catalog,
            config: config.access.clone(),
            may_ask: [
                (Platform::Slack, config.slack.may_ask.clone()),
                (Platform::Discord, config.discord.may_ask.clone()),
            ],
            rates: Rates::new(&config.access),
        }
    }

    /// Who calls; `Denied`, always in the same words, when that is nobody, and `Exhausted` when
    /// they call too often.
    pub async fn resolve(&self, credentials: Credentials) -> Result<Caller> {
        let bearer = self.bearer(&credentials).await?;
        let caller = match &credentials.asker {
            Said::Nobody => bearer.caller,
            Said::Asker(asker) => asker::on_behalf(self, &bearer, asker)?,
            Said::Unreadable => {
                return Err(Error::usage("who asks is not said as it must be"));
            }
        };
        if !caller.is_owner() {
            self.rates.take(&caller.person)?;
        }
        Ok(caller)
    }

    /// Forgets the counts of those that have not called for a while.
    pub fn tidy(&self) {
        self.rates.tidy();
    }

    /// Who shows a token, or else sits at the other end of the socket.
    async fn bearer(&self, credentials: &Credentials) -> Result<Bearer> {
        if let Some(secret) = &credentials.token {
            let token = secret::verify(&self.catalog, secret).await?;
            return Ok(Bearer::of_token(token));
        }
        let Some(peer) = credentials.peer else { return Err(refused()) };
        if peer.is_owner() {
            return Ok(Bearer { caller: Caller::owner() });
        }
        let grants = local::grants(&self.config.grants, peer);
        if grants.is_empty() {
            return Err(refused());
        }
        let principal = format!("user:{}", peer.uid);
        let caller = Caller {
            person: principal.clone(),
            principal,
            token: None,
            grants: Arc::new(grants),
            may_ask: true,
            acts_for: BTreeSet::new(),
        };
        Ok(Bearer { caller })
    }
}

/// Who shows themselves.
#[derive(Debug)]
struct Bearer {
    caller: Caller,
}

impl Bearer {
    fn of_token(token: Token) -> Self {
        let principal = format!("token:{}", token.name);
        let caller = Caller {
            person: principal.clone(),
            principal,
            grants: Arc::new(Grants::of(&token.spaces, token.role)),
            token: Some(token.name),
            may_ask: true,
            acts_for: token.acts_for.into_iter().collect(),
        };
        Self { caller }
    }
}

/// What everybody hears who may not call, whatever the reason.
fn refused() -> Error {
    Error::denied("you may not use this daemon")
        .hint("show a valid token (`client.token`), or ask its operator for a grant")
}
