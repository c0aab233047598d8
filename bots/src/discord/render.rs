//! What a draft looks like on Discord: texts within its limits, embeds for sources, buttons. Pure.

use serde_json::{Value, json};

use super::buttons::{Action, row};
use super::text::{calm, length, plain, shortened};
use crate::core::{Answer, Draft, Found, Language, Phrase, Source, split};

use super::words::Words;

const MAX_CONTENT: usize = 2_000;
/// All texts of a message's embeds together; Discord takes 6,000.
const MAX_EMBEDS: usize = 5_800;
const MAX_EMBED_COUNT: usize = 10;
const MAX_TITLE: usize = 250;
const MAX_PLACE: usize = 300;
const MAX_EXCERPT: usize = 900;
const MAX_QUOTE: usize = 300;
/// The longest address that is worth its room.
const MAX_LINK: usize = 400;
/// Of a field of an embed.
const MAX_VALUE: usize = 1_024;
/// More than a person reads; the rest of an endless answer is left out, and said to be.
const MAX_MESSAGES: usize = 25;

/// How answers in one place look.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) language: Language,
    /// The question, where people would not see it otherwise.
    pub(super) quote: Option<String>,
    pub(super) actions: Vec<Action>,
    /// For ages.
    pub(super) now_ms: i64,
}

/// The messages that show a draft, the first first; at least one.
pub(super) fn messages(draft: &Draft, look: &Look) -> Vec<Value> {
    let language = look.language;
    match draft {
        Draft::Working => texts(Phrase::Working.say(language), look),
        Draft::Waiting(why) => texts(why.say(language), look),
        Draft::Growing(text) => {
            let grown = format!("{}\n-# {}", calm(text), Phrase::StillWriting.say(language));
            texts(&grown, look)
        }
        Draft::Failed(trouble) => texts(&trouble.say(language), look),
        Draft::Done(answer) => done(answer, look),
    }
}

fn texts(text: &str, look: &Look) -> Vec<Value> {
    let whole = match &look.quote {
        Some(question) => format!("> {}\n{text}", shortened(&plain(question), MAX_QUOTE)),
        None => text.to_owned(),
    };
    // No more than could be shown is split: that takes its time.
    let most = MAX_MESSAGES * MAX_CONTENT;
    let end = whole.char_indices().nth(most).map_or(whole.len(), |(end, _)| end);
    let mut parts = split(&whole[..end], MAX_CONTENT, &length);
    if parts.len() > MAX_MESSAGES || end < whole.len() {
        parts.truncate(MAX_MESSAGES - 1);
        parts.push(Phrase::Partial.say(look.language).to_owned());
    }
    if parts.is_empty() {
        parts.push(Phrase::Refused.say(look.language).to_owned());
    }
    parts.into_iter().map(|part| message(&part, Vec::new(), Vec::new())).collect()
}

fn message(content: &str, embeds: Vec<Value>, components: Vec<Value>) -> Value {
    json!({
        "content": content,
        "embeds": embeds,
        "components": components,
        "allowed_mentions": { "parse": [], "replied_user": false },
    })
}

/// One short message without embeds or buttons.
pub(super) fn note(text: &str) -> Value {
    message(&shortened(text, MAX_CONTENT), Vec::new(), Vec::new())
}

fn done(answer: &Answer, look: &Look) -> Vec<Value> {
    let has_text = !answer.text.trim().is_empty();
    let mut text = if has_text { calm(&answer.text) } else { String::new() };
    for note in answer.notes(look.language) {
        let before = if text.is_empty() { "" } else { "\n-# " };
        text.push_str(&format!("{before}{}", plain(&note)));
    }
    let mut messages = texts(&text, look);
    let embeds =
        if has_text { listed(&answer.sources, look) } else { excerpts(&answer.sources, look) };
    if let Some(last) = messages.last_mut() {
        last["embeds"] = Value::Array(embeds);
        last["components"] = Value::Array(row(&look.actions, look.language, &answer.turn));
    }
    messages
}

/// The sources of a text in one embed: title, place, age, link.
fn listed(sources: &[Source], look: &Look) -> Vec<Value> {
    let title = Phrase::Sources.say(look.language);
    let mut used = length(title);
    let mut fields = Vec::new();
    for source in sources.iter().take(25) {
        let name = heading(source);
        let value = shortened(&lines(source, look), MAX_VALUE);
        used += length(&name) + length(&value);
        if used > MAX_EMBEDS {
            break;
        }
        fields.push(json!({ "name": name, "value": value, "inline": false }));
    }
    if fields.is_empty() {
        return Vec::new();
    }
    vec![json!({ "title": title, "fields": fields })]
}

/// An embed for each hit, with part of its text.
fn excerpts(sources: &[Source], look: &Look) -> Vec<Value> {
    let mut used = 0;
    let mut embeds = Vec::new();
    for source in sources.iter().take(MAX_EMBED_COUNT) {
        let title = heading(source);
        let excerpt = shortened(&calm(&source.excerpt), MAX_EXCERPT);
        let place = lines(source, look);
        let description = if excerpt.is_empty() { place } else { format!("{place}\n{excerpt}") };
        used += length(&title) + length(&description);
        if used > MAX_EMBEDS {
            break;
        }
        embeds.push(json!({ "title": title, "description": description }));
    }
    embeds
}

fn heading(source: &Source) -> String {
    shortened(&format!("{}. {}", source.n, plain(&source.title)), MAX_TITLE)
}

