//! A certificate for localhost, signed by an authority of its own; made with `openssl`.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

const AUTHORITY: &str = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority \
    -keyout authority.key -out authority.pem -addext basicConstraints=critical,CA:TRUE";
const REQUEST: &str = "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem \
    -out request.pem -addext subjectAltName=DNS:localhost";
const SIGN: &str = "x509 -req -in request.pem -CA authority.pem -CAkey authority.key -days 2 \
    -CAcreateserial -copy_extensions copyall -out certificate.pem";

/// `authority.pem`, `certificate.pem` and `key.pem` in a directory.
pub struct Certificate(TempDir);

impl Certificate {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for arguments in [AUTHORITY, REQUEST, SIGN] {
            let mut openssl = Command::new("openssl");
            openssl.args(arguments.split_whitespace()).current_dir(directory.path());
            let made = openssl.output().expect("openssl is installed");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        Self(directory)
    }

    /// One of its files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The text of one of its files.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}
