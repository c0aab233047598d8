//! From the events of a server to the pieces of an answer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use serde::de::DeserializeOwned;

use super::connection::Connection;
use super::events::{Event, Events};
use super::thought::Spoken;
use super::{End, Finish, Piece, Prompt, Stream};
use crate::error::Result;
use crate::http::{Fault, FaultKind};

/// Tokens are shorter on average; a server that sends more does not keep to its limit.
const BYTES_PER_TOKEN: usize = 64;

/// After its last word a server may still count, for this long.
const COUNTING: Duration = Duration::from_secs(3);

/// Understands what one provider streams.
pub(super) trait Decoder: Send + 'static {
    /// Takes in one event.
    fn read(&mut self, event: &Event) -> Result<Step, Fault>;

    /// The end, as far as it has been said; counts may still follow.
    fn end(&self) -> Option<End>;
}

/// What one event says.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The next characters.
    pub text: String,
    /// Nothing follows.
    pub is_last: bool,
}

/// An answer while it arrives.
struct Feed<D> {
    connection: Arc<Connection>,
    events: Events,
    decoder: D,
    spoken: Spoken,
    /// An event has come.
    has_begun: bool,
    /// So many bytes of text may still come.
    room: usize,
    state: State,
}

/// What comes next.
enum State {
    Reading,
    /// The end, after the text that was found with it.
    Ending(End),
    Over,
}

/// The pieces of an answer to `prompt`.
pub(super) fn stream<D: Decoder>(
    connection: Arc<Connection>,
    events: Events,
    (decoder, prompt): (D, &Prompt),
) -> Stream {
    let room = (prompt.max_output_tokens as usize).saturating_mul(BYTES_PER_TOKEN);
    let (spoken, state) = (Spoken::default(), State::Reading);
    let feed = Feed { connection, events, decoder, spoken, has_begun: false, room, state };
    Box::pin(stream::unfold(feed, |mut feed| async move {
        let piece = feed.next().await?;
        Some((piece, feed))
    }))
}

impl<D: Decoder> Feed<D> {
    async fn next(&mut self) -> Option<Result<Piece>> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::Over => return None,
                State::Ending(end) => return Some(Ok(Piece::End(end))),
                State::Reading => {}
            }
            match self.read().await {
                Ok((text, state)) => {
                    self.state = state;
                    if !text.is_empty() {
                        return Some(Ok(Piece::Text(text)));
                    }
                }
                Err(fault) => return Some(Err(self.connection.broken(&fault))),
            }
        }
    }

    /// Reads one event: its text, and what comes after it.
    async fn read(&mut self) -> Result<(String, State), Fault> {
        let event = match self.events.next().await {
            Ok(Some(event)) => event,
            // All that matters has been said.
            ended => match (ended, self.decoder.end()) {
                (_, Some(end)) => return Ok((self.spoken.rest(), State::Ending(end))),
                (Err(fault), None) => return Err(fault),
                (Ok(_), None) => return Err(self.too_short()),
            },
        };
        self.has_begun = true;
        let step = self.decoder.read(&event)?;
        let mut text = self.spoken.take_in(&step.text);
        // Thoughts count as well.
        let Some(room) = self.room.checked_sub(step.text.len()) else {
            let end = self.decoder.end().unwrap_or_default();
            return Ok((text, State::Ending(End { reason: Finish::Length, ..end })));
        };
        self.room = room;
        if step.is_last {
            text.push_str(&self.spoken.rest());
            return Ok((text, State::Ending(self.decoder.end().unwrap_or_default())));
        }
        if self.decoder.end().is_some() {
            self.events.lines().hurry(COUNTING);
        }
        Ok((text, State::Reading))
    }

    fn too_short(&self) -> Fault {
        match self.has_begun {
            true => Fault {
                kind: FaultKind::Network,
                message: "the connection ended before the answer was complete".to_owned(),
            },
            false => Fault::garbled("answers with something else than a stream"),
        }
    }
}

/// The JSON document in an event.
pub(super) fn parse<T: DeserializeOwned>(data: &str) -> Result<T, Fault> {
    serde_json::from_str(data).map_err(|error| {
        let begin: String = data.chars().filter(|c| !c.is_control()).take(80).collect();
        let message = format!("streams what it should not, `{begin}…`: {error}");
        Fault { kind: FaultKind::Unreadable, message }
    })
}
