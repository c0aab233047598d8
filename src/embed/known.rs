//! What is known of models by their names: prefixes, limits and languages.

use super::Purpose;
use crate::config;

/// What a model needs and reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// Put before a question.
    pub(super) query_prefix: String,
    /// Put before a passage.
    pub(super) document_prefix: String,
    /// The longest text, in the model's tokens; 0 when it is not known.
    pub(super) max_tokens: usize,
    /// Whether it was trained on English alone.
    pub(super) english_only: bool,
}

/// A family of models, by what their names begin with.
struct Family {
    names: &'static [&'static str],
    query: &'static str,
    document: &'static str,
    max_tokens: usize,
    languages: Languages,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Languages {
    English,
    Many,
}

use Languages::{English, Many};

const REPRESENT: &str = "Represent this sentence for searching relevant passages: ";

const INSTRUCT: &str = "Instruct: Given a web search query, retrieve relevant passages that answer \
                        the query\nQuery:";

/// The first family whose name fits counts, so the narrower names come first.
const FAMILIES: &[Family] = &[
    family(&["nomic-embed-text-v2"], "search_query: ", "search_document: ", 512, Many),
    family(&["nomic-embed-text"], "search_query: ", "search_document: ", 8_192, English),
    family(&["bge-m3"], "", "", 8_192, Many),
    family(&["bge-multilingual-gemma2", "bge-large-zh", "bge-base-zh"], "", "", 512, Many),
    family(&["bge-large", "bge-base", "bge-small"], REPRESENT, "", 512, English),
    family(&["mxbai-embed-large"], REPRESENT, "", 512, English),
    family(
        &["embeddinggemma"],
        "task: search result | query: ",
        "title: none | text: ",
        2_048,
        Many,
    ),
    family(&["qwen3-embedding"], INSTRUCT, "", 32_768, Many),
    family(&["all-minilm"], "", "", 256, English),
    family(&["all-mpnet-base"], "", "", 384, English),
    family(&["snowflake-arctic-embed2"], "query: ", "", 8_192, Many),
    family(
        &["snowflake-arctic-embed-l-v2", "snowflake-arctic-embed-m-v2"],
        "query: ",
        "",
        8_192,
        Many,
    ),
    family(&["snowflake-arctic-embed"], REPRESENT, "", 512, English),
    family(&["multilingual-e5"], "query: ", "passage: ", 512, Many),
    family(&["e5-large-v2", "e5-base-v2", "e5-small-v2"], "query: ", "passage: ", 512, English),
    family(&["paraphrase-multilingual"], "", "", 512, Many),
    family(&["text-embedding-3", "text-embedding-ada"], "", "", 8_191, Many),
];

const fn family(
    names: &'static [&'static str],
    query: &'static str,
    document: &'static str,
    max_tokens: usize,
    languages: Languages,
) -> Family {
    Family { names, query, document, max_tokens, languages }
}

impl Known {
    /// What is known of the configured model; the configuration's own prefixes win.
    pub(super) fn of(config: &config::Embedder) -> Self {
        let mut known = Self::named(&config.model);
        if let Some(prefix) = &config.query_prefix {
            known.query_prefix.clone_from(prefix);
        }
        if let Some(prefix) = &config.document_prefix {
            known.document_prefix.clone_from(prefix);
        }
        known
    }

    /// What is known of a name such as `bge-m3:latest` or `BAAI/bge-m3`; a model that nobody
    /// knows needs nothing and reads everything.
    fn named(model: &str) -> Self {
        let bare = bare_name(model);
        let fits = |family: &&Family| family.names.iter().any(|name| bare.starts_with(name));
        let family = FAMILIES.iter().find(fits);
        Self {
            query_prefix: family.map_or("", |family| family.query).into(),
            document_prefix: family.map_or("", |family| family.document).into(),
            max_tokens: family.map_or(0, |family| family.max_tokens),
            english_only: family.is_some_and(|family| family.languages == English),
        }
    }

    /// What is put before a text.
    pub(super) fn prefix(&self, purpose: Purpose) -> &str {
        match purpose {
            Purpose::Query => &self.query_prefix,
            Purpose::Document => &self.document_prefix,
        }
    }
}

/// `nomic-ai/nomic-embed-text-v1.5-GGUF:Q8_0` as `nomic-embed-text-v1.5-gguf`.
fn bare_name(model: &str) -> String {
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.split([':', '@']).next().unwrap_or(name);
    name.to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_every_way_to_write_its_name() {
        for name in [
            "nomic-embed-text",
            "nomic-embed-text:v1.5",
            "nomic-embed-text:latest",
            "nomic-ai/nomic-embed-text-v1.5",
            "hf.co/nomic-ai/nomic-embed-text-v1.5-GGUF:Q8_0",
        ] {
            let known = Known::named(name);
            assert_eq!(known.query_prefix, "search_query: ", "{name}");
            assert_eq!(known.document_prefix, "search_document: ", "{name}");
            assert!(known.english_only, "{name}");
        }
        for name in ["bge-m3", "BAAI/bge-m3", "bge-m3:567m"] {
            let known = Known::named(name);
            assert_eq!((known.prefix(Purpose::Query), known.max_tokens), ("", 8_192), "{name}");
            assert!(!known.english_only, "{name}");
        }
    }

    #[test]
    fn the_models_that_people_use_are_known() {
        for (name, query, document, english_only) in [
            ("mxbai-embed-large", REPRESENT, "", true),
            ("embeddinggemma:300m", "task: search result | query: ", "title: none | text: ", false),
            ("Qwen/Qwen3-Embedding-0.6B", INSTRUCT, "", false),
            ("all-minilm:33m", "", "", true),
            ("sentence-transformers/all-MiniLM-L6-v2", "", "", true),
            ("snowflake-arctic-embed2", "query: ", "", false),
            ("Snowflake/snowflake-arctic-embed-l-v2.0", "query: ", "", false),
            ("snowflake-arctic-embed:335m", REPRESENT, "", true),
            ("nomic-ai/nomic-embed-text-v2-moe", "search_query: ", "search_document: ", false),
            ("intfloat/multilingual-e5-large", "query: ", "passage: ", false),
            ("BAAI/bge-large-en-v1.5", REPRESENT, "", true),
            ("text-embedding-3-small", "", "", false),
            ("a-model-of-tomorrow", "", "", false),
        ] {
            let known = Known::named(name);
            assert_eq!(
                (known.query_prefix.as_str(), known.document_prefix.as_str()),
                (query, document),
                "{name}"
            );
            assert_eq!(known.english_only, english_only, "{name}");
        }
    }
}
