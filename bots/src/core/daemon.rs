//! Every call to the daemon, with the bot's token and the asker in its metadata.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use prost::Message;
use ragterm_proto::v1::ragterm_client::RagtermClient;
use ragterm_proto::v1::{
    AskEvent, AskRequest, Asker, GiveFeedbackRequest, SearchReply, SearchRequest,
    ShareAnswerRequest, Turn, WhoAmIReply, WhoAmIRequest,
};
use ragterm_proto::{ASKER_KEY, MAX_MESSAGE_BYTES};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};

use crate::{Error, Kind};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long one call without a stream may take.
const CALL: Duration = Duration::from_secs(30);

/// A secret that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `secret`, without white space around it.
    pub fn new(secret: &str) -> Self {
        Self(secret.trim().to_owned())
    }

    /// The secret itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The daemon as a bot sees it: each call says for whom it is. Cheap to clone.
#[derive(Clone)]
pub struct Daemon {
    client: RagtermClient<Channel>,
    authorization: Option<MetadataValue<Ascii>>,
}

impl fmt::Debug for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Daemon").field("token", &self.authorization.is_some()).finish()
    }
}

impl Daemon {
    /// Calls over `channel`, which should be one that connects by itself when it is used (a lazy
    /// one), with the bot's token.
    pub fn new(channel: Channel, token: Option<&Secret>) -> Result<Self, Error> {
        let authorization = token.map(bearer).transpose()?;
        let client = RagtermClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES);
        Ok(Self { client, authorization })
    }

    /// Calls over the unix socket at `socket`, connecting whenever there is something to call. Needs a
    /// runtime.
    pub fn on_socket(socket: &Path, token: Option<&Secret>) -> Result<Self, Error> {
        let endpoint =
            Endpoint::try_from(format!("unix:{}", socket.display())).map_err(|error| {
                Error::new(
                    Kind::Settings,
                    format!("the socket {} cannot be called: {error}", socket.display()),
                )
            })?;
        Self::new(endpoint.connect_timeout(CONNECT).connect_lazy(), token)
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

    /// The one place where a call is told whose it is.
    fn request<T>(&self, asker: &Asker, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let metadata = request.metadata_mut();
        if let Some(authorization) = &self.authorization {
            metadata.insert("authorization", authorization.clone());
        }
        metadata.insert_bin(ASKER_KEY, MetadataValue::from_bytes(&asker.encode_to_vec()));
        request
    }
}

fn bearer(token: &Secret) -> Result<MetadataValue<Ascii>, Error> {
    let mut value: MetadataValue<Ascii> =
        format!("Bearer {}", token.reveal()).parse().map_err(|_| {
            Error::new(Kind::Settings, "the bot's token for the daemon holds odd characters")
                .hint("paste the secret that `ragterm token create` told")
        })?;
    value.set_sensitive(true);
    Ok(value)
}

async fn timely<T>(
    call: impl Future<Output = Result<tonic::Response<T>, Status>>,
) -> Result<T, Status> {
    match tokio::time::timeout(CALL, call).await {
        Ok(reply) => reply.map(tonic::Response::into_inner),
        Err(_) => Err(Status::deadline_exceeded("the daemon did not answer in time")),
    }
}
