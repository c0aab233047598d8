//! `init` at a terminal: each question, and a deployment at the end.

use super::{Machine, variable};
use crate::support::path;
use crate::terminal::Terminal;

#[test]
fn a_person_is_asked_and_a_wrong_answer_is_asked_again() {
    let machine = Machine::with_docker();
    let docs = machine.ragterm.docs();
    // The screen stays when the command has ended.
    let init = machine.command(&["init", "--image", "x"]);
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "\"$0\" \"$@\"; exec sleep 600"])
        .arg(init.get_program())
        .args(init.get_args());
    shell.envs(init.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let terminal = Terminal::run(&shell, &machine.ragterm);
    terminal.shows("What shall run");
    terminal.press("Enter");
    terminal.shows("Where shall it live");
    terminal.type_in(path(&machine.target()));
    terminal.press("Enter");
    terminal.shows("A folder to watch");
    terminal.type_in("/no/such/folder");
    terminal.press("Enter");
    terminal.shows("cannot read the folder /no/such/folder");
    for _ in 0.."/no/such/folder".len() {
        terminal.press("BSpace");
    }
    terminal.type_in(path(&docs));
    terminal.press("Enter");
    terminal.shows("docs");
    terminal.press("Enter");
    terminal.shows("The model that embeds");
    terminal.press("Enter");
    terminal.shows("The model that answers");
    terminal.type_in("none");
    terminal.press("Enter");
    terminal.shows("A bot to run");
    terminal.press("Enter");
    terminal.shows("Address and port");
    terminal.press("Enter");
    terminal.shows("Write these files?");
    terminal.press("Enter");
    terminal.shows("docker compose up --detach");
    assert_eq!(variable(&machine.text(".env"), "RAGTERM_DOCUMENTS"), path(&docs));
    assert_eq!(variable(&machine.text(".env"), "RAGTERM_LLM_PROVIDER"), "none");
}
