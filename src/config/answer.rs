//! `[answer]` and `[[pipelines]]`: how questions are answered, and how each space differs.

use std::collections::HashSet;

use super::parse::{boolean, extensions, fraction, globs, integer, text};
use super::reader::Section;
use super::sections::{Search, Weights};
use super::sources::unique_name;
use super::value::Value;

/// The pipeline of spaces that name none: what `[search]` and `[answer]` say.
pub const DEFAULT_PIPELINE: &str = "default";

/// What the model is told besides the rules, in characters at the most.
const MAX_PROMPT: usize = 8_000;

/// `[answer]`: what holds for every question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Whether an answer is kept in memory for the same question over the same documents.
    pub cache: bool,
    /// Days for which questions and answers are kept; 0 keeps none.
    pub history_days: u32,
    /// The steps of spaces that name no other ones.
    pub pipeline: Pipeline,
}

/// The steps from a question to its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// Unique among the pipelines.
    pub name: String,
    /// Whether a follow-up question is rewritten into one that stands alone.
    pub rewrite: bool,
    /// Passages given to the model at the most.
    pub passages: u32,
    /// How much each of the two searches counts.
    pub weights: Weights,
    /// Passages that each of the two searches contributes to the fusion, at the least.
    pub candidates: u32,
    /// Only documents of these types; empty means all.
    pub types: Vec<String>,
    /// Only paths that match one of these patterns; empty means all.
    pub paths: Vec<String>,
    /// Whether a server orders the passages anew; `search.rerank_url` must name one.
    pub rerank: bool,
    /// Whether a model answers; else the passages are the answer.
    pub generate: bool,
    /// What the model is told besides the rules.
    pub prompt: String,
    /// The language of answers; empty means that of the question.
    pub language: String,
    /// Whether sentences without a source are pointed out.
    pub require_citations: bool,
}

impl Answer {
    pub(super) fn read(section: &mut Section<'_>, search: &Search) -> Self {
        let defaults = Pipeline::of(search);
        Self {
            cache: section.take("cache", false, boolean),
            history_days: section.take("history_days", 90, integer(0..=3_650)),
            pipeline: Pipeline {
                rewrite: section.take("rewrite", defaults.rewrite, boolean),
                passages: section.take("passages", i64::from(defaults.passages), integer(1..=64)),
                generate: section.take("generate", defaults.generate, boolean),
                prompt: section.take("prompt", "", prompt),
                language: section.take("language", "", language),
                require_citations: section.take("require_citations", false, boolean),
                ..defaults
            },
        }
    }
}

impl Pipeline {
    fn of(search: &Search) -> Self {
        Self {
            name: DEFAULT_PIPELINE.to_owned(),
            rewrite: true,
            passages: 8,
            weights: search.weights,
            candidates: search.candidates,
            types: Vec::new(),
            paths: Vec::new(),
            rerank: search.reranker.is_some(),
            generate: true,
            prompt: String::new(),
            language: String::new(),
            require_citations: false,
        }
    }

    fn read(section: &mut Section<'_>, name: Option<String>, default: &Self) -> Option<Self> {
        const NONE: &[&str] = &[];
        let weights = default.weights;
        let pipeline = Self {
            name: String::new(),
            rewrite: section.take("rewrite", default.rewrite, boolean),
            passages: section.take("passages", i64::from(default.passages), integer(1..=64)),
            weights: section.inside("weights", |section| {
                let keyword = section.take("keyword", weights.keyword, fraction);
                let dense = section.take("dense", weights.dense, fraction);
                if keyword + dense <= 0.0 {
                    section.reject("dense", "must not be 0 together with `keyword`");
                }
                Weights { keyword, dense }
            }),
            candidates: section.take(
                "candidates",
                i64::from(default.candidates),
                integer(1..=10_000),
            ),
            types: section.take("types", NONE, extensions),
            paths: section.take("paths", NONE, globs),
            rerank: section.take("rerank", default.rerank, boolean),
            generate: section.take("generate", default.generate, boolean),
            prompt: section.take("prompt", default.prompt.as_str(), prompt),
            language: section.take("language", default.language.as_str(), language),
            require_citations: section.take(
                "require_citations",
                default.require_citations,
                boolean,
            ),
        };
        if pipeline.rerank && !default.rerank {
            section.reject("rerank", "needs a server in `search.rerank_url`");
        }
        name.map(|name| Self { name, ..pipeline })
    }
}

/// All `[[pipelines]]`; what one leaves out is as in `default`.
pub(super) fn read_pipelines(root: &mut Section<'_>, default: &Pipeline) -> Vec<Pipeline> {
    let mut names = HashSet::from([DEFAULT_PIPELINE.to_owned()]);
    root.each("pipelines", |section| {
        let name = unique_name(section, &mut names);
        Pipeline::read(section, name, default)
    })
}

fn prompt(value: &Value) -> Result<String, String> {
    let prompt = text(value)?;
    match prompt.chars().count() {
        0..=MAX_PROMPT => Ok(prompt),
        length => Err(format!("has {length} characters; at most {MAX_PROMPT} are sent")),
    }
}

fn language(value: &Value) -> Result<String, String> {
    let language = text(value)?;
    let is_word = |c: char| c.is_alphabetic() || matches!(c, ' ' | '-');
    match language.chars().count() <= 40 && language.chars().all(is_word) {
        true => Ok(language),
        false => Err(format!("`{language}` is no name of a language, such as \"Korean\"")),
    }
}
