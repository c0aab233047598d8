//! Slack's Web API: the few methods that the bot needs, with the reasons why one can fail.

use std::fmt;
use std::time::Duration;

use hyper_rustls::HttpsConnectorBuilder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::{SlackClientHyperConnector, SlackClientHyperHttpsConnector};
use slack_morphism::{
    ClientResult, SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext,
    SlackClientHttpApiUri, SlackClientHttpConnector, SlackResponseUrl,
};

use super::render::Message;
use super::settings::Settings;
use crate::core::Secret;
use crate::{Error, Kind};

/// How long one call may take.
const CALL: Duration = Duration::from_secs(15);

/// The pause after "too many requests" when Slack does not say how long.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Slack wants this long a pause.
    RateLimited(Duration),
    /// Slack refuses, with its own word for the reason.
    Refused(String),
    /// No answer, or none that can be read.
    Unreachable(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited(pause) => write!(f, "rate limited for {} s", pause.as_secs_f64()),
            Self::Refused(reason) => f.write_str(reason),
            Self::Unreachable(reason) => write!(f, "unreachable: {reason}"),
        }
    }
}

impl From<SlackClientError> for Fault {
    fn from(error: SlackClientError) -> Self {
        match error {
            SlackClientError::RateLimitError(limit) => {
                Self::RateLimited(limit.retry_after.unwrap_or(PAUSE))
            }
            SlackClientError::ApiError(refusal) => Self::Refused(refusal.code),
            SlackClientError::HttpError(error) if error.status_code.is_client_error() => {
                Self::Refused(format!("http_{}", error.status_code.as_u16()))
            }
            // Its body would hold what was said in a channel, so only the status is told.
            SlackClientError::HttpError(error) => {
                Self::Unreachable(format!("HTTP {}", error.status_code.as_u16()))
            }
            SlackClientError::ProtocolError(error) => {
                Self::Unreachable(error.json_error.to_string())
            }
            other => Self::Unreachable(other.to_string()),
        }
    }
}

/// Who the bot is.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Identity {
    pub(super) user_id: String,
    pub(super) team_id: String,
}

/// A message that was posted.
#[derive(Debug, Deserialize)]
struct Posted {
    #[serde(default)]
    ts: String,
}

#[derive(Debug, Deserialize)]
struct Opened {
    url: String,
}

#[derive(Debug, Deserialize)]
struct Replies {
    #[serde(default)]
    messages: Vec<Reply>,
}

#[derive(Debug, Deserialize)]
struct Reply {
    #[serde(default)]
    user: String,
}

#[derive(Debug, Deserialize)]
struct UserGroups {
    #[serde(default)]
    usergroups: Vec<UserGroup>,
}

/// A user group and who is in it.
#[derive(Debug, Deserialize)]
pub(super) struct UserGroup {
    pub(super) id: String,
    #[serde(default)]
    pub(super) users: Vec<String>,
}

/// Where a message is posted.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) channel: String,
    pub(super) thread: Option<String>,
}

/// What a message sent to a response URL is to others and to the message before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Response {
    /// Takes the place of the message that the URL belongs to.
    Replace,
    /// Seen by the user alone.
    Ephemeral,
    /// Seen by everyone in the channel.
    InChannel,
}

/// The Web API with both tokens.
#[derive(Debug)]
pub(super) struct Web {
    client: SlackClient<SlackClientHyperHttpsConnector>,
    bot: SlackApiToken,
    app: SlackApiToken,
}

