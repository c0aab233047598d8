//! A router on a thread of its own, on a free port of this machine.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use axum::Router;
use tokio::sync::oneshot;

/// Serves until it is dropped; then the connections end too.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Is back when it listens. `router` is told the address, which it may need in its replies.
    pub fn start(router: impl FnOnce(SocketAddr) -> Router + Send + 'static) -> Self {
        let (end, ended) = oneshot::channel::<()>();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a test machine has threads and descriptors to spare");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                    .await
                    .expect("a free port of the loopback device can be bound");
                let address = listener.local_addr().expect("a bound socket has an address");
                ready.send(address).expect("whoever starts this waits for it");
                tokio::select! {
                    served = async { axum::serve(listener, router(address)).await } => {
                        served.expect("serving on the loopback device goes on");
                    }
                    _ = ended => {}
                }
            });
            runtime.shutdown_background();
        });
        let address = is_ready.recv().expect("the thread tells its address first");
        Self { address, end: Some(end), thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said why itself.
            let _ = thread.join();
        }
    }
}
