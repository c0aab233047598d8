//! Fresh, and gone means gone: what changes in a watched folder is what a search sees.

use std::fs;

use crate::support::{Instance, path, until};

fn started(ragterm: &Instance) {
    ragterm.write("first.txt", "something to begin with");
    ragterm.add();
}

#[test]
fn new_changed_and_deleted_files_are_followed() {
    let ragterm = Instance::without_embedder();
    started(&ragterm);
    ragterm.write("plan.md", "the walrus arrives on Monday");
    until("a new file", || ragterm.find("walrus") == ["plan.md"]);
    ragterm.write("plan.md", "the penguin arrives on Tuesday");
    until("a changed file", || ragterm.find("penguin") == ["plan.md"]);
    assert_eq!(ragterm.find("walrus"), [""; 0]);
    fs::remove_file(ragterm.docs().join("plan.md")).unwrap();
    until("a deleted file", || ragterm.find("penguin").is_empty());
    ragterm.write("plan.md", "the penguin is back");
    until("a file that was made again", || ragterm.find("penguin") == ["plan.md"]);
    ragterm.verify();
}

#[test]
fn a_change_that_leaves_size_and_time_as_they_were_is_seen() {
    let ragterm = Instance::without_embedder();
    ragterm.write("note.txt", "the walrus sleeps");
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    let note = ragterm.docs().join("note.txt");
    let written = fs::metadata(&note).unwrap().modified().unwrap();
    fs::write(&note, "the petrel sleeps").unwrap();
    let file = fs::File::options().write(true).open(&note).unwrap();
    file.set_modified(written).unwrap();
    drop(file);
    until("the new content", || ragterm.find("petrel") == ["note.txt"]);
    assert_eq!(ragterm.find("walrus"), [""; 0]);
    ragterm.verify();
}

#[test]
fn other_permissions_cost_no_embedding_and_are_noted_once() {
    use std::os::unix::fs::PermissionsExt;
    let ragterm = Instance::new();
    ragterm.write("note.txt", "The heron report: the river was high.");
    ragterm.add();
    let before = ragterm.settle();
    let note = ragterm.docs().join("note.txt");
    fs::set_permissions(&note, fs::Permissions::from_mode(0o600)).unwrap();
    ragterm.run(&["sources", "rescan"]).expect(0);
    let after = ragterm.settle();
    assert_eq!(after["embedder"]["embedded_texts"], before["embedder"]["embedded_texts"]);
    assert_eq!(after["chunks"], before["chunks"]);
    let again = ragterm.run(&["sources", "rescan"]).expect(0);
    assert!(again.stdout.contains("1 unchanged"), "{}", again.stdout);
    ragterm.verify();
}

#[test]
fn files_in_directories_made_a_moment_before_are_found() {
    let ragterm = Instance::without_embedder();
    started(&ragterm);
    for number in 0..100 {
        ragterm.write(&format!("new/{number}/a/b/note.txt"), format!("pelican number{number}"));
    }
    until("all hundred files", || ragterm.find("pelican").len() == 100);
    ragterm.verify();
}

#[test]
fn a_moved_directory_costs_no_embedding() {
    let ragterm = Instance::new();
    for number in 0..30 {
        ragterm.write(
            &format!("old/{number}.md"),
            format!("Heron report number {number}: the river was high."),
        );
    }
    ragterm.add();
    let before = ragterm.settle();
    fs::rename(ragterm.docs().join("old"), ragterm.docs().join("new")).unwrap();
    until("the new paths", || {
        let found = ragterm.find("heron");
        found.len() == 30 && found.iter().all(|path| path.starts_with("new/"))
    });
    let after = ragterm.settle();
    assert_eq!(after["chunks"], before["chunks"]);
    assert_eq!(after["embedder"]["embedded_texts"], before["embedder"]["embedded_texts"]);
    ragterm.verify();
}

