//! Slack: Web API, response URLs and Socket Mode.
