//! Every call to the daemon, with the asker in its metadata; the client shows the bot's token.

use std::time::Duration;

use prost::Message;
use ragterm_proto::v1::{
    AskEvent, AskRequest, Asker, GiveFeedbackRequest, SearchReply, SearchRequest,
    ShareAnswerRequest, Turn, WhoAmIReply, WhoAmIRequest,
};
use ragterm_proto::{ASKER_KEY, Client, Target, connect_when_used};
use tonic::metadata::MetadataValue;
use tonic::{Request, Status, Streaming};

use crate::{Error, Kind};

/// How long one call without a stream may take.
const CALL: Duration = Duration::from_secs(30);

/// The daemon as a bot sees it: each call says for whom it is. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Daemon {
    client: Client,
}

impl Daemon {
    /// Calls the daemon at `target` with the bot's token, connecting whenever there is something to
    /// call. Needs a runtime.
    pub fn at(target: &Target) -> Result<Self, Error> {
        let client = connect_when_used(target).map_err(|error| {
            let message =
                format!("the daemon at {} cannot be called: {}", error.place, error.source);
            Error::new(Kind::Settings, message)
        })?;
        Ok(Self { client })
    }

    pub(super) async fn who_am_i(&self, asker: &Asker) -> Result<WhoAmIReply, Status> {
        let request = self.request(asker, WhoAmIRequest {});
        timely(self.client.clone().who_am_i(request)).await
    }

    pub(super) async fn ask(
        &self,
        asker: &Asker,
        request: AskRequest,
    ) -> Result<Streaming<AskEvent>, Status> {
        let request = self.request(asker, request);
        self.client.clone().ask(request).await.map(tonic::Response::into_inner)
    }

    pub(super) async fn search(
        &self,
        asker: &Asker,
        request: SearchRequest,
    ) -> Result<SearchReply, Status> {
        let request = self.request(asker, request);
        timely(self.client.clone().search(request)).await
    }

    pub(super) async fn give_feedback(
        &self,
        asker: &Asker,
        request: GiveFeedbackRequest,
    ) -> Result<(), Status> {
        let request = self.request(asker, request);
        timely(self.client.clone().give_feedback(request)).await.map(|_| ())
    }

    pub(super) async fn share_answer(&self, asker: &Asker, turn: &str) -> Result<Turn, Status> {
        let request = self.request(asker, ShareAnswerRequest { turn: turn.to_owned() });
        let reply = timely(self.client.clone().share_answer(request)).await?;
        reply.turn.ok_or_else(|| Status::not_found("the daemon sent no answer to share"))
    }

    /// The one place where a call is told for whom it is.
    fn request<T>(&self, asker: &Asker, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request
            .metadata_mut()
            .insert_bin(ASKER_KEY, MetadataValue::from_bytes(&asker.encode_to_vec()));
        request
    }
}

async fn timely<T>(
    call: impl Future<Output = Result<tonic::Response<T>, Status>>,
) -> Result<T, Status> {
    match tokio::time::timeout(CALL, call).await {
        Ok(reply) => reply.map(tonic::Response::into_inner),
        Err(_) => Err(Status::deadline_exceeded("the daemon did not answer in time")),
    }
}
