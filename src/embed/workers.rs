//! The threads that the model runs on: one text per thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rten::ThreadPool;

/// As many single threads as cores. One text per thread beats sharing a text between threads.
pub(super) struct Workers {
    threads: Vec<Arc<ThreadPool>>,
    next: AtomicUsize,
}

impl Workers {
    /// Threads of normal priority.
    pub(super) fn foreground() -> Self {
        let threads = (0..cores()).map(|_| Arc::new(ThreadPool::with_num_threads(1))).collect();
        Self { threads, next: AtomicUsize::new(0) }
    }

    /// Threads that yield to everything else on the machine.
    pub(super) fn background() -> Self {
        let workers = Self::foreground();
        workers.threads.iter().for_each(|thread| thread.run(lower_priority));
        workers
    }

    /// One of the threads, in turn.
    pub(super) fn next(&self) -> Arc<ThreadPool> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.threads[turn % self.threads.len()])
    }
}

/// Threads that can truly run at once.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Lowers the calling thread; on Linux a priority belongs to a thread, elsewhere to a process.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 19) {
        tracing::debug!(%error, "cannot lower the priority of embedding");
    }
}
