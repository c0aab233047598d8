//! The sections of the back-ends: `[catalog]`, `[embedder]` and `[store]`.

use std::time::Duration;

use super::parse::{boolean, bytes, choice, duration, integer, text};
use super::reader::Section;
use super::secret::Secret;

const MIB: u64 = 1024 * 1024;

/// What a text key says when the right value follows from something else.
const AUTO: &str = "auto";

/// `[catalog]`: where the truth is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// The database.
    pub url: CatalogUrl,
}

/// A database for the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogUrl {
    /// SQLite in the data directory.
    Sqlite,
    /// A PostgreSQL server; the URL may hold a password.
    Postgres(Secret),
}

/// `[embedder]`: what turns text into vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedder {
    /// Who computes the vectors.
    pub provider: EmbedderProvider,
    /// The model's name at the provider; empty for the built-in one.
    pub model: String,
    /// Where the server is; empty means the provider's usual address on this machine.
    pub url: String,
    /// What the server asks for.
    pub api_key: Secret,
    /// Components of a vector; `None` means as many as the model has.
    pub dimensions: Option<usize>,
    /// Texts sent in one request; `None` means what suits the provider.
    pub batch: Option<usize>,
    /// Requests at the same time.
    pub concurrency: usize,
    /// What is put before a question; `None` means what the model is known to need.
    pub query_prefix: Option<String>,
    /// What is put before a passage; `None` means what the model is known to need.
    pub document_prefix: Option<String>,
    /// The longest that one request may take.
    pub timeout: Duration,
    /// How long Ollama keeps the model in memory, in its own notation, such as `5m`.
    pub keep_alive: String,
    /// Vectors of texts that are in no document any more are kept up to so many bytes.
    pub cache_bytes: u64,
}

/// Who computes vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbedderProvider {
    /// The model inside the binary; reads English only.
    Builtin,
    /// An Ollama server.
    Ollama,
    /// A server that speaks OpenAI's `/v1/embeddings`.
    OpenAi,
    /// Nobody: keyword search alone.
    None,
}

/// `[store]`: where the vectors are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The vector store.
    pub backend: StoreBackend,
    /// Where the server is; empty means the back-end's usual address on this machine.
    pub url: String,
    /// What the server asks for; for Milvus a token or `user:password`.
    pub api_key: Secret,
    /// What the names of collections begin with.
    pub collection: String,
    /// Whether the server keeps full vectors on disk instead of in memory.
    pub on_disk: bool,
    /// Whether the server keeps small codes of the vectors in memory.
    pub quantization: Quantization,
    /// The longest that one request may take.
    pub timeout: Duration,
}

/// A vector store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreBackend {
    /// Inside the daemon, kept in the catalog's database.
    Embedded,
    /// A Qdrant server.
    Qdrant,
    /// A Milvus server.
    Milvus,
}

/// How a server shortens vectors to search them faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantization {
    /// Not at all.
    None,
    /// One byte a component.
    Scalar,
}

impl EmbedderProvider {
    /// The word for it in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Ollama => "ollama",
            Self::OpenAi => "openai",
            Self::None => "none",
        }
    }
}

impl StoreBackend {
    /// The back-end that a word of the configuration means.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Embedded, Self::Qdrant, Self::Milvus].into_iter().find(|one| one.name() == name)
    }

    /// The word for it in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Qdrant => "qdrant",
            Self::Milvus => "milvus",
        }
    }
}

impl Catalog {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let url = section.secret("url", "sqlite");
        let url = match &url {
            Secret::Value(url) if url == "sqlite" => CatalogUrl::Sqlite,
            Secret::Value(other)
                if !["postgres://", "postgresql://"].iter().any(|s| other.starts_with(s)) =>
            {
                section.reject("url", "must be `sqlite` or begin with `postgres://`");
                CatalogUrl::Sqlite
            }
            _ => CatalogUrl::Postgres(url),
        };
        Self { url }
    }
}

impl Embedder {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let providers = [
            ("builtin", EmbedderProvider::Builtin),
            ("ollama", EmbedderProvider::Ollama),
            ("openai", EmbedderProvider::OpenAi),
            ("none", EmbedderProvider::None),
        ];
        let number = |number: u32| (number > 0).then_some(number as usize);
        let prefix = |text: String| (text != AUTO).then_some(text);
        let embedder = Self {
            provider: section.take("provider", "builtin", choice(&providers)),
            model: section.take("model", "", text),
            url: section.take("url", "", web_address),
            api_key: section.secret("api_key", ""),
            dimensions: number(section.take("dimensions", 0, integer(0..=65_536))),
            batch: number(section.take("batch", 0, integer(0..=2_048))),
            concurrency: section.take("concurrency", 2, integer(1..=64)) as usize,
            query_prefix: prefix(section.take("query_prefix", AUTO, text)),
            document_prefix: prefix(section.take("document_prefix", AUTO, text)),
            timeout: section.take("timeout_s", 120, duration(0.1..=3_600.0)),
            keep_alive: section.take("keep_alive", "5m", text),
            cache_bytes: section.take("cache_bytes", "1GB", bytes(0..=1024 * 1024 * MIB)),
        };
        let needs_model =
            matches!(embedder.provider, EmbedderProvider::Ollama | EmbedderProvider::OpenAi);
        if needs_model && embedder.model.is_empty() {
            section.reject_missing("model", "provider", "must name the model that the server runs");
        }
        if embedder.provider == EmbedderProvider::OpenAi && embedder.url.is_empty() {
            section.reject_missing(
                "url",
                "provider",
                "must say where the server is, such as `http://gpu:8000/v1`",
            );
        }
        embedder
    }
}

impl Store {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let backends = [
            ("embedded", StoreBackend::Embedded),
            ("qdrant", StoreBackend::Qdrant),
            ("milvus", StoreBackend::Milvus),
        ];
        let codes = [("none", Quantization::None), ("scalar", Quantization::Scalar)];
        Self {
            backend: section.take("backend", "embedded", choice(&backends)),
            url: section.take("url", "", web_address),
            api_key: section.secret("api_key", ""),
            collection: section.take("collection", "ragterm", collection_name),
            on_disk: section.take("on_disk", false, boolean),
            quantization: section.take("quantization", "none", choice(&codes)),
            timeout: section.take("timeout_s", 30, duration(0.1..=3_600.0)),
        }
    }
}

/// An address that begins with `http://` or `https://`, without its last `/`; or nothing.
pub(super) fn web_address(value: &super::value::Value) -> Result<String, String> {
    check_web_address(&text(value)?)
}

/// The same for an address that a command names.
pub fn check_web_address(address: &str) -> Result<String, String> {
    let address = address.trim().trim_end_matches('/');
    let is_web = ["http://", "https://"].iter().any(|scheme| {
        address.strip_prefix(scheme).is_some_and(|host| !host.is_empty() && !host.contains('@'))
    });
    if address.is_empty() || is_web {
        return Ok(address.to_owned());
    }
    Err("must begin with `http://` or `https://` and hold no password; \
         a password belongs into `api_key`"
        .to_owned())
}

/// What every vector store takes as the beginning of a collection's name.
fn collection_name(value: &super::value::Value) -> Result<String, String> {
    let name = text(value)?;
    let begins_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if begins_well && name.len() <= 64 && name.chars().all(allowed) {
        return Ok(name);
    }
    Err("must be 1 to 64 ASCII letters, digits and `_`, beginning with a letter".to_owned())
}
