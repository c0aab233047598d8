//! Configurations of a newer version, and secrets that are wrong: a sentence, and exit code 2.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use crate::support::{Finished, Instance, path, skipped};

/// Runs a command with a configuration of this text.
fn run(ragterm: &Instance, text: &str, arguments: &[&str]) -> Finished {
    let file = ragterm.docs().with_file_name("config.toml");
    std::fs::write(&file, text).unwrap();
    ragterm.run(&[&["--config", path(&file)], arguments].concat())
}

#[test]
fn a_configuration_of_a_newer_version_is_refused_by_daemon_and_commands_alike() {
    let ragterm = Instance::new();
    for (text, what) in [
        ("[holograms]\ndepth = 3\n", "config.toml:1: `holograms`: no such key"),
        (
            "[search]\nlimit = 5\nhyperdrive = true\n",
            "config.toml:3: `search.hyperdrive`: no such key",
        ),
    ] {
        for arguments in [&["daemon"][..], &["search", "x"], &["status"], &["slack"], &["add", "."]]
        {
            let refused = run(&ragterm, text, arguments).expect(2);
            assert!(refused.stderr.contains(what), "{arguments:?}: {}", refused.stderr);
            let version = format!("this is ragterm {}", env!("CARGO_PKG_VERSION"));
            let told = refused.stderr.contains("a newer ragterm may have written it");
            assert!(told && refused.stderr.contains(&version), "{}", refused.stderr);
        }
    }
    // What is known but wrong was written by no newer one.
    let refused = run(&ragterm, "search.limit = 'many'\n", &["daemon"]).expect(2);
    assert!(!refused.stderr.contains("newer"), "{}", refused.stderr);
}

#[test]
fn a_secret_that_cannot_be_had_names_its_key_and_its_file_and_nothing_of_it() {
    let ragterm = Instance::new();
    let file = |name: &str| ragterm.docs().with_file_name(name);
    std::fs::write(file("empty"), "\n").unwrap();
    std::fs::write(file("large"), "sesame".repeat(10_000)).unwrap();
    std::fs::write(file("binary"), b"sesame\xff\xfe").unwrap();
    for (name, why) in [
        ("missing", "does not exist"),
        ("empty", "is empty"),
        ("large", "is too large for a secret"),
        ("binary", "is not UTF-8"),
        ("docs", "is a directory"),
    ] {
        let at = file(name);
        for (section, key, command) in
            [("catalog", "url_file", "daemon"), ("slack", "app_token_file", "slack")]
        {
            let text = format!("[{section}]\n{key} = '{}'\n", path(&at));
            let refused = run(&ragterm, &text, &[command]).expect(2).stderr;
            let told = format!("the secret `{section}.{key}` = {} {why}", path(&at));
            assert!(refused.contains(&told), "{refused}");
            assert!(!refused.contains("sesame"), "{refused}");
        }
    }
}

#[test]
fn a_port_in_use_is_named_with_its_key() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let ragterm = Instance::without_embedder();
    let text = format!("[daemon]\nlisten = '{address}'\n");
    let refused = run(&ragterm, &text, &["daemon"]).expect(2).stderr;
    assert!(
        refused.contains(&format!("cannot listen on {address} (`daemon.listen`)")),
        "{refused}"
    );
    assert!(refused.contains("ss -ltnp"), "{refused}");
}

#[test]
fn a_certificate_that_cannot_be_read_is_named_with_its_key() {
    let ragterm = Instance::without_embedder();
    let text = "[daemon]\nlisten = '127.0.0.1:0'\ntls_cert = '/no/cert'\ntls_key = '/no/key'\n";
    let refused = run(&ragterm, text, &["daemon"]).expect(2).stderr;
    assert!(refused.contains("`daemon.tls_cert`") && refused.contains("/no/cert"), "{refused}");
}

#[test]
fn a_secret_that_may_not_be_read_says_so() {
    let ragterm = Instance::without_embedder();
    let at = |name: &str| ragterm.docs().with_file_name(name);
    let text = format!("[slack]\napp_token_file = '{}'\n", path(&at("key")));
    for (name, text, mode) in [("config.toml", text.as_str(), 0o644), ("key", "sesame", 0o000)] {
        std::fs::write(at(name), text).unwrap();
        std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    std::fs::set_permissions(at(""), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = ragterm.command(&["--config", path(&at("config.toml")), "slack"]);
    command.current_dir("/");
    // Nothing is closed to root.
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let Ok(output) = command.output() else {
        return skipped("another user cannot start the program where it lies");
    };
    let refused = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{refused}");
    let told = format!("the secret `slack.app_token_file` = {} may not be read", path(&at("key")));
    assert!(refused.contains(&told) && !refused.contains("sesame"), "{refused}");
}
