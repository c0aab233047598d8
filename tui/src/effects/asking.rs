//! An answer as it streams; whatever ends it is told.

use std::time::Duration;

use ragterm_proto::v1::AskRequest;
use ragterm_proto::v1::ask_event::Event;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tonic::Streaming;

use super::{Client, requests};
use crate::fault::{Fault, FaultKind};
use crate::message::{Message, Progress};

/// How long nothing may come; the daemon has a shorter patience of its own with the model.
const PATIENCE: Duration = Duration::from_secs(600);

/// Asks, and tells each step to `outbox`.
pub async fn ask(
    client: Option<Client>,
    generation: u64,
    request: AskRequest,
    outbox: mpsc::Sender<Message>,
) {
    let end = match client {
        Some(client) => {
            follow(client, request, |progress| outbox.send(Message::Asked(generation, progress)))
                .await
        }
        None => Some(Fault::lost("the daemon is not connected")),
    };
    if let Some(fault) = end {
        // Fails only when the program ends.
        let _ = outbox.send(Message::Asked(generation, Progress::Broke(fault))).await;
    }
}

/// Follows the stream to its end; returns why it broke, if it did.
async fn follow<F, E>(
    mut client: Client,
    request: AskRequest,
    mut tell: impl FnMut(Progress) -> F,
) -> Option<Fault>
where
    F: Future<Output = Result<(), E>>,
{
    let mut stream = match timeout(PATIENCE, client.ask(request)).await {
        Ok(Ok(response)) => response.into_inner(),
        Ok(Err(status)) => return Some(Fault::from(status)),
        Err(_) => return Some(requests::late(PATIENCE)),
    };
    loop {
        let progress = match next(&mut stream).await {
            Ok(Some(progress)) => progress,
            Ok(None) => {
                return Some(Fault {
                    sentence: "the daemon ended the answer without a word".into(),
                    hint: String::new(),
                    kind: FaultKind::Refused,
                });
            }
            Err(fault) => return Some(fault),
        };
        let is_last = matches!(progress, Progress::Answered(_));
        if tell(progress).await.is_err() || is_last {
            return None;
        }
    }
}

async fn next(
    stream: &mut Streaming<ragterm_proto::v1::AskEvent>,
) -> Result<Option<Progress>, Fault> {
    loop {
        let message =
            timeout(PATIENCE, stream.message()).await.map_err(|_| requests::late(PATIENCE))?;
        let Some(event) = message? else { return Ok(None) };
        match event.event {
            Some(Event::Consulted(consulted)) => {
                return Ok(Some(Progress::Consulted(Box::new(consulted))));
            }
            Some(Event::Text(text)) => return Ok(Some(Progress::Text(text))),
            Some(Event::Answered(answered)) => {
                return Ok(Some(Progress::Answered(Box::new(answered))));
            }
            // An event of a newer daemon.
            None => {}
        }
    }
}