#[test]
fn a_vanished_root_deletes_nothing() {
    let ragterm = Instance::without_embedder();
    started(&ragterm);
    let aside = ragterm.docs().with_file_name("aside");
    fs::rename(ragterm.docs(), &aside).unwrap();
    let status = ragterm.wait("the source to be unavailable", |status| {
        status["sources"][0]["state"] == "unavailable"
    });
    assert_eq!(status["documents"]["indexed"], 1);
    assert_eq!(ragterm.find("something"), ["first.txt"]);
    fs::rename(&aside, ragterm.docs()).unwrap();
    ragterm.wait("the source to be back", |status| status["sources"][0]["state"] == "ready");
    ragterm.verify();
}

#[test]
fn an_emptied_root_deletes_nothing_until_confirmed() {
    for watched in [true, false] {
        let ragterm = Instance::without_embedder();
        for number in 0..10 {
            ragterm.write(&format!("all/{number}.txt"), format!("heron number{number}"));
        }
        ragterm.add();
        if !watched {
            ragterm.run(&["stop"]).expect(0);
        }
        // In one step: a look between two of them would find that a few were removed.
        let aside = ragterm.docs().with_file_name("aside");
        fs::rename(ragterm.docs().join("all"), aside).unwrap();
        ragterm.wait("the source to be unavailable", |status| {
            status["sources"][0]["state"] == "unavailable"
        });
        assert_eq!(ragterm.find("heron").len(), 10);
        ragterm.run(&["sources", "confirm", "docs"]).expect(0);
        until("the removal", || ragterm.find("heron").is_empty());
    }
}

#[test]
fn a_second_look_does_not_remove_what_the_first_did_not_miss() {
    // Time to see that they are held, and to remove the rest, before the second look.
    let ragterm = Instance::without_embedder().with("RAGTERM_INDEX__REMOVAL_CONFIRM_S", "15");
    for number in 0..100 {
        ragterm.write(&format!("{number}.txt"), format!("stork number{number}"));
    }
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    for number in 0..60 {
        fs::remove_file(ragterm.docs().join(format!("{number}.txt"))).unwrap();
    }
    ragterm.wait("the removals to be held", |status| status["sources"][0]["state"] == "held");
    for number in 60..100 {
        fs::remove_file(ragterm.docs().join(format!("{number}.txt"))).unwrap();
    }
    ragterm.wait("the emptied source to be unavailable", |status| {
        status["sources"][0]["state"] == "unavailable"
    });
    assert!(!ragterm.find("stork").is_empty());
}

#[test]
fn held_removals_take_effect_at_the_second_look() {
    let ragterm = Instance::without_embedder().with("RAGTERM_INDEX__REMOVAL_CONFIRM_S", "1");
    for number in 0..100 {
        ragterm.write(&format!("{number}.txt"), format!("stork number{number}"));
    }
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    for number in 0..60 {
        fs::remove_file(ragterm.docs().join(format!("{number}.txt"))).unwrap();
    }
    until("the removals", || ragterm.find("stork").len() == 40);
    ragterm.verify();
}

#[test]
fn a_large_directory_that_is_moved_in_is_work_in_progress_until_it_is_found() {
    let ragterm = Instance::without_embedder();
    started(&ragterm);
    let aside = ragterm.docs().with_file_name("aside");
    fs::create_dir(&aside).unwrap();
    for number in 0..1500 {
        fs::write(aside.join(format!("{number}.txt")), format!("plover number{number}")).unwrap();
    }
    fs::rename(&aside, ragterm.docs().join("moved-in")).unwrap();
    until("all of them", || ragterm.status()["documents"]["indexed"] == 1501);
    ragterm.verify();
}

#[test]
fn many_removals_at_once_are_held_until_confirmed() {
    let ragterm = Instance::without_embedder();
    for number in 0..100 {
        ragterm.write(&format!("{number}.txt"), format!("stork number{number}"));
    }
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    for number in 0..60 {
        fs::remove_file(ragterm.docs().join(format!("{number}.txt"))).unwrap();
    }
    let status =
        ragterm.wait("the removals to be held", |status| status["sources"][0]["state"] == "held");
    assert_eq!(status["documents"]["indexed"], 100);
    assert_eq!(ragterm.find("stork").len(), 100);
    ragterm.run(&["sources", "confirm", "docs"]).expect(0);
    until("the removals", || ragterm.find("stork").len() == 40);
    ragterm.verify();
}

