//! Socket Mode: one WebSocket that Slack talks over, replaced before Slack closes it.
//!
//! slack-morphism has a client for this too. It has no time-out while connecting, pauses for a fixed
//! time whatever Slack asks for, and leaves a gap when a connection is refreshed, so the frames are
//! read here and its Web API is used for the rest.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tokio_util::sync::CancellationToken;

use super::incoming::Frame;
use super::refusals::fatal;
use super::settings::Connection;
use super::web::{Fault, Web};
use crate::{Error, Kind};

/// How long the handshake may take, and sending one frame.
const HANDSHAKE: Duration = Duration::from_secs(15);

/// The largest frame that is read; what Slack sends is far below.
const MAX_FRAME_BYTES: usize = 4 << 20;

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

type Opening<'a> = Pin<Box<dyn Future<Output = Result<Socket, Error>> + Send + 'a>>;

/// How long a connection that was replaced is still read, for what Slack had sent before.
const LINGER: Duration = Duration::from_secs(30);

/// What to do with a frame.
#[derive(Default)]
pub(super) struct Received {
    /// The acknowledgement to send back, if it asks for one.
    pub reply: Option<String>,
    /// Begun once the acknowledgement is sent, so that no answer overtakes it; and also if it cannot
    /// be sent, as what Slack then delivers again counts as a repetition.
    pub work: Option<Box<dyn FnOnce() + Send>>,
}

/// One connection.
struct Socket {
    stream: Stream,
    /// When it was made.
    since: Instant,
    /// Whether Slack was asked for a sign of life and has not given one.
    is_doubted: bool,
}

/// What became of reading one frame.
enum Read {
    /// A frame with something in it.
    Frame(Box<Frame>),
    /// Nothing of interest.
    Nothing,
    /// Slack will close this connection soon.
    Ending,
    /// It is closed or broken.
    Gone,
    /// Socket Mode was turned off.
    TurnedOff,
}

/// Reads frames and hands them to `handle`, which says at once what to do, until `stop`. Connects
/// again whenever it must; an error means that this has no point any more.
pub(super) async fn serve(
    web: &Web,
    times: &Connection,
    mut handle: impl FnMut(Frame) -> Received + Send,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let mut failures = 0;
    let mut current: Option<Socket> = None;
    // The one before: Slack may have sent something over it that is not read yet.
    let mut replaced: Option<Socket> = None;
    let mut replaced_at = Instant::now();
    let mut opening: Option<Opening<'_>> = Some(Box::pin(open(web, times, 0)));
    loop {
        let read_until = replaced.is_some().then_some(replaced_at + LINGER);
        tokio::select! {
            () = stop.cancelled() => break,
            fresh = opened(&mut opening) => {
                opening = None;
                if let Some(before) = current.replace(fresh?) {
                    close(replaced.replace(before)).await;
                    replaced_at = Instant::now();
                }
                tracing::info!("connected to slack");
            }
            read = read(&mut current, times) => {
                let Some(is_gone) = after(read, &mut current, &mut handle).await? else { continue };
                failures = failures_after(current.as_ref(), times, failures);
                if is_gone {
                    current = None;
                }
                if opening.is_none() {
                    opening = Some(Box::pin(open(web, times, failures)));
                }
            }
            read = read(&mut replaced, times) => {
                if after(read, &mut replaced, &mut handle).await? == Some(true) {
                    replaced = None;
                }
            }
            () = reached(read_until) => close(replaced.take()).await,
        }
    }
    tokio::join!(close(replaced), close(current));
    Ok(())
}

/// Whether another connection is needed, and then, whether this one is gone already.
async fn after(
    read: Read,
    socket: &mut Option<Socket>,
    handle: &mut (impl FnMut(Frame) -> Received + Send),
) -> Result<Option<bool>, Error> {
    match read {
        Read::Nothing => Ok(None),
        Read::Frame(frame) => {
            let Received { reply, work } = handle(*frame);
            let acknowledged = match reply {
                Some(reply) => acknowledge(socket, reply).await,
                None => Ok(()),
            };
            if let Some(work) = work {
                work();
            }
            Ok(acknowledged.is_err().then_some(true))
        }
        Read::Ending => Ok(Some(false)),
        Read::Gone => Ok(Some(true)),
        Read::TurnedOff => Err(turned_off()),
    }
}

async fn reached(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => pending().await,
    }
}

