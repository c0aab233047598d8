//! A drop folder: what lands is read once it is complete, and put away if that is wanted.

use std::fs;
use std::io::Write;

use crate::support::{Instance, path, until};

#[test]
fn what_is_read_goes_to_done_and_what_is_not_to_failed_with_a_reason() {
    let ragterm = Instance::new();
    let docs = ragterm.docs();
    ragterm.run(&["add", path(&docs), "--kind", "drop", "--after", "move"]).expect(0);
    ragterm.write("in/plan.md", "# Plan\n\nThe walrus arrives on Monday.");
    ragterm.write("broken.docx", [0x50, 0x4b, 3, 4, 9, 9, 9, 9, 0, 1, 2, 3]);
    until("the file to be put away", || docs.join("done/in/plan.md").exists());
    let reason = docs.join("failed/broken.docx.reason.txt");
    let reason = || fs::read_to_string(&reason).unwrap_or_default();
    until("the broken one to be put away", || reason().ends_with('\n'));
    assert!(docs.join("failed/broken.docx").exists());
    assert!(!docs.join("in/plan.md").exists() && !docs.join("broken.docx").exists());
    let reason = reason();
    assert!(reason.trim().len() > 10, "{reason}");
    until("its new place", || ragterm.find("walrus") == ["done/in/plan.md"]);
    let status = ragterm.settle();
    assert_eq!(status["documents"]["failed"], 1, "it is told until it is taken out: {status}");
    assert_eq!(status["failures"][0]["path"], "failed/broken.docx");
    assert_eq!(status["failures"][0]["reason"], reason.trim());
    assert_eq!(status["embedder"]["embedded_texts"], 1, "a move costs no embedding");
    ragterm.verify();
    // The same name once more.
    ragterm.write("in/plan.md", "# Plan\n\nThe walrus arrives on Tuesday.");
    until("the second of its name", || docs.join("done/in/plan (2).md").exists());
    until("both", || ragterm.find("walrus").len() == 2);
    ragterm.verify();
}

#[test]
fn what_failed_is_told_until_somebody_takes_it_out_also_after_a_restart() {
    let ragterm = Instance::without_embedder();
    let docs = ragterm.docs();
    let added = ragterm.run(&["add", path(&docs), "--kind", "drop", "--after", "move"]).expect(0);
    assert!(added.stdout.contains("waits for files"), "{}", added.stdout);
    assert!(ragterm.status()["notices"].to_string().contains("waits for files"));
    ragterm.write("in/broken.docx", [0x50, 0x4b, 3, 4, 9, 9, 9, 9, 0, 1, 2, 3]);
    let is_told = |status: &serde_json::Value| {
        status["failures"][0]["path"] == "failed/in/broken.docx"
            && status["sources"][0]["failed"] == 1
    };
    ragterm.wait("the failure", is_told);
    ragterm.run(&["stop"]).expect(0);
    ragterm.wait("the failure after a restart", is_told);
    fs::remove_file(docs.join("failed/in/broken.docx")).unwrap();
    ragterm.wait("nothing that failed", |status| {
        status["documents"]["failed"] == 0 && status["failures"] == serde_json::json!([])
    });
}

#[test]
fn a_folder_that_nothing_can_be_moved_in_says_so() {
    let ragterm = Instance::without_embedder();
    let docs = ragterm.docs();
    // No directory can be made where a file is, whoever asks.
    ragterm.write("done", "");
    ragterm.run(&["add", path(&docs), "--kind", "drop", "--after", "move"]).expect(0);
    ragterm.write("plan.md", "# Plan\n\nThe walrus arrives on Monday.");
    let status = ragterm.wait("the reason", |status| {
        let reason = status["sources"][0]["state_reason"].as_str().unwrap_or_default();
        reason.contains("`plan.md` was read but cannot be put away")
    });
    assert_eq!(status["sources"][0]["state"], "ready");
    assert_eq!(ragterm.find("walrus"), ["plan.md"]);
    fs::remove_file(docs.join("done")).unwrap();
    ragterm.run(&["sources", "rescan"]).expect(0);
    until("its new place", || ragterm.find("walrus") == ["done/plan.md"]);
    ragterm.wait("no reason", |status| status["sources"][0]["state_reason"].is_null());
    ragterm.verify();
}

#[test]
fn a_file_that_is_still_written_waits_and_then_stays() {
    let ragterm = Instance::without_embedder();
    let docs = ragterm.docs();
    ragterm.run(&["add", path(&docs), "--kind", "drop"]).expect(0);
    let mut file = fs::File::create(docs.join("log.txt")).unwrap();
    file.write_all(b"the heron ").unwrap();
    file.write_all(b"has landed").unwrap();
    drop(file);
    until("the whole file", || ragterm.find("\"heron has landed\"") == ["log.txt"]);
    assert!(docs.join("log.txt").exists());
    ragterm.verify();
}

#[test]
fn a_file_that_somebody_has_open_is_not_taken_away() {
    let ragterm = Instance::without_embedder();
    let docs = ragterm.docs();
    ragterm.run(&["add", path(&docs), "--kind", "drop", "--after", "move"]).expect(0);
    let mut file = fs::File::create(docs.join("long.txt")).unwrap();
    file.write_all(b"the heron lands, ").unwrap();
    ragterm.write("short.txt", "the walrus sleeps");
    until("the other file to be put away", || docs.join("done/short.txt").exists());
    assert!(docs.join("long.txt").exists());
    file.write_all(b"and rests").unwrap();
    drop(file);
    until("the whole file to be put away", || docs.join("done/long.txt").exists());
    until("its text", || ragterm.find("\"lands and rests\"") == ["done/long.txt"]);
    ragterm.verify();
}

#[test]
fn what_a_killed_daemon_left_behind_is_put_away_by_the_next() {
    let ragterm = Instance::without_embedder();
    let docs = ragterm.docs();
    ragterm.run(&["add", path(&docs), "--kind", "drop", "--after", "move"]).expect(0);
    for number in 0..40 {
        ragterm.write(&format!("{number}.txt"), format!("osprey number{number}"));
    }
    until("the first of them", || ragterm.find("osprey").len() > 3);
    crate::support::signal(ragterm.pid(), rustix::process::Signal::KILL);
    until("the daemon to be gone", || !ragterm.run(&["stop"]).stderr.contains("pid"));
    ragterm.status();
    until("all to be put away", || {
        fs::read_dir(docs.join("done")).is_ok_and(|done| done.count() == 40)
    });
    ragterm.wait("rest", |status| status["settled"] == true);
    assert_eq!(ragterm.find("osprey").len(), 40);
    ragterm.verify();
}
