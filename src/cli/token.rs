//! `ragterm token`: who may call over the network, or for the users of a chat.

use std::time::Duration;

use ragterm_proto::v1::{
    CreateTokenRequest, ListTokensRequest, RevokeTokenRequest, SpaceGrant, Token, WhoAmIRequest,
};
use serde_json::{Value, json};

use super::Outcome;
use super::client::{self, Client, quick};
use super::context::Context;
use super::output::{self, clean};
use super::table::Table;
use super::units::{age, now_ms, parse_duration, rfc3339};
use crate::config::SpaceRole;
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  ragterm token create ci --space docs --expires 90d        for a script
  ragterm token create slack --space '*' --acts-for slack   for the bot of Slack
  ragterm token list                                        who may call, and when they did last
  ragterm token revoke ci                                   ends it at once
  ragterm token whoami                                      who you are taken for";

/// Make, list and revoke tokens, for callers over the network and for bots
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a token, and print its secret this once
    Create(NewToken),
    /// List the tokens, without their secrets
    List,
    /// End a token at once
    Revoke {
        /// The name that it was made with
        name: String,
    },
    /// Say who you are taken for, and which spaces you see
    Whoami,
}

#[derive(Debug, clap::Args)]
struct NewToken {
    /// What it is called in lists and in the audit log
    name: String,
    /// A space that it opens, or '*' for all; may be repeated
    #[arg(long = "space", value_name = "SPACE", required = true)]
    spaces: Vec<String>,
    /// What it allows there: read, write or admin
    #[arg(long, default_value = "read", value_parser = role)]
    role: String,
    /// A chat for whose users its holder may call, slack or discord; may be repeated
    #[arg(long = "acts-for", value_name = "CHAT")]
    acts_for: Vec<String>,
    /// How long it is valid, such as 90d or 12h; for ever if left out
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    expires: Option<Duration>,
}

fn role(text: &str) -> std::result::Result<String, String> {
    SpaceRole::named(text)
        .map(|role| role.name().to_owned())
        .ok_or_else(|| "use read, write or admin".to_owned())
}

/// Runs the command; the outcome is negative when nothing is listed.
pub async fn run(args: Args, context: &Context) -> Result<Outcome> {
    let mut client = client::connect(context).await?;
    match args.action.unwrap_or(Action::List) {
        Action::Create(new) => create(&mut client, new, args.json).await,
        Action::List => list(&mut client, args.json).await,
        Action::Revoke { name } => {
            quick(client.revoke_token(RevokeTokenRequest { name: name.clone() })).await?;
            output::note(&format!("the token `{}` opens nothing any more", clean(&name)));
            Ok(Outcome::Done)
        }
        Action::Whoami => who_am_i(&mut client, args.json).await,
    }
}

async fn create(client: &mut Client, new: NewToken, as_json: bool) -> Result<Outcome> {
    let request = CreateTokenRequest {
        name: new.name,
        spaces: new.spaces,
        role: new.role,
        acts_for: new.acts_for,
        expires_s: new.expires.map(|time| time.as_secs()),
    };
    let reply = quick(client.create_token(request)).await?;
    if as_json {
        let token = reply.token.as_ref().map(token_json);
        output::json(&json!({ "token": token, "secret": reply.secret }))?;
    } else {
        output::data(&format!("{}\n", reply.secret))?;
        output::note("this is shown once: keep it in a file that only its user can read");
    }
    Ok(Outcome::Done)
}

async fn list(client: &mut Client, as_json: bool) -> Result<Outcome> {
    let reply = quick(client.list_tokens(ListTokensRequest {})).await?;
    if as_json {
        let tokens: Vec<Value> = reply.tokens.iter().map(token_json).collect();
        output::json(&tokens)?;
    } else if !reply.tokens.is_empty() {
        let headings = ["token", "spaces", "role", "acts for", "made", "used", "ends"];
        let mut table = Table::new(&headings);
        reply.tokens.iter().for_each(|token| table.row(&row(token)));
        output::data(&table.render(""))?;
    }
    if reply.tokens.is_empty() {
        output::line("there are no tokens: make one with `ragterm token create`");
        return Ok(Outcome::Negative);
    }
    Ok(Outcome::Done)
}

async fn who_am_i(client: &mut Client, as_json: bool) -> Result<Outcome> {
    let reply = quick(client.who_am_i(WhoAmIRequest {})).await?;
    if as_json {
        let spaces: Vec<Value> = reply.spaces.iter().map(grant_json).collect();
        let (principal, everything) = (&reply.principal, reply.everything);
        let who = json!({"principal": principal, "everything": everything, "spaces": spaces});
        return output::json(&who).map(|()| Outcome::Done);
    }
    let all = if reply.everything { ", who may do everything" } else { "" };
    let mut text = format!("{}{all}\n", clean(&reply.principal));
    for SpaceGrant { space, role } in &reply.spaces {
        text.push_str(&format!("  {}: {role}\n", clean(space)));
    }
    output::data(&text)?;
    Ok(Outcome::Done)
}

fn row(token: &Token) -> [String; 7] {
    let now_ms = now_ms();
    let when = |time: Option<i64>| time.map_or("never".to_owned(), |time| age(time, now_ms));
    let ends = token.expires_ms.map_or("never".to_owned(), |time| match time <= now_ms {
        true => "has ended".to_owned(),
        false => rfc3339(time).unwrap_or_default(),
    });
    [
        clean(&token.name),
        clean(&token.spaces.join(", ")),
        token.role.clone(),
        clean(&token.acts_for.join(", ")),
        age(token.created_ms, now_ms),
        when(token.used_ms),
        ends,
    ]
}

fn grant_json(grant: &SpaceGrant) -> Value {
    json!({ "space": grant.space, "role": grant.role })
}

fn token_json(token: &Token) -> Value {
    json!({
        "name": token.name,
        "spaces": token.spaces,
        "role": token.role,
        "acts_for": token.acts_for,
        "created": rfc3339(token.created_ms),
        "expires": token.expires_ms.and_then(rfc3339),
        "used": token.used_ms.and_then(rfc3339),
    })
}
