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
    hears(&credentials(request))
}

fn hears(shown: &Credentials) -> Listener {
    match shown {
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

    #[test]
    fn only_the_owner_who_speaks_for_itself_hears_why_nothing_can_be_asked() {
        let own = rustix::process::geteuid().as_raw();
        let owner = || Some(Peer { uid: own, gid: 54_321 });
        let other = || Some(Peer { uid: own + 54_321, gid: 54_321 });
        let asker = || Said::Asker(Asker::default());
        let token = || Some("ragterm_1".to_owned());
        let cases = [
            ("the owner", owner(), None, Said::Nobody, Listener::Owner),
            ("root", Some(Peer { uid: 0, gid: 0 }), None, Said::Nobody, Listener::Owner),
            ("another user", other(), None, Said::Nobody, Listener::Other),
            ("the owner with a token", owner(), token(), Said::Nobody, Listener::Other),
            ("the owner's bot", owner(), None, asker(), Listener::Other),
            ("a bot with a token", owner(), token(), asker(), Listener::Other),
            ("an unreadable asker", owner(), None, Said::Unreadable, Listener::Other),
            ("nobody at the other end", None, None, Said::Nobody, Listener::Other),
        ];
        for (who, peer, token, asker, expected) in cases {
            assert_eq!(hears(&Credentials { peer, token, asker }), expected, "{who}");
        }
    }

    #[tokio::test]
    async fn a_call_over_the_socket_of_our_own_is_the_owner_s_until_it_shows_more() {
        let (ours, _theirs) = tokio::net::UnixStream::pair().unwrap();
        let local = UdsConnectInfo { peer_addr: None, peer_cred: ours.peer_cred().ok() };
        let mut request = Request::new(());
        assert_eq!(listener(&request), Listener::Other);
        request.extensions_mut().insert(local);
        assert_eq!(listener(&request), Listener::Owner);
        let metadata = request.metadata_mut();
        metadata.insert("authorization", "Bearer ragterm_1".parse().unwrap());
        assert_eq!(listener(&request), Listener::Other);
        request.metadata_mut().remove("authorization");
        let unreadable = tonic::metadata::MetadataValue::from_bytes(&[0xff; 9]);
        request.metadata_mut().insert_bin(ASKER_KEY, unreadable);
        assert_eq!(listener(&request), Listener::Other);
    }
}
