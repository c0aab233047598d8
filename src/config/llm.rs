//! The section of the model that answers questions: `[llm]`.

use std::time::Duration;

use super::parse::{choice, duration, integer, number, text};
use super::reader::Section;
use super::secret::Secret;
use super::servers::web_address;

/// `[llm]`: what answers questions.
#[derive(Debug, Clone, PartialEq)]
pub struct Llm {
    /// Who runs the model.
    pub provider: LlmProvider,
    /// The model's name at the provider.
    pub model: String,
    /// Where the server is; empty means the provider's usual address.
    pub url: String,
    /// What the server asks for.
    pub api_key: Secret,
    /// The window of the model in tokens; `None` means what the server says.
    pub context_tokens: Option<u32>,
    /// The longest answer, in tokens.
    pub max_output_tokens: u32,
    /// How freely the model chooses its words, from 0 to 2.
    pub temperature: f64,
    /// The longest that one answer may take.
    pub timeout: Duration,
    /// The longest that the server may say nothing, the time until the first word included.
    pub idle_timeout: Duration,
    /// How long Ollama keeps the model in memory, in its own notation, such as `5m`.
    pub keep_alive: String,
    /// What its tokens cost; `None` when nothing is said of it.
    pub prices: Option<Prices>,
}

/// What a model costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// A million tokens that it reads.
    pub prompt: f64,
    /// A million tokens that it writes.
    pub answer: f64,
    /// In which currency, such as `USD`.
    pub currency: String,
}

impl Prices {
    /// The price of so many tokens.
    pub fn of(&self, prompt_tokens: u64, answer_tokens: u64) -> f64 {
        (prompt_tokens as f64 * self.prompt + answer_tokens as f64 * self.answer) / 1e6
    }

    fn read(section: &mut Section<'_>) -> Option<Self> {
        let prices = Self {
            prompt: section.take("prompt_price", 0, number(0..=1_000_000)),
            answer: section.take("answer_price", 0, number(0..=1_000_000)),
            currency: section.take("currency", "USD", currency),
        };
        (prices.prompt > 0.0 || prices.answer > 0.0).then_some(prices)
    }
}

/// Who runs the model that answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LlmProvider {
    /// Nobody: questions are answered with passages alone.
    None,
    /// An Ollama server.
    Ollama,
    /// A server that speaks OpenAI's `/v1/chat/completions`.
    OpenAi,
    /// Anthropic's Messages.
    Anthropic,
}

impl LlmProvider {
    /// The word for it in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ollama => "ollama",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }
}

impl Llm {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        use LlmProvider::{Anthropic, Ollama, OpenAi};
        let providers = [LlmProvider::None, Ollama, OpenAi, Anthropic].map(|one| (one.name(), one));
        let tokens = |number: u32| (number > 0).then_some(number);
        let llm = Self {
            provider: section.take("provider", "none", choice(&providers)),
            model: section.take("model", "", text),
            url: section.take("url", "", web_address),
            api_key: section.secret("api_key", ""),
            context_tokens: tokens(section.take("context_tokens", 0, context_tokens)),
            max_output_tokens: section.take("max_output_tokens", 1_024, integer(16..=131_072)),
            temperature: section.take("temperature", 0.2, number(0..=2)),
            timeout: section.take("timeout_s", 300, duration(0.1..=3_600.0)),
            idle_timeout: section.take("idle_timeout_s", 120, duration(0.1..=3_600.0)),
            keep_alive: section.take("keep_alive", "5m", text),
            prices: Prices::read(section),
        };
        llm.check(section);
        llm
    }

    fn check(&self, section: &mut Section<'_>) {
        use LlmProvider::{Anthropic, OpenAi};
        if self.provider != LlmProvider::None && self.model.is_empty() {
            section.reject_missing("model", "provider", "must name the model that answers");
        }
        if self.provider == OpenAi && self.url.is_empty() {
            section.reject_missing(
                "url",
                "provider",
                "must say where the server is, such as `http://gpu:8000/v1`",
            );
        }
        if self.provider == Anthropic && self.api_key == Secret::Unset {
            section.reject_missing("api_key", "provider", "must be set, or `api_key_file`");
        }
        if self.context_tokens.is_some_and(|window| window <= self.max_output_tokens) {
            section.reject("max_output_tokens", "must be less than `llm.context_tokens`");
        }
    }
}

/// A currency by its code of ISO 4217.
fn currency(value: &super::value::Value) -> Result<String, String> {
    let code = text(value)?;
    match code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) {
        true => Ok(code),
        false => Err("must be three capital letters, such as `USD`".to_owned()),
    }
}

/// 0, or a window in which a question and an answer have room.
fn context_tokens(value: &super::value::Value) -> Result<u32, String> {
    match integer(0..=10_000_000)(value)? {
        1..512 => Err("must be at least 512, or 0 for what the server says".to_owned()),
        tokens => Ok(tokens),
    }
}
