//! Ctrl-C while a command waits: its work is dropped, and it says itself what that means.

/// What work comes to; `None` when the user presses Ctrl-C, which drops it where it waits.
pub(super) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        // The signal is waited for before anything is made.
        biased;
        // Where it cannot be waited for, it ends the program as ever.
        Ok(()) = tokio::signal::ctrl_c() => None,
        result = work => Some(result),
    }
}
