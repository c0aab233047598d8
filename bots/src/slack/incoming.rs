//! What arrives over Socket Mode, read leniently: only what the bot needs has to be there.
//!
//! The types of slack-morphism ask for more fields than Slack promises, and an event that they cannot
//! read would be acknowledged and lost.

use serde::Deserialize;
use serde_json::Value;

/// One frame of the socket.
#[derive(Debug, Deserialize)]
pub(super) struct Frame {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) envelope_id: String,
    #[serde(default)]
    pub(super) accepts_response_payload: bool,
    /// Of a `disconnect`.
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    payload: Value,
}

/// What a person did.
#[derive(Debug, Clone)]
pub(super) enum Incoming {
    Command(Command),
    Message(Message),
    Action(Action),
}

/// A slash command.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Command {
    pub(super) team_id: String,
    pub(super) channel_id: String,
    pub(super) user_id: String,
    pub(super) command: String,
    #[serde(default)]
    pub(super) text: String,
    pub(super) response_url: String,
    #[serde(default)]
    pub(super) trigger_id: String,
}

/// A mention, a direct message, or a message in a thread.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) team: String,
    pub(super) is_mention: bool,
    pub(super) event: MessageEvent,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct MessageEvent {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    pub(super) subtype: Option<String>,
    #[serde(default)]
    pub(super) user: String,
    #[serde(default)]
    pub(super) bot_id: Option<String>,
    #[serde(default)]
    pub(super) text: String,
    pub(super) channel: String,
    #[serde(default)]
    pub(super) channel_type: String,
    pub(super) ts: String,
    #[serde(default)]
    pub(super) thread_ts: Option<String>,
    /// The workspace of the user, which in a channel shared between companies may be another.
    #[serde(default)]
    user_team: Option<String>,
    #[serde(default)]
    team: Option<String>,
}

#[derive(Debug, Deserialize)]
struct EventPayload {
    team_id: String,
    event: Value,
}

/// A button that was pressed.
#[derive(Debug, Clone)]
pub(super) struct Action {
    pub(super) team: String,
    pub(super) channel: String,
    pub(super) user: String,
    /// The thread that the message is in.
    pub(super) thread: Option<String>,
    /// Only the user sees the message.
    pub(super) is_ephemeral: bool,
    pub(super) response_url: String,
    pub(super) name: String,
    pub(super) value: String,
    trigger_id: String,
}

#[derive(Debug, Deserialize)]
struct ActionPayload {
    team: Named,
    user: Presser,
    channel: Named,
    #[serde(default)]
    message: ActionMessage,
    #[serde(default)]
    container: ActionMessage,
    #[serde(default)]
    response_url: String,
    #[serde(default)]
    trigger_id: String,
    actions: Vec<Pressed>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Presser {
    id: String,
    #[serde(default)]
    team_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ActionMessage {
    #[serde(default)]
    thread_ts: Option<String>,
    #[serde(default)]
    is_ephemeral: bool,
}

#[derive(Debug, Deserialize)]
struct Pressed {
    action_id: String,
    #[serde(default)]
    value: String,
}

impl Frame {
    /// What a person did, if the frame tells of that.
    pub(super) fn incoming(&mut self) -> Result<Option<Incoming>, serde_json::Error> {
        let payload = self.payload.take();
        match self.kind.as_str() {
            "slash_commands" => {
                serde_json::from_value(payload).map(|command| Some(Incoming::Command(command)))
            }
            "events_api" => message(payload),
            "interactive" => action(payload),
            _ => Ok(None),
        }
    }
}

impl Incoming {
    /// What names this event for itself, however often and in whatever envelope it is delivered. A
    /// mention in a thread arrives as two events of one message.
    pub(super) fn id(&self) -> Option<String> {
        match self {
            Self::Command(command) => named("command", &command.trigger_id, ""),
            Self::Message(message) => named("message", &message.event.ts, &message.event.channel),
            Self::Action(action) => named("action", &action.trigger_id, &action.name),
        }
    }
}

fn named(kind: &str, id: &str, within: &str) -> Option<String> {
    (!id.is_empty()).then(|| format!("{kind} {id} {within}"))
}

fn message(payload: Value) -> Result<Option<Incoming>, serde_json::Error> {
    let EventPayload { team_id, event } = serde_json::from_value(payload)?;
    if !matches!(event["type"].as_str(), Some("message" | "app_mention")) {
        return Ok(None);
    }
    // Deletions and the like have no text of their own; what lacks a channel or a time is not one.
    if event["channel"].is_null() || event["ts"].is_null() {
        return Ok(None);
    }
    let event: MessageEvent = serde_json::from_value(event)?;
    let is_mention = event.kind == "app_mention";
    let team = event.user_team.clone().or_else(|| event.team.clone()).unwrap_or(team_id);
    Ok(Some(Incoming::Message(Message { team, is_mention, event })))
}

fn action(payload: Value) -> Result<Option<Incoming>, serde_json::Error> {
    if payload["type"] != "block_actions" || payload["channel"].is_null() {
        return Ok(None);
    }
    let payload: ActionPayload = serde_json::from_value(payload)?;
    let Some(pressed) = payload.actions.into_iter().next() else { return Ok(None) };
    Ok(Some(Incoming::Action(Action {
        team: payload.user.team_id.unwrap_or(payload.team.id),
        channel: payload.channel.id,
        user: payload.user.id,
        thread: payload.message.thread_ts.or(payload.container.thread_ts),
        is_ephemeral: payload.container.is_ephemeral,
        response_url: payload.response_url,
        name: pressed.action_id,
        value: pressed.value,
        trigger_id: payload.trigger_id,
    })))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(frame: Value) -> Option<Incoming> {
        serde_json::from_value::<Frame>(frame).unwrap().incoming().unwrap()
    }

    #[test]
    fn a_mention_is_read_whatever_else_slack_sends_with_it() {
        let incoming = read(json!({
            "type": "events_api", "envelope_id": "e1", "retry_attempt": 1,
            "payload": {
                "team_id": "T1", "event_id": "Ev1", "type": "event_callback",
                "authorizations": [{ "something": "new" }], "event_context": 7,
                "event": {
                    "type": "app_mention", "user": "U1", "text": "<@UBOT> days?", "ts": "1.2",
                    "channel": "C1", "blocks": [{ "type": "unheard of" }], "files": 3
                }
            }
        }));
        let Some(Incoming::Message(message)) = incoming else { panic!("{incoming:?}") };
        assert!(message.is_mention);
        assert_eq!(message.event.text, "<@UBOT> days?");
        assert_eq!(message.event.thread_ts, None);
    }

    #[test]
    fn what_is_no_concern_of_the_bot_is_passed_over() {
        for frame in [
            json!({ "type": "hello", "num_connections": 1 }),
            json!({ "type": "events_api", "payload": { "team_id": "T1", "event": { "type": "reaction_added" } } }),
            json!({ "type": "interactive", "payload": { "type": "view_closed" } }),
        ] {
            assert!(read(frame).is_none());
        }
    }
}