/// Place, age and space on one line, the address on the next.
fn lines(source: &Source, look: &Look) -> String {
    let mut parts = vec![shortened(&plain(&source.place), MAX_PLACE)];
    parts.push(source.age(look.now_ms, look.language));
    parts.push(shortened(&plain(&source.space), MAX_PLACE));
    parts.retain(|part| !part.is_empty());
    let mut lines = parts.join(" · ");
    if let Some(link) = source.link.as_ref().filter(|link| link.len() <= MAX_LINK) {
        lines.push_str(&format!("\n<{link}>"));
    }
    // Discord takes no empty value.
    if lines.is_empty() { "–".to_owned() } else { lines }
}

/// The message that shows what a search found.
pub(super) fn found(found: &Found, look: &Look) -> Value {
    let language = look.language;
    let mut text = if found.hits.is_empty() {
        Phrase::NothingFound.say(language).to_owned()
    } else {
        format!("{} ({})", Words::Found.say(language), found.hits.len())
    };
    if let Some(reason) = &found.degraded {
        text.push_str(&format!("\n-# {}: {}", Phrase::Degraded.say(language), plain(reason)));
    }
    let mut first = texts(&text, look).swap_remove(0);
    first["embeds"] = Value::Array(excerpts(&found.hits, look));
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> Look {
        let actions = vec![Action::Helpful, Action::ShowMore];
        Look { language: Language::English, quote: None, actions, now_ms: 1_700_000_000_000 }
    }

    fn source(n: u32, excerpt: &str) -> Source {
        Source {
            n,
            title: format!("@everyone **title** {n}"),
            place: "hr/leave_rules.md › Carry-over:3–9".into(),
            space: "hr".into(),
            modified_ms: 1_700_000_000_000 - 7_200_000,
            link: Some("https://wiki.example/leave".into()),
            excerpt: excerpt.into(),
        }
    }

    fn weight(message: &Value) -> usize {
        let embeds = message["embeds"].as_array().unwrap();
        let text = |value: &Value| length(value.as_str().unwrap_or_default());
        let fields = |embed: &Value| {
            let fields = embed["fields"].as_array().cloned().unwrap_or_default();
            fields.iter().map(|field| text(&field["name"]) + text(&field["value"])).sum::<usize>()
        };
        embeds
            .iter()
            .map(|embed| text(&embed["title"]) + text(&embed["description"]) + fields(embed))
            .sum()
    }

    #[test]
    fn an_answer_shows_its_sources_and_buttons_once_at_its_end() {
        let text = "One sentence of some length stands here. ".repeat(200);
        let sources = vec![source(1, "")];
        let answer = Answer { text, sources, turn: "t1".into(), ..Answer::default() };
        let messages = messages(&Draft::Done(Box::new(answer)), &look());
        assert!(messages.len() > 4);
        let (last, others) = messages.split_last().unwrap();
        for other in others {
            assert!(length(other["content"].as_str().unwrap()) <= MAX_CONTENT);
            assert!(other["content"].as_str().unwrap().ends_with("here."));
            assert_eq!(other["components"], json!([]));
        }
        let field = &last["embeds"][0]["fields"][0];
        assert_eq!(
            field["value"],
            "hr/leave\\_rules.md › Carry-over:3–9 · 2 hours ago · hr\n<https://wiki.example/leave>"
        );
        assert_eq!(field["name"], "1. @\u{2060}everyone \\*\\*title\\*\\* 1");
        assert_eq!(last["components"][0]["components"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn many_long_sources_stay_within_the_limits_of_embeds() {
        let sources: Vec<_> = (1..=40).map(|n| source(n, &"😀*".repeat(2_000))).collect();
        let passages = Answer { sources: sources.clone(), turn: "t".into(), ..Answer::default() };
        let shown = messages(&Draft::Done(Box::new(passages)), &look());
        assert!((1..=10).contains(&shown[0]["embeds"].as_array().unwrap().len()));
        assert!(weight(&shown[0]) <= 6_000);
        let text = Answer { text: "Yes [1].".into(), sources, ..Answer::default() };
        let shown = messages(&Draft::Done(Box::new(text)), &look());
        assert!(weight(&shown[0]) <= 6_000);
        assert!(shown[0]["embeds"][0]["fields"].as_array().unwrap().len() > 10);
    }

    #[test]
    fn every_message_mentions_nobody() {
        let answer = Answer { text: "Ask <@5> or @here.".into(), ..Answer::default() };
        for draft in [Draft::Working, Draft::Growing("x".into()), Draft::Done(Box::new(answer))] {
            for message in messages(&draft, &look()) {
                assert_eq!(message["allowed_mentions"]["parse"], json!([]));
                assert!(!message["content"].as_str().unwrap().contains("<@5>"));
            }
        }
    }

    #[test]
    fn an_endless_answer_ends_with_a_word_about_it() {
        let answer = Answer { text: "Word. ".repeat(40_000), ..Answer::default() };
        let messages = messages(&Draft::Done(Box::new(answer)), &look());
        assert_eq!(messages.len(), MAX_MESSAGES);
        assert_eq!(messages[MAX_MESSAGES - 1]["content"], "This answer ends early.");
    }

    #[test]
    fn the_question_is_quoted_in_one_quiet_line() {
        let quote = Some("who\nis @everyone?".to_owned());
        let messages = messages(&Draft::Working, &Look { quote, ..look() });
        let content = messages[0]["content"].as_str().unwrap();
        assert_eq!(content, "> who is @\u{2060}everyone?\nLooking through the documents…");
    }
}
