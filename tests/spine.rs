//! The main path: add a folder, search it, see its state, remove it.

use crate::support::{Instance, path};

fn sample() -> String {
    format!("{}/sample", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_sample_is_found_by_words_and_by_meaning() {
    let ragterm = Instance::new();
    let added = ragterm.run(&["add", &sample()]).expect(0);
    assert!(added.stdout.contains("14 indexed"), "{}", added.stdout);
    assert_eq!(ragterm.find("vacation carry over")[0], "hr/leave.md");
    assert_eq!(ragterm.find("연차 이월")[0], "hr/휴가-규정.md");
    ragterm.settle();
    let reply = ragterm
        .run(&[
            "search",
            "--json",
            "--mode",
            "semantic",
            "how do I reach the office network from home",
        ])
        .expect(0)
        .json();
    assert_eq!(reply["hits"][0]["path"], "it/vpn.md");
    assert_eq!(reply["embedded_share"], 1.0);
    ragterm.verify();
}

#[test]
fn the_json_of_a_hit_is_the_contract() {
    let ragterm = Instance::new();
    ragterm.write(
        "hr/leave.md",
        "# Leave policy\n\n## Carry-over\n\nUnused vacation days may be carried over.\n",
    );
    ragterm.run(&["add", path(&ragterm.docs()), "--space", "hr", "--name", "share"]).expect(0);
    let reply = ragterm.run(&["search", "vacation", "carry", "--json"]).expect(0).json();
    assert_eq!(reply["query"], "vacation carry");
    assert_eq!(reply["mode"], "hybrid");
    let hit = &reply["hits"][0];
    assert_eq!(hit["rank"], 1);
    assert_eq!(hit["title"], "Leave policy");
    assert_eq!(hit["heading"], serde_json::json!(["Leave policy", "Carry-over"]));
    assert_eq!(
        (&hit["space"], &hit["source"], &hit["type"]),
        (&"hr".into(), &"share".into(), &"md".into())
    );
    assert_eq!(hit["lines"], serde_json::json!([5, 5]));
    assert_eq!(hit["page"], serde_json::Value::Null);
    assert_eq!(hit["document"].as_str().unwrap().len(), 16);
    assert!(hit["uri"].as_str().unwrap().ends_with("/docs/hr/leave.md"));
    let snippet: Vec<char> = hit["snippet"].as_str().unwrap().chars().collect();
    let first = &hit["highlights"][0];
    let (start, end) = (first[0].as_u64().unwrap() as usize, first[1].as_u64().unwrap() as usize);
    assert_eq!(snippet[start..end].iter().collect::<String>(), "vacation");
}

#[test]
fn the_daemon_starts_by_itself_and_only_once() {
    let ragterm = Instance::without_embedder();
    ragterm.write("note.txt", "the quick brown fox");
    ragterm.add();
    let pid = ragterm.pid();
    assert_eq!(ragterm.pid(), pid);
    let second = ragterm.run(&["daemon"]).expect(2);
    assert!(second.stderr.contains(&format!("pid {pid}")), "{}", second.stderr);
    ragterm.run(&["stop"]).expect(0);
    ragterm.run(&["stop"]).expect(0);
    assert_eq!(ragterm.find("brown fox"), ["note.txt"]);
    assert_ne!(ragterm.pid(), pid);
}

#[test]
fn filters_work_inside_both_searches() {
    let ragterm = Instance::new();
    for number in 0..60 {
        ragterm.write(
            &format!("noise/{number}.txt"),
            format!("budget plan number {number}, once more a budget plan"),
        );
    }
    ragterm.write("deep/one.md", "A single budget mention among many other words that dilute it.");
    ragterm.add();
    ragterm.settle();
    for mode in ["keyword", "semantic", "hybrid"] {
        let found = |filter: [&str; 2]| {
            let arguments = [
                "search",
                "budget plan",
                "--json",
                "--mode",
                mode,
                "--limit",
                "5",
                filter[0],
                filter[1],
            ];
            let reply = ragterm.run(&arguments).expect(0).json();
            reply["hits"]
                .as_array()
                .unwrap()
                .iter()
                .map(|hit| hit["path"].to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(found(["--type", "md"]), ["\"deep/one.md\""], "{mode}");
        assert_eq!(found(["--path", "deep/**"]), ["\"deep/one.md\""], "{mode}");
        assert_eq!(found(["--since", "1d"]).len(), 5, "{mode}");
    }
    let old = ragterm.run(&["search", "budget", "--space", "nowhere"]).expect(2);
    assert!(old.stderr.contains("nowhere"), "{}", old.stderr);
}

#[test]
fn equal_documents_are_shown_once_with_their_places() {
    let ragterm = Instance::without_embedder();
    for place in ["a.txt", "b/a.txt", "c.txt"] {
        ragterm.write(place, "an identical text about turbines");
    }
    ragterm.add();
    let reply = ragterm.run(&["search", "turbines", "--json"]).expect(0).json();
    assert_eq!(reply["hits"].as_array().unwrap().len(), 1);
    assert_eq!(reply["hits"][0]["also_at"].as_array().unwrap().len(), 2);
}

#[test]
fn a_removed_source_leaves_nothing_behind() {
    let ragterm = Instance::new();
    ragterm.write("secret.txt", "the launch code is swordfish");
    ragterm.add();
    ragterm.settle();
    assert_eq!(ragterm.find("swordfish"), ["secret.txt"]);
    ragterm.run(&["sources", "remove", "docs"]).expect(0);
    assert_eq!(ragterm.find("swordfish"), [""; 0]);
    let status = ragterm.settle();
    assert_eq!(status["documents"]["indexed"], 0);
    assert_eq!(status["chunks"]["total"], 0);
    ragterm.verify();
}
