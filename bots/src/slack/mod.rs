//! The Slack bot, over Socket Mode.
