//! What `ragterm doctor` says about the model that answers.

use serde_json::Value;

use super::provider;
use crate::fakes::chat::{Chat, MODEL, Protocol, Reply};
use crate::support::Instance;

/// The doctor's check of the model, with its exit code.
fn check(chat: &Chat, model: &str) -> (i32, Value) {
    let ragterm = Instance::without_embedder()
        .with("RAGTERM_LLM__PROVIDER", provider(chat.protocol).name())
        .with("RAGTERM_LLM__MODEL", model)
        .with("RAGTERM_LLM__API_KEY", "sesame")
        .with("RAGTERM_LLM__URL", &chat.url);
    let finished = ragterm.run(&["doctor", "--json"]);
    assert!(!finished.stdout.contains("sesame"));
    let checks = finished.json()["checks"].as_array().unwrap().clone();
    let check = checks.into_iter().find(|check| check["name"] == "llm").unwrap();
    (finished.code, check)
}

#[test]
fn the_doctor_says_where_the_model_is_and_how_much_fits_or_what_to_do() {
    for protocol in Protocol::ALL {
        let chat = Chat::saying(protocol, Reply::of(&["ok"]));
        let (_, fine) = check(&chat, MODEL);
        assert_eq!(fine["state"], "ok", "{fine}");
        let detail = fine["detail"].as_str().unwrap();
        assert!(detail.contains("has scripted:latest: a window of 4096 tokens"), "{detail}");
        let (code, missing) = check(&chat, "qwen3:8b");
        assert_eq!((code, &missing["state"]), (1, &"fail".into()), "{missing}");
        assert!(missing["detail"].as_str().unwrap().contains("has no model `qwen3:8b`"));
        assert!(missing["remedy"].is_string(), "{missing}");
        assert!(chat.asked().is_empty(), "nothing is asked of the model itself");
    }
}
