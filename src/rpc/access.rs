//! Grants and tokens as the wire takes them.

use std::time::Duration;

use ragterm_proto::v1::{self, CreateTokenRequest, SpaceGrant, WhoAmIReply};

use crate::access::Caller;
use crate::catalog::Token;
use crate::config::SpaceRole;
use crate::error::{Error, Result};
use crate::gate::NewToken;

/// Who a caller is taken for; `spaces` are those that they may see.
pub fn who(caller: &Caller, spaces: &[(String, SpaceRole)]) -> WhoAmIReply {
    let grant = |(space, role): &(String, SpaceRole)| SpaceGrant {
        space: space.clone(),
        role: role.name().into(),
    };
    WhoAmIReply {
        principal: caller.principal.clone(),
        may_ask: caller.may_ask,
        spaces: spaces.iter().map(grant).collect(),
        everything: caller.grants.is_everything(),
        acts_for: caller.acts_for.iter().cloned().collect(),
    }
}

/// A token that is to be made.
pub fn new_token(request: CreateTokenRequest) -> Result<NewToken> {
    let role = match request.role.as_str() {
        "" => SpaceRole::Read,
        name => SpaceRole::named(name).ok_or_else(|| {
            Error::usage(format!("`{name}` is no role")).hint("there are: read, write, admin")
        })?,
    };
    Ok(NewToken {
        name: request.name,
        spaces: request.spaces,
        role,
        acts_for: request.acts_for,
        expires: request.expires_s.map(Duration::from_secs),
    })
}

/// A token without its secret.
pub fn token(token: Token) -> v1::Token {
    v1::Token {
        name: token.name,
        spaces: token.spaces,
        role: token.role.name().into(),
        acts_for: token.acts_for,
        created_ms: token.created_ms,
        expires_ms: token.expires_ms,
        used_ms: token.used_ms,
    }
}
