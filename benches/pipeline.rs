//! How busy ragterm keeps an embedding server of fixed capacity, beside a bare client.
//!
//! `cargo bench --bench pipeline -- run` prints one JSON object. The server takes 20 ms per text
//! in two slots, requests have 32 texts, and two are made at the same time: 100 texts a second.
//! `scripts/test-servers/llama.sh cargo bench --bench pipeline -- run real` has llama.cpp's real
//! server stand behind it, which shares the processors with ragterm.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a script reads the output")]

#[path = "../tests/fakes/mod.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod fakes;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const PER_TEXT: Duration = Duration::from_millis(20);
const BATCH: usize = 32;
const CONCURRENCY: usize = 2;

/// What is measured.
struct Run {
    fake: fakes::Fake,
    model: &'static str,
    /// Each of which is about four passages.
    documents: usize,
}

impl Run {
    fn of_fixed_capacity() -> Self {
        let fake = fakes::ollama::start();
        fake.set(|behaviour| behaviour.per_text = PER_TEXT);
        Self { fake, model: "nomic-embed-text", documents: 500 }
    }

    fn real() -> Self {
        let behind = fakes::Behind::named().expect("RAGTERM_TEST_OPENAI_URL names a server");
        Self { fake: fakes::ollama::in_front_of(behind), model: "all-minilm", documents: 75 }
    }
}

fn main() {
    if !std::env::args().any(|argument| argument == "run") {
        // Without it `cargo bench` runs the other benchmarks.
        return;
    }
    let run = if std::env::args().any(|argument| argument == "real") {
        Run::real()
    } else {
        Run::of_fixed_capacity()
    };
    let fake = &run.fake;
    let daemon = through_the_daemon(&run);
    let texts = fake.texts();
    fake.forget();
    bare(&run, &texts);
    let bare = rate(fake);
    println!(
        "{{\"texts\":{},\"bare_per_s\":{bare:.2},\"daemon_per_s\":{daemon:.2},\"share\":{:.4}}}",
        fake.texts().len(),
        daemon / bare
    );
}

/// Texts per second from the first request to the last answer.
fn rate(fake: &fakes::Fake) -> f64 {
    let (first, last) = fake.state.span.lock().unwrap().unwrap();
    fake.texts().len() as f64 / (last - first).as_secs_f64()
}

/// Indexes documents with the real program.
fn through_the_daemon(run: &Run) -> f64 {
    let Run { fake, model, .. } = run;
    let root = tempfile::tempdir().unwrap();
    let documents = root.path().join("documents");
    std::fs::create_dir(&documents).unwrap();
    for n in 0..run.documents {
        let paragraph = |part| {
            format!(
                "Part {part} of report {n}. {}\n\n",
                "It says this and that about turbines. ".repeat(22)
            )
        };
        let text: String = (0..4).map(paragraph).collect();
        std::fs::write(documents.join(format!("{n}.md")), text).unwrap();
    }
    let ragterm = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_ragterm"))
            .args(arguments)
            .env("RAGTERM_CONFIG", "/dev/null")
            .env("RAGTERM_DATA_DIR", root.path().join("data"))
            .env("RAGTERM_EMBEDDER__PROVIDER", "ollama")
            .env("RAGTERM_EMBEDDER__MODEL", model)
            .env("RAGTERM_EMBEDDER__URL", &fake.url)
            .env("RAGTERM_EMBEDDER__BATCH", BATCH.to_string())
            .env("RAGTERM_EMBEDDER__CONCURRENCY", CONCURRENCY.to_string())
            .output()
            .unwrap()
    };
    ragterm(&["add", documents.to_str().unwrap()]);
    loop {
        let status = ragterm(&["status", "--json"]).stdout;
        let status: serde_json::Value = serde_json::from_slice(&status).unwrap();
        if status["settled"] == true {
            break;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    ragterm(&["stop"]);
    rate(fake)
}

/// Sends the same texts in as large batches, as many at a time, and nothing else.
fn bare(Run { fake, model, .. }: &Run, texts: &[String]) {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let batches: Arc<Vec<Vec<String>>> = Arc::new(texts.chunks(BATCH).map(<[_]>::to_vec).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut clients = tokio::task::JoinSet::new();
        for _ in 0..CONCURRENCY {
            let (client, batches, next) = (client.clone(), batches.clone(), next.clone());
            let (url, model) = (format!("{}/api/embed", fake.url), *model);
            clients.spawn(async move {
                while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let body = serde_json::json!({ "model": model, "input": batch });
                    let response = client.post(&url).json(&body).send().await.unwrap();
                    response.error_for_status().unwrap().bytes().await.unwrap();
                }
            });
        }
        clients.join_all().await;
    });
}
