//! What `init` refuses: nothing is overwritten, nothing is left half-way, nothing is guessed.

use std::fs;

use super::{Machine, finished};
use crate::support::path;

#[test]
fn what_is_there_is_named_and_stays_and_nothing_else_is_written() {
    for name in [".env", "config.toml", "services.yaml", "secrets/", "image/"] {
        let machine = Machine::with_docker();
        let there = machine.target().join(name);
        match name.ends_with('/') {
            true => fs::create_dir_all(&there).unwrap(),
            false => {
                fs::create_dir(machine.target()).unwrap();
                fs::write(&there, "mine").unwrap();
            }
        }
        let before = machine.everything();
        let refused = machine.init(&[]).expect(2);
        let shown = path(&there).trim_end_matches('/');
        assert!(
            refused.stderr.contains(&format!("{shown} is there already")),
            "{}",
            refused.stderr
        );
        assert!(refused.stderr.contains("--directory"), "{}", refused.stderr);
        assert_eq!(machine.everything(), before);
    }
}

#[test]
fn a_second_time_changes_nothing() {
    let machine = Machine::with_docker();
    machine.stack(&[]).expect(0);
    let before = machine.everything();
    machine.stack(&[]).expect(2);
    machine.stack(&["--dry-run"]).expect(2);
    assert_eq!(machine.everything(), before);
}

#[test]
fn a_link_is_not_followed_to_what_it_would_overwrite() {
    let machine = Machine::with_docker();
    fs::create_dir(machine.target()).unwrap();
    std::os::unix::fs::symlink(machine.at("elsewhere"), machine.target().join(".env")).unwrap();
    machine.stack(&[]).expect(2);
    assert!(!machine.at("elsewhere").exists());
}

#[test]
fn a_disk_that_fills_up_leaves_nothing_behind() {
    let machine = Machine::with_docker();
    let command =
        machine.command(&["init", "--yes", "--image", "x", "--directory", path(&machine.target())]);
    // A limit on the size of files stands for the disk: what is larger than 2 KiB fails.
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\""]);
    limited.arg(command.get_program()).args(command.get_args()).env_clear();
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let failed = finished(limited.output().unwrap());
    assert_ne!(failed.code, 0, "{}", failed.stdout);
    assert!(
        failed.stderr.contains("cannot write") && failed.stderr.contains(".yaml"),
        "{}",
        failed.stderr
    );
    assert!(!machine.target().exists(), "{:?}", machine.everything());
}

#[test]
fn a_directory_that_may_not_be_written_is_named() {
    let machine = Machine::with_docker();
    fs::write(machine.target(), "a file").unwrap();
    let refused = machine.stack(&[]).expect(2);
    assert!(refused.stderr.contains(path(&machine.target())), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(machine.target()).unwrap(), "a file");
}

#[test]
fn without_a_terminal_a_missing_answer_names_its_flag() {
    let machine = Machine::with_docker();
    let refused = machine.run(&["init"]).expect(2);
    for flag in [
        "--kind",
        "--directory",
        "--folder",
        "--embedding-model",
        "--answering-model",
        "--bot",
        "--listen",
    ] {
        assert!(refused.stderr.contains(&format!("`{flag}`")), "{flag}: {}", refused.stderr);
    }
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    let target = machine.target();
    let answers = [
        "init",
        "--kind",
        "compose",
        "--directory",
        path(&target),
        "--folder",
        "none",
        "--embedding-model",
        "none",
        "--answering-model",
        "none",
        "--bot",
        "none",
        "--listen",
        "none",
        "--image",
        "x",
    ];
    machine.run(&answers).expect(0);
    assert!(target.join("compose.yaml").is_file());
}

#[test]
fn wrong_answers_are_refused_with_what_to_do_and_write_nothing() {
    let machine = Machine::with_docker();
    for (arguments, why) in [
        (&["--folder", "/no/such/folder"][..], "--folder: cannot read the folder /no/such/folder"),
        (&["--folder", "/etc/passwd"], "is no folder"),
        (&["--folder", "/srv/a\nb"], "control character"),
        (&["--directory", "a\nb"], "control character"),
        (&["--embedding-model", "bge m3; rm -rf /"], "is no name"),
        (&["--answering-model=-x"], "`-x` is no name"),
        (&["--bot", "teams"], "`teams` is no bot"),
        (&["--listen", "7450"], "is no address with a port"),
        (&["--listen", "0.0.0.0:7450"], "--tls-cert: other machines are shown a certificate"),
        (&["--listen", "0.0.0.0:7450", "--tls-cert", "/etc/passwd"], "is not in PEM"),
        (&["--ollama", "http://127.0.0.1:1"], "nothing of this deployment calls"),
        (&["--kind", "compose-embedded", "--answering-model", "qwen3:8b"], "needs Ollama"),
        (&["--kind", "compose-embedded", "--bot", "slack"], "needs the internet"),
        (&["--kind", "local", "--image", "x"], "has no containers"),
        (&["--kind", "local", "--gpu", "yes"], "--gpu: nothing of this deployment runs Ollama"),
        (&["--kind", "compose-embedded", "--gpu", "no"], "--gpu: nothing of this deployment"),
        (&["--bot", "none", "--bot", "slack"], "--bot: `none` and `slack` contradict each other"),
        (&["--bot", "discord,none"], "--bot: `none` and `discord` contradict"),
        (
            &["--kind", "compose-embedded", "--bot", "none,slack"],
            "`none` and `slack` contradict each other",
        ),
        (&["--folder", "none", "--folder", "/etc"], "--folder: `none` and `/etc` contradict"),
        (&["--listen", "none", "--tls-cert", "/etc/passwd"], "nobody is shown a certificate"),
        (&["--listen", "none", "--tls-key", "/etc/passwd"], "nobody is shown a certificate"),
        (
            &["--kind", "local", "--listen", "127.0.0.1:17450", "--tls-key", "/etc/passwd"],
            "--tls-cert: other machines are shown a certificate",
        ),
        (&["--kind", "kubernetes"], "invalid value"),
    ] {
        let mut all = vec!["init", "--yes"];
        if arguments[0] != "--directory" {
            all.extend(["--directory", path(&machine.target()).to_owned().leak()]);
        }
        let refused = machine.run(&[&all[..], arguments].concat()).expect(2);
        assert!(refused.stderr.contains(why), "{arguments:?}: {}", refused.stderr);
        assert!(!machine.target().exists(), "{arguments:?}");
    }
}
