//! Whether the model's server answers: asked now and then, however often somebody wants to know.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::llm::Llm;

/// For so long a look is not repeated.
const FRESH: Duration = Duration::from_secs(15);

/// The latest look.
#[derive(Debug, Default)]
pub(super) struct Looks(Mutex<Option<(Instant, Option<String>)>>);

impl Looks {
    /// Whether the server did not answer when it was last looked.
    pub fn has_failed(&self) -> bool {
        let latest = self.0.try_lock();
        latest.is_ok_and(|latest| latest.as_ref().is_some_and(|(_, fault)| fault.is_some()))
    }

    /// Why the server does not answer; `None` when it does. Who asks meanwhile waits for the same look.
    pub async fn latest(&self, llm: &dyn Llm, patience: Duration) -> Option<String> {
        let mut latest = self.0.lock().await;
        if let Some((when, fault)) = &*latest
            && when.elapsed() < FRESH
        {
            return fault.clone();
        }
        let fault = match tokio::time::timeout(patience, llm.look()).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("{} did not answer within {patience:?}", llm.name())),
        };
        *latest = Some((Instant::now(), fault.clone()));
        fault
    }
}
