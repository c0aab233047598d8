//! Whether the server of the model that answers is there and has it.

use super::Check;
use crate::cli::context::Context;
use crate::llm;

const NAME: &str = "llm";

/// Asks the server itself; nothing when no model is configured.
pub async fn check(context: &Context) -> Option<Check> {
    // A wrong configuration is a check of its own.
    let config = context.load().ok()?.config.llm;
    let looked = match llm::connect(&config) {
        Ok(None) => return None,
        Ok(Some(model)) => model.look().await,
        Err(error) => Err(error),
    };
    Some(match looked {
        Ok(seen) => Check::ok(NAME, seen),
        Err(error) => {
            let remedy = error.next_step().unwrap_or("the server's own log says more");
            Check::fail(NAME, error.to_string(), remedy)
        }
    })
}
