//! The painted screens, as pictures in text.

use ragterm_proto::v1::{
    ChunkCounts, DocumentCounts, EmbedderStatus, Failure, Job, Source, StatusReply, StoreStatus,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};

use super::draw;
use crate::fault::Fault;
use crate::message::{Message, Progress};
use crate::state::State;
use crate::testing::{NOW_MS, connected, document, found, hit, korean_hit, painted, press, typed};
use crate::theme::{Colour, Theme};
use crate::update::update;

/// A search with its document on a screen of some size.
fn searched(size: (u16, u16)) -> State {
    let mut hits = vec![hit(1), korean_hit()];
    hits.extend((3..9).map(hit));
    let mut state = found("vacation", hits);
    let generation = state.preview.asked;
    update(&mut state, Message::Read(generation, Ok(document(4..24))));
    update(&mut state, Message::Resize(size.0, size.1));
    state
}

fn sources() -> Vec<Source> {
    let handbooks = Source {
        name: "handbooks".into(),
        space: "hr".into(),
        path: "/srv/handbooks".into(),
        state: "indexing".into(),
        documents: 6316,
        failed: 2,
        skipped: 1,
        last_scan_ms: Some(NOW_MS - 120_000),
        ..Source::default()
    };
    let share = Source {
        name: "share".into(),
        space: "default".into(),
        path: "/mnt/share".into(),
        state: "unavailable".into(),
        state_reason: "the folder is not there".into(),
        held: 40,
        ..Source::default()
    };
    vec![handbooks, share]
}

fn status() -> StatusReply {
    StatusReply {
        documents: Some(DocumentCounts { indexed: 6316, pending: 12, failed: 2, skipped: 1 }),
        chunks: Some(ChunkCounts { total: 145_247, embedded: 90_000, unreadable: 247 }),
        sources: sources(),
        jobs: vec![Job {
            source: "handbooks".into(),
            phase: "index".into(),
            done: 4300,
            total: 6328,
            rate_per_s: 512.0,
            eta_s: Some(4.0),
        }],
        failures: vec![Failure {
            path: "인사/깨진 파일.pdf".into(),
            reason: "the file is encrypted".into(),
            source: "handbooks".into(),
            state: "failed".into(),
        }],
        embedder: Some(EmbedderStatus {
            provider: "builtin".into(),
            healthy: true,
            ..EmbedderStatus::default()
        }),
        store: Some(StoreStatus {
            backend: "qdrant".into(),
            detail: "connection refused".into(),
            remedy: "start the server".into(),
            ..StoreStatus::default()
        }),
        ..StatusReply::default()
    }
}

#[test]
fn a_wide_screen_shows_hits_beside_their_document() {
    insta::assert_snapshot!(painted(&searched((120, 30))));
}

#[test]
fn a_usual_screen_shows_the_document_below() {
    insta::assert_snapshot!(painted(&searched((80, 24))));
}

#[test]
fn a_small_screen_shows_what_matters() {
    let screens = [(40, 12), (20, 5), (12, 3)].map(|size| painted(&searched(size)));
    insta::assert_snapshot!(screens.join("\n=====\n"));
}

#[test]
fn no_screen_is_too_small_to_paint() {
    let searched = searched((120, 30));
    let mut states = vec![searched.clone(), crate::update::tests::answered()];
    for panel in ["f1", "f2", "f4", "f6"] {
        let mut state = searched.clone();
        press(&mut state, &[panel]);
        states.push(state);
    }
    for mut state in states {
        for columns in 0..30 {
            for rows in [0, 1, 2, 3, 5, 8, 24] {
                update(&mut state, Message::Resize(columns, rows));
                painted(&state);
            }
        }
    }
}

#[test]
fn the_first_picture_needs_no_daemon() {
    insta::assert_snapshot!(painted(&State::new((80, 12))));
}

#[test]
fn a_daemon_that_cannot_be_reached_is_told_with_what_to_do() {
    let mut state = State::new((80, 12));
    let mut fault = Fault::lost("no daemon answers on /run/ragterm.sock: no such file");
    fault.hint = "start one with `ragterm daemon`".into();
    update(&mut state, Message::Unreachable(fault));
    insta::assert_snapshot!(painted(&state));
}

