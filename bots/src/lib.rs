//! Slack and Discord, over one core.
