//! A client that shows a token and, as a bot does, for whom it calls.

use std::path::Path;

use prost::Message;
use ragterm_proto::v1::Asker;
use ragterm_proto::v1::ragterm_client::RagtermClient;
use ragterm_proto::{ASKER_KEY, MAX_MESSAGE_BYTES};
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

pub type Client = RagtermClient<InterceptedService<Channel, Shown>>;

/// What each call shows.
#[derive(Clone)]
pub struct Shown {
    token: String,
    asker: Option<Asker>,
}

impl Interceptor for Shown {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let bearer = format!("Bearer {}", self.token).parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        if let Some(asker) = &self.asker {
            let value = MetadataValue::from_bytes(&asker.encode_to_vec());
            request.metadata_mut().insert_bin(ASKER_KEY, value);
        }
        Ok(request)
    }
}

/// Connects when it is first used; needs a runtime.
pub fn client(socket: &Path, token: &str, asker: Option<Asker>) -> Client {
    let endpoint = Endpoint::try_from(format!("unix:{}", socket.display())).unwrap();
    let shown = Shown { token: token.to_owned(), asker };
    let client = RagtermClient::with_interceptor(endpoint.connect_lazy(), shown);
    client.max_decoding_message_size(MAX_MESSAGE_BYTES)
}
