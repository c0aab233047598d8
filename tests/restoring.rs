//! Restores that are ended, refused or interrupted: the old state or the new one, and nothing left.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::backup::{backup, beside, names, noise};
use crate::faults::SmallDisk;
use crate::support::{Instance, path, signal, skipped, until};

#[test]
fn ctrl_c_ends_a_command_that_waits_for_a_silent_pipe_and_leaves_nothing() {
    let ragterm = Instance::without_embedder();
    let temporary = beside(&ragterm, "tmp");
    fs::create_dir(&temporary).unwrap();
    let ragterm = ragterm.with("TMPDIR", path(&temporary));
    for (arguments, unpacking) in
        [(&["restore", "-"][..], ragterm.data()), (&["backup", "--verify", "-"], temporary)]
    {
        let unpacked = || {
            fs::read_dir(&unpacking).is_ok_and(|mut entries| {
                entries.any(|entry| {
                    entry.unwrap().file_name().to_str().unwrap().starts_with("restore-")
                })
            })
        };
        let mut command = ragterm.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        until("the place to unpack into", unpacked);
        // The pipe stays open and silent.
        signal(child.id() as i32, Signal::INT);
        let mut status = None;
        until("the command to end", || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        assert_eq!(status.unwrap().code(), Some(130), "{arguments:?}");
        assert!(!unpacked(), "{arguments:?}");
    }
}

#[test]
fn a_check_unpacks_beside_the_catalog_and_a_daemon_that_starts_leaves_it_alone() {
    let ragterm = Instance::without_embedder();
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    let good = backup(&ragterm);
    let begin = || {
        let mut command = ragterm.command(&["backup", "--verify", "-"]);
        let child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until("the place to unpack into", || names(&ragterm, "restore-").len() == 1);
        child
    };
    let mut checking = begin();
    ragterm.run(&["stop"]).expect(0);
    ragterm.settle();
    checking.stdin.take().unwrap().write_all(&fs::read(&good).unwrap()).unwrap();
    let checked = checking.wait_with_output().unwrap();
    let said = String::from_utf8(checked.stderr).unwrap();
    assert!(checked.status.success() && said.contains("is good"), "{said}");
    assert!(names(&ragterm, "restore-").is_empty());
    let mut killed = begin();
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(names(&ragterm, "restore-").len(), 1);
    ragterm.run(&["stop"]).expect(0);
    ragterm.settle();
    assert!(names(&ragterm, "restore-").is_empty(), "what nobody uses is swept away");
}

#[test]
fn a_place_that_is_too_small_to_check_a_backup_is_named() {
    let ragterm = Instance::without_embedder();
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    let good = backup(&ragterm);
    let small = beside(&ragterm, "small");
    let Some(_disk) = SmallDisk::mount(small.clone()) else {
        return skipped("this user may not mount a small file system");
    };
    // Not even what is left to others is free.
    fs::write(small.join("filler"), vec![1; 1 << 20]).unwrap();
    let ragterm = ragterm.with("TMPDIR", path(&small));
    let full = ragterm.run(&["backup", "--verify", path(&good)]).expect(3).stderr;
    assert!(full.contains(&format!("the disk of {}/restore-", path(&small))), "{full}");
    assert!(full.contains("too full for what is in the backup"), "{full}");
    assert!(full.contains("another place by TMPDIR"), "{full}");
    let missing = beside(&ragterm, "missing");
    let ragterm = ragterm.with("TMPDIR", path(&missing));
    ragterm.run(&["backup", "--verify", path(&good)]).expect(0);
}

/// So many looks without a change mean that it goes on no more.
const STILL: u32 = 50;

#[test]
fn ctrl_c_ends_a_backup_into_a_pipe_that_nobody_empties() {
    let ragterm = Instance::without_embedder();
    // More than a pipe holds.
    for number in 0..20 {
        ragterm.write(&format!("{number}.txt"), noise(number));
    }
    ragterm.add();
    let mut command = ragterm.command(&["backup", "-"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pipe = child.stdout.take().unwrap();
    let (mut held, mut looks) = (0, 0);
    until("the pipe to take no more", || {
        let holds = rustix::io::ioctl_fionread(&pipe).unwrap();
        looks = if holds > 0 && holds == held { looks + 1 } else { 0 };
        held = holds;
        looks == STILL
    });
    signal(child.id() as i32, Signal::INT);
    let mut status = None;
    until("the command to end", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(130));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("no backup was written"), "{said}");
    until("the next backup", || {
        ragterm.run(&["backup", "--force", path(&beside(&ragterm, "b.backup"))]).code == 0
    });
    drop(pipe);
}

#[test]
fn nothing_is_restored_into_the_directory_of_another_user() {
    let ragterm = Instance::without_embedder();
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    let file = backup(&ragterm);
    let other = Instance::without_embedder();
    fs::create_dir_all(other.data()).unwrap();
    if std::os::unix::fs::chown(other.data(), Some(54_321), None).is_err() {
        return skipped("this user may give no directory away");
    }
    let refused = other.run(&["restore", path(&file)]).expect(2);
    assert!(refused.stderr.contains("sudo -u '#54321' ragterm restore"), "{}", refused.stderr);
    assert!(names(&other, "").is_empty());
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_state_or_the_new_one() {
    let birds = [("heron", Instance::without_embedder()), ("swift", Instance::without_embedder())];
    let files: Vec<PathBuf> = birds
        .iter()
        .map(|(bird, ragterm)| {
            ragterm.write(&format!("{bird}.md"), format!("The {bird} is a bird."));
            ragterm.write("noise.txt", noise(2));
            ragterm.add();
            let file = backup(ragterm);
            ragterm.run(&["stop"]).expect(0);
            file
        })
        .collect();
    let ragterm = Instance::without_embedder();
    ragterm.run(&["restore", path(&files[0])]).expect(0);
    let mut seen = [0, 0];
    for round in 0..16_u64 {
        let file = &files[round as usize % 2];
        let mut restore = ragterm.command(&["restore", "--force", path(file)]);
        let mut restore = restore.stderr(Stdio::null()).spawn().unwrap();
        std::thread::park_timeout(Duration::from_millis(5 + round * 37 % 160));
        restore.kill().unwrap();
        restore.wait().unwrap();
        ragterm.settle();
        let found = ragterm.find("bird");
        let which = usize::from(found == ["swift.md"]);
        assert_eq!(found, [format!("{}.md", birds[which].0)], "round {round}");
        seen[which] += 1;
        ragterm.verify();
        ragterm.run(&["stop"]).expect(0);
        assert!(names(&ragterm, "restore-").is_empty(), "{:?}", names(&ragterm, ""));
    }
    crate::support::measured(&format!("after 16 kills, either state was found {seen:?} times"));
}

#[test]
fn a_restore_that_was_announced_is_completed_by_the_next_daemon() {
    let (ragterm, other) = (Instance::without_embedder(), Instance::without_embedder());
    for (instance, bird) in [(&ragterm, "heron"), (&other, "swift")] {
        instance.write(&format!("{bird}.md"), format!("The {bird} is a bird."));
        instance.add();
        instance.run(&["stop"]).expect(0);
    }
    // As a restore leaves it that is killed right after its one rename.
    let ready = ragterm.data().join("restore-ready-20260101T000000Z");
    fs::create_dir(&ready).unwrap();
    fs::copy(other.data().join("catalog.db"), ready.join("catalog.db")).unwrap();
    ragterm.settle();
    assert_eq!(ragterm.find("bird"), ["swift.md"]);
    assert!(ragterm.data().join("before-restore-20260101T000000Z/catalog.db").exists());
    assert!(!ready.exists());
    ragterm.verify();
}

#[test]
fn the_first_search_after_a_restore_finds_what_was_restored() {
    let ragterm = Instance::without_embedder();
    // A search waits for the index, but only some seconds: a busy machine reads no more in them.
    for number in 0..8 {
        ragterm.write(&format!("{number}.md"), format!("The heron {number} of {}.", number % 7));
    }
    ragterm.add();
    let file = backup(&ragterm);
    ragterm.run(&["stop"]).expect(0);
    ragterm.run(&["restore", "--force", path(&file)]).expect(0);
    // Not looked for again: a script asks once.
    ragterm.run(&["search", "heron"]).expect(0);
}
