//! The connection to a Qdrant server: address, key, and what its answers mean.

use std::time::Duration;

use qdrant_client::{Qdrant, QdrantError};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Status};

use crate::config;
use crate::error::{Error, Result};
use crate::vectors::server::Address;

/// The gRPC port; the other one, 6333, speaks HTTP only.
const PORT: u16 = 6_334;

/// A connection is not waited for longer than this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the server is, and how to talk with it.
#[derive(Clone)]
pub struct Connection {
    /// The server's address, as people know it.
    pub url: String,
    /// Connects with its first request.
    pub client: Qdrant,
}

impl Connection {
    /// A connection that is made with the first request.
    pub fn new(config: &config::Store) -> Result<Self> {
        let Address { url, .. } = Address::new(&config.url, PORT)?;
        let key = config.api_key.read()?;
        // The client would put a key that it cannot send into its error.
        if key.as_ref().is_some_and(|key| key.parse::<MetadataValue<Ascii>>().is_err()) {
            return Err(Error::usage("`store.api_key` holds what no API key can hold"));
        }
        let client = Qdrant::from_url(&url)
            .api_key(key)
            .timeout(config.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            // It would print to stdout; the version is checked with the collection.
            .skip_compatibility_check()
            .build()
            .map_err(|error| {
                Error::usage(format!("cannot connect to Qdrant at {url}")).because(error)
            })?;
        Ok(Self { url, client })
    }

    /// What a failed call means; `task` completes "Qdrant at … could not …".
    pub fn failed(&self, task: &'static str) -> impl Fn(QdrantError) -> Error + '_ {
        move |error| {
            let status = match error {
                QdrantError::ResponseError { status }
                | QdrantError::ResourceExhaustedError { status, .. } => status,
                other => return Error::internal(format!("cannot {task} on Qdrant")).because(other),
            };
            self.explain(&status, task)
        }
    }

    fn explain(&self, status: &Status, task: &str) -> Error {
        let (url, reason) = (&self.url, status.message().to_owned());
        match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => {
                Error::usage(format!("Qdrant at {url} refuses the API key"))
                    .because(reason)
                    .hint("set `store.api_key` to a key that may write and create collections")
            }
            Code::NotFound => {
                Error::not_found(format!("Qdrant at {url} could not {task}")).because(reason)
            }
            Code::Unimplemented => {
                Error::usage(format!("the server at {url} does not speak Qdrant 1.12 or newer"))
                    .hint("check `store.url`: it needs the gRPC port, usually 6334")
            }
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown => {
                self.unreachable(&reason)
            }
            // This is how the client says that it cannot connect.
            Code::Internal if reason.starts_with("Failed to connect") => self.unreachable(&reason),
            _ => Error::unavailable(format!("Qdrant at {url} could not {task}")).because(reason),
        }
    }

    fn unreachable(&self, reason: &str) -> Error {
        let url = &self.url;
        let error = Error::unavailable(format!("Qdrant at {url} cannot be reached"));
        let error = error.because(plain(reason));
        error.hint("start it, or correct `store.url` (it needs the gRPC port, usually 6334)")
    }
}

/// The system's own words, out of the client's, which show its inner types.
fn plain(reason: &str) -> &str {
    let after = |words: &str| reason.split_once(words).map(|(_, rest)| rest);
    let quoted = ["message: \"", "error: \""].into_iter().find_map(after);
    let named = || after("error: ").and_then(|rest| rest.split([' ', '}']).next());
    quoted.and_then(|rest| rest.split('"').next()).or_else(named).unwrap_or(reason)
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("url", &self.url).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Secret};
    use crate::error::ErrorKind;

    fn connection() -> Connection {
        Connection::new(&Config::default().store).unwrap()
    }

    #[test]
    fn each_answer_says_what_can_be_done() {
        let explain = |code| connection().explain(&Status::new(code, "so it is"), "search");
        let kinds = [Code::Unauthenticated, Code::NotFound, Code::Unavailable, Code::Internal]
            .map(|code| explain(code).kind());
        use ErrorKind::{NotFound, Unavailable, Usage};
        assert_eq!(kinds, [Usage, NotFound, Unavailable, Unavailable]);
        let error = explain(Code::Unavailable);
        assert!(error.to_string().contains("http://localhost:6334"), "{error}");
        assert!(error.next_step().unwrap().contains("6334"));
    }

    #[test]
    fn a_failed_connection_is_told_in_the_words_of_the_system() {
        let connect = "Failed to connect to http://q/: tonic::transport::Error(Transport, ";
        let refused = "ConnectError(\"tcp connect error\", 127.0.0.1:1, Os { code: 111, kind: \
                       ConnectionRefused, message: \"Connection refused\" }))";
        assert_eq!(plain(&format!("{connect}{refused}")), "Connection refused");
        let lookup = "ConnectError(\"dns error\", Custom { kind: Uncategorized, error: \"Name or \
                      service not known\" }))";
        assert_eq!(plain(&format!("{connect}{lookup}")), "Name or service not known");
        let stranger = "Custom { kind: InvalidData, error: InvalidCertificate(UnknownIssuer) })";
        assert_eq!(plain(&format!("{connect}{stranger}")), "InvalidCertificate(UnknownIssuer)");
        assert_eq!(plain("Timeout expired"), "Timeout expired");
    }

    #[test]
    fn a_key_that_cannot_be_sent_is_refused_without_being_shown() {
        let api_key = Secret::Value("ses\u{7f}ame".into());
        let error = Connection::new(&config::Store { api_key, ..Config::default().store });
        let error = error.map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(!error.to_string().contains("ame\""), "{error}");
    }
}
