//! What somebody with a token could try, and what an operator could overlook.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::access::{fill, token, with_token};
use crate::certificate::Certificate;
use crate::support::{Instance, path, until};

/// Spaces with a folder each, of which `team` has roots that a token may add folders below.
fn team() -> (Instance, tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let (config, roots) = (directory.path().join("config.toml"), directory.path().join("roots"));
    fs::create_dir(&roots).unwrap();
    let text = format!(
        "[[spaces]]\nname = 'hr'\n[[spaces]]\nname = 'legal'\n\
         [[spaces]]\nname = 'team'\nroots = ['{}']\n",
        roots.display()
    );
    fs::write(&config, text).unwrap();
    let instance = Instance::without_embedder().with("RAGTERM_CONFIG", path(&config));
    fill(&instance);
    let secret = token(&instance, &["writer", "--space", "team", "--role", "write"]);
    (instance, directory, secret)
}

#[test]
fn a_folder_that_becomes_a_link_to_what_is_hidden_shows_nothing_of_it() {
    let (instance, directory, secret) = team();
    let mine = directory.path().join("roots/mine");
    fs::create_dir(&mine).unwrap();
    // Of the same name as what it wants to read.
    fs::write(mine.join("hr.md"), "my own pelican").unwrap();
    let add = ["add", path(&mine), "--space", "team", "--name", "mine"];
    with_token(&instance, &secret, &add).expect(0);
    with_token(&instance, &secret, &["search", "pelican"]).expect(0);
    fs::remove_dir_all(&mine).unwrap();
    symlink(instance.docs().join("hr"), &mine).unwrap();
    with_token(&instance, &secret, &["sources", "rescan", "team.mine"]);
    // For a moment there was nothing in its place.
    instance.wait("the source to be missed for the link", |status| {
        let sources = status["sources"].as_array().unwrap();
        let mine = sources.iter().find(|it| it["name"] == "team.mine").unwrap();
        let reason = mine["state_reason"].as_str().unwrap_or_default();
        mine["state"] == "unavailable" && reason.contains("a part of its path is a link")
    });
    with_token(&instance, &secret, &["search", "vacation"]).expect(1);
}

#[test]
fn nothing_is_told_of_files_outside_of_the_roots() {
    let (instance, directory, secret) = team();
    let add = |place: &str| with_token(&instance, &secret, &["add", place, "--space", "team"]);
    let hidden = instance.docs().join("hr");
    let around = format!("{}/roots/..", directory.path().display());
    let link = directory.path().join("roots/link");
    symlink(&hidden, &link).unwrap();
    let data = instance.data();
    let mut said = Vec::new();
    for place in [path(&hidden), "/nowhere/at/all", &around, path(&link), path(&data)] {
        let refused = add(place);
        // A path that is not there for the command itself never gets to the daemon.
        if place != "/nowhere/at/all" {
            let stderr = refused.expect(4).stderr;
            said.push(stderr.split_once("error:").unwrap().1.to_owned());
        }
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn every_call_that_was_answered_is_in_the_audit_log() {
    let (instance, _directory, _) = team();
    let reader = token(&instance, &["reader", "--space", "hr"]);
    let searches: Vec<_> = (0..24)
        .map(|_| {
            let mut search = instance.command(&["search", "vacation"]);
            search.env("RAGTERM_CLIENT__TOKEN", &reader).stdout(std::process::Stdio::null());
            search.stderr(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    let mut ended = searches.into_iter().map(|mut search| search.wait().unwrap().success());
    let first = ended.next();
    instance.run(&["stop"]).expect(0);
    let answered = first.into_iter().chain(ended).filter(|answered| *answered).count();
    // Searches that came later have started another daemon: it writes down all that it answered.
    instance.run(&["stop"]).expect(0);
    let log = fs::read_to_string(instance.data().join("audit.jsonl")).unwrap();
    let lines = log.lines().filter(|line| line.contains("\"search\"")).count();
    assert!(lines >= answered && answered > 0, "{lines} lines of {answered} searches");
}

#[test]
fn a_certificate_and_the_key_of_another_end_the_start() {
    let (one, other) = (Certificate::new(), Certificate::new());
    let instance = Instance::without_embedder()
        .with("RAGTERM_DAEMON__LISTEN", "127.0.0.1:0")
        .with("RAGTERM_DAEMON__TLS_CERT", path(&one.path("certificate.pem")))
        .with("RAGTERM_DAEMON__TLS_KEY", path(&other.path("key.pem")));
    let refused = instance.run(&["daemon"]).expect(2);
    assert!(refused.stderr.contains("daemon.tls_cert"), "{}", refused.stderr);
}

#[test]
fn what_the_daemon_writes_is_its_users_alone() {
    let instance = Instance::without_embedder();
    fs::create_dir(instance.data()).unwrap();
    fs::set_permissions(instance.data(), fs::Permissions::from_mode(0o755)).unwrap();
    fill(&instance);
    let modes = || {
        let entries = fs::read_dir(instance.data()).unwrap().map(|entry| entry.unwrap());
        // What is gone by now is nobody's to read.
        let files = entries.filter_map(|entry| entry.metadata().ok());
        let files = files.filter(|about| about.is_file());
        files.map(|about| about.permissions().mode() & 0o077).sum::<u32>()
    };
    until("private files", || modes() == 0);
}

#[test]
fn a_bot_with_the_token_of_another_chat_does_not_start() {
    let instance = Instance::without_embedder();
    let other = token(&instance, &["other", "--space", "*", "--acts-for", "discord"]);
    let instance = instance
        .with("RAGTERM_SLACK__APP_TOKEN", "xapp-1")
        .with("RAGTERM_SLACK__BOT_TOKEN", "xoxb-1")
        .with("RAGTERM_SLACK__TOKEN", &other);
    let refused = instance.run(&["slack"]).expect(4);
    assert!(refused.stderr.contains("may not call for the users of slack"), "{}", refused.stderr);
}
