//! What tests of several parts share: a state with hits, keys by their names, a painted screen.

use ragterm_proto::v1::{Highlight, Hit, LineRange, Passage, ReadReply, SearchReply};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::draw::draw;
use crate::effect::Effect;
use crate::keys::Press;
use crate::message::Message;
use crate::state::State;
use crate::update::update;

/// A moment, in milliseconds since the epoch.
pub const NOW_MS: i64 = 1_772_356_364_999;

/// A client on a screen of 120 columns whose daemon answers.
pub fn connected() -> State {
    let mut state = State::new((120, 30));
    state.now_ms = NOW_MS;
    update(&mut state, Message::Connected);
    state
}

/// A hit of a number.
pub fn hit(number: u32) -> Hit {
    Hit {
        rank: number,
        document: format!("d{number}"),
        uri: format!("file:///srv/share/hr/leave{number}.md"),
        path: format!("hr/leave{number}.md"),
        title: format!("Leave policy {number}"),
        heading: vec![format!("Leave policy {number}"), "Carry-over".into()],
        space: "hr".into(),
        source: "share".into(),
        r#type: "md".into(),
        modified_ms: NOW_MS - 3 * 86_400_000,
        lines: Some(LineRange { first: 41, last: 58 }),
        snippet: "Unused vacation days may be carried over into the next year, at most five."
            .into(),
        highlights: vec![Highlight { start: 7, end: 15 }, Highlight { start: 28, end: 40 }],
        ordinal: 10,
        ..Hit::default()
    }
}

/// A hit in Korean, with characters that take two columns.
pub fn korean_hit() -> Hit {
    Hit {
        document: "k".into(),
        uri: "file:///srv/%EC%97%B0%EC%B0%A8.pdf".into(),
        path: "인사/연차 휴가 규정.pdf".into(),
        title: "연차 휴가 규정 👩‍👩‍👧".into(),
        heading: vec!["제3장".into()],
        source: "share".into(),
        space: "hr".into(),
        r#type: "pdf".into(),
        modified_ms: NOW_MS - 60_000,
        page: Some(3),
        snippet: "사용하지 않은 연차 휴가는 다음 해로 이월할 수 있다. 이월은 다섯 날까지다.".into(),
        highlights: vec![Highlight { start: 8, end: 10 }, Highlight { start: 21, end: 23 }],
        ..Hit::default()
    }
}

/// A reply of some hits.
pub fn reply(query: &str, hits: Vec<Hit>) -> SearchReply {
    SearchReply {
        query: query.into(),
        took_ms: 4.2,
        embedded_share: 1.0,
        hits,
        ..SearchReply::default()
    }
}

/// Passages of a document of a hundred.
pub fn document(range: std::ops::Range<u32>) -> ReadReply {
    let passages = range
        .map(|ordinal| Passage {
            ordinal,
            heading: vec!["Leave".into()],
            text: format!("## Rule {ordinal}\n\nDays of vacation under rule {ordinal} are `counted` in **hours**."),
            ..Passage::default()
        })
        .collect();
    ReadReply { total: 100, passages, r#type: "md".into(), ..ReadReply::default() }
}

/// Presses keys by their names, one after the other.
pub fn press(state: &mut State, keys: &[&str]) -> Vec<Effect> {
    keys.iter().flat_map(|key| update(state, Message::Key(Press::parse(key).unwrap()))).collect()
}

/// Types a text.
pub fn typed(state: &mut State, text: &str) -> Vec<Effect> {
    text.chars()
        .flat_map(|character| {
            let key = if character == ' ' { "space".into() } else { character.to_string() };
            press(state, &[key.as_str()])
        })
        .collect()
}

/// A state with what was typed and its hits on the screen.
pub fn found(query: &str, hits: Vec<Hit>) -> State {
    let mut state = connected();
    typed(&mut state, query);
    let generation = state.search.asked;
    update(&mut state, Message::Found(generation, Ok(reply(query, hits))));
    state
}

/// The painted screen as text.
pub fn painted(state: &State) -> String {
    let (columns, rows) = state.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw(state, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let line = |y: u16| {
        let mut text = String::new();
        let mut covered = 0;
        for x in 0..columns {
            let symbol = buffer[(x, y)].symbol();
            // What takes two columns covers the cell behind it.
            if covered == 0 {
                text.push_str(symbol);
            }
            covered = crate::text::width(symbol).max(covered).max(1) - 1;
        }
        text.trim_end().to_owned()
    };
    (0..rows).map(line).collect::<Vec<_>>().join("\n")
}
