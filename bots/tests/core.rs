//! The core against a scripted daemon: what is told when it is down, slow, or goes away.

use std::time::Duration;

use ragterm_bots::core::{Answer, Core, Event, Language, Limits, Question, Trouble, Waiting};
use ragterm_proto::v1::{Asker, WhoAmIReply};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::daemon::{Gate, NEVER, ScriptedDaemon, Step, TOKEN, answering, may_see, source};

/// Short pauses, and patience for a busy machine.
fn limits() -> Limits {
    Limits {
        patience: NEVER,
        slow: NEVER,
        pause_first: Duration::from_millis(5),
        pause_most: Duration::from_millis(20),
        ..Limits::default()
    }
}

fn asker() -> Asker {
    Asker {
        platform: "slack".to_owned(),
        workspace: "T1".to_owned(),
        channel: "C1".to_owned(),
        user: "U1".to_owned(),
        roles: Vec::new(),
        public: true,
    }
}

fn question(text: &str) -> Question {
    Question {
        text: text.to_owned(),
        asker: asker(),
        thread: Some("slack:T1/C1/1.2".to_owned()),
        spaces: Vec::new(),
    }
}

/// A core with a runtime of its own.
struct Instance {
    runtime: tokio::runtime::Runtime,
    core: Core,
    stop: CancellationToken,
}

impl Instance {
    fn new(daemon: &ScriptedDaemon, limits: Limits) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        let stop = CancellationToken::new();
        let core = runtime.block_on(async { Core::new(daemon.for_bot(), limits, stop.clone()) });
        Self { runtime, core, stop }
    }

    /// All events of `question`; `seen` is shown each as it comes.
    fn ask(&self, question: Question, mut seen: impl FnMut(&Event)) -> Vec<Event> {
        self.runtime.block_on(async {
            let mut receiver = self.core.ask(question);
            let mut events = Vec::new();
            while let Some(event) = receiver.recv().await {
                seen(&event);
                events.push(event);
            }
            events
        })
    }

    fn last(&self, question: Question) -> Event {
        self.ask(question, |_| {}).pop().unwrap()
    }
}

fn finished(event: &Event) -> &Answer {
    let Event::Finished(answer) = event else { panic!("not finished: {event:?}") };
    answer
}

fn trouble(event: &Event) -> &Trouble {
    let Event::Failed(trouble) = event else { panic!("not failed: {event:?}") };
    trouble
}

#[test]
fn an_answer_streams_with_its_sources_and_says_who_asks() {
    let daemon = ScriptedDaemon::start();
    let instance = Instance::new(&daemon, limits());
    let events = instance.ask(question("how many days?"), |_| {});
    assert!(matches!(events[0], Event::Working));
    assert!(matches!(&events[1], Event::Text(text) if text == "About how many days? [1]."));
    let answer = finished(&events[2]);
    assert_eq!(answer.turn, "turn-1");
    assert_eq!(answer.sources[0].title, "Leave policy");
    assert_eq!(answer.sources[0].place, "hr/1.md › Carry-over");
    let now = ragterm_bots::core::now_ms();
    assert_eq!(answer.sources[0].age(now, Language::English), "3 days ago");
    assert_eq!(answer.sources[0].link.as_deref(), Some("https://wiki.example/1"));
    let calls = daemon.calls();
    assert_eq!(calls.asked[0].asker, asker());
    assert_eq!(calls.asked[0].authorization, format!("Bearer {TOKEN}"));
    assert_eq!(calls.asked[0].request.thread, "slack:T1/C1/1.2");
}

#[test]
fn all_calls_for_one_question_carry_one_name_through_tries_again() {
    let daemon = ScriptedDaemon::start();
    daemon.script(|script| script.refusal = Some(Status::unavailable("not yet")));
    let instance = Instance::new(&daemon, limits());
    instance.ask(question("days?"), |event| {
        if matches!(event, Event::Waiting(Waiting::Daemon)) {
            daemon.script(|script| script.refusal = None);
        }
    });
    let first = daemon.calls().requests;
    // Who may ask was asked twice, then the question itself.
    assert!(first.len() >= 3, "{first:?}");
    assert!(first.iter().all(|name| *name == first[0] && name.len() == 16), "{first:?}");
    instance.last(question("and then?"));
    let second = daemon.calls().requests.split_off(first.len());
    assert!(second.iter().all(|name| *name == second[0] && *name != first[0]), "{second:?}");
}

