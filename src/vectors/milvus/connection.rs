//! The connection to a Milvus server: address, credentials, and what its answers mean.

use std::time::Duration;

use ragterm_milvus::v2::Status as MilvusStatus;
use ragterm_milvus::v2::milvus_service_client::MilvusServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

use crate::config;
use crate::error::{Error, ErrorKind, Result};
use crate::vectors::server::Address;

const PORT: u16 = 19_530;

/// A connection is not waited for longer than this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a silent connection is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The largest answer that is taken: the server's own limit is 100 MB.
const MAX_ANSWER_BYTES: usize = 128 << 20;

/// A client of the server.
pub type Client = MilvusServiceClient<InterceptedService<Channel, Credentials>>;

/// Adds what the server asks for to each request.
#[derive(Clone)]
pub struct Credentials(Option<MetadataValue<Ascii>>);

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

impl Credentials {
    /// Milvus takes a token or `user:password`, in base64.
    fn new(config: &config::Store) -> Result<Self> {
        let Some(secret) = config.api_key.read()? else { return Ok(Self(None)) };
        let value = base64(secret.as_bytes()).parse();
        let mut value: MetadataValue<Ascii> =
            value.map_err(|_| Error::internal("`store.api_key` cannot be sent"))?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }
}

/// Where the server is, and how to talk with it.
#[derive(Clone)]
pub struct Connection {
    /// The server's address, as people know it.
    pub url: String,
    client: Client,
}

impl Connection {
    /// A connection that is made with the first request.
    pub fn new(config: &config::Store) -> Result<Self> {
        let Address { url, is_encrypted } = Address::new(&config.url, PORT)?;
        let wrong = |error: tonic::transport::Error| {
            Error::usage(format!("cannot connect to Milvus at {url}")).because(error)
        };
        let mut endpoint = Endpoint::from_shared(url.clone())
            .map_err(wrong)?
            .timeout(config.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_while_idle(true);
        if is_encrypted {
            let tls = ClientTlsConfig::new().with_native_roots();
            endpoint = endpoint.tls_config(tls).map_err(wrong)?;
        }
        let credentials = Credentials::new(config)?;
        let client = MilvusServiceClient::with_interceptor(endpoint.connect_lazy(), credentials)
            .max_decoding_message_size(MAX_ANSWER_BYTES);
        Ok(Self { url, client })
    }

    /// A client for one request.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// What a failed call means; `task` completes "Milvus at … could not …".
    pub fn failed(&self, task: &'static str) -> impl Fn(Status) -> Error + '_ {
        move |status| {
            let url = &self.url;
            match status.code() {
                Code::Unauthenticated | Code::PermissionDenied => self.refused(status.message()),
                Code::Unimplemented => {
                    Error::usage(format!("the server at {url} does not speak Milvus 2.3 or newer"))
                        .hint("check `store.backend` and `store.url`")
                }
                Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown => {
                    Error::unavailable(format!("Milvus at {url} cannot be reached"))
                        .because(reason(&status))
                        .hint("start it, or correct `store.url`")
                }
                _ => Error::unavailable(format!("Milvus at {url} could not {task}"))
                    .because(reason(&status)),
            }
        }
    }

    /// Checks the status inside an answer.
    pub fn check(&self, status: Option<&MilvusStatus>, task: &'static str) -> Result<()> {
        let status = status.cloned().unwrap_or_default();
        let Some(kind) = fault(&status) else { return Ok(()) };
        if kind == ErrorKind::Usage {
            return Err(self.refused(&status.reason));
        }
        let url = &self.url;
        Err(Error::new(kind, format!("Milvus at {url} could not {task}")).because(status.reason))
    }

    fn refused(&self, reason: &str) -> Error {
        Error::usage(format!("Milvus at {} refuses the credentials", self.url))
            .because(reason.to_owned())
            .hint("set `store.api_key` to a token or `user:password` that may create collections")
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The words of a status with those of its causes, once.
fn reason(status: &Status) -> String {
    let mut text = status.message().to_owned();
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// What is wrong by the server's numbers: the newer ones and, before 2.3, the older ones.
fn fault(status: &MilvusStatus) -> Option<ErrorKind> {
    match (status.code, status.error_code) {
        (0, 0) => None,
        // A collection that is not found.
        (100, _) | (0, 4 | 28) => Some(ErrorKind::NotFound),
        // A privilege that is missing.
        (1400..=1402, _) | (0, 3) => Some(ErrorKind::Usage),
        _ => Some(ErrorKind::Unavailable),
    }
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_sent_in_base64() {
        assert_eq!(base64(b"root:Milvus"), "cm9vdDpNaWx2dXM=");
        assert_eq!([base64(b""), base64(b"a"), base64(b"abc")], ["", "YQ==", "YWJj"]);
    }

    #[test]
    fn the_servers_numbers_say_what_can_be_done() {
        let fault =
            |code, error_code| fault(&MilvusStatus { code, error_code, reason: String::new() });
        assert_eq!(fault(0, 0), None);
        assert_eq!(fault(100, 4), Some(ErrorKind::NotFound));
        assert_eq!(fault(1401, 3), Some(ErrorKind::Usage));
        assert_eq!(fault(1, 1), Some(ErrorKind::Unavailable));
    }
}
