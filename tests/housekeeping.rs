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
fn what_a_restore_or_an_upgrade_put_aside_goes_with_all_alone() {
    let ragterm = Instance::without_embedder();
    ragterm.write("kept.md", "A heron.");
    ragterm.add();
    let at = |name: &str| ragterm.data().join(name);
    fs::create_dir_all(at("before-restore-20240101T000000Z/keyword-1")).unwrap();
    fs::write(at("before-restore-20240101T000000Z/catalog.db"), [0; 2_000]).unwrap();
    fs::write(at("before-restore-20240101T000000Z/keyword-1/terms"), [0; 3_000]).unwrap();
    fs::write(at("before-migration-0009-20240101T000000Z.db"), [0; 4_000]).unwrap();
    fs::write(at("elsewhere"), "").unwrap();
    std::os::unix::fs::symlink(at("elsewhere"), at("before-restore-link")).unwrap();
    for arguments in [&["gc", "--dry-run", "--json"][..], &["gc", "--json"]] {
        let told = ragterm.run(arguments).expect(0).json();
        let notes = told["notes"].to_string();
        assert!(notes.contains("kept: 2 states of the catalog that a restore"), "{told}");
        assert!(notes.contains("(9.0 kB)") && notes.contains("--all"), "{told}");
        assert!(!told["garbage"].to_string().contains("put aside"), "{told}");
    }
    let find = |told: &serde_json::Value| {
        let garbage = told["garbage"].as_array().unwrap().clone();
        let aside = garbage.iter().find(|one| one["kind"] == "aside");
        aside.map(|one| (one["number"].as_u64().unwrap(), one["bytes"].as_u64().unwrap()))
    };
    let counted = ragterm.run(&["gc", "--all", "--dry-run", "--json"]).expect(0).json();
    assert_eq!(find(&counted), Some((2, 9_000)), "{counted}");
    assert!(at("before-migration-0009-20240101T000000Z.db").exists());
    let deleted = ragterm.run(&["gc", "--all", "--json"]).expect(0).json();
    assert_eq!(find(&deleted), Some((2, 9_000)), "{deleted}");
    assert!(!at("before-migration-0009-20240101T000000Z.db").exists());
    assert!(!at("before-restore-20240101T000000Z").exists());
    assert!(at("elsewhere").exists() && at("before-restore-link").is_symlink());
    let again = ragterm.run(&["gc", "--json"]).expect(0).json();
    assert!(!again["notes"].to_string().contains("put aside"), "{again}");
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
    assert!(counted.contains("there is 1 keyword index of another catalog"), "{counted}");
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