impl Web {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let url = settings.api_url.as_deref().unwrap_or(SlackClientHttpApiUri::SLACK_API_URI_STR);
        let connector = connector(url)?.with_slack_api_url(url.trim_end_matches('/'));
        let token = |secret: &Secret| {
            SlackApiToken::new(SlackApiTokenValue::new(secret.reveal().to_owned()))
        };
        Ok(Self {
            client: SlackClient::new(connector),
            bot: token(&settings.bot_token),
            app: token(&settings.app_token),
        })
    }

    pub(super) async fn identity(&self) -> Result<Identity, Fault> {
        self.post(&self.bot, "auth.test", &json!({})).await
    }

    /// The address of a new Socket Mode connection.
    pub(super) async fn open_socket(&self) -> Result<String, Fault> {
        let opened: Opened = self.post(&self.app, "apps.connections.open", &json!({})).await?;
        Ok(opened.url)
    }

    /// Posts a message and tells its timestamp, which names it.
    pub(super) async fn post_message(
        &self,
        place: &Place,
        message: &Message,
    ) -> Result<String, Fault> {
        let body = with_message(
            message,
            json!({
                "channel": place.channel,
                "thread_ts": place.thread,
                "unfurl_links": false,
                "unfurl_media": false,
            }),
        );
        let posted: Posted = self.post(&self.bot, "chat.postMessage", &body).await?;
        Ok(posted.ts)
    }

    pub(super) async fn update(
        &self,
        channel: &str,
        ts: &str,
        message: &Message,
    ) -> Result<(), Fault> {
        let body = with_message(message, json!({ "channel": channel, "ts": ts }));
        self.post::<Value>(&self.bot, "chat.update", &body).await.map(drop)
    }

    pub(super) async fn post_ephemeral(
        &self,
        place: &Place,
        user: &str,
        message: &Message,
    ) -> Result<(), Fault> {
        let body = with_message(
            message,
            json!({
                "channel": place.channel,
                "thread_ts": place.thread,
                "user": user,
            }),
        );
        self.post::<Value>(&self.bot, "chat.postEphemeral", &body).await.map(drop)
    }

    /// Sends `message` to the response URL of a command or a button.
    pub(super) async fn respond(
        &self,
        url: &str,
        message: &Message,
        response: Response,
    ) -> Result<(), Fault> {
        let url: SlackResponseUrl = serde_json::from_value(json!(url))
            .map_err(|error| Fault::Refused(format!("the response URL: {error}")))?;
        let kind = if response == Response::InChannel { "in_channel" } else { "ephemeral" };
        let body = with_message(
            message,
            json!({
                "response_type": kind,
                "replace_original": response == Response::Replace,
                "unfurl_links": false,
                "unfurl_media": false,
            }),
        );
        let span = tracing::Span::none();
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &span,
            is_sensitive_url: true,
        };
        let connector = &self.client.http_api.connector;
        timely(connector.http_post_uri::<_, Value>(url.0, &body, context)).await.map(drop)
    }

    /// Whether `user` has written in the thread.
    pub(super) async fn takes_part(
        &self,
        channel: &str,
        thread: &str,
        user: &str,
    ) -> Result<bool, Fault> {
        let params = [("channel", Some(channel)), ("ts", Some(thread)), ("limit", Some("200"))];
        let replies: Replies = self.get("conversations.replies", &params).await?;
        Ok(replies.messages.iter().any(|reply| reply.user == user))
    }

    pub(super) async fn user_groups(&self) -> Result<Vec<UserGroup>, Fault> {
        let params = [("include_users", Some("true"))];
        let groups: UserGroups = self.get("usergroups.list", &params).await?;
        Ok(groups.usergroups)
    }

    async fn get<T: DeserializeOwned + Send, const N: usize>(
        &self,
        method: &str,
        params: &[(&str, Option<&str>); N],
    ) -> Result<T, Fault> {
        let session = self.client.open_session(&self.bot);
        timely(session.http_session_api.http_get(method, params, None)).await
    }

    async fn post<T: DeserializeOwned + Send>(
        &self,
        token: &SlackApiToken,
        method: &str,
        body: &(impl Serialize + Sync + Send),
    ) -> Result<T, Fault> {
        let session = self.client.open_session(token);
        timely(session.http_session_api.http_post(method, body, None)).await
    }
}

async fn timely<T>(call: impl Future<Output = ClientResult<T>>) -> Result<T, Fault> {
    match tokio::time::timeout(CALL, call).await {
        Ok(reply) => reply.map_err(Fault::from),
        Err(_) => Err(Fault::Unreachable("no answer in time".to_owned())),
    }
}

/// `body` with the text and blocks of `message`, and without what is null.
fn with_message(message: &Message, body: Value) -> Value {
    let Value::Object(mut fields) = body else { return body };
    fields.retain(|_, value| !value.is_null());
    fields.insert("text".to_owned(), json!(message.text));
    fields.insert("blocks".to_owned(), json!(message.blocks));
    Value::Object(fields)
}

/// Encrypted unless the address (of a test) says otherwise.
fn connector(url: &str) -> Result<SlackClientHyperHttpsConnector, Error> {
    if url.starts_with("http://") {
        let roots = rustls::RootCertStore::empty();
        let config = rustls::ClientConfig::builder().with_root_certificates(roots);
        let plain = HttpsConnectorBuilder::new()
            .with_tls_config(config.with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .build();
        return Ok(SlackClientHyperConnector::from(plain));
    }
    let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(|error| {
        Error::new(Kind::Settings, format!("this system's certificates cannot be read: {error}"))
            .hint("install the package ca-certificates")
    })?;
    Ok(SlackClientHyperConnector::from(builder.https_only().enable_all_versions().build()))
}
