//! Slack's words for why it refuses, as far as the bot acts on them.

use crate::{Error, Kind};

/// An error for the operator, if `code` says that trying again has no point.
pub(super) fn fatal(code: &str) -> Option<Error> {
    let hint = match code {
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            "copy both tokens again from https://api.slack.com/apps: the app-level token (xapp-…) and the bot token (xoxb-…)"
        }
        "not_allowed_token_type" => {
            "the app token begins with xapp-, the bot token with xoxb-; they may be exchanged"
        }
        "missing_scope" | "no_permission" => {
            "create the app from bots/slack-manifest.yaml, and install it again"
        }
        "app_not_installed" | "team_access_not_granted" => "install the app into the workspace",
        _ => return None,
    };
    Some(Error::new(Kind::NotPermitted, format!("slack refuses the bot: {code}")).hint(hint))
}

/// Whether a message was refused for its shape, so that plain text may still get through.
pub(super) fn is_about_blocks(code: &str) -> bool {
    matches!(
        code,
        "invalid_blocks" | "invalid_blocks_format" | "msg_blocks_too_long" | "msg_too_long"
    )
}

/// Whether the bot is not where it should post.
pub(super) fn is_outside(code: &str) -> bool {
    matches!(code, "not_in_channel" | "channel_not_found" | "restricted_action")
}

/// Whether a method is not for this workspace or this bot, now or later.
pub(super) fn is_pointless(code: &str) -> bool {
    matches!(
        code,
        "missing_scope"
            | "no_permission"
            | "paid_teams_only"
            | "plan_upgrade_required"
            | "unknown_method"
            | "not_allowed_token_type"
    )
}
