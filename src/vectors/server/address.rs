//! Where a server is: its URL, its port when none is named, and whether the way is encrypted.

use tonic::transport::Uri;

use crate::error::{Error, Result};

/// The URL of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// With scheme and port, as it is connected to and shown.
    pub url: String,
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
}

impl Address {
    /// The address that `url` names; empty means this machine. A plain address without a port gets
    /// the server's `usual_port`.
    pub fn new(url: &str, usual_port: u16) -> Result<Self> {
        let url = if url.is_empty() { "http://localhost" } else { url };
        let wrong = || {
            Error::usage(format!("`store.url = \"{url}\"` is not an address"))
                .hint(format!("write it like `http://host:{usual_port}`"))
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let host = uri.host().ok_or_else(wrong)?;
        let scheme = uri.scheme_str().ok_or_else(wrong)?;
        let is_encrypted = scheme == "https";
        let port = match uri.port_u16() {
            Some(port) => port,
            None if is_encrypted => 443,
            None => usual_port,
        };
        let path = uri.path().trim_end_matches('/');
        Ok(Self { url: format!("{scheme}://{host}:{port}{path}"), is_encrypted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_gets_the_usual_one() {
        let url = |url: &str| Address::new(url, 6334).map(|address| address.url);
        assert_eq!(url("").unwrap(), "http://localhost:6334");
        assert_eq!(url("http://qdrant").unwrap(), "http://qdrant:6334");
        assert_eq!(url("http://[::1]:7000").unwrap(), "http://[::1]:7000");
        assert_eq!(url("https://cloud.example").unwrap(), "https://cloud.example:443");
        assert!(url("http://").is_err());
        assert!(Address::new("https://cloud.example", 1).unwrap().is_encrypted);
    }
}
