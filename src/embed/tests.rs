//! What the built-in embedder promises, checked on the real model.

use std::time::Duration;

use serde::Deserialize;

use super::{BuiltinEmbedder, Counts, Embedder, Purpose};

const REFERENCE: &str = include_str!("../../assets/minilm/reference.json");

#[derive(Deserialize)]
struct Sample {
    text: String,
    vector: Vec<f32>,
}

async fn embed(embedder: &BuiltinEmbedder, texts: &[&str]) -> Vec<Vec<f32>> {
    let texts = texts.iter().map(ToString::to_string).collect();
    embedder.embed(texts, Purpose::Document).await.unwrap()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[tokio::test]
async fn vectors_agree_with_the_published_model_in_full_precision() {
    let samples: Vec<Sample> = serde_json::from_str(REFERENCE).unwrap();
    assert_eq!(samples.len(), 8);
    let texts: Vec<&str> = samples.iter().map(|sample| sample.text.as_str()).collect();
    for (sample, vector) in samples.iter().zip(embed(&BuiltinEmbedder::new(), &texts).await) {
        let cosine = cosine(&sample.vector, &vector);
        assert!(cosine >= 0.99, "{cosine} for {}", sample.text);
    }
}

#[tokio::test]
async fn vectors_have_unit_length_and_the_stated_dimensions() {
    let embedder = BuiltinEmbedder::new();
    for vector in embed(&embedder, &["one", "", "two words", &"long ".repeat(900)]).await {
        assert_eq!(vector.len(), embedder.identity().dimensions);
        assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-5);
        assert!((vector.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-5);
    }
}

#[tokio::test]
async fn similar_sentences_are_nearer_than_unrelated_ones() {
    let pairs = [
        ("How can I change my password?", "Resetting your login credentials"),
        ("The server does not start", "The daemon fails at boot"),
        ("vacation days per year", "Employees have 30 days of paid leave annually"),
        ("A cat sleeps on the sofa", "The kitten is napping on the couch"),
    ];
    let embedder = BuiltinEmbedder::new();
    let left = embed(&embedder, &pairs.map(|pair| pair.0)).await;
    let right = embed(&embedder, &pairs.map(|pair| pair.1)).await;
    for (i, one) in left.iter().enumerate() {
        for (j, other) in right.iter().enumerate().filter(|(j, _)| *j != i) {
            let (same, unrelated) = (cosine(one, &right[i]), cosine(one, other));
            assert!(same > unrelated + 0.1, "{i} {j}: {same} {unrelated}");
        }
    }
}

#[tokio::test]
async fn a_vector_depends_on_its_text_alone() {
    let embedder = BuiltinEmbedder::new();
    let long = "An unrelated and much longer text about the weather in the mountains. ".repeat(12);
    let alone = embed(&embedder, &["short text"]).await;
    let among = embed(&embedder, &[&long, "short text", "", &long, "other"]).await;
    assert_eq!(alone[0], among[1]);
    let query = embedder.embed(vec!["short text".into()], Purpose::Query).await.unwrap();
    assert_eq!(alone[0], query[0]);
}

#[tokio::test]
async fn vectors_come_in_the_order_of_the_texts() {
    let embedder = BuiltinEmbedder::new();
    let texts: Vec<String> = (0..40).map(|n| format!("item {n} {}", "word ".repeat(n))).collect();
    let together = embedder.embed(texts.clone(), Purpose::Document).await.unwrap();
    for (text, vector) in texts.iter().zip(&together).step_by(7) {
        assert_eq!(&embed(&embedder, &[text]).await[0], vector, "{text}");
    }
}

#[tokio::test]
async fn the_end_of_a_long_text_counts() {
    let filler = "The harbour was quiet and the boats lay still on the water. ".repeat(30);
    let special = "Quantum computers need error correction to factor large numbers.";
    let with_end = format!("{filler}{}", special.repeat(8));
    let embedder = BuiltinEmbedder::new();
    let vectors = embed(&embedder, &[&filler, &with_end, special]).await;
    let without = cosine(&vectors[0], &vectors[2]);
    let with = cosine(&vectors[1], &vectors[2]);
    assert!(with > without + 0.15, "{with} {without}");
    assert_eq!(embedder.counts(), Counts { divided: 2, cut: 0, retried: 0 });
}

#[tokio::test]
async fn a_text_without_an_end_is_cut_and_counted() {
    let embedder = BuiltinEmbedder::new();
    let texts = vec!["many words ".repeat(100_000), "x".repeat(1_000_000), " ".repeat(1_000_000)];
    let vectors = embedder.embed(texts, Purpose::Query).await.unwrap();
    assert_eq!(vectors.len(), 3);
    assert_eq!(embedder.counts(), Counts { divided: 1, cut: 1, retried: 0 });
}

#[tokio::test]
async fn odd_texts_get_vectors_too() {
    let odd = ["", " ", "\0\u{7}\u{1b}[31m", "🎉👩‍💻", "\u{202e}reversed", "?!", "한국어", "[SEP]"];
    for vector in embed(&BuiltinEmbedder::new(), &odd).await {
        assert!(vector.iter().all(|value| value.is_finite()));
    }
    assert!(embed(&BuiltinEmbedder::new(), &[]).await.is_empty());
}

#[tokio::test]
async fn a_prepared_model_is_there_before_the_first_text() {
    let embedder = BuiltinEmbedder::new();
    embedder.prepare();
    let is_loaded = async {
        // What is loaded can be released.
        while !embedder.release_if_idle(Duration::ZERO) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), is_loaded).await.unwrap();
}

