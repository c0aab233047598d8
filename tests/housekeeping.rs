//! What is deleted because nobody needs it, and what is kept because the clock may be wrong.

use std::fs;

use ragterm::catalog::{Catalog, Feedback, InSession, Turn, TurnOutcome, now_ms};

use crate::support::{Instance, until};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Works on the catalog of an instance whose daemon has ended.
fn in_catalog(ragterm: &Instance, work: impl AsyncFnOnce(&Catalog)) {
    ragterm.run(&["stop"]).expect(0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let catalog = Catalog::open_sqlite(&ragterm.data().join("catalog.db")).await.unwrap();
        work(&catalog).await;
        catalog.close().await;
    });
}

/// A question that was asked so many days ago.
fn asked(days: i64) -> Turn {
    Turn {
        id: format!("turn-{days}"),
        question: "how long ago?".into(),
        query: "how long ago?".into(),
        answer: String::new(),
        sources: Vec::new(),
        outcome: TurnOutcome::Refused,
        model: String::new(),
        asked_ms: now_ms() - days * DAY_MS,
        feedback: Feedback::None,
        comment: String::new(),
        spaces: Vec::new(),
    }
}

fn sessions(ragterm: &Instance) -> usize {
    ragterm.run(&["sessions", "--json"]).json().as_array().unwrap().len()
}

#[test]
fn a_clock_that_leaps_ahead_deletes_no_history() {
    let ragterm = Instance::without_embedder();
    ragterm.run(&["status"]).expect(0);
    in_catalog(&ragterm, async |catalog| {
        let new = |id| InSession::New { id, thread: "" };
        catalog.keep_turn("local", new("old"), &asked(400)).await.unwrap();
        catalog.keep_turn("local", new("new"), &asked(1)).await.unwrap();
        // As if the clock had been right 400 days ago, and now were wrong.
        let then = (now_ms() - 400 * DAY_MS).to_string();
        catalog.keep_setting("clock.latest_ms", &then).await.unwrap();
    });
    assert_eq!(sessions(&ragterm), 2);
    let counted = ragterm.run(&["gc", "--dry-run", "--json"]).expect(0).json();
    assert_eq!(counted["garbage"][0]["number"], 1, "{counted}");
    let kept = ragterm.run(&["gc", "--json"]).expect(0).json();
    assert!(kept["notes"][0].as_str().unwrap().contains("400 days ahead"), "{kept}");
    assert_eq!(sessions(&ragterm), 2);
    in_catalog(&ragterm, async |catalog| {
        catalog.keep_setting("clock.latest_ms", &now_ms().to_string()).await.unwrap();
    });
    let deleted = ragterm.run(&["gc", "--json"]).expect(0).json();
    assert_eq!(deleted["garbage"][0]["number"], 1, "{deleted}");
    assert_eq!(sessions(&ragterm), 1);
}

#[test]
fn what_no_document_needs_goes_and_what_is_found_stays() {
    let ragterm = Instance::new();
    ragterm.write("kept.md", "# Kept\n\nThe heron waits in the reeds for a frog.\n");
    for number in 0..8 {
        let text = format!("# Gone {number}\n\nThe bittern number {number} booms at dusk.\n");
        ragterm.write(&format!("gone/{number}.md"), text);
    }
    ragterm.add();
    ragterm.settle();
    fs::remove_dir_all(ragterm.docs().join("gone")).unwrap();
    until("the removal", || ragterm.find("bittern") == ["kept.md"]);
    let foreign = ragterm.data().join("keyword-feedbeef");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("meta.json"), "{}").unwrap();

    let counted = ragterm.run(&["gc", "--dry-run"]).expect(0).stderr;
    assert!(counted.contains("there are 1 keyword indexes of other catalogs"), "{counted}");
    assert!(!counted.contains("vectors"), "they are within the limit of the cache: {counted}");
    let all = ragterm.run(&["gc", "--dry-run", "--all"]).expect(0).stderr;
    assert!(all.contains("there are 8 vectors that no document needs"), "{all}");
    assert!(foreign.exists());
    let deleted = ragterm.run(&["gc", "--all"]).expect(0).stderr;
    assert!(deleted.contains("deleted 8 vectors that no document needs"), "{deleted}");
    assert!(!foreign.exists());
    assert_eq!(ragterm.find("heron"), ["kept.md"]);
    let again = ragterm.run(&["gc", "--dry-run", "--json"]).expect(0).json();
    assert_eq!(again["garbage"], serde_json::json!([]), "{again}");
    ragterm.verify();
}
