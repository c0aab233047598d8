//! Reading a document a part at a time, and the size of what is told.

use ragterm_proto::v1::{Hit, ReadReply, SearchReply};
use rmcp::model::CallToolResult;
use serde_json::json;

use crate::support::{Scene, Script, document, hit, pretty, structured, text};

async fn reading(document: ReadReply) -> Scene {
    Scene::new(Script { document, ..Script::default() }).await
}

/// Fails when a form of the result is larger than agents take.
#[track_caller]
fn assert_bounded(result: &CallToolResult) {
    let (text, json) = (text(result).len(), structured(result).to_string().len());
    assert!(text <= 40_000 && json <= 40_000, "{text} bytes of text, {json} of JSON");
}

#[tokio::test]
async fn a_part_of_a_document_says_where_it_stands_and_where_to_go_on() {
    let scene = reading(document(120, 5)).await;
    let result = scene.call("read", json!({ "document": "0192aa", "from": 12, "limit": 2 })).await;
    insta::assert_snapshot!(text(&result));
    insta::assert_snapshot!(pretty(structured(&result)));
}

#[tokio::test]
async fn a_document_is_read_whole_by_following_next() {
    let scene = reading(document(150, 1000)).await;
    let (mut from, mut seen, mut parts) = (0, Vec::new(), 0);
    loop {
        let arguments = json!({ "document": "0192aa", "from": from, "limit": 200 });
        let result = scene.call("read", arguments).await;
        assert_bounded(&result);
        let report = structured(&result);
        for passage in report["passages"].as_array().unwrap() {
            assert_eq!(passage["cut"], false);
            seen.push(passage["passage"].as_u64().unwrap());
        }
        parts += 1;
        match report["next"].as_u64() {
            Some(next) => {
                assert!(text(&result).contains(&format!("go on with from={next}\n")));
                from = next;
            }
            None => break assert!(text(&result).contains("the document ends here")),
        }
    }
    assert_eq!(seen, (0..150).collect::<Vec<u64>>());
    assert!(parts > 1);
}

#[tokio::test]
async fn a_passage_that_is_too_long_is_cut_and_says_so() {
    let scene = reading(document(2, 500_000)).await;
    let result = scene.call("read", json!({ "document": "0192aa" })).await;
    assert_bounded(&result);
    let report = structured(&result);
    assert_eq!((&report["passages"][0]["cut"], &report["next"]), (&json!(true), &json!(1)));
    assert!(text(&result).contains("[cut: the passage goes on, and is too long"));
}

#[tokio::test]
async fn text_that_grows_when_it_is_written_stays_in_bounds() {
    let mut hostile = document(3, 0);
    for (passage, text) in hostile.passages.iter_mut().zip(["\n", "\"\\", "\u{1}"]) {
        passage.text = text.repeat(200_000);
    }
    let scene = reading(hostile).await;
    for from in 0..3 {
        let result = scene.call("read", json!({ "document": "0192aa", "from": from })).await;
        assert_bounded(&result);
        assert_eq!(structured(&result)["passages"][0]["passage"], from);
    }
}

#[tokio::test]
async fn a_document_without_text_and_one_passage_are_told() {
    let scene = reading(document(0, 0)).await;
    let result = scene.call("read", json!({ "document": "0192aa" })).await;
    assert!(text(&result).contains("the document has no text"));
    scene.script.lock().unwrap().document = document(1, 5);
    let result = scene.call("read", json!({ "document": "0192aa" })).await;
    assert!(text(&result).contains("passage 0 of 0-0; the document ends here"));
}

#[tokio::test]
async fn reading_beyond_the_end_says_where_the_end_is() {
    let scene = reading(document(3, 5)).await;
    let refusal = scene.refusal("read", json!({ "document": "0192aa", "from": 3 })).await;
    insta::assert_snapshot!(refusal, @"
    the document has 3 passages, none from 3 on
    hint: passages are counted from 0; leave `from` out to begin at the beginning
    ");
}

#[tokio::test]
async fn hits_that_do_not_fit_are_counted() {
    let large = || Hit {
        snippet: "가".repeat(10_000),
        path: "p".repeat(10_000),
        uri: "u".repeat(10_000),
        heading: vec!["h".repeat(1000); 100],
        ..hit()
    };
    let search = SearchReply { hits: (0..50).map(|_| large()).collect(), ..SearchReply::default() };
    let scene = Scene::new(Script { search, ..Script::default() }).await;
    let result = scene.call("search", json!({ "query": "x", "limit": 50 })).await;
    assert_bounded(&result);
    let report = structured(&result);
    let (told, left_out) =
        (report["hits"].as_array().unwrap().len(), report["left_out"].as_u64().unwrap());
    assert!(told >= 5 && told as u64 + left_out == 50, "{told} told, {left_out} left out");
    assert!(text(&result).contains(&format!("{left_out} further hits left out")));
}
