//! Crash-proof: `kill -9` at any instant, then a start, reaches the state of an undisturbed run.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use crate::support::{Instance, path, signal, until};

/// Kills in one test run; each lands at another instant of the indexing.
const KILLS: u64 = 50;

#[test]
fn fifty_kills_while_indexing_lose_and_double_nothing() {
    let ragterm = Instance::without_embedder();
    for number in 0..400 {
        let text = format!("osprey number{number}\n\n").repeat(20);
        ragterm.write(&format!("{}/{number}.md", number % 20), text);
    }
    let sources = format!("[{{name=\"docs\", path={:?}}}]", path(&ragterm.docs()));
    let ragterm = ragterm.with("RAGTERM_SOURCES", &sources);
    for kill in 0..KILLS {
        // Each round changes something, so that there is always work to be interrupted.
        for number in (kill..400).step_by(37) {
            let text = format!("osprey number{number} round{kill}\n\n").repeat(20);
            ragterm.write(&format!("{}/{number}.md", number % 20), text);
        }
        let mut daemon =
            ragterm.command(&["daemon"]).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::park_timeout(Duration::from_millis(20 + kill * 53 % 400));
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }
    let status = ragterm.wait("the whole to be indexed", |status| {
        status["settled"] == true && status["documents"]["indexed"] == 400
    });
    assert_eq!(status["documents"]["failed"], 0, "{status}");
    assert_eq!(ragterm.find("osprey").len(), 100);
    ragterm.verify();
}

#[test]
fn a_kill_while_embedding_embeds_the_rest_and_nothing_twice() {
    let ragterm = Instance::new();
    for number in 0..24 {
        ragterm.write(
            &format!("{number}.md"),
            format!("Egret report {number}: the weather at station {number} was fair."),
        );
    }
    ragterm.add();
    let begun = ragterm.wait("the embedding to begin", |status| status["chunks"]["embedded"] != 0);
    signal(begun["daemon"]["pid"].as_i64().unwrap() as i32, Signal::KILL);
    until("the daemon to be gone", || !ragterm.run(&["stop"]).stderr.contains("pid"));
    let status = ragterm.settle();
    assert_eq!(status["chunks"]["embedded"], status["chunks"]["total"]);
    ragterm.verify();
}

#[test]
fn a_signal_ends_the_daemon_cleanly() {
    let ragterm = Instance::without_embedder();
    for number in 0..200 {
        ragterm.write(&format!("{number}.md"), format!("Bittern report {number}.\n\n").repeat(30));
    }
    let mut daemon =
        ragterm.command(&["daemon"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    until("the socket", || ragterm.data().join("run/ragterm.sock").exists());
    ragterm.run(&["add", path(&ragterm.docs()), "--detach"]).expect(0);
    signal(daemon.id() as i32, Signal::TERM);
    assert!(daemon.wait().unwrap().success());
    assert!(!ragterm.data().join("run/ragterm.sock").exists());
    fs::write(ragterm.docs().join("late.md"), "a bittern came late").unwrap();
    ragterm.settle();
    assert_eq!(ragterm.status()["documents"]["indexed"], 201);
    ragterm.verify();
}

#[test]
fn a_socket_that_was_removed_comes_back_by_itself() {
    let ragterm = Instance::without_embedder();
    let pid = ragterm.pid();
    fs::remove_dir_all(ragterm.data().join("run")).unwrap();
    assert_eq!(ragterm.pid(), pid);
}

#[test]
fn stop_ends_a_daemon_whose_socket_is_gone() {
    let ragterm = Instance::without_embedder();
    let pid = ragterm.pid();
    fs::remove_file(ragterm.data().join("run/ragterm.sock")).unwrap();
    let stopped = ragterm.run(&["stop"]).expect(0);
    assert!(stopped.stderr.contains(&format!("(pid {pid}) has ended")), "{}", stopped.stderr);
    let again = ragterm.run(&["stop"]).expect(0);
    assert!(again.stderr.contains("no daemon runs"), "{}", again.stderr);
}

#[test]
fn a_daemon_whose_data_directory_is_deleted_ends_and_says_why() {
    let ragterm = Instance::without_embedder();
    let daemon = ragterm.command(&["daemon"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    until("the socket", || ragterm.data().join("run/ragterm.sock").exists());
    // Not before it answers: what cannot be opened is another reason.
    ragterm.status();
    // It may make another file while its directory is emptied.
    until("the directory to be deleted", || fs::remove_dir_all(ragterm.data()).is_ok());
    let output = daemon.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("was removed or replaced while the daemon used it"), "{log}");
    assert!(!ragterm.data().exists());
}

#[test]
fn a_command_right_after_a_kill_starts_the_daemon_again() {
    let ragterm = Instance::without_embedder();
    ragterm.write("note.txt", "the dunlin is small");
    ragterm.add();
    for command in [&["search", "dunlin"][..], &["sources"], &["status"]].repeat(4) {
        signal(ragterm.pid(), Signal::KILL);
        ragterm.run(command).expect(0);
    }
}

#[test]
fn a_command_starts_a_daemon_once_the_one_that_was_ending_is_gone() {
    let ragterm = Instance::without_embedder();
    ragterm.write("note.txt", "the dunlin is small");
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    // Killed a moment ago, say: it answers nobody, and has the place until it is all gone.
    let ending = fs::File::open(ragterm.data().join("daemon.lock")).unwrap();
    ending.lock().unwrap();
    let mut search = ragterm.command(&["search", "dunlin"]).spawn().unwrap();
    let log = ragterm.data().join("ragterm.log");
    until("a daemon to find the place taken", || {
        fs::read_to_string(&log).unwrap().contains("already runs")
    });
    drop(ending);
    assert!(search.wait().unwrap().success());
}