#[test]
fn a_half_written_file_waits_until_it_is_complete() {
    use std::io::Write;
    let ragterm = Instance::without_embedder();
    started(&ragterm);
    let target = ragterm.docs().join("long.txt");
    let mut file = fs::File::create(&target).unwrap();
    for number in 0..20 {
        writeln!(file, "albatross line {number}").unwrap();
        file.flush().unwrap();
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
    writeln!(file, "the end is kingfisher").unwrap();
    drop(file);
    until("the complete file", || ragterm.find("kingfisher") == ["long.txt"]);
    ragterm.verify();
}

#[test]
fn a_log_that_grows_is_work_in_progress_until_it_is_read() {
    use std::io::Write;
    let ragterm = Instance::without_embedder();
    started(&ragterm);
    let mut log = fs::File::create(ragterm.docs().join("growing.log")).unwrap();
    let mut written_to = || {
        writeln!(log, "a sanderling").unwrap();
        ragterm.status()
    };
    until("the log to be noticed", || written_to()["idle"] == false);
    for _ in 0..5 {
        let status = written_to();
        let is_read = status["documents"]["indexed"] == 2;
        assert!(is_read || status["documents"]["pending"] == 1, "{status}");
        assert!(is_read || status["idle"] == false, "{status}");
    }
    drop(log);
    until("the log to be read", || ragterm.find("sanderling") == ["growing.log"]);
    ragterm.wait("nothing to be pending", |status| status["idle"] == true);
    ragterm.verify();
}

#[test]
fn a_polled_folder_is_followed_too() {
    let ragterm = Instance::without_embedder();
    ragterm.write("first.txt", "something to begin with");
    let sources = format!(
        "[{{name=\"polled\", path={:?}, watch=\"poll\", poll_interval_s=1}}]",
        path(&ragterm.docs())
    );
    let ragterm = ragterm.with("RAGTERM_SOURCES", &sources);
    until("the first file", || ragterm.find("something") == ["first.txt"]);
    let status = ragterm.status();
    assert!(status["sources"][0]["watching"].as_str().unwrap().starts_with("polling"), "{status}");
    ragterm.write("later.txt", "a cormorant");
    until("a new file", || ragterm.find("cormorant") == ["later.txt"]);
}

#[test]
fn a_name_that_changes_its_spelling_alone_is_followed() {
    let ragterm = Instance::without_embedder();
    started(&ragterm);
    let (composed, decomposed) = ("휴가.txt", "\u{1112}\u{1172}\u{1100}\u{1161}.txt");
    ragterm.write(composed, "연차휴가는 15일입니다");
    until("the file", || ragterm.find("연차") == ["휴가.txt"]);
    fs::rename(ragterm.docs().join(composed), ragterm.docs().join(decomposed)).unwrap();
    until("the new spelling", || {
        let reply = ragterm.run(&["search", "--json", "연차"]).json();
        reply["hits"][0]["uri"].as_str().is_some_and(|uri| uri.contains("%E1%84%92"))
    });
    fs::remove_file(ragterm.docs().join(decomposed)).unwrap();
    until("the removal", || ragterm.find("연차").is_empty());
    ragterm.verify();
}

#[test]
fn a_data_directory_inside_a_source_is_not_indexed() {
    let ragterm = Instance::without_embedder();
    started(&ragterm);
    ragterm.run(&["sources", "remove", "docs"]).expect(0);
    let parent = ragterm.docs().parent().unwrap().to_path_buf();
    ragterm.run(&["add", path(&parent)]).expect(0);
    let status = ragterm.settle();
    assert_eq!(status["documents"]["indexed"], 1, "{status}");
    assert_eq!(status["documents"]["skipped"], 0, "{status}");
}

#[test]
fn names_in_decomposed_spelling_are_found_as_composed() {
    let ragterm = Instance::without_embedder();
    // "휴가.txt", decomposed as macOS writes it.
    ragterm.write("\u{1112}\u{1172}\u{1100}\u{1161}.txt", "연차휴가는 15일입니다");
    ragterm.add();
    assert_eq!(ragterm.find("휴가"), ["휴가.txt"]);
    assert_eq!(ragterm.find("연차"), ["휴가.txt"]);
    ragterm.verify();
}
