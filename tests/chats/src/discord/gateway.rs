//! The gateway: hello, identify, heartbeats, events with their numbers, resuming, and its faults.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::people::Person;
use super::world::World;
use super::{APPLICATION, Shared, TOKEN, shapes};

/// Frames that may wait for a slow bot.
const FRAMES: usize = 4_096;

/// The intents that matter here.
pub(crate) struct Intents;

impl Intents {
    pub(crate) const GUILD: u64 = 1 << 9;
    pub(crate) const DIRECT: u64 = 1 << 12;
    pub(crate) const CONTENT: u64 = 1 << 15;
}

enum Out {
    Frame(String),
    Close(Option<u16>),
    Drop,
}

/// One session of the bot: it outlives its connections.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The number of the last event.
    pub seq: u64,
    /// The intents that it identified with.
    pub intents: u64,
    /// Every event, for replay.
    log: Vec<Value>,
    is_valid: bool,
}

/// The connection as it is, and how often things happened to it.
#[derive(Default)]
pub struct Gateway {
    /// By name.
    pub sessions: BTreeMap<String, Session>,
    /// How often the bot identified.
    pub identifies: u32,
    /// How often it resumed a session.
    pub resumes: u32,
    /// How often it tried to resume one that is gone.
    pub refused_resumes: u32,
    /// How often it showed that it lives.
    pub heartbeats: u32,
    /// Heartbeats are not acknowledged any more.
    pub is_deaf: bool,
    pub(crate) refuses_resume: bool,
    line: Option<mpsc::Sender<Out>>,
    current: Option<String>,
}

impl Gateway {
    /// Whether the bot is connected and has a session.
    pub fn is_connected(&self) -> bool {
        self.current.is_some() && self.line.is_some()
    }

    pub(crate) fn intents(&self) -> Option<u64> {
        let latest = self.current.as_ref().or_else(|| self.sessions.keys().next_back())?;
        Some(self.sessions.get(latest)?.intents)
    }

    /// Sends an event; without a connection it waits in the session to be replayed.
    pub(crate) fn dispatch(&mut self, name: &str, data: Value) {
        let Some(session) = self.sessions.values_mut().rev().find(|session| session.is_valid)
        else {
            return;
        };
        session.seq += 1;
        let event = json!({ "op": 0, "t": name, "s": session.seq, "d": data });
        session.log.push(event.clone());
        if self.current.is_some() {
            self.send(&event);
        }
    }

    pub(crate) fn send(&mut self, frame: &Value) {
        self.out(Out::Frame(frame.to_string()));
    }

    fn out(&mut self, out: Out) {
        let Some(line) = &self.line else { return };
        if line.try_send(out).is_err() {
            self.line = None;
        }
    }

    /// The session is invalid for now, and may be resumed.
    pub(crate) fn suspend(&mut self) {
        self.send(&json!({ "op": 9, "d": true }));
        self.current = None;
    }

    /// The session is gone.
    pub(crate) fn invalidate(&mut self) {
        self.end_sessions();
        self.send(&json!({ "op": 9, "d": false }));
        self.current = None;
    }

    fn end_sessions(&mut self) {
        for session in self.sessions.values_mut() {
            session.is_valid = false;
        }
    }

    pub(crate) fn drop_line(&mut self) {
        self.out(Out::Drop);
        self.hang_up();
    }

    pub(crate) fn close(&mut self, code: u16) {
        self.out(Out::Close(Some(code)));
        self.hang_up();
    }

    pub(crate) fn close_without_code(&mut self) {
        self.out(Out::Close(None));
        self.hang_up();
    }

    fn hang_up(&mut self) {
        self.line = None;
        self.current = None;
    }
}

/// Takes a connection of the bot.
pub(crate) async fn connect(
    State(shared): State<Arc<Shared>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(move |socket| serve(shared, socket))
}