#[test]
fn a_fault_of_the_daemon_is_told_with_the_name_of_its_request() {
    let daemon = ScriptedDaemon::start();
    daemon.answers(|_| {
        let mut status = Status::internal("the keyword search failed");
        status.metadata_mut().insert("x-request-id", "1a2b".parse().unwrap());
        vec![Step::Fail(status)]
    });
    let instance = Instance::new(&daemon, limits());
    let event = instance.last(question("days?"));
    for (language, word) in [(Language::English, "request"), (Language::Korean, "요청")] {
        let said = trouble(&event).say(language);
        assert!(said.ends_with(&format!("{word} `1a2b`")), "{said}");
    }
}

#[test]
fn a_daemon_that_comes_back_in_time_answers_after_a_kind_word() {
    let daemon = ScriptedDaemon::start_down();
    let instance = Instance::new(&daemon, limits());
    let events = instance.ask(question("days?"), |event| {
        if matches!(event, Event::Waiting(Waiting::Daemon)) {
            daemon.up();
        }
    });
    assert!(matches!(events[0], Event::Waiting(Waiting::Daemon)));
    assert_eq!(finished(events.last().unwrap()).text, "About days? [1].");
}

#[test]
fn a_daemon_that_stays_down_ends_in_a_kind_sentence() {
    let daemon = ScriptedDaemon::start_down();
    let patience = Duration::from_millis(100);
    let instance = Instance::new(&daemon, Limits { patience, ..limits() });
    let event = instance.last(question("휴가는?"));
    assert_eq!(*trouble(&event), Trouble::DaemonDown);
    assert!(trouble(&event).say(Language::Korean).contains("몇 분 뒤"));
}

#[test]
fn a_daemon_restarted_in_the_middle_leaves_what_had_come() {
    let daemon = ScriptedDaemon::start();
    daemon.answers(|_| {
        vec![
            Step::Consult(vec![source(1, "Leave policy"), source(2, "Travel")]),
            Step::Text("Half of it [1]".to_owned()),
            Step::Hold(Gate::new()),
        ]
    });
    let instance = Instance::new(&daemon, limits());
    let events = instance.ask(question("days?"), |event| {
        if matches!(event, Event::Text(_)) {
            daemon.down();
            daemon.up();
        }
    });
    let answer = finished(events.last().unwrap());
    assert_eq!(answer.text, "Half of it [1]");
    assert_eq!(answer.sources.len(), 1, "only what is cited so far");
    assert_eq!(answer.cut, Some(Trouble::DaemonDown));
    assert!(answer.notes(Language::English)[0].contains("broke off"));
    daemon.answers(|_| answering("Whole."));
    assert_eq!(finished(&instance.last(question("again?"))).text, "Whole.");
}

#[test]
fn a_daemon_restarted_before_the_first_word_is_asked_again() {
    let daemon = ScriptedDaemon::start();
    daemon.answers(|_| vec![Step::Consult(Vec::new()), Step::Hold(Gate::new())]);
    let instance = Instance::new(&daemon, limits());
    let mut restarts = 0;
    let events = instance.ask(question("days?"), |event| {
        if matches!(event, Event::Working) && restarts == 0 {
            restarts += 1;
            daemon.until("the question is there", |calls| calls.asked.first().cloned());
            daemon.answers(|_| answering("Whole."));
            daemon.down();
            daemon.up();
        }
    });
    assert_eq!(finished(events.last().unwrap()).text, "Whole.");
}

#[test]
fn a_slow_daemon_is_excused_once_and_then_answers() {
    let daemon = ScriptedDaemon::start();
    let gate = Gate::new();
    let held = gate.clone();
    daemon.answers(move |_| [vec![Step::Hold(held.clone())], answering("At last.")].concat());
    let slow = Duration::from_millis(30);
    let instance = Instance::new(&daemon, Limits { slow, ..limits() });
    let events = instance.ask(question("days?"), |event| {
        if matches!(event, Event::Waiting(Waiting::Slow)) {
            gate.open();
        }
    });
    let excuses = events.iter().filter(|event| matches!(event, Event::Waiting(_))).count();
    assert_eq!(excuses, 1);
    assert_eq!(finished(events.last().unwrap()).text, "At last.");
}

#[test]
fn an_answer_without_end_is_cut_and_marked() {
    let daemon = ScriptedDaemon::start();
    let text = "many words without an end ".repeat(400);
    daemon.answers(move |_| vec![Step::Text(text.clone()); 40]);
    let instance = Instance::new(&daemon, limits());
    let event = instance.last(question("days?"));
    let answer = finished(&event);
    assert!(answer.text.len() > 100_000 && answer.text.len() <= 128 << 10);
    assert_eq!(answer.cut, Some(Trouble::Endless));
    assert!(answer.notes(Language::English)[0].contains("too long"));
}

