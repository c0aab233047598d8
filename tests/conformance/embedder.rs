//! What every `Embedder` promises: the built-in one, Ollama, and OpenAI's kind of servers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ragterm::config::{self, EmbedderProvider};
use ragterm::embed::{self, Embedder, Purpose};

use crate::embedders::{configured, model_of};
use crate::fakes::{self, Behind};
use crate::support::skipped;

type Shared = Arc<dyn Embedder>;

#[tokio::test]
async fn the_built_in_embedder_conforms() {
    let config = configured(EmbedderProvider::Builtin, "");
    conforms(&config).await;
}

#[tokio::test]
async fn ollama_conforms() {
    let fake = fakes::ollama::start();
    conforms(&configured(EmbedderProvider::Ollama, &fake.url)).await;
}

#[tokio::test]
async fn servers_like_openai_conform() {
    let fake = fakes::openai::start();
    conforms(&configured(EmbedderProvider::OpenAi, &fake.url)).await;
}

#[tokio::test]
async fn a_real_ollama_conforms() {
    conforms_if_there("OLLAMA", EmbedderProvider::Ollama).await;
}

#[tokio::test]
async fn a_real_server_like_openai_conforms() {
    conforms_if_there("OPENAI", EmbedderProvider::OpenAi).await;
}

#[tokio::test]
async fn ollama_with_the_vectors_of_a_real_server_conforms() {
    let Some(behind) = Behind::named() else {
        return skipped("RAGTERM_TEST_OPENAI_URL names no server to stand behind Ollama's API");
    };
    let fake = fakes::ollama::in_front_of(behind);
    conforms(&real("all-minilm", configured(EmbedderProvider::Ollama, &fake.url))).await;
}

/// A server that computes, beside other tests.
fn real(model: &str, config: config::Embedder) -> config::Embedder {
    config::Embedder { model: model.into(), timeout: Duration::from_secs(180), ..config }
}

/// Runs the suite against `RAGTERM_TEST_…_URL` with `RAGTERM_TEST_…_MODEL`.
async fn conforms_if_there(name: &str, provider: EmbedderProvider) {
    let variable = format!("RAGTERM_TEST_{name}_URL");
    let Ok(url) = std::env::var(&variable) else {
        return skipped(&format!("{variable} is not set"));
    };
    let model = std::env::var(format!("RAGTERM_TEST_{name}_MODEL"));
    let model = model.unwrap_or_else(|_| model_of(provider).into());
    conforms(&real(&model, configured(provider, &url))).await;
}

async fn conforms(config: &config::Embedder) {
    let embedder = embed::connect(config).await.unwrap().unwrap();
    the_identity_is_stable_and_complete(&embedder, config).await;
    vectors_are_complete_in_order_and_of_length_1(&embedder).await;
    odd_texts_get_vectors(&embedder).await;
    similar_texts_are_nearer_than_unrelated_ones(&embedder).await;
    the_end_of_a_long_text_counts(&embedder).await;
    callers_in_parallel_get_their_own_vectors(&embedder).await;
    a_dropped_call_leaves_it_usable(&embedder).await;
}

async fn documents(embedder: &Shared, texts: &[String]) -> Vec<Vec<f32>> {
    embedder.embed(texts.to_vec(), Purpose::Document).await.unwrap()
}

async fn document(embedder: &Shared, text: &str) -> Vec<f32> {
    documents(embedder, &[text.to_owned()]).await.pop().unwrap()
}

