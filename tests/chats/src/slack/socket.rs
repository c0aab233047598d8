//! Socket Mode.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State as Extracted;
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::api::Fake;
use super::journal::Message;
use super::{Outgoing, Shared};

pub(crate) fn routes() -> Router<Fake> {
    Router::new().route("/link", get(upgrade))
}

async fn upgrade(Extracted(fake): Extracted<Fake>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| serve(fake, socket))
}

async fn serve(fake: Fake, mut socket: WebSocket) {
    let hello = json!({
        "type": "hello", "num_connections": 1, "connection_info": { "app_id": "A1" },
        "debug_info": { "host": "applink-1", "approximate_connection_time": 3600 },
    });
    if socket.send(Frame::Text(hello.to_string().into())).await.is_err() {
        return;
    }
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    fake.shared.change(|state| {
        state.sockets.push(sender);
        state.journal.connections += 1;
    });
    loop {
        tokio::select! {
            out = outgoing.recv() => match out {
                Some(Outgoing::Frame(frame)) => {
                    if socket.send(Frame::Text(frame.into())).await.is_err() {
                        return;
                    }
                }
                Some(Outgoing::Late(frame, connections)) => {
                    while fake.shared.lock().journal.connections < connections {
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    if socket.send(Frame::Text(frame.into())).await.is_err() {
                        return;
                    }
                }
                Some(Outgoing::Cut) | None => return,
            },
            frame = socket.recv() => match frame {
                Some(Ok(Frame::Text(text))) => acknowledge(&fake.shared, &text),
                // The library has sent the answer.
                Some(Ok(Frame::Ping(_))) => fake.shared.change(|state| state.journal.pings += 1),
                Some(Ok(Frame::Pong(_) | Frame::Binary(_))) => {}
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
            },
        }
    }
}

/// Writes the acknowledgement down; what it carries is shown at once, as Slack does.
fn acknowledge(shared: &Shared, text: &str) {
    let reply: Value = serde_json::from_str(text).unwrap_or_default();
    let id = reply["envelope_id"].as_str().unwrap_or_default().to_owned();
    shared.change(|state| {
        let payload = reply["payload"].clone();
        let delivered = state.journal.delivered.iter_mut().find(|it| it.envelope == id);
        let Some(delivered) = delivered else { return };
        if delivered.acknowledged.is_some() {
            return;
        }
        delivered.acknowledged = Some((Instant::now(), payload.clone()));
        let command = state.commands.remove(&id);
        if let (Some(command), false) = (command, payload.is_null()) {
            let ts = state.timestamp();
            let url = command["response_url"].as_str().unwrap_or_default();
            let user = command["user_id"].as_str().unwrap_or_default().to_owned();
            let is_public = payload["response_type"] == "in_channel";
            state.journal.messages.push(Message {
                channel: command["channel_id"].as_str().unwrap_or_default().to_owned(),
                ts,
                thread: None,
                only: (!is_public).then_some(user),
                text: payload["text"].as_str().unwrap_or_default().to_owned(),
                blocks: payload["blocks"].clone(),
                edits: 0,
                url: url.find("/respond/").map(|at| url[at..].to_owned()),
            });
        }
    });
}
