//! Ollama's answers, as far as they are needed.

use serde::Deserialize;
use serde_json::{Map, Value};

/// `GET /api/version`.
#[derive(Debug, Deserialize)]
pub(super) struct Version {
    pub(super) version: String,
}

/// `GET /api/tags`.
#[derive(Debug, Deserialize)]
pub(super) struct Tags {
    #[serde(default)]
    pub(super) models: Vec<Model>,
}

/// An installed model.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    pub(super) name: String,
    #[serde(default)]
    pub(super) digest: String,
}

/// `POST /api/show`.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    model_info: Map<String, Value>,
    /// Lines of the model file, such as `num_ctx 8192`.
    #[serde(default)]
    parameters: String,
}

/// `POST /api/embed`.
#[derive(Debug, Deserialize)]
pub(super) struct Embedded {
    /// `null` where the model gave no number.
    embeddings: Vec<Vec<Option<f32>>>,
    pub(super) prompt_eval_count: Option<usize>,
}

/// `POST /api/pull`, one line of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pulled {
    pub(super) status: String,
    pub(super) total: u64,
    pub(super) completed: u64,
    pub(super) error: Option<String>,
}

impl Shown {
    /// Numbers in a vector.
    pub(super) fn dimensions(&self) -> Option<usize> {
        self.number(".embedding_length")
    }

    /// The most tokens that the model is run with, as far as it is told.
    pub(super) fn context(&self) -> Option<usize> {
        let set = self
            .parameters
            .lines()
            .find_map(|line| line.trim().strip_prefix("num_ctx")?.trim().parse().ok());
        [self.number(".context_length"), set].into_iter().flatten().min()
    }

    /// The keys begin with the model's architecture: `bert.context_length`.
    fn number(&self, ending: &str) -> Option<usize> {
        let architecture = self.model_info.get("general.architecture").and_then(Value::as_str);
        let own = architecture.and_then(|name| self.model_info.get(&format!("{name}{ending}")));
        let any = || self.model_info.iter().find(|(key, _)| key.ends_with(ending)).map(|(_, v)| v);
        let number = own.or_else(any)?.as_u64()?;
        usize::try_from(number).ok().filter(|number| *number > 0)
    }
}

impl Embedded {
    /// The vectors, with NaN for what is no number.
    pub(super) fn vectors(self) -> Vec<Vec<f32>> {
        let numbers = |vector: Vec<Option<f32>>| {
            vector.into_iter().map(|value| value.unwrap_or(f32::NAN)).collect()
        };
        self.embeddings.into_iter().map(numbers).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_and_context_are_those_of_the_models_architecture() {
        let shown: Shown = serde_json::from_str(
            r#"{"parameters":"num_ctx                        2048\nstop \"x\"",
                "model_info":{"clip.vision.embedding_length":1152,"general.architecture":"bert",
                "bert.embedding_length":1024,"bert.context_length":8192}}"#,
        )
        .unwrap();
        assert_eq!((shown.dimensions(), shown.context()), (Some(1024), Some(2048)));
    }

    #[test]
    fn an_old_server_that_tells_nothing_is_no_error() {
        let shown: Shown = serde_json::from_str(r#"{"modelfile":"FROM x"}"#).unwrap();
        assert_eq!((shown.dimensions(), shown.context()), (None, None));
    }
}
