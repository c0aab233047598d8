//! A newer ragterm on what an earlier one left: nothing is missing while it makes its own.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::support::{Instance, signal, until};

/// The directories of keyword indexes.
fn indexes(ragterm: &Instance) -> Vec<PathBuf> {
    let entries = fs::read_dir(ragterm.data()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_index =
        |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("keyword-");
    paths.filter(is_index).collect()
}

/// Turns the index into one that an earlier version had made, under the name that it gave it.
fn age(ragterm: &Instance) -> PathBuf {
    let index = indexes(ragterm).pop().unwrap();
    let name = index.file_name().unwrap().to_str().unwrap();
    let mut parts = name.splitn(3, '-');
    let early = format!("{}-{}", parts.next().unwrap(), parts.next().unwrap());
    let format = parts.next().unwrap().to_owned();
    let meta = index.join("meta.json");
    let text = fs::read_to_string(&meta).unwrap();
    assert!(text.contains(&format), "{text}");
    fs::write(&meta, text.replace(&format, "ragterm-0")).unwrap();
    let early = ragterm.data().join(early);
    fs::rename(&index, &early).unwrap();
    early
}

#[test]
fn an_index_of_an_earlier_version_answers_whole_until_its_successor_is_made() {
    let ragterm = Instance::without_embedder();
    for number in 0..600 {
        let text = format!("# Osprey {number}\n\n{}", "The osprey hunts fish. ".repeat(60));
        ragterm.write(&format!("{}/{number}.md", number % 20), text);
    }
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    let early = age(&ragterm);
    // Whenever it is killed, the next start answers whole.
    for _ in 0..6 {
        let found = ragterm.run(&["search", "--json", "--limit", "600", "osprey"]).expect(0).json();
        assert_eq!(found["hits"].as_array().unwrap().len(), 600);
        assert_eq!(found["degraded"], serde_json::Value::Null);
        signal(ragterm.pid(), Signal::KILL);
        until("the daemon to be gone", || ragterm.run(&["health"]).code == 3);
    }
    // What changes meanwhile is found at once, whichever index answers.
    ragterm.run(&["status"]).expect(0);
    ragterm.write("new.md", "# Kestrel\n\nThe kestrel hovers.\n");
    until("the new document", || ragterm.find("kestrel") == ["new.md"]);
    fs::remove_file(ragterm.docs().join("new.md")).unwrap();
    until("the document to be gone", || ragterm.find("kestrel").is_empty());
    until("the successor to take over", || !early.exists());
    assert_eq!(indexes(&ragterm).len(), 1);
    let notices = ragterm.settle()["notices"].to_string();
    assert!(!notices.contains("being made"), "{notices}");
    assert_eq!(
        ragterm.run(&["search", "--limit", "600", "--json", "osprey"]).expect(0).json()["hits"]
            .as_array()
            .unwrap()
            .len(),
        600
    );
    ragterm.verify();
}
