//! Whatever happens, in whatever order, on whatever screen: nothing panics, and no cell steers.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use ragterm_proto::v1::{
    Answered, CitedSource, Consulted, Failure, Highlight, Hit, Job, LineRange, Passage, ReadReply,
    ReadSessionReply, SearchReply, Session, Source, StatusReply, Turn, TurnSource,
};

use crate::fault::{Fault, FaultKind};
use crate::history::Entry;
use crate::keys::{ACTIONS, Press};
use crate::message::{Message, Progress};
use crate::state::{Mode, State};
use crate::testing::painted;
use crate::update::update;

const BIDI_OVERRIDE: char = '\u{202e}';

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ]{0,12}",
        Just("연차 휴가 규정 👩‍👩‍👧 e\u{301}".to_owned()),
        Just("\u{1b}[2J\u{9b}31m\u{202e}\r\n\t\u{0}".to_owned()),
        Just("# a\n```rs\nfn \"x\" // y\n```\n- `b` **c** [1][22] [x](y)\n".repeat(8)),
        any::<String>(),
    ]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![0..40u32, Just(u32::MAX), any::<u32>()]
}

prop_compose! {
    fn any_hit()(title in text(), path in text(), snippet in text(), ordinal in number(),
                 ranges in prop::collection::vec((number(), number()), 0..4),
                 lines in prop::option::of((number(), number())), modified_ms in any::<i64>()) -> Hit {
        Hit {
            uri: format!("file:///{path}"),
            document: title.chars().take(2).collect(),
            r#type: ["md", "rs", "", "pdf"][ordinal as usize % 4].into(),
            heading: vec![path.clone()],
            highlights: ranges.into_iter().map(|(start, end)| Highlight { start, end }).collect(),
            lines: lines.map(|(first, last)| LineRange { first, last }),
            title, path, snippet, ordinal, modified_ms,
            ..Hit::default()
        }
    }
}

fn any_key() -> impl Strategy<Value = Press> {
    let keys: Vec<&str> = ACTIONS
        .iter()
        .flat_map(|described| described.keys)
        .copied()
        // These end the loop, or change nothing that is seen.
        .filter(|key| !["ctrl-c", "ctrl-q"].contains(key))
        .chain(["?", "q", "1", "9", "alt-1", "a", "한", "space"])
        .collect();
    prop::sample::select(keys).prop_map(|key| Press::parse(key).unwrap())
}

