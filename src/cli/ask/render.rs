//! What follows the text of an answer, for people: its sources, or the passages in its place.

use ragterm_proto::v1::{Answered, CitedSource};

use super::Collected;
use crate::cli::output::{DIM, WARNING, clean, clean_block};
use crate::cli::search::position;
use crate::cli::units::age;

/// Lines of a passage that are shown where no model answered.
const LINES: usize = 12;

/// The end of the answer's line, then the sources; ages are relative to `now_ms`.
pub fn rest(collected: &Collected, now_ms: i64) -> String {
    let mut text = String::new();
    if !collected.text.is_empty() && !collected.text.ends_with('\n') {
        text.push('\n');
    }
    let Some(answered) = &collected.answered else {
        text.push_str(&format!("{WARNING}[the answer breaks off here]{WARNING:#}\n"));
        return text;
    };
    if answered.partial {
        text.push_str(&format!("{WARNING}[the answer breaks off here]{WARNING:#}\n"));
    }
    let unsupported = unsupported(answered);
    if !unsupported.is_empty() {
        text.push_str(&format!("\n{WARNING}Without a source:{WARNING:#}\n"));
        for sentence in unsupported {
            text.push_str(&format!("  {}\n", clean(&sentence)));
        }
    }
    let is_whole = !answered.answer.is_empty();
    if is_whole && !answered.sources.is_empty() {
        text.push('\n');
    }
    for source in &answered.sources {
        text.push_str(&of_source(source, now_ms));
        if !is_whole {
            text.push_str(&of_passage(&source.passage));
        }
    }
    text
}

fn of_source(source: &CitedSource, now_ms: i64) -> String {
    let Some(hit) = &source.hit else { return String::new() };
    let mut text = format!("[{}] {}", source.n, clean(&hit.title));
    let heading: Vec<String> =
        hit.heading.iter().filter(|it| **it != hit.title).map(|it| clean(it)).collect();
    if !heading.is_empty() {
        text.push_str(&format!("{DIM} › {}{DIM:#}", heading.join(" › ")));
    }
    let place =
        format!("{} · {} · {}", position(hit), clean(&hit.source), age(hit.modified_ms, now_ms));
    format!("{text}\n    {DIM}{place}{DIM:#}\n    {DIM}{}{DIM:#}\n", clean(&hit.uri))
}

fn of_passage(passage: &str) -> String {
    let clean = clean_block(passage);
    let mut lines: Vec<&str> = clean.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.len() > LINES {
        lines.truncate(LINES);
        lines.push("…");
    }
    let lines: Vec<String> = lines.into_iter().map(|line| format!("    {line}\n")).collect();
    format!("{}\n", lines.concat())
}

fn unsupported(answered: &Answered) -> Vec<String> {
    let cut = |start: u32, end: u32| -> String {
        let length = end.saturating_sub(start) as usize;
        answered.answer.chars().skip(start as usize).take(length).collect()
    };
    answered.unsupported.iter().map(|range| cut(range.start, range.end)).collect()
}

#[cfg(test)]
mod tests {
    use ragterm_proto::v1::{Highlight, Hit, LineRange};

    use super::*;

    fn collected() -> Collected {
        let hit = Hit {
            title: "Leave policy".into(),
            path: "hr/leave.md".into(),
            uri: "file:///srv/share/hr/leave.md".into(),
            heading: vec!["Leave policy".into(), "Carry-over".into()],
            source: "share".into(),
            lines: Some(LineRange { first: 41, last: 58 }),
            ..Hit::default()
        };
        let source = CitedSource { n: 1, hit: Some(hit), passage: "Five days.\n\nAt most.".into() };
        Collected {
            consulted: None,
            text: "Five days [1]. Perhaps more than that.".into(),
            answered: Some(Answered {
                answer: "Five days [1]. Perhaps more than that.".into(),
                sources: vec![source],
                unsupported: vec![Highlight { start: 15, end: 38 }],
                ..Answered::default()
            }),
        }
    }

    fn plain(collected: &Collected) -> String {
        anstream::adapter::strip_str(&rest(collected, 0)).to_string()
    }

    #[test]
    fn sources_follow_the_answer() {
        insta::assert_snapshot!(plain(&collected()), @r"

        Without a source:
          Perhaps more than that.

        [1] Leave policy › Carry-over
            hr/leave.md:41-58 · share · just now
            file:///srv/share/hr/leave.md
        ");
    }

    #[test]
    fn passages_stand_where_no_model_answered() {
        let mut collected = collected();
        collected.text.clear();
        let answered = collected.answered.as_mut().unwrap();
        (answered.answer, answered.unsupported) = (String::new(), Vec::new());
        insta::assert_snapshot!(plain(&collected), @r"
        [1] Leave policy › Carry-over
            hr/leave.md:41-58 · share · just now
            file:///srv/share/hr/leave.md
            Five days.
            At most.
        ");
    }

    #[test]
    fn a_broken_answer_is_marked() {
        let collected = Collected { answered: None, ..collected() };
        assert_eq!(plain(&collected), "\n[the answer breaks off here]\n");
    }
}
