//! Answers, hits and notes as Slack's blocks, within Slack's limits.

use slack_morphism::prelude::{
    SlackActionBlockElement, SlackActionsBlock, SlackBlock, SlackBlockButtonElement,
    SlackBlockMarkDownText, SlackBlockPlainTextOnly, SlackBlockText, SlackContextBlock,
    SlackSectionBlock,
};

use super::mrkdwn::{escaped, mrkdwn, plain};
use crate::core::{Answer, Found, Language, Phrase, Source, now_ms, split};

/// The longest text of one section, as Slack counts.
const SECTION: usize = 3_000;

/// The longest text of all blocks of a message. Slack documents none, and refuses from about 11,000.
const MESSAGE: usize = 9_000;

/// Fewer than the 50 that Slack takes, so that notes and buttons fit too.
const BLOCKS: usize = 40;

/// The longest text for notifications.
const PREVIEW: usize = 300;

/// Sources that are shown with an answer; the others come with "show more".
const SOURCES: usize = 8;

/// The longest excerpt of a source within an answer without text, and of a hit.
const EXCERPT: usize = 350;

/// A message: blocks, and the text that notifications show.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) blocks: Vec<SlackBlock>,
}

impl Message {
    /// The same in text alone, for when Slack refuses the blocks.
    pub(super) fn without_blocks(&self) -> Self {
        let mut text = String::new();
        for block in &self.blocks {
            if let SlackBlock::Section(section) = block
                && let Some(SlackBlockText::MarkDown(part)) = &section.text
            {
                text.push_str(&part.text);
                text.push('\n');
            }
        }
        let part = split(&text, SECTION, &length).into_iter().next();
        Self { text: part.unwrap_or_else(|| self.text.clone()), blocks: Vec::new() }
    }
}

/// What the buttons under an answer refer to.
#[derive(Debug, Clone)]
pub(super) struct Buttons {
    /// Under which the answer is kept.
    pub(super) key: String,
    pub(super) language: Language,
    pub(super) sharing: Sharing,
}

/// Whether an answer can be made public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Only the asker sees it, in a place with others.
    Offered,
    /// It is public, or nobody else is there.
    Pointless,
}

/// Names of the buttons.
pub(super) const HELPFUL: &str = "ragterm_helpful";
pub(super) const NOT_HELPFUL: &str = "ragterm_not_helpful";
pub(super) const MORE: &str = "ragterm_more";
pub(super) const PUBLIC: &str = "ragterm_public";

/// Characters as Slack counts them, at the most.
pub(super) fn length(mrkdwn: &str) -> usize {
    mrkdwn.encode_utf16().count()
}

/// One sentence of the bot, which may hold Markdown.
pub(super) fn note(sentence: &str) -> Message {
    message(sections(sentence), sentence)
}

/// The text so far, as much of it as one message takes.
pub(super) fn growing(text: &str, language: Language) -> Message {
    // More than one message takes is not looked at: this is drawn once a second.
    let start = text.char_indices().nth(MESSAGE).map_or(text, |(end, _)| &text[..end]);
    let mut blocks = fitting(sections(start));
    blocks.push(context(Phrase::StillWriting.say(language)));
    message(blocks, start)
}

/// A whole answer: the last message carries notes, sources and buttons.
pub(super) fn answer(
    answer: &Answer,
    language: Language,
    buttons: Option<&Buttons>,
) -> Vec<Message> {
    let mut blocks = sections(&answer.text);
    for note in answer.notes(language) {
        blocks.push(context(&mrkdwn(&note)));
    }
    if !answer.sources.is_empty() && !answer.refused {
        blocks.push(context(&format!("*{}*", Phrase::Sources.say(language))));
        let excerpt = if answer.text.trim().is_empty() { EXCERPT } else { 0 };
        let shown = answer.sources.iter().take(SOURCES);
        blocks.extend(shown.map(|source| section(&described(source, language, excerpt))));
    }
    let buttons = buttons.map(|buttons| answer_buttons(answer, buttons)).unwrap_or_default();
    if !buttons.is_empty() {
        blocks.push(SlackActionsBlock::new(buttons).into());
    }
    let notes = answer.notes(language);
    let preview = if answer.text.trim().is_empty() { notes.join(" ") } else { answer.text.clone() };
    messages(blocks, &preview)
}

/// The first hits of a search.
pub(super) fn found(found: &Found, language: Language, buttons: &Buttons) -> Vec<Message> {
    if found.hits.is_empty() {
        return vec![note(Phrase::NothingFound.say(language))];
    }
    let mut blocks: Vec<SlackBlock> = found
        .hits
        .iter()
        .take(SOURCES)
        .map(|hit| section(&described(hit, language, EXCERPT)))
        .collect();
    if let Some(reason) = &found.degraded {
        let note = format!("{}: {reason}", Phrase::Degraded.say(language));
        blocks.push(context(&mrkdwn(&note)));
    }
    if found.hits.len() > SOURCES {
        let more = button(MORE, Phrase::ShowMore.say(language), &value(buttons));
        blocks.push(SlackActionsBlock::new(vec![more]).into());
    }
    messages(blocks, &found.hits[0].title)
}

/// What "show more" shows: the passages behind an answer, or the further hits.
pub(super) fn more(sources: &[Source], language: Language) -> Vec<Message> {
    let shown = |source: &Source| section(&described(source, language, SECTION / 2));
    messages(sources.iter().map(shown).collect(), Phrase::Sources.say(language))
}

