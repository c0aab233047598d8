//! What a call shows of who makes it: the other end of the socket, and its metadata.

use prost::Message;
use ragterm_proto::ASKER_KEY;
use ragterm_proto::v1::Asker;
use tonic::Request;
use tonic::transport::server::UdsConnectInfo;

use crate::access::{Credentials, Peer, Said};
use crate::engine::Listener;

/// Who asks is said in so many bytes at the most.
const MAX_ASKER: usize = 64 * 1024;

/// All that a call shows.
pub fn credentials<T>(request: &Request<T>) -> Credentials {
    let peer = request.extensions().get::<UdsConnectInfo>().and_then(|info| info.peer_cred);
    let peer = peer.map(|peer| Peer { uid: peer.uid(), gid: peer.gid() });
    Credentials { peer, token: token(request), asker: asker(request) }
}

/// To whom it is told why nothing can be asked yet; what a bot is told, its chat reads.
pub fn listener<T>(request: &Request<T>) -> Listener {
    match credentials(request) {
        Credentials { peer: Some(peer), token: None, asker: Said::Nobody } if peer.is_owner() => {
            Listener::Owner
        }
        _ => Listener::Other,
    }
}

/// The same for what the asker alone may see, also if the call is made for a public place.
pub fn alone<T>(request: &Request<T>) -> Credentials {
    let mut shown = credentials(request);
    if let Said::Asker(asker) = &mut shown.asker {
        asker.public = false;
    }
    shown
}

/// The token of a call; one that is no text is as good as a wrong one.
fn token<T>(request: &Request<T>) -> Option<String> {
    let value = request.metadata().get("authorization")?;
    let text = value.to_str().unwrap_or_default();
    Some(text.strip_prefix("Bearer ").unwrap_or_default().trim().to_owned())
}

fn asker<T>(request: &Request<T>) -> Said {
    let Some(value) = request.metadata().get_bin(ASKER_KEY) else { return Said::Nobody };
    let bytes = value.to_bytes().ok().filter(|bytes| bytes.len() <= MAX_ASKER);
    let asker = bytes.and_then(|bytes| Asker::decode(bytes).ok());
    asker.map_or(Said::Unreadable, Said::Asker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_token_is_a_wrong_one_and_not_none() {
        let mut request = Request::new(());
        assert_eq!(token(&request), None);
        request.metadata_mut().insert("authorization", "Basic eDp5".parse().unwrap());
        assert_eq!(token(&request).as_deref(), Some(""));
        request.metadata_mut().insert("authorization", "Bearer ragterm_1 ".parse().unwrap());
        assert_eq!(token(&request).as_deref(), Some("ragterm_1"));
    }

    #[test]
    fn an_asker_that_cannot_be_read_is_not_left_out() {
        let mut request = Request::new(());
        let value = tonic::metadata::MetadataValue::from_bytes(&[0xff; 9]);
        request.metadata_mut().insert_bin(ASKER_KEY, value);
        assert!(matches!(credentials(&request).asker, Said::Unreadable));
    }
}