/// A question waits for no busy server, so it is put again while other tests keep it busy.
async fn question(embedder: &Shared, text: &str) -> Vec<f32> {
    let begin = Instant::now();
    loop {
        match embedder.embed(vec![text.into()], Purpose::Query).await {
            Ok(mut vectors) => return vectors.pop().unwrap(),
            Err(error) => assert!(begin.elapsed() < Duration::from_secs(180), "{error}"),
        }
    }
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

async fn the_identity_is_stable_and_complete(embedder: &Shared, config: &config::Embedder) {
    let identity = embedder.identity();
    assert!(!identity.name.is_empty() && identity.dimensions > 0, "{identity:?}");
    assert_eq!(identity.fingerprint.len(), 32);
    assert_eq!(identity.provider, config.provider.name());
    let again = embed::connect(config).await.unwrap().unwrap();
    assert_eq!(again.identity(), identity);
    assert!(embedder.pace().batch > 0 && embedder.pace().concurrency > 0);
    assert!(embedder.reads("How do I reach the office network?"));
}

async fn vectors_are_complete_in_order_and_of_length_1(embedder: &Shared) {
    assert!(documents(embedder, &[]).await.is_empty());
    let words = ["harbour", "turbine", "vacation", "password", "invoice", "kitten", "glacier"];
    let count = embedder.pace().batch + 3;
    let texts: Vec<String> =
        (0..count).map(|n| format!("item {n} about a {}", words[n % words.len()])).collect();
    let vectors = documents(embedder, &texts).await;
    assert_eq!(vectors.len(), count);
    for (text, vector) in texts.iter().zip(&vectors) {
        assert_eq!(vector.len(), embedder.identity().dimensions, "{text}");
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-4, "{text}");
    }
    for n in [0, count / 2, count - 1] {
        let alone = document(embedder, &texts[n]).await;
        assert!(cosine(&alone, &vectors[n]) > 0.999, "{}", texts[n]);
    }
}

async fn odd_texts_get_vectors(embedder: &Shared) {
    let odd = ["", " ", "\n\t", "\u{7}\u{1b}[31m", "🎉👩‍💻", "\u{202e}reversed", "?!", "한국어 문서"];
    for text in odd {
        let vector = document(embedder, text).await;
        assert!(vector.iter().all(|value| value.is_finite()), "{text:?}");
        assert_eq!(vector.len(), embedder.identity().dimensions, "{text:?}");
    }
}

async fn similar_texts_are_nearer_than_unrelated_ones(embedder: &Shared) {
    let pairs = [
        ("How do I change my password?", "To change the password, open the account settings."),
        ("Vacation days per year", "Employees have 30 vacation days in a year."),
        ("The turbine makes too much noise", "Noise of the turbine and how to damp it"),
    ];
    for (n, (query, _)) in pairs.iter().enumerate() {
        let query = question(embedder, query).await;
        let mut scores = Vec::new();
        for (_, passage) in &pairs {
            scores.push(cosine(&query, &document(embedder, passage).await));
        }
        let best = (0..pairs.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap();
        assert_eq!(best, n, "{scores:?}");
    }
}

async fn the_end_of_a_long_text_counts(embedder: &Shared) {
    let before = embedder.counts();
    let filler = "The harbour was quiet and the boats lay still on the water. ".repeat(300);
    let special = "Quantum computers need error correction to factor large numbers. ";
    let with_end = format!("{filler}{}", special.repeat(150));
    let (without, with) = (document(embedder, &filler).await, document(embedder, &with_end).await);
    let special = document(embedder, special).await;
    let (without, with) = (cosine(&without, &special), cosine(&with, &special));
    assert!(with > without + 0.1, "{with} {without}");
    let counts = embedder.counts();
    assert_eq!(counts.cut, before.cut, "something was cut");
    // A model with a long context may take it whole.
    let context = embedder.identity().max_tokens;
    assert!(counts.divided >= before.divided + 2 || context > 3_000, "{counts:?}");
}

async fn callers_in_parallel_get_their_own_vectors(embedder: &Shared) {
    let texts = ["a text about a glacier", "another text about an invoice"];
    let alone = [document(embedder, texts[0]).await, document(embedder, texts[1]).await];
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..8 {
        let embedder = Arc::clone(embedder);
        callers.spawn(async move { (caller % 2, document(&embedder, texts[caller % 2]).await) });
    }
    while let Some(done) = callers.join_next().await {
        let (which, vector) = done.unwrap();
        assert!(cosine(&alone[which], &vector) > 0.999);
    }
}

async fn a_dropped_call_leaves_it_usable(embedder: &Shared) {
    let texts = vec!["a text that nobody waits for ".repeat(40); 200];
    let call = tokio::spawn({
        let embedder = Arc::clone(embedder);
        async move { embedder.embed(texts, Purpose::Document).await }
    });
    tokio::task::yield_now().await;
    call.abort();
    // It may have been done already.
    let _aborted = call.await;
    document(embedder, "still here").await;
}