/// A connection that lived long was a good one.
fn failures_after(socket: Option<&Socket>, times: &Connection, failures: u32) -> u32 {
    let is_settled = socket.is_some_and(|socket| socket.since.elapsed() >= times.settled);
    if is_settled { 0 } else { failures.saturating_add(1) }
}

async fn opened(opening: &mut Option<Opening<'_>>) -> Result<Socket, Error> {
    match opening {
        Some(opening) => opening.await,
        None => pending().await,
    }
}

/// Connects, however often it takes, after a pause that grows with `failures`.
async fn open(web: &Web, times: &Connection, mut failures: u32) -> Result<Socket, Error> {
    let mut least = Duration::ZERO;
    loop {
        tokio::time::sleep(pause(times, failures).max(least)).await;
        least = Duration::ZERO;
        failures = failures.saturating_add(1);
        let fault = match try_open(web).await {
            Ok(stream) => {
                return Ok(Socket { stream, since: Instant::now(), is_doubted: false });
            }
            Err(fault) => fault,
        };
        if let Fault::Refused(code) = &fault
            && let Some(error) = fatal(code)
        {
            return Err(error);
        }
        if let Fault::RateLimited(pause) = &fault {
            least = *pause;
        }
        tracing::warn!(%fault, failures, "slack could not be connected to; trying again");
    }
}

fn pause(times: &Connection, failures: u32) -> Duration {
    match failures {
        0 => Duration::ZERO,
        _ => times.pause_most.min(times.pause_first * 2_u32.saturating_pow((failures - 1).min(16))),
    }
}

async fn try_open(web: &Web) -> Result<Stream, Fault> {
    let url = web.open_socket().await?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES));
    let handshake = connect_async_with_config(url, Some(config), true);
    match tokio::time::timeout(HANDSHAKE, handshake).await {
        Ok(Ok((stream, _))) => Ok(stream),
        Ok(Err(error)) => Err(Fault::Unreachable(error.to_string())),
        Err(_) => Err(Fault::Unreachable("the handshake took too long".to_owned())),
    }
}

async fn read(current: &mut Option<Socket>, times: &Connection) -> Read {
    let Some(socket) = current else { return pending().await };
    let Ok(message) = tokio::time::timeout(times.silence, socket.stream.next()).await else {
        return doubt(socket).await;
    };
    socket.is_doubted = false;
    match message {
        Some(Ok(Message::Text(text))) => read_frame(text.as_str()),
        Some(Ok(Message::Close(_)) | Err(_)) | None => Read::Gone,
        // Pings are answered by the library.
        Some(Ok(_)) => Read::Nothing,
    }
}

/// A silent connection is asked for a sign of life once.
async fn doubt(socket: &mut Socket) -> Read {
    let is_alive =
        !socket.is_doubted && send(socket, Message::Ping(Vec::new().into())).await.is_ok();
    socket.is_doubted = true;
    if is_alive { Read::Nothing } else { Read::Gone }
}

fn read_frame(text: &str) -> Read {
    let frame: Frame = match serde_json::from_str(text) {
        Ok(frame) => frame,
        Err(error) => {
            tracing::warn!(%error, "a frame from slack could not be read");
            return Read::Nothing;
        }
    };
    match (frame.kind.as_str(), frame.reason.as_str()) {
        ("disconnect", "link_disabled") => Read::TurnedOff,
        ("disconnect", reason) => {
            tracing::debug!(reason, "slack is about to close the connection");
            Read::Ending
        }
        _ => Read::Frame(Box::new(frame)),
    }
}

async fn acknowledge(current: &mut Option<Socket>, reply: String) -> Result<(), ()> {
    match current {
        Some(socket) => send(socket, Message::Text(reply.into())).await,
        None => Err(()),
    }
}

async fn send(socket: &mut Socket, message: Message) -> Result<(), ()> {
    match tokio::time::timeout(HANDSHAKE, socket.stream.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(()),
    }
}

async fn close(socket: Option<Socket>) {
    let Some(mut socket) = socket else { return };
    // It is given up anyway; Slack sees the end of the connection if the farewell is lost.
    let _ = tokio::time::timeout(Duration::from_secs(1), socket.stream.close(None)).await;
}

fn turned_off() -> Error {
    Error::new(Kind::NotPermitted, "Socket Mode is turned off for this Slack app")
        .hint("turn it on at https://api.slack.com/apps, under Socket Mode")
}
