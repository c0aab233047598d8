//! What people do in the fake Slack.

use std::time::Instant;

use serde_json::{Value, json};

use super::journal::{Delivered, Message};
use super::{FakeSlack, TEAM};

/// An envelope that was delivered, by what names it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The id of the envelope.
    pub envelope: String,
    /// The timestamp of the message, if it is one.
    pub ts: String,
    /// The whole frame, to be delivered again.
    pub frame: Value,
}

impl FakeSlack {
    /// `user` writes a slash command in `channel`: `command("C1", "U1", "/ask", "how many days?")`.
    pub fn command(&self, channel: &str, user: &str, command: &str, text: &str) -> Asked {
        let n = self.next();
        let response_url = self.response_url(channel, user, n);
        self.deliver(
            "slash_commands",
            json!({
                "token": "verification", "team_id": TEAM, "team_domain": "example",
                "channel_id": channel, "channel_name": "general", "user_id": user,
                "user_name": "somebody", "command": command, "text": text,
                "api_app_id": "A1", "is_enterprise_install": "false",
                "response_url": response_url, "trigger_id": format!("trigger-{n}"),
            }),
        )
    }

    /// `user` mentions the bot in `channel`: an `app_mention` event.
    pub fn mention(&self, channel: &str, user: &str, text: &str) -> Asked {
        self.event(json!({
            "type": "app_mention", "channel": channel, "user": user, "text": text,
            "client_msg_id": "c1", "team": TEAM,
            "blocks": [{ "type": "rich_text", "block_id": "b", "elements": [] }],
        }))
    }

    /// `user` writes to the bot directly: a `message` event of kind `im`.
    pub fn direct(&self, channel: &str, user: &str, text: &str) -> Asked {
        self.event(json!({
            "type": "message", "channel_type": "im", "channel": channel, "user": user,
            "text": text, "client_msg_id": "c1", "team": TEAM,
        }))
    }

    /// `user` writes in a thread of a channel: a `message` event.
    pub fn reply(&self, channel: &str, user: &str, (thread, text): (&str, &str)) -> Asked {
        self.event(json!({
            "type": "message", "channel_type": "channel", "channel": channel, "user": user,
            "text": text, "thread_ts": thread, "parent_user_id": "U1", "team": TEAM,
        }))
    }

    /// Delivers any event; `ts` and `event_ts` are added unless they are there.
    pub fn event(&self, event: Value) -> Asked {
        let ts = self.shared.change(|state| state.timestamp());
        let mut event = event;
        for key in ["ts", "event_ts"] {
            if event[key].is_null() {
                event[key] = json!(ts);
            }
        }
        let n = self.next();
        self.deliver(
            "events_api",
            json!({
                "token": "verification", "team_id": TEAM, "context_team_id": TEAM,
                "api_app_id": "A1", "event": event, "type": "event_callback",
                "event_id": format!("Ev{n}"), "event_time": 1_700_000_000,
                "authorizations": [{ "enterprise_id": null, "team_id": TEAM, "user_id": super::BOT,
                                     "is_bot": true, "is_enterprise_install": false }],
                "is_ext_shared_channel": false, "event_context": "4-eyJ",
            }),
        )
    }

    /// `user` presses the button `action_id` of `message`.
    ///
    /// # Panics
    /// If the message has no such button.
    pub fn press(&self, message: &Message, user: &str, action_id: &str) -> Asked {
        let value = message.button(action_id).expect("the message has the button");
        let n = self.next();
        let response_url = self.response_url(&message.channel, user, n);
        let is_ephemeral = message.only.is_some();
        let original = (!is_ephemeral).then(
            || json!({ "ts": message.ts, "thread_ts": message.thread, "text": message.text }),
        );
        self.deliver(
            "interactive",
            json!({
                "type": "block_actions", "team": { "id": TEAM, "domain": "example" },
                "user": { "id": user, "username": "somebody", "team_id": TEAM }, "api_app_id": "A1",
                "container": { "type": "message", "message_ts": message.ts,
                               "channel_id": message.channel, "is_ephemeral": is_ephemeral },
                "trigger_id": format!("trigger-{n}"),
                "channel": { "id": message.channel, "name": "general" },
                "message": original.unwrap_or_else(|| json!({ "ts": message.ts })),
                "response_url": response_url,
                "actions": [{ "action_id": action_id, "block_id": "b", "type": "button",
                              "value": value, "action_ts": "1700000000.1" }],
            }),
        )
    }

    /// Delivers the same envelope once more, as Slack does when it saw no acknowledgement.
    pub fn again(&self, asked: &Asked) {
        let mut frame = asked.frame.clone();
        frame["retry_attempt"] = json!(1);
        frame["retry_reason"] = json!("timeout");
        self.send_frame(&frame);
    }

    /// Delivers the same event in a new envelope.
    pub fn again_in_another_envelope(&self, asked: &Asked) -> Asked {
        let mut frame = asked.frame.clone();
        frame["retry_attempt"] = json!(1);
        self.send_envelope(frame, &asked.ts)
    }

    fn deliver(&self, kind: &str, payload: Value) -> Asked {
        let ts = payload["event"]["ts"].as_str().unwrap_or_default().to_owned();
        let accepts = kind != "events_api";
        let frame = json!({
            "type": kind, "payload": payload, "accepts_response_payload": accepts,
            "retry_attempt": 0, "retry_reason": "",
        });
        self.send_envelope(frame, &ts)
    }

    fn send_envelope(&self, mut frame: Value, ts: &str) -> Asked {
        let envelope = format!("envelope-{}", self.next());
        frame["envelope_id"] = json!(envelope);
        let command = (frame["type"] == "slash_commands").then(|| frame["payload"].clone());
        self.shared.change(|state| {
            if let Some(command) = command {
                state.commands.insert(envelope.clone(), command);
            }
            state.journal.delivered.push(Delivered {
                envelope: envelope.clone(),
                sent: Instant::now(),
                acknowledged: None,
            });
        });
        self.send_frame(&frame);
        Asked { envelope, ts: ts.to_owned(), frame }
    }

    fn next(&self) -> u64 {
        self.shared.change(super::State::next)
    }

    fn response_url(&self, channel: &str, user: &str, n: u64) -> String {
        format!("http://{}/respond/{channel}/{user}/{n}", self.served.address())
    }
}
