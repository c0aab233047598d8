//! The list of models of servers with OpenAI's API.

use serde::Deserialize;

use super::{Call, Fault, Http};

/// A model that a server lists.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Listed {
    /// What requests call it.
    pub id: String,
    /// vLLM says it here.
    max_model_len: Option<u32>,
    meta: Meta,
}

/// llama.cpp says it here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Meta {
    n_ctx: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct List {
    data: Vec<Listed>,
}

impl Listed {
    /// The tokens that the model takes, if the server tells.
    pub(crate) fn window(&self) -> Option<u32> {
        self.max_model_len.or(self.meta.n_ctx)
    }
}

impl Http {
    /// The models of the server; `prefix` is what paths of its API begin with.
    pub(crate) async fn models(&self, prefix: &str) -> Result<Vec<Listed>, Fault> {
        let path = format!("{prefix}/models");
        Ok(self.json::<List>(Call::about(&path, None)).await?.data)
    }
}
