//! What a message repeats of others: it stays to be found, but behind what the message says itself.

use crate::document::{Place, Section};
use crate::extract::outline::clipped;

/// The heading of what is repeated.
const HEADING: &str = "Quoted text";

/// Lines after which all is repeated.
const DIVIDERS: [&str; 6] = [
    "-----originalmessage-----",
    "-----원본메시지-----",
    "-----ursprünglichenachricht-----",
    "-----messaged'origine-----",
    "-----mensajeoriginal-----",
    "-----邮件原件-----",
];

/// How a message that is repeated begins in Outlook, and what follows in the next lines.
const SENDER: [&str; 5] = ["from:", "보낸사람:", "von:", "de:", "发件人:"];
const OTHERS: [&str; 18] = [
    "sent:",
    "date:",
    "to:",
    "subject:",
    "보낸날짜:",
    "날짜:",
    "받는사람:",
    "제목:",
    "gesendet:",
    "an:",
    "betreff:",
    "envoyé:",
    "à:",
    "objet:",
    "enviado",
    "asunto:",
    "发送时间:",
    "收件人:",
];

/// So much of a line is looked at.
const MARK_BYTES: usize = 100;

/// How the line ends that says who wrote what follows.
const WROTE: [&str; 6] = ["wrote:", "작성:", "schrieb:", "a écrit :", "escribió:", "写道："];

/// What the messages are that a message repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeated {
    /// What it answers to.
    Aside,
    /// What it hands on, which is its text.
    Text,
}

impl Repeated {
    /// Tells by the subject.
    pub(super) fn by(subject: Option<&str>) -> Self {
        let subject = subject.unwrap_or_default().to_lowercase();
        let mut prefixes = ["fw:", "fwd:", "wg:", "tr:", "전달:", "[fwd", "转发"].into_iter();
        if prefixes.any(|prefix| subject.starts_with(prefix)) { Self::Text } else { Self::Aside }
    }
}

/// Puts what is repeated into a section of its own at the end; unless there is nothing else.
pub(super) fn folded(body: Vec<Section>) -> Vec<Section> {
    let mut own = Vec::new();
    let mut quoted = String::new();
    let mut is_over = false;
    for section in &body {
        let mut text = String::with_capacity(section.text.len());
        let lines = section.text.split('\n').collect::<Vec<_>>();
        for (index, line) in lines.iter().enumerate() {
            is_over = is_over || is_divider(&lines[index..]);
            let is_quoted = is_over || line.starts_with('>') || is_attribution(&lines[index..]);
            let target = if is_quoted { &mut quoted } else { &mut text };
            target.push_str(if is_quoted { line.trim_start_matches(['>', ' ']) } else { line });
            target.push('\n');
        }
        if !text.trim().is_empty() {
            let text = text.trim_end().to_owned();
            own.push(Section { text, heading: section.heading.clone(), ..Section::default() });
        }
    }
    if own.is_empty() || quoted.trim().is_empty() {
        return body;
    }
    own.push(section_of(&quoted));
    own
}

/// A section of what is repeated.
pub(super) fn section_of(text: &str) -> Section {
    let text = text.trim().to_owned();
    Section { heading: vec![HEADING.to_owned()], text, place: Place::Unknown }
}

fn is_divider(lines: &[&str]) -> bool {
    let Some(line) = lines.first() else { return false };
    let mark = squeezed(line);
    if DIVIDERS.contains(&&*mark) {
        return true;
    }
    // Some programs draw a line first.
    let is_rule = mark.len() >= 10 && mark.bytes().all(|byte| byte == b'_');
    let lines = &lines[usize::from(is_rule)..];
    let mut next = lines.iter().take(10).map(|line| squeezed(line)).filter(|line| !line.is_empty());
    let starts = |line: &str, words: &[&str]| words.iter().any(|word| line.starts_with(word));
    (is_rule || !mark.is_empty())
        && next.next().is_some_and(|line| starts(&line, &SENDER))
        && next.take(4).filter(|line| starts(line, &OTHERS)).count() >= 2
}

/// The beginning of a line in small letters, without spaces, and without the asterisks of bold.
fn squeezed(line: &str) -> String {
    let letters = clipped(line.trim_start(), MARK_BYTES).chars();
    letters
        .filter(|char| !char.is_whitespace() && *char != '*')
        .flat_map(char::to_lowercase)
        .collect()
}

/// The line before the first line of a quotation, which may take two lines.
fn is_attribution(lines: &[&str]) -> bool {
    let mut next = lines.iter().take(4).filter(|line| !line.trim().is_empty());
    let (Some(first), second, third) = (next.next(), next.next(), next.next()) else {
        return false;
    };
    if lines[0].trim().is_empty() {
        return false;
    }
    let ends = |line: &str| WROTE.iter().any(|word| line.trim_end().ends_with(word));
    let is_quote = |line: Option<&&str>| line.is_some_and(|line| line.starts_with('>'));
    (ends(first) && is_quote(second))
        || (first.starts_with("On ") && second.is_some_and(|line| ends(line)) && is_quote(third))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds(text: &str) -> (String, String) {
        let section = Section { text: text.to_owned(), ..Section::default() };
        let sections = folded(vec![section]);
        let own = sections[0].text.clone();
        let quoted = sections.get(1).filter(|section| section.heading == [HEADING]);
        (own, quoted.map(|section| section.text.clone()).unwrap_or_default())
    }

    #[test]
    fn what_is_repeated_stands_behind_what_is_said() {
        let (own, quoted) = folds("Agreed.\n\nOn Monday, A wrote:\n> Shall we?\n>> No.\nSee you\n");
        assert_eq!(own, "Agreed.\n\nSee you");
        assert_eq!(quoted, "On Monday, A wrote:\nShall we?\nNo.");
    }

    #[test]
    fn the_headers_of_outlook_begin_what_is_repeated() {
        for head in [
            "From: A <a@x>\nSent: Monday\nTo: B\nSubject: C",
            "보낸 사람: 김\n보낸 날짜: 월요일\n받는 사람: 이\n제목: 예산",
            "________________________________\n*From:* A\n*Date:* x\n*To:* B",
            "-----Original Message-----\nFrom: A",
        ] {
            let (own, quoted) = folds(&format!("New words\n\n{head}\n\nOld words\n"));
            assert_eq!(own, "New words", "{head}");
            assert!(quoted.ends_with("Old words"), "{head}");
        }
    }

    #[test]
    fn words_that_look_like_a_header_are_no_quotation() {
        let text = "The shop opens\nFrom: nine\nTo: five\non weekdays";
        assert_eq!(folds(text), (text.to_owned(), String::new()));
        let only = "> all of it\n> is quoted";
        assert_eq!(folds(only).0, only, "there is nothing else");
        let by = |subject| Repeated::by(Some(subject));
        assert_eq!([by("FW: plan"), by("전달: 계획")], [Repeated::Text; 2]);
        assert_eq!([by("Re: x"), Repeated::by(None)], [Repeated::Aside; 2]);
    }
}
