//! Servers that are down, slow, wrong or busy: the error says so, and what can be is tried again.

use std::time::{Duration, Instant};

use ragterm::config::{self, EmbedderProvider, Secret};
use ragterm::embed::{self, Purpose};
use ragterm::error::{Error, ErrorKind};

use super::{config_for, configured, connected, texts};
use crate::fakes::{self, ALWAYS, Answers, Behaviour, Failure, Fake};

/// Both kinds of servers.
fn both() -> [Fake; 2] {
    [fakes::ollama::start(), fakes::openai::start()]
}

async fn failure(fake: &Fake, change: impl Fn(&mut Behaviour)) -> Error {
    let embedder = connected(fake).await;
    fake.set(change);
    embedder.embed(texts(3), Purpose::Document).await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_is_down_is_named_with_its_address_and_a_hint() {
    let url = format!("http://{}", fakes::free_address());
    for provider in [EmbedderProvider::Ollama, EmbedderProvider::OpenAi] {
        let error = embed::connect(&configured(provider, &url)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let words = error.with_next_step();
        assert!(words.contains(&url) && words.contains("is the server running"), "{words}");
    }
}

#[tokio::test]
async fn a_missing_model_is_not_found_and_the_hint_is_the_command() {
    let fake = fakes::ollama::start();
    let config = config::Embedder { model: "bge-m3".into(), ..config_for(&fake) };
    let error = embed::connect(&config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("has no model `bge-m3`"), "{error}");
    assert!(error.next_step().unwrap().contains("ollama pull bge-m3"));
    let fake = fakes::openai::start();
    let config = config::Embedder { model: "bge-m3".into(), ..config_for(&fake) };
    let error = embed::connect(&config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn a_model_that_goes_away_while_it_is_used_is_not_found() {
    for fake in both() {
        let error = failure(&fake, |behaviour| behaviour.models.clear()).await;
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
}

#[tokio::test]
async fn an_address_where_something_else_listens_is_a_wrong_set_up() {
    let openai = fakes::openai::start();
    let error = embed::connect(&configured(EmbedderProvider::Ollama, &openai.url)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("is not Ollama"), "{error}");
    let without_v1 = openai.url.trim_end_matches("/v1");
    let error = embed::connect(&configured(EmbedderProvider::OpenAi, without_v1)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.next_step().unwrap().contains("/v1"), "{error}");
}

#[tokio::test]
async fn what_passes_is_tried_again_and_counted() {
    for failure in [Failure::Status(500), Failure::Status(503), Failure::Break] {
        for fake in both() {
            let embedder = connected(&fake).await;
            fake.set(|behaviour| behaviour.failing = (2, failure));
            let vectors = embedder.embed(texts(3), Purpose::Document).await.unwrap();
            assert_eq!(vectors.len(), 3);
            assert_eq!(embedder.counts().retried, 2, "{failure:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_pause_gets_it() {
    for fake in both() {
        let embedder = connected(&fake).await;
        fake.set(|behaviour| behaviour.failing = (1, Failure::Busy("1")));
        let begin = Instant::now();
        embedder.embed(texts(3), Purpose::Document).await.unwrap();
        assert!(begin.elapsed() >= Duration::from_secs(1));
        assert_eq!(embedder.counts().retried, 1);
    }
}

#[tokio::test]
async fn a_server_that_fails_for_good_is_unavailable_after_a_few_attempts() {
    for fake in both() {
        let embedder = connected(&fake).await;
        fake.forget();
        fake.set(|behaviour| behaviour.failing = (ALWAYS, Failure::Status(500)));
        let error = embedder.embed(texts(3), Purpose::Document).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("500: something is wrong"), "{error}");
        // Four attempts, and a word to see whether the texts are to blame.
        assert_eq!(fake.embeddings().len(), 5);
    }
}

#[tokio::test]
async fn a_text_that_the_server_always_fails_at_is_blamed_alone() {
    let fake = fakes::ollama::start();
    let embedder = connected(&fake).await;
    fake.set(|behaviour| behaviour.poison = Some("poison"));
    let bad = vec!["a good text".to_owned(), "a poisonous text".to_owned()];
    let error = embedder.embed(bad, Purpose::Document).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
    embedder.embed(texts(2), Purpose::Document).await.unwrap();
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_in_time() {
    let fake = fakes::ollama::start();
    let timeout = Duration::from_millis(300);
    let config = config::Embedder { timeout, ..config_for(&fake) };
    let embedder = embed::connect(&config).await.unwrap().unwrap();
    fake.set(|behaviour| behaviour.failing = (ALWAYS, Failure::Hang));
    let error = embedder.embed(texts(3), Purpose::Document).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("no answer within 0.3 s"), "{error}");
    // As often as one that fails for good, at the most.
    assert!(fake.embeddings().len() <= 5, "{}", fake.embeddings().len());
}

#[tokio::test]
async fn a_question_is_asked_once_and_briefly() {
    for (failing, words) in [
        (Failure::Status(503), "takes no more requests"),
        (Failure::Busy("30"), "takes no more requests"),
        (Failure::Hang, "no answer within 2.5 s"),
    ] {
        let fake = fakes::ollama::start();
        let embedder = connected(&fake).await;
        fake.set(|behaviour| behaviour.failing = (1, failing));
        let error = embedder.embed(texts(1), Purpose::Query).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(embedder.counts().retried, 0);
    }
}

#[tokio::test]
async fn a_question_that_was_too_early_warms_the_model_up_for_the_next() {
    let fake = fakes::ollama::start();
    let embedder = connected(&fake).await;
    fake.set(|behaviour| behaviour.failing = (1, Failure::Hang));
    embedder.embed(texts(1), Purpose::Query).await.unwrap_err();
    let deadline = Instant::now() + Duration::from_secs(60);
    while fake.embeddings().len() < 2 {
        assert!(Instant::now() < deadline, "the model is not warmed up");
        tokio::task::yield_now().await;
    }
    assert_eq!(fake.texts(), ["search_query: text 0 about turbines", "ragterm"]);
}

#[tokio::test]
async fn a_model_that_loads_slowly_is_waited_for() {
    for fake in both() {
        let embedder = connected(&fake).await;
        // OpenAI's dimensions are learnt by a first text.
        fake.set(|behaviour| behaviour.load = Duration::from_secs(3));
        assert_eq!(embedder.embed(texts(3), Purpose::Document).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn wrong_answers_are_named_and_never_stored() {
    for (answers, words) in [
        (Answers::TooFew, "2 vectors for 3 texts"),
        (Answers::Shorter, "answers with 32 dimensions, but"),
    ] {
        for fake in both() {
            let error = failure(&fake, |behaviour| behaviour.answers = answers).await;
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}

#[tokio::test]
async fn a_vector_without_numbers_is_the_fault_of_its_text() {
    for fake in both() {
        let embedder = connected(&fake).await;
        fake.set(|behaviour| behaviour.answers = Answers::Null);
        let bad = vec!["this one is numberless".to_owned()];
        let error = embedder.embed(bad, Purpose::Document).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.to_string().contains("NaN"), "{error}");
        embedder.embed(texts(2), Purpose::Document).await.unwrap();
    }
}

#[tokio::test]
async fn after_failures_in_a_row_calls_fail_at_once_until_the_server_is_back() {
    let fake = fakes::ollama::start();
    let address = fake.url.strip_prefix("http://").unwrap().parse().unwrap();
    let embedder = connected(&fake).await;
    drop(fake);
    for _ in 0..2 {
        embedder.embed(texts(1), Purpose::Document).await.unwrap_err();
    }
    // One call is let through now and then, and that may be the first that a busy machine makes.
    let mut is_kept_away = false;
    for _ in 0..8 {
        let before = embedder.counts().retried;
        let error = embedder.embed(texts(1), Purpose::Document).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        is_kept_away |= error.to_string().contains("does not answer since")
            && embedder.counts().retried == before;
    }
    assert!(is_kept_away);
    let _fake = fakes::ollama::start_at(address);
    let deadline = Instant::now() + Duration::from_secs(60);
    while embedder.embed(texts(1), Purpose::Document).await.is_err() {
        assert!(Instant::now() < deadline, "it does not come back");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for fake in both() {
        let error =
            failure(&fake, |behaviour| behaviour.failing = (ALWAYS, Failure::Redirect)).await;
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains("redirect"), "{error}");
    }
}

#[tokio::test]
async fn the_key_is_sent_and_never_shown() {
    for fake in both() {
        fake.set(|behaviour| behaviour.key = Some("Bearer sk-right"));
        let with = |key: &str| config::Embedder {
            api_key: Secret::Value(key.into()),
            dimensions: Some(64),
            ..config_for(&fake)
        };
        let embedder = embed::connect(&with("sk-right")).await.unwrap().unwrap();
        assert!(!format!("{embedder:?}").contains("sk-right"));
        assert_eq!(fake.embeddings()[0].authorization.as_deref(), Some("Bearer sk-right"));
        let error = embed::connect(&with("sk-wrong-key")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.next_step().unwrap().contains("embedder.api_key"));
        assert!(!format!("{error} {error:?}").contains("sk-wrong-key"), "{error:?}");
    }
}

#[tokio::test]
async fn dimensions_are_asked_for_and_checked() {
    for fake in both() {
        let config = config::Embedder { dimensions: Some(32), ..config_for(&fake) };
        let embedder = embed::connect(&config).await.unwrap().unwrap();
        assert_eq!(embedder.identity().dimensions, 32);
        assert_eq!(fake.embeddings()[0].body["dimensions"], 32);
        fake.set(|behaviour| behaviour.answers = Answers::Shorter);
        let error = embed::connect(&config).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains("16 dimensions instead of 32"), "{error}");
    }
}

#[tokio::test]
async fn prefixes_go_before_questions_and_passages_and_belong_to_the_fingerprint() {
    let fake = fakes::ollama::start();
    let embedder = connected(&fake).await;
    embedder.embed(vec!["turbines".into()], Purpose::Document).await.unwrap();
    embedder.embed(vec!["turbines".into()], Purpose::Query).await.unwrap();
    assert_eq!(fake.texts(), ["search_document: turbines", "search_query: turbines"]);
    assert_eq!(fake.embeddings()[0].body["keep_alive"], "5m");
    assert_eq!(fake.embeddings()[0].body["truncate"], false);
    let config = config::Embedder { document_prefix: Some(String::new()), ..config_for(&fake) };
    let other = embed::connect(&config).await.unwrap().unwrap();
    assert_ne!(other.identity().fingerprint, embedder.identity().fingerprint);
    other.embed(vec!["turbines".into()], Purpose::Document).await.unwrap();
    assert_eq!(fake.texts()[2], "turbines");
}

#[tokio::test]
async fn a_missing_model_is_pulled_with_progress() {
    let fake = fakes::ollama::start();
    let config = config::Embedder { model: "bge-m3".into(), ..config_for(&fake) };
    let error = embed::pull(&config, |_| ()).await.unwrap_err();
    assert!(error.to_string().contains("file does not exist"), "{error}");
    fake.set(|behaviour| behaviour.library = Some("bge-m3".into()));
    let mut steps = Vec::new();
    embed::pull(&config, |progress| steps.push(progress)).await.unwrap();
    assert!(steps.iter().any(|step| step.done_bytes == 4_000 && step.total_bytes == 4_000));
    assert_eq!(steps.last().unwrap().status, "success");
    embed::connect(&config).await.unwrap();
}
