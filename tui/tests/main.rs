//! The client in a pseudo-terminal, with a scripted daemon on a unix socket.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../src/effects/tests/server.rs"]
mod server;
mod terminal;

use std::path::PathBuf;
use std::sync::Arc;

use ragterm_proto::v1::Answered;
use ragterm_proto::v1::ask_event::Event;
use ragterm_tui::{Options, Unreachable, run};
use rustix::process::Signal;

use self::server::{Script, Server};
use self::terminal::Terminal;

/// The program that the terminal runs: this test binary again.
#[test]
#[ignore = "the other tests run it, in a terminal of its own"]
fn the_client_itself() {
    let Some(socket) = std::env::var_os("CLIENT_SOCKET").map(PathBuf::from) else { return };
    let mut options = Options::new(Arc::new(move || {
        let socket = socket.clone();
        assert!(std::env::var_os("CLIENT_PANICS").is_none(), "as was asked for");
        Box::pin(async move {
            ragterm_proto::connect(&socket)
                .await
                .map_err(|error| Unreachable { sentence: error.to_string(), hint: String::new() })
        })
    }));
    options.editor = std::env::var("CLIENT_EDITOR").ok();
    options.history = std::env::var_os("CLIENT_HISTORY").map(PathBuf::from);
    tokio::runtime::Runtime::new().unwrap().block_on(run(options)).unwrap();
}

