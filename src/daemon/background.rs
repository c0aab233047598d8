//! Threads for what nobody waits for: they yield to those that answer.

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Error, Result};

/// How much indexing steps back, as `nice` counts: with both busy, about a tenth is left for it.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// The runtime of those threads; what runs there ends with it.
#[derive(Debug)]
pub struct Background(Option<Runtime>);

impl Background {
    /// Starts the threads.
    pub fn start() -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .thread_name("ragterm-index")
            .on_thread_start(step_back)
            .build()
            .map_err(|error| {
                Error::internal("cannot start the threads of the index").because(error)
            })?;
        Ok(Self(Some(runtime)))
    }

    /// Where work is put; threads that it starts step back as well.
    pub fn handle(&self) -> Handle {
        self.0.as_ref().expect("it is there until it is dropped").handle().clone()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // The daemon has waited for its tasks; nothing else may block here.
            runtime.shutdown_background();
        }
    }
}

/// Lowers the calling thread; on Linux a priority belongs to a thread, elsewhere to a process.
fn step_back() {
    #[cfg(target_os = "linux")]
    {
        // A daemon that was started with less still has less.
        let present = rustix::process::getpriority_process(None).unwrap_or_default();
        if let Err(error) = rustix::process::setpriority_process(None, NICENESS.max(present)) {
            tracing::debug!(%error, "cannot lower the priority of indexing");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn its_threads_and_theirs_step_back_and_no_other() {
        let background = Background::start().unwrap();
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let theirs = background.handle().spawn_blocking(move || {
            let child = std::thread::spawn(niceness);
            (niceness(), child.join().unwrap())
        });
        let lowered = NICENESS.max(before);
        assert_eq!(theirs.await.unwrap(), (lowered, lowered));
        assert_eq!(niceness(), before);
    }
}
