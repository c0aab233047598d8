//! Texts that are too long for a server: nothing is lost, whatever the server does with them.

use std::sync::Arc;

use ragterm::config;
use ragterm::embed::{self, Embedder, Purpose};

use super::{config_for, connected, texts};
use crate::fakes::{self, Behaviour, Fake, OnLong};

const END: &str = "Quantum computers need error correction to factor large numbers. ";

/// A text of about so many words whose last part is about something else.
fn long(words: usize) -> String {
    let filler = "the harbour was quiet and the boats lay still on water ";
    format!("{}{}", filler.repeat(words * 2 / 3 / 11), END.repeat(words / 3 / 9))
}

async fn one(embedder: &Arc<dyn Embedder>, text: &str) -> Vec<f32> {
    embedder.embed(vec![text.to_owned()], Purpose::Document).await.unwrap().pop().unwrap()
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

/// What the text's vector is where a text that is too long is always refused.
async fn expected(limit: usize, text: &str) -> Vec<f32> {
    let [fake, _] = limited(limit, OnLong::Refuse);
    one(&connected(&fake).await, text).await
}

/// How near the text is to its end.
async fn end_counts(embedder: &Arc<dyn Embedder>, text: &str) -> f32 {
    cosine(&one(embedder, text).await, &one(embedder, END).await)
}

fn limited(limit: usize, on_long: OnLong) -> [Fake; 2] {
    let behaviour = Behaviour { limit, on_long, context: 8_192, ..Behaviour::default() };
    [fakes::ollama::start_with(behaviour.clone()), fakes::openai::start_with(behaviour)]
}

#[tokio::test]
async fn a_text_that_is_refused_is_divided_and_the_limit_is_learnt() {
    for fake in limited(300, OnLong::Refuse) {
        let embedder = connected(&fake).await;
        let mut all = texts(9);
        all[4] = long(900);
        let vectors = embedder.embed(all.clone(), Purpose::Document).await.unwrap();
        assert_eq!(vectors.len(), 9);
        assert!(end_counts(&embedder, &all[4]).await > 0.3);
        for n in [0, 3, 8] {
            let alone = one(&embedder, &all[n]).await;
            assert!(cosine(&alone, &vectors[n]) > 0.999, "{n}");
        }
        assert_eq!(embedder.counts().divided, 2);
        fake.forget();
        one(&embedder, &all[4]).await;
        // One request with the parts, none that is refused.
        assert_eq!(fake.embeddings().len(), 1);
        assert!(fake.texts().len() >= 3);
    }
}

#[tokio::test]
async fn a_text_that_is_cut_silently_is_noticed_and_divided() {
    for fake in limited(256, OnLong::Cut) {
        let embedder = connected(&fake).await;
        let text = long(1_600);
        let (got, expected) = (one(&embedder, &text).await, expected(256, &text).await);
        assert!(cosine(&got, &expected) > 0.98, "{}", cosine(&got, &expected));
        assert_eq!(embedder.counts().divided, 1);
        // From now on before it is sent.
        fake.forget();
        one(&embedder, &text).await;
        assert!(fake.texts().iter().all(|part| part.split_whitespace().count() <= 256));
    }
}

#[tokio::test]
async fn a_text_that_is_cut_silently_among_others_is_noticed() {
    for fake in limited(128, OnLong::Cut) {
        let embedder = connected(&fake).await;
        let all = vec![long(700), "short".into(), long(800), long(750)];
        let vectors = embedder.embed(all.clone(), Purpose::Document).await.unwrap();
        for n in [0, 2, 3] {
            let expected = expected(128, &all[n]).await;
            assert!(cosine(&vectors[n], &expected) > 0.98, "{n}");
        }
        assert_eq!(embedder.counts().divided, 3);
    }
}

#[tokio::test]
async fn texts_that_fit_are_sent_once_in_one_request() {
    for fake in limited(8_192, OnLong::Refuse) {
        let embedder = connected(&fake).await;
        fake.forget();
        embedder.embed(texts(32), Purpose::Document).await.unwrap();
        assert_eq!(fake.embeddings().len(), 1);
        assert_eq!(fake.texts().len(), 32);
    }
}

#[tokio::test]
async fn few_tokens_for_many_letters_are_checked_once() {
    // Long words are one token in 8 letters here, which is fewer than estimated.
    let fake = fakes::ollama::start();
    let embedder = connected(&fake).await;
    let dense: Vec<String> =
        (0..8).map(|n| format!("{n} {}", "한국어문서는길다 ".repeat(40))).collect();
    embedder.embed(dense.clone(), Purpose::Document).await.unwrap();
    fake.forget();
    embedder.embed(dense, Purpose::Document).await.unwrap();
    assert_eq!(fake.embeddings().len(), 1);
    assert_eq!(embedder.counts().divided, 0);
}

#[tokio::test]
async fn a_request_with_too_many_texts_becomes_smaller_ones() {
    let behaviour = Behaviour { most_texts: 5, ..Behaviour::default() };
    let fake = fakes::openai::start_with(behaviour);
    let embedder = connected(&fake).await;
    let vectors = embedder.embed(texts(32), Purpose::Document).await.unwrap();
    assert_eq!(vectors.len(), 32);
    fake.forget();
    embedder.embed(texts(32), Purpose::Document).await.unwrap();
    assert!(fake.embeddings().iter().all(|request| request.texts.len() <= 5));
    assert_eq!(embedder.counts().divided, 0);
}

#[tokio::test]
async fn a_configured_batch_is_what_the_server_gets() {
    let fake = fakes::ollama::start();
    let config = config::Embedder { batch: Some(4), ..config_for(&fake) };
    let embedder = embed::connect(&config).await.unwrap().unwrap();
    assert_eq!(embedder.pace().batch, 4);
    embedder.embed(texts(10), Purpose::Document).await.unwrap();
    assert!(fake.embeddings().iter().all(|request| request.texts.len() <= 4));
}