async fn server(script: Vec<Script>) -> Server {
    Server::start(script).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_found_and_the_terminal_is_given_back() {
    let server = server(Vec::new()).await;
    let mut terminal = Terminal::open(&server.socket, &[]);
    terminal.shows("words to find");
    terminal.types("leave");
    terminal.shows("Leave policy");
    terminal.shows("hr/leave.md:41-58");
    terminal.types("\u{3}");
    terminal.is_given_back();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_signal_to_end_gives_the_terminal_back() {
    let server = server(Vec::new()).await;
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut terminal = Terminal::open(&server.socket, &[]);
        terminal.shows("words to find");
        terminal.signal(signal);
        terminal.is_given_back();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_gives_the_terminal_back_before_it_is_told() {
    let server = server(Vec::new()).await;
    let mut terminal = Terminal::open(&server.socket, &[("CLIENT_PANICS", "1")]);
    terminal.is_given_back();
    terminal.shows("as was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn syllables_that_arrive_in_pieces_and_pasted_lines_stay_whole() {
    let server = server(Vec::new()).await;
    let mut terminal = Terminal::open(&server.socket, &[]);
    terminal.shows("words to find");
    let typed = "연차 휴가 👩‍👩‍👧".as_bytes();
    for piece in typed.chunks(2) {
        terminal.sends(piece);
    }
    terminal.shows("연차 휴가 👩");
    terminal.types("\u{15}");
    terminal.shows("words to find");
    terminal.types("\u{1b}[200~carry\r\nover\u{1b}[201~");
    terminal.shows("› carry over");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_gets_the_terminal_and_gives_it_back() {
    let server = server(Vec::new()).await;
    let directory = tempfile::tempdir().unwrap();
    let editor = directory.path().join("editor");
    std::fs::write(&editor, "#!/bin/sh\necho \"edits $*\"\nread answer\n").unwrap();
    // Not marked as a program: a test that forks meanwhile would hold it open for writing.
    let editor = format!("/bin/sh {}", editor.display());
    let mut terminal = Terminal::open(&server.socket, &[("CLIENT_EDITOR", &editor)]);
    terminal.shows("words to find");
    terminal.types("leave");
    terminal.shows("Leave policy");
    terminal.types("\r");
    terminal.shows("edits +41 /srv/hr/leave.md");
    assert!(!terminal.is_taken());
    terminal.types("\n");
    terminal.shows("Leave policy");
    terminal.types(" x");
    terminal.shows("› leave x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_made_small_and_large_again_is_painted_anew() {
    let server = server(Vec::new()).await;
    let mut terminal = Terminal::open(&server.socket, &[]);
    terminal.types("leave");
    terminal.shows("Leave policy");
    terminal.resize(20, 5);
    terminal.shows_not("hr/leave.md");
    terminal.shows("Leave policy");
    terminal.types("\u{1b}OP\u{1b}[B\u{1b}[B");
    terminal.resize(100, 30);
    terminal.shows("Moving");
    terminal.types("\u{3}");
    terminal.is_given_back();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_restarts_is_connected_to_again_and_that_is_told() {
    let server = server(Vec::new()).await;
    let mut terminal = Terminal::open(&server.socket, &[]);
    terminal.types("leave");
    terminal.shows("Leave policy");
    let socket = server.socket.clone();
    let _directory = server.stop().await;
    terminal.types("s");
    terminal.shows("no daemon answers");
    let _again = Server::start_at(socket, Vec::new()).await;
    terminal.shows("connected to the daemon again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_streams_and_what_came_before_the_daemon_died_stays() {
    let text = |text: &str| Script::Send(Event::Text(text.into()));
    let server = server(vec![text("Five days"), text(" may be"), Script::Stall]).await;
    let mut terminal = Terminal::open(&server.socket, &[]);
    terminal.types("\tHow many?\r");
    terminal.shows("Five days may be");
    let _directory = server.stop().await;
    terminal.shows("the answer ends here");
    terminal.shows("Five days may be");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_fails_or_ends_without_a_word_says_so() {
    let ends = [
        (Script::Fail, "the answer ends here: the model fell over"),
        (Script::End, "the answer ends here: the daemon ended the answer"),
    ];
    for (end, told) in ends {
        let server = server(vec![Script::Send(Event::Text("Five".into())), end]).await;
        let mut terminal = Terminal::open(&server.socket, &[]);
        terminal.types("\tHow many?\r");
        terminal.shows(told);
        terminal.shows("Five");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_answer_and_superseded_searches_cost_the_daemon_nothing_more() {
    let server = server(vec![Script::Send(Event::Text("Five".into())), Script::Stall]).await;
    let mut terminal = Terminal::open(&server.socket, &[]);
    terminal.types("\tHow many?\r");
    terminal.shows("Five");
    assert_eq!(server.running(), 1);
    terminal.types("\u{1b}");
    terminal.shows("the answer ends here: stopped");
    terminal.types("\tslow, slower and slowest");
    terminal.shows("nothing found");
    terminal.types("\u{15}slow");
    terminal.shows("› slow");
    terminal.types("\u{15}leave");
    terminal.shows("Leave policy");
    terminal::eventually(|| server.running() == 0);
    assert!(server.most_running() <= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_is_in_the_history_of_the_next_start() {
    let answered = Answered { answer: "Five days.".into(), ..Answered::default() };
    let server = server(vec![Script::Send(Event::Answered(answered))]).await;
    let directory = tempfile::tempdir().unwrap();
    let history = directory.path().join("history");
    let history = [("CLIENT_HISTORY", history.to_str().unwrap())];
    let mut terminal = Terminal::open(&server.socket, &history);
    terminal.types("\tHow many?\r");
    terminal.shows("Five days.");
    terminal.types("\u{3}");
    terminal.is_given_back();
    let mut terminal = Terminal::open(&server.socket, &history);
    terminal.shows("words to find");
    terminal.types("\u{12}");
    terminal.shows("How many?");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mouse_chooses_from_a_list() {
    let server = server(Vec::new()).await;
    let mut terminal = Terminal::open(&server.socket, &[]);
    terminal.types("leave");
    terminal.shows("Leave policy");
    terminal.types("\u{1b}OS");
    terminal.shows("pptx");
    let (column, row) = terminal.place_of("json");
    terminal.types(&format!("\u{1b}[<0;{column};{row}M\u{1b}[<0;{column};{row}m"));
    terminal.shows("type json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_to_suspend_without_a_shell_comes_back() {
    let server = server(Vec::new()).await;
    let mut terminal = Terminal::open(&server.socket, &[]);
    terminal.types("leave");
    terminal.shows("Leave policy");
    // In one piece: while the client gives the terminal back, the terminal itself edits the line.
    terminal.types("\u{1a}\u{15}other");
    terminal.shows("› other");
}
