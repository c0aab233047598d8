//! The real program with real vectors through Ollama's API: a real server stands behind the fake.

use serde_json::Value;

use crate::fakes::{self, Behind};
use crate::support::{Instance, skipped, until};

/// A question and the document that answers it; they share no word.
const ANSWERS: [(&str, &str, &str); 3] = [
    ("fixing a car", "garage.md", "The mechanic mended the automobile's engine in the workshop."),
    ("cooking sauce", "kitchen.md", "Simmer the tomatoes with garlic and basil for an hour."),
    ("boat timetable", "harbour.md", "The ferry leaves the port at dawn and returns at dusk."),
];

#[track_caller]
fn answers_by_meaning(ragterm: &Instance) {
    for (question, path, _) in ANSWERS {
        let mut found = Value::Null;
        // Other tests keep the server busy, and a question does not wait for that.
        until("an answer by meaning", || {
            found = ragterm.run(&["search", "--json", "--mode", "semantic", question]).json();
            found["degraded"].is_null()
        });
        assert_eq!(found["hits"][0]["path"], path, "{question}");
    }
}

#[test]
fn a_change_to_a_real_model_behind_ollama_and_back_finds_by_meaning_throughout() {
    let Some(behind) = Behind::named() else {
        return skipped("RAGTERM_TEST_OPENAI_URL names no server to stand behind Ollama's API");
    };
    let ragterm = Instance::new();
    for (_, path, text) in ANSWERS {
        ragterm.write(path, text);
    }
    ragterm.write("long.md", "The turbines of the power plant are inspected twice. ".repeat(400));
    ragterm.add();
    let settled = ragterm.settle();
    let passages = &settled["store"]["points"];
    answers_by_meaning(&ragterm);
    ragterm.run(&["stop"]).expect(0);
    let fake = fakes::ollama::in_front_of(behind);
    let ragterm = ragterm
        .with("RAGTERM_EMBEDDER__PROVIDER", "ollama")
        .with("RAGTERM_EMBEDDER__MODEL", "all-minilm")
        .with("RAGTERM_EMBEDDER__URL", &fake.url);
    let is_there = |status: &Value| status["embedder"]["provider"] == "ollama";
    ragterm.wait("the model behind Ollama", is_there);
    let after = ragterm.settle();
    assert_eq!((&after["store"]["points"], &after["embedder"]["cut"]), (passages, &0.into()));
    assert_eq!(after["embedder"]["refused_texts"], 0, "{after}");
    answers_by_meaning(&ragterm);
    ragterm.verify();
    ragterm.run(&["reindex", "--embedder", "builtin"]).expect(0);
    let back = ragterm.settle();
    assert_eq!(
        (&back["embedder"]["provider"], &back["store"]["points"]),
        (&"builtin".into(), passages)
    );
    answers_by_meaning(&ragterm);
}
