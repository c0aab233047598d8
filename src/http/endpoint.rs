//! Where a server is, and how it is spoken to.

use std::time::Duration;

use crate::config::Secret;
use crate::error::Result;

/// A server as the configuration describes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint<'e> {
    /// What people call it.
    pub name: &'e str,
    /// Begins with `http://` or `https://`.
    pub url: &'e str,
    /// The section of the configuration, for hints.
    pub section: &'static str,
    /// What to do about a server that takes no more requests.
    pub when_busy: &'static str,
    /// What the server asks for.
    pub api_key: &'e Secret,
    /// How the key is sent.
    pub scheme: Scheme,
    /// Sent with each call.
    pub headers: &'static [(&'static str, &'static str)],
    /// The longest that one attempt may take.
    pub timeout: Duration,
}

/// How a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// As `Authorization: Bearer …`.
    Bearer,
    /// As the value of this header.
    Header(&'static str),
}

/// What is sent with each call; never shown.
pub(super) struct Key {
    secret: Option<String>,
    scheme: Scheme,
}

impl Key {
    pub(super) fn new(secret: &Secret, scheme: Scheme) -> Result<Self> {
        Ok(Self { secret: secret.read()?, scheme })
    }

    pub(super) fn sent_with(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match (&self.secret, self.scheme) {
            (None, _) => request,
            (Some(key), Scheme::Bearer) => request.bearer_auth(key),
            (Some(key), Scheme::Header(name)) => request.header(name, key),
        }
    }

    /// The text with dots where the key was.
    pub(super) fn hidden_in(&self, text: String) -> String {
        match &self.secret {
            Some(key) => text.replace(key.as_str(), "…"),
            None => text,
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.secret.is_some() { "Key(…)" } else { "Key" })
    }
}
