//! The GPU of this machine, and an Ollama outside of the deployment.

use std::path::Path;

use super::choices::{Choices, Embedding};
use super::program;
use crate::cli::doctor::Check;
use crate::cli::output::{self, clean};
use crate::config::{Config, EmbedderProvider, LlmProvider};
use crate::embed;
use crate::llm;

/// What the driver of NVIDIA lists, where its program is missing.
const DRIVER: &str = "/proc/driver/nvidia/gpus";

/// What gives containers a GPU; one of these is there.
const TOOLKIT: [&str; 3] = ["nvidia-ctk", "nvidia-container-cli", "nvidia-container-runtime"];

/// An NVIDIA GPU of this machine.
#[derive(Debug, Clone, Default)]
pub struct Gpu {
    /// What it is called, with its memory.
    pub name: Option<String>,
    /// Whether containers can be given it.
    pub has_toolkit: bool,
}

impl Gpu {
    /// Looks for one.
    pub async fn find() -> Self {
        let query = ["--query-gpu=name,memory.total", "--format=csv,noheader"];
        let listed = program::answer("nvidia-smi", &query).await.ok();
        let listed = listed.filter(|list| !list.is_empty()).map(|list| list.replace('\n', "; "));
        let driver = || Path::new(DRIVER).read_dir().ok()?.next().map(|_| "NVIDIA".to_owned());
        let has_toolkit = TOOLKIT.iter().any(|tool| program::find(tool).is_some());
        Self { name: listed.or_else(driver), has_toolkit }
    }

    /// What it means for the models.
    pub fn check(&self, choices: &Choices) -> Option<Check> {
        const NAME: &str = "gpu";
        match (&self.name, choices.uses_ollama()) {
            (None, _) if choices.gpu => Some(Check::fail(
                NAME,
                "no NVIDIA GPU was found, and Ollama's container does not start without one",
                "install its driver, or use --gpu no",
            )),
            (None, true) if choices.answering.is_some() => Some(Check::warn(
                NAME,
                "no NVIDIA GPU was found: answers come at the pace of the processors",
                "take a small model, such as `--answering-model qwen3:1.7b`, or none",
            )),
            (None, _) => None,
            (Some(name), true) if choices.gpu && !self.has_toolkit => Some(Check::fail(
                NAME,
                format!("{name}; no container toolkit to give it to Ollama's container"),
                "install NVIDIA's container toolkit, or use --gpu no",
            )),
            (Some(name), true) if choices.kind.has_containers() && !choices.gpu => {
                Some(Check::warn(
                    NAME,
                    format!("{name}; Ollama's container does not use it"),
                    "install NVIDIA's container toolkit, and use --gpu yes",
                ))
            }
            (Some(name), _) => Some(Check::ok(NAME, name.as_str())),
        }
    }
}

/// Asks the Ollama that was named for its models; nothing else is connected to, and it is said.
pub async fn check_ollama(choices: &Choices) -> Vec<Check> {
    if choices.ollama.is_empty() {
        return Vec::new();
    }
    output::note(&format!("asking Ollama at {} for its models", clean(&choices.ollama)));
    let defaults = Config::default();
    let mut checks = Vec::new();
    if let Embedding::Ollama(model) = &choices.embedding {
        let mut config = defaults.embedder;
        config.provider = EmbedderProvider::Ollama;
        (config.model, config.url) = (model.clone(), choices.ollama.clone());
        let looked = embed::connect(&config).await;
        checks.push(told("embedding", model, looked.map(|_| format!("{model} is there"))));
    }
    if let Some(model) = &choices.answering {
        let mut config = defaults.llm;
        config.provider = LlmProvider::Ollama;
        (config.model, config.url) = (model.clone(), choices.ollama.clone());
        let looked = match llm::connect(&config) {
            Ok(Some(connected)) => connected.look().await,
            Ok(None) => Ok(String::new()),
            Err(error) => Err(error),
        };
        checks.push(told("answering", model, looked));
    }
    checks
}

fn told(name: &'static str, model: &str, looked: crate::error::Result<String>) -> Check {
    match looked {
        Ok(seen) => Check::ok(name, seen),
        Err(error) => {
            let fetch = format!("start Ollama there, and `ollama pull {model}`");
            Check::fail(name, error.to_string(), error.next_step().map_or(fetch, str::to_owned))
        }
    }
}
