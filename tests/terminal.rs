//! `ragterm` without a command, in a pseudo-terminal of tmux: the client over the real daemon.

use std::process::Command;

use crate::fakes::chat::{Chat, MODEL, Nature, Protocol, Reply, Then};
use crate::support::{Instance, path, until};

/// A terminal of its own; it ends when dropped.
pub struct Terminal {
    socket: std::path::PathBuf,
}

impl Terminal {
    /// Runs the client of an instance in a terminal of 100 by 30 characters.
    fn open(ragterm: &Instance) -> Self {
        Self::run(&ragterm.command(&[]), ragterm)
    }

    /// Runs a command beside an instance.
    pub fn run(command: &Command, beside: &Instance) -> Self {
        let terminal = Self { socket: beside.docs().with_file_name("tmux") };
        let mut arguments: Vec<String> =
            ["new-session", "-d", "-x", "100", "-y", "30"].into_iter().map(str::to_owned).collect();
        for (name, value) in command.get_envs() {
            let Some(value) = value else { continue };
            let pair = format!("{}={}", name.to_str().unwrap(), value.to_str().unwrap());
            arguments.extend(["-e".to_owned(), pair]);
        }
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        arguments.extend(words.map(|word| word.to_str().unwrap().to_owned()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        terminal.tmux(&arguments);
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-S", path(&self.socket), "-f", "/dev/null"])
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Types a text.
    pub fn type_in(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses a key, by tmux's name for it.
    pub fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Waits until the screen shows a text.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        until(text, || self.tmux(&["capture-pane", "-p"]).contains(text));
    }

    fn is_open(&self) -> bool {
        !self.tmux(&["list-sessions"]).is_empty()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn what_is_typed_is_found_as_it_is_typed_and_the_daemon_may_restart() {
    let ragterm = Instance::without_embedder();
    ragterm.write("leave.md", "# Leave policy\n\nFive vacation days may be carried over.\n");
    ragterm.write("연차.md", "# 연차 규정\n\n연차는 다섯 날까지 이월됩니다.\n");
    ragterm.add();
    let terminal = Terminal::open(&ragterm);
    terminal.type_in("vaca");
    terminal.shows("Leave policy");
    terminal.shows("may be carried over");
    terminal.press("C-u");
    terminal.type_in("연차");
    terminal.shows("연차 규정");
    ragterm.run(&["stop"]).expect(0);
    ragterm.write("walrus.md", "# Walrus\n\nThe walrus came later.\n");
    terminal.press("C-u");
    terminal.type_in("walrus");
    terminal.shows("The walrus came later");
    terminal.press("C-c");
    until("the client to end", || !terminal.is_open());
}

#[test]
fn a_question_is_answered_where_it_is_asked() {
    let chat = Chat::saying(Protocol::Ollama, Reply::of(&["At most five ", "days [1]."]));
    let ragterm = Instance::without_embedder()
        .with("RAGTERM_LLM__PROVIDER", "ollama")
        .with("RAGTERM_LLM__MODEL", MODEL)
        .with("RAGTERM_LLM__URL", &chat.url);
    ragterm.write("leave.md", "# Leave policy\n\nFive vacation days may be carried over.\n");
    ragterm.add();
    let terminal = Terminal::open(&ragterm);
    terminal.press("Tab");
    terminal.type_in("How many vacation days are carried over?");
    terminal.press("Enter");
    terminal.shows("At most five days [1].");
    terminal.shows("Leave policy");
}

/// A client whose model stalls at the first question and answers from the second on.
fn stalling_once() -> (Instance, Chat) {
    let chat = Chat::start(Protocol::Ollama, Nature::default(), |asked| {
        let asked = asked.body["messages"].to_string();
        match asked.contains("How many") {
            true => Reply::then(&["At most "], Then::Stall),
            false => Reply::of(&["Until March [1]."]),
        }
    });
    let ragterm = Instance::without_embedder()
        .with("RAGTERM_LLM__PROVIDER", "ollama")
        .with("RAGTERM_LLM__MODEL", MODEL)
        .with("RAGTERM_LLM__URL", &chat.url);
    ragterm.write("leave.md", "# Leave policy\n\nVacation days are carried over until March.\n");
    ragterm.add();
    (ragterm, chat)
}

#[test]
fn a_stopped_answer_is_followed_by_others_judged_listed_and_deleted() {
    let (ragterm, chat) = stalling_once();
    let terminal = Terminal::open(&ragterm);
    terminal.press("Tab");
    terminal.type_in("How many vacation days are carried over?");
    terminal.press("Enter");
    terminal.shows("At most");
    terminal.press("Escape");
    terminal.shows("the answer ends here: stopped");
    until("the model to be left alone", || chat.open() == 0);
    terminal.type_in("Until when are vacation days carried over?");
    terminal.press("Enter");
    terminal.shows("Until March [1].");
    terminal.press("F9");
    terminal.shows("helpful › a comment");
    terminal.type_in("short and right");
    terminal.press("Enter");
    terminal.shows("“short and right”");
    terminal.type_in("1");
    terminal.press("Enter");
    terminal.shows("ask › a question");
    terminal.press("F6");
    // How old a session is stands in the list alone.
    until("the list of sessions", || {
        let screen = terminal.tmux(&["capture-pane", "-p"]);
        screen.contains("question · ") || screen.contains("questions · ")
    });
    let listed = || ragterm.run(&["sessions", "list", "--json"]).json().as_array().unwrap().len();
    let before = listed();
    terminal.press("DC");
    terminal.shows("the same key again deletes this session");
    terminal.press("DC");
    until("one session less", || listed() + 1 == before);
    terminal.press("C-c");
    until("the client to end", || !terminal.is_open());
}

#[test]
fn without_a_terminal_the_client_says_what_works() {
    let ragterm = Instance::without_embedder();
    let refused = ragterm.run(&[]).expect(2);
    assert!(refused.stderr.contains("needs a terminal"), "{}", refused.stderr);
    assert!(refused.stderr.contains("ragterm search"), "{}", refused.stderr);
}