#[test]
fn an_answer_shows_its_sources_and_the_passage() {
    let mut state = crate::update::tests::answered();
    update(&mut state, Message::Resize(110, 24));
    insta::assert_snapshot!(painted(&state));
}

#[test]
fn an_answer_that_broke_off_is_marked() {
    let mut state = connected();
    update(&mut state, Message::Resize(80, 16));
    press(&mut state, &["tab"]);
    typed(&mut state, "연차는 며칠?");
    press(&mut state, &["enter"]);
    let generation = state.chat.running.unwrap();
    let text = "연차 휴가는 **열다섯 날**이고, 다음 해로 다섯 날까지 이월할 수";
    update(&mut state, Message::Asked(generation, Progress::Text(text.into())));
    let lost = Fault::lost("the connection to the daemon broke");
    update(&mut state, Message::Asked(generation, Progress::Broke(lost)));
    insta::assert_snapshot!(painted(&state));
}

#[test]
fn the_indexing_panel_shows_progress_and_failures() {
    let mut state = connected();
    update(&mut state, Message::Status(Ok(Box::new(status()))));
    press(&mut state, &["f2"]);
    insta::assert_snapshot!(painted(&state));
}

#[test]
fn the_help_shows_every_key() {
    let mut state = connected();
    update(&mut state, Message::Resize(100, 70));
    press(&mut state, &["f1"]);
    insta::assert_snapshot!(painted(&state));
}

#[test]
fn a_list_to_choose_from_is_narrowed_by_typing() {
    let mut state = connected();
    update(&mut state, Message::Resize(80, 20));
    press(&mut state, &["f4", "down", "tab"]);
    typed(&mut state, "x");
    insta::assert_snapshot!(painted(&state));
}

#[test]
fn a_panel_cuts_no_wide_character_in_half() {
    let mut state = found("a", vec![korean_hit(); 8]);
    press(&mut state, &["f4"]);
    for columns in 60..80 {
        update(&mut state, Message::Resize(columns, 20));
        let screen = painted(&state);
        for line in screen.lines().skip(2).take(15) {
            assert!(line.contains('│') || line.contains('╭'), "{columns}:\n{screen}");
            assert!(crate::text::width(line) <= usize::from(columns));
        }
    }
}

/// The colours and modifiers that are used on a screen.
fn styles(theme: Theme, colour: Colour) -> Vec<(Color, Color, Modifier)> {
    let mut state = searched((120, 30));
    (state.theme, state.colour) = (theme, colour);
    let mut terminal = Terminal::new(TestBackend::new(120, 30)).unwrap();
    terminal.draw(|frame| draw(&state, frame)).unwrap();
    let cells = terminal.backend().buffer().content();
    cells.iter().map(|cell| (cell.fg, cell.bg, cell.modifier)).collect()
}

#[test]
fn without_colour_no_cell_has_one_but_what_was_searched_for_stands_out() {
    for theme in [Theme::Terminal, Theme::Dark, Theme::Light, Theme::Plain] {
        let styles = styles(theme, Colour::None);
        assert!(styles.iter().all(|(fg, bg, _)| (*fg, *bg) == (Color::Reset, Color::Reset)));
        assert!(styles.iter().any(|(_, _, modifier)| modifier.contains(Modifier::UNDERLINED)));
    }
}

#[test]
fn sixteen_colours_are_enough() {
    for theme in [Theme::Terminal, Theme::Dark, Theme::Light] {
        let styles = styles(theme, Colour::Sixteen);
        let is_rich = |colour: &Color| matches!(colour, Color::Rgb(..) | Color::Indexed(_));
        assert!(!styles.iter().any(|(fg, bg, _)| is_rich(fg) || is_rich(bg)));
        assert!(styles.iter().any(|(fg, _, _)| *fg == Color::Yellow));
    }
    assert!(
        styles(Theme::Dark, Colour::Full).iter().any(|(fg, _, _)| matches!(fg, Color::Rgb(..)))
    );
}

#[test]
fn the_cursor_is_behind_what_was_typed_so_that_an_input_method_composes_there() {
    let mut state = connected();
    typed(&mut state, "연차 휴");
    let mut terminal = Terminal::new(TestBackend::new(120, 30)).unwrap();
    terminal.draw(|frame| draw(&state, frame)).unwrap();
    terminal.backend_mut().assert_cursor_position((" search › ".len() as u16 - 2 + 7, 0));
}
