//! The local socket: private to its owner, replaced when dead, checked at each connection.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::Path;

use tokio::net::{UnixListener, UnixStream};
use tokio_stream::wrappers::UnixListenerStream;
use tokio_stream::{Stream, StreamExt};
use tracing::warn;

use crate::error::{Error, Result};

/// Listens on `path`; the directory gets mode 0700 when it is made, the socket mode 0600.
///
/// The caller holds the data directory's lock, so a socket that is there already is dead, unless
/// it belongs to a daemon of another data directory, which is an error.
pub fn bind(path: &Path) -> Result<UnixListener> {
    let failed = |error: io::Error| {
        Error::usage(format!("cannot listen on {}", path.display()))
            .because(error)
            .hint("set RAGTERM_SOCKET to a path in a directory of your own")
    };
    let directory = path.parent().unwrap_or(Path::new("."));
    if !directory.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    }
    if let Ok(metadata) = std::fs::symlink_metadata(path) {
        if !metadata.file_type().is_socket() {
            return Err(Error::usage(format!("{} is there and is no socket", path.display()))
                .hint("move it away, or set RAGTERM_SOCKET to another path"));
        }
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(Error::usage(format!(
                "another daemon, of another data directory, answers on {}",
                path.display()
            ))
            .hint("set RAGTERM_SOCKET to another path for this one"));
        }
        std::fs::remove_file(path).map_err(failed)?;
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// The connections of permitted users; others are dropped with a warning.
pub fn incoming(listener: UnixListener) -> impl Stream<Item = io::Result<UnixStream>> {
    let owner = rustix::process::geteuid().as_raw();
    UnixListenerStream::new(listener).filter(move |connection| match connection {
        Ok(stream) => is_permitted(stream, owner),
        Err(_) => true,
    })
}

/// The owner of the daemon and root may connect; the mode of the socket says so already, but not
/// on every system.
fn is_permitted(stream: &UnixStream, owner: u32) -> bool {
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == owner || peer.uid() == 0 => true,
        Ok(peer) => {
            warn!(uid = peer.uid(), "refused a connection of another user");
            false
        }
        Err(error) => {
            warn!(%error, "refused a connection without credentials");
            false
        }
    }
}

/// Removes the socket at the end.
pub fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        warn!(%error, "the socket could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_is_private_and_a_dead_one_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run/ragterm.sock");
        drop(bind(&path).unwrap());
        let listener = bind(&path).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let error = bind(&path).unwrap_err();
        assert!(error.to_string().contains("another daemon"), "{error}");
        drop(listener);
    }

    #[test]
    fn a_file_in_the_way_is_not_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("precious");
        std::fs::write(&path, "text").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { bind(&path).unwrap_err() });
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "text");
    }
}
