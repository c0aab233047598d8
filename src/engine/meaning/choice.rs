//! Which embedding model answers, and which one is wanted: kept in the catalog, so that a change
//! survives a restart and an edited configuration is noticed.

use serde::{Deserialize, Serialize};

use crate::catalog::Catalog;
use crate::config::{Embedder, EmbedderProvider, Secret};
use crate::error::{Error, Result};

const ACTIVE: &str = "embedder.active";
const WANTED: &str = "embedder.wanted";
const PREVIOUS: &str = "embedder.previous";
const CONFIGURED: &str = "embedder.configured";

/// What makes one embedding model another, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    provider: String,
    model: String,
    url: String,
    dimensions: Option<usize>,
    query_prefix: Option<String>,
    document_prefix: Option<String>,
}

/// The models of a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// Whose vectors are searched.
    pub active: Choice,
    /// Whose vectors shall be searched.
    pub wanted: Choice,
}

impl Choice {
    /// What the configuration says.
    pub fn of(config: &Embedder) -> Self {
        Self {
            provider: config.provider.name().to_owned(),
            model: config.model.clone(),
            url: config.url.clone(),
            dimensions: config.dimensions,
            query_prefix: config.query_prefix.clone(),
            document_prefix: config.document_prefix.clone(),
        }
    }

    /// The model of the words `PROVIDER:MODEL`, or of `PROVIDER` alone for the built-in one;
    /// everything else is as configured where the provider is the configured one.
    pub fn parse(words: &str, config: &Embedder) -> Result<Self> {
        let (provider, model) = words.split_once(':').unwrap_or((words, ""));
        let known = provider_of(provider).filter(|provider| *provider != EmbedderProvider::None);
        let Some(known) = known else {
            return Err(Error::usage(format!("`{provider}` is no provider of embeddings"))
                .hint("say `builtin`, `ollama:MODEL` or `openai:MODEL`"));
        };
        if known == EmbedderProvider::Builtin {
            return Ok(Self::of(&Embedder { provider: known, ..unset(config) }));
        }
        if model.is_empty() {
            return Err(Error::usage(format!("`{words}` names no model"))
                .hint(format!("for example `{provider}:bge-m3`")));
        }
        let url = if known == config.provider { config.url.clone() } else { String::new() };
        if known == EmbedderProvider::OpenAi && url.is_empty() {
            return Err(Error::usage("the configuration does not say where that server is")
                .hint("set `embedder.provider`, `embedder.model` and `embedder.url` instead"));
        }
        Ok(Self::of(&Embedder { provider: known, model: model.to_owned(), url, ..unset(config) }))
    }

    /// The configuration with this model in the place of its own.
    ///
    /// The key belongs to the configured server and is sent to no other.
    pub fn apply(&self, config: &Embedder) -> Embedder {
        let is_configured = self.provider == config.provider.name() && self.url == config.url;
        Embedder {
            provider: provider_of(&self.provider).unwrap_or(EmbedderProvider::None),
            model: self.model.clone(),
            url: self.url.clone(),
            dimensions: self.dimensions,
            query_prefix: self.query_prefix.clone(),
            document_prefix: self.document_prefix.clone(),
            api_key: if is_configured { config.api_key.clone() } else { Secret::Unset },
            ..config.clone()
        }
    }
}

/// `PROVIDER:MODEL`, or the provider alone.
impl std::fmt::Display for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.provider)?;
        if self.model.is_empty() { Ok(()) } else { write!(f, ":{}", self.model) }
    }
}

impl Choices {
    /// What the catalog keeps; a configuration that was edited since wins.
    pub async fn load(catalog: &Catalog, config: &Embedder) -> Result<Self> {
        let configured = Choice::of(config);
        let active = match read(catalog, ACTIVE).await? {
            Some(active) => active,
            // Catalogs of earlier versions know no other.
            None if catalog.active_model().is_some() => {
                Choice::of(&Embedder { provider: EmbedderProvider::Builtin, ..unset(config) })
            }
            None => configured.clone(),
        };
        let is_edited = read(catalog, CONFIGURED).await?.as_ref() != Some(&configured);
        let wanted = match read(catalog, WANTED).await? {
            Some(wanted) if !is_edited => wanted,
            _ => configured,
        };
        Ok(Self { active, wanted })
    }

    /// Keeps what is wanted from now on.
    pub async fn want(catalog: &Catalog, config: &Embedder, wanted: &Choice) -> Result<()> {
        write(catalog, WANTED, wanted).await?;
        write(catalog, CONFIGURED, &Choice::of(config)).await
    }

    /// Keeps that `self.wanted` has taken over.
    pub async fn took_over(&self, catalog: &Catalog) -> Result<()> {
        write(catalog, PREVIOUS, &self.active).await?;
        write(catalog, ACTIVE, &self.wanted).await
    }

    /// The model that was active before this one.
    pub async fn previous(catalog: &Catalog) -> Result<Option<Choice>> {
        read(catalog, PREVIOUS).await
    }

    /// Keeps which model is active when nothing did yet.
    pub async fn settle(&self, catalog: &Catalog, config: &Embedder) -> Result<()> {
        if read(catalog, ACTIVE).await?.is_none() {
            write(catalog, ACTIVE, &self.active).await?;
        }
        Self::want(catalog, config, &self.wanted).await
    }
}

fn provider_of(name: &str) -> Option<EmbedderProvider> {
    use EmbedderProvider::{Builtin, None, Ollama, OpenAi};
    [Builtin, Ollama, OpenAi, None].into_iter().find(|provider| provider.name() == name)
}

/// The configuration without what belongs to its own model.
fn unset(config: &Embedder) -> Embedder {
    Embedder {
        model: String::new(),
        url: String::new(),
        dimensions: None,
        query_prefix: None,
        document_prefix: None,
        ..config.clone()
    }
}

async fn read(catalog: &Catalog, name: &str) -> Result<Option<Choice>> {
    let text = catalog.setting(name).await?;
    // What cannot be read is as good as never written: the configuration decides.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

async fn write(catalog: &Catalog, name: &str, choice: &Choice) -> Result<()> {
    let text = serde_json::to_string(choice)
        .map_err(|error| Error::internal("a choice cannot be written").because(error))?;
    if catalog.setting(name).await?.as_deref() == Some(&text) {
        return Ok(());
    }
    catalog.keep_setting(name, &text).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn ollama() -> Embedder {
        Embedder {
            provider: EmbedderProvider::Ollama,
            model: "bge-m3".into(),
            url: "http://gpu:11434".into(),
            api_key: Secret::Value("sesame".into()),
            ..Config::default().embedder
        }
    }

    #[test]
    fn a_model_is_named_by_its_provider() {
        let choice = Choice::parse("ollama:qwen3-embedding:0.6b", &ollama()).unwrap();
        assert_eq!(choice.to_string(), "ollama:qwen3-embedding:0.6b");
        assert_eq!(choice.apply(&ollama()).url, "http://gpu:11434");
        assert_eq!(Choice::parse("builtin", &ollama()).unwrap().to_string(), "builtin");
        for wrong in ["", "none", "ollama", "ollama:", "gpt:4", "openai:x"] {
            assert!(Choice::parse(wrong, &ollama()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_sent_to_the_configured_server_only() {
        let config = ollama();
        let same = Choice::parse("ollama:other", &config).unwrap().apply(&config);
        assert_eq!(same.api_key, config.api_key);
        let builtin = Choice::parse("builtin", &config).unwrap().apply(&config);
        assert_eq!(builtin.api_key, Secret::Unset);
    }
}
