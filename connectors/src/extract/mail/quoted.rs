//! What a message repeats of others: it stays to be found, but behind what the message says itself.

use crate::document::{Place, Section};

/// The heading of what is repeated.
const HEADING: &str = "Quoted text";

/// Lines after which all is repeated.
const DIVIDERS: [&str; 8] = [
    "-----original message-----",
    "----- original message -----",
    "-----원본 메시지-----",
    "-----원본메시지-----",
    "-----ursprüngliche nachricht-----",
    "-----message d'origine-----",
    "-----mensaje original-----",
    "-----邮件原件-----",
];

/// How a message that is repeated begins in Outlook, and what follows in the next lines.
const SENDER: [&str; 6] = ["from:", "보낸 사람:", "보낸사람:", "von:", "de:", "发件人:"];
const SENT: [&str; 11] = [
    "sent:",
    "date:",
    "to:",
    "보낸 날짜:",
    "보낸날짜:",
    "받는 사람:",
    "gesendet:",
    "envoyé",
    "enviado",
    "发送时间:",
    "날짜:",
];

/// How the line ends that says who wrote what follows.
const WROTE: [&str; 6] = ["wrote:", "작성:", "schrieb:", "a écrit :", "escribió:", "写道："];

/// Whether a message of this subject hands on another one, which then is its text.
pub(super) fn is_forwarding(subject: &str) -> bool {
    let subject = subject.to_lowercase();
    let mut prefixes = ["fw:", "fwd:", "wg:", "tr:", "전달:", "[fwd", "转发"].into_iter();
    prefixes.any(|prefix| subject.starts_with(prefix))
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
    let starts = |line: &str, words: &[&str]| {
        // Outlook sets these names in bold, which some programs write as asterisks.
        let line = line.trim_matches([' ', '*', '\t']).to_lowercase();
        words.iter().any(|word| line.starts_with(word))
    };
    if line.len() > 400 {
        return false;
    }
    if DIVIDERS.contains(&&*line.trim().to_lowercase()) {
        return true;
    }
    starts(line, &SENDER)
        && lines[1..].iter().take(3).filter(|line| starts(line, &SENT)).count() >= 1
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
