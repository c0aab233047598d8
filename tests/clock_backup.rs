//! Backups that the daemon takes by the clock: which go, which stay, and what is told.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::backup::{beside, noise};
use crate::support::{Instance, path, until};

/// The names in a directory.
fn listed(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Whether a name is one of complete backups by the clock.
fn is_taken(name: &str) -> bool {
    name.starts_with("ragterm-") && name.ends_with("Z.backup")
}

#[test]
fn the_daemon_takes_backups_by_the_clock_and_keeps_what_is_not_its_own() {
    let ragterm = Instance::without_embedder();
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    // Inside of what is watched: no backup becomes a document.
    let shelf = ragterm.docs().join("shelf");
    fs::create_dir(&shelf).unwrap();
    let ragterm =
        ragterm.with("RAGTERM_BACKUP__DIRECTORY", path(&shelf)).with("RAGTERM_BACKUP__KEEP", "2");
    ragterm.run(&["stop"]).expect(0);
    ragterm.settle();
    until("the first backup", || listed(&shelf).iter().any(|name| is_taken(name)));
    let first = listed(&shelf).into_iter().find(|name| is_taken(name)).unwrap();
    ragterm.run(&["stop"]).expect(0);
    let own = first.rsplit_once('-').unwrap().0;
    fs::rename(shelf.join(&first), shelf.join(format!("{own}-20610101T000000Z.backup"))).unwrap();
    let foreign = [
        "mine.backup",
        "ragterm-0-20190101T000000Z.backup.part",
        "ragterm-20190101T000000Z.backup",
    ];
    for name in foreign {
        fs::write(shelf.join(name), "12345").unwrap();
    }
    for name in
        ["20200101T000000Z.backup", "20190101T000000Z.backup", "20180101T000000Z.backup.part"]
    {
        fs::write(shelf.join(format!("{own}-{name}")), "").unwrap();
    }
    ragterm.settle();
    until("the backup and the rotation", || listed(&shelf).len() == 5);
    let mut names = listed(&shelf);
    names.retain(|name| !foreign.contains(&name.as_str()));
    assert_eq!(names[0], format!("{own}-20200101T000000Z.backup"));
    assert!(names[1].starts_with(own) && !names[1].contains("-2061"), "{names:?}");
    let file = shelf.join(&names[1]);
    ragterm.run(&["backup", "--verify", path(&file)]).expect(0);
    ragterm.run(&["sources", "rescan", "docs"]).expect(0);
    let status = ragterm.settle();
    let count = |state: &str| status["documents"][state].as_u64().unwrap();
    let known = count("indexed") + count("skipped") + count("failed");
    assert_eq!(known, 2, "heron.md and mine.backup: {status}");
    assert_eq!(notices(&status), 0);
    // Its name says no catalog: it stays, and an operator hears of it.
    let notices = status["notices"].to_string();
    assert!(notices.contains("1 backup of an earlier version of ragterm, 5 bytes"), "{notices}");
    assert!(notices.contains(path(&shelf)) && notices.contains("by hand"), "{notices}");
}

#[test]
fn a_backup_by_hand_in_a_watched_folder_is_skipped_and_nothing_of_it_is_found() {
    let ragterm = Instance::without_embedder().with("RAGTERM_SEARCH__LIMIT", "17");
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    let (file, renamed) = (ragterm.docs().join("a.backup"), ragterm.docs().join("b.tar.zst"));
    ragterm.run(&["backup", path(&file)]).expect(0);
    fs::copy(&file, renamed).unwrap();
    let status = ragterm.wait("both to be seen", |status| {
        status["settled"] == true && status["documents"]["skipped"] == 2
    });
    assert_eq!(status["documents"]["indexed"], 1, "{status}");
    assert_eq!(status["documents"]["failed"], 0, "{status}");
    let listed = ragterm.run(&["status", "--failures"]).expect(0).stdout;
    assert_eq!(listed.matches("backup of ragterm").count(), 2, "{listed}");
    // It is in the configuration of the backup.
    assert!(ragterm.find("limit 17 search").is_empty());
    ragterm.verify();
}

#[test]
fn the_first_backup_by_the_clock_has_all_that_was_there() {
    let ragterm = Instance::without_embedder();
    let shelf = beside(&ragterm, "shelf");
    fs::create_dir(&shelf).unwrap();
    for number in 0..40 {
        ragterm.write(&format!("{number}.txt"), noise(number));
    }
    // Known from the start, so that the first look and the first backup are due at once.
    let sources = format!("[{{name=\"docs\", path={:?}}}]", path(&ragterm.docs()));
    let ragterm =
        ragterm.with("RAGTERM_BACKUP__DIRECTORY", path(&shelf)).with("RAGTERM_SOURCES", &sources);
    ragterm.settle();
    until("the backup", || listed(&shelf).iter().any(|name| is_taken(name)));
    let taken = listed(&shelf).into_iter().find(|name| is_taken(name)).unwrap();
    let told = ragterm.run(&["backup", "--verify", path(&shelf.join(taken))]).expect(0);
    let told = told.stdout + &told.stderr;
    assert!(told.contains("40 documents"), "{told}");
}

#[test]
fn an_emptied_data_directory_costs_no_backup() {
    let ragterm = Instance::without_embedder();
    let shelf = beside(&ragterm, "shelf");
    fs::create_dir(&shelf).unwrap();
    let ragterm =
        ragterm.with("RAGTERM_BACKUP__DIRECTORY", path(&shelf)).with("RAGTERM_BACKUP__KEEP", "1");
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    ragterm.settle();
    until("the backup", || listed(&shelf).iter().any(|name| is_taken(name)));
    let good = listed(&shelf);
    ragterm.run(&["stop"]).expect(0);
    fs::remove_dir_all(ragterm.data()).unwrap();
    // A catalog with nothing in it is not backed up…
    ragterm.settle();
    ragterm.run(&["stop"]).expect(0);
    assert_eq!(listed(&shelf), good);
    // …and one that is filled again takes the place of no other one's.
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    ragterm.settle();
    until("another backup", || listed(&shelf).iter().filter(|name| is_taken(name)).count() == 2);
    assert!(listed(&shelf).contains(&good[0]));
    ragterm.run(&["backup", "--verify", path(&shelf.join(&good[0]))]).expect(0);
}

fn notices(status: &Value) -> usize {
    let notices = status["notices"].as_array().unwrap();
    notices.iter().filter(|one| one.as_str().unwrap().contains("no backup could")).count()
}

#[test]
fn a_backup_by_the_clock_that_fails_is_told_in_the_status() {
    let ragterm = Instance::without_embedder();
    let missing = beside(&ragterm, "no disk/backups");
    let ragterm = ragterm.with("RAGTERM_BACKUP__DIRECTORY", path(&missing));
    fs::create_dir(missing.parent().unwrap()).unwrap();
    let status = ragterm.wait("the notice", |status| notices(status) == 1);
    let notices = status["notices"].to_string();
    assert!(!missing.exists(), "a disk may have to be mounted there");
    assert!(notices.contains("mount its disk") && notices.contains("in a minute"), "{notices}");
}
