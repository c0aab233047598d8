//! One question to the daemon each, with a time-out.

use std::future::Future;
use std::time::Duration;

use ragterm_proto::v1::{
    DeleteSessionsRequest, GiveFeedbackRequest, ListSessionsRequest, ReadRequest,
    ReadSessionRequest, SearchRequest, StatusRequest,
};
use tonic::{Response, Status};

use super::Client;
use crate::fault::{Fault, FaultKind};
use crate::message::{Message, Outcome};

/// How long the daemon may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn search(mut client: Client, generation: u64, request: SearchRequest) -> Message {
    Message::Found(generation, within(client.search(request)).await)
}

pub async fn read(mut client: Client, generation: u64, request: ReadRequest) -> Message {
    Message::Read(generation, within(client.read(request)).await)
}

pub async fn status(mut client: Client) -> Message {
    Message::Status(within(client.status(StatusRequest::default())).await.map(Box::new))
}

pub async fn list_sessions(mut client: Client, query: String) -> Message {
    let request = ListSessionsRequest { query: query.clone(), limit: 0 };
    let outcome = within(client.list_sessions(request)).await;
    Message::Sessions(query, outcome.map(|reply| reply.sessions))
}

pub async fn read_session(mut client: Client, session: String) -> Message {
    Message::Session(within(client.read_session(ReadSessionRequest { session })).await)
}

pub async fn delete_session(mut client: Client, session: String) -> Message {
    let outcome =
        within(client.delete_sessions(DeleteSessionsRequest { session, all: false })).await;
    Message::Deleted(outcome.map(|reply| reply.deleted))
}

pub async fn give_feedback(mut client: Client, request: GiveFeedbackRequest) -> Message {
    Message::Thanked(within(client.give_feedback(request)).await.map(|_| ()))
}

async fn within<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Outcome<T> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(result) => result.map(Response::into_inner).map_err(Fault::from),
        Err(_) => Err(late(PATIENCE)),
    }
}

/// The daemon took too long.
pub fn late(patience: Duration) -> Fault {
    Fault {
        sentence: format!("the daemon did not answer within {} s", patience.as_secs()),
        hint: String::new(),
        kind: FaultKind::Refused,
    }
}