#[test]
fn a_question_ends_at_the_time_limit() {
    let daemon = ScriptedDaemon::start();
    daemon.answers(|_| vec![Step::Hold(Gate::new())]);
    let overall = Duration::from_millis(60);
    let instance = Instance::new(&daemon, Limits { overall, ..limits() });
    assert_eq!(*trouble(&instance.last(question("days?"))), Trouble::TookTooLong);
}

#[test]
fn who_may_not_ask_or_sees_nothing_is_told_how_to_change_that() {
    let daemon = ScriptedDaemon::start();
    let instance = Instance::new(&daemon, limits());
    daemon.script(|script| script.who_is = Box::new(|_| WhoAmIReply::default()));
    assert_eq!(*trouble(&instance.last(question("days?"))), Trouble::MayNotAsk);
    daemon.script(|script| script.who_is = Box::new(|_| may_see(&[])));
    let event = instance.last(question("days?"));
    let sentence = trouble(&event).say(Language::English);
    assert!(sentence.contains("to = \"slack:T1/channel:C1\""), "{sentence}");
    assert!(sentence.contains("[[grants]]"), "{sentence}");
    let direct = Asker { public: false, channel: "D1".to_owned(), ..asker() };
    let private = Question { asker: direct, ..question("days?") };
    let event = instance.last(private);
    assert!(trouble(&event).say(Language::English).contains("slack:T1/user:U1"));
    assert!(daemon.calls().asked.is_empty(), "nothing was asked of the daemon");
}

#[test]
fn a_token_that_is_not_accepted_is_told_as_such() {
    let daemon = ScriptedDaemon::start();
    daemon.script(|script| {
        script.refusal = Some(Status::permission_denied("you may not use this daemon"));
    });
    let instance = Instance::new(&daemon, limits());
    assert_eq!(*trouble(&instance.last(question("days?"))), Trouble::BotRefused);
}

#[test]
fn what_the_daemon_refuses_is_said_in_words() {
    let daemon = ScriptedDaemon::start();
    let instance = Instance::new(&daemon, limits());
    for (status, expected) in [
        (Status::unauthenticated("no"), Trouble::BotRefused),
        (Status::permission_denied("no"), Trouble::Denied),
        (Status::resource_exhausted("no"), Trouble::TooMany),
        (Status::internal("the catalog is odd"), Trouble::Other("the catalog is odd".to_owned())),
    ] {
        daemon.answers(move |_| vec![Step::Fail(status.clone())]);
        assert_eq!(*trouble(&instance.last(question("days?"))), expected);
    }
    assert_eq!(*trouble(&instance.last(question("  "))), Trouble::Empty);
    assert_eq!(*trouble(&instance.last(question(&"long ".repeat(2_000)))), Trouble::TooLong);
}

#[test]
fn too_many_questions_at_once_wait_in_line_and_the_rest_are_told() {
    let daemon = ScriptedDaemon::start();
    let gate = Gate::new();
    let held = gate.clone();
    daemon.answers(move |_| [vec![Step::Hold(held.clone())], answering("Done.")].concat());
    let instance = Instance::new(&daemon, Limits { at_once: 2, in_line: 3, ..limits() });
    let endings = instance.runtime.block_on(async {
        let mut receivers: Vec<_> =
            (0..8).map(|n| instance.core.ask(question(&format!("number {n}?")))).collect();
        let mut firsts = Vec::new();
        for receiver in &mut receivers {
            firsts.push(receiver.recv().await.unwrap());
        }
        let queued = |event: &&Event| matches!(event, Event::Waiting(Waiting::Queued));
        assert_eq!(firsts.iter().filter(queued).count(), 3);
        let busy = |event: &&Event| matches!(event, Event::Failed(Trouble::Busy));
        assert_eq!(firsts.iter().filter(busy).count(), 3);
        gate.open();
        let mut endings = 0;
        for mut receiver in receivers {
            while let Some(event) = receiver.recv().await {
                endings += usize::from(matches!(event, Event::Finished(_)));
            }
        }
        endings
    });
    assert_eq!(endings, 5);
}

#[test]
fn a_bot_that_is_stopped_ends_its_questions() {
    let daemon = ScriptedDaemon::start();
    daemon.answers(|_| vec![Step::Text("Half".to_owned()), Step::Hold(Gate::new())]);
    let instance = Instance::new(&daemon, limits());
    let events = instance.ask(question("days?"), |event| {
        if matches!(event, Event::Text(_)) {
            instance.stop.cancel();
        }
    });
    assert_eq!(finished(events.last().unwrap()).cut, Some(Trouble::Stopping));
    instance.runtime.block_on(instance.core.close());
}
