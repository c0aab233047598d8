//! Manual pages and completions: one for every command, and what reads them finds no fault.

use std::process::Command;

use crate::support::{Instance, path, skipped};

/// Commands with commands of their own below them, and without.
const PAGES: [&str; 6] = [
    "ragterm.1",
    "ragterm-search.1",
    "ragterm-init.1",
    "ragterm-man.1",
    "ragterm-token.1",
    "ragterm-token-create.1",
];

#[test]
fn every_command_has_a_page_that_man_reads() {
    let ragterm = Instance::new();
    let directory = ragterm.docs().join("man1");
    ragterm.run(&["man", path(&directory)]).expect(0);
    for page in PAGES {
        assert!(directory.join(page).is_file(), "{page}");
    }
    let help = ragterm.run(&["--help"]).expect(0).stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    // What is further in is the rest of a long line.
    let first = |line: &str| {
        line.strip_prefix("  ").and_then(|line| line.split(' ').next()).unwrap_or("").to_owned()
    };
    for name in commands.map(first).filter(|name| !name.is_empty()) {
        assert!(directory.join(format!("ragterm-{name}.1")).is_file(), "{name}: {help}");
    }
    assert!(!directory.join("ragterm-worker.1").exists(), "what is hidden has no page");
    // Again, as after an update.
    ragterm.run(&["man", path(&directory)]).expect(0);
    let first = ragterm.run(&["man"]).expect(0).stdout;
    assert_eq!(first, std::fs::read_to_string(directory.join("ragterm.1")).unwrap());
    let entries = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    lint(&entries.collect::<Vec<_>>());
}

/// Holds the pages to mandoc's rules, where it is.
fn lint(pages: &[std::path::PathBuf]) {
    let output =
        match Command::new("mandoc").args(["-T", "lint", "-W", "error"]).args(pages).output() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return skipped("mandoc is not installed, the pages are not linted");
            }
            output => output.unwrap(),
        };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_place_that_cannot_be_written_is_refused() {
    let ragterm = Instance::new();
    let refused = ragterm.run(&["man", "/dev/null/man1"]).expect(2);
    assert!(refused.stderr.contains("/dev/null/man1"), "{}", refused.stderr);
}

#[test]
fn completions_know_every_command_in_every_shell() {
    let ragterm = Instance::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = ragterm.run(&["completions", shell]).expect(0).stdout;
        for word in ["init", "man", "answering-model", "completions", "doctor"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
}