async fn serve(shared: Arc<Shared>, mut socket: WebSocket) {
    let (line, mut out) = mpsc::channel(FRAMES);
    let heartbeat = shared.change(|world| {
        world.gateway.line = Some(line.clone());
        world.gateway.current = None;
        world.rules.heartbeat.as_millis()
    });
    let hello = json!({ "op": 10, "d": { "heartbeat_interval": heartbeat as u64 } });
    if socket.send(Frame::Text(hello.to_string().into())).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            received = socket.recv() => match received {
                Some(Ok(Frame::Text(text))) => obey(&shared, &text),
                Some(Ok(Frame::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            sent = out.recv() => match sent {
                Some(Out::Frame(text)) => if socket.send(Frame::Text(text.into())).await.is_err() { break },
                Some(Out::Close(code)) => {
                    let frame = code.map(|code| CloseFrame { code, reason: "".into() });
                    // The bot may be gone already.
                    let _ = socket.send(Frame::Close(frame)).await;
                    break;
                }
                Some(Out::Drop) | None => break,
            },
        }
    }
    shared.change(|world| {
        let is_current = world.gateway.line.as_ref().is_some_and(|now| now.same_channel(&line));
        if is_current {
            world.gateway.hang_up();
        }
    });
}

fn obey(shared: &Shared, text: &str) {
    let Ok(frame) = serde_json::from_str::<Value>(text) else {
        return shared.change(|world| world.gateway.close(4002));
    };
    shared.change(|world| match frame["op"].as_u64() {
        Some(1) => {
            world.gateway.heartbeats += 1;
            if !world.gateway.is_deaf {
                world.gateway.send(&json!({ "op": 11 }));
            }
        }
        Some(2) => identify(world, &frame["d"]),
        Some(6) => resume(world, &frame["d"]),
        Some(3 | 4 | 8) => {}
        _ => world.gateway.close(4001),
    });
}

fn is_token(data: &Value) -> bool {
    let token = data["token"].as_str().unwrap_or_default();
    token.strip_prefix("Bot ").unwrap_or(token) == TOKEN
}

fn identify(world: &mut World, data: &Value) {
    let intents = data["intents"].as_u64().unwrap_or_default();
    world.gateway.identifies += 1;
    if !is_token(data) {
        return world.gateway.close(4004);
    }
    if intents & Intents::CONTENT != 0 && !world.rules.has_message_content {
        return world.gateway.close(4014);
    }
    world.gateway.end_sessions();
    let name = format!("session-{:04}", world.gateway.sessions.len());
    let session = Session { intents, is_valid: true, ..Session::default() };
    world.gateway.sessions.insert(name.clone(), session);
    world.gateway.current = Some(name.clone());
    let ready = json!({
        "v": 10,
        "user": shapes::user(&Person::bot()),
        "guilds": [],
        "session_id": name,
        "resume_gateway_url": world.gateway_url,
        "shard": [0, 1],
        "application": { "id": APPLICATION.to_string(), "flags": 0 },
    });
    world.gateway.dispatch("READY", ready);
}

fn resume(world: &mut World, data: &Value) {
    let name = data["session_id"].as_str().unwrap_or_default().to_string();
    let known = world.gateway.sessions.get(&name).filter(|session| session.is_valid);
    let refuses = std::mem::take(&mut world.gateway.refuses_resume);
    let Some(session) = known.filter(|_| !refuses && is_token(data)).cloned() else {
        world.gateway.refused_resumes += 1;
        return world.gateway.invalidate();
    };
    world.gateway.resumes += 1;
    let seen = data["seq"].as_u64().unwrap_or_default();
    let is_missed = |event: &&Value| event["s"].as_u64().is_some_and(|seq| seq > seen);
    for event in session.log.iter().filter(is_missed) {
        world.gateway.send(event);
    }
    world.gateway.current = Some(name);
    world.gateway.dispatch("RESUMED", json!({}));
}