fn progress() -> impl Strategy<Value = Progress> {
    let source = (number(), any_hit(), text()).prop_map(|(n, hit, passage)| CitedSource {
        n,
        hit: Some(hit),
        passage,
    });
    let sources = prop::collection::vec(source, 0..4).boxed();
    prop_oneof![
        text().prop_map(Progress::Text),
        (sources.clone(), text()).prop_map(|(sources, query)| {
            Progress::Consulted(Box::new(Consulted { sources, query, ..Consulted::default() }))
        }),
        (sources, text(), any::<bool>(), number()).prop_map(|(sources, answer, partial, end)| {
            Progress::Answered(Box::new(Answered {
                sources,
                partial,
                turn: answer.clone(),
                degraded: Some(answer.clone()),
                answer,
                unsupported: vec![Highlight { start: end / 2, end }],
                ..Answered::default()
            }))
        }),
        fault().prop_map(Progress::Broke),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    (
        text(),
        prop::sample::select(vec![FaultKind::Lost, FaultKind::Refused, FaultKind::Unsupported]),
    )
        .prop_map(|(sentence, kind)| Fault { hint: sentence.clone(), sentence, kind })
}

fn part() -> impl Strategy<Value = ReadReply> {
    (number(), number(), prop::collection::vec(text(), 0..6)).prop_map(|(from, total, texts)| {
        let passages = (0u32..)
            .zip(texts)
            .map(|(index, text)| Passage {
                ordinal: from.saturating_add(index),
                heading: vec![text.clone()],
                page: Some(from),
                text,
                ..Passage::default()
            })
            .collect();
        ReadReply { total, passages, ..ReadReply::default() }
    })
}

fn status() -> impl Strategy<Value = StatusReply> {
    (text(), any::<u64>(), any::<u64>()).prop_map(|(text, done, total)| StatusReply {
        sources: vec![Source {
            name: text.clone(),
            space: text.clone(),
            documents: done,
            ..Source::default()
        }],
        jobs: vec![Job {
            source: text.clone(),
            done,
            total,
            rate_per_s: f64::NAN,
            eta_s: Some(f64::INFINITY),
            ..Job::default()
        }],
        failures: vec![
            Failure { path: text.clone(), reason: text.clone(), ..Failure::default() };
            9
        ],
        notices: vec![text],
        store: Some(ragterm_proto::v1::StoreStatus::default()),
        ..StatusReply::default()
    })
}

fn session() -> impl Strategy<Value = ReadSessionReply> {
    (text(), number()).prop_map(|(text, n)| {
        let sources =
            vec![TurnSource { n, path: text.clone(), ordinal: n, ..TurnSource::default() }];
        let turn = Turn { question: text.clone(), answer: text, sources, ..Turn::default() };
        ReadSessionReply { session: None, turns: vec![turn; 2] }
    })
}

/// An answer of the daemon; the generation is replaced by the newest one more often than not.
fn answer() -> impl Strategy<Value = Message> {
    prop_oneof![
        4 => (prop::collection::vec(any_hit(), 0..20), text()).prop_map(|(hits, query)| {
            Message::Found(0, Ok(SearchReply { query, hits, ..SearchReply::default() }))
        }),
        4 => part().prop_map(|part| Message::Read(0, Ok(part))),
        4 => progress().prop_map(|progress| Message::Asked(0, progress)),
        1 => fault().prop_map(|fault| Message::Found(0, Err(fault))),
        1 => fault().prop_map(|fault| Message::Read(0, Err(fault))),
        1 => fault().prop_map(Message::Unreachable),
        2 => Just(Message::Connected),
        1 => status().prop_map(|status| Message::Status(Ok(Box::new(status)))),
        1 => text().prop_map(|title| {
            Message::Sessions(String::new(), Ok(vec![Session { title, ..Session::default() }; 3]))
        }),
        1 => session().prop_map(|session| Message::Session(Ok(session))),
        1 => Just(Message::Deleted(Ok(1))),
        1 => text().prop_map(|text| Message::Remembered(vec![Entry { mode: Mode::Ask, text }; 3])),
        1 => text().prop_map(|text| Message::Done(Err(text))),
    ]
}

fn happening() -> impl Strategy<Value = Message> {
    let mouse = prop::sample::select(vec![
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
        MouseEventKind::Down(MouseButton::Left),
    ]);
    prop_oneof![
        8 => any_key().prop_map(Message::Key),
        6 => answer(),
        1 => text().prop_map(Message::Paste),
        2 => (mouse, 0..140u16, 0..50u16).prop_map(|(kind, column, row)| {
            Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
        }),
        2 => (0..140u16, 0..45u16).prop_map(|(columns, rows)| Message::Resize(columns, rows)),
        1 => any::<i64>().prop_map(Message::Tick),
    ]
}

fn addressed(message: Message, state: &State) -> Message {
    match message {
        Message::Found(_, outcome) => Message::Found(state.search.asked, outcome),
        Message::Read(_, outcome) => Message::Read(state.preview.asked, outcome),
        Message::Asked(_, progress) => Message::Asked(state.chat.running.unwrap_or(0), progress),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_panics_or_steers_the_terminal(
        messages in prop::collection::vec(happening(), 1..60),
        size in (0..140u16, 0..45u16),
    ) {
        let mut state = State::new(size);
        for message in messages {
            let message = addressed(message, &state);
            update(&mut state, message);
            let screen = painted(&state);
            let steers = screen.chars().any(|c| (c.is_control() && c != '\n') || c == BIDI_OVERRIDE);
            prop_assert!(!steers);
        }
    }
}