#[tokio::test]
async fn a_released_model_loads_again_and_gives_the_same_vectors() {
    let embedder = BuiltinEmbedder::new();
    assert!(!embedder.release_if_idle(Duration::ZERO), "nothing is loaded before the first text");
    let before = embed(&embedder, &["the same text"]).await;
    assert!(!embedder.release_if_idle(Duration::from_secs(3600)));
    assert!(embedder.release_if_idle(Duration::ZERO));
    assert!(!embedder.release_if_idle(Duration::ZERO));
    assert_eq!(embed(&embedder, &["the same text"]).await, before);
}

#[tokio::test]
async fn callers_in_parallel_get_their_own_vectors() {
    let embedder = BuiltinEmbedder::new();
    let alone = embed(&embedder, &["text 3", "text 4"]).await;
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..16 {
        let embedder = embedder.clone();
        let purpose = if caller % 2 == 0 { Purpose::Query } else { Purpose::Document };
        let texts = vec![format!("text {}", 3 + caller % 2)];
        callers.spawn(async move { (caller % 2, embedder.embed(texts, purpose).await.unwrap()) });
    }
    while let Some(done) = callers.join_next().await {
        let (parity, vectors) = done.unwrap();
        assert_eq!(vectors[0], alone[parity]);
    }
}

#[tokio::test]
async fn a_dropped_call_leaves_the_embedder_usable() {
    let embedder = BuiltinEmbedder::new();
    let texts = vec!["a text that nobody waits for ".repeat(60); 500];
    let call = tokio::spawn({
        let embedder = embedder.clone();
        async move { embedder.embed(texts, Purpose::Document).await }
    });
    // One of its texts is being embedded: it has begun, and cannot be over.
    while embedder.counts().divided == 0 {
        assert!(!call.is_finished(), "no text was divided");
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_eq!(embed(&embedder, &["still here"]).await.len(), 1);
}

#[test]
fn the_identity_names_the_model_and_its_limits() {
    let embedder = BuiltinEmbedder::new();
    let identity = embedder.identity();
    assert_eq!((identity.provider.as_str(), identity.dimensions), ("builtin", 384));
    assert_eq!((identity.max_tokens, identity.fingerprint.len()), (256, 32));
}
