//! Odd queries: each gets an answer, or a sentence and exit code 2.

use ragterm_proto::v1::SearchRequest;

use crate::support::{Instance, path};

fn with_one_document() -> Instance {
    let ragterm = Instance::without_embedder();
    ragterm.write("note.md", "# Notes\n\nThe vacation policy and the expense policy, in short.\n");
    ragterm.add();
    ragterm
}

#[test]
fn queries_without_words_are_refused_with_a_sentence() {
    let ragterm = with_one_document();
    for query in ["", "   ", "?!...", "🎉🎉", "\u{1}\u{2}\u{1b}", "-vacation"] {
        let refused = ragterm.run(&["search", "--", query]).expect(2);
        assert!(refused.stdout.is_empty());
        assert!(refused.stderr.len() > 20, "{query:?}: {}", refused.stderr);
        assert!(!refused.stderr.contains('\u{1b}'), "{query:?}");
    }
}

#[test]
fn an_explanation_names_the_words_and_what_each_adds() {
    let ragterm = with_one_document();
    let explained = ragterm.run(&["search", "--explain", "vacation", "expense"]).expect(0);
    let line = explained.stdout.lines().find(|line| line.contains("words of this passage"));
    let line = line.unwrap_or_else(|| panic!("{}", explained.stdout));
    assert!(line.contains("vacat ") && line.contains("expens ") && line.contains(" + "), "{line}");
    let plain = ragterm.run(&["search", "vacation", "expense"]).expect(0);
    assert!(!plain.stdout.contains("words of this passage"));
}

#[test]
fn a_query_that_is_too_long_is_refused() {
    let ragterm = with_one_document();
    let refused = ragterm.run(&["search", &"word ".repeat(20_000)]).expect(2);
    assert!(
        refused.stderr.contains("100000") || refused.stderr.contains("99999"),
        "{}",
        refused.stderr
    );
}

#[test]
fn quotes_exclusions_and_prefixes_work() {
    let ragterm = with_one_document();
    ragterm.write("draft.md", "# Draft\n\nA draft of the vacation rules.\n");
    ragterm.run(&["sources", "rescan"]).expect(0);
    assert_eq!(ragterm.find("vacation").len(), 2);
    assert_eq!(ragterm.find("\"vacation policy\""), ["note.md"]);
    assert_eq!(ragterm.find("\"vacation policy")[0], "note.md");
    let excluded = ragterm.run(&["search", "--json", "vacation", "-draft"]).expect(0).json();
    assert_eq!(excluded["hits"].as_array().unwrap().len(), 1);
    assert_eq!(ragterm.find("vacat").len(), 2);
}

#[test]
fn nothing_found_is_exit_code_1() {
    let ragterm = with_one_document();
    let nothing = ragterm.run(&["search", "--json", "xylophone"]).expect(1);
    assert_eq!(nothing.json()["hits"], serde_json::json!([]));
}

#[test]
fn a_hundred_clients_at_once_are_all_answered() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("socket");
    let ragterm = Instance::without_embedder().with("RAGTERM_SOCKET", path(&socket));
    for number in 0..40 {
        // Each is there twice: what is equal is looked for while other hits are read.
        let text = format!("# Osprey {number}\n\nThe osprey number {number} hunts fish.\n");
        ragterm.write(&format!("one/{number}.md"), &text);
        ragterm.write(&format!("two/{number}.md"), &text);
    }
    ragterm.add();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let searched = runtime.block_on(async {
        let clients: Vec<_> = (0..100)
            .map(|_| {
                let socket = socket.clone();
                tokio::spawn(async move {
                    let mut client = ragterm_proto::connect(&socket).await.unwrap();
                    let mut hits = Vec::new();
                    for _ in 0..5 {
                        let query = "osprey fish".to_owned();
                        let request = SearchRequest { query, ..SearchRequest::default() };
                        hits.push(client.search(request).await.unwrap().into_inner().hits.len());
                    }
                    hits
                })
            })
            .collect();
        let mut searched = Vec::new();
        for client in clients {
            searched.extend(client.await.unwrap());
        }
        searched
    });
    assert_eq!(searched, [10; 500]);
}
