//! Ollama's answers, as far as they are needed.

use serde::Deserialize;
use serde_json::{Map, Value};

/// `GET /api/version`.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    pub(super) version: String,
}

/// `POST /api/show`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    model_info: Map<String, Value>,
    capabilities: Vec<String>,
}

/// `POST /api/chat`, one line of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    pub(super) message: Said,
    pub(super) done: bool,
    pub(super) done_reason: Option<String>,
    pub(super) prompt_eval_count: Option<u64>,
    pub(super) eval_count: Option<u64>,
    pub(super) error: Option<String>,
}

/// What the model says; `thinking` beside it is no part of the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    pub(super) content: String,
}

/// What matters about a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Traits {
    /// The most tokens that it can be run with, as far as it is told.
    pub(super) context: Option<u32>,
    /// Whether it thinks before it answers unless it is told not to.
    pub(super) thinks: bool,
}

impl Shown {
    pub(super) fn traits(&self) -> Traits {
        Traits {
            context: self.context(),
            thinks: self.capabilities.iter().any(|word| word == "thinking"),
        }
    }

    /// The key begins with the model's architecture: `llama.context_length`. What the model file
    /// sets as `num_ctx` is no limit, because each request sets its own.
    fn context(&self) -> Option<u32> {
        const ENDING: &str = ".context_length";
        let architecture = self.model_info.get("general.architecture").and_then(Value::as_str);
        let own = architecture.and_then(|name| self.model_info.get(&format!("{name}{ENDING}")));
        let any = || self.model_info.iter().find(|(key, _)| key.ends_with(ENDING)).map(|(_, v)| v);
        let tokens = own.or_else(any)?.as_u64()?;
        u32::try_from(tokens).ok().filter(|tokens| *tokens > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_that_of_the_models_architecture() {
        let shown: Shown = serde_json::from_str(
            r#"{"parameters":"num_ctx 2048","capabilities":["completion","thinking"],
                "model_info":{"clip.context_length":77,"general.architecture":"qwen3",
                "qwen3.context_length":40960}}"#,
        )
        .unwrap();
        assert_eq!(shown.traits(), Traits { context: Some(40_960), thinks: true });
    }

    #[test]
    fn an_old_server_that_tells_nothing_is_no_error() {
        let shown: Shown = serde_json::from_str(r#"{"modelfile":"FROM x"}"#).unwrap();
        assert_eq!(shown.traits(), Traits { context: None, thinks: false });
    }
}
