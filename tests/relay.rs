//! A way to a server that a test can cut or stop up, and open again.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

/// How often a connection looks at the state of the way.
const LOOK: Duration = Duration::from_millis(20);

/// The state of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Way {
    /// Everything passes.
    Open,
    /// Connections are closed at once.
    Cut,
    /// Connections stay open and nothing passes.
    Stopped,
}

/// A listener on a port of its own that forwards to a server.
pub struct Relay {
    /// Where it listens.
    pub url: String,
    way: Arc<AtomicU8>,
}

impl Relay {
    /// A relay to the server at `url`.
    pub fn new(url: &str, way: Way) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let way = Arc::new(AtomicU8::new(way as u8));
        let state = Arc::downgrade(&way);
        // It ends with the test's process: accepting cannot be interrupted.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Some(way) = state.upgrade() else { return };
                if way.load(Ordering::Acquire) == Way::Cut as u8 {
                    continue;
                }
                if let Ok(server) = TcpStream::connect(&target) {
                    forward(client.try_clone().unwrap(), server.try_clone().unwrap(), &state);
                    forward(server, client, &state);
                }
            }
        });
        Self { url, way }
    }

    /// Changes the state of the way.
    pub fn set(&self, way: Way) {
        self.way.store(way as u8, Ordering::Release);
    }
}

/// Copies one direction on a thread of its own, until the way is cut or the relay is gone.
fn forward(mut from: TcpStream, mut to: TcpStream, state: &Weak<AtomicU8>) {
    let state = Weak::clone(state);
    from.set_read_timeout(Some(LOOK)).unwrap();
    thread::spawn(move || {
        let mut block = vec![0; 64 << 10];
        while let Some(way) = state.upgrade().map(|way| way.load(Ordering::Acquire)) {
            if way == Way::Cut as u8 {
                break;
            }
            if way == Way::Stopped as u8 {
                thread::park_timeout(LOOK);
                continue;
            }
            let read = match from.read(&mut block) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if is_patience(error.kind()) => continue,
                Err(_) => break,
            };
            if to.write_all(&block[..read]).is_err() {
                break;
            }
        }
        // Either may be closed already.
        let _closed = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}

fn is_patience(kind: std::io::ErrorKind) -> bool {
    matches!(kind, std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}
