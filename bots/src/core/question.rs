//! What goes into the core and what comes out of it.

use ragterm_proto::v1::{Answered, Asker};

use super::sources::Source;
use super::trouble::Trouble;
use super::words::{Language, Phrase};

/// The longest question that is passed on, in bytes; what is longer is refused kindly.
pub const MAX_QUESTION_BYTES: usize = 8 << 10;

/// The longest answer that is taken from the daemon, in bytes; the rest is left out and said to be.
pub const MAX_ANSWER_BYTES: usize = 128 << 10;

/// A question of a person in a chat.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// What was asked, without the mention of the bot.
    pub text: String,
    /// Who asks, where, and whether others will see the answer (`public`). Tell the truth here: the
    /// daemon decides by it what may be seen.
    pub asker: Asker,
    /// The platform's own name for the thread, such as `slack:T1/C1/1700.1`: its questions and answers
    /// are one session. `None`: a session of its own.
    pub thread: Option<String>,
    /// Only these spaces; empty: all that the asker may see here.
    pub spaces: Vec<String>,
}

impl Question {
    /// The language in which the asker is spoken to.
    pub fn language(&self) -> Language {
        Language::of(&self.text)
    }
}

/// What happens to a question, in this order; `Finished` or `Failed` is last and always comes.
#[derive(Debug, Clone)]
pub enum Event {
    /// The daemon has the question.
    Working,
    /// It takes long, or the daemon does not answer and is tried again: what to tell meanwhile.
    Waiting(Waiting),
    /// The next piece of the answer, as Markdown.
    Text(String),
    /// The whole answer.
    Finished(Box<Answer>),
    /// There is no answer.
    Failed(Trouble),
}

/// Why an answer is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Many questions are before this one.
    Queued,
    /// The daemon does not answer; it is tried again.
    Daemon,
    /// The daemon works on it, but takes its time.
    Slow,
}

/// An answer, whole or as much of it as there is.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Markdown with citations such as `[1]`; empty when no model answered (`sources` then are the
    /// best passages found) or when nothing was found (`refused`).
    pub text: String,
    /// Numbered as in the text.
    pub sources: Vec<Source>,
    /// Names the answer for feedback and sharing; empty when the daemon could not finish it.
    pub turn: String,
    /// The session that it belongs to; empty when the daemon did not tell.
    pub session: String,
    /// Nothing relevant was found.
    pub refused: bool,
    /// Why this is not all that it could be, in the daemon's words.
    pub degraded: Option<String>,
    /// The text ends early.
    pub partial: bool,
    /// What kept the rest of the text from coming, when the daemon did not end it itself.
    pub cut: Option<Trouble>,
}

impl Answer {
    /// What is to be said with the text: that nothing was found, that it is not whole, and why.
    pub fn notes(&self, language: Language) -> Vec<String> {
        let mut notes = Vec::new();
        if self.refused {
            notes.push(Phrase::Refused.say(language).to_owned());
        } else if self.text.trim().is_empty() {
            notes.push(Phrase::PassagesOnly.say(language).to_owned());
        }
        match &self.cut {
            Some(Trouble::DaemonDown) => notes.push(Phrase::Cut.say(language).to_owned()),
            Some(trouble) => {
                notes.push(format!("{} {}", Phrase::Partial.say(language), trouble.say(language)))
            }
            None if self.partial => notes.push(Phrase::Partial.say(language).to_owned()),
            None => {}
        }
        if let Some(reason) = &self.degraded {
            notes.push(format!("{}: {reason}", Phrase::Degraded.say(language)));
        }
        notes
    }
}

impl From<Answered> for Answer {
    fn from(answered: Answered) -> Self {
        let mut text = answered.answer;
        let is_endless = text.len() > MAX_ANSWER_BYTES;
        text.truncate(text.floor_char_boundary(MAX_ANSWER_BYTES));
        Self {
            text,
            sources: answered.sources.iter().map(Source::from).collect(),
            turn: answered.turn,
            session: answered.session,
            refused: answered.refused,
            degraded: answered.degraded,
            partial: answered.partial || is_endless,
            cut: is_endless.then_some(Trouble::Endless),
        }
    }
}

/// A search of a person in a chat; the fields are those of [`Question`].
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// What is looked for.
    pub text: String,
    /// Who asks, where, and whether others will see the hits.
    pub asker: Asker,
    /// Only these spaces; empty: all that the asker may see here.
    pub spaces: Vec<String>,
    /// Hits at the most; 0: as the daemon is configured.
    pub limit: u32,
}

impl Search {
    /// The language in which the asker is spoken to.
    pub fn language(&self) -> Language {
        Language::of(&self.text)
    }
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The best first, numbered from 1.
    pub hits: Vec<Source>,
    /// Why this is not all that it could be, in the daemon's words.
    pub degraded: Option<String>,
}

/// Whether an answer helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It did.
    Helpful,
    /// It did not.
    NotHelpful,
}
