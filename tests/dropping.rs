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
    until("the broken one to be put away", || docs.join("failed/broken.docx.reason.txt").exists());
    assert!(docs.join("failed/broken.docx").exists());
    assert!(!docs.join("in/plan.md").exists() && !docs.join("broken.docx").exists());
    let reason = fs::read_to_string(docs.join("failed/broken.docx.reason.txt")).unwrap();
    assert!(reason.trim().len() > 10, "{reason}");
    until("its new place", || ragterm.find("walrus") == ["done/in/plan.md"]);
    let status = ragterm.settle();
    assert_eq!(status["documents"]["failed"], 0, "it is no longer in the folder: {status}");
    assert_eq!(status["embedder"]["embedded_texts"], 1, "a move costs no embedding");
    ragterm.verify();
    // The same name once more.
    ragterm.write("in/plan.md", "# Plan\n\nThe walrus arrives on Tuesday.");
    until("the second of its name", || docs.join("done/in/plan (2).md").exists());
    until("both", || ragterm.find("walrus").len() == 2);
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
