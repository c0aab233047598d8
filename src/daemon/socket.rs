//! The local socket: private to its owner, replaced when dead, made again when it was removed,
//! checked at each connection.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tracing::{info, warn};

use crate::access::Peer;
use crate::config;
use crate::error::{Error, Result};
use crate::telemetry::Seldom;

/// The pause after a connection that could not be accepted, such as for want of open files.
const PAUSE: Duration = Duration::from_millis(100);

/// A socket that is listened on, and its place in the file system.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and number of the file, by which the socket of somebody else is told from ours.
    identity: Option<(u64, u64)>,
    audience: Audience,
    refusals: Arc<Seldom>,
    /// Why the socket cannot be made again, so that it is said once.
    fault: Option<String>,
}

/// Whom the socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The user of the daemon, and root.
    Owner,
    /// Other users of the machine too, as far as they have a grant.
    Others,
}

impl Audience {
    /// Those whom the rules grant something.
    pub fn of(access: &config::Access) -> Self {
        let is_local = |grant: &config::Grant| {
            matches!(grant.to, config::Grantee::User(_) | config::Grantee::Group(_))
        };
        if access.grants.iter().any(is_local) { Self::Others } else { Self::Owner }
    }

    fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Others => 0o666,
        }
    }

    fn directory_mode(self) -> u32 {
        match self {
            Self::Owner => 0o700,
            Self::Others => 0o755,
        }
    }
}

impl Socket {
    /// Listens on `path`; the directory gets mode 0700 when it is made, the socket mode 0600, or
    /// 0755 and 0666 when others are let in.
    ///
    /// The caller holds the data directory's lock, so a socket that is there already is dead,
    /// unless it belongs to a daemon of another data directory, which is an error.
    pub fn bind(path: &Path, audience: Audience) -> Result<Self> {
        let listener = listen(path, audience)?;
        let (identity, path) = (identity(path), path.to_path_buf());
        Ok(Self { listener, path, identity, audience, refusals: Arc::default(), fault: None })
    }

    /// The next connection of a permitted user; others are dropped with a warning.
    pub async fn accept(&self) -> UnixStream {
        loop {
            match self.listener.accept().await {
                // Others are let in so far that they hear why they may do nothing.
                Ok((stream, _)) if self.audience == Audience::Others => return stream,
                Ok((stream, _)) if is_permitted(&stream, &self.refusals) => return stream,
                Ok(_) => {}
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Makes the socket again if it is no longer there; who is connected stays so.
    pub fn restore(&mut self) {
        if self.path.symlink_metadata().is_ok() {
            return;
        }
        match Self::bind(&self.path, self.audience) {
            Ok(socket) => {
                info!(socket = %self.path.display(), "the socket was removed; it is there again");
                *self = Self { refusals: Arc::clone(&self.refusals), ..socket };
            }
            Err(error) => {
                let fault = Some(error.to_string());
                if self.fault != fault {
                    warn!(%error, "the socket was removed and cannot be made again");
                }
                self.fault = fault;
            }
        }
    }

    /// Removes the socket at the end, unless another took its place.
    pub fn remove(self) {
        if identity(&self.path) != self.identity {
            return;
        }
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            warn!(%error, "the socket could not be removed");
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

fn listen(path: &Path, audience: Audience) -> Result<UnixListener> {
    let failed = |error: io::Error| {
        Error::usage(format!("cannot listen on {}", path.display()))
            .because(error)
            .hint("set RAGTERM_SOCKET to a path in a directory of your own")
    };
    let directory = path.parent().unwrap_or(Path::new("."));
    if !directory.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(audience.directory_mode())
            .create(directory)
            .map_err(failed)?;
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
    std::fs::set_permissions(path, Permissions::from_mode(audience.mode())).map_err(failed)?;
    Ok(listener)
}

/// Whether the owner is at the other end; looked at for each connection, whatever the mode of the
/// socket says.
fn is_permitted(stream: &UnixStream, refusals: &Seldom) -> bool {
    let credentials = stream.peer_cred();
    if let Ok(peer) = &credentials
        && (Peer { uid: peer.uid(), gid: peer.gid() }).is_owner()
    {
        return true;
    }
    // Anybody may connect as often as they like; the log is not theirs.
    let Some(withheld) = refusals.pass() else { return false };
    match credentials {
        Ok(peer) => {
            let uid = peer.uid();
            warn!(event = "auth", uid, withheld, "refused a connection of a user without a grant");
        }
        Err(error) => {
            warn!(event = "auth", %error, withheld, "refused a connection without credentials");
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_is_private_and_a_dead_one_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run/ragterm.sock");
        drop(Socket::bind(&path, Audience::Owner).unwrap());
        let socket = Socket::bind(&path, Audience::Owner).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let error = Socket::bind(&path, Audience::Owner).unwrap_err();
        assert!(error.to_string().contains("another daemon"), "{error}");
        socket.remove();
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_socket_that_was_removed_is_made_again_and_one_of_another_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run/ragterm.sock");
        let mut socket = Socket::bind(&path, Audience::Owner).unwrap();
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        socket.restore();
        let (accepted, connected) = tokio::join!(socket.accept(), UnixStream::connect(&path));
        drop((accepted, connected.unwrap()));
        std::fs::remove_file(&path).unwrap();
        let other = Socket::bind(&path, Audience::Owner).unwrap();
        socket.restore();
        socket.remove();
        assert!(path.exists());
        other.remove();
    }

    #[test]
    fn a_file_in_the_way_is_not_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("precious");
        std::fs::write(&path, "text").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { Socket::bind(&path, Audience::Owner).unwrap_err() });
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "text");
    }
}