/// The further hits of a search, as [`more`] takes them.
pub(super) fn further(hits: &[Source]) -> &[Source] {
    hits.get(SOURCES..).unwrap_or_default()
}

/// An answer that is shared: who asked what stands above it.
pub(super) fn shared(user: &str, question: &str, messages: Vec<Message>) -> Vec<Message> {
    let quoted: Vec<_> = mrkdwn(question).lines().map(|line| format!("> {line}")).collect();
    let mut head = format!("<@{user}>:\n{}", quoted.join("\n"));
    if length(&head) > SECTION {
        head = format!("<@{user}>:");
    }
    let mut messages = messages;
    if let Some(first) = messages.first_mut() {
        first.blocks.insert(0, section(&head));
    }
    messages
}

/// The key and language in a button's value.
pub(super) fn read_value(value: &str) -> (&str, Language) {
    let (key, language) = value.rsplit_once('|').unwrap_or((value, ""));
    (key, Language::from_code(language))
}

fn value(buttons: &Buttons) -> String {
    format!("{}|{}", buttons.key, buttons.language.code())
}

fn answer_buttons(answer: &Answer, buttons: &Buttons) -> Vec<SlackActionBlockElement> {
    let language = buttons.language;
    let value = value(buttons);
    let mut elements = Vec::new();
    if !answer.turn.is_empty() {
        elements.push(button(HELPFUL, Phrase::Helpful.say(language), &value));
        elements.push(button(NOT_HELPFUL, Phrase::NotHelpful.say(language), &value));
    }
    if answer.sources.iter().any(|source| !source.excerpt.is_empty()) {
        elements.push(button(MORE, Phrase::ShowMore.say(language), &value));
    }
    if buttons.sharing == Sharing::Offered && !answer.turn.is_empty() {
        elements.push(button(PUBLIC, Phrase::MakePublic.say(language), &value));
    }
    elements
}

fn button(action: &str, label: &str, value: &str) -> SlackActionBlockElement {
    SlackBlockButtonElement::new(SlackBlockPlainTextOnly::from(label))
        .with_action_id(action.into())
        .with_value(value.to_owned())
        .into()
}

/// Number, title with link, place, age, and an excerpt of at most so many characters.
fn described(source: &Source, language: Language, excerpt: usize) -> String {
    let title = plain(&shortened(&source.title, 200));
    let title = match &source.link {
        Some(link) => format!("<{}|{title}>", escaped(link)),
        None => format!("*{title}*"),
    };
    let age = source.age(now_ms(), language);
    let facts: Vec<_> = [plain(&shortened(&source.place, 300)), plain(&source.space), age]
        .into_iter()
        .filter(|fact| !fact.is_empty())
        .collect();
    let mut text = format!("[{}] {title}\n{}", source.n, facts.join(" · "));
    if excerpt > 0 && !source.excerpt.is_empty() {
        let excerpt = escaped(&crate::core::neutral(&shortened(&source.excerpt, excerpt)));
        text.extend(excerpt.lines().map(|line| format!("\n>{line}")));
    }
    match split(&text, SECTION, &length).into_iter().next() {
        Some(fitting) => fitting,
        None => text,
    }
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Markdown in sections of Slack's size.
fn sections(markdown: &str) -> Vec<SlackBlock> {
    split(markdown, SECTION, &|part| length(&mrkdwn(part)))
        .iter()
        .map(|part| section(&mrkdwn(part)))
        .collect()
}

fn section(text: &str) -> SlackBlock {
    SlackSectionBlock::new().with_text(verbatim(text).into()).into()
}

fn context(text: &str) -> SlackBlock {
    let text: String = text.chars().take(SECTION - 1).collect();
    SlackContextBlock::new(vec![verbatim(&text).into()]).into()
}

/// Verbatim: Slack looks for no names and addresses in it.
fn verbatim(text: &str) -> SlackBlockMarkDownText {
    SlackBlockMarkDownText::new(text.to_owned()).with_verbatim(true)
}

fn message(blocks: Vec<SlackBlock>, preview: &str) -> Message {
    Message { text: mrkdwn(&shortened(preview.trim(), PREVIEW)), blocks }
}

/// Blocks in as few messages as Slack's limits allow.
fn messages(blocks: Vec<SlackBlock>, preview: &str) -> Vec<Message> {
    let mut groups: Vec<(usize, Vec<SlackBlock>)> = Vec::new();
    for block in blocks {
        let size = size(&block);
        match groups.last_mut() {
            Some((total, group)) if *total + size <= MESSAGE && group.len() < BLOCKS => {
                *total += size;
                group.push(block);
            }
            _ => groups.push((size, vec![block])),
        }
    }
    groups.into_iter().map(|(_, blocks)| message(blocks, preview)).collect()
}

/// The first blocks that fit into one message.
fn fitting(blocks: Vec<SlackBlock>) -> Vec<SlackBlock> {
    messages(blocks, "").into_iter().next().map(|message| message.blocks).unwrap_or_default()
}

/// The characters of a block, with what Slack may count around them.
fn size(block: &SlackBlock) -> usize {
    const AROUND: usize = 50;
    let text = serde_json::to_value(block).map(|value| texts(&value)).unwrap_or_default();
    text + AROUND
}

fn texts(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::String(text) => length(text),
        serde_json::Value::Array(values) => values.iter().map(texts).sum(),
        serde_json::Value::Object(fields) => fields.values().map(texts).sum(),
        _ => 0,
    }
}
