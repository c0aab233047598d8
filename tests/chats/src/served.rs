//! A router on a thread of its own, so that tests may block while it serves.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use axum::Router;
use tokio::sync::oneshot;

/// Serves until it is dropped; then the connections end too.
pub struct Served {
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Serves on a free port of the loopback; is back when it listens.
    ///
    /// # Panics
    /// When the machine gives no port or no thread.
    pub fn start(router: Router) -> Self {
        let (end, ended) = oneshot::channel::<()>();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be built");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                    .await
                    .expect("the loopback has free ports");
                let address = listener.local_addr().expect("a bound listener has an address");
                ready.send(address).expect("the starter waits");
                tokio::select! {
                    served = async { axum::serve(listener, router).await } =>
                        served.expect("serving does not fail"),
                    _ = ended => {}
                }
            });
            runtime.shutdown_background();
        });
        let address = is_ready.recv().expect("the thread listens or has panicked");
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
            // A panic in it was printed already, and a second one here would abort the test.
            let _ = thread.join();
        }
    }
}
