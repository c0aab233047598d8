//! The effects against a real server in this process, over a unix socket, faults included.

mod server;

use std::sync::Arc;
use std::time::Duration;

use ragterm_proto::v1::ask_event::Event;
use ragterm_proto::v1::{Answered, AskRequest, SearchRequest};
use tokio::sync::mpsc;

use self::server::{Script, Server};
use super::Effects;
use crate::effect::Effect;
use crate::fault::FaultKind;
use crate::message::{Message, Progress};
use crate::options::{Connect, Unreachable};

/// Long enough for the slowest machine; nothing waits so long when all is well.
const DEADLINE: Duration = Duration::from_secs(120);

struct Client {
    effects: Effects,
    inbox: mpsc::Receiver<Message>,
}

impl Client {
    fn of(server: &Server) -> Self {
        let socket = server.socket.clone();
        let connect: Connect = Arc::new(move || {
            let socket = socket.clone();
            Box::pin(async move {
                ragterm_proto::connect(&socket).await.map_err(|error| Unreachable {
                    sentence: error.to_string(),
                    hint: String::new(),
                })
            })
        });
        let (outbox, inbox) = mpsc::channel(64);
        Self { effects: Effects::new(connect, outbox, None), inbox }
    }

    async fn connected(server: &Server) -> Self {
        let mut client = Self::of(server);
        client.effects.start(Effect::Connect(0));
        assert!(matches!(client.next().await, Message::Connected));
        client
    }

    async fn next(&mut self) -> Message {
        tokio::time::timeout(DEADLINE, self.inbox.recv()).await.unwrap().unwrap()
    }

    fn search(&mut self, generation: u64, query: &str) {
        let request = SearchRequest { query: query.into(), ..SearchRequest::default() };
        self.effects.start(Effect::Search(generation, request));
    }

    fn ask(&mut self) {
        let request = AskRequest { question: "How long?".into(), ..AskRequest::default() };
        self.effects.start(Effect::Ask(7, request));
    }

    /// The text that came, and what ended it.
    async fn answer(&mut self) -> (String, Progress) {
        let mut all = String::new();
        loop {
            match self.next().await {
                Message::Asked(7, Progress::Text(text)) => all.push_str(&text),
                Message::Asked(7, end) => return (all, end),
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn eventually(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(DEADLINE, waiting).await.expect("the condition holds in time");
}

fn text(text: &str) -> Script {
    Script::Send(Event::Text(text.into()))
}

#[tokio::test]
async fn a_superseded_search_is_cancelled_and_at_most_two_run() {
    let server = Server::start(Vec::new()).await;
    let mut client = Client::connected(&server).await;
    for generation in 1..=20 {
        client.search(generation, "slow");
    }
    client.search(21, "quick");
    let Message::Found(21, Ok(reply)) = client.next().await else { panic!("not the newest") };
    assert_eq!(reply.query, "quick");
    eventually(|| server.running() <= 2).await;
    assert!(server.most_running() <= 3, "{}", server.most_running());
    client.effects.start(Effect::StopSearch);
    eventually(|| server.running() == 0).await;
}

#[tokio::test]
async fn a_refusal_carries_its_sentence_and_its_hint() {
    let server = Server::start(Vec::new()).await;
    let mut client = Client::connected(&server).await;
    client.search(1, "refused");
    let Message::Found(1, Err(fault)) = client.next().await else { panic!("not refused") };
    assert_eq!(
        (fault.kind, fault.told().as_str()),
        (FaultKind::Refused, "not permitted: ask 인사팀")
    );
}

#[tokio::test]
async fn a_daemon_of_another_version_is_told_apart_from_one_that_is_gone() {
    let server = Server::start(Vec::new()).await;
    let mut client = Client::connected(&server).await;
    client.effects.start(Effect::ReadSession("s".into()));
    let Message::Session(Err(fault)) = client.next().await else { panic!("not refused") };
    assert_eq!(fault.kind, FaultKind::Unsupported);
    server.stop().await;
    client.effects.start(Effect::Status);
    let Message::Status(Err(fault)) = client.next().await else { panic!("an answer of nobody") };
    assert_eq!(fault.kind, FaultKind::Lost);
}

#[tokio::test]
async fn an_answer_arrives_piece_by_piece_and_whole() {
    let answered = Answered { answer: "Five days".into(), ..Answered::default() };
    let script = vec![text("Five "), text("days"), Script::Send(Event::Answered(answered))];
    let server = Server::start(script).await;
    let mut client = Client::connected(&server).await;
    client.ask();
    let (all, end) = client.answer().await;
    assert_eq!(all, "Five days");
    assert!(matches!(end, Progress::Answered(_)));
}

#[tokio::test]
async fn a_stream_that_fails_or_ends_too_early_is_told_after_what_came() {
    for (end, kind) in [(Script::Fail, FaultKind::Refused), (Script::End, FaultKind::Refused)] {
        let server = Server::start(vec![text("Five"), end]).await;
        let mut client = Client::connected(&server).await;
        client.ask();
        let (all, Progress::Broke(fault)) = client.answer().await else { panic!("did not break") };
        assert_eq!((all.as_str(), fault.kind), ("Five", kind), "{fault:?}");
    }
}

#[tokio::test]
async fn a_daemon_that_dies_in_the_middle_of_an_answer_counts_as_gone() {
    let server = Server::start(vec![text("Five"), Script::Stall]).await;
    let mut client = Client::connected(&server).await;
    client.ask();
    assert!(matches!(client.next().await, Message::Asked(7, Progress::Text(_))));
    server.stop().await;
    let (_, Progress::Broke(fault)) = client.answer().await else { panic!("did not break") };
    assert_eq!(fault.kind, FaultKind::Lost, "{fault:?}");
}

#[tokio::test]
async fn a_stopped_answer_is_given_up_at_the_daemon_too() {
    let server = Server::start(vec![text("Five"), Script::Stall]).await;
    let mut client = Client::connected(&server).await;
    client.ask();
    assert!(matches!(client.next().await, Message::Asked(7, Progress::Text(_))));
    eventually(|| server.running() == 1).await;
    client.effects.start(Effect::StopAsk);
    eventually(|| server.running() == 0).await;
}

#[tokio::test]
async fn a_daemon_that_comes_back_is_connected_to_again() {
    let server = Server::start(Vec::new()).await;
    let mut client = Client::connected(&server).await;
    let socket = server.socket.clone();
    server.stop().await;
    client.effects.start(Effect::Connect(0));
    let Message::Unreachable(fault) = client.next().await else { panic!("nobody is there") };
    assert!(fault.sentence.contains("no daemon answers on"), "{}", fault.sentence);
    let again = Server::start_at(socket, Vec::new()).await;
    client.effects.start(Effect::Connect(10));
    assert!(matches!(client.next().await, Message::Connected));
    client.search(1, "quick");
    assert!(matches!(client.next().await, Message::Found(1, Ok(_))));
    again.stop().await;
}
